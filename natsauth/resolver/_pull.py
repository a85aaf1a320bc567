"""Asking servers what they have: lists, single accounts, and all accounts of one server."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING

from natsauth.claims.base import clock
from natsauth.errors import ResolverError, ResolverTimeoutError
from natsauth.resolver._answers import parse_account, parse_accounts, parse_packed
from natsauth.resolver._preflight import account_keys
from natsauth.resolver._protocol import LIST, LOOKUP, PACK
from natsauth.resolver._session import NobodyAnswersError
from natsauth.resolver.inventory import AccountListing, PullResult, RejectedAccount
from natsauth.trust import TrustCode, account_findings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsauth.claims.account import AccountClaims
    from natsauth.claims.operator import OperatorClaims
    from natsauth.keys import PublicKey
    from natsauth.resolver._session import Session
    from natsauth.token import Token

_WHO_ANSWERS = "only servers with a resolver of type {} answer"
_TIMES = (TrustCode.ACCOUNT_EXPIRED, TrustCode.ACCOUNT_NOT_YET_VALID)
_MAX_PACK = 512 << 20
"""Bytes; ten thousand accounts have some ten million."""
_ENTRY = 512
"""Bytes that a message takes here at least."""


async def list_accounts(session: Session) -> AccountListing:
    """Ask every server which accounts it has."""
    answers = await session.ask(LIST, hint=_WHO_ANSWERS.format("full or cache"))
    lists = [parse_accounts(answer) for answer in answers]
    missing = session.roster.missing({list_.server_id for list_ in lists})
    return AccountListing(tuple(sorted(lists, key=attrgetter("server_name"))), missing)


async def lookup(session: Session, account: str | PublicKey) -> Token[AccountClaims] | None:
    """Ask for the token of one account."""
    [key] = account_keys([account])
    hint = _WHO_ANSWERS.format("full")
    answers = await session.ask(LOOKUP.format(key), hint=hint)
    found = [parse_account(answer, key) for answer in answers if answer]
    if not found:
        _require_all(session, key, len(answers))
    return max(found, key=attrgetter("claims.iat"), default=None)


async def pull(
    session: Session, accounts: Iterable[Token[AccountClaims] | PublicKey | str]
) -> PullResult:
    """Look up accounts."""
    keys = account_keys(accounts)
    pulled: list[Token[AccountClaims]] = []
    rejected: list[RejectedAccount] = []
    unknown: list[str] = []
    source = iter(keys)
    async with aclosing(session.ask_each((LOOKUP.format(key), b"") for key in keys)) as answered:
        async for answers in answered:
            key = next(source)
            if answers.no_responders:
                subject, hint = LOOKUP.format(key), _WHO_ANSWERS.format("full")
                raise NobodyAnswersError(f"no server answers {subject}", hint=hint)
            texts = dict.fromkeys(text for text in answers.received if text)
            given = [_judge(text, key, session.operator) for text in texts]
            bad = [account for account in given if isinstance(account, RejectedAccount)]
            good = [account for account in given if not isinstance(account, RejectedAccount)]
            rejected += bad
            if good:
                pulled.append(max(good, key=attrgetter("claims.iat")))
            elif not bad:
                _require_all(session, key, len(answers.received))
                unknown.append(key)
    return PullResult(tuple(pulled), tuple(rejected), tuple(unknown))


async def pull_all(session: Session) -> PullResult:
    """Ask one server for all that it has."""
    pack = _Pack(session.operator)
    await session.ask(PACK, enough=pack.read, hint=_WHO_ANSWERS.format("full"))
    if not pack.ended:
        raise ResolverTimeoutError(
            f"the server that gave its accounts stopped after {pack.count} of them",
            hint="pull again; another server may answer then",
        )
    return PullResult(tuple(pack.accounts.values()), tuple(pack.rejected))


@dataclass(slots=True)
class _Pack:
    """What one server gave so far of all that it has."""

    operator: OperatorClaims
    accounts: dict[str, Token[AccountClaims]] = field(default_factory=dict)
    rejected: list[RejectedAccount] = field(default_factory=list)
    count: int = 0
    size: int = 0
    ended: bool = False

    def read(self, received: list[bytes]) -> bool:
        """Read the messages that have come since the last time; tell whether it is the end.

        Raises:
            ResolverError: It grows beyond all measure.
        """
        for message in received[self.count :]:
            self.ended = not message
            if self.ended:
                break
            self.count += 1
            self.size += len(message) + _ENTRY
            if self.size > _MAX_PACK:
                raise ResolverError(
                    f"a server gave {self.count} accounts of {_MAX_PACK} bytes, and more",
                    hint="pull the accounts that you need",
                )
            self._read(message)
        return self.ended

    def _read(self, message: bytes) -> None:
        try:
            key, text = parse_packed(message)
        except ResolverError as problem:
            self.rejected.append(RejectedAccount("", str(problem)))
            return
        account = _judge(text, key, self.operator)
        if isinstance(account, RejectedAccount):
            self.rejected.append(account)
        elif self.accounts.setdefault(key, account) != account:
            self.rejected.append(RejectedAccount(key, "a server gave two tokens of this account"))


def _judge(
    text: bytes, key: str, operator: OperatorClaims
) -> Token[AccountClaims] | RejectedAccount:
    """Return the token of an account, if the operator signed it."""
    try:
        token = parse_account(text, key)
    except ResolverError as problem:
        return RejectedAccount(key, str(problem))
    problems = [
        finding.message
        for finding in account_findings(token.claims, operator, clock(None))
        if finding.code not in _TIMES
    ]
    return RejectedAccount(key, "; ".join(problems)) if problems else token


def _require_all(session: Session, key: str, answers: int) -> None:
    """Raise where a server has not answered that may have what the others lack."""
    if answers < session.roster.count:
        share = f"{answers} of {session.roster.count} servers"
        raise ResolverTimeoutError(
            f"{share} answered the lookup of {key}: unknown", hint=_WHO_ANSWERS.format("full")
        )
