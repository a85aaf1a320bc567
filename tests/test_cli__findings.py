"""What is said of claims in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from natsauth.claims import (
    AccountClaims,
    Export,
    OperatorClaims,
    Permission,
    ServiceLatency,
    User,
    UserClaims,
    UserScope,
    parse_claims,
)
from natsauth.cli._findings import ERROR, NOTE, WARNING, Finding, findings, span
from tests._tokens import ACCOUNT, OPERATOR, OTHER_ACCOUNT, USER

if TYPE_CHECKING:
    from natsauth.claims import Claims

NOW = 1_700_000_000
DAY = 86_400


def said(claims: Claims) -> dict[str, tuple[str, str, str]]:
    found = findings(claims, NOW)
    assert len({finding.code for finding in found}) == len(found)
    return {finding.code: (finding.level, finding.path, finding.message) for finding in found}


def user(*, limit: int = 1, bearer: bool = False) -> UserClaims:
    body = User(subs=limit, payload=limit, bearer_token=bearer)
    body.pub, body.sub = Permission(allow=["a"]), Permission(allow=["b"])
    return UserClaims(sub=USER.public_key, iss=ACCOUNT.public_key, exp=NOW + DAY, nats=body)


def account() -> AccountClaims:
    claims = AccountClaims(sub=ACCOUNT.public_key, iss=OPERATOR.public_key)
    limits = claims.nats.limits
    limits.conn = limits.leaf = limits.subs = limits.payload = 1
    return claims


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (7_199, "1 hour"),
        (3 * DAY, "3 days"),
        (59 * DAY, "1 month"),
        (365 * DAY, "1 year"),
        (800 * DAY, "2 years"),
    ],
)
def test_spans(seconds: int, text: str) -> None:
    assert span(seconds) == text


def test_a_narrow_user_needs_no_words_but_its_expiry() -> None:
    assert said(user()) == {"expires": (NOTE, "$.exp", "expires in 1 day")}


def test_times() -> None:
    claims = user()
    claims.exp, claims.nbf = NOW - 3 * DAY, NOW + 60
    assert said(claims) == {
        "expired": (ERROR, "$.exp", "expired 3 days ago"),
        "not_yet_valid": (ERROR, "$.nbf", "not valid yet, but in 1 minute"),
    }
    claims.exp = claims.nbf = 0
    assert said(claims) == {"never_expires": (NOTE, "$.exp", "never expires")}
    claims.exp = NOW  # the last second that is good
    assert said(claims)["expires"][2] == "expires in 0 seconds"


def test_a_bearer() -> None:
    level, path, message = said(user(bearer=True))["bearer"]
    assert (level, path) == (WARNING, "$.nats.bearer_token")
    assert "whoever has the token is in" in message


def test_what_is_open() -> None:
    claims = user(limit=-1)
    claims.nats.pub, claims.nats.sub = Permission(), Permission(deny=["x"])
    found = findings(claims, NOW)[1:]
    assert found == [
        Finding(
            NOTE,
            "allows_everything",
            "$.nats.pub",
            "no list of what is allowed: may publish to everything",
        ),
        Finding(
            NOTE,
            "allows_everything",
            "$.nats.sub",
            "no list of what is allowed: may subscribe to everything but what is denied",
        ),
        Finding(NOTE, "unlimited", "$.nats", "no limit on subscriptions, the size of messages"),
    ]


def test_a_user_of_a_scope_is_not_called_open() -> None:
    claims = user()
    claims.nats.clear()
    claims.nats.issuer_account = claims.iss
    assert [*said(claims)] == ["expires", "scoped"]
    claims.nats.issuer_account = ""  # the identity key has no scope: nothing is allowed
    codes = [finding.code for finding in findings(claims, NOW)]
    assert "limit_allows_nothing" in codes
    assert "scoped" not in codes


def test_an_account() -> None:
    claims = account()
    assert said(claims) == {}
    claims.iss = claims.sub
    claims.nats.limits.conn = claims.nats.limits.leaf = -1
    key = OTHER_ACCOUNT.public_key
    claims.nats.signing_keys = [ACCOUNT.public_key, UserScope(key=key, role="desk")]
    found = said(claims)
    assert found["self_signed"][:2] == (WARNING, "$.iss")
    message = f"users signed by {key} get what its role 'desk' allows"
    assert found["scoped"] == (NOTE, "$.nats.signing_keys[1]", message)
    message = "no limit on connections, leaf node connections"
    assert found["unlimited"] == (NOTE, "$.nats.limits", message)


def test_an_operator() -> None:
    claims = OperatorClaims(sub=OPERATOR.public_key)
    assert [*said(claims)] == ["not_strict"]
    claims.nats.strict_signing_key_usage = True
    assert said(claims) == {}


def test_version_1() -> None:
    claims = parse_claims({"nats": {"version": 1, "strict_signing_key_usage": True}}, "operator")
    assert said(claims) == {
        "version_1": (WARNING, "$.type", "of version 1, an old form: issue it anew")
    }


def test_issues_of_validation_are_errors_or_warnings() -> None:
    claims = user()
    claims.nats.pub = Permission(allow=["a..b"])
    claims.nats.tags = ["UP:x"]
    found = said(claims)
    assert found["subject_double_dot"][:2] == (ERROR, "$.nats.pub.allow[0]")
    assert found["tag_upper_case"][:2] == (WARNING, "$.nats.tags[0]")


def test_claims_that_cannot_be_written_are_an_error() -> None:
    claims = account()
    latency = ServiceLatency(results="r")
    latency.results = 5  # type: ignore[assignment]
    claims.nats.exports = [Export(subject="s", type="service", service_latency=latency)]
    level, path, _ = said(claims)["claims"]
    assert (level, path) == (ERROR, "$.nats.exports[0].service_latency.results")
