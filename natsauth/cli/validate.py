"""``natsauth validate``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from natsauth._files import read_file
from natsauth.authority._audit import Finding, audit, claims_findings
from natsauth.cli._commands import Mistake, command
from natsauth.cli._hints import in_commands
from natsauth.cli._lint import Found, of_token, with_lint
from natsauth.cli._options import account_option
from natsauth.cli._output import ExitCode
from natsauth.cli._tables import Table
from natsauth.cli._tokens import token_in
from natsauth.cli._tree import Workspace
from natsauth.errors import NatsAuthError
from natsauth.store.base import ACCOUNT, KINDS, USER
from natsauth.token import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.cli._session import Session

    Findings = dict[tuple[str, str], list[Found]]
    """What was found, by the kind and the name of what it is shown with."""

_MARKS = {"info": "i"}
_MAX_BYTES = 1 << 30


@command(
    "validate",
    "natsauth validate --all-accounts",
    "natsauth validate -a my_account --json",
    "natsauth validate --all-accounts --lint",
    "natsauth validate --file pulled.txt",
)
@account_option
@click.option("-A", "--all-accounts", is_flag=True, help="All accounts of the operator.")
@click.option("-f", "--file", metavar="FILE", help="A file with a token a line, or ID|TOKEN.")
@click.option("--lint", is_flag=True, help="Also what servers take otherwise than people do.")
@click.pass_obj
def validate(
    session: Session, /, account: str | None, *, all_accounts: bool, file: str | None, lint: bool
) -> None:
    """Find what is wrong in the operator, an account and its users.

    Judged is each token, and whether servers would trust the chain. A row with ! is something that
    makes a token useless; then the exit code is 4.

    With --lint permissions are looked at, too. There ! is also what leaves open what was to be
    denied, and i what is as it should be, if that is what was meant; only ! sets the exit code.
    """
    if sum((bool(account), all_accounts, bool(file))) > 1:
        raise Mistake("--account, --all-accounts and --file exclude each other.")
    if file:
        found = _in_file(file, lint=lint)
    else:
        found = _in_store(Workspace(session), account, all_accounts=all_accounts, lint=lint)
    tables = [_table(f'{kind.title()} "{name}"', items) for (kind, name), items in found.items()]
    document = [_document(kind, item) for (kind, _), items in found.items() for item in items]
    session.output.show(document, tables)
    if any(finding["fatal"] for finding in document):
        session.output.note("validation found errors")
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
        found[KINDS[len(path)], path[-1]].append(item)
    return found


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
        table = Table(title)
        table.row("No issues found")
        return table
    table = Table(title, "#", " ", "Description")
    for number, (finding, severity) in enumerate(findings, start=1):
        user = f'user "{finding.path[-1]}": ' if len(finding.path) == USER else ""
        hint = in_commands(finding.hint)
        cure = f": {hint}" if hint != finding.hint and not severity else ""  # a command
        mark = "!" if finding.fatal else _MARKS.get(severity, "")
        table.row(number, mark, user + finding.message + cure)
        if severity and hint:
            table.row("", "", f"  {hint}")
    return table


def _document(kind: str, found: Found) -> dict[str, object]:
    finding, severity = found
    finding = finding._replace(hint=in_commands(finding.hint))
    document = {**finding._asdict(), "kind": "user" if len(finding.path) == USER else kind}
    return {**document, "severity": severity} if severity else document
