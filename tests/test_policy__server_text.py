from __future__ import annotations

from typing import Any

import pytest

from natsauth.claims import TimeRange, User, UserClaims
from natsauth.policy._server_text import invalid_user, key_error, quoted
from natsauth.validation import validate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", '"a"'),
        ('"\\', r'"\"\\"'),
        ("\a\b\f\n\r\t\v", r'"\a\b\f\n\r\t\v"'),
        ("\0\x7f", r'"\x00\x7f"'),
        ("\x85\u2028\ufeff", r'"\u0085\u2028\ufeff"'),
        ("\U000e0001", r'"\U000e0001"'),
        ("a\udcc3", r'"a\xc3"'),  # a byte of a character that was cut
        ("\u00e9\u4e16\U0001f600\ufffd", '"\u00e9\u4e16\U0001f600\ufffd"'),
    ],
)
def test_texts_are_quoted_as_go_does(text: str, expected: str) -> None:
    assert quoted(text) == expected


def line(*, now: int = 0, exp: int = 0, nbf: int = 0, **body: Any) -> str:
    user = UserClaims(exp=exp, nbf=nbf, nats=User(**body))
    issues = [i for i in validate(user, now=now).issues if i.blocking or i.time_check]
    return invalid_user(user, issues).removeprefix("User JWT no longer valid: ")


def test_the_line_about_a_user_names_every_issue_in_the_order_of_the_server() -> None:
    user = User(src=["a"], times_location="No/Where", issuer_account="x")
    user.times = [TimeRange(), TimeRange(start="1", end="\n")]
    user.allow_sub("a..b", ".x", "a q r", "ok", "y. z.")
    user.sub.deny = [""]
    user.allow_pub("a q")
    body = {name: getattr(user, name) for name in ("src", "times", "times_location", "sub", "pub")}
    assert line(now=9, exp=5, nbf=20, issuer_account="x", **body) == (
        "&{Issues:[claim is expired claim is not yet valid "
        'subject "a..b" cannot contain consecutive `.` '
        'subject ".x" cannot start or end with a `.` '
        'Permission Subject "a q r" contains too many spaces '
        'subject "y." cannot start or end with a `.` '
        'subject "z." cannot start or end with a `.` '
        "subject cannot be empty "
        'Permission Subject "a q" is not allowed to contain queue '
        'invalid cidr "a" in user src limits '
        "time ranges start must contain a start time ranges end must contain an end "
        r'start in time range is invalid "1" end in time range is invalid "\n" '
        "could not parse iana time zone by name: unknown time zone No/Where "
        "account_id is not an account public key]}"
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../x", "time: invalid location name"),
        ("/x", "time: invalid location name"),
        ("\\x", "time: invalid location name"),
        ("a\0b", "invalid argument"),
        ("europe/paris", "unknown time zone europe/paris"),
        ("Europe/", "is a directory"),
        ("a" * 300, "unknown time zone " + "a" * 300),
    ],
)
def test_time_zones_that_are_none(name: str, expected: str) -> None:
    assert line(times_location=name) == (
        f"&{{Issues:[could not parse iana time zone by name: {expected}]}}"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "nkeys: invalid encoded key"),
        ("ABC", "nkeys: invalid encoded key"),
        ("U" * 56, "nkeys: invalid checksum"),
        ("somebody", "illegal base32 data at input byte 0"),
        ("UA\u00e98", "illegal base32 data at input byte 2"),
        ("UABC8", "illegal base32 data at input byte 4"),
    ],
)
def test_texts_that_are_no_keys(text: str, expected: str) -> None:
    assert key_error(text) == expected
