"""The types of options and arguments: times, sizes and the like, as nsc writes them.

Each is a function for ``click.option(type=…)``: from text to the value, or ``click.BadParameter``
that says what was expected.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsauth.claims import TimeRange

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INT64 = 1 << 63
_RELATIVE = re.compile(r"(-?[0-9]{1,9})([mhdwMy])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME = re.compile(r"([0-9-]{10}) ([0-9:]{8}) UTC")
_RFC3339 = re.compile(r"[0-9-]{10}[Tt][0-9:]{8}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})")
_UNIX = re.compile(r"[0-9]{1,12}")
_EXACT_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"(?:[0-9]{1,12}(?:\.[0-9]{1,9})?(?:us|ms|[smhdw]))+")
_DURATION_PART = re.compile(r"([0-9.]+)([a-z]+)")
_MICROSECONDS = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}
_LONGEST = _INT64 // 1_000
"""Microseconds: a duration in claims is an int64 of nanoseconds."""
_SIZE = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,9})?) ?(?:([kmgtpe])(i?))?b?", re.IGNORECASE)
_COUNT = re.compile(r"[0-9]{1,19}")
_PERCENT = re.compile(r"([1-9][0-9]?|100)%?")
_PREFIXES = "kmgtpe"
_TIMES = re.compile(r"([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)-([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)")


def when(text: str) -> int:
    """Read a moment as Unix seconds; 0 for none. See :func:`moment`."""
    try:
        return moment(text, datetime.now(UTC))
    except ValueError:
        units = "30m, 12h, 7d, 2w, 6M, 1y"
        dates = "0 for none, 2030-12-31, 2030-12-31T23:59:59Z"
        raise _refusal(text, f"{dates}, or a time from now such as {units}") from None


def at(text: str) -> int:
    """Read a moment as Unix seconds, which may be given as such, too; 0 for none."""
    return int(text) if _UNIX.fullmatch(text) else when(text)


def duration(text: str) -> timedelta:
    """Read a length of time as Go's ``time.ParseDuration`` does; days and weeks are taken, too."""
    parts = _DURATION_PART.findall(text) if _DURATION.fullmatch(text) else []
    length = sum(Fraction(number) * _MICROSECONDS[unit] for number, unit in parts)
    if text != "0" and not 1 <= length < _LONGEST:
        raise _refusal(text, "a duration such as 500ms, 30s, 5m, 1h30m, 7d")
    return timedelta(microseconds=int(length))


def size(text: str) -> int:
    """Read a number of bytes; -1 for no limit.

    The units are nsc's: k, m, g, t, p, e of 1000, ki, mi and so on of 1024, with or without b.
    """
    if text in ("-1", "unlimited"):
        return -1
    if match := _SIZE.fullmatch(text):
        number, prefix, binary = match.groups()
        power = _PREFIXES.index(prefix.lower()) + 1 if prefix else 0
        count = int(Fraction(number) * (1024 if binary else 1000) ** power)
        if count < _INT64:
            return count
    raise _refusal(
        text, "a number of bytes such as 1000, 64k, 10mb, 1.5g, 512mib, or -1 for no limit"
    )


def count(text: str) -> int:
    """Read a number; -1 for no limit."""
    if text == "-1" or (_COUNT.fullmatch(text) and int(text) < _INT64):
        return int(text)
    raise _refusal(text, "a whole number, or -1 for no limit")


def percent(text: str) -> int:
    """Read a whole number from 1 to 100."""
    if match := _PERCENT.fullmatch(text):
        return int(match[1])
    raise _refusal(text, "a percentage from 1 to 100")


def sampling(text: str) -> int:
    """Read a percentage, or ``headers`` as 0: the requests whose headers ask for it."""
    if text.lower() in ("header", "headers"):
        return 0
    if match := _PERCENT.fullmatch(text):
        return int(match[1])
    raise _refusal(text, "a percentage from 1 to 100, or headers")


def server_urls(text: str) -> str:
    """Read the URL of account servers, or several with commas between; an empty one, too."""
    from natsauth.resolver._addresses import SCHEMES, is_address

    schemes = (*SCHEMES, "http", "https")
    if text and not all(is_address(part.strip(), schemes) for part in text.split(",")):
        shown = text if "@" not in text else "(one with a password)"
        expected = f"nats://127.0.0.1:4222 or the like, of the schemes {', '.join(schemes)}"
        raise _refusal(shown, expected)
    return text


def network(text: str) -> str:
    """Read a network in CIDR form; a plain address is a network of its own."""
    from natsauth._values import is_cidr

    address = text.lower()
    for cidr in (address, f"{address}/{128 if ':' in address else 32}"):
        if is_cidr(cidr):
            return cidr
    raise _refusal(text, "a network such as 192.168.0.0/16, or an address")


def times(text: str) -> TimeRange:
    """Read a part of the day, ``HH:MM:SS-HH:MM:SS``; seconds may be left out."""
    from natsauth._values import is_time_of_day
    from natsauth.claims import TimeRange

    if match := _TIMES.fullmatch(text):
        start, end = (time if time.count(":") > 1 else f"{time}:00" for time in match.groups())
        if is_time_of_day(start) and is_time_of_day(end):
            return TimeRange(start=start, end=end)
    raise _refusal(text, "a part of the day such as 08:00:00-17:00:00")


def many(
    *names: str,
    type: Callable[[str], Any] = str,  # noqa: A002 - click's own word
    **more: Any,
) -> Callable[[Any], Any]:
    """Declare an option that is given several times, or once with commas between the values.

    The command gets a list, which is empty where the option is not given.

    Args:
        names: As for ``click.option``.
        type: The type of one value.
        more: As for ``click.option``.
    """

    def split(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> list[Any]:
        parts = (part.strip() for text in given for part in text.split(","))
        return [type(part) for part in parts if part]

    kind = "TEXT" if type is str else type.__name__.upper()
    more = {"metavar": f"{kind},…", **more}
    return click.option(*names, type=str, multiple=True, callback=split, **more)


def moment(text: str, now: datetime) -> int:
    """Return the Unix second that a text stands for; 0 for ``0`` and for no text.

    Units from days on follow the calendar in UTC, as Go's ``AddDate`` does: a month after
    31 January is 3 March, or the 2nd in a leap year.

    Args:
        text: A date, a date with time, or a number of ``m``, ``h``, ``d``, ``w``, ``M`` or ``y``.
        now: What such a number is counted from.

    Raises:
        ValueError: It is none of them, or not between the years 1970 and 9999.
    """
    relative = _RELATIVE.fullmatch(text)
    if text in ("", "0") or (relative and not int(relative[1])):
        return 0
    if relative:
        found = _after(int(relative[1]), relative[2], now)
    elif _DATE.fullmatch(text):
        found = datetime.fromisoformat(f"{text}T00:00:00+00:00")
    elif match := _DATE_TIME.fullmatch(text):
        found = datetime.fromisoformat(f"{match[1]}T{match[2]}+00:00")
    elif _RFC3339.fullmatch(text):
        found = datetime.fromisoformat(text.upper())
    else:
        raise ValueError(text)
    seconds = (found - _EPOCH) // timedelta(seconds=1)
    if seconds <= 0:  # which claims take for none
        raise ValueError(text)
    return seconds


def _after(count: int, unit: str, now: datetime) -> datetime:
    try:
        if unit in _EXACT_UNITS:
            return now + timedelta(**{_EXACT_UNITS[unit]: count})
        months = now.month - 1 + count * (12 if unit == "y" else 1)
        first = now.replace(year=now.year + months // 12, month=months % 12 + 1, day=1)
        return first + timedelta(days=now.day - 1)
    except OverflowError:
        raise ValueError(count) from None


def _refusal(text: str, expected: str) -> click.BadParameter:
    return click.BadParameter(f"expected {expected}, got {text!r:.60}")
