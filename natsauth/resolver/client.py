"""Pushing accounts to the resolvers of running servers, and seeing to what they have.

::

    async with ResolverClient.connect(
        "nats://127.0.0.1:4222", operator, system_account=system_account, signer=signing_key
    ) as resolver:
        for result in await resolver.push_all(accounts):
            result.raise_for_errors()

Every server of a cluster answers for itself. A client counts the servers as it connects; from then
on it waits for as many answers, and no longer. What each kind of resolver can do, as of nats-server
2.15.1:

=========  =======================  ==================================  =======================
resolver   push                     list, diff, delete, prune           lookup, pull, confirm
=========  =======================  ==================================  =======================
full       stores the account       yes; deletes with ``allow_delete``  yes
cache      if the account is used   what it has in use                  no
MEMORY     ``in_memory=True``       no                                  no
URL        ``in_memory=True``       no                                  no
=========  =======================  ==================================  =======================
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from secrets import token_hex
from typing import TYPE_CHECKING

from natsauth.claims.operator import OperatorClaims
from natsauth.creds import Creds
from natsauth.errors import UsageError
from natsauth.resolver import _delete, _diff, _pull, _push
from natsauth.resolver._addresses import parse_servers
from natsauth.resolver._answers import Roster
from natsauth.resolver._connection import connected
from natsauth.resolver._guard import guarded
from natsauth.resolver._preflight import Checked, check, require_good
from natsauth.resolver._protocol import LIFETIME, seconds, temporary_creds
from natsauth.resolver._session import Session
from natsauth.token import decode

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
    from datetime import timedelta
    from ssl import SSLContext
    from typing import Self

    from natsauth.claims.account import AccountClaims
    from natsauth.keys import PublicKey
    from natsauth.resolver.inventory import AccountDiff, AccountListing, PullResult
    from natsauth.resolver.results import DeleteResult, PruneResult, PushResult
    from natsauth.signing import Signer
    from natsauth.token import Token


class ResolverClient:
    """A connection to all servers of a cluster through one of them, made by :meth:`connect`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @classmethod
    @asynccontextmanager
    async def connect(  # noqa: PLR0913 - keywords, of which few are ever given
        cls,
        servers: str | Sequence[str] | None,
        operator: Token[OperatorClaims],
        *,
        system_account: Token[AccountClaims] | None = None,
        signer: Signer | None = None,
        creds: Creds | None = None,
        timeout: timedelta | float = 5.0,  # noqa: ASYNC109 - of each request, not of this one
        connect_timeout: timedelta | float = 5.0,
        lifetime: timedelta | float = LIFETIME,
        read_only: bool = False,
        expected_servers: int | None = None,
        tls: SSLContext | None = None,
        tls_first: bool = False,
    ) -> AsyncIterator[Self]:
        """Connect to the first server that can be reached, for an ``async with`` block.

        Either ``system_account`` and ``signer`` are given, for a temporary user that may do
        nothing else and whose key stays in memory; or the creds of a system user.

        Args:
            servers: URLs such as ``nats://127.0.0.1:4222``, in a sequence or between commas, with
                ``tls``, ``ws`` or ``wss`` in place of ``nats``; ``None`` for those that the
                operator's ``account_server_url`` names. WebSockets need ``natsauth[ws]``.
            operator: The operator that the servers trust.
            system_account: The operator's system account.
            signer: A signing key of the system account without a scope; or, unless the operator
                is strict, the account's identity key.
            creds: A user of the system account, in place of the two above.
            timeout: Seconds without any answer after which the servers that have not answered
                count as missing; ten times as long altogether. A server may take 2 seconds to look
                for imported accounts. See :meth:`with_timeout`.
            connect_timeout: Seconds within which the connection must stand.
            lifetime: Seconds after which the temporary user expires and is disconnected.
            read_only: Whether the temporary user may only look. Servers then refuse it to push and
                to delete; but where servers of a cluster have different tokens of an account, it
                could have one give its own to the others, as the reply to a lookup.
            expected_servers: How many servers are to answer; as many as there are if not given.
            tls: How to connect over TLS: ``ssl.create_default_context(cafile=...)`` knows a
                certificate authority, its ``load_cert_chain()`` a client certificate. A server
                without TLS is refused if it is given, or the scheme is ``tls`` or ``wss``. With
                neither, a server that asks for TLS is connected to as browsers do.
            tls_first: Whether the TLS handshake comes before everything else, as for servers with
                ``handshake_first``.

        Raises:
            ResolverConnectionError: No server can be reached, or takes the user.
            ResolverTimeoutError: No server answers, once connected.
            ResolverError: An address is none, the user is not one of the system account, or
                nats-py is not installed.
            TrustError: The signer or the system account is not one that the servers trust.
            IssuerError, KeyTextError, SecretError, SignatureError: The signer is no account key,
                or failed; see :func:`natsauth.encode`.
            TokenError, ClaimsError: A token is of another kind.
            UsageError: An argument has the wrong type, or is one too many or too few.
        """
        claims = decode(operator, OperatorClaims).claims
        urls = parse_servers(claims.nats.account_server_url if servers is None else servers)
        patience = seconds("timeout", timeout)
        time_to_connect = seconds("connect_timeout", connect_timeout)
        expected = expected_servers
        if expected is not None and (expected.__class__ is not int or expected < 1):
            raise UsageError(f"expected_servers is 1 or more, got {expected!r:.80}")
        inbox = f"_INBOX.{token_hex(16)}.*"
        if creds is None and system_account is not None and signer is not None:
            life = max(int(seconds("lifetime", lifetime)), 1)
            creds = temporary_creds(
                system_account, operator, signer, inbox=inbox, lifetime=life, read_only=read_only
            )
        elif not isinstance(creds, Creds) or system_account is not None or signer is not None:
            raise UsageError("give either system_account= and signer=, or creds=")
        async with connected(
            urls, creds, inbox=inbox, seconds=time_to_connect, tls=tls, tls_first=tls_first
        ) as connection:
            session = Session(
                connection.questions,
                claims,
                creds.token.claims.account,
                connection.max_payload,
                patience,
                Roster({}, 0),
            )
            yield cls(await session.with_roster(expected))

    @property
    def servers(self) -> tuple[str, ...]:
        """The names of the servers that were there when the client connected."""
        return tuple(sorted(self._session.roster.names.values()))

    def with_timeout(self, timeout: timedelta | float) -> Self:
        """Return a client over the same connection with another time-out, as for :meth:`connect`.

        Raises:
            UsageError: It is no duration.
        """
        return type(self)(replace(self._session, patience=seconds("timeout", timeout)))

    def check(self, token: Token[AccountClaims], *, force: bool = False) -> Checked:
        """Check an account by itself, as a push does before it is sent, and ask nobody.

        Args:
            token: The account.
            force: Whether only that is a problem which keeps the token from being sent.

        Raises:
            UsageError: It is no token.
        """
        session = self._session
        return check(
            token, session.operator,
            max_payload=session.max_payload, trusted=session.trusted, force=force,
        )  # fmt: skip

    async def check_each(
        self, tokens: Iterable[Token[AccountClaims]], *, force: bool = False
    ) -> AsyncGenerator[Checked, None]:
        """Check any number of accounts as :meth:`push_each` does, and send none.

        Yields:
            What was found, in the order of the accounts.

        Raises:
            ResolverError: The user may not look accounts up.
            ResolverConnectionError: The connection was lost.
            UsageError: One is no token.
        """
        accounts = self._checked(tokens, force=force)
        async with aclosing(guarded(self._session, accounts, force=force)) as checked:
            async for account in checked:
                yield account

    async def push(
        self,
        token: Token[AccountClaims],
        *,
        force: bool = False,
        confirm: bool = False,
        in_memory: bool = False,
    ) -> PushResult:
        """Push an account to all servers; see :meth:`push_all`."""
        [result] = await self.push_all([token], force=force, confirm=confirm, in_memory=in_memory)
        return result

    async def push_all(
        self,
        tokens: Iterable[Token[AccountClaims]],
        *,
        force: bool = False,
        confirm: bool = False,
        in_memory: bool = False,
    ) -> list[PushResult]:
        """Push accounts to all servers.

        Before the first is sent, all are checked: what the servers would refuse, or store but
        never serve, is not sent. That is also what no operator token in a server's configuration
        trusts, as far as the server tells it. :meth:`push_each` checks them one by one.

        Each is looked up, then, and not sent if a server has a newer one, by ``iat``, for servers
        would take it back without a word. The result says so, and the others go on.

        Args:
            tokens: The accounts.
            force: Whether to send them whatever the check finds, and without looking them up.
            confirm: Whether to look each account up afterwards. Servers do not say who they are
                when they give an account: confirmed is that as many gave it back as stored it.
            in_memory: Whether to reach servers with a resolver of type ``MEMORY`` or ``URL``, too.
                They take only accounts that are in use, and only until they restart.

        Returns:
            What the servers answered about each account, in the order of the accounts.

        Raises:
            ResolverError: An account fails the check, and none was sent; every reason is named.
                Or the user may not push, or look accounts up.
            ResolverConnectionError: The connection was lost; accounts may have been taken.
            ResolverTimeoutError: No server said whether it keeps accounts, for ``in_memory``.
            UsageError: One is no token.
        """
        accounts = [*self._checked(tokens, force=force)]
        require_good(accounts)
        pushed = _push.push_each(
            self._session, accounts, force=force, confirm=confirm, in_memory=in_memory
        )
        return [result async for result in pushed]

    async def push_each(
        self,
        tokens: Iterable[Token[AccountClaims]],
        *,
        force: bool = False,
        confirm: bool = False,
        in_memory: bool = False,
    ) -> AsyncGenerator[PushResult, None]:
        """Push any number of accounts to all servers, without holding all of them.

        The next account is taken once there is room: some hundreds are on their way at a time. An
        account that fails the check, or of which a server has a newer token, is not sent; its
        result says why, and the others go on. The arguments are those of :meth:`push_all`.

        Yields:
            What the servers answered about each account, in the order of the accounts.

        It raises what :meth:`push_all` does, save for what the check finds.
        """
        accounts = self._checked(tokens, force=force)
        pushed = _push.push_each(
            self._session, accounts, force=force, confirm=confirm, in_memory=in_memory
        )
        async with aclosing(pushed):
            async for result in pushed:
                yield result

    async def lookup(self, account: str | PublicKey) -> Token[AccountClaims] | None:
        """Ask for the token of an account.

        Args:
            account: The account's public key.

        Returns:
            The token, of which only the integrity is verified; the newest one where the servers
            have different ones. ``None`` if no server has any.

        Raises:
            KeyTextError, KeyRoleError, UsageError: The key is not that of an account.
            ResolverError: No server has a resolver of type ``full``, an answer is not the token of
                the account, or the user may not ask.
            ResolverTimeoutError: No server has it, and not all have answered.
            ResolverConnectionError: The connection was lost.
        """
        return await _pull.lookup(self._session, account)

    async def list_accounts(self) -> AccountListing:
        """Ask every server which accounts it has.

        Raises:
            ResolverError: No server has a resolver of type ``full`` or ``cache``, an answer is no
                list, or the user may not ask.
            ResolverTimeoutError: No server answered.
            ResolverConnectionError: The connection was lost.
        """
        return await _pull.list_accounts(self._session)

    async def pull(
        self, accounts: Iterable[Token[AccountClaims] | PublicKey | str] | None = None
    ) -> PullResult:
        """Ask for the tokens of accounts.

        Args:
            accounts: Which ones; of each the newest token is taken that any server has. If not
                given, one server gives all that it has, expired ones left out. Which one is left
                to chance, so let the servers agree before: see :meth:`diff`.

        Raises:
            KeyTextError, KeyRoleError, UsageError: An account is none.
            ResolverError: No server has a resolver of type ``full``, one gave more than 512 MiB,
                or the user may not ask.
            ResolverTimeoutError: The server did not give all that it has; or no server has an
                account, and not all have answered.
            ResolverConnectionError: The connection was lost.
        """
        if accounts is None:
            return await _pull.pull_all(self._session)
        return await _pull.pull(self._session, accounts)

    async def diff(self, tokens: Iterable[Token[AccountClaims]]) -> AccountDiff:
        """Compare the accounts that the servers have with those that are given, word for word.

        Args:
            tokens: All accounts that the servers ought to have, the system account among them.

        Raises:
            KeyTextError, KeyRoleError, UsageError: One is no token of an account.

        It also raises what :meth:`list_accounts` does.
        """
        return await _diff.diff(self._session, tokens)

    async def delete(
        self, accounts: Iterable[Token[AccountClaims] | PublicKey | str], *, signer: Signer
    ) -> DeleteResult:
        """Delete accounts from all servers. Their users are disconnected.

        Servers have it only with ``allow_delete: true`` in their resolver block.

        Args:
            accounts: The accounts.
            signer: A signing key of the operator; or, unless it is strict, its identity key.

        Raises:
            LockoutError: The system account is among them; nothing was sent.
            TrustError: The servers do not trust the signer; nothing was sent.
            KeyTextError, KeyRoleError, UsageError: An account is none.
            IssuerError, SecretError, SignatureError: The signer failed.
            ResolverError: No server has a resolver of type ``full`` or ``cache``, an answer is no
                list, or the user may not ask.
            ResolverTimeoutError: No server answered, and nothing was sent.
            ResolverConnectionError: The connection was lost; accounts may have been deleted.
        """
        return await _delete.delete(self._session, accounts, signer)

    async def prune(
        self,
        keep: Iterable[Token[AccountClaims] | PublicKey | str],
        *,
        signer: Signer | None = None,
        dry_run: bool = False,
        allow_all: bool = False,
    ) -> PruneResult:
        """Delete the accounts that servers have and that are not to be kept.

        The system account is never deleted. Nor is what is pushed meanwhile, if ``keep`` is read
        out of where accounts come from as it is iterated over.

        Args:
            keep: All accounts of the operator, the system account among them; it is iterated over
                once the servers have said what they have.
            signer: A signing key of the operator; or, unless it is strict, its identity key.
                A dry run needs none.
            dry_run: Whether to tell only what would be deleted.
            allow_all: Whether to believe a ``keep`` that is empty, lacks the system account, or
                holds none of the other accounts that servers have. It may be the wrong one.

        Raises:
            LockoutError: ``keep`` looks like the wrong accounts; nothing was sent.
            UsageError: The signer is missing.

        It also raises what :meth:`delete` does, and whatever iterating over ``keep`` does.
        """
        return await _delete.prune(
            self._session, keep, signer, dry_run=dry_run, allow_all=allow_all
        )

    def _checked(self, tokens: Iterable[Token[AccountClaims]], *, force: bool) -> Iterator[Checked]:
        if not isinstance(tokens, Iterable):
            raise UsageError(f"expected tokens, got {type(tokens).__name__}", hint="or use push()")
        return (self.check(token, force=force) for token in tokens)
