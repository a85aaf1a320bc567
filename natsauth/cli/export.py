"""``natsauth add export`` and the other commands about what an account exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from natsauth.claims import Export, ServiceLatency
from natsauth.claims.exchange import SERVICE, SINGLETON, STREAM
from natsauth.cli._commands import Mistake, command
from natsauth.cli._describe_account import export_tables
from natsauth.cli._exchange import body_of, changed, pick
from natsauth.cli._options import account_option, dry_run_option, options, require_any
from natsauth.cli._tables import Table
from natsauth.cli._tree import Workspace, editing
from natsauth.cli._values import duration, sampling

if TYPE_CHECKING:
    from datetime import timedelta

    from natsauth.cli._session import Session
    from natsauth.cli._tree import Edit

_name = click.option("-n", "--name", metavar="NAME", help="A name for people.")
_of_services = options(
    click.option("--latency", metavar="SUBJECT", help="Where to measure a service to."),
    click.option("--sampling", type=sampling, help="Percentage that is measured, or headers."),
    click.option("--response-type", metavar="TYPE", help="Singleton, Stream or Chunked."),
    click.option("--response-threshold", type=duration, help="How long it may take to answer."),
)


@command(
    "export",
    'natsauth add export -a my_account --name news --subject "news.>"',
    "natsauth add export -a my_account --service --subject api.time --private",
)
@account_option
@_name
@click.option("-s", "--subject", required=True, help="What is exported; wildcards allowed.")
@click.option("-r", "--service", is_flag=True, help="A service; otherwise a stream.")
@click.option("-p", "--private", is_flag=True, help="Importers need an activation.")
@_of_services
@click.option(
    "--account-token-position",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Which token of the subject, from 1, is the importer's public key.",
)
@click.option("--advertise", is_flag=True, hidden=True)
@click.option("--allow-trace", is_flag=True, help="Requests to a service may be traced.")
@dry_run_option
@click.pass_obj
def add(
    session: Session,
    /,
    account: str | None,
    subject: str,
    *,
    service: bool,
    private: bool,
    dry_run: bool,
    **given: Any,
) -> None:
    """Add an export: a stream or service that other accounts may import."""
    if private and given["account_token_position"]:
        raise Mistake("--account-token-position is for public exports alone.")
    export = Export(
        name=given["name"] or subject,
        subject=subject,
        type=SERVICE if service else STREAM,
        token_req=private,
        response_type=given["response_type"] or (SINGLETON if service else ""),
        account_token_position=given["account_token_position"],
        advertise=given["advertise"],
        allow_trace=given["allow_trace"],
    )
    _measure(export, given["latency"], given["sampling"])
    _answer_within(export, given["response_threshold"])
    with editing(session, dry_run=dry_run) as edit:
        node = edit.account(account)
        node.claims.nats.exports = [*(node.claims.nats.exports or ()), export]
        visibility = "private" if private else "public"
        changed(edit, node, f'added {visibility} {export.type} export "{export.name}"')


@command(
    "export",
    'natsauth edit export -a my_account --subject "news.>" --private',
    "natsauth edit export -a my_account --latency metrics.time --sampling 10",
)
@account_option
@_name
@click.option("-s", "--subject", default="", help="Which export; its only one by default.")
@click.option("-r", "--service/--stream", default=None, help="What it is to be.")
@click.option(
    "-p", "--private/--public", default=None, help="Whether importers need an activation."
)
@_of_services
@click.option("--rm-latency-sampling", is_flag=True, default=None, help="Measure no more.")
@click.option("--description", help="Free text; empty removes it.")
@click.option("--info-url", metavar="URL", help="Where to read more; empty removes it.")
@click.option("--allow-trace/--no-allow-trace", default=None, help="Whether requests are traced.")
@dry_run_option
@click.pass_obj
def edit(
    session: Session, /, account: str | None, subject: str, *, dry_run: bool, **given: Any
) -> None:
    """Edit an export. What is not mentioned stays as it is."""
    require_any(given)
    with editing(session, dry_run=dry_run) as edit:
        node = edit.account(account)
        export = pick(node, "export", node.claims.nats.exports, subject)
        _edit_kind(edit, export, given)
        _edit_service(edit, export, given)
        for name, words in (("description", "description"), ("info_url", "info url")):
            text = given[name]
            if text is not None and text != getattr(export, name):
                setattr(export, name, text)
                edit.did(f'changed {words} to "{text}"')
        trace = given["allow_trace"]
        if trace is not None and trace != export.allow_trace:
            export.allow_trace = trace
            edit.did(f"changed allowed trace to {str(trace).lower()}")
        changed(edit, node, f'edited {export.type} export "{export.name}"')


def _edit_kind(edit: Edit, export: Export, given: dict[str, Any]) -> None:
    if given["name"] is not None and given["name"] != export.name:
        export.name = given["name"]
        edit.did(f"changed export name to {export.name}")
    private, service = given["private"], given["service"]
    if private is not None and private != export.token_req:
        export.token_req = private
        if private:
            edit.warn("changed export to be private - this will break importers")
        else:
            edit.did("changed export to be public")
    kind = export.type if service is None else SERVICE if service else STREAM
    if kind != export.type:
        export.type = kind
        edit.warn(f'changed export type to "{kind}" - this will break importers')
        if kind == STREAM:
            export.response_type, export.response_threshold = "", 0
            export.service_latency, export.allow_trace = None, False


def _edit_service(edit: Edit, export: Export, given: dict[str, Any]) -> None:
    if given["rm_latency_sampling"]:
        if given["latency"] or given["sampling"] is not None:
            raise Mistake("--rm-latency-sampling goes without --latency and --sampling.")
        unset = "no need to remove latency tracking as it was not set"
        edit.did("removed latency tracking" if export.service_latency else unset)
        export.service_latency = None
    before = export.service_latency
    _measure(export, given["latency"], given["sampling"])
    if (latency := export.service_latency) is not None and latency != before:
        if before is None or before.sampling != latency.sampling:
            rate = f"{latency.sampling}%" if latency.sampling else "headers"
            edit.did(f"changed service latency to {rate}")
        if before is not None and before.results != latency.results:
            edit.did(f"changed service latency subject to {latency.results}")
            edit.warn("changed latency subject will break consumers of the report")
    _answer_within(export, given["response_threshold"])
    kind = given["response_type"]
    if kind is not None and kind != (export.response_type or SINGLETON):
        export.response_type = kind
        edit.did(f"changed response type to {kind}")


@command("export", 'natsauth delete export -a my_account --subject "news.>"')
@account_option
@click.option("-s", "--subject", default="", help="Which export; its only one by default.")
@dry_run_option
@click.pass_obj
def delete(session: Session, /, account: str | None, subject: str, *, dry_run: bool) -> None:
    """Delete an export. Whoever imports it gets nothing any more, once the account is pushed."""
    with editing(session, dry_run=dry_run) as edit:
        node = edit.account(account)
        body = node.claims.nats
        export = pick(node, "export", body.exports, subject)
        body.exports = [item for item in body.exports or () if item is not export] or None
        changed(edit, node, f'deleted {export.type} export "{export.subject}"')


@command("exports", "natsauth list exports -a my_account", "natsauth list exports --json")
@account_option
@click.pass_obj
def list_(session: Session, /, account: str | None) -> None:
    """List what an account exports."""
    node = Workspace(session).account(account)
    exports = [export for export in node.token.claims.nats.exports or () if export]
    tables = export_tables(exports) or [Table("Exports")]
    if not exports:
        tables[0].row("No entries defined")
    session.output.show(body_of(node).get("exports") or [], tables)


def _measure(export: Export, results: str | None, rate: int | None) -> None:
    """Measure a service, or measure it differently."""
    if results is None and rate is None:
        return
    before = export.service_latency or ServiceLatency()
    results = before.results if results is None else results
    if not results:
        raise Mistake("--sampling needs --latency.", hint="it names the subject to measure to")
    rate = before.sampling if rate is None else rate
    export.service_latency = ServiceLatency(results=results, sampling=rate)


def _answer_within(export: Export, threshold: timedelta | None) -> None:
    if threshold is not None:
        export.answer_within(threshold)
