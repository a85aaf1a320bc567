"""``natsauth add export`` and the other commands about exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give nsc's own store, in which ``orders`` exports a service and two streams."""
    return Workshop(tmp_path, copy=True)


def export_of(shop: Workshop, subject: str, account: str = "orders") -> Any:
    exports = shop.body("my_operator", account).exports or ()
    return next(export for export in exports if export.subject == subject)


def test_an_export_is_added_to_an_account_by_its_public_key(shop: Workshop) -> None:
    key = shop.claims("my_operator", "my_account").sub
    [step] = shop.json(f"add export --account {key} --subject a.> --private --name a")
    assert step == {
        "kind": "account",
        "message": 'added private stream export "a"',
        "path": ["my_operator", "my_account"],
        "public_key": key,
        "status": "ok",
    }
    assert export_of(shop, "a.>", "my_account").token_req


def test_an_edit_keeps_what_is_not_mentioned(shop: Workshop) -> None:
    shop("revocations add-activation -a orders -s orders.api.* --service -t *")
    before = export_of(shop, "orders.api.*")
    shop("edit export -a orders -s orders.api.* --description text")
    after = export_of(shop, "orders.api.*")
    assert after.description == "text"
    after.description = before.description
    assert after == before
    assert after.revocations
    assert after.response_type == "Stream"


def test_a_service_that_becomes_a_stream_loses_what_only_services_have(shop: Workshop) -> None:
    result = shop.run("edit export -a orders -s orders.api.* --stream")
    assert '[WARN] changed export type to "stream" - this will break importers' in result.output
    export = export_of(shop, "orders.api.*")
    assert (export.type, export.response_type, export.service_latency) == ("stream", "", None)


def test_an_export_becomes_public(shop: Workshop) -> None:
    result = shop.run("edit export -a orders -s private.*.data --private=false")
    assert "changed export to be public" in result.output
    assert not export_of(shop, "private.*.data").token_req


def test_measuring_ends_and_begins_again(shop: Workshop) -> None:
    edit = "edit export -a orders -s orders.api.*"
    shop(f"{edit} --rm-latency-sampling")
    assert export_of(shop, "orders.api.*").service_latency is None
    again = shop.run(f"{edit} --rm-latency-sampling")
    assert "no need to remove latency tracking as it was not set" in again.output
    assert "--sampling needs --latency" in shop.fails(f"{edit} --sampling 3", code=2)
    result = shop.run(f"{edit} --latency slow --sampling headers")
    assert "changed service latency to headers" in result.output
    assert export_of(shop, "orders.api.*").service_latency.results == "slow"


def test_the_only_export_needs_no_name(shop: Workshop) -> None:
    shop("add export -a my_account -s one")
    shop("edit export -a my_account --name first")
    assert export_of(shop, "one", "my_account").name == "first"
    shop("delete export -a my_account")
    assert shop.body("my_operator", "my_account").exports is None


def test_a_dry_run_changes_nothing(shop: Workshop) -> None:
    before = shop.files()
    for command in (
        "add export -a orders -s a",
        "edit export -a orders -s private.*.data --name x",
        "delete export -a orders -s private.*.data",
    ):
        assert "dry run" in shop.run(f"{command} --dry-run").output
    assert shop.files() == before


def test_exports_are_listed(shop: Workshop) -> None:
    listed = shop.json("list exports -a orders")
    assert [export["subject"] for export in listed] == [
        "orders.api.*", "orders.events.>", "private.*.data",
    ]  # fmt: skip
    text = shop.run("list exports -a orders").stdout
    assert "| api    | Service [Stream] | orders.api.*    |" in text
    assert "No entries defined" in shop.run("list exports -a billing").stdout
    assert shop.json("list exports -a billing") == []


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("add export -a orders", 2, "--subject"),
        ("add export -a orders -s a.* -p --account-token-position 2", 2, "public exports"),
        ("add export -a orders -s a --sampling 101", 2, "a percentage from 1 to 100, or headers"),
        ("add export -a orders -s a --response-type Stream", 1, "a stream has no responses"),
        ("add export -a orders -s orders.events.x", 1, "'orders.events.x' of another export"),
        ("add export -a nobody -s a", 1, "nobody"),
        ("edit export -a orders -s private.*.data", 2, "There is nothing to edit"),
        ("edit export -a orders -s gone --name x", 1, "it has 'orders.api.*', 'orders.events.>'"),
        ("edit export -a orders --name x", 2, "Which export is meant? There are 3."),
        (
            "edit export -a orders -s orders.api.* --rm-latency-sampling --sampling 1",
            2,
            "goes without",
        ),
        ("delete export -a billing", 1, "account 'billing' has no exports"),
    ],
)
def test_what_is_wrong_is_told(shop: Workshop, command: str, code: int, message: str) -> None:
    assert message in shop.fails(command, code=code)
