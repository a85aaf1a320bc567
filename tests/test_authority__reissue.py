"""Another identity for an operator."""

from __future__ import annotations

import pytest

from natsauth.authority import Authority
from natsauth.authority._reissue import reissue_identity
from natsauth.errors import KeyRoleError
from natsauth.keys import KeyPair, KeyType
from natsauth.store import MemoryStore
from natsauth.trust import check_account, check_user


@pytest.fixture
def authority() -> Authority:
    """Give an operator with an account that its identity signed, and one that a signing key did."""
    authority = Authority(MemoryStore())
    operator = authority.operators.add("o")
    operator.accounts.add("a").users.add("u")
    authority.commit()
    operator.signing_keys.generate()
    operator.accounts.add("b")
    authority.commit()
    return authority


def test_what_the_old_identity_signed_is_signed_anew(authority: Authority) -> None:
    operator = authority.operators["o"]
    old, before = operator.public_key, {n: operator.accounts[n].token for n in "ab"}
    assert reissue_identity(operator) == ["a"]
    authority.commit()
    operator = authority.operators["o"]
    assert operator.public_key != old
    assert operator.token.claims.iss == operator.public_key
    assert operator.key.public_key == operator.public_key
    account, other = operator.accounts["a"], operator.accounts["b"]
    assert other.token == before["b"]
    assert account.token.claims.iss != old
    assert check_account(account.token, operator.token)
    assert check_user(account.users["u"].token, account.token, operator.token)


def test_the_old_identity_can_go_on_signing(authority: Authority) -> None:
    operator = authority.operators["o"]
    old, before = operator.public_key, operator.accounts["a"].token
    assert reissue_identity(operator, keep_signing=True) == []
    authority.commit()
    operator = authority.operators["o"]
    assert old in operator.signing_keys
    assert operator.accounts["a"].token == before
    assert check_account(before, operator.token)


def test_the_identity_can_be_given(authority: Authority) -> None:
    pair = KeyPair.generate(KeyType.OPERATOR)
    reissue_identity(authority.operators["o"], pair)
    authority.commit()
    assert authority.operators["o"].public_key == pair.public_key


def test_a_signing_key_can_become_the_identity(authority: Authority) -> None:
    operator = authority.operators["o"]
    [key] = operator.signing_keys
    pair = KeyPair.from_seed(authority.store.seed(key))
    reissue_identity(operator, pair)
    authority.commit()
    operator = authority.operators["o"]
    assert (operator.public_key, [*operator.signing_keys]) == (key, [])
    assert check_account(operator.accounts["b"].token, operator.token)


def test_a_key_of_another_role_is_refused(authority: Authority) -> None:
    operator = authority.operators["o"]
    with pytest.raises(KeyRoleError):
        reissue_identity(operator, KeyPair.generate(KeyType.ACCOUNT))
    assert authority.commit() == []
