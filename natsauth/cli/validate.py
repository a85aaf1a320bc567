"""``natsauth validate``."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from natsauth._files import read_file
from natsauth.authority._audit import Finding, audit, claims_findings
from natsauth.cli._commands import Mistake, command
from natsauth.cli._hints import in_commands
from natsauth.cli._lint import Found, of_token, with_lint
from natsauth.cli._options import account_option
from natsauth.cli._output import ExitCode
from natsauth.cli._readable import readable
from natsauth.cli._tables import Table
from natsauth.cli._tokens import token_in
from natsauth.cli._tree import Workspace
from natsauth.errors import NatsAuthError
from natsauth.store.base import ACCOUNT, KINDS, USER
from natsauth.token import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from natsauth.authority import OperatorNode
    from natsauth.claims import Claims
    from natsauth.cli._session import Session

    Findings = dict[tuple[str, str], list[Found]]
    """What was found, by the kind and the name of what it is shown with."""

_MARKS = {"error": "!", "warning": "", "info": "i"}
"""What a row has by its severity; the worst comes first."""
_MAX_BYTES = 1 << 30
_NARROW = 40
"""The columns that descriptions have at least, however narrow the terminal is."""


@command(
    "validate",
    "natsauth validate --all-accounts",
    "natsauth validate -a my_account --json",
    "natsauth validate --all-accounts --lint",
    "natsauth validate --all-accounts --lint --severity warning",
    "natsauth validate --file pulled.txt",
)
@account_option
@click.option("-A", "--all-accounts", is_flag=True, help="All accounts of the operator.")
@click.option("-f", "--file", metavar="FILE", help="A file with a token a line, or ID|TOKEN.")
@click.option("--lint", is_flag=True, help="Also what servers take otherwise than people do.")
@click.option(
    "--severity",
    type=click.Choice([*_MARKS]),
    help="With --lint: only what is as bad as this, or worse.",
)
@click.pass_obj
def validate(
    session: Session,
    /,
    account: str | None,
    *,
    all_accounts: bool,
    file: str | None,
    lint: bool,
    severity: str | None,
) -> None:
    """Find what is wrong in the operator, an account and its users.

    Judged is each token, and whether servers would trust the chain. A row with ! is something that
    makes a token useless; then the exit code is 4.

    With --lint permissions are looked at, too. There ! is also what leaves open what was to be
    denied, and i what is as it should be, if that is what was meant; only ! sets the exit code.
    What is found of several users in the same words has one row.
    """
    if sum((bool(account), all_accounts, bool(file))) > 1:
        raise Mistake("--account, --all-accounts and --file exclude each other.")
    if severity and not lint:
        raise Mistake("--severity needs --lint.")
    if file:
        found = _in_file(file, lint=lint)
    else:
        found = _in_store(Workspace(session), account, all_accounts=all_accounts, lint=lint)
    if severity:
        wanted = [*_MARKS][: [*_MARKS].index(severity) + 1]
        for where, items in found.items():
            found[where] = [item for item in items if item.severity in wanted]
    draw = _lint_table if lint else _table
    tables = [draw(f'{kind.title()} "{name}"', items) for (kind, name), items in found.items()]
    document = [_document(kind, item) for (kind, _), items in found.items() for item in items]
    session.output.show(document, tables)
    is_wrong = any(finding["fatal"] for finding in document)
    if lint and document and not session.output.json:
        session.output.note(f"validation found {_counts([*chain.from_iterable(found.values())])}")
    elif is_wrong:
        session.output.note("validation found errors")
    if is_wrong:
        click.get_current_context().exit(ExitCode.FINDINGS)


def _in_store(work: Workspace, account: str | None, *, all_accounts: bool, lint: bool) -> Findings:
    operator = work.operator()
    if account:
        names = [work.account(account).name]
    elif not all_accounts and work.context.account:
        names = [work.context.account]
    else:
        names = list(operator.accounts)
    paths = [(operator.name,), *((operator.name, name) for name in names)]
    found: Findings = {(KINDS[len(path)], path[-1]): [] for path in paths}
    findings = audit(operator, names)
    for item in with_lint(operator, names, findings) if lint else map(Found, findings):
        path = item.finding.path[:ACCOUNT]
        message = readable(item.finding.message, *_claims(operator, item.finding.path))
        finding = item.finding._replace(message=message)
        found[KINDS[len(path)], path[-1]].append(item._replace(finding=finding))
    return found


def _claims(operator: OperatorNode, path: Sequence[str]) -> Iterator[Claims]:
    """Go through the claims of an entry, and of those above it, as far as they can be read."""
    yield operator.claims
    with suppress(NatsAuthError):
        for name in path[1:ACCOUNT]:
            account = operator.accounts[name]
            yield account.claims
            yield from (account.users[user].claims for user in path[ACCOUNT:])


def _in_file(file: str, *, lint: bool) -> Findings:
    now = int(datetime.now(UTC).timestamp())
    found: Findings = {}
    tokens = [*_tokens(read_file(file, limit=_MAX_BYTES).decode("utf-8", "replace"))]
    for number, text in tokens:
        try:
            token = decode(token_in(text))
        except NatsAuthError as error:
            where = ("file", file) if len(tokens) == 1 else ("line", str(number))
            wrong = Finding(where[1:], error.code, str(error.args[0]), fatal=True)
            found[where] = [Found(wrong, "error" if lint else "")]
            continue
        claims = token.claims
        name = claims.sub or claims.name
        if lint:
            items = [*of_token((name,), token)]
        else:
            items = [*map(Found, claims_findings((name,), claims, now=now))]
        found.setdefault((claims.kind, name), []).extend(items)
    return found


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    """Go through the tokens of a file with their lines: one a line, or one in armour."""
    if "BEGIN NATS" in text:
        yield 1, text
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, line.rpartition("|")[2]  # a pack has the public key before it


def _table(title: str, findings: list[Found]) -> Table:
    if not findings:
        return _nothing(title)
    table = Table(title, "#", " ", "Description")
    for number, (finding, _) in enumerate(findings, start=1):
        user = f'user "{finding.path[-1]}": ' if len(finding.path) == USER else ""
        hint = in_commands(finding.hint)
        cure = f": {hint}" if hint != finding.hint else ""  # a command
        table.row(number, "!" if finding.fatal else "", user + finding.message + cure)
    return table


def _lint_table(title: str, findings: list[Found]) -> Table:
    """Return the findings with their codes and cures, the worst first."""
    if not findings:
        return _nothing(title)
    table = Table(title, "#", " ", "Code", "Description")
    # What the other columns take: borders, blanks, numbers, a mark and the longest code.
    taken = len(str(len(findings))) + 1 + max(len(item.finding.code) for item in findings) + 13
    for number, items in enumerate(_alike(findings), start=1):
        finding, severity = items[0]
        rest = len(items) - 1
        others = f" and {rest} other{'' if rest == 1 else 's'}" if rest else ""
        user = f'user "{finding.path[-1]}"{others}: ' if len(finding.path) == USER else ""
        lines = _wrapped(user + finding.message, "", taken)
        if finding.hint:
            lines += _wrapped(in_commands(finding.hint), "  ", taken)
        table.row(number, _MARKS[severity], finding.code, lines[0])
        for line in lines[1:]:
            table.row("", "", "", line)
    return table


def _alike(findings: list[Found]) -> Iterable[list[Found]]:
    """Return findings by their severity; of several users, what is the same but for the user."""
    alike: dict[tuple[Finding, int], list[Found]] = {}
    for item in sorted(findings, key=lambda item: [*_MARKS].index(item.severity)):
        path = item.finding.path
        alike.setdefault((item.finding._replace(path=path[:ACCOUNT]), len(path)), []).append(item)
    return alike.values()


def _wrapped(text: str, indent: str, taken: int) -> list[str]:
    """Return a text as the lines for which a terminal has room."""
    if not sys.stdout.isatty():
        return [indent + text]
    width = max(get_terminal_size().columns - taken, _NARROW)
    return wrap(
        text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def _counts(found: list[Found]) -> str:
    """Return how many there are of each severity that there is, as in ``1 error, 2 infos``."""
    counts = {name: sum(item.severity == name for item in found) for name in _MARKS}
    shown = [f"{n} {name}{'' if n == 1 else 's'}" for name, n in counts.items() if n]
    return ", ".join(shown)


def _nothing(title: str) -> Table:
    table = Table(title)
    table.row("No issues found")
    return table


def _document(kind: str, found: Found) -> dict[str, object]:
    finding, severity = found
    finding = finding._replace(hint=in_commands(finding.hint))
    document = {**finding._asdict(), "kind": "user" if len(finding.path) == USER else kind}
    return {**document, "severity": severity} if severity else document
