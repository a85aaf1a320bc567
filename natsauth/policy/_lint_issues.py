"""What :func:`natsauth.validate` finds, as findings of lint: with severity and cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.policy._lint_report import LintFinding, Severity
from natsauth.validation import EXTRA_CODES, IssueCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from natsauth.policy._lint_entries import Grant
    from natsauth.validation import Issue

_CURES: dict[IssueCode, str] = {
    IssueCode.ALLOW_EMPTY: "leave the list out to allow everything; to allow nothing, deny '>'",
    IssueCode.WILDCARD_NOT_LAST: "'>' stands at the end; write '*' for one token in the middle",
    IssueCode.WHITE_SPACE: "write one space between the subject and the queue group, or none",
    IssueCode.MAPPING_REFERENCE: "count the wildcards of the mapped subject from 1",
    IssueCode.LIMIT_ALLOWS_NOTHING: "write -1 for no limit; a missing limit is 0",
    IssueCode.WILDCARD_EXPORT_NOT_ENFORCED: "limit the number of exports, too",
    IssueCode.CONNECTION_TYPE: "take one of natsauth.claims.CONNECTION_TYPES",
    IssueCode.TAG_UPPER_CASE: "write the name of the tag in lower case",
    IssueCode.TIME_ZONE_UNCHECKED: "install tzdata to have it looked up",
    IssueCode.REVOCATION_KEY: "revoke by the public key of a user, of an account, or by '*'",
    IssueCode.TIME_FAR: "write seconds",
    IssueCode.TOKEN_SIZE: "readers and the max_payload of servers end at 1 MiB: split the account",
    IssueCode.TEMPLATE: "correct the template, as if each function were one token",
    IssueCode.TEMPLATE_FUNCTION: "the functions are name(), subject(), tag(x), account-name(), "
    "account-subject() and account-tag(x)",
    IssueCode.TEMPLATE_TAG: "write tag(x) in lower case",
    IssueCode.TEMPLATE_QUEUE: "leave queue groups out of lists that have templates",
    IssueCode.TEMPLATE_LIMIT_ZERO: "write -1 for no limit, or a number above 0",
    IssueCode.EXPIRED: "issue it anew",
    IssueCode.NOT_YET_VALID: "wait, or correct nbf or the clock",
}
_FAILS_OPEN = frozenset({IssueCode.WILDCARD_NOT_LAST})
"""What leaves open in a deny list what it seems to deny."""
_REFUSED = frozenset({IssueCode.TEMPLATE, IssueCode.TEMPLATE_QUEUE, IssueCode.TEMPLATE_TAG})
"""What in a deny list of a template makes servers refuse the users."""
_INFO = frozenset({IssueCode.TAG_UPPER_CASE, IssueCode.TIME_ZONE_UNCHECKED})


def adopted(issues: Iterable[Issue], grants: Iterable[Grant]) -> Iterator[LintFinding]:
    """Yield issues of validation as findings.

    Args:
        issues: What was found in the claims.
        grants: The permissions of the claims, for what an empty list in a token means.
    """
    closed = {f"{grant.path}.pub.allow" for grant in grants if _is_closed(grant)}
    for issue in issues:
        message = issue.message
        if issue.code is IssueCode.ALLOW_EMPTY and issue.path in closed:
            message = "an empty allow list beside a deny list allows nothing, as this is written"
        hint = _CURES.get(issue.code, "correct it: servers refuse these claims")
        yield LintFinding(issue.code, _severity(issue), issue.path, message, hint)


def _is_closed(grant: Grant) -> bool:
    return grant.as_read and grant.limits_pub and not grant.pub_allow


def _severity(issue: Issue) -> Severity:
    if issue.code not in EXTRA_CODES or issue.code is IssueCode.TEMPLATE_FUNCTION:
        return Severity.ERROR
    if ".deny[" in issue.path and issue.code in _FAILS_OPEN | _REFUSED:
        return Severity.ERROR
    if issue.code is IssueCode.LIMIT_ALLOWS_NOTHING and not issue.path.endswith(".payload"):
        return Severity.ERROR  # with a payload of 0, empty messages are left
    if issue.code in _INFO:
        return Severity.INFO
    return Severity.WARNING
