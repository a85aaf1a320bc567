"""Comparing what servers have with what they ought to have, word for word.

One list of each server tells which accounts it has, and a lookup of each account what the servers
have of it. The alternative is no better: a pack of all accounts comes from one server of the
cluster, and which one is left to chance; its hash tells no more than whether that one has precisely
the same.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import aclosing
from typing import TYPE_CHECKING

from natsauth.resolver._preflight import account_key
from natsauth.resolver._protocol import LOOKUP
from natsauth.resolver._pull import list_accounts
from natsauth.resolver.inventory import AccountDiff, DifferentAccount, ServerDifference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsauth.claims.account import AccountClaims
    from natsauth.resolver._session import Session
    from natsauth.token import Token


async def diff(session: Session, tokens: Iterable[Token[AccountClaims]]) -> AccountDiff:
    """Compare the accounts of all servers with those that are given."""
    given = {account_key(token): token.encoded.encode() for token in tokens}
    listing = await list_accounts(session)
    holders: defaultdict[str, list[str]] = defaultdict(list)
    for server in listing.servers:
        for account in server.accounts:
            holders[account].append(server.server_name)
    common = [account for account in given if account in holders]
    same, different, untold = [], [], []
    questions = ((LOOKUP.format(account), b"") for account in common)
    source = iter(common)
    async with aclosing(session.ask_each(questions, expected=len(listing.servers))) as answered:
        async for answers in answered:
            account = next(source)
            texts = [text for text in answers.received if text]
            others = len(texts) - texts.count(given[account])
            if others:
                servers = tuple(holders[account])
                different.append(DifferentAccount(account, servers, others))
            elif len(texts) < len(holders[account]):
                untold.append(account)
            else:
                same.append(account)
    return AccountDiff(
        tuple(
            ServerDifference(
                server.server_name,
                server.server_id,
                absent=tuple(sorted(given.keys() - server.accounts)),
                extra=tuple(sorted({*server.accounts} - given.keys())),
            )
            for server in listing.servers
        ),
        tuple(same),
        tuple(different),
        tuple(untold),
        listing.missing,
    )
