"""``natsauth pull``: accounts from the servers of their operator."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from natsauth.authority._adopt import adopt_pulled
from natsauth.cli._commands import Mistake, command
from natsauth.cli._output import ExitCode, Report, Status
from natsauth.cli._servers import connect, server_options
from natsauth.cli._tree import Workspace, editing
from natsauth.errors import NotFoundError
from natsauth.keys import KeyType, is_public_key

if TYPE_CHECKING:
    from natsauth.authority._adopt import Adopted
    from natsauth.cli._session import Session
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
    if everything and account:
        raise Mistake("--all and --account exclude each other.", click.get_current_context())
    work = Workspace(session)
    keys = None if everything else [_key(work, account)]

    async def run() -> PullResult:
        async with connect(work, **given) as resolver:
            return await resolver.pull(keys)

    found = asyncio.run(run())
    with editing(session, dry_run=dry_run) as edit:
        taken = adopt_pulled(
            edit.store, edit.operator(), found.accounts,
            overwrite_newer=overwrite_newer, dry_run=dry_run,
        )  # fmt: skip
        edit.steps += [_told(one, dry_run=dry_run) for one in taken]
        for rejected in found.rejected:
            text = f"{rejected.account or 'what a server gave'} is not stored: {rejected.problem}"
            edit.steps.append(Report(text, Status.ERROR, account=rejected.account))
        for key in found.unknown:
            text = f"no server has {account or key}"
            edit.steps.append(Report(text, Status.ERROR, account=key))
        if not edit.steps:
            edit.did("the server has no accounts")
    good = [step.status is Status.OK for step in edit.steps]
    if not all(good):
        click.get_current_context().exit(ExitCode.PARTIAL if any(good) else ExitCode.FAILED)


def _key(work: Workspace, name: str | None) -> str:
    if name and is_public_key(name, KeyType.ACCOUNT):
        return name
    try:
        return work.account(name).public_key
    except NotFoundError as error:
        hint = "servers know accounts by public key alone: give that, or --all" if name else ""
        raise NotFoundError(str(error.args[0]), hint=hint or error.hint) from None


def _told(taken: Adopted, *, dry_run: bool) -> Report:
    facts: dict[str, Any] = {"account": taken.account, "name": taken.name, "stored": taken.stored}
    if taken.error is not None:
        text = f'account "{taken.name}" is not stored: {taken.error}'
        return Report(text, Status.ERROR, code=taken.error.code, **facts)
    if not taken.stored:
        return Report(f'account "{taken.name}" is the same here', **facts)
    done = "would store" if dry_run else "stored"
    return Report(f'{done} account "{taken.name}"', **facts)
