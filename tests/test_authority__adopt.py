"""Accounts and users from elsewhere: as they are, signed anew, or refused."""

from __future__ import annotations

import pytest

from natsauth.authority import Authority, OperatorNode
from natsauth.authority._adopt import adopt_account, adopt_user
from natsauth.claims import AccountClaims, UserClaims
from natsauth.errors import ExistsError, NotFoundError, StoreNameError, TrustError
from natsauth.keys import KeyPair, KeyType
from natsauth.store import MemoryStore
from natsauth.token import Token, encode

ROOT, OTHER = KeyPair.generate(KeyType.OPERATOR), KeyPair.generate(KeyType.OPERATOR)
OWNER = KeyPair.generate(KeyType.ACCOUNT)
ALICE = KeyPair.generate(KeyType.USER)


@pytest.fixture
def authority() -> Authority:
    """Give an operator without accounts."""
    authority = Authority(MemoryStore(), keys=[ROOT])
    authority.operators.add("o", key=ROOT)
    authority.commit()
    return authority


def operator_of(authority: Authority) -> OperatorNode:
    return authority.operators["o"]


def account(signer: KeyPair, name: str = "a", key: KeyPair = OWNER) -> Token[AccountClaims]:
    return encode(AccountClaims(sub=key.public_key, name=name), signer)


def user(signer: KeyPair, name: str = "alice", key: KeyPair = ALICE) -> Token[UserClaims]:
    return encode(UserClaims(sub=key.public_key, name=name), signer)


def test_what_the_operator_signed_stays_as_it_is(authority: Authority) -> None:
    token = account(ROOT)
    assert adopt_account(authority.store, operator_of(authority), token) == "a"
    assert authority.store.read("o", "a") == token.encoded
    assert authority.commit() == []


def test_what_signed_itself_is_a_draft(authority: Authority) -> None:
    adopt_account(authority.store, operator_of(authority), account(OWNER))
    assert authority.store.names("o") == []
    [change] = authority.commit()
    assert change.token
    assert change.token.claims.iss == ROOT.public_key
    adopt_account(authority.store, operator_of(authority), account(OWNER), overwrite=True)
    [change] = authority.commit()
    assert (change.path, change.public_key) == (("o", "a"), OWNER.public_key)


def test_what_another_operator_signed_must_be_wanted(authority: Authority) -> None:
    with pytest.raises(TrustError, match=OTHER.public_key):
        adopt_account(authority.store, operator_of(authority), account(OTHER))
    adopt_account(authority.store, operator_of(authority), account(OTHER), foreign=True)
    [change] = authority.commit()
    assert change.token
    assert change.token.claims.iss == ROOT.public_key


def test_a_name_is_taken(authority: Authority) -> None:
    adopt_account(authority.store, operator_of(authority), account(ROOT))
    with pytest.raises(ExistsError, match="is here already"):
        adopt_account(authority.store, operator_of(authority), account(ROOT))
    other = account(ROOT, "A", KeyPair.generate(KeyType.ACCOUNT))
    with pytest.raises(ExistsError, match="another account 'a'"):
        adopt_account(authority.store, operator_of(authority), other, overwrite=True)
    with pytest.raises(StoreNameError):
        adopt_account(authority.store, operator_of(authority), account(ROOT, ""))


def test_an_account_has_one_name(authority: Authority) -> None:
    adopt_account(authority.store, operator_of(authority), account(ROOT))
    with pytest.raises(ExistsError, match="is here as 'a' already"):
        adopt_account(authority.store, operator_of(authority), account(ROOT, "b"), overwrite=True)
    assert authority.store.names("o") == ["a"]


def test_a_user_stays_as_it_is(authority: Authority) -> None:
    store, operator = authority.store, operator_of(authority)
    adopt_account(store, operator, account(ROOT))
    token = user(OWNER)
    assert adopt_user(store, operator, token) == ("o", "a", "alice")
    assert store.read("o", "a", "alice") == token.encoded
    with pytest.raises(ExistsError, match="is here already"):
        adopt_user(store, operator, token)
    adopt_user(store, operator, token, overwrite=True)
    adopt_user(store, operator, user(OWNER, "Alice", KeyPair.generate(KeyType.USER)))
    with pytest.raises(ExistsError, match="another user 'alice'"):
        adopt_user(store, operator, user(OWNER, key=KeyPair.generate(KeyType.USER)))


def test_a_user_of_an_account_that_is_not_here(authority: Authority) -> None:
    with pytest.raises(NotFoundError, match=OWNER.public_key):
        adopt_user(authority.store, operator_of(authority), user(OWNER))


def test_a_user_that_its_account_did_not_sign(authority: Authority) -> None:
    store, operator = authority.store, operator_of(authority)
    adopt_account(store, operator, account(ROOT))
    claims = UserClaims(sub=ALICE.public_key, name="alice")
    claims.nats.issuer_account = OWNER.public_key
    stranger = KeyPair.generate(KeyType.ACCOUNT)
    with pytest.raises(TrustError, match=stranger.public_key):
        adopt_user(store, operator, encode(claims, stranger))
