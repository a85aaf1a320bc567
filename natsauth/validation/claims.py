"""From claims of any kind to the report about them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsauth._envelope import MAX_CHARS
from natsauth._json import to_bytes
from natsauth.claims import (
    AccountClaims,
    ActivationClaims,
    AuthorizationRequestClaims,
    AuthorizationResponseClaims,
    Claims,
    GenericClaims,
    OperatorClaims,
    UserClaims,
)
from natsauth.claims.base import clock
from natsauth.errors import ClaimsError, UsageError
from natsauth.token import Token
from natsauth.validation.account import check_account
from natsauth.validation.activation import check_activation
from natsauth.validation.authorization import check_request, check_response
from natsauth.validation.collector import Collector
from natsauth.validation.common import check_times
from natsauth.validation.operator import check_operator
from natsauth.validation.report import IssueCode, ValidationReport
from natsauth.validation.user import check_user

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from natsauth.errors import Problem

_CHECKS: dict[type[Any], Callable[[Collector, Any, int], None]] = {
    OperatorClaims: check_operator,
    AccountClaims: check_account,
    UserClaims: check_user,
    ActivationClaims: check_activation,
    AuthorizationRequestClaims: check_request,
    AuthorizationResponseClaims: check_response,
    GenericClaims: check_times,
}
_BIG_TOKEN = MAX_CHARS * 9 // 10
"""The characters from which on a token is close to what no reader takes."""
_SAMPLING = re.compile(r"\$\.nats\.exports\[\d+\]\.service_latency\.sampling")


def validate(claims: Claims, *, now: datetime | float | None = None) -> ValidationReport:
    """Find what is wrong with claims. The claims stay as they are.

    The rules are those of Go's jwt/v2, by which nsc and the server judge: the same issues, in the
    same number. natsauth adds warnings of its own, whose codes are :data:`EXTRA_CODES`; scope
    templates, of which Go checks nothing, are among them. Signatures and trust are not looked at.

    The time is about in proportion to the size of the claims, whatever they hold. For that, of
    the overlaps between imports only the first thousand are reported.

    Args:
        claims: The claims of a token, or a draft.
        now: The moment that expiry is compared with; the current one if not given.

    Raises:
        ClaimsError: A field of a draft holds what its type cannot; all such fields are named.
        UsageError: An argument is no claims object or no moment.
    """
    kind: type[Any] = type(claims)
    check = _CHECKS.get(kind)
    if check is None:
        hint = "the claims of a token are token.claims" if kind is Token else ""
        raise UsageError(f"expected claims, got {kind.__name__}", hint=hint)
    moment, issues = clock(now), Collector()
    size = _written_size(claims)
    check(issues, claims, moment)
    if size > _BIG_TOKEN:
        message = f"the token has some {size} characters; readers refuse more than {MAX_CHARS}"
        issues.warning(IssueCode.TOKEN_SIZE, "$", message)
    return ValidationReport(tuple(issues.issues))


def _written_size(claims: Claims) -> int:
    """Return about how long the token is, once every field is known to have its type."""
    try:
        return len(to_bytes(claims.to_json())) * 4 // 3
    except ClaimsError as error:
        # A sampling out of range can be read, but not written: here it is an issue among others.
        if all(map(_is_sampling, error.problems)):
            return 0
        raise


def _is_sampling(problem: Problem) -> bool:
    return bool(_SAMPLING.fullmatch(problem.path)) and ", got integer" in problem.message
