"""What ``push`` does on servers, step by step, and how it went."""

from __future__ import annotations

from contextlib import aclosing, nullcontext
from typing import TYPE_CHECKING

from natsauth.cli._hints import in_commands
from natsauth.cli._output import ExitCode, Report, Status
from natsauth.cli._push_reports import Tally, called, cure, deleted, differences, pruned, pushed
from natsauth.cli._servers import addresses, named_key, unreachable
from natsauth.errors import LockoutError, ResolverConnectionError, ResolverError, StoreDataError
from natsauth.keys import KeyType
from natsauth.resolver import PushReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from natsauth.claims import AccountClaims
    from natsauth.cli._session import Session
    from natsauth.cli._tree import Workspace
    from natsauth.resolver import DeleteResult, PruneResult, PushResult, ResolverClient
    from natsauth.signing import Signer
    from natsauth.token import Token

_EACH = 50
"""More accounts than this are not reported one by one, but to programs."""


class Job:
    """What a push does, and how it went.

    Args:
        session: Where it is told.
        work: Whose accounts they are.
        force: Whether what servers would not serve, or have newer, is pushed, too.
        confirm: Whether accounts are looked up after they were pushed.
        dry_run: Whether nothing is sent.
        allow_all: Whether a store that looks like another one is believed.
    """

    def __init__(
        self,
        session: Session,
        work: Workspace,
        *,
        force: bool,
        confirm: bool,
        dry_run: bool,
        allow_all: bool,
    ) -> None:
        self._output = session.output
        self._work = work
        self._operator = work.operator()
        self._force, self._confirm = force, confirm
        self._dry_run, self._allow_all = dry_run, allow_all
        self._some = self._bad = self._findings = False
        self._servers = ""
        self._hints: dict[str, None] = {}
        self._unread: list[Report] = []

    def finish(self) -> ExitCode:
        """Say what may help, once, and return how it went."""
        for hint in self._hints:
            done = "not everything" if self._some else "nothing"
            self._output.note(f"{done} was done", hint=hint)
        if self._bad:
            return ExitCode.PARTIAL if self._some else ExitCode.FAILED
        return ExitCode.FINDINGS if self._findings else ExitCode.DONE

    async def find_servers(self, resolver: ResolverClient, url: str | None) -> None:
        """Note which servers there are, and tell which are not there though they have a URL."""
        self._servers = ", ".join(resolver.servers)
        urls = addresses(self._operator, url)
        for down in await unreachable(urls) if len(urls) > len(resolver.servers) else ():
            self._bad = True
            self._output.error(f"{down} cannot be reached: nothing is done there", server=down)

    async def push(self, resolver: ResolverClient, names: list[str]) -> None:
        """Push accounts, as they are read."""
        if self._dry_run:
            await self._try(resolver, names)
            return
        output, tally, each = self._output, Tally(), self._output.json or len(names) <= _EACH
        bar = nullcontext(lambda _: None) if each else output.progress("pushing", len(names))
        results = resolver.push_each(self._tokens(names), force=self._force, confirm=self._confirm)
        try:
            with bar as advance:
                async with aclosing(results):
                    async for result in results:
                        if result.reason is PushReason.NO_RESPONDERS:
                            raise _nobody()
                        advance(1)
                        self._judge(
                            result,
                            good=bool(result),
                            some=any(reply.ok for reply in result.replies),
                        )
                        tally.add(result)
                        if each:
                            output.report(pushed(result))
        except ResolverConnectionError as error:
            self._bad = True
            cure = "push again; what is there already takes no harm"
            output.error(f"{error.args[0]} (hint: {cure})", code=error.code)
        finally:
            if tally.count and not each:
                unread = len(self._unread)
                output.report(tally.report(len(names), self._servers, unread=unread))
            self._tell_unread()

    async def _try(self, resolver: ResolverClient, names: list[str]) -> None:
        async for checked in resolver.check_each(self._tokens(names), force=self._force):
            name, key = checked.claims.name, checked.claims.sub
            problem = "; ".join(checked.problems)
            if problem:
                self._bad = True
                cure = f" (hint: {in_commands(checked.hint)})" if checked.hint else ""
                self._output.error(
                    f'would not push "{name}": {problem}{cure}', account=key, name=name
                )
            else:
                self._some = True
                self._output.ok(f'would push "{name}" to {self._servers}', account=key, name=name)
        self._tell_unread()

    def _tell_unread(self) -> None:
        for step in self._unread:
            self._output.report(step)
        self._unread.clear()

    def _tokens(self, names: list[str]) -> Iterator[Token[AccountClaims]]:
        """Yield accounts, and note which cannot be read, to be told once nothing else is shown."""
        for name in names:
            try:
                yield self._operator.accounts.token(name)
            except StoreDataError as error:
                self._bad = True
                text = f'not pushed "{name}": {error}'
                self._unread.append(Report(text, Status.ERROR, name=name, code=error.code))

    async def diff(self, resolver: ResolverClient) -> None:
        """Compare what servers have with the store."""
        names: dict[str, str] = {}
        found = await resolver.diff(self._all_tokens(names))
        extra = {key for server in found.servers for key in server.extra}
        for step in differences(found, names | await _names_there(resolver, extra)):
            self._output.report(step)
        self._some = True
        self._bad |= bool(found.missing)
        self._findings |= not found

    async def prune(self, resolver: ResolverClient) -> None:
        """Delete from servers what the store lacks."""
        result = await resolver.prune(
            (token.claims.sub for token in self._all_tokens({})),
            signer=None if self._dry_run else self._signer(),
            dry_run=self._dry_run,
            allow_all=self._allow_all,
        )
        names = await _names_there(resolver, result.accounts) if self._dry_run else {}
        for step in pruned(result, self._servers, names, dry_run=self._dry_run):
            self._output.report(step)
        sent = result.deleted
        good = not result.missing if self._dry_run else bool(result)
        some = sent is None or any(reply.ok for reply in sent.replies)
        self._judge(result, good=good, some=some)

    async def delete(self, resolver: ResolverClient, key: str, name: str) -> None:
        """Delete one account from servers."""
        names = {key: name} if name != key else {}
        if self._dry_run:
            if key == self._operator.claims.nats.system_account:
                raise LockoutError(f"{key} is the system account, which is not deleted")
            text = f"would delete {called(key, names)} from {self._servers}"
            self._output.ok(text, account=key)
            return
        result = await resolver.delete([key], signer=self._signer())
        self._output.report(deleted(result, names))
        self._judge(result, good=bool(result), some=any(reply.ok for reply in result.replies))

    def _signer(self) -> Signer:
        return named_key(self._work, KeyType.OPERATOR) or self._operator.signer()

    def _judge(
        self, result: PushResult | DeleteResult | PruneResult, *, good: bool, some: bool
    ) -> None:
        self._bad |= not good
        self._some |= some
        if not good and (hint := cure(result)):
            self._hints[hint] = None

    def _all_tokens(self, names: dict[str, str]) -> Iterator[Token[AccountClaims]]:
        """Yield all accounts, and note their names by their public keys.

        Raises:
            StoreDataError: One cannot be read: what servers have of it would look superfluous.
        """
        for name in self._operator.accounts:
            try:
                token = self._operator.accounts.token(name)
            except StoreDataError as error:
                text = f"nothing was compared or pruned: {error.args[0]}"
                raise StoreDataError(text, hint=error.hint) from error
            names[token.claims.sub] = name
            yield token


async def _names_there(resolver: ResolverClient, keys: Iterable[str]) -> dict[str, str]:
    """Return the names of accounts that are not in the store, as far as servers tell them."""
    try:
        found = await resolver.pull(keys)
    except ResolverError:  # of caches, or one server is silent: then the key has to do
        return {}
    return {token.claims.sub: token.claims.name for token in found.accounts}


def _nobody() -> ResolverError:
    return ResolverError(
        "no server takes pushes: their resolvers are neither of type full nor cache",
        hint="for a resolver of type MEMORY, put the accounts into the configuration: "
        "natsauth generate config --mem-resolver",
    )
