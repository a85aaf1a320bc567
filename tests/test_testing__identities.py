"""Who is in a sandbox, whether or not its servers run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from natsauth import Account, Permission, Permissions, User, WeightedMapping
from natsauth.errors import ExistsError, NotFoundError, StoreError, UsageError, ValidationError
from natsauth.store import MemoryStore
from natsauth.testing import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.live


def test_permissions_are_given_in_any_form() -> None:
    sandbox = Sandbox()
    allowed = Permission(allow=["a"])
    for name, permissions in {
        "json": {"pub": {"allow": ["a"]}},
        "permissions": Permissions(pub=allowed),
        "user": User(pub=allowed, subs=7),
    }.items():
        claims = sandbox.add_user(name, permissions).token.claims  # type: ignore[arg-type]
        assert claims.nats.pub.allow == ["a"]
        assert claims.nats.subs == (7 if name == "user" else -1)
    assert sandbox.creds("json").token.claims.name == "json"
    with pytest.raises(UsageError, match="unknown member 'publish'"):
        sandbox.add_user("x", {"publish": {"allow": ["a"]}})
    with pytest.raises(UsageError, match="expected permissions, got list"):
        sandbox.add_user("x", ["a"])  # type: ignore[arg-type]
    with pytest.raises(ExistsError):
        sandbox.add_user("json")
    with pytest.raises(NotFoundError):
        sandbox.creds("none")


def test_an_error_says_what_to_do_about_a_name() -> None:
    sandbox = Sandbox()
    sandbox.add_user("alice")
    other = sandbox.add_account("other")
    sandbox.add_user("bob", account="other")
    other.users.add("eve")
    hints: list[tuple[Callable[[], object], type[StoreError], str]] = [
        (lambda: sandbox.creds("alicee"), NotFoundError, "did you mean 'alice'?"),
        (lambda: sandbox.connect("Alice"), NotFoundError, "did you mean 'alice'?"),
        (
            lambda: sandbox.creds("bob"),
            NotFoundError,
            "give sandbox.creds('bob', account='other')",
        ),
        (lambda: sandbox.creds("eve", account="other"), NotFoundError, "sandbox.commit()"),
        (lambda: sandbox.creds("bob", account="othr"), NotFoundError, "did you mean 'other'?"),
        (lambda: sandbox.add_user("x", account="othr"), NotFoundError, "did you mean 'other'?"),
        (
            lambda: sandbox.add_user("alice"),
            ExistsError,
            "take another name; sandbox.creds('alice') are those of that one",
        ),
        (
            lambda: sandbox.add_user("bob", account="other"),
            ExistsError,
            "take another name; sandbox.creds('bob', account='other') are those of that one",
        ),
        (
            lambda: sandbox.add_account("other"),
            ExistsError,
            "take another name; sandbox.operator.accounts has those that are there",
        ),
    ]
    with sandbox:
        for use, kind, hint in hints:
            with pytest.raises(kind) as caught:
                use()
            assert caught.value.hint == hint


def test_what_is_refused_is_no_hindrance_to_others() -> None:
    sandbox = Sandbox()
    with pytest.raises(ValidationError):
        sandbox.add_user("bad", {"pub": {"allow": ["a b c"]}})
    with pytest.raises(ValidationError):
        sandbox.add_account("bad", Account(mappings={"a": [WeightedMapping(subject="..")]}))
    sandbox.add_user("good")
    assert [*sandbox.account.users] == ["good"]
    assert [*sandbox.operator.accounts] == ["SYS", "app"]


def test_what_is_no_authority() -> None:
    with pytest.raises(UsageError, match="expected an Authority, got MemoryStore"):
        Sandbox(MemoryStore())  # type: ignore[arg-type]
