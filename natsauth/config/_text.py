r"""Values as nats-server's configuration language writes them.

A string in single quotes ends at the next one and is taken as it is, one in double quotes knows
``\\`` and ``\"``; in both a ``$`` is an ordinary character. A comment ends with its line.
"""

from __future__ import annotations

import os
import re
from typing import Any, NoReturn

from natsauth._values import parse_url
from natsauth.errors import ConfigError, UsageError

_INT64_MAX = (1 << 63) - 1
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_COMMENT_CHARS = 80

_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "\N{MICRO SIGN}s": 1_000,
    "\N{GREEK SMALL LETTER MU}s": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
# Go holds no more than 19 digits, and fractions of a nanosecond count for nothing.
_PART = rf"([0-9]{{1,19}}(?:\.[0-9]{{0,19}})?|\.[0-9]{{1,19}})({'|'.join(_NANOSECONDS)})"
_DURATION = re.compile(f"(?:{_PART})+")

# "MEM" in any letter case, anywhere in the value, makes the server take it for a memory resolver.
_MEMORY = re.compile("mem", re.IGNORECASE)
_ENDS_URL = re.compile(r'[ "#]')
_ENDS_BARE_TEXT = re.compile(r"[,;\]}'\\]")


def flag(name: str, value: object) -> str:
    """Write a boolean."""
    if not isinstance(value, bool):
        _wrong_type(name, "a bool", value)
    return str(value).lower()


def count(name: str, value: object) -> str:
    """Write an integer from 1."""
    if not isinstance(value, int) or isinstance(value, bool):
        _wrong_type(name, "an int", value)
    if not 1 <= value <= _INT64_MAX:
        raise ConfigError(f"{name} is from 1 to {_INT64_MAX}")
    return str(value)


def duration(name: str, value: object) -> str:
    """Write a positive duration: a timedelta, or text that Go's ``time.ParseDuration`` reads."""
    from datetime import timedelta

    if not isinstance(value, str | timedelta):
        _wrong_type(name, "a timedelta or the text of a duration", value)
    text = value if isinstance(value, str) else _go_duration(value // timedelta(microseconds=1))
    if not _DURATION.fullmatch(text) or not 1 <= _nanoseconds(text) <= _INT64_MAX:
        raise ConfigError(
            f"{name} is a positive duration up to 292 years, got {value!r:.80}",
            hint="write it as in Go, such as 90s, 1.5m or 1h30m",
        )
    return f'"{text}"'


def directory(name: str, value: object) -> str:
    """Write the path of a directory, quoted."""
    path = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(path, str):
        _wrong_type(name, "a path as text", value)
    if not path or _UNWRITABLE.search(path):
        raise ConfigError(f"{name} is a path without control characters, got {path!r:.80}")
    return _quoted(path)


def resolver_url(name: str, value: object) -> str:
    """Write the base URL of a resolver.

    What is wrong with it is said without the URL, which may hold a password.
    """
    if not isinstance(value, str):
        _wrong_type(name, "a URL as text", value)
    try:
        url = parse_url(value)
    except ValueError as error:
        raise ConfigError(f"{name} {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigError(
            f"{name} starts with http:// or https:// and a host, got {url.scheme!r:.80}",
            hint="without a web server use a full resolver",
        )
    if _ENDS_URL.search(value) or _UNWRITABLE.search(value):
        raise ConfigError(f"{name} has a blank, a double quote, '#' or a lone surrogate")
    if _MEMORY.search(value):
        raise ConfigError(
            f"{name} has the letters 'mem', by which nats-server takes it for a memory resolver",
            hint="write one of the letters in its path as a percent escape, or use another host",
        )
    text = f"URL({value})"
    return _quoted(text) if _ENDS_BARE_TEXT.search(text) else text


def comment(text: str) -> str:
    """Return text that stays within its comment, and on a screen."""
    shown = text[:_COMMENT_CHARS]
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in shown)


def _quoted(text: str) -> str:
    if "'" not in text:
        return f"'{text}'"
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'


def _go_duration(microseconds: int) -> str:
    minutes, microseconds = divmod(microseconds, 60_000_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{microseconds / 1_000_000:.6f}".rstrip("0").rstrip(".")
    parts = ((str(hours), "h"), (str(minutes), "m"), (seconds, "s"))
    return "".join(number + unit for number, unit in parts if number != "0")


def _nanoseconds(text: str) -> int:
    total = 0
    for number, unit in re.findall(_PART, text):
        whole, _, fraction = number.partition(".")
        scale = _NANOSECONDS[unit]
        total += int(whole or 0) * scale + int(fraction or 0) * scale // 10 ** len(fraction)
    return total


def _wrong_type(name: str, expected: str, value: Any) -> NoReturn:
    raise UsageError(f"{name} is {expected}, got {type(value).__name__}")
