"""Rules of auth callout: what a server asks, and what a service answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.keys import KeyType
from natsauth.validation.common import check_times
from natsauth.validation.report import IssueCode

if TYPE_CHECKING:
    from natsauth.claims import AuthorizationRequestClaims, AuthorizationResponseClaims
    from natsauth.validation.collector import Collector


def check_request(issues: Collector, claims: AuthorizationRequestClaims, now: int) -> None:
    """Check authorization request claims."""
    issues.key(IssueCode.USER_KEY, "$.nats.user_nkey", claims.nats.user_nkey, KeyType.USER)
    check_times(issues, claims, now)


def check_response(issues: Collector, claims: AuthorizationResponseClaims, now: int) -> None:
    """Check authorization response claims."""
    answer = claims.nats
    issues.key(IssueCode.USER_KEY, "$.sub", claims.sub, KeyType.USER)
    issues.key(IssueCode.AUDIENCE, "$.aud", claims.aud, KeyType.SERVER)
    if not (answer.error or answer.jwt):
        issues.error(IssueCode.RESPONSE_EMPTY, "$.nats", "there is neither a jwt nor an error")
    if answer.error and answer.jwt:
        message = "there is both a jwt and an error; servers want one of them"
        issues.error(IssueCode.RESPONSE_AMBIGUOUS, "$.nats", message)
    at = "$.nats.issuer_account"
    issues.optional_key(IssueCode.ISSUER_ACCOUNT, at, answer.issuer_account, KeyType.ACCOUNT)
    check_times(issues, claims, now)
