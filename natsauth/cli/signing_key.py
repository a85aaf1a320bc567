"""``natsauth add signing-key`` and the other commands about signing keys of accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from natsauth._json import loads
from natsauth._wire import write_document
from natsauth.authority._signing_keys import check_role
from natsauth.claims import UserScope
from natsauth.claims.signing_keys import public_key_of
from natsauth.cli._commands import Mistake, command
from natsauth.cli._describe_account import describe_scope
from natsauth.cli._keys import key
from natsauth.cli._options import (
    account_option,
    dry_run_option,
    force_option,
    options,
    require_any,
)
from natsauth.cli._permissions import (
    edit_limits,
    edit_permissions,
    limits,
    permissions,
    rm_permissions,
)
from natsauth.cli._tables import Table
from natsauth.cli._tree import Workspace, editing
from natsauth.errors import ExistsError, NotFoundError
from natsauth.validation import validate

if TYPE_CHECKING:
    from natsauth.authority import AccountNode
    from natsauth.claims import Account
    from natsauth.cli._keys import Key
    from natsauth.cli._session import Session
    from natsauth.cli._tree import Edit

_scope_options = options(
    click.option("--role", metavar="ROLE", help="A name to find the key by, as in -K ROLE."),
    click.option("--description", metavar="TEXT", help="What the role is for."),
    limits,
    permissions,
    rm_permissions,
)


@command(
    "signing-key",
    "natsauth add signing-key -a my_account",
    "natsauth add signing-key -a my_account --role team --allow-pubsub 'team.{{name()}}.>'",
)
@account_option
@click.option("--sk", type=key("account", generate=True), help="The key; a new one by default.")
@_scope_options
@force_option
@dry_run_option
@click.pass_obj
def add(
    session: Session,
    /,
    account: str | None,
    sk: Key | None,
    *,
    force: bool,
    dry_run: bool,
    **given: Any,
) -> None:
    """Add a signing key to an account, scoped if it has a role, permissions or limits.

    Users of a scoped signing key get its permissions and limits, and can have none of their own.
    """
    with editing(session, force=force, dry_run=dry_run) as edit:
        node = edit.account(account)
        if sk is None:
            public = node.signing_keys.generate().public_key
        elif (public := getattr(sk, "public_key", "")) in node.signing_keys:
            raise ExistsError(
                f"{public} is a signing key already", hint="edit signing-key edits it"
            )
        else:
            node.signing_keys.add(sk)  # type: ignore[arg-type]  # of the role that the option asks for
        if any(value not in (None, []) for value in given.values()):
            _edit_scope(edit, node.claims.nats, public, given)
            _warn_of_template(edit, node, public)
        _tell(edit, node, "added", public)


@command(
    "signing-key",
    "natsauth edit signing-key -a my_account --sk team --allow-pub 'news.>'",
    "natsauth edit signing-key -a my_account --sk generate --role team --subs 10",
)
@click.argument("name", required=False, type=key("account", generate=True, word="role"))
@account_option
@click.option(
    "--sk",
    type=key("account", generate=True, word="role"),
    help="The signing key, or its role; generate makes one.",
)
@_scope_options
@force_option
@dry_run_option
@click.pass_obj
def edit(
    session: Session,
    /,
    name: Key | None,
    account: str | None,
    sk: Key | None,
    *,
    force: bool,
    dry_run: bool,
    **given: Any,
) -> None:
    """Edit a scoped signing key. A plain one becomes scoped, and one that is new is added.

    Its users get the new permissions as soon as the account is pushed. What is not mentioned stays
    as it is.
    """
    wanted = sk or name or given["role"]
    if not wanted:
        raise Mistake("No signing key is named.", hint="--sk KEY, --sk ROLE or --sk generate")
    require_any(given)
    with editing(session, force=force, dry_run=dry_run) as edit:
        node = edit.account(account)
        public = _find(node, wanted) if isinstance(wanted, str) else node.signing_keys.add(wanted)  # type: ignore[arg-type]  # of the role that the option asks for
        _edit_scope(edit, node.claims.nats, public, given)
        _warn_of_template(edit, node, public)
        _tell(edit, node, "edited", public)


def _edit_scope(edit: Edit, body: Account, public: str, given: dict[str, Any]) -> None:
    scope = body.scope(public) or UserScope(key=public)
    body.add_signing_key(scope)
    if role := given["role"]:
        check_role(role)
        other = body.scope(role)
        if other and other.key != public:
            raise ExistsError(f"{other.key} has the role {role!r:.80} already")
        scope.role = role
    if given["description"] is not None:
        scope.description = given["description"]
    edit_limits(edit, scope.template, given)
    edit_permissions(edit, scope.template, given)


def _warn_of_template(edit: Edit, node: AccountNode, public: str) -> None:
    """Note what is wrong with a template: for some, servers refuse all of its users."""
    keys = [*map(public_key_of, node.claims.nats.signing_keys)]
    place = f"$.nats.signing_keys[{keys.index(public)}].template."
    for issue in validate(node.claims).issues:
        if issue.path.startswith(place):
            edit.warn(f"{issue.path.removeprefix(place)}: {issue.message}", code=issue.code)


def _tell(edit: Edit, node: AccountNode, verb: str, public: str) -> None:
    edit.sign(node)
    edit.did(
        f'{verb} signing key "{public}"',
        action=verb,
        kind="signing-key",
        path=node.path,
        public_key=public,
    )


def _find(node: AccountNode, wanted: str) -> str:
    """Return the public key of a signing key of an account, by role or by that key.

    Raises:
        NotFoundError: There is none.
    """
    if scope := node.claims.nats.scope(wanted):
        return scope.key
    if wanted in node.signing_keys:
        return wanted
    known = [
        getattr(key, "role", "") or public_key_of(key) for key in node.claims.nats.signing_keys
    ]
    raise NotFoundError(
        f"account {node.name!r:.80} has no signing key {wanted!r:.80}",
        hint=f"it has {', '.join(known) or 'none'}",
    )


@command(
    "signing-key",
    "natsauth describe signing-key -a my_account team",
    "natsauth describe signing-key -a my_account ABC... --json",
)
@click.argument("name")
@account_option
@click.pass_obj
def describe(session: Session, name: str, account: str | None) -> None:
    """Show a signing key of an account, by public key or role."""
    work = Workspace(session)
    node = work.account(account)
    public = _find(node, name)
    if scope := node.claims.nats.scope(public):
        session.output.show(_document(work, scope), describe_scope(scope))
        return
    table = Table("Signing Key")
    table.row("Key", public)
    table.row("Role", "none: its users have permissions of their own")
    session.output.show(_document(work, public), table)


@command(
    "signing-keys",
    "natsauth list signing-keys -a my_account",
    "natsauth list signing-keys --json",
)
@account_option
@click.pass_obj
def list_(session: Session, account: str | None) -> None:
    """List the signing keys of an account, with their roles."""
    work = Workspace(session)
    found = [_document(work, key) for key in work.account(account).claims.nats.signing_keys]
    columns = ("Key", "Role", "Description", "Stored")
    table = Table("Signing Keys", *columns) if found else Table("Signing Keys")
    for item in found:
        stored = "*" if item["stored"] else ""
        table.row(item["public_key"], item["role"], item["description"], stored)
    if not found:
        table.row("No entries defined")
    session.output.show(found, table)


def _document(work: Workspace, key: UserScope | str) -> dict[str, Any]:
    public = public_key_of(key)
    scope = key if isinstance(key, UserScope) else None
    document = {
        "description": scope.description if scope else "",
        "public_key": public,
        "role": scope.role if scope else "",
        "stored": work.has_seed(public),
    }
    return document | ({"template": loads(write_document(scope.template))} if scope else {})


@command(
    "signing-key",
    "natsauth delete signing-key -a my_account team",
    "natsauth delete signing-key -a my_account ABC... --rm-nkey",
)
@click.argument("names", nargs=-1, required=True)
@account_option
@click.option("-D", "--rm-nkey", is_flag=True, help="Delete their seeds, too.")
@force_option
@dry_run_option
@click.pass_obj
def delete(
    session: Session,
    names: tuple[str, ...],
    account: str | None,
    *,
    rm_nkey: bool,
    force: bool,
    dry_run: bool,
) -> None:
    """Remove signing keys from an account, by public key or role.

    Servers turn away the users that they signed, once the account is pushed. While there are such,
    it takes --force.
    """
    with editing(session, force=force, dry_run=dry_run) as edit:
        node = edit.account(account)
        found = list(dict.fromkeys(_find(node, name) for name in names))
        stored = [public for public in found if rm_nkey and edit.has_seed(public)]
        node.signing_keys.remove(*found, seeds=rm_nkey)
        for public in found:
            _tell(edit, node, "removed", public)
    for public in () if dry_run else stored:
        if edit.has_seed(public):
            session.output.warning(
                f'private key "{public}" is kept: another entry has that key, too',
                public_key=public,
            )
        else:
            session.output.ok(f'deleted private key "{public}"', public_key=public)
