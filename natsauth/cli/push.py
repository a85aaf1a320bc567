"""``natsauth push``: accounts to the servers of their operator."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from natsauth.cli._commands import Mistake, command
from natsauth.cli._output import ExitCode, Report, Status
from natsauth.cli._servers import connect, server_options
from natsauth.cli._tree import Workspace
from natsauth.errors import NotFoundError, StoreDataError
from natsauth.keys import KeyType, is_public_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.authority import OperatorNode
    from natsauth.claims import AccountClaims
    from natsauth.cli._output import Output
    from natsauth.cli._session import Session
    from natsauth.resolver import AccountDiff, DeleteResult, PruneResult, PushResult, ResolverClient
    from natsauth.token import Token

_EACH = 50
"""More accounts than this are not reported one by one to a terminal."""


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

    Exit code 3 means that some servers or accounts were reached and others not, and 4 that --diff
    found a difference.
    """
    how = {n: given.pop(n) for n in ("force", "confirm", "dry_run", "allow_all")}
    wanted = [name for name in ("diff", "prune", "account_removal") if given[name]]
    if len(wanted) > 1 or (everything and account):
        both = wanted if len(wanted) > 1 else ["all", "account"]
        raise Mistake(f"--{' and --'.join(both).replace('_', '-')} exclude each other.")
    work = Workspace(session)
    operator = work.operator()
    removed = _key(operator, given.pop("account_removal"))
    job = _Job(session.output, operator, **how)
    names: list[str] = []
    if everything:
        names = list(operator.accounts)
    elif account or not wanted:
        names = [work.account(account).name]
    diff, prune = given.pop("diff"), given.pop("prune")

    async def run() -> None:
        async with connect(operator, **given) as resolver:
            if names:
                await job.push(resolver, names)
            if diff:
                await job.diff(resolver)
            if prune:
                await job.prune(resolver)
            if removed:
                await job.delete(resolver, removed)

    asyncio.run(run())
    if job.exit_code != ExitCode.DONE:
        click.get_current_context().exit(job.exit_code)


class _Job:
    """What a push does, and how it went.

    Args:
        output: Where it is told.
        operator: Whose accounts they are.
        how: The options of the command.
    """

    def __init__(
        self,
        output: Output,
        operator: OperatorNode,
        *,
        force: bool,
        confirm: bool,
        dry_run: bool,
        allow_all: bool,
    ) -> None:
        self._output = output
        self._operator = operator
        self._force, self._confirm = force, confirm
        self._dry_run, self._allow_all = dry_run, allow_all
        self._reached = False
        self.exit_code = ExitCode.DONE

    async def push(self, resolver: ResolverClient, names: list[str]) -> None:
        """Push accounts, as they are read."""
        servers = ", ".join(resolver.servers)
        if self._dry_run:
            for name in names:
                self._output.ok(f'would push "{name}" to {servers}', account=name)
            return
        each = self._output.json or len(names) <= _EACH
        good = 0
        with self._output.progress("pushing", len(names)) as advance:
            pushed = resolver.push_each(
                self._tokens(names), force=self._force, confirm=self._confirm
            )
            async for result in pushed:
                advance(1)
                good += bool(result)
                self._judge(result, some=any(reply.ok for reply in result.replies))
                if each or not result:
                    self._output.report(_pushed(result))
        if not each:
            self._output.ok(f"pushed {good} of {len(names)} accounts to {servers}")

    def _tokens(self, names: list[str]) -> Iterator[Token[AccountClaims]]:
        for name in names:
            try:
                yield self._operator.accounts.token(name)
            except StoreDataError as error:
                self._output.error(str(error.args[0]), account=name, hint=error.hint)
                self.exit_code = ExitCode.PARTIAL

    async def diff(self, resolver: ResolverClient) -> None:
        """Compare what servers have with the store."""
        found = await resolver.diff(self._all_tokens())
        for step in _differences(found, self._names()):
            self._output.report(step)
        if not found:
            self.exit_code = max(self.exit_code, ExitCode.FINDINGS)

    async def prune(self, resolver: ResolverClient) -> None:
        """Delete from servers what the store lacks."""
        result = await resolver.prune(
            self._all_tokens(),
            signer=None if self._dry_run else self._operator.signer(),
            dry_run=self._dry_run,
            allow_all=self._allow_all,
        )
        for step in _pruned(result, dry_run=self._dry_run):
            self._output.report(step)
        if not (result or self._dry_run):
            some = result.deleted is not None and any(r.ok for r in result.deleted.replies)
            self._judge(result, some=some or result.deleted is None)

    async def delete(self, resolver: ResolverClient, key: str) -> None:
        """Delete one account from servers."""
        if self._dry_run:
            self._output.ok(f"would delete {key} from {', '.join(resolver.servers)}", account=key)
            return
        result = await resolver.delete([key], signer=self._operator.signer())
        self._output.report(_deleted(result))
        self._judge(result, some=any(reply.ok for reply in result.replies))

    def _judge(self, result: object, *, some: bool) -> None:
        if not result:
            worst = ExitCode.PARTIAL if some or self._reached else ExitCode.FAILED
            self.exit_code = worst
        self._reached = self._reached or bool(result)

    def _all_tokens(self) -> list[Token[AccountClaims]]:
        accounts = self._operator.accounts
        return [accounts.token(name) for name in accounts]

    def _names(self) -> dict[str, str]:
        accounts = self._operator.accounts
        return {accounts.token(name).claims.sub: name for name in accounts}


def _key(operator: OperatorNode, name: str | None) -> str:
    """Return the public key of an account that may be on servers alone."""
    if not name:
        return ""
    try:
        return operator.accounts.find(name).public_key
    except NotFoundError:
        if is_public_key(name, KeyType.ACCOUNT):
            return name
        raise


def _pushed(result: PushResult) -> Report:
    facts: dict[str, Any] = {
        "account": result.account,
        "name": result.name,
        "reason": result.reason,
        "servers": [_reply(reply) for reply in result.replies],
        "missing": result.missing,
        "confirmed": result.confirmed,
    }
    if result:
        words = ", ".join(dict.fromkeys(reply.message for reply in result.replies))
        names = ", ".join(reply.server_name for reply in result.replies)
        said = f'pushed "{result.name}" to {names}: {words}'
        return Report(f"{said}, and confirmed" if result.confirmed else said, **facts)
    step = Report(f'push "{result.name}"', Status.ERROR, **facts)
    for problem in result.problems:
        step.error(f"not sent: {problem}")
    _add_replies(step, result)
    if result.no_responders:
        step.error("no server takes pushes: only resolvers of type full or cache do")
    if result.confirmed is False:
        step.error("a server that took it does not give it back")
    return step


def _add_replies(step: Report, result: PushResult | DeleteResult) -> None:
    for reply in result.replies:
        (step.ok if reply.ok else step.error)(f"{reply.server_name}: {reply.message}")
    for name in result.missing:
        step.error(f"{name} did not answer")


def _reply(reply: Any) -> dict[str, Any]:
    return {
        "server": reply.server_name,
        "ok": reply.ok,
        "message": reply.message,
        "effect": reply.effect,
    }


def _differences(found: AccountDiff, names: dict[str, str]) -> Iterator[Report]:
    def called(key: str) -> str:
        return f'"{names[key]}"' if key in names else key

    for server in found.servers:
        step = Report(
            f"accounts of {server.server_name} compared with the store",
            server=server.server_name, absent=server.absent, extra=server.extra,
        )  # fmt: skip
        for key in server.absent:
            step.warning(f"lacks {called(key)}", account=key)
        for key in server.extra:
            step.warning(f"has {key}, which is not in the store", account=key)
        yield step
    for account in found.different:
        where = ", ".join(account.servers)
        message = f"{account.count} of {where} have another token of {called(account.account)}"
        yield Report(message, Status.WARNING, account=account.account, servers=account.servers)
    for key in found.untold:
        message = f"not every server tells its token of {called(key)}: caches do not"
        yield Report(message, Status.WARNING, account=key)
    for name in found.missing:
        yield Report(f"{name} did not answer", Status.WARNING, server=name)


def _pruned(result: PruneResult, *, dry_run: bool) -> Iterator[Report]:
    if not result.accounts and not result.missing:
        yield Report("nothing to prune", accounts=[])
    elif dry_run:
        for key in result.accounts:
            yield Report(f"would delete {key}", account=key)
    elif result.deleted is not None:
        yield _deleted(result.deleted)
    for name in result.missing:
        yield Report(f"{name} did not say what it has", Status.ERROR, server=name)


def _deleted(result: DeleteResult) -> Report:
    count = len(result.accounts)
    step = Report(
        f"delete {count} account{'' if count == 1 else 's'} from servers",
        Status.OK if result else Status.ERROR,
        accounts=result.accounts,
        unlisted=result.unlisted,
        servers=[_reply(reply) for reply in result.replies],
        missing=result.missing,
    )
    _add_replies(step, result)
    for key in result.unlisted:
        step.warning(f"no server listed {key}: it was unknown there, or expired", account=key)
    return step
