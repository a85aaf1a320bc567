"""``natsauth edit authcallout`` and the other commands about auth callout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from natsauth.xkeys import CurveKeyPair
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give nsc's own store, in which ``callout`` has a callout and ``my_account`` has none."""
    return Workshop(tmp_path, copy=True)


def test_users_and_accounts_may_be_given_by_name(shop: Workshop) -> None:
    shop("edit authcallout my_account --auth-user alice,bob --allowed-account orders,billing")
    callout = shop.body("my_operator", "my_account").authorization
    names = ("alice", "bob")
    assert callout.auth_users == [shop.claims("my_operator", "my_account", n).sub for n in names]
    others = ("orders", "billing")
    assert callout.allowed_accounts == [shop.claims("my_operator", n).sub for n in others]


def test_a_new_curve_key_is_kept(shop: Workshop) -> None:
    shop("edit authcallout my_account --auth-user alice --curve generate")
    key = shop.body("my_operator", "my_account").authorization.xkey
    assert CurveKeyPair.from_seed(shop.store.seed(key)).public_key == key


def test_a_dry_run_keeps_nothing(shop: Workshop) -> None:
    before = shop.files()
    command = "edit authcallout my_account --auth-user alice --curve generate --dry-run"
    assert "set curve key X" in shop.run(command).output
    assert "dry run" in shop.run("delete authcallout callout --dry-run").output
    assert shop.files() == before


def test_what_is_there_or_is_not_is_said(shop: Workshop) -> None:
    key = shop.claims("my_operator", "my_account", "alice").sub
    shop("edit authcallout my_account --auth-user alice")
    again = shop.run(f"edit authcallout my_account --auth-user {key}")
    assert f'skipped adding user "{key}" - as it\'s already set' in again.output
    other = shop.run("edit authcallout my_account --rm-auth-user bob --rm-curve")
    assert "as it's not currently set" in other.output
    assert "as the curve key was not set" in other.output


def test_callout_is_turned_off(shop: Workshop) -> None:
    said = shop.run("delete authcallout -a callout").output
    assert said == "[ OK ] removed external authorization configuration\n"
    assert shop.json("describe authcallout callout") == {}
    assert "| Auth Callout | Disabled |" in shop.run("describe authcallout callout").stdout


def test_callout_is_described(shop: Workshop) -> None:
    callout = shop.body("my_operator", "callout").authorization
    assert shop.json("describe authcallout callout") == {
        "allowed_accounts": ["*"],
        "auth_users": callout.auth_users,
        "xkey": callout.xkey,
    }
    shown = shop.run("describe authcallout -a callout").stdout
    assert f"| Encrypt For        | {callout.xkey} |" in shown


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("edit authcallout my_account", 2, "There is nothing to edit"),
        ("edit authcallout callout --disable --auth-user x", 2, "goes without other options"),
        ("edit authcallout callout --curve generate --rm-curve", 2, "exclude each other"),
        ("edit authcallout my_account --curve nonsense", 2, "a public key, a seed"),
        ("edit authcallout my_account --auth-user nobody", 1, "nobody"),
        ("edit authcallout my_account --allowed-account *", 1, "no users that serve the callout"),
        ("edit authcallout callout --allowed-account orders", 1, "'*' stands alone"),
    ],
)
def test_what_is_wrong_is_told(shop: Workshop, command: str, code: int, message: str) -> None:
    assert message in shop.fails(command, code=code)
