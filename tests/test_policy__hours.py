from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from natsauth.claims import TimeRange
from natsauth.errors import UsageError
from natsauth.policy._hours import end_of_range, zone

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()


def ends(*ranges: tuple[str, str], now: float = NOON, where: str = "UTC") -> int | None:
    return end_of_range([TimeRange(start=a, end=b) for a, b in ranges], zone(where), now)


@pytest.mark.parametrize(
    ("start", "end", "left"),
    [
        ("11:00:00", "13:00:00", 3600),
        ("11:00:00", "12:00:01", 1),
        ("11:59:59", "12:00:00", None),
        ("12:00:00", "13:00:00", None),
        ("12:00:00", "12:00:00", None),
        ("00:00:00", "23:59:59.9", 43_199),
        ("0:00:00", "23:59:59,5", 43_199),
        ("11:00:00", "10:00:00", 22 * 3600),
        ("23:00:00", "13:00:00", 3600),
        ("13:00:00", "12:00:00", None),
        ("13:00:00", "11:00:00", None),
        ("", "13:00:00", None),
        ("11:00:00", "24:00:00", None),
        ("11:00", "13:00:00", None),
    ],
)
def test_one_range(start: str, end: str, left: int | None) -> None:
    found = ends((start, end))
    assert (found and found - NOON) == left


def test_a_fraction_of_a_second_is_within_the_second_that_starts_a_range() -> None:
    assert ends(("12:00:00", "12:00:01")) is None
    assert ends(("12:00:00", "12:00:01"), now=NOON + 0.25) == NOON + 1
    assert ends(("12:00:00", "12:00:01"), now=NOON + 1) is None


def test_of_several_ranges_the_last_end_counts_and_a_bad_one_voids_all() -> None:
    good, longer, other = (
        ("11:00:00", "13:00:00"),
        ("10:00:00", "14:00:00"),
        ("01:00:00", "2:00:00"),
    )
    assert ends(good, longer, other) == NOON + 7200
    assert ends(longer, good) == NOON + 7200
    assert ends(good, ("zz", "14:00:00")) is None
    assert ends(good, ("10:00:00", "")) is None
    assert ends() is None


def test_the_day_is_that_of_the_zone() -> None:
    assert ends(("07:00:00", "08:00:00"), where="America/New_York") is None
    assert ends(("06:30:00", "07:30:00"), where="America/New_York") == NOON + 1800
    assert ends(("17:00:00", "18:00:00"), where="Asia/Kolkata") == NOON + 1800


# What Go's time.Date makes of clocks that are put forward or back, asked of Go 1.26.
@pytest.mark.parametrize(
    ("where", "now", "start", "end", "left"),
    [
        # At 02:00 clocks in New York show 03:00: 02:30 is taken as 01:30.
        (
            "America/New_York",
            datetime(2026, 3, 8, 6, 45, tzinfo=UTC),
            "02:30:00",
            "04:00:00",
            75 * 60,
        ),
        ("America/New_York", datetime(2026, 3, 8, 6, 15, tzinfo=UTC), "02:30:00", "04:00:00", None),
        # At 02:00 they show 01:00 again: 01:30 is the first of two.
        (
            "America/New_York",
            datetime(2026, 11, 1, 5, 45, tzinfo=UTC),
            "01:30:00",
            "03:00:00",
            135 * 60,
        ),
        (
            "America/New_York",
            datetime(2026, 11, 1, 5, 15, tzinfo=UTC),
            "01:30:00",
            "03:00:00",
            None,
        ),
    ],
)
def test_clocks_that_are_put_forward_and_back(
    where: str, now: datetime, start: str, end: str, left: int | None
) -> None:
    moment = now.timestamp()
    found = ends((start, end), now=moment, where=where)
    assert (found and found - moment) == left


def test_zones() -> None:
    assert zone("UTC") is UTC
    assert zone("Europe/Paris") == ZoneInfo("Europe/Paris")
    for name in ("", "Local", "No/Where", "../x", "\0", "a" * 5000, "Europe"):
        with pytest.raises(UsageError, match="expected a time zone"):
            zone(name)
