"""``natsauth edit authcallout`` and the other commands about who else decides on connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from natsauth.claims import ExternalAuthorization
from natsauth.cli._commands import Mistake, command
from natsauth.cli._describe_account import callout_rows
from natsauth.cli._exchange import account_key, body_of, changed
from natsauth.cli._keys import key
from natsauth.cli._options import account_option, dry_run_option, options, require_any
from natsauth.cli._tables import Table
from natsauth.cli._tree import Workspace, editing
from natsauth.cli._values import many
from natsauth.keys import KeyType, is_public_key
from natsauth.xkeys import CurveKeyPair

if TYPE_CHECKING:
    from natsauth.authority import AccountNode
    from natsauth.cli._session import Session
    from natsauth.cli._tree import Edit
    from natsauth.keys import PublicKey

_account = options(click.argument("name", required=False, metavar="[ACCOUNT]"), account_option)
_REMOVED = "removed external authorization configuration"


@command(
    "authcallout",
    'natsauth edit authcallout -a callout --auth-user service --allowed-account "*"',
    "natsauth edit authcallout -a callout --curve generate",
    "natsauth edit authcallout -a callout --disable",
)
@_account
@many("--auth-user", help="Users of the service itself, to add: names or public keys.")
@many("--rm-auth-user", help="Users of the service to remove.")
@many("--allowed-account", help="Accounts it may place users in, to add; * is any.")
@many("--rm-allowed-account", help="Accounts it may place users in, to remove.")
@click.option("-x", "--curve", type=key("curve", generate=True), help="Seal requests to this key.")
@click.option("--rm-curve", is_flag=True, default=None, help="Seal requests no more.")
@click.option("--disable", is_flag=True, default=None, help="Turn auth callout off.")
@dry_run_option
@click.pass_obj
def edit(
    session: Session, /, name: str | None, account: str | None, *, dry_run: bool, **given: Any
) -> None:
    """Have a service of this account decide who may connect. What is not mentioned stays."""
    require_any(given)
    if given.pop("disable"):
        if any(given.values()):
            raise Mistake("--disable goes without other options.")
        _disable(session, name or account, dry_run=dry_run)
        return
    if given["curve"] and given["rm_curve"]:
        raise Mistake("--curve and --rm-curve exclude each other.")
    with editing(session, dry_run=dry_run) as edit:
        node = edit.account(name or account)
        callout = node.claims.nats.authorization
        users = [_user_key(edit, node, user) for user in given["auth_user"]]
        accounts = [account_key(edit, of, wildcard=True) for of in given["allowed_account"]]
        rm_users = [_user_key(edit, node, user) for user in given["rm_auth_user"]]
        rm_accounts = [account_key(edit, of, wildcard=True) for of in given["rm_allowed_account"]]
        callout.auth_users = _add(edit, "user", callout.auth_users, users)
        callout.auth_users = _remove(edit, "user", callout.auth_users, rm_users)
        callout.allowed_accounts = _add(edit, "account", callout.allowed_accounts, accounts)
        callout.allowed_accounts = _remove(edit, "account", callout.allowed_accounts, rm_accounts)
        _edit_curve(edit, callout, given["curve"], rm=given["rm_curve"])
        edit.sign(node)


@command("authcallout", "natsauth delete authcallout callout")
@_account
@dry_run_option
@click.pass_obj
def delete(session: Session, /, name: str | None, account: str | None, *, dry_run: bool) -> None:
    """Turn auth callout off; nobody but the servers decides then."""
    _disable(session, name or account, dry_run=dry_run)


@command("authcallout", "natsauth describe authcallout callout --json")
@_account
@click.pass_obj
def describe(session: Session, /, name: str | None, account: str | None) -> None:
    """Show which service of an account decides who may connect."""
    node = Workspace(session).account(name or account)
    table = Table(f"Auth Callout of {node.name}")
    callout_rows(table, node.token.claims.nats)
    if not node.token.claims.nats.authorization.auth_users:
        table.row("Auth Callout", "Disabled")
    session.output.show(body_of(node).get("authorization") or {}, table)


def _disable(session: Session, account: str | None, *, dry_run: bool) -> None:
    with editing(session, dry_run=dry_run) as edit:
        node = edit.account(account)
        node.claims.nats.authorization = ExternalAuthorization()
        changed(edit, node, _REMOVED)


def _edit_curve(
    edit: Edit,
    callout: ExternalAuthorization,
    curve: CurveKeyPair | PublicKey | None,
    *,
    rm: bool,
) -> None:
    if rm:
        unset = "remove curve key didn't do anything as the curve key was not set"
        edit.did(f"removed {callout.xkey} curve key" if callout.xkey else unset)
        callout.xkey = ""
    if curve is not None:
        if isinstance(curve, CurveKeyPair):
            edit.authority.keep(curve)
        callout.xkey = curve.public_key
        edit.did(f"set curve key {callout.xkey}")


def _user_key(edit: Edit, account: AccountNode, name_or_key: str) -> str:
    """Return the public key of a user that is given by it, or by its name in the account."""
    if is_public_key(name_or_key, KeyType.USER):
        return name_or_key
    return edit.user(account, name_or_key).public_key


def _add(edit: Edit, what: str, present: list[str] | None, keys: list[str]) -> list[str] | None:
    kept = [*(present or ())]
    for added in keys:
        if added in kept:
            edit.did(f'skipped adding {what} "{added}" - as it\'s already set')
        else:
            kept.append(added)
            edit.did(f'added {what} "{added}"')
    return kept or None


def _remove(edit: Edit, what: str, present: list[str] | None, keys: list[str]) -> list[str] | None:
    kept = [*(present or ())]
    for removed in keys:
        if removed in kept:
            kept.remove(removed)
            edit.did(f'deleted {what} "{removed}"')
        else:
            edit.did(f'skipping {what} "{removed}" - as it\'s not currently set')
    return kept or None
