"""What nats-server 2.15.1 makes of the limits of a user and its account for one connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from natsauth.claims.base import NO_LIMIT

if TYPE_CHECKING:
    from natsauth.claims.account import AccountClaims
    from natsauth.claims.signing_keys import UserScope
    from natsauth.claims.user import UserClaims


class Limits(NamedTuple):
    """The limits of a connection; -1 is none.

    Attributes:
        subs: How many subscriptions may be open at a time.
        payload: How many bytes a message may have, headers and payload.
    """

    subs: int = NO_LIMIT
    payload: int = NO_LIMIT


def limits_for(
    user: UserClaims, account: AccountClaims | None, scope: UserScope | None = None
) -> Limits:
    """Return what holds for a user: of its limits, or its scope's, and the account's the lower.

    Args:
        user: The user.
        account: Its account, if known.
        scope: The scope that gives limits to the user, if one does.
    """
    # A server that is not strict finds the scope of such users, but not for the limits.
    is_scoped = scope and user.nats.issuer_account not in ("", user.iss)
    own = scope.template if scope and is_scoped else user.nats
    if account is None:
        return Limits(own.subs, own.payload)
    limits = account.nats.limits
    return Limits(_lower(own.subs, limits.subs), _lower(own.payload, limits.payload))


def _lower(one: int, other: int) -> int:
    return min((limit for limit in (one, other) if limit != NO_LIMIT), default=NO_LIMIT)
