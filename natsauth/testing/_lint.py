"""Lint as an assertion, over a whole tree if need be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from natsauth.authority import AccountNode, Node, OperatorNode
from natsauth.errors import UsageError
from natsauth.policy import LintCode, Severity, lint
from natsauth.testing.sandbox import Sandbox
from natsauth.validation import IssueCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.claims import AccountClaims
    from natsauth.token import Token

_CODES = {*LintCode, *IssueCode}


def assert_lint_clean(
    subject: Any,
    account: AccountClaims | Token[AccountClaims] | None = None,
    *,
    ignore: Iterable[str] = (),
) -> None:
    """Fail if :func:`~natsauth.policy.lint` finds an error or a warning.

    What is for information, such as a user without expiry, is passed over.

    Args:
        subject: What ``lint()`` takes; or an operator, account or user of an authority, or a
            sandbox, with everything below it as it is stored.
        account: The account of the user or of the permissions.
        ignore: Codes of findings that are meant so, such as ``"final_star"``.

    Raises:
        AssertionError: There are such findings; all are named, with their cures.
        UsageError: A code is none, or an argument has the wrong type.
        NotFoundError: A node is not committed yet.
        ClaimsError: A field of a draft holds what its type cannot.
    """
    __tracebackhide__ = True
    if not isinstance(ignore, Iterable):
        raise UsageError(f"ignore is a list of codes, got {type(ignore).__name__}")
    ignored = {ignore} if isinstance(ignore, str) else {*map(str, ignore)}
    if unknown := sorted(ignored - _CODES):
        raise UsageError(
            f"no finding has the code {unknown[0]!r:.80}",
            hint="the tables of lint and validation name them all",
        )
    found = [
        f"{where}{finding.severity} {finding.code} at {finding}\n    {finding.hint}"
        for where, part, owner in _parts(subject, account)
        for finding in lint(part, owner).findings
        if finding.severity is not Severity.INFO and finding.code not in ignored
    ]
    if found:
        raise AssertionError("\n".join([f"lint has {len(found)} findings", "", *found]))


def _parts(subject: Any, account: Any) -> Iterator[tuple[str, Any, Any]]:
    """Go through everything that is to be looked at: where it is, what it is, and its account."""
    if isinstance(subject, Sandbox):
        subject = subject.operator
    if not isinstance(subject, Node):
        yield "", subject, account
        return
    yield f"{'/'.join(subject.path)}: ", subject.token, account
    if isinstance(subject, OperatorNode):
        for child in subject.accounts.values():
            yield from _parts(child, None)
    elif isinstance(subject, AccountNode):
        for user in subject.users.values():
            yield from _parts(user, subject.token)
