"""``natsauth revocations`` and its other names."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

import pytest

from natsauth.keys import KeyPair, KeyType
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give nsc's own store, in which ``my_account`` has two users."""
    return Workshop(tmp_path, copy=True)


@pytest.mark.parametrize("name", ["revocations add-user", "revocations add_user", "add revocation"])
def test_a_user_is_revoked_under_each_name_of_the_command(shop: Workshop, name: str) -> None:
    alice = shop.claims("my_operator", "my_account", "alice")
    [step] = shop.json(f"{name} -a my_account -n alice")
    assert (step["message"], step["key"]) == (f'revoked user "{alice.sub}"', alice.sub)
    body = shop.body("my_operator", "my_account")
    assert body.is_revoked(alice.sub, alice.iat)
    assert abs(body.revocations[alice.sub] - time()) < 60


def test_a_token_from_a_second_ahead_is_revoked_too(shop: Workshop) -> None:
    for tag in "abc":  # each has a greater iat than the one before, though within one second
        shop(f"edit user alice -a my_account --tag {tag}")
    alice = shop.claims("my_operator", "my_account", "alice")
    shop(f"revocations add-user -a my_account -u {alice.sub}")
    assert shop.body("my_operator", "my_account").is_revoked(alice.sub, alice.iat)


def test_a_user_that_is_not_kept_here_is_revoked_by_its_key(shop: Workshop) -> None:
    key = KeyPair.generate(KeyType.USER).public_key
    shop(f"add revocation -a my_account -u {key}")
    assert key in shop.body("my_operator", "my_account").revocations
    shop(f"delete revocation -a my_account -u {key}")
    assert not shop.body("my_operator", "my_account").revocations


def test_everybody_is_revoked_now(shop: Workshop) -> None:
    said = shop.run("revocations add-user -a my_account -u *").output
    assert said.startswith("[ OK ] revoked all users issued before 2")
    assert " +0000 UTC\nnatsauth: servers know of it once it is pushed: natsauth push -a " in said
    assert abs(shop.body("my_operator", "my_account").revocations["*"] - time()) < 60


def test_everybody_is_revoked_who_is_ahead_of_the_clock(shop: Workshop) -> None:
    for tag in "abc":
        shop(f"edit user alice -a my_account --tag {tag}")
    alice = shop.claims("my_operator", "my_account", "alice")
    assert alice.iat > time() - 1
    shop("revocations add-user -a my_account -u *")
    body = shop.body("my_operator", "my_account")
    assert body.is_revoked(alice.sub, alice.iat)
    assert body.revocations["*"] <= time()  # so that it takes nothing from those to come
    shop("add user carol -a my_account")


def test_who_was_issued_after_the_moment_is_named(shop: Workshop) -> None:
    alice = shop.claims("my_operator", "my_account", "alice")
    for command in (f"-u {alice.sub} --at 1", "-u * --at 1", "-n alice --at 1"):
        lines = shop(f"revocations add-user -a my_account {command}")
        assert any('[WARN] issued later, and not refused: "alice"' in line for line in lines)
        assert not shop.body("my_operator", "my_account").is_revoked(alice.sub, alice.iat)
    lines = shop(f"revocations add-user -a my_account -u {alice.sub} --at {alice.iat}")
    assert not any("issued later" in line for line in lines)


def test_an_unreadable_user_keeps_nobody_from_being_revoked(shop: Workshop) -> None:
    users = shop.store.token_file("my_operator", "my_account", "alice").parent
    (users / "a_broken.jwt").write_text("broken")
    (users / "binary.jwt").write_bytes(b"\xff")
    alice = shop.claims("my_operator", "my_account", "alice")
    lines = shop(f"revocations add-user -a my_account -u {alice.sub}")
    assert not any("WARN" in line for line in lines)  # who was found is known
    assert shop.body("my_operator", "my_account").is_revoked(alice.sub, alice.iat)
    for key in (KeyPair.generate(KeyType.USER).public_key, "*"):
        lines = shop(f"revocations add-user -a my_account -u {key}")
        for name in ("a_broken", "binary"):
            assert any(f'[WARN] user "{name}" may stay good: ' in line for line in lines)
        assert abs(shop.body("my_operator", "my_account").revocations[key] - time()) < 60


def test_a_dry_run_changes_nothing(shop: Workshop) -> None:
    before = shop.files()
    for command in (
        "revocations add-user -a my_account -n alice",
        "revocations delete-user -a orders -u *",
        "revocations add-activation -a orders -s private.*.data -t billing",
    ):
        assert "dry run" in shop.run(f"{command} --dry-run").output
    assert shop.files() == before


def test_all_revocations_are_listed(shop: Workshop) -> None:
    shop("revocations add-activation -a orders -s private.*.data -t billing --at 7")
    billing = shop.claims("my_operator", "billing").sub
    assert shop.json("list revocations -a orders") == {
        "exports": [
            {
                "revocations": [{"at": 7, "public_key": billing}],
                "subject": "private.*.data",
                "type": "stream",
            }
        ],
        "users": [{"at": 1700000000, "public_key": "*"}],
    }
    text = shop.run("list revocations -a orders").stdout
    assert "| * [All Users] | Tue, 14 Nov 2023 22:13:20 UTC |" in text
    assert "Revoked Accounts for stream priv" in text


def test_users_and_activations_are_listed_apart(shop: Workshop) -> None:
    assert shop.json("revocations list-users -a orders") == [{"at": 1700000000, "public_key": "*"}]
    assert shop.json("revocations list-activations -a orders -s private.*.data") == []
    text = shop.run("revocations list_users -a billing").stdout
    assert "No entries defined" in text


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("add-user -a my_account", 1, "There are alice, bob"),
        ("add-user -a my_account -n nobody", 1, "nobody"),
        ("add-user -a my_account -n alice -u *", 2, "exclude each other"),
        ("add-user -a my_account -n alice --at yesterday", 2, "got 'yesterday'"),
        ("delete-user -a my_account -n alice", 1, "natsauth revocations list-users -a my_account"),
        ("add-activation -a orders -s private.*.data", 2, "--target-account"),
        ("add-activation -a orders -t *", 2, "--subject is one of 'orders.events.>'"),
        ("add-activation -a orders -s orders.api.x -t *", 1, "found with --service"),
        ("add-activation -a orders -s private.*.data -t nobody", 1, "nobody"),
        ("delete-activation -a orders -s private.*.data -t *", 1, "is not revoked"),
        ("list-activations -a billing", 1, "account 'billing' has no stream export"),
    ],
)
def test_what_is_wrong_is_told(shop: Workshop, command: str, code: int, message: str) -> None:
    assert message in shop.fails(f"revocations {command}", code=code)
