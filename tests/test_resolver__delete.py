"""Which accounts are deleted, which never, and in how many requests."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth.errors import LockoutError, UsageError
from natsauth.resolver._delete import delete, prune
from natsauth.resolver._protocol import DELETE
from tests._resolvers import SIGNING, SYSTEM, Resolvers, account

pytestmark = pytest.mark.asyncio

X, Y = account("x"), account("y")


async def test_the_named_accounts_are_deleted() -> None:
    servers = Resolvers(a=[X, Y], b=[Y])
    result = await delete(servers.session(), [X, account("z")], SIGNING)
    said = [reply.message for reply in result.replies]
    assert said == ["deleted 1 accounts", "deleted 0 accounts"]
    assert len(result.unlisted) == 1
    assert servers.has("a") == [Y.claims.sub]


async def test_the_system_account_stays() -> None:
    servers = Resolvers(a=[X])
    with pytest.raises(LockoutError, match="is the system account"):
        await delete(servers.session(), [X, SYSTEM], SIGNING)
    assert servers.asked == []


@pytest.mark.parametrize(
    ("max_payload", "requests"), [(1 << 20, 1), (1_080, 5), (0, 5), (1_160, 3)]
)
async def test_a_request_is_no_longer_than_a_server_takes(max_payload: int, requests: int) -> None:
    accounts = [account(str(number)) for number in range(5)]
    servers = Resolvers(a=accounts)
    await delete(servers.session(max_payload=max_payload), accounts, SIGNING)
    assert servers.asked.count(DELETE) == requests
    assert servers.accounts == {"a": {}}


async def test_what_nobody_keeps_is_pruned() -> None:
    servers = Resolvers(a=[X, Y])
    session = servers.session()
    shown = await prune(session, [X, SYSTEM], None, dry_run=True, allow_all=False)
    assert (shown.accounts, shown.deleted) == ((Y.claims.sub,), None)
    assert DELETE not in servers.asked
    pruned = await prune(session, [X, SYSTEM], SIGNING, dry_run=False, allow_all=False)
    assert pruned.deleted
    assert servers.has("a") == [X.claims.sub]


@pytest.mark.parametrize(
    ("keep", "reason"),
    [([], "are none"), ([X], "lack the system account"), ([SYSTEM], "none is to be kept")],
)
async def test_what_looks_like_a_mistake_prunes_nothing(keep: list[Any], reason: str) -> None:
    servers = Resolvers(a=[X, Y])
    with pytest.raises(LockoutError, match=reason):
        await prune(servers.session(), keep, SIGNING, dry_run=False, allow_all=False)
    assert DELETE not in servers.asked
    await prune(servers.session(), keep, SIGNING, dry_run=False, allow_all=True)
    assert DELETE in servers.asked


async def test_pruning_needs_a_signer() -> None:
    with pytest.raises(UsageError, match="signer="):
        await prune(Resolvers(a=[]).session(), [], None, dry_run=False, allow_all=True)
