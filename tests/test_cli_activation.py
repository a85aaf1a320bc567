"""``natsauth generate activation``."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from natsauth import decode
from natsauth.claims import ActivationClaims
from natsauth.cli._tokens import token_in
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

MAKE = "generate activation -a orders -t billing"


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give nsc's own store, in which ``orders`` has a private export."""
    return Workshop(tmp_path, copy=True)


def test_the_leave_is_signed_and_printed(shop: Workshop) -> None:
    result = shop.run(f"{MAKE} -s private.one.data --expiry 2035-06-07")
    orders, billing = (shop.claims("my_operator", name) for name in ("orders", "billing"))
    leave = decode(token_in(result.stdout), ActivationClaims).claims
    assert (leave.sub, leave.name) == (billing.sub, "private.one.data")
    assert leave.nats.subject == "private.one.data"
    assert leave.iss in (orders.sub, *orders.nats.signing_keys)
    assert leave.exp == 2064787200
    assert f'generated "priv" activation for account "{billing.sub}"' in result.stderr
    assert "token expires 2035-06-07 00:00:00 UTC - in " in result.stderr


def test_the_leave_as_json(shop: Workshop) -> None:
    document = shop.json(MAKE)
    leave = decode(document["token"], ActivationClaims).claims
    assert leave.nats.subject == "private.*.data"
    assert leave.exp == 0
    assert document["hash_id"] == leave.hash_id()


def test_the_leave_goes_to_a_file_of_its_owner(shop: Workshop) -> None:
    file = shop.path / "leave.jwt"
    for _ in range(2):  # again as nsc does
        [step, wrote] = shop.json(*f"{MAKE} -o".split(), file)
        assert step["token"] in file.read_text()
        assert wrote["file"] == str(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_no_other_file_is_replaced_unasked(shop: Workshop) -> None:
    file = shop.path / "seed.nk"
    file.write_text("precious")
    assert "-F replaces it" in shop.fails(*f"{MAKE} -o".split(), file, code=1)
    assert file.read_text() == "precious"
    shop.run(*f"{MAKE} -F -o".split(), file)
    assert file.read_text().startswith("-----BEGIN NATS")


def test_a_key_may_be_named(shop: Workshop) -> None:
    orders = shop.claims("my_operator", "orders")
    [key] = orders.nats.signing_keys
    document = shop.json(f"{MAKE} -K {key}")
    leave = decode(document["token"], ActivationClaims).claims
    assert (leave.iss, leave.nats.issuer_account) == (key, orders.sub)


def test_the_leave_begins_later(shop: Workshop) -> None:
    result = shop.run(f"{MAKE} --start 2035-06-07")
    leave = decode(token_in(result.stdout), ActivationClaims).claims
    orders = shop.claims("my_operator", "orders")
    assert (leave.nbf, leave.exp, leave.sub) == (
        2064787200, 0, shop.claims("my_operator", "billing").sub,
    )  # fmt: skip
    assert leave.iss in (orders.sub, *orders.nats.signing_keys)
    assert "token valid 2035-06-07 00:00:00 UTC - in " in result.stderr
    [key] = orders.nats.signing_keys
    seed = shop.store.seed(key)
    again = shop.json(f"{MAKE} --start 2035-06-07 -K {seed}")
    assert decode(again["token"]).claims.iss == key


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("generate activation -a orders", 2, "--target-account"),
        ("generate activation -a orders -t nobody", 1, "nobody"),
        ("generate activation -a billing -t orders", 1, "has no private exports"),
        (f"{MAKE} -s orders.events.x", 1, "a public export needs no activation"),
        (f"{MAKE} --start 2035-06-07 --expiry 2034-06-07", 2, "would never be valid"),
        (f"{MAKE} -o gone/leave.jwt", 1, "gone/leave.jwt"),
        (f"{MAKE} --expiry 2020-01-01", 2, "The activation would never be valid"),
    ],
)
def test_what_is_wrong_is_told(shop: Workshop, command: str, code: int, message: str) -> None:
    assert message in shop.fails(command, code=code)
