"""When a user may be connected: ``times`` in ``times_location``, by the rules of Go's time package.

Moments are Unix seconds, whole for ends of ranges and with a fraction for the moment of asking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth._values import is_time_of_day, timezone_file, timezone_known
from natsauth.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from natsauth.claims.permissions import TimeRange

DAY = 86_400


def zone(name: str) -> tzinfo:
    """Return a time zone of the database.

    Args:
        name: Such as ``Europe/Paris``.

    Raises:
        UsageError: The database has no such zone, or this machine has no database.
    """
    from datetime import UTC
    from zoneinfo import ZoneInfo

    if name == "UTC":
        return UTC
    known = timezone_known(name) if name not in ("", "Local") else False
    if not known:
        raise UsageError(
            f"expected a time zone such as Europe/Paris, got {name!r:.80}",
            hint="" if known is False else "this machine has no time zones: pip install tzdata",
        )
    return ZoneInfo(timezone_file(name))


def end_of_range(ranges: Iterable[TimeRange], where: tzinfo, now: float) -> int | None:
    """Return when the current range ends, of several the last one; ``None`` outside of all.

    Start and end themselves are outside, and a range whose start is later than its end goes over
    midnight.

    Args:
        ranges: Parts of the day; one that is no times of the day makes all of them void.
        where: Whose days they are part of.
        now: The moment.
    """
    ends = []
    day = int((now // 1 + _offset(int(now // 1), where)) // DAY) * DAY
    for times in ranges:
        if not (is_time_of_day(times.start) and is_time_of_day(times.end)):
            return None
        start = _instant(day + _seconds(times.start), where)
        end = _instant(day + _seconds(times.end), where)
        if start > end and end <= now:
            end = _instant(end + _offset(end, where) + DAY, where)
        elif start > end:
            start = day - 2 * DAY  # it began yesterday
        if start < now < end:
            ends.append(end)
    return max(ends, default=None)


def _seconds(time_of_day: str) -> int:
    """Return the whole seconds from midnight to a time of the day."""
    hour, minute, second = time_of_day.split(":")
    return int(hour) * 3600 + int(minute) * 60 + int(second[:2])


def _instant(wall: int, where: tzinfo) -> int:
    """Return the moment of a reading of the clocks, given in seconds as if they showed UTC.

    Where clocks were put forward or back there is none, or two; this is the one that Go takes.
    """
    offset = _offset(wall, where)
    return wall - _offset(wall - offset, where) if offset else wall


def _offset(moment: int, where: tzinfo) -> int:
    """Return the seconds by which the clocks of a zone are ahead of UTC."""
    from datetime import UTC, datetime, timedelta

    utc = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment)
    offset = utc.astimezone(where).utcoffset()
    return offset // timedelta(seconds=1) if offset else 0
