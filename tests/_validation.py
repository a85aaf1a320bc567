"""What the tests of validation share: claims that break no rule, and a short form of issues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth.claims import Account, AccountClaims, OperatorLimits, User, UserClaims
from natsauth.validation import EXTRA_CODES, validate
from tests._tokens import ACCOUNT, IAT, USER

if TYPE_CHECKING:
    from natsauth.claims import Claims
    from natsauth.validation import Issue

Found = list[tuple[str, str]]


def account(**body: Any) -> AccountClaims:
    return AccountClaims(sub=ACCOUNT.public_key, nats=Account(**body))


def limited(**limits: Any) -> AccountClaims:
    return account(limits=OperatorLimits(**limits))


def user(**body: Any) -> UserClaims:
    return UserClaims(sub=USER.public_key, nats=User(**body))


def issues(claims: Claims) -> tuple[Issue, ...]:
    return validate(claims, now=IAT).issues


def errors(claims: Claims) -> Found:
    """Return code and path of everything that was found, which blocks altogether."""
    found = issues(claims)
    assert all(issue.blocking and not issue.time_check for issue in found)
    return [(issue.code, issue.path) for issue in found]


def warnings(claims: Claims) -> Found:
    """Return code and path of everything that was found, warnings of natsauth's own altogether."""
    found = issues(claims)
    assert not any(issue.blocking or issue.time_check for issue in found)
    assert all(issue.code in EXTRA_CODES for issue in found)
    return [(issue.code, issue.path) for issue in found]
