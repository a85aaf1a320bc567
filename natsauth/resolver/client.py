"""Pushing accounts to the resolvers of running servers.

::

    async with ResolverClient.connect(
        "nats://127.0.0.1:4222", operator, system_account=system_account, signer=signing_key
    ) as resolver:
        for result in await resolver.push_all(accounts):
            result.raise_for_errors()

Every server of a cluster answers for itself. A client counts the servers as it connects; from then
on it waits for as many answers, and no longer.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from operator import attrgetter
from secrets import token_hex
from typing import TYPE_CHECKING

from natsauth.claims.operator import OperatorClaims
from natsauth.creds import Creds
from natsauth.errors import ResolverError, ResolverTimeoutError, UsageError
from natsauth.keys import KeyType, PublicKey
from natsauth.resolver._answers import (
    Roster,
    parse_account,
    parse_accounts,
    parse_reply,
    parse_roster,
)
from natsauth.resolver._connection import Answers, Connection, connected
from natsauth.resolver._protocol import (
    LIFETIME,
    LIST,
    LOOKUP,
    PING,
    UPDATE,
    parse_servers,
    preflight,
    seconds,
    temporary_creds,
)
from natsauth.resolver.results import AccountListing, PushResult
from natsauth.token import decode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import timedelta
    from ssl import SSLContext
    from typing import Self

    from natsauth.claims.account import AccountClaims
    from natsauth.signing import Signer
    from natsauth.token import Token

_WHO_ANSWERS = "only servers with a resolver of type {} answer"


class ResolverClient:
    """A connection to a server, through which all servers of its cluster are reached.

    Made by :meth:`connect`.
    """

    def __init__(
        self, connection: Connection, operator: Token[OperatorClaims], patience: float
    ) -> None:
        self._connection = connection
        self._operator = operator
        self._patience = patience
        self._roster = Roster({}, 0)

    @classmethod
    @asynccontextmanager
    async def connect(
        cls,
        servers: str | Sequence[str],
        operator: Token[OperatorClaims],
        *,
        system_account: Token[AccountClaims] | None = None,
        signer: Signer | None = None,
        creds: Creds | None = None,
        timeout: timedelta | float = 5.0,  # noqa: ASYNC109 - of each request, not of this one
        connect_timeout: timedelta | float = 5.0,
        lifetime: timedelta | float = LIFETIME,
        expected_servers: int | None = None,
        tls: SSLContext | None = None,
    ) -> AsyncIterator[Self]:
        """Connect to the first server that can be reached, for an ``async with`` block.

        Either ``system_account`` and ``signer`` are given, for a temporary user that may do
        nothing else and whose key stays in memory; or the creds of a system user.

        Args:
            servers: URLs such as ``nats://127.0.0.1:4222``, in a sequence or between commas.
            operator: The operator that the servers trust.
            system_account: The operator's system account.
            signer: A signing key of the system account without a scope; or, unless the operator
                is strict, the account's identity key.
            creds: A user of the system account, in place of the two above.
            timeout: Seconds without any answer after which the servers that have not answered
                count as missing; ten times as long altogether. A server may take 2 seconds to look
                for imported accounts.
            connect_timeout: Seconds within which the connection must stand.
            lifetime: Seconds after which the temporary user expires and is disconnected.
            expected_servers: How many servers are to answer; as many as there are if not given.
            tls: How to connect to servers that ask for TLS; as browsers do if not given.

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
        urls = parse_servers(servers)
        operator = decode(operator, OperatorClaims)
        patience = seconds("timeout", timeout)
        time_to_connect = seconds("connect_timeout", connect_timeout)
        if expected_servers is not None and (
            expected_servers.__class__ is not int or expected_servers < 1
        ):
            raise UsageError(f"expected_servers is 1 or more, got {expected_servers!r:.80}")
        inbox = f"_INBOX.{token_hex(16)}.*"
        if creds is None and system_account is not None and signer is not None:
            life = max(int(seconds("lifetime", lifetime)), 1)
            creds = temporary_creds(system_account, operator, signer, inbox=inbox, lifetime=life)
        elif not isinstance(creds, Creds) or system_account is not None or signer is not None:
            raise UsageError("give either system_account= and signer=, or creds=")
        async with connected(
            urls, creds, inbox=inbox, seconds=time_to_connect, tls=tls
        ) as connection:
            client = cls(connection, operator, patience)
            await client._count_servers(expected_servers)
            yield client

    @property
    def servers(self) -> tuple[str, ...]:
        """The names of the servers that were there when the client connected."""
        return tuple(sorted(self._roster.names.values()))

    async def push(self, token: Token[AccountClaims]) -> PushResult:
        """Push an account to all servers; see :meth:`push_all`."""
        return (await self.push_all([token]))[0]

    async def push_all(self, tokens: Iterable[Token[AccountClaims]]) -> list[PushResult]:
        """Push accounts to all servers.

        Before the first is sent, all are checked: what the servers would refuse, or store but
        never serve, is not sent. Then all are sent, and the answers are awaited together.

        Returns:
            What the servers answered about each account, in the order of the accounts.

        Raises:
            ResolverError: An account is not to be sent, and none was; every reason is named. Or
                the user may not push.
            ResolverConnectionError: The connection was lost; accounts may have been taken.
            UsageError: One is no token.
        """
        if not isinstance(tokens, Iterable):
            raise UsageError(f"expected tokens, got {type(tokens).__name__}", hint="or use push()")
        accounts = list(tokens)
        claims = preflight(accounts, self._operator, max_payload=self._connection.max_payload)
        answers = await self._ask(UPDATE, [account.encoded.encode() for account in accounts])
        return [self._result(*pair) for pair in zip(claims, answers, strict=True)]

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
        key = PublicKey.parse(account, expect=KeyType.ACCOUNT).public_key
        hint = _WHO_ANSWERS.format("full")
        answers = await self._ask_one(LOOKUP.format(key), hint=hint)
        found = [token for answer in answers if (token := parse_account(answer, key))]
        if not found and len(answers) < self._roster.count:
            share = f"{len(answers)} of {self._roster.count} servers"
            raise ResolverTimeoutError(f"{share} answered the lookup of {key}: unknown", hint=hint)
        return max(found, key=attrgetter("claims.iat"), default=None)

    async def list_accounts(self) -> AccountListing:
        """Ask every server which accounts it has.

        Raises:
            ResolverError: No server has a resolver of type ``full`` or ``cache``, an answer is no
                list, or the user may not ask.
            ResolverTimeoutError: No server answered.
            ResolverConnectionError: The connection was lost.
        """
        answers = await self._ask_one(LIST, hint=_WHO_ANSWERS.format("full or cache"))
        lists = [parse_accounts(answer) for answer in answers]
        missing = self._roster.missing({list_.server_id for list_ in lists})
        return AccountListing(tuple(sorted(lists, key=attrgetter("server_name"))), missing)

    async def _count_servers(self, expected: int | None) -> None:
        read: list[Roster] = []

        def enough(received: list[bytes]) -> bool:
            read.extend(parse_roster([answer]) for answer in received[len(read) :])
            return len(received) >= (expected or max(roster.count for roster in read))

        connection = self._connection
        [answers] = await connection.ask(PING, [b""], enough=enough, patience=self._patience)
        _require(answers, PING, hint="the user must be one of the system account")
        roster = parse_roster(answers.received)
        self._roster = replace(roster, count=expected or roster.count)

    async def _ask(self, subject: str, questions: list[bytes]) -> list[Answers]:
        def enough(received: list[bytes]) -> bool:
            return len(received) >= self._roster.count

        return await self._connection.ask(
            subject, questions, enough=enough, patience=self._patience
        )

    async def _ask_one(self, subject: str, *, hint: str) -> list[bytes]:
        [answers] = await self._ask(subject, [b""])
        _require(answers, subject, hint=hint)
        return answers.received

    def _result(self, account: AccountClaims, answers: Answers) -> PushResult:
        replies = sorted(map(parse_reply, answers.received), key=attrgetter("server_name"))
        missing = self._roster.missing({reply.server_id for reply in replies})
        return PushResult(account.sub, account.name, tuple(replies), missing, answers.no_responders)


def _require(answers: Answers, subject: str, *, hint: str) -> None:
    if answers.no_responders:
        raise ResolverError(f"no server answers {subject}", hint=hint)
    if not answers.received:
        raise ResolverTimeoutError(f"no server answered {subject} in time", hint=hint)
