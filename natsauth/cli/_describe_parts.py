"""What descriptions of several kinds of claims share, worded as nsc words it."""

from __future__ import annotations

from math import floor, log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from natsauth.claims import Claims, Permissions, UserPermissionLimits
    from natsauth.cli._tables import Table

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_SMALL = 10
_SECOND = 1_000_000_000


def claim_rows(
    table: Table, claims: Claims, label: str, *, tags: list[str] | None, issuer_account: str = ""
) -> None:
    """Add the rows that claims of every kind have.

    Args:
        table: Where they go.
        claims: The claims.
        label: What their subject is called.
        tags: Their tags.
        issuer_account: The account whose signing key signed, if one did.
    """
    if claims.name:
        table.row("Name", claims.name)
    table.row(label, claims.sub)
    table.row("Issuer ID", claims.iss)
    if issuer_account:
        table.row("Issuer Account", issuer_account)
    table.row("Issued", date_text(claims.iat))
    table.row("Expires", date_text(claims.exp))
    table.column("Tags", tags)


def permission_rows(table: Table, permissions: Permissions) -> None:
    """Add what may be published and subscribed to."""
    pub, sub, responses = permissions.pub, permissions.sub, permissions.resp
    if pub.allow or pub.deny or sub.allow or sub.deny:
        table.rule()
        table.column("Pub Allow", pub.allow)
        table.column("Pub Deny", pub.deny)
        table.column("Sub Allow", sub.allow)
        table.column("Sub Deny", sub.deny)
    if responses is None:
        table.row("Response Permissions", "Not Set")
    else:
        table.row("Max Responses", responses.max)
        table.row("Response Permission TTL", duration_text(responses.ttl))


def limit_rows(table: Table, limits: UserPermissionLimits) -> None:
    """Add the limits of a user, or of a scope for its users."""
    for name, number in (("Max Msg Payload", limits.payload), ("Max Data", limits.data)):
        unlimited = number <= 0
        table.row(name, "Unlimited" if unlimited else f"{number} bytes (≈{size_text(number)})")
    table.row("Max Subs", limits.subs if limits.subs > 0 else "Unlimited")
    table.row("Network Src", f"[{' '.join(limits.src)}]" if limits.src else "Any")
    times = [f"{part.start}-{part.end}" for part in limits.times or ()]
    table.column("Time", times or ["Any"])


def yes_no(value: bool) -> str:  # noqa: FBT001 - it is what is told
    """Return ``Yes`` or ``No``."""
    return "Yes" if value else "No"


def date_text(seconds: int) -> str:
    """Return Unix seconds as date and time in UTC; nothing for 0."""
    from datetime import UTC, datetime, timedelta

    if not seconds:
        return ""
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return f"second {seconds}"  # beyond the year 9999
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def size_text(number: int) -> str:
    """Return a number of bytes, 0 or more, in the largest decimal unit, as go-humanize does."""
    if number < _SMALL:
        return f"{number} B"
    power = floor(log(number) / log(1000))
    value = floor(number / 1000**power * 10 + 0.5) / 10
    return f"{value:.{1 if value < _SMALL else 0}f} {_UNITS[power]}"


def duration_text(nanoseconds: int) -> str:
    """Return a duration as Go's ``time.Duration`` does: ``1h0m0s``, ``2s``, ``1.5ms``."""
    sign, rest = "-" if nanoseconds < 0 else "", abs(nanoseconds)
    if rest >= _SECOND or not rest:
        minutes, part = divmod(rest, 60 * _SECOND)
        hours, minutes = divmod(minutes, 60)
        large = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
        return f"{sign}{large}{_decimal(part, _SECOND)}s"
    for unit, factor in (("ms", 1_000_000), ("µs", 1_000)):
        if rest >= factor:
            return f"{sign}{_decimal(rest, factor)}{unit}"
    return f"{sign}{rest}ns"


def _decimal(number: int, factor: int) -> str:
    whole, fraction = divmod(number, factor)
    digits = f"{fraction:0{len(str(factor)) - 1}}".rstrip("0")
    return f"{whole}.{digits}" if digits else f"{whole}"
