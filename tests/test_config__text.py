from __future__ import annotations

from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from natsauth.config import _text
from natsauth.errors import ConfigError, UsageError


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("2m", '"2m"'),
        ("1h1m1.5s", '"1h1m1.5s"'),
        (".5s", '".5s"'),
        ("1.s", '"1.s"'),
        ("1ns", '"1ns"'),
        ("100ms1us", '"100ms1us"'),
        ("1\N{MICRO SIGN}s", '"1\N{MICRO SIGN}s"'),
        ("1\N{GREEK SMALL LETTER MU}s", '"1\N{GREEK SMALL LETTER MU}s"'),
        ("2562047h47m16.854775807s", '"2562047h47m16.854775807s"'),
        ("0s1ns", '"0s1ns"'),
        (timedelta(minutes=2), '"2m"'),
        (timedelta(hours=1), '"1h"'),
        (timedelta(seconds=1.9), '"1.9s"'),
        (timedelta(seconds=90), '"1m30s"'),
        (timedelta(days=1, seconds=1), '"24h1s"'),
        (timedelta(microseconds=1), '"0.000001s"'),
        (timedelta(minutes=1, seconds=59, microseconds=999_999), '"1m59.999999s"'),
        (timedelta(hours=10, minutes=10, seconds=10), '"10h10m10s"'),
        (timedelta(seconds=9_223_372_036), '"2562047h47m16s"'),
    ],
)
def test_durations(value: str | timedelta, written: str) -> None:
    assert _text.duration("ttl", value) == written


@pytest.mark.parametrize(
    "value",
    [
        "",
        "0",
        "0s",
        "-1s",
        "+1s",
        "1",
        "1d",
        "1 s",
        " 1s",
        "1s\n",
        "1e3s",
        "1.5.5s",
        ".s",
        "s",
        "1S",
        "\N{ARABIC-INDIC DIGIT ONE}s",
        "0.5ns",
        "2562047h47m16.854775808s",
        "99999999999999999999ns",
        "9" * 100_000 + "s",
        "1s" * 100_000 + "!",
        '1s"',
        timedelta(0),
        timedelta(microseconds=-1),
        timedelta(seconds=-90),
        timedelta(seconds=9_223_372_037),
        timedelta.max,
        timedelta.min,
    ],
)
def test_no_durations(value: str | timedelta) -> None:
    with pytest.raises(ConfigError) as caught:
        _text.duration("ttl", value)
    assert str(caught.value).startswith("ttl is a positive duration up to 292 years, got ")
    assert len(str(caught.value)) < 250
    assert "1h30m" in caught.value.hint


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("./jwt", "'./jwt'"),
        ("a b", "'a b'"),
        ("C:\\nats\\jwt", "'C:\\nats\\jwt'"),
        ('say "hi"', "'say \"hi\"'"),
        ("it's", '"it\'s"'),
        ('it\'s "C:\\new"', '"it\'s \\"C:\\\\new\\""'),
        ("$HOME # // ; , } ]", "'$HOME # // ; , } ]'"),
        ("\u65e5\u672c \N{GRINNING FACE}", "'\u65e5\u672c \N{GRINNING FACE}'"),
        (PurePosixPath("/var/lib/jwt"), "'/var/lib/jwt'"),
        (Path("jwt"), "'jwt'"),
    ],
)
def test_directories(path: str | Path, written: str) -> None:
    assert _text.directory("dir", path) == written


@pytest.mark.parametrize(
    "path", ["", "a\nb", "a\rb", "a\tb", "a\0b", "\x1b[31m", "a\x7fb", "\ud800", "\n" * 10_000]
)
def test_no_directories(path: str) -> None:
    with pytest.raises(ConfigError, match="dir is a path without control characters") as caught:
        _text.directory("dir", path)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("http://localhost:8080/accounts/", "URL(http://localhost:8080/accounts/)"),
        ("HTTPS://h", "URL(HTTPS://h)"),
        ("http://h/?id=", "URL(http://h/?id=)"),
        ("http://h/a(b)", "URL(http://h/a(b))"),
        ("http://u:p@h/$HOME//", "URL(http://u:p@h/$HOME//)"),
        ("http://[::1]:8080/", "'URL(http://[::1]:8080/)'"),
        ("http://h/a,b;c}", "'URL(http://h/a,b;c})'"),
        ("http://h/it's", '"URL(http://h/it\'s)"'),
        ("http://h/it's\\", '"URL(http://h/it\'s\\\\)"'),
    ],
)
def test_urls(url: str, written: str) -> None:
    assert _text.resolver_url("url", url) == written


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "url starts with http:// or https:// and a host, got ''"),
        ("localhost/accounts", "url starts with http:// or https:// and a host, got ''"),
        ("nats://h:4222", "url starts with http:// or https:// and a host, got 'nats'"),
        ("http:///accounts", "url starts with http:// or https:// and a host, got 'http'"),
        ("http://h:port/", "url has a port that is not a number"),
        ("http://h/\n", "url has a control character"),
        ("http://h/a b", "url has a blank, a double quote, '#' or a lone surrogate"),
        ('http://h/"', "url has a blank, a double quote, '#' or a lone surrogate"),
        ("http://h/#a", "url has a blank, a double quote, '#' or a lone surrogate"),
        ("http://h/#\n", "url has a blank, a double quote, '#' or a lone surrogate"),
        ("http://h/\udc80", "url has a blank, a double quote, '#' or a lone surrogate"),
        ("http://members.example.com/", "url has the letters 'mem'"),
        ("http://h/?MEMORY=", "url has the letters 'mem'"),
    ],
)
def test_no_urls(url: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _text.resolver_url("url", url)
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:hunter2@h/a b",
        "http://user:hunter2@h:x/",
        "http://user:hunter2@members/",
        "nats://user:hunter2@h/",
        "http://user:hunter2@/",
        "http://user:hunter2 @h/",
    ],
)
def test_errors_show_no_password(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _text.resolver_url("url", url)
    assert "hunter2" not in str(caught.value)


def test_flags_and_counts() -> None:
    assert _text.flag("allow_delete", True) == "true"  # noqa: FBT003 - the value itself
    assert _text.flag("allow_delete", False) == "false"  # noqa: FBT003
    assert _text.count("limit", 1) == "1"
    assert _text.count("limit", (1 << 63) - 1) == "9223372036854775807"
    for number in (0, -1, 1 << 63, 10**5000, -(10**5000)):
        with pytest.raises(ConfigError, match="limit is from 1 to 9223372036854775807"):
            _text.count("limit", number)


@pytest.mark.parametrize(
    ("write", "values"),
    [
        (_text.flag, [0, 1, "true", None]),
        (_text.count, [True, 1.0, "1", None]),
        (_text.duration, [1, 1.5, b"1s", None]),
        (_text.directory, [1, b"jwt", None]),
        (_text.resolver_url, [1, b"http://h", None]),
    ],
)
def test_values_of_other_types(write: Any, values: list[object]) -> None:
    for value in values:
        with pytest.raises(UsageError, match=f"option is .*, got {type(value).__name__}"):
            write("option", value)


def test_a_path_object_of_bytes() -> None:
    class BytesPath:
        def __fspath__(self) -> bytes:
            return b"jwt"

    with pytest.raises(UsageError, match="dir is a path as text, got BytesPath"):
        _text.directory("dir", BytesPath())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("my_operator", "my_operator"),
        ("Betriebsr\u00e4te \u65e5\u672c", "Betriebsr\u00e4te \u65e5\u672c"),
        ("a\nport: 1", "a\ufffdport: 1"),
        ("a\r\x00\x1b\x85\u2028\u202e\ud800b", "a" + "\ufffd" * 7 + "b"),
        ("x" * 1_000_000, "x" * 80),
    ],
)
def test_comments_stay_in_their_line(text: str, shown: str) -> None:
    assert _text.comment(text) == shown
