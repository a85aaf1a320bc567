"""``natsauth pull``: accounts from the servers of their operator."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from natsauth.authority._adopt import adopt_pulled
from natsauth.cli._commands import command
from natsauth.cli._output import ExitCode
from natsauth.cli._servers import connect, server_options
from natsauth.cli._tree import Workspace, editing
from natsauth.keys import KeyType, is_public_key

if TYPE_CHECKING:
    from natsauth.authority._adopt import Adopted
    from natsauth.cli._session import Session
    from natsauth.cli._tree import Edit
    from natsauth.resolver import PullResult


@command("pull", "natsauth pull --all", "natsauth pull -a my_account --overwrite-newer")
@click.option("-a", "--account", metavar="NAME", help="This account, by name or public key.")
@click.option("-A", "--all", "everything", is_flag=True, help="All accounts that a server has.")
@click.option("-F", "--overwrite-newer", is_flag=True, help="Replace what is newer here, too.")
@click.option("--dry-run", is_flag=True, help="Say what would be stored, and store nothing.")
@server_options
@click.pass_obj
def pull(
    session: Session,
    /,
    account: str | None,
    *,
    everything: bool,
    overwrite_newer: bool,
    dry_run: bool,
    **given: Any,
) -> None:
    """Fetch accounts from the servers into the store.

    Only what the operator has signed is stored. What is newer here stays, unless it is said
    otherwise. Exit code 3 means that some accounts were stored and others not.
    """
    work = Workspace(session)
    operator = work.operator()
    keys = None
    if account and is_public_key(account, KeyType.ACCOUNT):
        keys = [account]
    elif not everything:
        keys = [work.account(account).public_key]

    async def run() -> PullResult:
        async with connect(operator, **given) as resolver:
            return await resolver.pull(keys)

    found = asyncio.run(run())
    bad = 0
    with editing(session, dry_run=dry_run) as edit:
        for taken in adopt_pulled(
            edit.store, edit.operator(), found.accounts,
            overwrite_newer=overwrite_newer, dry_run=dry_run,
        ):  # fmt: skip
            bad += taken.error is not None
            _tell(edit, taken)
    for rejected in found.rejected:
        session.output.error(f"{rejected.account or 'a server'}: {rejected.problem}")
    for key in found.unknown:
        session.output.error(f"no server has {key}", account=key)
    if bad or not found:
        done = len(found.accounts) > bad
        click.get_current_context().exit(ExitCode.PARTIAL if done else ExitCode.FAILED)


def _tell(edit: Edit, taken: Adopted) -> None:
    facts = {"account": taken.account, "name": taken.name, "stored": taken.stored}
    if taken.error is not None:
        error = taken.error
        edit.warn(f'account "{taken.name}" is not stored: {error}', code=error.code, **facts)
    elif taken.stored:
        edit.did(f'stored account "{taken.name}"', **facts)
    else:
        edit.did(f'account "{taken.name}" is the same here', **facts)
