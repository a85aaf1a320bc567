"""What nats-server 2.15.1 writes into its log about claims that it refuses, letter by letter."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from natsauth.subjects import SubjectProblem, permission_problems, subject_problems
from natsauth.validation.report import IssueCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from natsauth.claims.user import UserClaims
    from natsauth.validation.report import Issue

_ENTRY = re.compile(r"\$\.nats\.(pub|sub)\.(allow|deny)\[(\d+)\]")
_INDEX = re.compile(r"\[(\d+)\]")
_ESCAPES = {
    "\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v",
    "\\": r"\\", '"': r"\"",
}  # fmt: skip
_BASE32 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
_SHORTEST_KEY = 4
_ASCII_END, _BMP_END = 0x80, 0x10000
_STRAY_BYTES = range(0xDC80, 0xDD00)  # as Python's surrogateescape has them


def quoted(text: str) -> str:
    """Quote a text as ``%q`` of Go does."""
    return '"' + "".join(_ESCAPES.get(c) or _escaped(c) for c in text) + '"'


def invalid_user(user: UserClaims, issues: Iterable[Issue]) -> str:
    """Return the line about a user whose claims are not valid.

    Args:
        user: The user.
        issues: Those of :func:`natsauth.validate` that are fatal.
    """
    return f"User JWT no longer valid: &{{Issues:[{' '.join(_texts(user, issues))}]}}"


def _texts(user: UserClaims, issues: Iterable[Issue]) -> Iterator[str]:
    entries = set()
    for issue in issues:
        if entry := _ENTRY.fullmatch(issue.path):
            if issue.path not in entries:  # all that is wrong with one entry is told at once
                entries.add(issue.path)
                side, kind, index = entry.groups()
                text = getattr(getattr(user.nats, side), kind)[int(index)]
                yield from _permission(text, is_sub=side == "sub")
        else:
            yield _limit(user, issue)


def _permission(entry: str, *, is_sub: bool) -> Iterator[str]:
    codes = {code for code, _ in permission_problems(entry, queue_allowed=is_sub)}
    if SubjectProblem.TOO_MANY_PARTS in codes:
        yield f'Permission Subject "{entry}" contains too many spaces'
        return
    for part in entry.split(" "):
        for code, _ in subject_problems(part):
            if code is SubjectProblem.EMPTY:
                yield "subject cannot be empty"
            elif code is SubjectProblem.OUTER_DOT:
                yield f"subject {quoted(part)} cannot start or end with a `.`"
            else:
                yield f"subject {quoted(part)} cannot contain consecutive `.`"
    if SubjectProblem.QUEUE in codes:
        yield f'Permission Subject "{entry}" is not allowed to contain queue'


def _limit(user: UserClaims, issue: Issue) -> str:
    index = _INDEX.search(issue.path)
    number = int(index[1]) if index else 0
    if issue.code is IssueCode.SOURCE_NETWORK:
        return f"invalid cidr {quoted((user.nats.src or ())[number])} in user src limits"
    if issue.code is IssueCode.TIME_RANGE:
        name = issue.path.rpartition(".")[2]
        time = getattr((user.nats.times or ())[number], name)
        invalid = f"{name} in time range is invalid {quoted(time)}"
        return (
            invalid if time else f"time ranges {name} must contain a{'n' * (name == 'end')} {name}"
        )
    if issue.code is IssueCode.TIME_ZONE:
        return f"could not parse iana time zone by name: {_zone(user.nats.times_location)}"
    return {
        IssueCode.EXPIRED: "claim is expired",
        IssueCode.NOT_YET_VALID: "claim is not yet valid",
        IssueCode.ISSUER_ACCOUNT: "account_id is not an account public key",
    }[issue.code]


def _zone(name: str) -> str:
    if ".." in name or name.startswith(("/", "\\")):
        return "time: invalid location name"
    if "\0" in name:
        return "invalid argument"
    from zoneinfo import TZPATH

    for directory in TZPATH:  # the database of zones has other files, too
        path = f"{directory}/{name}"
        if os.path.isdir(path):  # noqa: PTH112 - raises nothing, however long the name is
            return "is a directory"
        if os.path.isfile(path):  # noqa: PTH113
            return "malformed time zone information"
    return f"unknown time zone {name}"


def _escaped(character: str) -> str:
    code = ord(character)
    if character.isprintable():
        return character
    if code < _ASCII_END or code in _STRAY_BYTES:
        return f"\\x{code & 0xFF:02x}"
    return f"\\u{code:04x}" if code < _BMP_END else f"\\U{code:08x}"


def key_error(text: str) -> str:
    """Return what Go's nkeys says about a text that is no public key."""
    for index, character in enumerate(text):
        if character not in _BASE32:
            return f"illegal base32 data at input byte {len(text[:index].encode())}"
    if len(text) * 5 // 8 < _SHORTEST_KEY:
        return "nkeys: invalid encoded key"
    return "nkeys: invalid checksum"
