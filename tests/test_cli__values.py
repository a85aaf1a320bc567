"""Times, durations, sizes and the like, from text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import time
from typing import Any

import click
import pytest
from click.testing import CliRunner

from natsauth.claims import TimeRange
from natsauth.cli import _values
from natsauth.cli._values import (
    at,
    count,
    duration,
    many,
    moment,
    network,
    percent,
    sampling,
    server_urls,
    size,
    times,
    when,
)

NOW = datetime(2026, 1, 31, 12, 30, 15, 999_999, tzinfo=UTC)


def unix(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("0", 0),
        ("0d", 0),
        ("-0M", 0),
        ("2030-12-31", unix(2030, 12, 31)),
        ("2030-12-31 23:59:59 UTC", unix(2030, 12, 31, 23, 59, 59)),
        ("2030-12-31T23:59:59Z", unix(2030, 12, 31, 23, 59, 59)),
        ("2030-12-31t23:59:59.9z", unix(2030, 12, 31, 23, 59, 59)),
        ("2030-12-31T23:59:59+01:30", unix(2030, 12, 31, 22, 29, 59)),
        ("30m", unix(2026, 1, 31, 13, 0, 15)),
        ("24h", unix(2026, 2, 1, 12, 30, 15)),
        ("1d", unix(2026, 2, 1, 12, 30, 15)),
        ("-1d", unix(2026, 1, 30, 12, 30, 15)),
        ("2w", unix(2026, 2, 14, 12, 30, 15)),
        ("1M", unix(2026, 3, 3, 12, 30, 15)),  # 31 February, as Go counts on
        ("-2M", unix(2025, 12, 1, 12, 30, 15)),  # 31 November
        ("12M", unix(2027, 1, 31, 12, 30, 15)),
        ("1y", unix(2027, 1, 31, 12, 30, 15)),
    ],
)
def test_moments(text: str, expected: int) -> None:
    assert moment(text, NOW) == expected


def test_a_year_from_a_leap_day_is_the_first_of_march() -> None:
    assert moment("1y", datetime(2028, 2, 29, tzinfo=UTC)) == unix(2029, 3, 1)


@pytest.mark.parametrize(
    "text",
    [
        *("soon", "1", "1s", "1.5d", "d", "x3d", "3dx", " 3d", "٣d", "3600", "99999999999d"),
        *("2030-02-30", "2030-1-1", "2030-12-31T23:59:59", "2030-12-31 23:59:59", "20301231"),
        *("2030-12-31T23:59:60Z", "2030-W01-1", "1970-01-01", "1969-12-31", "-100y"),
        *("9999y", "999999999d", "-999999999M", "999999999w", "0000-01-01"),
    ],
)
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        moment(text, NOW)
    with pytest.raises(click.BadParameter) as refused:
        when(text)
    assert repr(text)[:60] in refused.value.message
    assert "2030-12-31" in refused.value.message


def test_when_counts_from_now() -> None:
    before = int(time())
    assert before + 3_600 <= when("1h") <= int(time()) + 3_600
    assert when("0") == 0


def test_at_takes_unix_seconds_too() -> None:
    assert at("1700000000") == 1_700_000_000
    assert at("0") == 0
    assert at("2030-12-31") == unix(2030, 12, 31)
    with pytest.raises(click.BadParameter):
        at("-1")


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("0", 0),
        ("1us", 1),
        ("1.5ms", 1_500),
        ("30s", 30_000_000),
        ("1h30m", 5_400_000_000),
        ("1.5h", 5_400_000_000),
        ("7d", 604_800_000_000),
        ("1w", 604_800_000_000),
        ("0.1s", 100_000),
    ],
)
def test_durations(text: str, microseconds: int) -> None:
    assert duration(text) == timedelta(microseconds=microseconds)


@pytest.mark.parametrize(
    "text", ["", "5", "1x", "-1s", "0s", "1 s", "s", "1.s", ".5s", "1e3s", "293000000h", "0.1us"]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(click.BadParameter, match="expected a duration such as"):
        duration(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-1", -1),
        ("unlimited", -1),
        ("0", 0),
        ("1024", 1024),
        ("1b", 1),
        ("64k", 64_000),
        ("64KB", 64_000),
        ("64 kb", 64_000),
        ("64ki", 65_536),
        ("64KiB", 65_536),
        ("1.5g", 1_500_000_000),
        ("512mib", 536_870_912),
        ("2t", 2_000_000_000_000),
        ("9e", 9_000_000_000_000_000_000),
        ("0.1k", 100),
        ("1.23456k", 1_234),
        ("9223372036854775807", 9_223_372_036_854_775_807),
    ],
)
def test_sizes(text: str, expected: int) -> None:
    assert size(text) == expected


@pytest.mark.parametrize(
    "text", ["", "-2", "k", "1x", "1ib", "1kk", "1e3", "1,000", "9223372036854775808", "10e", "٣"]
)
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(click.BadParameter, match="expected a number of bytes such as"):
        size(text)


def test_percentages() -> None:
    assert [percent("1"), percent("100"), percent("50%")] == [1, 100, 50]
    assert [sampling("25"), sampling("headers"), sampling("Header")] == [25, 0, 0]
    for text in ("0", "101", "-1", "1.5", "", "headers", "007"):
        with pytest.raises(click.BadParameter, match="from 1 to 100"):
            percent(text)
    with pytest.raises(click.BadParameter, match="or headers, got '0'"):
        sampling("0")


def test_networks() -> None:
    assert network("192.168.0.0/16") == "192.168.0.0/16"
    assert network("10.1.2.3") == "10.1.2.3/32"
    assert network("2001:DB8::1") == "2001:db8::1/128"
    for text in ("", "10.0.0.0/33", "10.0.0", "example.com", "10.0.0.0/255.0.0.0"):
        with pytest.raises(click.BadParameter, match="expected a network"):
            network(text)


@pytest.mark.parametrize(
    "text", ["", "nats://a:1", "tls://a, wss://b:443", "https://u:p@a/jwt/v1", "ws://[::1]:80"]
)
def test_urls_of_account_servers(text: str) -> None:
    assert server_urls(text) == text


@pytest.mark.parametrize("text", ["a", "a:1", "nats:/a:1", "nats://a:", "nats://a:0", "x://a", ","])
def test_what_leads_to_no_account_server(text: str) -> None:
    with pytest.raises(click.BadParameter, match="nats, tls, ws, wss, http, https, got '"):
        server_urls(text)


def test_a_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(click.BadParameter) as refused:
        server_urls("nats://me:hid,den@a")
    assert "hid" not in refused.value.message
    assert "den" not in refused.value.message


def test_parts_of_the_day() -> None:
    assert times("08:00:00-17:30:00") == TimeRange(start="08:00:00", end="17:30:00")
    assert times("22:00-06:00") == TimeRange(start="22:00:00", end="06:00:00")
    for text in ("", "8:00-9:00", "08:00", "08:00-24:00", "08:00:00-17:00:60", "08:00 - 09:00"):
        with pytest.raises(click.BadParameter, match="expected a part of the day"):
            times(text)


def run(*arguments: str, **more: Any) -> Any:
    @click.command()
    @many("--item", help="Items.", **more)
    def command(item: list[Any]) -> None:
        click.echo(repr(item))

    return CliRunner().invoke(command, arguments)


def test_many_values_in_one_or_several_options() -> None:
    assert run().output == "[]\n"
    assert run("--item", "a,b", "--item", " c ,,").output == "['a', 'b', 'c']\n"
    assert run("--item", "1k,2k", type=size).output == "[1000, 2000]\n"


def test_a_bad_one_among_many_names_the_option() -> None:
    result = run("--item", "1k,x", type=size)
    assert result.exit_code == 2
    assert "Invalid value for '--item': expected a number of bytes" in result.output


def test_many_in_the_help() -> None:
    assert "--item SIZE,…  Items." in run("--help", type=size).output
    assert "--item TEXT,…  Items." in run("--help").output
    assert "--item SUBJECT  Items." in run("--help", metavar="SUBJECT").output


def test_every_type_has_the_name_of_what_it_reads() -> None:
    names = {"when", "at", "duration", "size", "percent", "sampling", "network", "times"}
    assert {getattr(_values, name).__name__ for name in names} == names


@pytest.mark.parametrize("text", ["-1", "0", "7", str(2**63 - 1)])
def test_counts(text: str) -> None:
    assert count(text) == int(text)


@pytest.mark.parametrize("text", ["", "-2", "x", "1.5", "+1", "٣", str(2**63), "9" * 30])
def test_what_is_no_count(text: str) -> None:
    with pytest.raises(click.BadParameter, match="expected a whole number, or -1"):
        count(text)
