"""``natsauth select`` and ``natsauth env``: what commands mean that name no operator or account."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from natsauth.cli._commands import command
from natsauth.cli._complete import stored_names
from natsauth.cli._output import path_text
from natsauth.cli._tables import Table
from natsauth.cli._tree import Workspace
from natsauth.errors import NatsAuthError, StoreDataError
from natsauth.store import DirectoryStore

if TYPE_CHECKING:
    from natsauth.cli._session import Session
    from natsauth.store import Context

_CWD_ONLY = "NSC_CWD_ONLY"
_VARIABLES = (
    "NSC_HOME",
    "NKEYS_PATH",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    _CWD_ONLY,
    "NSC_NO_GIT_IGNORE",
    "NATS_CA",
    "NATS_CERT",
    "NATS_KEY",
)


@command("operator", "natsauth select operator my_operator")
@click.argument("name", shell_complete=stored_names("operator"))
@click.pass_obj
def select_operator(session: Session, name: str) -> None:
    """Make an operator the current one."""
    work = _workspace(session)
    node = work.operator(name)
    _save(work, replace(work.context, operator=node.name))
    session.output.ok(f'selected operator "{node.name}"', kind="operator", path=node.path)


@command("account", "natsauth select account my_account")
@click.argument("name", shell_complete=stored_names("account"))
@click.pass_obj
def select_account(session: Session, name: str) -> None:
    """Make an account of the current operator the current one."""
    work = _workspace(session)
    node = work.account(name)
    _save(work, replace(work.context, account=node.name))
    session.output.ok(f'selected account "{node.name}"', kind="account", path=node.path)


@command("env", "natsauth env", "natsauth env --json", "natsauth env -o my_operator -a my_account")
@click.option(
    "-o",
    "--operator",
    metavar="NAME",
    shell_complete=stored_names("operator"),
    help="Make it the current operator.",
)
@click.option(
    "-a",
    "--account",
    metavar="NAME",
    shell_complete=stored_names("account"),
    help="Make it the current account.",
)
@click.option(
    "-s",
    "--store",
    type=click.Path(exists=True, file_okay=False),
    help="Make it the directory of the stores.",
)
@click.pass_obj
def env(session: Session, operator: str | None, account: str | None, store: str | None) -> None:
    """Show which directories, operator and account are in use, or choose them."""
    if store:
        work = _workspace(session)
        place = str(Path(store).absolute())
        chosen = DirectoryStore(place, keys=work.locations.keys)
        _save(work, replace(work.context, store_root=place), chosen)
    if operator:
        work = _workspace(session)
        _save(work, replace(work.context, operator=work.operator(operator).name))
    if account:
        work = _workspace(session)
        _save(work, replace(work.context, account=work.account(account).name))
    _show(session, _workspace(session))


def _workspace(session: Session) -> Workspace:
    """Return a workspace also where ``nsc.json`` is corrupt: these commands show and cure that."""
    try:
        work = Workspace(session)
        work.context  # noqa: B018 - this reads the file
    except StoreDataError as error:
        session.output.note(str(error.args[0]), hint=error.hint)
        work = Workspace(session, lenient=True)
    return work


def _save(work: Workspace, context: Context, store: DirectoryStore | None = None) -> None:
    if _CWD_ONLY in os.environ:
        raise NatsAuthError(
            f"${_CWD_ONLY} is set: the working directory alone says what is current",
            hint=f"change the directory, or unset {_CWD_ONLY}",
        )
    context.settled(store or work.store).save(work.locations)


def _show(session: Session, work: Workspace) -> None:
    places, current = work.locations, work.context
    variables = {name: os.environ.get(name) for name in _VARIABLES}
    document = {
        "config_dir": str(places.config),
        "stores_dir": str(places.stores),
        "keys_dir": str(places.keys),
        "operator": current.operator,
        "account": current.account,
        "variables": variables,
    }
    table = Table("Environment", "Setting", "Set", "Effective Value")
    for name, value in variables.items():
        table.row(f"${name}", "No" if value is None else "Yes", value or "")
    table.rule()
    for label, place in (
        ("Configuration", places.config / "nsc.json"),
        ("Current Store Dir", places.stores),
        ("Current Keys Dir", places.keys),
    ):
        table.row(label, "", path_text(place).strip("`"))
    table.row("Current Operator", "", current.operator)
    table.row("Current Account", "", current.account)
    session.output.show(document, table)
    data = variables["XDG_DATA_HOME"]
    if data and work.is_named_by_file and Path(data, "nats/nsc/stores") != places.stores:
        session.output.note(
            f"nsc.json names the store directory {str(places.stores)!r}, which $XDG_DATA_HOME does "
            "not change",
            hint="natsauth env -s DIR does",
        )
