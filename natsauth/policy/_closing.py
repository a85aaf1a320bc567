"""When a server closes a connection that it has taken, by itself (nats-server 2.15.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth._redact import without_seeds
from natsauth.claims.base import NO_LIMIT
from natsauth.claims.permissions import MQTT, MQTT_WS
from natsauth.policy._connection_checks import end_of_times
from natsauth.policy._limits import limits_for
from natsauth.policy.admission import Closing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from natsauth.policy._case import Case, Member

_EXPIRED = "User Authentication Expired"
_ACCOUNT_EXPIRED = "Account Authentication Expired"
_NO_SUBSCRIPTIONS = "maximum subscriptions exceeded"
_SECOND = 10**9
_INT64 = 1 << 64


def closing(case: Case, member: Member) -> Closing | None:
    """Return when and how the server closes a connection, or ``None``."""
    left, error = min(_ends(case, member), default=(None, ""))
    if left != 0 and not _may_subscribe(case, member):
        return Closing(
            _moment(case.moment),
            _NO_SUBSCRIPTIONS,
            _NO_SUBSCRIPTIONS,
            "give the user, its scope or the account a limit of subs, -1 for unlimited",
        )
    if left is None:
        return None
    account, name = member.account.sub, member.account.name
    label = f"{account}/{name}" if name else account
    return Closing(
        _moment(case.moment + left),
        error,
        without_seeds(f"{error} - Account:{label} - jwt:{member.user.sub}"),
        "" if left else "issue the user a new token",
    )


def _may_subscribe(case: Case, member: Member) -> bool:
    """Tell whether the limits leave the connection any subscription."""
    if case.connection.type in (MQTT, MQTT_WS):  # their token is looked at too late
        subs = member.account.nats.limits.subs
    else:
        subs = limits_for(member.user, member.account, member.scope).subs
    return subs == NO_LIMIT or subs > 0


def _ends(case: Case, member: Member) -> Iterator[tuple[float, str]]:
    """Go through the seconds until account, user and part of the day end, and what is said then."""
    if member.account.exp:
        # The server counts from the moment at which it loads the account.
        yield _duration(member.account.exp - case.now), _ACCOUNT_EXPIRED
    if member.limits.times and (end := end_of_times(case, member.limits)) is not None:
        yield end - case.moment, _EXPIRED
    if member.user.exp:
        yield _duration(member.user.exp - case.now), _EXPIRED


def _duration(seconds: int) -> float:
    """Return seconds as Go counts them, in nanoseconds of 64 bits: from 292 years on that errs."""
    if seconds <= 0:
        return 0
    nanoseconds = seconds * _SECOND % _INT64
    return nanoseconds / _SECOND if nanoseconds < _INT64 // 2 else 0


def _moment(seconds: float) -> datetime:
    from datetime import UTC, datetime, timedelta

    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
