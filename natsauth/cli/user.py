"""``natsauth add user`` and the other commands about users."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from natsauth.cli._commands import Mistake, command
from natsauth.cli._complete import stored_names
from natsauth.cli._keys import key
from natsauth.cli._listing import show_entries
from natsauth.cli._options import (
    account_option,
    dry_run_option,
    edit_lifetime,
    edit_list,
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
from natsauth.cli._output import Report, path_text
from natsauth.cli._permissions import (
    bearer_option,
    edit_limits,
    edit_permissions,
    limits,
    permissions,
    rm_permissions,
    source_networks,
)
from natsauth.cli._show import described, show_described
from natsauth.cli._tree import Workspace, editing
from natsauth.cli._values import many
from natsauth.errors import NotFoundError, StoreDataError, TrustError
from natsauth.signing import signer_key

if TYPE_CHECKING:
    from natsauth.authority import AccountNode, UserNode
    from natsauth.cli._keys import Key
    from natsauth.cli._session import Session
    from natsauth.cli._tree import Edit


@command(
    "user",
    'natsauth add user -a my_account alice --allow-pubsub "alice.>" --expiry 30d',
    "natsauth add user -a my_account reader --grant kv_read:prices --grant service:shop",
    "natsauth add user -a my_account worker -K team",
    "natsauth add user -a my_account bob --public-key UABC...",
)
@names
@account_option
@click.option("-k", "--public-key", type=key("user"), help="Its key; a new one by default.")
@bearer_option
@tags
@source_networks
@lifetime
@permissions
@exist_ok_option
@click.pass_obj
def add(
    session: Session,
    /,
    name: str | None,
    option: str | None,
    account: str | None,
    public_key: Key | None,
    *,
    exist_ok: bool,
    **given: Any,
) -> None:
    """Add a user to an account, and write its creds.

    A signing key of the account signs it, or the one that -K names. By the role of a scoped signing
    key the user gets the permissions of the role, and can have none of its own.
    """
    name = name_of(name, option, "user")
    with editing(session) as edit:
        above = edit.account(account)
        if exist_ok and name in above.users:
            edit.edited(above.users.ensure(name, key=public_key), "kept")  # type: ignore[arg-type]  # of the role that the option asks for
            return
        node = above.users.add(name, key=public_key, signer=edit.signer)  # type: ignore[arg-type]  # of the role that the option asks for
        body = node.claims.nats
        edit_lifetime(edit, node.claims, start=given["start"], expiry=given["expiry"])
        edit_permissions(edit, body, given)
        body.src = edit_list(edit, "src network", body.src, given["source_network"], [])
        edit_tags(edit, body, given["tag"], [])
        if given["bearer"] is not None:
            body.bearer_token = given["bearer"]
        _check_scope(edit, node, above)
        if public_key is None:
            edit.did(f'generated and stored user key "{node.public_key}"')
        _tell_creds(edit, node)
        edit.edited(node, "added", f' to account "{above.name}"')


@command(
    "user",
    'natsauth edit user -a my_account alice --allow-pub "news.>" --rm "old.>"',
    "natsauth edit user -a my_account alice --expiry 0 --conn-type websocket",
)
@names
@account_option
@tags
@rm_tags
@limits
@permissions
@rm_permissions
@click.option(
    "--clear",
    is_flag=True,
    default=None,
    help="Take away all permissions and limits of its own first: a role gives them.",
)
@lifetime
@force_option
@dry_run_option
@click.pass_obj
def edit(
    session: Session,
    /,
    name: str | None,
    option: str | None,
    account: str | None,
    *,
    force: bool,
    dry_run: bool,
    **given: Any,
) -> None:
    """Edit a user, and write its creds anew. What is not mentioned stays as it is."""
    require_any(given)
    with editing(session, force=force, dry_run=dry_run) as edit:
        above = edit.account(account)
        node = edit.user(above, name_if_any(name, option))
        body = node.claims.nats
        edit_lifetime(edit, node.claims, start=given["start"], expiry=given["expiry"])
        edit_tags(edit, body, given["tag"], given["rm_tag"])
        if given["clear"]:
            body.clear()
            edit.did("removed all permissions and limits")
        edit_limits(edit, body, given)
        edit_permissions(edit, body, given)
        _check_scope(edit, node, above)
        _tell_creds(edit, node)
        edit.edited(node)


def _check_scope(edit: Edit, node: UserNode, above: AccountNode) -> None:
    """Refuse permissions beside those of a role, by names; a commit would name keys.

    Raises:
        TrustError: The user has some, and is to be signed by a scoped signing key.
    """
    signer = edit.signer or node.claims.iss
    key = signer if isinstance(signer, str) else signer_key(signer).public_key
    scope = above.claims.nats.scope(key)
    if scope and not node.claims.nats.is_empty():
        role = scope.role or scope.key
        raise TrustError(
            f"user {node.name!r:.80} gets its permissions and limits from role {role!r:.80} of "
            f"account {above.name!r:.80}, and can have none of its own",
            hint=f"natsauth edit signing-key -a {quote(above.name)} --sk {quote(role)} changes "
            "those of the role; --clear takes away those of the user",
        )


def _tell_creds(edit: Edit, node: UserNode) -> None:
    try:
        node.key  # noqa: B018 - it is made in this edit, or stored: the commit writes creds
    except NotFoundError:
        edit.did("skipped generating creds file - user private key is not available")
    else:
        file = edit.store.creds_file(*node.path)
        edit.did(f"generated user creds file {path_text(file)}", file=str(file))


@command(
    "user",
    "natsauth describe user -a my_account alice",
    "natsauth describe user -a my_account -n alice --json",
)
@names
@account_option
@described
@click.pass_obj
def describe(
    session: Session, /, name: str | None, option: str | None, account: str | None, **how: Any
) -> None:
    """Show a user, with what it gets from its scoped signing key."""
    work = Workspace(session)
    above = work.account(account)
    token = work.user(above, name_if_any(name, option)).token
    scope = above.claims.nats.scope(token.claims.iss)
    show_described(session, token, name_of=work.name_of, scope=scope, **how)


@command("users", "natsauth list users -a my_account", "natsauth list users --json")
@operator_option
@account_option
@click.pass_obj
def list_(session: Session, operator: str | None, account: str | None) -> None:
    """List the users of an account.

    Each token is verified. Unlike nsc, this leaves current what is current.
    """
    work = Workspace(session)
    if operator:
        work.context.operator = work.operator(operator).name
    show_entries(session, work, *work.account(account).path)


@command(
    "user",
    "natsauth delete user -a my_account alice bob",
    "natsauth delete user -a my_account -n alice --rm-nkey --rm-creds",
)
@click.argument("names", nargs=-1, shell_complete=stored_names("user"))
@many("-n", "--name", shell_complete=stored_names("user"), help="Their names.")
@account_option
@click.option(
    "-R",
    "--revoke/--no-revoke",
    default=True,
    help="Whether the account refuses their creds from then on, once it is pushed. It does.",
)
@click.option("-D", "--rm-nkey", is_flag=True, help="Delete their seeds, too.")
@click.option("-C", "--rm-creds", is_flag=True, help="Delete their creds, too.")
@force_option
@dry_run_option
@click.pass_obj
def delete(
    session: Session,
    names: tuple[str, ...],
    name: list[str],
    account: str | None,
    *,
    revoke: bool,
    rm_nkey: bool,
    rm_creds: bool,
    force: bool,
    dry_run: bool,
) -> None:
    """Delete users, and revoke their creds.

    nsc revokes them only with -R; here it takes --no-revoke to leave creds without a user usable.
    """
    wanted = list(dict.fromkeys([*names, *name]))
    if not wanted:
        ctx = click.get_current_context()
        raise Mistake("Which user?", ctx, hint=f"{ctx.command_path} NAME")
    with editing(session, force=force, dry_run=dry_run) as edit:
        above, step = edit.account(account), Report("delete users")
        for one in wanted:
            try:
                node = edit.user(above, one)
            except StoreDataError:
                above.users.delete_unreadable(one, creds=rm_creds)
                step.warning(f"user {one} is deleted, and not revoked: it cannot be read")
                continue
            step.add(deletion(edit, node, rm_nkey=rm_nkey, rm_creds=rm_creds, revoke=revoke))
            node.delete(seeds=rm_nkey, creds=rm_creds, revoke=revoke)
        if revoke:
            edit.sign(above)
            step.ok(f'edited account "{above.name}"', kind="account", path=above.path)
            edit.waits_for_push = above.name
        edit.steps.append(step)


def deletion(
    edit: Edit, node: UserNode, *, rm_nkey: bool, rm_creds: bool, revoke: bool = False
) -> Report:
    """Return the report that a user is deleted, with what goes with it."""
    key = node.public_key
    step = Report(
        f"user {node.name} [{key}]",
        action="deleted",
        kind="user",
        path=node.path,
        public_key=key,
        revoked=revoke,
    )
    if revoke:
        step.ok("revoked user")
    step.ok("user deleted")
    if rm_nkey:
        step.ok("deleted private key" if edit.has_seed(key) else "private key is not stored")
    if rm_creds:
        stored = edit.store.creds_file(*node.path).exists()
        step.ok("removed creds file" if stored else "creds file is not stored")
    return step
