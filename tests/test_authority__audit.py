"""What an audit finds in a tree: in each token, in the chain, in the files."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth.authority import Authority
from natsauth.authority._audit import Finding, audit, claims_findings, importers
from natsauth.claims import (
    AccountClaims,
    Export,
    Import,
    OperatorClaims,
    OperatorLimits,
    UserClaims,
)
from natsauth.errors import NotFoundError
from natsauth.keys import KeyPair, KeyType
from natsauth.store import MemoryStore
from natsauth.token import encode
from natsauth.validation import IssueCode

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


def test_what_is_imported_is_compared_with_what_is_exported(authority: Authority) -> None:
    accounts = authority.operators["o"].accounts
    exporter, importer = accounts["a"], accounts["b"]
    exporter.claims.nats.exports = [
        Export(subject="open.>", type="stream"),
        Export(subject="closed.*", type="stream", token_req=True),
        Export(subject="ask", type="service"),
    ]
    authority.commit()
    key, unknown = OWNER.public_key, KeyPair.generate(KeyType.ACCOUNT).public_key
    activation = exporter.activate("closed.a", importer.public_key)
    importer.claims.nats.imports = [
        Import(subject="open.a", account=key, type="stream"),
        Import(subject="closed.a", account=key, type="stream", token=activation.encoded),
        Import(subject="mine", to="ask", account=key, type="service"),
        Import(subject="x", account=unknown, type="stream"),
        Import(subject="closed.b", account=key, type="stream"),
        Import(subject="other", account=key, type="stream"),
        Import(subject="open.b", account=key, type="service"),
    ]
    authority.commit()
    findings = [finding for finding in found(authority) if finding.code != IssueCode.IMPORT_TO]
    assert [(f.path, f.code, f.fatal) for f in findings] == [
        (("o", "b"), "import_without_activation", False),
        (("o", "b"), "import_not_exported", False),
        (("o", "b"), "import_not_exported", False),
    ]
    assert findings[0].message.startswith("account 'a' exports 'closed.b' privately")
    assert findings[0].hint
    assert {finding.message for finding in findings[1:]} == {
        "account 'a' has no export of type stream that covers 'other'",
        "account 'a' has no export of type service that covers 'open.b'",
    }
    operator = authority.operators["o"]
    assert importers(operator, key) == ["b"]
    assert importers(operator, importer.public_key) == []
    authority.store.write("nonsense", "o", "a")  # nothing is known of it then
    authority.discard()
    assert {finding.code for finding in found(authority, "b")} == {IssueCode.IMPORT_TO}


def test_an_account_that_is_there_twice(authority: Authority) -> None:
    authority.store.write(authority.store.read("o", "a"), "o", "again")
    authority.discard()
    [finding] = [finding for finding in found(authority) if finding.code == "account_twice"]
    assert (finding.path, finding.fatal) == (("o", "again"), True)
    assert finding.message == "it is the same account as 'a': servers know it by its key"
    assert "rename one to the other" in finding.hint
