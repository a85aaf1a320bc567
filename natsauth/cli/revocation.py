"""``natsauth revocations …``: tokens of users and activations that are refused from now on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from natsauth.claims.base import ANY
from natsauth.claims.exchange import SERVICE, STREAM
from natsauth.cli._commands import Mistake, command
from natsauth.cli._complete import stored_names
from natsauth.cli._exchange import account_key, changed
from natsauth.cli._options import account_option, dry_run_option, options
from natsauth.cli._tables import Table
from natsauth.cli._tree import Workspace, editing
from natsauth.cli._values import at
from natsauth.errors import FileError, NotFoundError, StoreDataError
from natsauth.keys import KeyType, is_public_key
from natsauth.subjects import is_contained_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.authority import AccountNode
    from natsauth.claims import Export, UserClaims
    from natsauth.cli._session import Session
    from natsauth.cli._tree import Edit

_SHOWN = 5
_at = click.option(
    "--at",
    "moment",
    type=at,
    default="0",
    metavar="WHEN",
    help="What was issued up to then: a date, or Unix seconds; 0 is now.",
)
_of_user = options(
    account_option,
    click.option(
        "-n",
        "--name",
        metavar="NAME",
        shell_complete=stored_names("user"),
        help="The user; the only one by default.",
    ),
    click.option("-u", "--user-public-key", "user", metavar="KEY", help="Its key; * is all."),
)
_of_export = options(
    account_option,
    click.option("-s", "--subject", metavar="SUBJECT", help="What was exported."),
    click.option("--service", is_flag=True, help="A service; otherwise a stream."),
)
_target = click.option(
    "-t",
    "--target-account",
    "target",
    required=True,
    metavar="ACCOUNT",
    shell_complete=stored_names("account"),
    help="The account that imports it: a name or a public key; * is all.",
)


@command(
    "add-user",
    "natsauth revocations add-user -a my_account -n alice",
    'natsauth add revocation -a my_account -u "*" --at 2026-01-31T12:00:00Z',
)
@_of_user
@_at
@dry_run_option
@click.pass_obj
def add_user(
    session: Session,
    /,
    account: str | None,
    name: str | None,
    user: str | None,
    moment: int,
    *,
    dry_run: bool,
) -> None:
    """Refuse the tokens that a user has so far. It takes effect once the account is pushed."""
    with editing(session, dry_run=dry_run) as edit:
        node = edit.account(account)
        edit.waits_for_push = node.name
        key = _user_key(edit, node, name, user)
        body = node.claims.nats
        body.revoke(key, at=moment or None)
        if key == ANY:
            changed(edit, node, f"revoked all users issued before {_go_time(moment)}", key=key)
        else:
            changed(edit, node, f'revoked user "{key}"', key=key)
        later = [c for c in _stored(edit, node, key) if not body.is_revoked(c.sub, c.iat)]
        if moment and later:
            more = f" and {len(later) - _SHOWN} more" if len(later) > _SHOWN else ""
            names = ", ".join(f'"{claims.name}"' for claims in later[:_SHOWN])
            edit.warn(f"issued later, and not refused: {names}{more}")
        else:  # several edits within a second put them ahead of the clock
            for claims in later:
                body.revoke(claims.sub, at=claims.iat)


@command(
    "delete-user",
    "natsauth revocations delete-user -a my_account -n alice",
    'natsauth delete revocation -a my_account -u "*"',
)
@_of_user
@dry_run_option
@click.pass_obj
def delete_user(
    session: Session,
    /,
    account: str | None,
    name: str | None,
    user: str | None,
    *,
    dry_run: bool,
) -> None:
    """Take the tokens of a user again. It takes effect once the account is pushed."""
    with editing(session, dry_run=dry_run) as edit:
        node = edit.account(account)
        edit.waits_for_push = node.name
        key = _user_key(edit, node, name, user)
        if key not in (node.claims.nats.revocations or {}):
            raise NotFoundError(
                f"user with public key {key} is not revoked",
                hint=f"natsauth revocations list-users -a {node.name} shows who is",
            )
        node.claims.nats.clear_revocation(key)
        message = f'deleted user revocation for "{key}"'
        changed(edit, node, "deleted all user revocation" if key == ANY else message, key=key)


@command("list-users", "natsauth revocations list-users -a my_account --json")
@account_option
@click.pass_obj
def list_users(session: Session, /, account: str | None) -> None:
    """List the users of an account whose tokens are refused."""
    node = Workspace(session).account(account)
    revoked = node.token.claims.nats.revocations
    session.output.show(_document(revoked), _users_table(node, revoked))


@command(
    "add-activation",
    'natsauth revocations add-activation -a my_account -s "private.>" -t partner',
    'natsauth revocations add-activation -a my_account -s api --service -t "*"',
)
@_of_export
@_target
@_at
@dry_run_option
@click.pass_obj
def add_activation(
    session: Session, /, account: str | None, target: str, moment: int, *, dry_run: bool, **of: Any
) -> None:
    """Refuse the activations that an account has so far, once this account is pushed."""
    with editing(session, dry_run=dry_run) as edit:
        node = edit.account(account)
        edit.waits_for_push = node.name
        export, key = _export(node, **of), account_key(edit, target, wildcard=True)
        export.revoke(key, at=moment or None)
        name = export.name
        if key == ANY:
            message = f'revoked all activations for "{name}" issued before {_go_time(moment)}'
        else:
            message = f'revoked activation "{name}" for account {key}'
        changed(edit, node, message, key=key)


@command(
    "delete-activation",
    'natsauth revocations delete-activation -a my_account -s "private.>" -t partner',
)
@_of_export
@_target
@dry_run_option
@click.pass_obj
def delete_activation(
    session: Session, /, account: str | None, target: str, *, dry_run: bool, **of: Any
) -> None:
    """Take the activations of an account again, once this account is pushed."""
    with editing(session, dry_run=dry_run) as edit:
        node = edit.account(account)
        edit.waits_for_push = node.name
        export, key = _export(node, **of), account_key(edit, target, wildcard=True)
        if key not in (export.revocations or {}):
            raise NotFoundError(f"the activation of {export.name!r:.80} for {key} is not revoked")
        export.clear_revocation(key)
        whose = "all accounts" if key == ANY else f"account {key}"
        message = f"deleted {export.type} {export.name} revocation for {whose}"
        changed(edit, node, message, key=key)


@command("list-activations", 'natsauth revocations list-activations -a my_account -s "private.>"')
@_of_export
@click.pass_obj
def list_activations(session: Session, /, account: str | None, **of: Any) -> None:
    """List the accounts whose activations of an export are refused."""
    export = _export(Workspace(session).account(account), **of)
    session.output.show(_document(export.revocations), _accounts_table(export))


@command("revocations", "natsauth list revocations -a my_account", "natsauth list revocations -J")
@account_option
@click.pass_obj
def list_(session: Session, /, account: str | None) -> None:
    """List all that an account has revoked: users, and activations of each export."""
    node = Workspace(session).account(account)
    body = node.token.claims.nats
    exports = [export for export in body.exports or () if export and export.revocations]
    document = {
        "exports": [
            {"subject": e.subject, "type": e.type, "revocations": _document(e.revocations)}
            for e in exports
        ],
        "users": _document(body.revocations),
    }
    tables = [_users_table(node, body.revocations), *map(_accounts_table, exports)]
    session.output.show(document, tables)


def _user_key(work: Workspace, account: AccountNode, name: str | None, key: str | None) -> str:
    """Return the key of the user that is meant, or ``*``."""
    if name and key:
        raise Mistake("--name and --user-public-key exclude each other.")
    if key and (key == ANY or is_public_key(key, KeyType.USER)):
        return key
    return work.user(account, name or key).public_key


def _stored(edit: Edit, account: AccountNode, key: str) -> Iterator[UserClaims]:
    """Go through the users of an account, or to the one of a key; tell where that is uncertain."""
    unread = []
    for name in account.users:
        try:
            claims = account.users.token(name).claims
        except (StoreDataError, FileError) as error:
            unread.append(f'user "{name}" may stay good: {error.args[0]}')
            continue
        if key in (ANY, claims.sub):
            yield claims
        if key == claims.sub:
            return
    for text in unread:
        edit.warn(text)


def _export(account: AccountNode, *, subject: str | None, service: bool) -> Export:
    """Return the export that covers a subject; the only one of its kind where none is given."""
    kind = SERVICE if service else STREAM
    exports = [e for e in account.claims.nats.exports or () if e and e.type == kind]
    found = [e for e in exports if subject is None or is_contained_in(subject, e.subject)]
    if subject is None and len(found) > 1:
        subjects = ", ".join(repr(export.subject) for export in found[:5])
        raise Mistake(f"Which {kind} export is meant?", hint=f"--subject is one of {subjects}")
    if not found:
        what = f"{kind} export" + (f" of {subject!r:.80}" if subject else "")
        hint = "" if service else "a service is found with --service"
        raise NotFoundError(f"account {account.name!r:.80} has no {what}", hint=hint)
    return found[0]


def _users_table(account: AccountNode, revoked: dict[str, int] | None) -> Table:
    return _table(f"Revoked Users for {account.name}", revoked, "* [All Users]")


def _accounts_table(export: Export) -> Table:
    title = f"Revoked Accounts for {export.type} {export.name or export.subject}"
    return _table(title, export.revocations, "* [All Accounts]")


def _table(title: str, revoked: dict[str, int] | None, everyone: str) -> Table:
    table = Table(title, "Public Key", "Revoke Credentials Before")
    for key, moment in sorted((revoked or {}).items()):
        shown = _calendar(moment, "%a, %d %b %Y %H:%M:%S UTC")
        table.row(everyone if key == ANY else key, shown)
    if not revoked:
        table.row("No entries defined", "")
    return table


def _document(revoked: dict[str, int] | None) -> list[dict[str, Any]]:
    return [{"at": at, "public_key": key} for key, at in sorted((revoked or {}).items())]


def _go_time(moment: int) -> str:
    """Return a moment, or the current one for 0, as Go shows it."""
    return _calendar(moment or int(datetime.now(UTC).timestamp()), "%Y-%m-%d %H:%M:%S +0000 UTC")


def _calendar(moment: int, form: str) -> str:
    try:
        return datetime.fromtimestamp(moment, UTC).strftime(form)
    except (OverflowError, OSError, ValueError):
        return f"second {moment}"
