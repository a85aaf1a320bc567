"""``natsauth generate creds``."""

from __future__ import annotations

import stat
from time import time
from typing import TYPE_CHECKING

import pytest

from natsauth import Creds
from tests._store import NSC_STORE
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

CAROL = NSC_STORE / "nkeys" / "creds" / "my_operator" / "billing" / "carol.creds"


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give nsc's own store, in which ``billing`` has one user and ``my_account`` two."""
    return Workshop(tmp_path, copy=True)


def test_creds_are_those_that_nsc_wrote(shop: Workshop) -> None:
    result = shop.run("generate creds -a billing")
    assert result.stdout == CAROL.read_text() + "\n"
    assert result.stderr == ""


def test_creds_go_to_a_file_of_their_owner(shop: Workshop) -> None:
    file = shop.path / "carol.creds"
    for _ in range(2):  # again as nsc does
        [step] = shop.json("generate", "creds", "-a", "billing", "-n", "carol", "-o", file)
        assert step["message"].startswith("wrote credentials to `")
    assert file.read_bytes() == CAROL.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_no_other_file_is_replaced_unasked(shop: Workshop) -> None:
    file = shop.path / "seed.nk"
    file.write_text("precious")
    command = ("generate", "creds", "-a", "billing", "-o", file)
    assert "-F replaces it" in shop.fails(*command, code=1)
    assert file.read_text() == "precious"
    shop.run(*command, "-F")
    assert file.read_bytes() == CAROL.read_bytes()


@pytest.mark.parametrize("life", ["--lifetime 30m", "--expiry 30m"])
def test_creds_with_a_time_to_live_leave_the_store_as_it_is(shop: Workshop, life: str) -> None:
    before = shop.files()
    document = shop.json(f"generate creds -a my_account -n alice {life}")
    creds = Creds.parse(document["creds"])
    alice = shop.claims("my_operator", "my_account", "alice")
    assert creds.public_key == document["public_key"] == alice.sub
    assert creds.token.claims.exp == document["expiry"]
    assert abs(document["expiry"] - time() - 1800) < 60
    assert creds.token.claims.nats.pub == alice.nats.pub
    assert shop.files() == before


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("generate creds -a my_account", 1, "There are alice, bob"),
        ("generate creds -a my_account -n nobody", 1, "nobody"),
        ("generate creds -a billing --lifetime 1h --expiry 1h", 2, "exclude each other"),
        ("generate creds -a billing --expiry 2020-01-01", 1, "a lifetime is a second or more"),
        ("generate creds -a billing -o gone/x", 1, "gone/x"),
    ],
)
def test_what_is_wrong_is_told(shop: Workshop, command: str, code: int, message: str) -> None:
    assert message in shop.fails(command, code=code)


def test_a_seed_that_is_not_here(shop: Workshop) -> None:
    shop.store.delete_seed(shop.claims("my_operator", "billing", "carol").sub)
    assert "seed" in shop.fails("generate creds -a billing")
