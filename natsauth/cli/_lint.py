"""What ``natsauth validate --lint`` finds, beside what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from natsauth.authority._audit import Finding
from natsauth.errors import StoreDataError
from natsauth.validation import IssueCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from natsauth.authority._node import Entries, Node
    from natsauth.authority._operator import OperatorNode
    from natsauth.claims import AccountClaims
    from natsauth.token import Token

_Entry = TypeVar("_Entry", bound="Node[Any]")


class Found(NamedTuple):
    """A finding.

    Attributes:
        finding: What was found.
        severity: ``error``, ``warning`` or ``info``; empty if lint was not asked for.
    """

    finding: Finding
    severity: str = ""


def with_lint(
    operator: OperatorNode, accounts: Iterable[str], findings: Iterable[Finding]
) -> list[Found]:
    """Return what an audit found together with what lint finds, for each entry in its turn.

    Args:
        operator: The operator.
        accounts: The names of the accounts to look at.
        findings: What the audit found. The issues of the claims are left out: lint has them, too.
    """
    others = [
        Found(finding, "error" if finding.fatal else "warning")
        for finding in findings
        if not isinstance(finding.code, IssueCode)
    ]
    found = [*others, *_of_tree(operator, accounts)]
    return sorted(found, key=lambda item: item.finding.path)


def of_token(
    path: tuple[str, ...], token: Token[Any], account: Token[AccountClaims] | None = None
) -> Iterator[Found]:
    """Yield what lint finds in a token, the issues of its claims included.

    Args:
        path: The names of operator, account and user.
        token: The token.
        account: That of the account of a user.
    """
    from natsauth.policy.lint import Severity, lint

    for item in lint(token, account).findings:
        fatal = item.severity is Severity.ERROR
        yield Found(Finding(path, item.code, str(item), fatal, item.hint), item.severity)


def _of_tree(operator: OperatorNode, accounts: Iterable[str]) -> Iterator[Found]:
    yield from of_token(operator.path, operator.token)
    for account in _readable(operator.accounts, accounts):
        yield from of_token(account.path, account.token)
        for user in _readable(account.users, account.users):
            token = user.token
            is_own = token.claims.account == account.public_key  # else the audit tells
            yield from of_token(user.path, token, account.token if is_own else None)


def _readable(entries: Entries[_Entry], names: Iterable[str]) -> Iterator[_Entry]:
    """Yield the entries that can be read; the audit tells of others."""
    for name in names:
        try:
            entry = entries[name]
        except StoreDataError:
            continue
        yield entry
