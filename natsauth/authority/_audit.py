"""What is wrong in a tree as it is stored: in each token alone, and in the chain of them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from natsauth.claims.base import clock
from natsauth.claims.exchange import SERVICE
from natsauth.errors import NatsAuthError, StoreDataError
from natsauth.subjects import is_contained_in
from natsauth.trust import TIME_CODES, TrustCode, check_account, check_user
from natsauth.validation import validate

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping
    from datetime import datetime

    from natsauth.authority._account import AccountNode
    from natsauth.authority._node import Entries, Node
    from natsauth.authority._operator import OperatorNode
    from natsauth.claims import AccountClaims, Import
    from natsauth.claims.base import Claims
    from natsauth.trust import TrustReport


class Finding(NamedTuple):
    """One thing that is wrong, or easily overlooked.

    Attributes:
        path: The names of operator, account and user.
        code: The stable name of the rule: of an issue, of trust, or of an error.
        message: What is wrong.
        fatal: Whether it makes the entry useless, now at least.
        hint: The cure, if there is one.
    """

    path: tuple[str, ...]
    code: str
    message: str
    fatal: bool
    hint: str = ""


def audit(
    operator: OperatorNode,
    accounts: Iterable[str] | None = None,
    *,
    now: datetime | float | None = None,
) -> Iterator[Finding]:
    """Go through what is wrong in an operator, its accounts and their users, as stored.

    Args:
        operator: The operator.
        accounts: The names of the accounts to look at; all of them if not given.
        now: The moment; the current one if not given.

    Raises:
        NotFoundError: There is no account of a name.
    """
    moment = clock(now)
    root = operator.token
    yield from claims_findings(operator.path, root.claims, now=moment)
    if root.claims.iss not in (root.claims.sub, *(root.claims.nats.signing_keys or ())):
        message = "operator is not issued by operator or operator signing key"
        yield Finding(operator.path, "operator_issuer", message, fatal=True)
    exporters: dict[str, AccountClaims] | None = None
    names: dict[str, str] = {}
    for name in operator.accounts if accounts is None else accounts:
        node = yield from _read(operator.accounts, (*operator.path, name))
        if node is not None:
            yield from _account(operator, node, moment)
            if (other := names.setdefault(node.public_key, name)) != name:
                message = f"it is the same account as {other!r:.80}: servers know it by its key"
                hint = "delete one of them, or rename one to the other if that was cut off"
                yield Finding(node.path, "account_twice", message, fatal=True, hint=hint)
            if node.token.claims.nats.imports:
                exporters = _accounts(operator) if exporters is None else exporters
                yield from _imports(node, exporters)


def importers(operator: OperatorNode, account: str) -> list[str]:
    """Return the names of the accounts that import from one, in byte order.

    Args:
        operator: Whose accounts they are.
        account: The public key of the exporter.
    """
    return [
        claims.name
        for claims in _accounts(operator).values()
        if any(item and item.account == account for item in claims.nats.imports or ())
    ]


def claims_findings(path: tuple[str, ...], claims: Claims, *, now: int) -> Iterator[Finding]:
    """Go through what is wrong in claims alone."""
    try:
        for issue in validate(claims, now=now).issues:
            fatal = issue.blocking or issue.time_check
            yield Finding(path, issue.code, str(issue), fatal)
    except NatsAuthError as error:  # a member of the wrong type
        yield Finding(path, error.code, str(error.args[0]), fatal=True)


def _account(operator: OperatorNode, node: AccountNode, now: int) -> Iterator[Finding]:
    token, root = node.token, operator.token
    yield from claims_findings(node.path, token.claims, now=now)
    body = token.claims.nats
    if token.claims.sub == root.claims.nats.system_account and body.limits.has_jetstream():
        message = "JetStream should not be enabled for system account"
        yield Finding(node.path, "system_account_jetstream", message, fatal=True)
    yield from _trust(node, check_account(token, root, now=now))
    for name in node.users:
        user = yield from _read(node.users, (*node.path, name))
        if user is not None:
            yield from claims_findings(user.path, user.token.claims, now=now)
            yield from _trust(user, check_user(user.token, token, root, now=now))


def _accounts(operator: OperatorNode) -> dict[str, AccountClaims]:
    """Return what is stored of the accounts that can be read, by public key, with their names."""
    found: dict[str, AccountClaims] = {}
    for name in operator.accounts:
        with suppress(StoreDataError):
            claims = operator.accounts.token(name).claims
            claims.name = name
            found[claims.sub] = claims
    return found


def _imports(node: AccountNode, accounts: Mapping[str, AccountClaims]) -> Iterator[Finding]:
    """Compare what an account imports with what the exporters export, as far as they are known."""
    for item in node.token.claims.nats.imports or ():
        exporter = accounts.get(item.account) if item else None
        if item is None or exporter is None:
            continue
        what, subject = f"account {exporter.name!r:.80}", _exported_subject(item)
        exports = [
            export
            for export in exporter.nats.exports or ()
            if export and export.type == item.type and is_contained_in(subject, export.subject)
        ]
        if not exports:
            message = f"{what} has no export of type {item.type} that covers {subject!r:.80}"
            yield Finding(node.path, "import_not_exported", message, fatal=False)
        elif not item.token and all(export.token_req for export in exports):
            yield Finding(
                node.path,
                "import_without_activation",
                f"{what} exports {subject!r:.80} privately, and the import has no activation",
                fatal=False,
                hint="activate() it there for this account, and import it by that token",
            )


def _exported_subject(item: Import) -> str:
    """Return the subject of an import as the exporter knows it."""
    return item.to if item.type == SERVICE and item.to else item.subject


def _trust(node: Node[Any], report: TrustReport) -> Iterator[Finding]:
    # The claims alone have said what time brings.
    for code, message, hint in report.without(TIME_CODES).findings:
        # What is wrong with the account of a user is told of the account.
        if code.startswith(node.claims.kind):
            fatal = code != TrustCode.USER_REVOKED  # which somebody wanted
            yield Finding(node.path, code, message, fatal, hint)


def _read(entries: Entries[Any], path: tuple[str, ...]) -> Generator[Finding, None, Any]:
    """Return the node of an entry, or tell why it cannot be read."""
    try:
        return entries[path[-1]]
    except StoreDataError as error:
        yield Finding(path, error.code, str(error.args[0]), fatal=True, hint=error.hint)
        return None
