"""Rules of users, and of the limits that scope templates have too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth._values import is_cidr, is_time_of_day, timezone_known
from natsauth.claims.base import NO_LIMIT
from natsauth.claims.permissions import CONNECTION_TYPES
from natsauth.keys import KeyType
from natsauth.validation.common import check_tags, check_times
from natsauth.validation.permissions import check_permissions
from natsauth.validation.report import IssueCode

if TYPE_CHECKING:
    from natsauth.claims import TimeRange, UserClaims, UserPermissionLimits
    from natsauth.validation.collector import Collector

_NATS = "$.nats"


def check_user(issues: Collector, claims: UserClaims, now: int) -> None:
    """Check user claims."""
    user = claims.nats
    check_times(issues, claims, now)
    check_permissions(issues, _NATS, user)
    check_user_limits(issues, _NATS, user)
    at = f"{_NATS}.issuer_account"
    issues.optional_key(IssueCode.ISSUER_ACCOUNT, at, user.issuer_account, KeyType.ACCOUNT)
    if not (user.issuer_account and user.is_empty()):  # else it may be a scoped signing key's
        for name in ("subs", "payload"):
            check_limit(issues, f"{_NATS}.{name}", getattr(user, name))
    check_tags(issues, f"{_NATS}.tags", user.tags)


def check_user_limits(issues: Collector, path: str, limits: UserPermissionLimits) -> None:
    """Check from where, when and how somebody may connect."""
    for index, network in enumerate(limits.src or ()):
        if not is_cidr(network):
            message = f"{network!r} is no network in CIDR form, such as 10.0.0.0/8"
            issues.error(IssueCode.SOURCE_NETWORK, f"{path}.src[{index}]", message)
    for index, times in enumerate(limits.times or ()):
        _check_time_range(issues, f"{path}.times[{index}]", times)
    if limits.times_location:
        _check_time_zone(issues, f"{path}.times_location", limits.times_location)
    for index, name in enumerate(limits.allowed_connection_types or ()):
        if name.upper() not in CONNECTION_TYPES:
            message = f"servers know no connection type {name!r}; alone it lets nobody connect"
            at = f"{path}.allowed_connection_types[{index}]"
            issues.warning(IssueCode.CONNECTION_TYPE, at, message)


def check_limit(issues: Collector, path: str, limit: int) -> None:
    """Warn of a limit that leaves nothing; -1 stands for unlimited (nats-server 2.15.1)."""
    if limit < 1 and limit != NO_LIMIT:
        message = f"{limit} lets nobody work; unlimited is {NO_LIMIT}"
        issues.warning(IssueCode.LIMIT_ALLOWS_NOTHING, path, message)


def _check_time_range(issues: Collector, path: str, times: TimeRange) -> None:
    for name, moment in (("start", times.start), ("end", times.end)):
        if not is_time_of_day(moment):
            message = f"{moment!r} is no time of day, such as 09:30:00"
            issues.error(IssueCode.TIME_RANGE, f"{path}.{name}", message)


def _check_time_zone(issues: Collector, path: str, name: str) -> None:
    known = timezone_known(name)
    if known is None:
        message = f"this machine has no time zone database, so {name!r} was not looked up"
        issues.warning(IssueCode.TIME_ZONE_UNCHECKED, path, message)
    elif not known:
        issues.error(IssueCode.TIME_ZONE, path, f"{name!r} is no time zone, such as Europe/Paris")
