"""``natsauth reissue``: another identity for an operator, new signatures for what is as it was."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from natsauth.cli._commands import Mistake, command
from natsauth.cli._options import account_option, dry_run_option, force_option, name_if_any, names
from natsauth.cli._tree import editing
from natsauth.keys import KeyPair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from natsauth.authority import AccountNode, UserNode
    from natsauth.cli._session import Session
    from natsauth.cli._tree import Edit
    from natsauth.signing import Signer


@command(
    "operator",
    "natsauth reissue operator --dry-run",
    "natsauth reissue operator --convert-to-signing-key",
    "natsauth reissue operator -K ./new-operator.nk",
)
@names
@click.option(
    "--convert-to-signing-key",
    is_flag=True,
    help="Keep the old identity as a signing key: no account has to be signed anew.",
)
@force_option
@dry_run_option
@click.pass_obj
def operator(
    session: Session,
    name: str | None,
    option: str | None,
    *,
    convert_to_signing_key: bool,
    force: bool,
    dry_run: bool,
) -> None:
    """Give an operator another identity key: a new one, or the one that -K names.

    Accounts that the old one signed are signed anew; what was cut off before is mended. Servers
    need the new configuration, and a restart: natsauth generate config.
    """
    with editing(session, force=force, dry_run=dry_run) as edit:
        node = edit.operator(name_if_any(name, option))
        old = node.public_key
        anew = node.reissue_identity(_identity(edit), keep_signing=convert_to_signing_key)
        edit.did(
            f'operator "{node.name}" successfully changed identity to: {node.public_key}',
            kind="operator",
            path=node.path,
            public_key=node.public_key,
        )
        if convert_to_signing_key:
            edit.did(f'old operator key "{old}" turned into signing key', public_key=old)
        for account in node.accounts.values():
            facts: dict[str, Any] = {"kind": "account", "path": account.path}
            if account.name in anew:
                edit.did(f'account "{account.name}" re-signed', **facts)
            elif account.is_foreign:
                edit.warn(
                    f'account "{account.name}" is signed by none of the operator\'s keys: if it is '
                    f"yours, natsauth reissue account {quote(account.name)}",
                    **facts,
                )
            elif not convert_to_signing_key:
                edit.did(f'account "{account.name}" already signed properly', **facts)
        edit.warn_of_servers()


def _identity(edit: Edit) -> KeyPair | None:
    wanted = edit.signer
    if isinstance(wanted, str):
        wanted = KeyPair.from_seed(edit.store.seed(wanted))
    return wanted if isinstance(wanted, KeyPair) else None


@command(
    "account",
    "natsauth reissue account my_account",
    "natsauth reissue account --all --users",
)
@click.argument("names", nargs=-1)
@click.option("-A", "--all", "every", is_flag=True, help="All accounts of the operator.")
@click.option("-u", "--users", is_flag=True, help="Their users, too.")
@force_option
@dry_run_option
@click.pass_obj
def account(
    session: Session,
    names: tuple[str, ...],
    *,
    every: bool,
    users: bool,
    force: bool,
    dry_run: bool,
) -> None:
    """Sign accounts anew, by a signing key of the operator where there is one.

    Of the users those that are revoked, and of all what others have signed, is left as it is
    unless it is named.

    That is what edit operator --require-signing-keys waits for.
    """
    with editing(session, force=force, dry_run=dry_run) as edit:
        above = edit.operator()
        for node in _chosen(edit, names, above.accounts, every=every):
            node.sign_with(edit.signer or above.signer())
            node.reissue()
            edit.did(f'account "{node.name}" re-signed', kind="account", path=node.path)
            for one in _chosen(edit, (), node.users, every=True) if users else ():
                _reissue_user(edit, node, one)
            plain = [key for key in node.claims.nats.signing_keys if isinstance(key, str)]
            # Whoever gives the operator signing keys may be about to require them.
            if above.signing_keys and users and len(node.users) and not plain:
                edit.warn(
                    f'users of account "{node.name}" are signed by its identity key still: '
                    f"natsauth edit account {quote(node.name)} --sk generate, and reissue them "
                    "once more",
                    path=node.path,
                )


@command(
    "user",
    "natsauth reissue user -a my_account alice",
    "natsauth reissue user -a my_account --all",
)
@click.argument("names", nargs=-1)
@account_option
@click.option("-A", "--all", "every", is_flag=True, help="All users of the account.")
@force_option
@dry_run_option
@click.pass_obj
def user(
    session: Session,
    names: tuple[str, ...],
    account: str | None,
    *,
    every: bool,
    force: bool,
    dry_run: bool,
) -> None:
    """Sign users anew, by a signing key of the account where there is one, and write their creds.

    Users of a role keep it. With --all, those that are revoked, or that others have signed, are
    left as they are.
    """
    with editing(session, force=force, dry_run=dry_run) as edit:
        above = edit.account(account)
        for node in _chosen(edit, names, above.users, every=every):
            _reissue_user(edit, above, node, edit.signer)


def _reissue_user(
    edit: Edit, above: AccountNode, node: UserNode, signer: Signer | str | None = None
) -> None:
    if signer:
        node.sign_with(signer)
    elif not above.claims.nats.scope(node.claims.iss):
        node.sign_with(above.signer())
    node.reissue()
    edit.did(f'user "{node.name}" re-signed', kind="user", path=node.path)


def _chosen(edit: Edit, names: Sequence[str], entries: Any, *, every: bool) -> list[Any]:
    """Return the entries that are named, or all but those that take being named."""
    if bool(names) == every:
        raise Mistake("Name what is meant, or all of it.", hint="--all is all of it")
    if names:
        return [entries.find(name) for name in names]
    return [node for node in entries.values() if not _is_left_out(edit, node)]


def _is_left_out(edit: Edit, node: AccountNode | UserNode) -> bool:
    """Tell whether to sign an entry anew would be to trust it, and say so."""
    kind = node.claims.kind
    if node.is_foreign:
        why = "is signed by a key that is none of its operator's or account's"
    elif getattr(node, "is_revoked", False):
        why = "is revoked"
    else:
        return False
    told = f'{kind} "{node.name}" {why}, and stays as it is: name it to have it trusted again'
    edit.warn(told, kind=kind, path=node.path)
    return True
