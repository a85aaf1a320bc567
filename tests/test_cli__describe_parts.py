"""Dates, sizes and durations in the words of Go."""

from __future__ import annotations

import pytest

from natsauth.cli._describe_parts import date_text, duration_text, size_text, yes_no


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1_100, "1.1µs"),
        (2_000_000, "2ms"),
        (2_200_000, "2.2ms"),
        (1_500_000_000, "1.5s"),
        (90_000_000_000, "1m30s"),
        (3_600_000_000_000, "1h0m0s"),
        (3_661_000_000_001, "1h1m1.000000001s"),
        (-1, "-1ns"),
        (-60_000_000_000, "-1m0s"),
        ((1 << 63) - 1, "2562047h47m16.854775807s"),
        (-(1 << 63), "-2562047h47m16.854775808s"),
    ],
)
def test_durations_as_in_the_tests_of_go(nanoseconds: int, text: str) -> None:
    assert duration_text(nanoseconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (9, "9 B"),
        (10, "10 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (1_024, "1.0 kB"),
        (9_999, "10 kB"),
        (64_000_000, "64 MB"),
        (82_854_982, "83 MB"),
        (5_500_000_000, "5.5 GB"),
        (10**12, "1.0 TB"),
        (10**15, "1.0 PB"),
        (10**18, "1.0 EB"),
        ((1 << 63) - 1, "9.2 EB"),
    ],
)
def test_sizes(number: int, text: str) -> None:
    assert size_text(number) == text


def test_dates() -> None:
    assert date_text(0) == ""
    assert date_text(1_700_000_000) == "2023-11-14 22:13:20 UTC"
    assert date_text(-1) == "1969-12-31 23:59:59 UTC"
    assert date_text(1 << 62) == f"second {1 << 62}"


def test_answers() -> None:
    assert (yes_no(True), yes_no(False)) == ("Yes", "No")  # noqa: FBT003
