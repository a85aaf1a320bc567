"""What is found around a user: in files, or in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from natsauth.claims import UserClaims
from natsauth.cli._credentials import read_credentials
from natsauth.cli._session import Session
from natsauth.cli._surroundings import Surroundings, look_around, operators_of
from natsauth.errors import ClaimTypeError, FileError, NotFoundError
from natsauth.policy._reading import read_user
from natsauth.token import decode, encode
from tests._connections import Root, Scene
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

SCENE = Scene({}, Root(), 0)
ACCOUNT = SCENE.accounts[SCENE.account_key.public_key]
STRANGER = decode(SCENE.user, UserClaims).claims


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give a store with two operators, of which the user's is not the current one."""
    shop = Workshop(tmp_path)
    for line in ("operator o --sys", "account a", "user -a a alice", "operator p", "account b"):
        shop(f"add {line}")
    return shop


def session(shop: Workshop) -> Session:
    found = Session()
    found.config_dir, found.data_dir = shop.path, shop.store.stores
    found.keystore_dir = shop.store.keys
    return found


def look(
    shop: Workshop, user: UserClaims | None, *operators: str, account: str | None = None
) -> Surroundings:
    return look_around(session(shop), user, operators=operators, account=account)


def alice(shop: Workshop) -> UserClaims:
    found = read_user(read_credentials(str(shop.store.creds_file("o", "a", "alice"))).token).claims
    assert found
    return found


def test_what_is_given_is_taken_as_it_is(shop: Workshop, tmp_path: Path) -> None:
    file = tmp_path / "o.jwt"
    file.write_text(SCENE.root.operator.encoded)
    around = look(shop, STRANGER, str(file), account=ACCOUNT.encoded)
    assert around.operators == [SCENE.root.operator]
    assert around.account == ACCOUNT
    assert around.is_certain
    assert (around.names, around.asked) == ((), "")


def test_the_store_is_searched_for_the_account(shop: Workshop) -> None:
    around = look(shop, alice(shop))
    assert around.names == ("o", "a", "alice")
    assert around.account
    assert around.account.claims.name == "a"
    assert [operator.claims.name for operator in around.operators] == ["o"]
    assert not around.is_certain  # servers may have another
    assert around.notes == []
    assert [operator.name for operator in operators_of(around.work)] == ["p", "o"]


def test_a_store_without_the_account_says_nothing(shop: Workshop) -> None:
    for user in (STRANGER, None):
        around = look(shop, user)
        assert (around.operators, around.account, around.names) == ([], None, ())


def test_an_account_of_another_operator_is_told(shop: Workshop) -> None:
    around = look(shop, alice(shop), "p")
    assert around.account
    assert around.account.claims.name == "a"
    assert [root.claims.name for root in around.operators] == ["p"]
    # No command on that account helps at a server of this operator.
    assert (around.owner, around.names, around.asked) == ("o", (), "p")


def test_an_account_in_a_file_is_that_of_who_signed_it(shop: Workshop) -> None:
    file = str(shop.store.stores / "o" / "accounts" / "a" / "a.jwt")
    around = look(shop, alice(shop), account=file)
    assert [root.claims.name for root in around.operators] == ["o"]
    assert (around.file, around.names) == (file, ())
    assert look(shop, alice(shop), account=ACCOUNT.encoded).operators == []


def test_whose_key_signed_a_user_of_an_unknown_account(shop: Workshop) -> None:
    user = alice(shop)
    user.nats.issuer_account = SCENE.account_key.public_key
    around = look(shop, user)
    assert around.account is None
    [note] = around.notes
    assert note.message.startswith("a key of account 'a' of operator 'o' signed the user, and its ")
    assert shop.claims("o", "a").sub in note.hint


def test_names_are_looked_up(shop: Workshop) -> None:
    around = look(shop, STRANGER, "o", account="a")
    assert around.names == ("o", "a")
    assert around.asked == "o"
    assert around.is_certain
    with pytest.raises(NotFoundError, match="there is no account"):
        look(shop, STRANGER, "o", account="b")
    with pytest.raises(NotFoundError, match="there is no operator"):
        look(shop, STRANGER, "none")


def test_files_that_are_none_or_hold_something_else(shop: Workshop) -> None:
    with pytest.raises(FileError):
        look(shop, STRANGER, "nowhere.jwt")
    with pytest.raises(ClaimTypeError):
        look(shop, STRANGER, ACCOUNT.encoded)


def test_a_signing_key_may_pass_for_the_account(shop: Workshop) -> None:
    shop("env -o o")
    shop("edit account a --sk generate")
    user = alice(shop)
    owner = look(shop, user).account
    assert owner
    [key] = map(str, owner.claims.nats.signing_keys)
    user.iss, user.nats.issuer_account = key, ""
    around = look(shop, user)
    assert around.account == owner
    assert around.is_certain


def test_an_older_token_than_that_of_the_store_is_told(shop: Workshop) -> None:
    user = alice(shop)
    user.iat -= 60
    around = look_around(session(shop), user, operators=(), account=None, file="x y.creds")
    [note] = around.notes
    assert "a newer token of user 'alice'" in note.message
    assert around.stored
    places = f"--config-dir {shop.path} --data-dir {shop.store.stores} "
    places += f"--keystore-dir {shop.store.keys}"
    assert note.hint == (  # commands mean another operator
        f"natsauth select operator o {places} && "
        f"natsauth generate creds -a a -n alice -o 'x y.creds' -F {places}"
    )


def test_what_cannot_be_read_in_the_store_is_told(shop: Workshop) -> None:
    user = alice(shop)
    place = shop.store.stores / "o" / "accounts" / "a" / "a.jwt"
    place.write_text(encode(STRANGER, SCENE.account_key).encoded)
    around = look(shop, user)
    assert around.account is None
    assert around.notes
