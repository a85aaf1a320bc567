"""``natsauth push``: accounts to the servers of their operator."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from natsauth.cli._commands import Mistake, command
from natsauth.cli._push_job import Job
from natsauth.cli._servers import connect, server_options
from natsauth.cli._tree import Workspace
from natsauth.errors import NotFoundError
from natsauth.keys import KeyType, is_public_key

if TYPE_CHECKING:
    from natsauth.authority import OperatorNode
    from natsauth.cli._session import Session


@command(
    "push",
    "natsauth push --all",
    "natsauth push -a my_account --account-jwt-server-url nats://127.0.0.1:4222",
    "natsauth push --diff",
    "natsauth push --prune --dry-run",
)
@click.option("-a", "--account", metavar="NAME", help="This account; by default the current one.")
@click.option("-A", "--all", "everything", is_flag=True, help="All accounts.")
@click.option("-F", "--force", is_flag=True, help="Push what servers would not serve, too.")
@click.option("-D", "--diff", is_flag=True, help="Compare what servers have with the store.")
@click.option("-P", "--prune", is_flag=True, help="Delete from servers what the store lacks.")
@click.option("-R", "--account-removal", metavar="NAME", help="Delete one account from servers.")
@click.option("--allow-all", is_flag=True, help="Prune although the store looks like another one.")
@click.option("--confirm", is_flag=True, help="Look each account up after it was pushed.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@server_options
@click.pass_obj
def push(session: Session, /, account: str | None, *, everything: bool, **given: Any) -> None:
    """Push accounts to the servers, and see to what they have.

    Alone, --diff, --prune and --account-removal push nothing; with -A or -a the push comes first.
    Exit code 3 means that some servers or accounts were reached and others not, and 4 that --diff
    found a difference.
    """
    how = {n: given.pop(n) for n in ("force", "confirm", "dry_run", "allow_all")}
    todo = {name: given.pop(name) for name in ("diff", "prune", "account_removal")}
    wanted = [name for name, value in todo.items() if value]
    if len(wanted) > 1 or (everything and account):
        both = wanted if len(wanted) > 1 else ["all", "account"]
        text = f"--{' and --'.join(both).replace('_', '-')} exclude each other."
        raise Mistake(text, click.get_current_context())
    work = Workspace(session)
    operator = work.operator()
    removed = _key(operator, todo["account_removal"])
    names: list[str] = []
    if everything:
        names = list(operator.accounts)
    elif account or not wanted:
        names = [work.account(account).name]
    job = Job(session, work, **how)

    async def run() -> None:
        async with connect(work, **given) as resolver:
            await job.find_servers(resolver, given["url"])
            if names:
                await job.push(resolver, names)
            if todo["diff"]:
                await job.diff(resolver)
            if todo["prune"]:
                await job.prune(resolver)
            if removed:
                await job.delete(resolver, removed, todo["account_removal"])

    asyncio.run(run())
    if code := job.finish():
        click.get_current_context().exit(code)


def _key(operator: OperatorNode, name: str | None) -> str:
    """Return the public key of an account that may be on servers alone."""
    if not name or is_public_key(name, KeyType.ACCOUNT):
        return name or ""
    try:
        return operator.accounts[name].public_key
    except NotFoundError as error:
        hint = "for an account that only servers have, give its public key: --diff shows it"
        raise NotFoundError(str(error.args[0]), hint=hint) from None
