"""What servers have of accounts that are to be pushed.

A server stores what it is given, be it older than what it has (nats-server 2.15.1). A push out of a
store that is behind would so take back what others have changed, such as revocations.
"""

from __future__ import annotations

from collections import deque
from contextlib import aclosing
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from natsauth.errors import ClaimsError, ResolverError, TokenError
from natsauth.resolver._answers import parse_accounts
from natsauth.resolver._protocol import LIST, LOOKUP
from natsauth.token import peek_unverified

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Container, Iterable

    from natsauth.resolver._preflight import Checked
    from natsauth.resolver._questions import Question
    from natsauth.resolver._session import Session

_PATIENCE = 1.0
"""Seconds: a full resolver answers from its disk; others, beside it in a cluster, not at all."""
_FEW = 32
"""Accounts that are looked up at once; with more, it pays to ask first which ones servers have."""


async def guarded(
    session: Session, accounts: Iterable[Checked], *, force: bool
) -> AsyncGenerator[Checked, None]:
    """Look up accounts that were checked; yield each, with a problem if servers have a newer one.

    Args:
        session: Whom to ask.
        accounts: The accounts; the next one is taken when there is room for it.
        force: Whether nothing is asked, and all is as it was.

    Raises:
        ResolverConnectionError: The connection was lost.
        ResolverError: The user may not ask.
    """
    out: deque[Checked] = deque()

    hasty = replace(session, patience=min(session.patience, _PATIENCE))

    async def questions() -> AsyncGenerator[Question, None]:
        known: Container[str] | None = None
        for number, account in enumerate(accounts):
            if number == _FEW and not force:
                known = await _known(hasty)
            out.append(account)
            key = account.claims.sub
            skipped = force or account.problems or not (known is None or key in known)
            yield None if skipped else (LOOKUP.format(key), b"")

    async with aclosing(questions()) as asked, aclosing(hasty.ask_each(asked)) as answered:
        async for answers in answered:
            yield _compared(out.popleft(), answers.received)


async def _known(session: Session) -> Container[str] | None:
    """Return the accounts of which some server has a token; ``None`` if not every server says.

    Raises:
        ResolverConnectionError: The connection was lost.
    """
    async with session.questions.aside(LIST, patience=session.patience) as told:
        answers = await told(lambda received: len(received) >= session.roster.count)
    if len(answers) < session.roster.count:
        return None
    try:
        return frozenset(chain.from_iterable(parse_accounts(a).accounts for a in answers))
    except ResolverError:
        return None


def _compared(account: Checked, given: list[bytes]) -> Checked:
    """Return an account, with a problem if one of the texts that servers gave is newer."""
    claims, own = account.claims, account.token.encoded.encode()
    newest = max((_issued_at(text, claims.sub) for text in given if text != own), default=0)
    if newest <= claims.iat:
        return account
    problem = (
        f"servers have a newer token of {claims.kind} {claims.sub}: iat {newest}, "
        f"that of this one is {claims.iat}"
    )
    hint = "pull it and edit that one; or force=True, which takes back what others have changed"
    return account._replace(problems=(problem,), hint=hint)


def _issued_at(text: bytes, account: str) -> int:
    """Return the ``iat`` of the token of an account; 0 where the text is none."""
    try:
        claims = peek_unverified(text)  # a server that lies could as well serve another token
    except (TokenError, ClaimsError):
        return 0
    return claims.iat if claims.sub == account else 0
