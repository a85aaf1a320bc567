"""Rules of scope templates. Go's jwt/v2 has none; a server refuses or alters their users instead.

In a permission of a template ``{{name()}}`` and the like stand for text of the user or account. The
rules are those that nats-server 2.15.1 was seen to follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.claims.base import NO_LIMIT
from natsauth.subjects import subject_problems
from natsauth.validation.collector import Collector
from natsauth.validation.permissions import (
    BLANK,
    WILDCARD_NOT_LAST,
    check_empty_allow,
    check_entries,
    permission_lists,
)
from natsauth.validation.report import IssueCode
from natsauth.validation.user import check_limit, check_user_limits

if TYPE_CHECKING:
    from natsauth.claims import UserPermissionLimits
    from natsauth.validation.permissions import PermissionList

_PLAIN = frozenset({"name()", "subject()", "account-name()", "account-subject()"})
_TAGS = ("tag(", "account-tag(")
_VALUE = "x"
"""What a function yields here, a token that is good everywhere."""


class _Warnings(Collector):
    """Adds to other issues, errors as warnings."""

    __slots__ = ()

    def __init__(self, issues: Collector) -> None:
        self.issues = issues.issues

    def error(self, _code: IssueCode, path: str, message: str) -> None:
        """Add a warning in place of an error."""
        self.warning(IssueCode.TEMPLATE, path, message)


def check_template(issues: Collector, path: str, template: UserPermissionLimits) -> None:
    """Warn of whatever the rules of users would find, and of functions that yield nothing."""
    warnings = _Warnings(issues)
    for entries in permission_lists(path, template):
        if any(template_functions(entry)[1] for entry in entries.entries):
            _check_list(warnings, entries)
        else:
            check_entries(warnings, entries)
    check_empty_allow(warnings, path, template)
    check_user_limits(warnings, path, template)
    for name in ("subs", "payload"):
        _check_count(warnings, f"{path}.{name}", getattr(template, name))


def template_functions(entry: str) -> tuple[str, list[str]]:
    """Take the functions out of a permission.

    Returns:
        The entry with a plain token in place of each ``{{…}}``, and what stands in the braces.
    """
    *pieces, rest = entry.split("}}")
    functions = []
    for index, piece in enumerate(pieces):
        start = piece.find("{{", piece.rfind("}") + 1)  # no brace is closed inside a function
        if -1 < start < len(piece) - 2:
            functions.append(piece[start + 2 :])
            pieces[index] = piece[:start] + _VALUE
        else:
            pieces[index] += "}}"
    return "".join(pieces) + rest, functions


def _check_list(issues: Collector, entries: PermissionList) -> None:
    """Check a list with functions: the server expands it, and takes plain subjects only."""
    effect = "refuses the users of the scope" if entries.is_deny else "drops the entry"
    for index, entry in enumerate(entries.entries):
        at = f"{entries.path}[{index}]"
        text, functions = template_functions(entry)
        for function in functions:
            _check_function(issues, at, function)
        if BLANK.search(text):
            message = f"{entry!r} names a queue beside templates, so the server {effect}"
            issues.warning(IssueCode.TEMPLATE_QUEUE, at, message)
        elif subject_problems(text) or WILDCARD_NOT_LAST.search(text):
            message = f"{entry!r} never makes a good subject, so the server {effect}"
            issues.warning(IssueCode.TEMPLATE, at, message)


def _check_function(issues: Collector, path: str, function: str) -> None:
    name = function.strip()
    if name.lower() in _PLAIN:
        return
    if not (name.lower().startswith(_TAGS) and name.endswith(")")):
        message = f"{name!r} is no template function; the server refuses the users of the scope"
        issues.warning(IssueCode.TEMPLATE_FUNCTION, path, message)
        return
    tag = name.partition("(")[2][:-1]
    if not name.startswith(_TAGS) or tag != tag.strip():
        message = f"{name!r} finds no tag; write 'tag' in lower case, and the name without blanks"
        issues.warning(IssueCode.TEMPLATE_TAG, path, message)


def _check_count(issues: Collector, path: str, limit: int) -> None:
    if limit:
        check_limit(issues, path, limit)
    else:
        message = f"0 is not written in a template, and servers read {NO_LIMIT}, unlimited"
        issues.warning(IssueCode.TEMPLATE_LIMIT_ZERO, path, message)
