"""Rules of permissions: lists of subjects, each perhaps with the name of a queue group."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from natsauth.subjects import permission_problems
from natsauth.validation.report import IssueCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from natsauth.claims import Permissions
    from natsauth.validation.collector import Collector

BLANK = re.compile(r"[ \t\n\v\f\r]")
"""What separates subject and queue for nats-server 2.15.1; the rules know only the space."""
WILDCARD_NOT_LAST = re.compile(r"(?:^|\.)>\.")
"""A wildcard that is none for the server, being followed by other tokens."""


class PermissionList(NamedTuple):
    """One of the four lists."""

    path: str
    entries: Sequence[str]
    is_sub: bool
    is_deny: bool


def permission_lists(path: str, permissions: Permissions) -> Iterator[PermissionList]:
    """Yield the lists of permissions, missing ones as empty, in the order of Go's checks."""
    for way, permission in (("sub", permissions.sub), ("pub", permissions.pub)):
        is_sub = way == "sub"
        yield PermissionList(f"{path}.{way}.allow", permission.allow or (), is_sub, is_deny=False)
        yield PermissionList(f"{path}.{way}.deny", permission.deny or (), is_sub, is_deny=True)


def check_permissions(issues: Collector, path: str, permissions: Permissions) -> None:
    """Check the lists, and warn of what a server takes for something else than it looks like."""
    for entries in permission_lists(path, permissions):
        check_entries(issues, entries)
    check_empty_allow(issues, path, permissions)


def check_entries(issues: Collector, entries: PermissionList) -> None:
    """Check the entries of one list."""
    for index, entry in enumerate(entries.entries):
        at = f"{entries.path}[{index}]"
        issues.findings(at, permission_problems(entry, queue_allowed=entries.is_sub))
        _check_meaning(issues, at, entry, is_deny=entries.is_deny)


def check_empty_allow(issues: Collector, path: str, permissions: Permissions) -> None:
    """Warn of explicitly empty allow lists: nothing is written for them, nothing is refused."""
    for way, permission in (("sub", permissions.sub), ("pub", permissions.pub)):
        if permission.allow is not None and not permission.allow:
            allowed = "everything that deny leaves" if permission.deny else "everything"
            message = f"an empty allow list is not written, so {allowed} is allowed"
            issues.warning(IssueCode.ALLOW_EMPTY, f"{path}.{way}.allow", message)


def _check_meaning(issues: Collector, path: str, entry: str, *, is_deny: bool) -> None:
    """Warn of entries that pass the rules, but do not do what they say (nats-server 2.15.1)."""
    if WILDCARD_NOT_LAST.search(entry.partition(" ")[0]):
        effect = "denies nothing" if is_deny else "allows nothing"
        message = f"{entry!r} {effect}: servers ignore a subject in which '>' is not last"
        issues.warning(IssueCode.WILDCARD_NOT_LAST, path, message)
    if BLANK.search(entry.replace(" ", "")):
        message = f"{entry!r} has white space that servers take for the space before a queue name"
        issues.warning(IssueCode.WHITE_SPACE, path, message)
