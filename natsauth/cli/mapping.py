"""``natsauth add mapping`` and the other commands about the mappings of an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from natsauth.claims import WeightedMapping
from natsauth.cli._commands import command
from natsauth.cli._describe_account import mapping_table
from natsauth.cli._exchange import body_of, changed
from natsauth.cli._options import account_option, dry_run_option, options
from natsauth.cli._tables import Table
from natsauth.cli._tree import Workspace, editing
from natsauth.cli._values import percent
from natsauth.errors import NotFoundError

if TYPE_CHECKING:
    from natsauth.cli._session import Session

_of_one = options(
    click.option(
        "-f", "--from", "source", required=True, metavar="SUBJECT", help="What is mapped."
    ),
    click.option("--cluster", default="", metavar="NAME", help="The cluster in which it holds."),
)


@command(
    "mapping",
    "natsauth add mapping -a my_account --from orders --to orders.v2",
    "natsauth add mapping -a my_account --from orders --to orders.v3 --weight 20",
)
@account_option
@_of_one
@click.option("-t", "--to", "target", required=True, metavar="SUBJECT", help="Where it goes.")
@click.option("--weight", type=percent, help="Its share in percent; 100 by default.")
@dry_run_option
@click.pass_obj
def add(
    session: Session,
    /,
    account: str | None,
    source: str,
    cluster: str,
    target: str,
    weight: int | None,
    *,
    dry_run: bool,
) -> None:
    """Add a target to a mapping, or give it another weight."""
    with editing(session, dry_run=dry_run) as edit:
        node = edit.account(account)
        to = WeightedMapping(subject=target, weight=weight or 0, cluster=cluster)
        node.claims.nats.map_to(source, to)
        changed(edit, node, f"added mapping {source} -> {target}, weight {weight or 100}%")


@command(
    "mapping",
    "natsauth delete mapping -a my_account --from orders",
    "natsauth delete mapping -a my_account --from orders --to orders.v3",
)
@account_option
@_of_one
@click.option("-t", "--to", "target", default="", metavar="SUBJECT", help="This target only.")
@dry_run_option
@click.pass_obj
def delete(
    session: Session,
    /,
    account: str | None,
    source: str,
    cluster: str,
    target: str,
    *,
    dry_run: bool,
) -> None:
    """Delete a mapping, or one target of it."""
    what = f"{source} -> {target}" if target else f"for {source}"
    what += f" in cluster {cluster}" if cluster else ""
    with editing(session, dry_run=dry_run) as edit:
        node = edit.account(account)
        if not node.claims.nats.remove_mapping(source, target, cluster):
            hint = f"natsauth list mappings -a {node.name} shows those it has"
            raise NotFoundError(f"account {node.name!r:.80} has no mapping {what}", hint=hint)
        changed(edit, node, f"deleted {'' if target else 'all '}mapping {what}")


@command("mappings", "natsauth list mappings -a my_account", "natsauth list mappings --json")
@account_option
@click.pass_obj
def list_(session: Session, /, account: str | None) -> None:
    """List which subjects of an account are mapped to which."""
    node = Workspace(session).account(account)
    mappings = node.token.claims.nats.mappings
    table = mapping_table(mappings) if mappings else Table("Mappings")
    if not mappings:
        table.row("No entries defined")
    session.output.show(body_of(node).get("mappings") or {}, table)
