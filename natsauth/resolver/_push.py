"""Pushing accounts, and confirming that servers have them."""

from __future__ import annotations

from collections import deque
from contextlib import aclosing
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING

from natsauth.keys import KeyType, is_public_key
from natsauth.resolver._answers import parse_reply
from natsauth.resolver._guard import guarded
from natsauth.resolver._protocol import LOOKUP, UPDATE, UPDATE_ONE
from natsauth.resolver._pull import list_accounts
from natsauth.resolver._session import NobodyAnswersError
from natsauth.resolver.results import PushEffect, PushResult

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Iterable

    from natsauth.resolver._preflight import Checked
    from natsauth.resolver._questions import Answers, Question
    from natsauth.resolver._session import Session

_BATCH = 256
_OF_FULL = (PushEffect.STORED, None)
"""The effects, or refusals, of servers that answer lookups."""


async def push_each(
    session: Session, accounts: Iterable[Checked], *, force: bool, confirm: bool, in_memory: bool
) -> AsyncGenerator[PushResult, None]:
    """Push accounts that were checked; yield what became of each, in order.

    Args:
        session: Where to.
        accounts: The accounts; the next one is taken when there is room for it.
        force: Whether one that is older than what servers have is pushed, too.
        confirm: Whether to look up each account that was stored.
        in_memory: Whether to reach servers that keep no accounts, too.

    Raises:
        ResolverConnectionError: The connection was lost.
        ResolverError: The user may not ask.
    """
    checked = guarded(session, accounts, force=force)
    sent = _pushed(session, checked, in_memory=in_memory)
    async with aclosing(checked), aclosing(sent) as pushed:
        if not confirm:
            async for _, result in pushed:
                yield result
        while confirm and (batch := await _take(pushed, _BATCH)):
            async with aclosing(_confirmed(session, batch)) as confirmed:
                async for result in confirmed:
                    yield result


async def _pushed(
    session: Session, accounts: AsyncIterable[Checked], *, in_memory: bool
) -> AsyncGenerator[tuple[Checked, PushResult], None]:
    keepers = await _keepers(session) if in_memory else None
    out: deque[Checked] = deque()

    async def questions() -> AsyncGenerator[Question, None]:
        async for account in accounts:
            out.append(account)
            key = account.claims.sub
            alone = in_memory and is_public_key(key, KeyType.ACCOUNT)
            subject = UPDATE_ONE.format(key) if alone else UPDATE
            yield None if account.problems else (subject, account.token.encoded.encode())

    async with aclosing(questions()) as asked, aclosing(session.ask_each(asked)) as answered:
        async for answers in answered:
            account = out.popleft()
            yield account, _result(session, account, answers, keepers)


async def _keepers(session: Session) -> set[str]:
    """Return the ids of the servers that keep accounts."""
    try:
        return {server.server_id for server in (await list_accounts(session)).servers}
    except NobodyAnswersError:
        return set()


def _result(
    session: Session, account: Checked, answers: Answers, keepers: set[str] | None
) -> PushResult:
    claims = account.claims
    if account.problems:
        return PushResult(claims.sub, claims.name, (), problems=account.problems, hint=account.hint)
    replies = sorted(map(parse_reply, answers.received), key=attrgetter("server_name"))
    missing = session.roster.missing({reply.server_id for reply in replies})
    if keepers is not None:
        replies = [
            replace(reply, effect=PushEffect.IN_MEMORY)
            if reply.effect is PushEffect.STORED and reply.server_id not in keepers
            else reply
            for reply in replies
        ]
    return PushResult(claims.sub, claims.name, tuple(replies), missing, answers.no_responders)


async def _confirmed(
    session: Session, batch: list[tuple[Checked, PushResult]]
) -> AsyncGenerator[PushResult, None]:
    """Look up what was stored; servers answer without saying who they are, so they are counted."""
    stores = [sum(r.effect is PushEffect.STORED for r in result.replies) for _, result in batch]
    answering = [sum(r.effect in _OF_FULL for r in result.replies) for _, result in batch]
    questions = (
        (LOOKUP.format(result.account), b"") if stored else None
        for (_, result), stored in zip(batch, stores, strict=True)
    )
    async with aclosing(session.ask_each(questions, expected=max(answering))) as answered:
        pushed = zip(batch, stores, strict=True)
        async for answers in answered:
            (account, result), stored = next(pushed)
            text = account.token.encoded.encode()
            confirmed = answers.received.count(text) >= stored if stored else None
            yield replace(result, confirmed=confirmed)


async def _take(
    pushed: AsyncGenerator[tuple[Checked, PushResult], None], count: int
) -> list[tuple[Checked, PushResult]]:
    taken = []
    async for item in pushed:
        taken.append(item)
        if len(taken) == count:
            break
    return taken
