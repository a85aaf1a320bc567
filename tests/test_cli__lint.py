"""What ``validate --lint`` finds in a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.authority import Authority
from natsauth.authority._audit import Finding
from natsauth.claims import Permission, User, UserClaims
from natsauth.cli._lint import of_token, with_lint
from natsauth.store import MemoryStore
from natsauth.token import encode
from natsauth.trust import TrustCode
from natsauth.validation import IssueCode
from tests._tokens import ACCOUNT, USER

if TYPE_CHECKING:
    from natsauth.authority import OperatorNode


def operator() -> OperatorNode:
    """Return an operator with an account and two users."""
    authority = Authority(MemoryStore())
    made = authority.operators.add("op", signing_keys=1)
    account = made.accounts.add("shop")
    account.users.add("clerk", User(sub=Permission(allow=["orders.*"])))
    account.users.add("boss")
    authority.commit()
    return made


def test_a_token() -> None:
    claims = UserClaims(sub=USER.public_key, nats=User(sub=Permission(deny=["a.>.b"])))
    found = list(of_token(("name",), encode(claims, ACCOUNT)))
    assert [(item.finding.code, item.severity) for item in found][:2] == [
        (IssueCode.WILDCARD_NOT_LAST, "error"),
        ("allows_everything", "info"),
    ]
    assert found[0].finding.fatal
    assert not found[1].finding.fatal
    assert found[0].finding.path == ("name",)
    assert found[0].finding.message.startswith("$.nats.sub.deny[0]: ")
    assert found[0].finding.hint


def test_a_tree_in_the_order_of_its_entries() -> None:
    audited = [
        Finding(("op", "shop"), TrustCode.ACCOUNT_STRICT, "trust", fatal=True),
        Finding(("op", "shop"), IssueCode.EXPIRED, "an issue, which lint finds itself", fatal=True),
        Finding(("op", "shop", "boss"), TrustCode.USER_REVOKED, "revoked", fatal=False),
    ]
    found = with_lint(operator(), ["shop"], audited)
    assert [(item.finding.path[1:], item.finding.code, item.severity) for item in found] == [
        (("shop",), "account_strict", "error"),
        (("shop", "boss"), "user_revoked", "warning"),
        (("shop", "boss"), "allows_everything", "info"),
        (("shop", "boss"), "allows_everything", "info"),
        (("shop", "boss"), "no_expiry", "info"),
        (("shop", "clerk"), "final_star", "warning"),
        (("shop", "clerk"), "allows_everything", "info"),
        (("shop", "clerk"), "inbox_missing", "info"),
        (("shop", "clerk"), "no_expiry", "info"),
    ]
