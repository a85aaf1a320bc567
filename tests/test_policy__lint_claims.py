"""Rules about time, size and unknown members."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth.claims import Account, AccountClaims, Permission, User, UserClaims, UserScope
from natsauth.policy.lint import LintCode, lint
from natsauth.token import encode
from tests._tokens import ACCOUNT, IAT, USER

DAY = 86_400


@pytest.mark.parametrize(
    ("exp", "bearer", "expected"),
    [
        (0, False, ("no_expiry", "info")),
        (0, True, ("bearer_no_expiry", "warning")),
        (-1, False, ("negative_expiry", "error")),
        (-1, True, ("negative_expiry", "error")),
        (IAT + 30 * DAY, True, None),
        (IAT + 366 * DAY, False, None),
        (IAT + 366 * DAY + 1, False, ("long_life", "info")),
        (IAT + 366 * DAY + 1, True, ("long_life", "warning")),
    ],
)
def test_expiry(exp: int, *, bearer: bool, expected: tuple[str, str] | None) -> None:
    claims = UserClaims(exp=exp, nats=User(bearer_token=bearer))
    found = [(f.code, f.severity) for f in lint(claims, now=IAT).findings if f.path == "$.exp"]
    assert found == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("characters", "severity"), [(0, None), (2_100, None), (2_500, "warning"), (3_000, "error")]
)
def test_the_size_of_a_user(characters: int, severity: str | None) -> None:
    allow = ["a" * characters]
    claims = UserClaims(
        sub=USER.public_key, nats=User(pub=Permission(allow=allow if characters else None))
    )
    token = encode(claims, ACCOUNT)
    found = [f for f in lint(token).findings if f.code == LintCode.CONNECT_SIZE]
    assert [f.severity for f in found] == ([severity] if severity else [])
    assert all(f"{len(token.encoded)} characters" in f.message for f in found)


def test_a_draft_is_about_as_long_as_its_token() -> None:
    claims = UserClaims(sub=USER.public_key, nats=User(pub=Permission(allow=["a" * 4_000])))
    [finding] = [f for f in lint(claims).findings if f.code == LintCode.CONNECT_SIZE]
    size = len(encode(claims, ACCOUNT).encoded)
    assert abs(int(finding.message.split()[3]) - size) < 300


def members(claims: Any) -> list[tuple[str, str]]:
    return [
        (f.path, f.severity) for f in lint(claims).findings if f.code == LintCode.IGNORED_MEMBER
    ]


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        ({"permissions": {}}, [("$.permissions", "error")]),
        ({"Publish": {}}, [("$.Publish", "error")]),
        ({"pub": {"subscribe": []}, "x": 1}, [("$.x", "info"), ("$.pub.subscribe", "error")]),
        ({"resp": {"max": 1, "expires": "1m"}}, [("$.resp.expires", "error")]),
        ({"sub": {"a b": 1}}, [("$.sub['a b']", "info")]),
        ({"subs": -1, "payload": -1, "type": "user"}, []),
    ],
)
def test_unknown_members(permissions: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert members(permissions) == expected


def test_unknown_members_of_claims() -> None:
    claims = UserClaims()
    claims.extra = {"permissions": {}}
    claims.nats.sub.extra = {"permit": 1}
    assert members(claims) == [("$.permissions", "error"), ("$.nats.sub.permit", "info")]
    scope = UserScope(key=ACCOUNT.public_key)
    scope.extra = {"limits": 1}
    scope.template.pub.extra = {"publish": []}
    account = AccountClaims(nats=Account(signing_keys=[scope]))
    account.nats.extra, account.nats.limits.extra = {"a": 1}, {"b": 1}
    account.nats.default_permissions.extra = {"deny": []}
    assert members(account) == [
        ("$.nats.a", "info"),
        ("$.nats.limits.b", "info"),
        ("$.nats.default_permissions.deny", "error"),
        ("$.nats.signing_keys[0].limits", "error"),
        ("$.nats.signing_keys[0].template.pub.publish", "error"),
    ]
