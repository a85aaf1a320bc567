"""``natsauth pull``: how accounts are taken in; see tests/live/test_cli_push.py for servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from natsauth.authority import Authority
from natsauth.authority._adopt import Adopted, adopt_pulled
from natsauth.claims import AccountClaims
from natsauth.keys import KeyPair, KeyType
from natsauth.store import DirectoryStore
from natsauth.token import Token, encode
from tests._authority import NOW, small_tree
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

    from natsauth.signing import Signer

NOWHERE = "-u nats://127.0.0.1:1"


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    shop = Workshop(tmp_path)
    shop("add operator o --sys --generate-signing-key")
    shop("add account a")
    return shop


def test_mistakes(shop: Workshop) -> None:
    stderr = shop.fails(f"pull -A -a a {NOWHERE}", code=2)
    assert "--all and --account exclude each other." in stderr
    stderr = shop.fails(f"pull -a none {NOWHERE}")
    assert "there is no account 'o/none'" in stderr
    assert "hint: servers know accounts by public key alone: give that, or --all" in stderr


@pytest.mark.parametrize("options", ["", "-A", "-a a", "-A --dry-run", "-a KEY -F"])
def test_what_may_be_said_goes_on_to_the_servers(shop: Workshop, options: str) -> None:
    options = options.replace("KEY", KeyPair.generate(KeyType.ACCOUNT).public_key)
    assert "cannot connect to nats://127.0.0.1:1: " in shop.fails(f"pull {options} {NOWHERE}")


class Place:
    """A store with the accounts ``SYS`` and ``app`` of the operator ``op``."""

    def __init__(self, path: Path) -> None:
        self.store = DirectoryStore(path / "stores", keys=path / "keys")
        _, operator, account = small_tree(self.store)
        self.signer: Signer = operator.signer()
        self.app = account.public_key

    def token(
        self, key: str, name: str, *, now: int = NOW, tag: str = "", signer: Signer | None = None
    ) -> Token[AccountClaims]:
        claims = AccountClaims(sub=key, name=name)
        claims.nats.tags = [tag] if tag else None
        return encode(claims, signer or self.signer, now=now)

    def take(
        self, *tokens: Token[AccountClaims], overwrite_newer: bool = False, dry_run: bool = False
    ) -> list[Adopted]:
        operator = Authority(self.store).operators["op"]
        with self.store.lock():
            return [
                *adopt_pulled(
                    self.store, operator, tokens, overwrite_newer=overwrite_newer, dry_run=dry_run
                )
            ]

    def read(self, name: str = "app") -> str:
        return self.store.read("op", name)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def fresh() -> str:
    return KeyPair.generate(KeyType.ACCOUNT).public_key


def test_a_newer_one_takes_the_place_under_the_name_it_has_here(place: Place) -> None:
    token = place.token(place.app, "another name", now=NOW + 1)
    for dry_run in (True, False):
        assert place.take(token, dry_run=dry_run) == [Adopted("app", place.app, stored=True)]
        assert (place.read() == token.encoded) is not dry_run
    assert place.take(token) == [Adopted("app", place.app, stored=False)]
    assert list(place.store.names("op")) == ["SYS", "app"]


@pytest.mark.parametrize(
    ("now", "said"),
    [(NOW - 1, "it is newer here than on the server"), (NOW, "it differs from that on the server")],
)
def test_what_is_not_newer_there_stays_here(place: Place, now: int, said: str) -> None:
    before, token = place.read(), place.token(place.app, "app", now=now, tag="x")
    [taken] = place.take(token)
    assert (taken.stored, place.read()) == (False, before)
    assert said in str(taken.error)
    assert "--overwrite-newer" in str(taken.error)
    assert place.take(token, overwrite_newer=True) == [Adopted("app", place.app, stored=True)]
    assert place.read() == token.encoded


def test_a_new_one_and_one_whose_name_is_taken(place: Place) -> None:
    good, other = place.token(fresh(), "new"), place.token(fresh(), "App")
    taken = place.take(other, good)
    assert [one.stored for one in taken] == [False, True]
    assert "there is another account 'app'" in str(taken[0].error)
    assert place.read("new") == good.encoded
    # The two may also come together.
    one, two = place.token(fresh(), "twin"), place.token(fresh(), "twin")
    assert [taken.stored for taken in place.take(one, two)] == [True, False]


@pytest.mark.parametrize("name", ["", "a/b", "..", "x" * 300])
def test_names_that_cannot_be_kept(place: Place, name: str) -> None:
    [taken] = place.take(place.token(fresh(), name))
    assert not taken.stored
    assert taken.error is not None
    assert list(place.store.names("op")) == ["SYS", "app"]


def test_the_account_of_another_operator(place: Place) -> None:
    before, stranger = place.read(), KeyPair.generate(KeyType.OPERATOR)
    tokens = [place.token(key, "app", now=NOW + 9, signer=stranger) for key in (place.app, fresh())]
    for taken in place.take(*tokens, overwrite_newer=True):
        assert not taken.stored
        assert "is signed by" in str(taken.error)
    assert place.read() == before


def test_what_cannot_be_read_here_is_replaced_only_on_demand(place: Place, tmp_path: Path) -> None:
    token, other = place.token(place.app, "app"), place.token(fresh(), "new")
    file = tmp_path / "stores/op/accounts/app/app.jwt"
    file.write_text("garbage")
    bad, good = place.take(token, other)
    assert (bad.stored, good.stored) == (False, True)
    assert str(file) in str(bad.error)
    assert "(hint: --overwrite-newer replaces it)" in str(bad.error)
    assert file.read_text() == "garbage"
    assert place.take(token, overwrite_newer=True) == [Adopted("app", place.app, stored=True)]
    assert place.read() == token.encoded
