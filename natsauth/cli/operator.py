"""``natsauth add operator`` and the other commands about operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from natsauth.cli._commands import command
from natsauth.cli._keys import key
from natsauth.cli._listing import show_entries
from natsauth.cli._options import (
    edit_lifetime,
    edit_tags,
    exist_ok_option,
    force_option,
    lifetime,
    name_of,
    require_any,
    rm_tags,
    tags,
)
from natsauth.cli._output import path_text
from natsauth.cli._show import described, show_described
from natsauth.cli._tree import Workspace, editing, found
from natsauth.cli._values import many, server_urls
from natsauth.store.base import check_name

if TYPE_CHECKING:
    from natsauth.authority import OperatorNode
    from natsauth.cli._keys import Key
    from natsauth.cli._session import Session
    from natsauth.cli._tree import Edit

_ADVICE = "When running your own nats-server, make sure they run at least version 2.2.0"


@command(
    "operator",
    "natsauth add operator --generate-signing-key --sys --name my_operator",
    "natsauth add operator my_operator --public-key ./operator.nk",
    "natsauth add operator my_operator --generate-signing-key --sys --exist-ok",
)
@click.argument("name", required=False)
@click.option("-n", "--name", "option", metavar="NAME", help="Its name.")
@click.option("-k", "--public-key", type=key("operator"), help="Its key; a new one by default.")
@click.option("--generate-signing-key", is_flag=True, help="Make a signing key for it, too.")
@click.option("-s", "--sys", "system", is_flag=True, help="Make its system account, with a user.")
@lifetime
@exist_ok_option
@click.pass_obj
def add(
    session: Session,
    name: str | None,
    option: str | None,
    public_key: Key | None,
    *,
    system: bool,
    generate_signing_key: bool,
    start: int | None,
    expiry: int | None,
    exist_ok: bool,
) -> None:
    """Add an operator: the root of a tree of accounts and users. It becomes the current one.

    With --exist-ok an operator that is there gets the signing key or the system account that it
    lacks, and keeps all else.
    """
    name = check_name(name_of(name, option, "operator"))
    with editing(session, founding=True) as edit:
        operators = edit.authority.operators
        present = operators.get(name) if exist_ok else None
        keys = [*present.signing_keys] if present else []
        complete = bool(present and present.claims.nats.system_account)
        node = (operators.ensure if exist_ok else operators.add)(
            name,
            key=public_key,  # type: ignore[arg-type]  # of the role that the option asks for
            signing_keys=int(generate_signing_key),
            system_account=system,
        )
        if present:
            edit.edited(node, "kept")
        else:
            if public_key is None:
                edit.did(f'generated and stored operator key "{node.public_key}"')
            edit_lifetime(edit, node.claims, start=start, expiry=expiry)
            edit.edited(node, "added")
            edit.did(_ADVICE)
        for signing_key in node.signing_keys:
            if signing_key not in keys:
                edit.did(f"created operator signing key: {signing_key}", public_key=signing_key)
        if system and not complete:
            _tell_system_account(edit, node)
    edit.select(operator=name)


def _tell_system_account(edit: Edit, node: OperatorNode) -> None:
    account = node.system_account
    edit.did(
        f"created system_account: name:{account.name} id:{account.public_key}",
        kind="account",
        path=account.path,
        public_key=account.public_key,
    )
    for user in account.users.values():
        edit.did(
            f"created system account user: name:{user.name} id:{user.public_key}",
            kind="user",
            path=user.path,
            public_key=user.public_key,
        )
        file = path_text(edit.store.creds_file(*user.path))
        edit.did(f"system account user creds file stored in {file}")


@command(
    "operator",
    "natsauth edit operator --require-signing-keys",
    'natsauth edit operator --account-jwt-server-url "nats://127.0.0.1:4222"',
    "natsauth edit operator --sk generate --tag env:prod",
)
@click.argument("name", required=False)
@many("--sk", type=key("operator", generate=True), help="Signing keys to add; generate makes one.")
@many("--rm-sk", help="Signing keys to remove.")
@tags
@rm_tags
@click.option(
    "-u",
    "--account-jwt-server-url",
    type=server_urls,
    metavar="URL",
    help="Where accounts are pushed.",
)
@click.option("--rm-account-jwt-server-url", is_flag=True, default=None, help="Forget that URL.")
@click.option("--system-account", metavar="ACCOUNT", help="The account that is to be it.")
@many("-n", "--service-url", help="URLs that clients connect to, to add.")
@many("--rm-service-url", help="URLs that clients connect to, to remove.")
@click.option(
    "--require-signing-keys/--no-require-signing-keys",
    default=None,
    help="Whether identity keys may sign nothing any more.",
)
@lifetime
@force_option
@click.pass_obj
def edit(session: Session, /, name: str | None, *, force: bool, **given: Any) -> None:
    """Edit an operator. What is not mentioned stays as it is."""
    require_any(given)
    with editing(session, force=force) as edit:
        node = edit.operator(name)
        body = node.claims.nats
        edit_lifetime(edit, node.claims, start=given["start"], expiry=given["expiry"])
        edit_tags(edit, body, given["tag"], given["rm_tag"])
        for signing_key in given["sk"]:
            edit.did(f'added signing key "{node.signing_keys.add(signing_key)}"')
        for signing_key in given["rm_sk"]:
            node.signing_keys.remove(signing_key)
            edit.did(f'removed signing key "{signing_key}"')
        _edit_body(edit, node, given)
        for url in given["service_url"]:
            body.operator_service_urls = [*(body.operator_service_urls or ()), url]
            edit.did(f'added service url "{url}"')
        for url in given["rm_service_url"]:
            left = [present for present in body.operator_service_urls or () if present != url]
            body.operator_service_urls = left or None
            edit.did(f'removed service url "{url}"')
        edit.edited(node)
        if given["sk"] or given["rm_sk"]:
            edit.warn_of_servers()


def _edit_body(edit: Edit, node: OperatorNode, given: dict[str, Any]) -> None:
    body, required = node.claims.nats, given["require_signing_keys"]
    if required is not None and required != body.strict_signing_key_usage:
        node.require_signing_keys(required=required)
        edit.did(f"strict signing key usage set to: {str(required).lower()}")
    if url := given["account_jwt_server_url"]:
        body.account_server_url = url
        edit.did(f'set account jwt server url to "{url}"')
    if given["rm_account_jwt_server_url"]:
        body.account_server_url = ""
        edit.did("removed account server url")
    if account := given["system_account"]:
        body.system_account = found(node.accounts, account, node).public_key
        edit.did(f'set system account "{body.system_account}"')


@command("operator", "natsauth describe operator", "natsauth describe operator my_operator --json")
@click.argument("name", required=False)
@click.option("-n", "--name", "option", metavar="NAME", help="Its name.")
@described
@click.pass_obj
def describe(session: Session, /, name: str | None, option: str | None, **how: Any) -> None:
    """Show an operator."""
    work = Workspace(session)
    show_described(session, work.operator(name or option).token, name_of=work.name_of, **how)


@command("operators", "natsauth list operators", "natsauth list operators --json")
@click.pass_obj
def list_(session: Session) -> None:
    """List the operators."""
    work = Workspace(session)
    show_entries(session, work, current=work.context.operator)


@command(
    "operator",
    "natsauth delete operator my_operator",
    "natsauth delete operator my_operator --rm-nkey --rm-creds --dry-run",
)
@click.argument("name")
@click.option("-D", "--rm-nkey", is_flag=True, help="Delete the seeds of all of its keys, too.")
@click.option("-C", "--rm-creds", is_flag=True, help="Delete all of its creds, too.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.pass_obj
def delete(session: Session, name: str, *, rm_nkey: bool, rm_creds: bool, dry_run: bool) -> None:
    """Delete an operator with its accounts and users. Servers know nothing of this."""
    with editing(session, dry_run=dry_run) as edit:
        node = found(edit.authority.operators, name)
        for account in node.accounts:
            edit.did(
                f'deleted account "{account}" with its users', kind="account", path=(name, account)
            )
        edit.edited(node, "deleted")
        node.delete(seeds=rm_nkey, creds=rm_creds)
        left = [what for what, gone in (("seeds", rm_nkey), ("creds", rm_creds)) if not gone]
        if left:
            edit.did(f"{' and '.join(left)} stay in {path_text(edit.store.keys)}")
