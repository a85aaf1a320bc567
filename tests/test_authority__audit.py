"""What an audit finds in a tree: in each token, in the chain, in the files."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth.authority import Authority
from natsauth.authority._audit import Finding, audit, claims_findings
from natsauth.claims import AccountClaims, OperatorClaims, OperatorLimits, UserClaims
from natsauth.errors import NotFoundError
from natsauth.keys import KeyPair, KeyType
from natsauth.store import MemoryStore
from natsauth.token import encode

ROOT, OTHER = KeyPair.generate(KeyType.OPERATOR), KeyPair.generate(KeyType.OPERATOR)
OWNER = KeyPair.generate(KeyType.ACCOUNT)
ALICE = KeyPair.generate(KeyType.USER)


@pytest.fixture
def authority() -> Authority:
    """Give a tree in which nothing is wrong."""
    authority = Authority(MemoryStore(), keys=[ROOT, OWNER])
    operator = authority.operators.add("o", key=ROOT)
    account = operator.accounts.add("a", key=OWNER)
    account.users.add("alice", key=ALICE)
    operator.accounts.add("b")
    authority.commit()
    authority.discard()
    return authority


def found(authority: Authority, *accounts: str) -> list[Finding]:
    return list(audit(authority.operators["o"], accounts or None))


def replace_account(authority: Authority, signer: KeyPair, **limits: Any) -> None:
    claims = AccountClaims(sub=OWNER.public_key, name="a")
    claims.nats.limits = OperatorLimits(**limits)
    authority.store.write(encode(claims, signer).encoded, "o", "a")


def test_nothing_is_wrong(authority: Authority) -> None:
    assert found(authority) == []
    assert found(authority, "a") == []


def test_only_the_accounts_that_are_named_are_read(authority: Authority) -> None:
    authority.store.write("nonsense", "o", "b")
    assert found(authority, "a") == []
    [finding] = found(authority)
    assert (finding.path, finding.code, finding.fatal) == (("o", "b"), "store_data", True)
    assert finding.hint
    with pytest.raises(NotFoundError):
        found(authority, "c")


def test_an_account_of_another_operator_and_its_users(authority: Authority) -> None:
    replace_account(authority, OTHER)
    [finding] = found(authority)
    assert (finding.path, finding.code, finding.fatal) == (("o", "a"), "account_issuer", True)
    assert OTHER.public_key in finding.message
    assert finding.hint


def test_an_operator_that_somebody_else_signed(authority: Authority) -> None:
    claims = OperatorClaims(sub=ROOT.public_key, name="o")
    authority.store.write(encode(claims, OTHER).encoded, "o")
    [finding] = found(authority)
    assert (finding.path, finding.code, finding.fatal) == (("o",), "operator_issuer", True)


def test_jetstream_in_the_system_account_alone(authority: Authority) -> None:
    replace_account(authority, ROOT, disk_storage=-1)
    assert found(authority) == []
    claims = OperatorClaims(sub=ROOT.public_key, name="o")
    claims.nats.system_account = OWNER.public_key
    authority.store.write(encode(claims, ROOT).encoded, "o")
    authority.discard()
    [finding] = found(authority)
    assert (finding.path, finding.code) == (("o", "a"), "system_account_jetstream")


def test_what_has_expired_is_told_once(authority: Authority) -> None:
    claims = UserClaims(sub=ALICE.public_key, name="alice", exp=1000)
    authority.store.write(encode(claims, OWNER).encoded, "o", "a", "alice")
    [finding] = found(authority)
    assert (finding.path, finding.code) == (("o", "a", "alice"), "expired")


def test_a_revoked_user_is_no_error(authority: Authority) -> None:
    authority.operators["o"].accounts["a"].users["alice"].revoke()
    authority.commit()
    [finding] = found(authority)
    assert (finding.code, finding.fatal) == ("user_revoked", False)


def test_claims_of_the_wrong_type() -> None:
    claims = UserClaims(sub=ALICE.public_key)
    claims.nats.subs = "many"  # type: ignore[assignment]
    [finding] = claims_findings(("x",), claims, now=0)
    assert finding.fatal
    assert "subs" in finding.message
