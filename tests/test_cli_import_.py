"""``natsauth add import`` and the other commands about imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give nsc's own store, in which ``billing`` imports what ``orders`` exports."""
    return Workshop(tmp_path, copy=True)


def imports_of(shop: Workshop, account: str = "my_account") -> list[Any]:
    return list(shop.body("my_operator", account).imports or ())


def test_a_private_stream_is_imported_by_its_activation(shop: Workshop) -> None:
    leave = shop.path / "leave.jwt"
    shop("generate", "activation", "-a", "orders", "-t", "my_account", "-o", leave)
    shop("add", "import", "-a", "my_account", "-u", leave, "-s", "got.*.data", "-n", "data")
    [added] = imports_of(shop)
    assert (added.name, added.subject, added.local_subject) == (
        "data", "private.*.data", "got.*.data",
    )  # fmt: skip
    assert added.account == shop.claims("my_operator", "orders").sub
    assert added.token in leave.read_text()


def test_a_private_service_keeps_its_subject(shop: Workshop) -> None:
    leave = shop.path / "leave.jwt"
    shop("add export -a orders -s job --service --private")
    shop("generate", "activation", "-a", "orders", "-s", "job", "-t", "my_account", "-o", leave)
    shop("add", "import", "-a", "my_account", "--token", leave, "--share")
    [added] = imports_of(shop)
    assert (added.type, added.local_subject, added.share) == ("service", "job", True)


def test_a_dry_run_changes_nothing(shop: Workshop) -> None:
    before = shop.files()
    public = "--src-account orders --remote-subject orders.events.>"
    assert "dry run" in shop.run(f"add import -a my_account {public} --dry-run").output
    command = "delete import -a billing -s orders.api.* --dry-run"
    assert 'would delete service import "orders.api.*"' in shop.run(command).output
    assert shop.files() == before


def test_what_is_imported_twice_is_told_apart_by_the_account(shop: Workshop) -> None:
    shop("add export -a callout -s orders.events.>")
    public = "--src-account callout --remote-subject orders.events.> -s callout.>"
    shop(f"add import -a billing {public}")
    said = shop.fails("delete import -a billing -s orders.events.>", code=2)
    key = shop.claims("my_operator", "callout").sub
    assert "Which import is meant? There are 2." in said
    assert f"--src-account with one of {key}" in said or f", {key}" in said
    shop(f"delete import -a billing -s orders.events.> --src-account {key}")
    assert key not in [item.account for item in imports_of(shop, "billing")]


def test_imports_are_listed(shop: Workshop) -> None:
    listed = shop.json("list imports -a billing")
    assert [item["name"] for item in listed] == ["api", "ev"]
    text = shop.run("list imports -a billing").stdout
    assert "| orders.events.> | in.events.> |         | orders       |" in text
    assert "No entries defined" in shop.run("list imports -a orders").stdout
    assert shop.json("list imports -a orders") == []


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("add import -a my_account", 2, "--src-account with --remote-subject, or --token"),
        ("add import -a my_account --remote-subject a", 2, "What is imported?"),
        ("add import -a my_account --src-account gone --remote-subject a", 1, "gone"),
        ("add import -a orders --src-account orders --remote-subject a", 2, "from itself"),
        (
            "add import -a my_account --token x --src-account orders",
            2,
            "An activation says itself what is imported",
        ),
        ("add import -a my_account --token http://a.example/x", 2, "curl -o activation.jwt"),
        ("add import -a my_account --token gone.jwt", 1, "cannot read 'gone.jwt'"),
        (
            "add import -a billing --src-account orders --remote-subject orders.api.* --service",
            1,
            "already",
        ),
        (
            "add import -a my_account --src-account orders --remote-subject a --share",
            1,
            "only the exporter of a service learns who asks",
        ),
        ("delete import -a billing", 2, "Which import is meant? There are 2."),
        ("delete import -a billing -s gone", 1, "it has 'orders.api.*', 'orders.events.>'"),
        ("delete import -a orders", 1, "account 'orders' has no imports"),
    ],
)
def test_what_is_wrong_is_told(shop: Workshop, command: str, code: int, message: str) -> None:
    assert message in shop.fails(command, code=code)


def test_an_activation_for_somebody_else_is_refused(shop: Workshop) -> None:
    leave = shop.path / "leave.jwt"
    shop("generate", "activation", "-a", "orders", "-t", "billing", "-o", leave)
    said = shop.fails("add", "import", "-a", "my_account", "--token", leave)
    assert "the activation is for" in said
