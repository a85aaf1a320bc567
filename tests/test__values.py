"""Primitive values against the answers of Go (spec.json), and its rules at their edges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsauth._values import (
    Url,
    account_server_url_problem,
    info_url_problem,
    is_cidr,
    is_time_of_day,
    operator_service_url_problem,
    parse_url,
    server_version_problem,
    timezone_known,
)

SPEC = json.loads((Path(__file__).parent / "vectors" / "spec.json").read_text(encoding="utf-8"))
URL_PROBLEMS = (info_url_problem, account_server_url_problem, operator_service_url_problem)
MEGABYTE = 1_000_000


def rows(table: str, field: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", SPEC[table], ids=lambda row: repr(row[field]))


@rows("info_url", "info_url")
def test_info_url_as_in_go(row: dict[str, Any]) -> None:
    assert (info_url_problem(row["info_url"]) is None) == (not row["issues"])


@rows("operator_service_url", "url")
def test_operator_service_url_as_in_go(row: dict[str, Any]) -> None:
    assert (operator_service_url_problem(row["url"]) is None) == (row["error"] is None)


@rows("server_version", "version")
def test_server_version_as_in_go(row: dict[str, Any]) -> None:
    assert (server_version_problem(row["version"]) is None) == (row["error"] is None)


@rows("time_range", "start")
def test_time_of_day_as_in_go(row: dict[str, Any]) -> None:
    assert is_time_of_day(row["start"]) == row["valid"]


@rows("cidr", "cidr")
def test_cidr_as_in_go(row: dict[str, Any]) -> None:
    assert is_cidr(row["cidr"]) == row["valid"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Url("", has_userinfo=False, host="", path="")),
        ("NATS://h:4222/p?q#f", Url("nats", has_userinfo=False, host="h", path="/p")),
        ("//u:p@h/", Url("", has_userinfo=True, host="h", path="/")),
        ("///h", Url("", has_userinfo=False, host="", path="///h")),
        ("x:///h", Url("x", has_userinfo=False, host="", path="/h")),
        ("x:/h:1", Url("x", has_userinfo=False, host="", path="/h:1")),
        ("x:h%zz", Url("x", has_userinfo=False, host="", path="")),
        ("a/b:c", Url("", has_userinfo=False, host="", path="a/b:c")),
        ("a?b:c", Url("", has_userinfo=False, host="", path="a")),
        ("*", Url("", has_userinfo=False, host="", path="*")),
        ("x://u@v@h?@/", Url("x", has_userinfo=True, host="h", path="")),
        ("x://h?\N{SNOWMAN}#\x00", Url("x", has_userinfo=False, host="h", path="")),
        ("x://%C3%A9%25/%41", Url("x", has_userinfo=False, host="%C3%A9%25", path="/%41")),
        ("x://a:1,b:2", Url("x", has_userinfo=False, host="a:1,b", path="")),
        ("x://::", Url("x", has_userinfo=False, host=":", path="")),
        ("x://[::1]:80", Url("x", has_userinfo=False, host="::1", path="")),
        ("x://[::1%25]%20]", Url("x", has_userinfo=False, host="::1%25]%20", path="")),
        ("x://\ud800", Url("x", has_userinfo=False, host="\ud800", path="")),
    ],
)
def test_url_parts(text: str, expected: Url) -> None:
    assert parse_url(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x://h?\x7f", "control character"),
        (":", "before its first colon"),
        ("1x:y", "colon in its first segment"),
        ("%61:", "colon in its first segment"),
        ("/%4", "without two hexadecimal digits"),
        ("x://h#%4g", "without two hexadecimal digits"),
        ("x://é@h", "credentials"),
        ("x://%4:1@h", "credentials"),
        ("x://a%41", "no host may have"),
        ("x://a|b", "no host may have"),
        ("x://a:b", "port"),
        ("x://a:٣", "port"),
        ("https://a:1:2", "port"),
        ("x://[::1]80", "port"),
        ("x://[::1", "unmatched brackets"),
        ("x://a[::1]", "unmatched brackets"),
        ("x://[[::1]]", "unmatched brackets"),
        ("x://[1.2.3.4]", "no IPv6 address"),
        ("x://[]", "no IPv6 address"),
        ("x://[::1%eth0]", "IPv6 zone"),
        ("x://[::1%25]", "IPv6 zone"),
        ("x://[::1%25a b]", "IPv6 zone"),
        ("x://[::1%25%2g]", "IPv6 zone"),
        ("x://[::1%25%2F]", "IPv6 zone"),
        ("x://[::1%25%80]", "IPv6 zone"),
    ],
)
def test_url_that_does_not_parse(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_url(text)
    for problem in URL_PROBLEMS:
        assert reason in (problem(text) or "")


@pytest.mark.parametrize("problem", URL_PROBLEMS)
def test_an_empty_url_is_an_absent_one(problem: Any) -> None:
    assert problem("") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nats://h:4222", None),
        ("x:", None),
        ("/hello", "URL '/hello' must have a scheme"),
        ("http://h:x", "URL 'http://h:x' has a port that is not a number"),
    ],
)
def test_account_server_url(text: str, expected: str | None) -> None:
    assert account_server_url_problem(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tls://u@h/p", "must not hold credentials"),
        ("http://h/p", "must not have a path"),
        ("http://h", "must have one of the schemes nats, tls, ws, wss"),
    ],
)
def test_operator_service_url_tells_the_first_problem(text: str, expected: str) -> None:
    assert (operator_service_url_problem(text) or "").endswith(expected)


@pytest.mark.parametrize(
    "text",
    ["x://u:s3cret@h:y", "u:s3cret//s3@h", "x://u:s3#cret%zz@h", "nats://u:s3cret@h", ":s3@"],
)
def test_a_password_is_never_shown(text: str) -> None:
    message = operator_service_url_problem(text)
    assert message is not None
    assert "***@" in message
    assert "s3" not in message


@pytest.mark.parametrize("text", ["0.0.0", "+1.02.-0", "9223372036854775807.0.0"])
def test_server_version_takes_what_atoi_takes(text: str) -> None:
    assert server_version_problem(text) is None


@pytest.mark.parametrize("text", ["1.2.-3", "1.2.٣", "1.2.3\n", "v1.2.3", "...", "1.2.3-rc1"])
def test_server_version_shows_the_wrong_one(text: str) -> None:
    assert repr(text) in (server_version_problem(text) or "")


@pytest.mark.parametrize("text", ["0:00:00", "19:59:59", "20:00:00", "23:00:00,0"])
def test_time_of_day(text: str) -> None:
    assert is_time_of_day(text)


@pytest.mark.parametrize("text", ["30:00:00", "1:60:00", "1:00:60", "٣:00:00", "1:00:00\n", "::"])
def test_no_time_of_day(text: str) -> None:
    assert not is_time_of_day(text)


@pytest.mark.parametrize(
    "text", ["10.1.2.3/32", "1:2:3:4:5:6:1.2.3.4/0", "FE80::/000128", "::/0000"]
)
def test_cidr(text: str) -> None:
    assert is_cidr(text)


@pytest.mark.parametrize(
    "text",
    [
        *("10.0.0.0/8/8", "10.0.0.0/٣", "10.0.0.0/8\n", "10.0.0.0/1000"),
        *("10.0.0.٣/8", "010.0.0.0/8", "10/8", "::%25e/8", "00001::/64", "1:2:3:4:5:6:7::8/64"),
        pytest.param("10.0.0.0/" + "9" * 10_000, id="nines"),
    ],
)
def test_no_cidr(text: str) -> None:
    assert not is_cidr(text)


@pytest.mark.parametrize(
    "name",
    [
        *("", "UTC", "Local", "Etc/UTC", "Etc/GMT+5", "Europe/Berlin"),
        *("America/Argentina/Buenos_Aires", "Etc//UTC", "./UTC", "Europe/.//./Paris", ".//UTC"),
    ],
)
def test_time_zone_of_the_database(name: str) -> None:
    assert timezone_known(name) is True


@pytest.mark.parametrize(
    "name",
    [
        *("local", "Mars/Olympus", "America", "America/", "UTC/UTC"),
        *("/Etc/UTC", "\\Etc\\UTC", "../zoneinfo/UTC", "Etc/../UTC", "//UTC"),
        *("Etc/UTC/", "Etc/UTC/.", ".", "./", "./.", "..", "Etc/..", "/", "./local"),
        *("UTC\x00", "UTC\n", " UTC", "\ud800", "é", "x" * 64, "x" * 65, "a/" * 9 + "b"),
        *("zone.tab", "tzdata.zi", "leapseconds", "__init__.py", "__init__/UTC"),
    ],
)
def test_no_time_zone_of_the_database(name: str) -> None:
    assert timezone_known(name) is False


@pytest.mark.usefixtures("no_time_zones")
@pytest.mark.parametrize(
    ("name", "expected"),
    [("UTC", True), ("Local", True), ("../UTC", False), ("Europe/Berlin", None), ("Mars", None)],
)
def test_without_a_database_only_the_fixed_names_are_judged(
    name: str, *, expected: bool | None
) -> None:
    assert timezone_known(name) is expected


@given(
    st.text(st.characters(exclude_categories=()))
    | st.text("htp:/@[]?#%.a1 \\^\x00\ud800é*")
    | st.text("0123456789.:/%+-,abUTC_ ")
)
def test_every_text_gets_an_answer(text: str) -> None:
    broken = False
    try:
        parse_url(text)
    except ValueError:
        broken = True
    for problem in URL_PROBLEMS:
        assert problem(text) is not None or not broken
    assert server_version_problem(text) is not None or text.count(".") == 2 or not text
    assert not is_time_of_day(text) or text.count(":") == 2
    assert not is_cidr(text) or text.count("/") == 1
    assert timezone_known(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        *("0" * MEGABYTE, "a/" * MEGABYTE, "1." * MEGABYTE, "://@" * MEGABYTE, "\udc80" * MEGABYTE),
        *("a" * MEGABYTE + " :", "x://" + ":" * MEGABYTE + "a", "x://[::1%25" + "%41" * MEGABYTE),
    ],
    ids=range(8),
)
@pytest.mark.timeout(10)
def test_long_text_is_refused_in_linear_time(text: str) -> None:
    assert operator_service_url_problem(text) is not None
    assert server_version_problem(text) is not None
    assert not is_time_of_day(text)
    assert not is_cidr(text)
    assert timezone_known(text) is False
