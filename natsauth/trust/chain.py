"""Verdicts on tokens together: an account under its operator, a user under both."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from natsauth.claims.account import AccountClaims
from natsauth.claims.base import Claims, clock
from natsauth.claims.operator import OperatorClaims
from natsauth.claims.user import UserClaims
from natsauth.errors import UsageError
from natsauth.token import Token, decode
from natsauth.trust.report import make_report
from natsauth.trust.rules import account_findings, time_findings, user_findings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from natsauth.trust.report import TrustFinding, TrustReport

_C = TypeVar("_C", bound=Claims)


def check_account(
    account: Token[AccountClaims],
    operator: Token[OperatorClaims],
    *,
    now: datetime | float | None = None,
) -> TrustReport:
    """Judge whether a server of an operator takes an account.

    Args:
        account: The account.
        operator: The operator that the server trusts.
        now: The moment; the current one if not given. Accounts expire as their ``exp`` begins.

    Raises:
        UsageError: An argument is no :class:`~natsauth.Token`, or no moment.
        TokenError, ClaimsError: A token is of another kind, or one that ``decode()`` refuses.
    """
    claims, root = claims_of(account, AccountClaims), claims_of(operator, OperatorClaims)
    return make_report(account_findings(claims, root, clock(now)))


def check_user(
    user: Token[UserClaims],
    account: Token[AccountClaims],
    operator: Token[OperatorClaims],
    *,
    now: datetime | float | None = None,
) -> TrustReport:
    """Judge whether a server of an operator takes a user of an account, and the account itself.

    Args:
        user: The user.
        account: The account it is to be a user of.
        operator: The operator that the server trusts.
        now: The moment; the current one if not given. Users are taken until their ``exp`` has
            passed, though a server closes the connection as it begins.

    Raises:
        UsageError: An argument is no :class:`~natsauth.Token`, or no moment.
        TokenError, ClaimsError: A token is of another kind, or one that ``decode()`` refuses.
    """
    claims, owner = claims_of(user, UserClaims), claims_of(account, AccountClaims)
    root = claims_of(operator, OperatorClaims)
    return make_report(chain_findings(claims, owner, root, clock(now)))


def chain_findings(
    user: UserClaims, account: AccountClaims, operator: OperatorClaims, now: int
) -> Iterator[TrustFinding]:
    """Go through the reasons for which a chain does not hold, in the order of a server."""
    yield from time_findings(user, now)
    yield from account_findings(account, operator, now)
    yield from user_findings(user, account, strict=operator.nats.strict_signing_key_usage)


def claims_of(token: Token[_C], kind: type[_C]) -> _C:
    """Return what the text of a token says; its ``claims`` are a draft that may have changed.

    Raises:
        UsageError: It is no token.
        TokenError, ClaimsError: It is a token of another kind, or one that ``decode()`` refuses.
    """
    if not isinstance(token, Token):
        raise UsageError(
            f"expected a Token of {kind.__name__}, got {type(token).__name__}",
            hint="decode() verifies the text of a token and makes one",
        )
    return decode(token, kind).claims
