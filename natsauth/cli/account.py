"""``natsauth add account`` and the other commands about accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from natsauth.authority._audit import importers
from natsauth.claims import MsgTrace
from natsauth.cli._commands import Mistake, command
from natsauth.cli._complete import stored_names
from natsauth.cli._jetstream import edit_jetstream, jetstream
from natsauth.cli._keys import key
from natsauth.cli._listing import show_entries
from natsauth.cli._options import (
    dry_run_option,
    edit_lifetime,
    edit_tags,
    exist_ok_option,
    force_option,
    lifetime,
    name_if_any,
    name_of,
    names,
    operator_option,
    require_any,
    rm_tags,
    tags,
)
from natsauth.cli._output import Report, Status
from natsauth.cli._permissions import edit_permissions, permissions, rm_permissions
from natsauth.cli._show import described, show_described
from natsauth.cli._tree import Workspace, editing
from natsauth.cli._values import count, many, size
from natsauth.cli.user import deletion
from natsauth.errors import StoreDataError

if TYPE_CHECKING:
    from natsauth.authority import AccountNode
    from natsauth.claims import Account
    from natsauth.cli._keys import Key
    from natsauth.cli._session import Session
    from natsauth.cli._tree import Edit


@command(
    "account",
    "natsauth add account my_account",
    'natsauth add account sales --expiry 1y --deny-pub "admin.>"',
    "natsauth add account my_account --generate-signing-key --exist-ok",
)
@names
@click.option("-k", "--public-key", type=key("account"), help="Its key; a new one by default.")
@click.option("--generate-signing-key", is_flag=True, help="Make a signing key for it, too.")
@lifetime
@permissions
@exist_ok_option
@click.pass_obj
def add(
    session: Session,
    /,
    name: str | None,
    option: str | None,
    public_key: Key | None,
    *,
    generate_signing_key: bool,
    exist_ok: bool,
    **given: Any,
) -> None:
    """Add an account to the current operator. It becomes the current one.

    The permissions are those of users that have none of their own. With --exist-ok an account that
    is there gets the signing key that it lacks, and keeps all else.
    """
    name = name_of(name, option, "account")
    with editing(session) as edit:
        accounts = edit.operator().accounts
        present = accounts.get(name) if exist_ok else None
        keys = [*present.signing_keys] if present else []
        node = (accounts.ensure if exist_ok else accounts.add)(
            name,
            key=public_key,  # type: ignore[arg-type]  # of the role that the option asks for
            signing_keys=int(generate_signing_key),
        )
        if not present:
            edit_lifetime(edit, node.claims, start=given["start"], expiry=given["expiry"])
            edit_permissions(edit, node.claims.nats.default_permissions, given)
            if public_key is None:
                edit.did(f'generated and stored account key "{node.public_key}"')
        for signing_key in node.signing_keys:
            if signing_key not in keys:
                edit.did(f'added signing key "{signing_key}"', public_key=signing_key)
        edit.edited(node, "kept" if present else "added")
    edit.select(account=name)


_LIMITS = {
    "conns": ("conn", "max connections to {}"),
    "leaf_conns": ("leaf", "leaf node connections to {}"),
    "data": ("data", "max data to {} bytes"),
    "exports": ("exports", "max exports to {}"),
    "wildcard_exports": ("wildcards", "wild card exports to {}"),
    "disallow_bearer": ("disallow_bearer", "disallow bearer to {}"),
    "imports": ("imports", "max imports to {}"),
    "payload": ("payload", "max payload size to {}"),
    "subscriptions": ("subs", "max subscriptions to {}"),
}
"""By option: the member of the limits, and what is said of it. In nsc's order."""


@command(
    "account",
    "natsauth edit account my_account --sk generate",
    "natsauth edit account my_account --conns 100 --js-disk-storage 10gib --js-streams 20",
    "natsauth edit account my_account --rm-sk ABC... --force",
)
@names
@many("--sk", type=key("account", generate=True), help="Signing keys to add; generate makes one.")
@many("--rm-sk", help="Signing keys to remove, by public key or role.")
@tags
@rm_tags
@click.option("--conns", type=count, metavar="N", help="Connections at a time; -1 for any number.")
@click.option("--leaf-conns", type=count, metavar="N", help="Leaf node connections at a time.")
@click.option("--data", type=size, metavar="SIZE", help="Bytes in all; no server enforces it.")
@click.option("--exports", type=count, metavar="N", help="Number of exports.")
@click.option("--imports", type=count, metavar="N", help="Number of imports.")
@click.option("--payload", type=size, metavar="SIZE", help="Bytes of a message.")
@click.option("--subscriptions", type=count, metavar="N", help="Subscriptions of each connection.")
@click.option(
    "--wildcard-exports/--no-wildcard-exports", default=None, help="Exports may have wildcards."
)
@click.option(
    "--disallow-bearer/--no-disallow-bearer", default=None, help="Bearer tokens are refused."
)
@click.option("--description", metavar="TEXT", help="What it is for.")
@click.option("--info-url", metavar="URL", help="Where to read more.")
@jetstream
@click.option("--trace-context-subject", metavar="SUBJECT", help='Where traces go; "" for nowhere.')
@click.option(
    "--trace-context-sampling", type=click.IntRange(0, 100), help="Percentage of them; 0 is 100."
)
@click.option("--host-cluster-traffic/--no-host-cluster-traffic", default=None, hidden=True)
@lifetime
@permissions
@rm_permissions
@force_option
@dry_run_option
@click.pass_obj
def edit(
    session: Session,
    /,
    name: str | None,
    option: str | None,
    *,
    force: bool,
    dry_run: bool,
    **given: Any,
) -> None:
    """Edit an account, by default the current one. What is not mentioned stays as it is.

    The permissions are those of users that have none of their own.
    """
    require_any(given)
    with editing(session, force=force, dry_run=dry_run) as edit:
        node = edit.account(name_if_any(name, option))
        body = node.claims.nats
        _edit_signing_keys(edit, node, given)
        edit_lifetime(edit, node.claims, start=given["start"], expiry=given["expiry"])
        edit_tags(edit, body, given["tag"], given["rm_tag"])
        for limit, (member, text) in _LIMITS.items():
            if (value := given[limit]) is not None:
                setattr(body.limits, member, value)
                edit.did(f"changed {text.format(str(value).lower())}")
        edit_jetstream(edit, body.limits, given)
        for text in ("description", "info_url"):
            if (value := given[text]) is not None:
                setattr(body, text, value)
                edit.did(f'changed {text.replace("_", " ")} to "{value}"')
        edit_permissions(edit, body.default_permissions, given)
        _edit_trace(edit, body, given)
        if (own := given["host_cluster_traffic"]) is not None:
            body.cluster_traffic = "owner" if own else ""
            done = "enabled" if own else "disabled"
            edit.did(f"{done} routing of JetStream cluster traffic through this account")
        edit.edited(node)


def _edit_signing_keys(edit: Edit, node: AccountNode, given: dict[str, Any]) -> None:
    for signing_key in given["sk"]:
        public = node.signing_keys.add(signing_key)
        edit.did(f'added signing key "{public}"', public_key=public)
    for wanted in given["rm_sk"]:
        scope = node.claims.nats.scope(wanted)
        public = scope.key if scope else wanted
        node.signing_keys.remove(public)
        edit.did(f'removed signing key "{public}"', public_key=public)


def _edit_trace(edit: Edit, body: Account, given: dict[str, Any]) -> None:
    subject, sampling = given["trace_context_subject"], given["trace_context_sampling"]
    if subject:
        body.trace = body.trace or MsgTrace()
        body.trace.dest = subject
        edit.did(f'changed trace context subject to "{subject}"')
    elif subject is not None:
        body.trace = None
        edit.did("disabled trace context")
    if sampling is not None:
        if body.trace is None:
            raise Mistake("--trace-context-sampling takes --trace-context-subject, too.")
        body.trace.sampling = sampling
        edit.did(f"changed trace context sampling to {sampling}%")


@command(
    "account",
    "natsauth describe account my_account",
    "natsauth describe account --name my_account --json",
)
@names
@described
@click.pass_obj
def describe(session: Session, /, name: str | None, option: str | None, **how: Any) -> None:
    """Show an account, by default the current one."""
    work = Workspace(session)
    node = work.account(name_if_any(name, option))
    show_described(session, node.token, name_of=work.name_of, **how)


@command("accounts", "natsauth list accounts", "natsauth list accounts --json")
@operator_option
@click.pass_obj
def list_(session: Session, operator: str | None) -> None:
    """List the accounts of an operator.

    Each token is verified. Unlike nsc, this leaves the current operator what it is.
    """
    work = Workspace(session)
    path, current = work.operator(operator).path, work.context
    same = path == (current.operator,)
    show_entries(session, work, *path, current=current.account if same else "")


@command(
    "account",
    "natsauth delete account my_account --dry-run",
    "natsauth delete account my_account --rm-nkey --rm-creds",
)
@names
@click.option("-D", "--rm-nkey", is_flag=True, help="Delete the seeds of all of its keys, too.")
@click.option("-C", "--rm-creds", is_flag=True, help="Delete the creds of its users, too.")
@click.option("-R", "--revoke/--no-revoke", default=True, hidden=True)
@force_option
@dry_run_option
@click.pass_obj
def delete(
    session: Session,
    name: str | None,
    option: str | None,
    *,
    rm_nkey: bool,
    rm_creds: bool,
    revoke: bool,  # noqa: ARG001 - of no use: where the account goes, its revocations go, too
    force: bool,
    dry_run: bool,
) -> None:
    """Delete an account with its users.

    Servers that have it keep it, and let its users in, until it is deleted there, too: natsauth
    push --account-removal with its public key. They do so where generate config --allow-delete
    lets them.
    """
    with editing(session, force=force, dry_run=dry_run) as edit:
        wanted = name_of(name, option, "account")
        try:
            node = edit.account(wanted)
        except StoreDataError:
            edit.operator().accounts.delete_unreadable(wanted, creds=rm_creds)
            edit.warn(f'account "{wanted}" is deleted, although it cannot be read')
            return
        for user in node.users:
            try:
                gone = deletion(edit, node.users[user], rm_nkey=rm_nkey, rm_creds=rm_creds)
            except StoreDataError:
                gone = Report(f"user {user} cannot be read, and goes with it", Status.WARNING)
            edit.steps.append(gone)
        for signing_key in node.signing_keys if rm_nkey else ():
            done = "deleted" if edit.has_seed(signing_key) else "there is no seed of"
            edit.did(f'{done} signing key "{signing_key}"')
        for other in importers(edit.operator(), node.public_key):
            if other != node.name:
                edit.warn(f'account "{other}" imports from it', path=(*node.path[:-1], other))
        edit.edited(node, "deleted")
        edit.waits_for_removal = node.public_key
        node.delete(seeds=rm_nkey, creds=rm_creds)


@command("account", "natsauth rename account my_account your_account")
@click.argument("old", shell_complete=stored_names("account"))
@click.argument("new")
@click.option("--OK", "_confirmed", is_flag=True, hidden=True)
@dry_run_option
@click.pass_obj
def rename(session: Session, old: str, new: str, *, _confirmed: bool, dry_run: bool) -> None:
    """Give an account another name. Its key stays, and users and creds move along."""
    with editing(session, dry_run=dry_run) as edit:
        node = edit.account(old)
        current = edit.context.account == node.name
        node.rename(new)
        edit.sign(node)
        edit.did(
            f'renamed account "{old}" to "{new}"',
            action="renamed",
            kind="account",
            path=(node.path[0], new),
            public_key=node.public_key,
        )
    if current and not dry_run:
        edit.select(account=new)
