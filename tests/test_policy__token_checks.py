"""Checks of the tokens: in which words each is told, with the server's line and the cure."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth.policy import _token_checks
from natsauth.policy.admission import CheckCode
from natsauth.policy.connection import _OF_CONNECTION, _OF_MEMBER, _OF_USER
from tests._connections import UNLIMITED, Root, admitted, assert_fails, assert_holds

NOW = 1_795_437_121
ROOT = Root()
EMPTY = {"type": "user", "version": 2, "issuer_account": "$ACC"}
SCOPED: dict[str, Any] = {"signer": "scoped_key", "user_nats": EMPTY}
LATE = [{"start": "13:00:00", "end": "14:00:00"}]

FAILING: dict[CheckCode, list[tuple[dict[str, Any], str, str, str]]] = {
    CheckCode.TOKEN: [
        ({"token": ""}, "three chunks", "Authentication requires a user JWT", "creds file"),
    ],
    CheckCode.PROXY_REQUIRED: [
        ({"user_nats": {"proxy_required": True}}, "the user", "proxy connection required", "proxy"),
    ],
    CheckCode.CLAIMS: [
        ({"user_std": {"exp": 5}}, "expired", "&{Issues:[claim is expired]}", "new token"),
        ({"user_std": {"nbf": {"rel": 5}}}, "another 5", "claim is not yet valid", "clocks"),
        ({"user_nats": {"src": ["x"]}}, "$.nats.src[0]", 'invalid cidr "x"', "correct"),
    ],
    CheckCode.ACCOUNT_LOOKUP: [
        ({"unknown_account": True}, "does not have", "account missing", "push"),
        ({"account_signer": "foreign"}, "is no key of", "account validation failed", "operator"),
        ({"account_std": {"exp": {"rel": -1}}}, "expired", "validation failed", "clocks"),
        ({"account_std": {"sub": "$OTHER"}}, "in place of", "validation failed", "push"),
        ({"account_nats": {"cluster_traffic": "x"}}, "cluster", "validation failed", "correct"),
    ],
    CheckCode.USER_ISSUER: [
        ({"signer": "unknown", "user_nats": {"issuer_account": "$ACC"}},
         "no signing key", "User JWT issuer is not known", "signing keys"),
    ],
    CheckCode.SCOPED_USER_EMPTY: [
        ({"signer": "scoped_key", "user_nats": {"issuer_account": "$ACC"}},
         "has permissions or limits",
         "scoped users require no permissions or limits set", "clear()"),
    ],
    CheckCode.SCOPE_TEMPLATE: [
        ({**SCOPED, "scoped_template": {"pub": {"deny": ["{{tag(x)}}"]}}},
         "tag", "User JWT generated invalid permissions", "template"),
    ],
    CheckCode.SCOPE_PROXY_REQUIRED: [
        ({**SCOPED, "scoped_template": {"proxy_required": True}},
         "by role 'r' may connect over a trusted proxy", "proxy connection required", "proxy"),
    ],
    CheckCode.ACCOUNT_EXPIRED: [
        ({"account_std": {"exp": {"rel": 0}}}, "this second", "Account JWT has expired", "push"),
        ({"account_std": {"exp": -5}}, "expires at -5", "Account JWT has expired", "push"),
    ],
    CheckCode.BEARER: [
        ({"user_nats": {"bearer_token": True},
          "account_nats": {"limits": {**UNLIMITED, "disallow_bearer": True}}},
         "bearer", "Account does not allow bearer tokens", "bearer"),
    ],
    CheckCode.REVOCATION: [
        ({"account_nats": {"revocations": {"*": {"rel": 5}}}},
         "revoked", "User authentication revoked", "new token"),
    ],
    CheckCode.PINNED_ACCOUNTS: [
        ({"pinned": []}, "other accounts", "not listed as operator pinned account", "pinned"),
    ],
}  # fmt: skip
PASSING: dict[CheckCode, list[tuple[dict[str, Any], str]]] = {
    CheckCode.PROXY_REQUIRED: [
        ({"user_nats": {"proxy_required": True}, "connect": {"proxy": "good"}}, "over one"),
    ],
    CheckCode.PINNED_ACCOUNTS: [({"pinned": ["$ACC"]}, "is pinned")],
    CheckCode.SCOPED_USER_EMPTY: [(SCOPED, "leaves everything to its scope"), ({}, "no scope")],
    CheckCode.SCOPE_TEMPLATE: [(SCOPED, "filled in")],
    CheckCode.SCOPE_PROXY_REQUIRED: [(SCOPED, "needs no proxy"), ({}, "no scope")],
    CheckCode.BEARER: [({"user_nats": {"bearer_token": True}}, "allows bearers")],
}  # fmt: skip


def test_each_check_is_tried() -> None:
    # One never fails: the lookup before it fails for the same reason.
    checks = {**_OF_CONNECTION, **_OF_USER, **_OF_MEMBER}
    here = {c for c, check in checks.items() if check.__module__ == _token_checks.__name__}
    assert FAILING.keys() == here - {CheckCode.ACCOUNT_ISSUER}


@pytest.mark.parametrize(
    ("code", "case", "message", "log", "hint"),
    [(code, *row) for code, rows in FAILING.items() for row in rows],
)
def test_what_is_told_of_a_failing_check(
    code: CheckCode, case: dict[str, Any], message: str, log: str, hint: str
) -> None:
    assert_fails(admitted(case, ROOT, NOW), code, message, log, hint)


@pytest.mark.parametrize(
    ("code", "case", "message"),
    [(code, *row) for code, rows in PASSING.items() for row in rows],
)
def test_what_is_told_of_a_passing_check(
    code: CheckCode, case: dict[str, Any], message: str
) -> None:
    assert_holds(admitted(case, ROOT, NOW), code, message)
