"""``natsauth add import`` and the other commands about what an account imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from natsauth._files import read_file
from natsauth.claims import ActivationClaims, Import
from natsauth.claims.exchange import SERVICE, STREAM
from natsauth.cli._commands import Mistake, command
from natsauth.cli._describe_account import import_table
from natsauth.cli._exchange import account_key, body_of, changed, pick
from natsauth.cli._options import account_option, dry_run_option
from natsauth.cli._tables import Table
from natsauth.cli._tokens import token_in
from natsauth.cli._tree import Workspace, editing
from natsauth.token import decode

if TYPE_CHECKING:
    from natsauth.cli._session import Session

_MAX_BYTES = 2 << 20


@command(
    "import",
    'natsauth add import -a orders --src-account news --remote-subject "news.>"',
    "natsauth add import -a orders --token activation.jwt --local-subject from.partner",
)
@account_option
@click.option("-n", "--name", default="", metavar="NAME", help="A name for people.")
@click.option("-u", "--token", metavar="FILE", help="The activation that the exporter gave.")
@click.option("--src-account", metavar="ACCOUNT", help="Who exports it: a name or a public key.")
@click.option("--remote-subject", metavar="SUBJECT", help="What the exporter calls it.")
@click.option(
    "-s", "--local-subject", default="", metavar="SUBJECT", help="What it is called here."
)
@click.option("--service", is_flag=True, help="A service; otherwise a stream.")
@click.option("--share", is_flag=True, help="Tell the exporter of a service who asks.")
@click.option("--allow-trace", is_flag=True, help="Messages of a stream may be traced on.")
@dry_run_option
@click.pass_obj
def add(  # noqa: PLR0913 - what nsc's command takes
    session: Session,
    /,
    account: str | None,
    name: str,
    token: str | None,
    src_account: str | None,
    remote_subject: str | None,
    local_subject: str,
    *,
    service: bool,
    share: bool,
    allow_trace: bool,
    dry_run: bool,
) -> None:
    """Add an import: a public export of another account, or a private one by its activation."""
    if token and (src_account or remote_subject):
        raise Mistake("An activation says itself what is imported, and from whom.")
    if not token and not (src_account and remote_subject):
        raise Mistake(
            "What is imported?", hint="--src-account with --remote-subject, or --token say it"
        )
    with editing(session, dry_run=dry_run) as edit:
        node = edit.account(account)
        if token:
            leave = decode(_read(token), ActivationClaims)
            if leave.claims.nats.kind == SERVICE:
                local_subject = local_subject or leave.claims.nats.subject
            name = name or leave.claims.name
            added = node.add_import(leave, name=name, local_subject=local_subject)
        else:
            source = Import(
                name=name or remote_subject or "",
                subject=remote_subject or "",
                account=account_key(edit, src_account or ""),
                local_subject=local_subject,
                type=SERVICE if service else STREAM,
            )
            added = node.add_import(source)
        if added.account == node.public_key:
            raise Mistake("An account does not import from itself.")
        added.share, added.allow_trace = share, allow_trace
        changed(edit, node, f'added {added.type} import "{added.subject}"')


@command("import", 'natsauth delete import -a orders --subject "news.>"')
@account_option
@click.option("-s", "--subject", default="", help="Which import; its only one by default.")
@click.option("--src-account", metavar="ACCOUNT", help="Where several export that subject.")
@dry_run_option
@click.pass_obj
def delete(
    session: Session,
    /,
    account: str | None,
    subject: str,
    src_account: str | None,
    *,
    dry_run: bool,
) -> None:
    """Delete an import."""
    with editing(session, dry_run=dry_run) as edit:
        node = edit.account(account)
        body, key = node.claims.nats, src_account and account_key(edit, src_account)
        candidates = [i for i in body.imports or () if i and key in (None, i.account)]
        found = pick(node, "import", candidates, subject)
        body.imports = [item for item in body.imports or () if item is not found] or None
        changed(edit, node, f'deleted {found.type} import "{found.subject}"')


@command("imports", "natsauth list imports -a orders", "natsauth list imports --json")
@account_option
@click.pass_obj
def list_(session: Session, /, account: str | None) -> None:
    """List what an account imports."""
    work = Workspace(session)
    node = work.account(account)
    imports = [item for item in node.token.claims.nats.imports or () if item]
    table = import_table(imports, work.name_of) if imports else Table("Imports")
    if not imports:
        table.row("No entries defined")
    session.output.show(body_of(node).get("imports") or [], table)


def _read(file: str) -> str:
    if file.lower().startswith(("http://", "https://")):
        raise Mistake("An activation is read from a file.", hint=f"curl -o activation.jwt {file}")
    return token_in(read_file(file, limit=_MAX_BYTES).decode("utf-8", "replace"))
