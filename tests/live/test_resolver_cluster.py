"""Pushes to a cluster, whose servers each answer for themselves."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from natsauth.claims import Account, AccountClaims
from natsauth.errors import ResolverError, ResolverTimeoutError
from natsauth.keys import KeyType
from natsauth.resolver import DifferentAccount, PushReason
from natsauth.token import encode
from tests.live import _realm
from tests.live._cluster import DELETING, NAMES, Cluster, start
from tests.live._realm import FULL, Realm, key

if TYPE_CHECKING:
    from pathlib import Path

    from natsauth.token import Token
    from tests.live._servers import StartServer

pytestmark = [pytest.mark.slow, pytest.mark.live, pytest.mark.asyncio]
nothing_is_left = _realm.nothing_is_left


@pytest_asyncio.fixture
async def cluster(start_server: StartServer, tmp_path: Path) -> Cluster:
    return await start(start_server, tmp_path, Realm(), FULL, FULL, FULL)


async def test_every_server_answers(cluster: Cluster) -> None:
    accounts = [cluster.realm.new_account(f"a{i}") for i in range(20)]
    async with cluster.realm.connect(cluster.urls) as client:
        begin = time.monotonic()
        results = await client.push_all(accounts)
        assert time.monotonic() - begin < 4  # none waited for its 5 seconds
        for result in results:
            assert result
            assert result.missing == ()
            assert [reply.server_name for reply in result.replies] == list(NAMES)
            assert all(reply.ok and reply.message == "jwt updated" for reply in result.replies)
            assert len({reply.server_id for reply in result.replies}) == 3
        assert [result.account for result in results] == [a.claims.sub for a in accounts]
        listing = await client.list_accounts()
        assert [server.server_name for server in listing.servers] == list(NAMES)
        known = {cluster.realm.system.public_key, *(a.claims.sub for a in accounts)}
        assert all(set(server.accounts) == known for server in listing.servers)
    for url in cluster.urls:
        async with cluster.realm.connect(url) as client:
            assert await client.lookup(accounts[0].claims.sub) == accounts[0]


async def test_a_server_that_has_stopped(cluster: Cluster) -> None:
    accounts = [cluster.realm.new_account(f"a{i}") for i in range(20)]
    async with cluster.realm.connect(cluster.urls[0], timeout=0.5) as client:
        assert await client.push(accounts[0])
        cluster.servers["n3"].stop()
        begin = time.monotonic()
        results = await client.push_all(accounts)
        assert time.monotonic() - begin < 4  # all waited together
        for result in results:
            assert not result
            assert result.reason is PushReason.MISSING
            assert result.missing == ("n3",)
            assert [(reply.server_name, reply.ok) for reply in result.replies] == [
                ("n1", True),
                ("n2", True),
            ]
            with pytest.raises(ResolverTimeoutError, match="no answer from n3"):
                result.raise_for_errors()
        assert (await client.list_accounts()).missing == ("n3",)
        assert await client.lookup(accounts[1].claims.sub) == accounts[1]
    # Who connects now hears of two servers, unless told how many there ought to be.
    async with cluster.realm.connect(cluster.urls[:2], timeout=0.5) as client:
        assert client.servers == ("n1", "n2")
        assert await client.push(accounts[0])
    async with cluster.realm.connect(cluster.urls[:2], timeout=0.5, expected_servers=3) as client:
        result = await client.push(accounts[0])
        assert len(result.replies) == 2
        assert len(result.missing) == 1
    # Back again, under the same name and another id.
    await cluster.come_back("n3")
    async with cluster.realm.connect(cluster.urls) as client:
        assert len((await client.push(accounts[0], confirm=True)).replies) == 3


async def test_a_server_that_crashed(cluster: Cluster) -> None:
    """For a while the others still count it, though nobody says its name any more."""
    cluster.servers["n3"].kill()
    async with cluster.realm.connect(cluster.urls[0], timeout=0.5) as client:
        assert client.servers == ("n1", "n2")
        result = await client.push(cluster.realm.new_account())
        assert result.reason is PushReason.MISSING
        assert result.missing == ("a server without a known name",)


async def test_a_server_whose_resolver_takes_no_pushes(
    start_server: StartServer, tmp_path: Path
) -> None:
    cluster = await start(start_server, tmp_path, Realm(), FULL, "MEMORY", FULL)
    account = cluster.realm.new_account()
    for url in cluster.urls:
        async with cluster.realm.connect(url, timeout=0.5) as client:
            result = await client.push(account)
            assert result.missing == ("n2",)
            assert len(result.replies) == 2
            with pytest.raises(ResolverTimeoutError, match="resolver of type full or cache"):
                result.raise_for_errors()
    async with cluster.realm.connect(cluster.urls, expected_servers=2) as client:
        begin = time.monotonic()
        assert await client.push(account)
        assert time.monotonic() - begin < 4


async def test_a_refusal_of_one_server(start_server: StartServer, tmp_path: Path) -> None:
    small = "{ type: full, dir: './jwt', limit: 1 }"
    cluster = await start(start_server, tmp_path, Realm(), FULL, small, FULL)
    async with cluster.realm.connect(cluster.urls) as client:
        result = await client.push(cluster.realm.new_account("a"))
        assert result.reason is PushReason.REFUSED
        assert [reply.ok for reply in result.replies] == [True, False, True]
        assert result.replies[1].message == "jwt update resulted in error - jwt store is full"
        with pytest.raises(ResolverError, match=r"n2 says .*jwt store is full"):
            result.raise_for_errors()


async def test_confirmation(start_server: StartServer, tmp_path: Path) -> None:
    small = "{ type: full, dir: './jwt', limit: 2 }"
    cluster = await start(start_server, tmp_path, Realm(), FULL, small, "MEMORY")
    owner = key(KeyType.ACCOUNT)
    first, second = (cluster.realm.account(owner, name) for name in ("first", "second"))
    async with cluster.realm.connect(cluster.urls[0], expected_servers=2) as client:
        result = await client.push(first, confirm=True)
        assert result
        assert result.confirmed
        results = await client.push_all([first, second], confirm=True)
        assert [bool(result) for result in results] == [False, True]
        assert results[0].reason is PushReason.UNCONFIRMED  # the second one has replaced it
        with pytest.raises(ResolverError, match="does not give it back"):
            results[0].raise_for_errors()
        refused = await client.push(cluster.realm.new_account("more"), confirm=True)
        assert refused.reason is PushReason.REFUSED
        assert refused.confirmed  # by the server that took it
        cluster.servers["n2"].stop()
        partial = await client.with_timeout(0.3).push(first, confirm=True)
        assert partial.reason is PushReason.MISSING
        assert partial.confirmed


@pytest.mark.parametrize(("later", "same"), [(1, True), (0, False)])
async def test_two_edits_while_a_server_is_down(
    start_server: StartServer, tmp_path: Path, later: int, *, same: bool
) -> None:
    """The servers converge on the later edit only if its iat is later, too: a push helps then."""
    cluster = await start(start_server, tmp_path, Realm(), *[DELETING] * 3)
    owner, now = key(KeyType.ACCOUNT), int(time.time())

    def edit(description: str, iat: int) -> Token[AccountClaims]:
        body = Account(description=description)
        claims = AccountClaims(sub=owner.public_key, name="team", nats=body)
        return encode(claims, cluster.realm.signing, now=iat)

    first, second = edit("first", now), edit("second", now + later)
    async with cluster.realm.connect(cluster.urls[0], timeout=0.5) as client:
        assert await client.push(first, confirm=True)
        cluster.servers["n3"].stop()
        result = await client.push(second, confirm=True)
        assert result.missing == ("n3",)
        assert result.confirmed
    await cluster.come_back("n3")
    await asyncio.sleep(3)  # three rounds in which they compare
    ours = [cluster.realm.system_account, second]
    last = second if same else first
    assert [cluster.stored(name)[owner.public_key] for name in NAMES] == [
        *[second.encoded] * 2,
        last.encoded,
    ]
    async with cluster.realm.connect(cluster.urls) as client:
        found = await client.diff(ours)
        assert bool(found) is same
        if not same:
            assert found.different == (DifferentAccount(owner.public_key, NAMES, 1),)
        assert await client.push(second, confirm=True)
        assert await client.diff(ours)
    assert {cluster.stored(name)[owner.public_key] for name in NAMES} == {second.encoded}


async def test_many_accounts_while_a_server_is_down(cluster: Cluster) -> None:
    cluster.servers["n3"].stop()
    accounts = (cluster.realm.new_account(f"a{i}") for i in range(600))
    begin, count = time.monotonic(), 0
    urls = cluster.urls[:2]
    async with cluster.realm.connect(urls, timeout=1, expected_servers=3) as client:
        async for result in client.push_each(accounts):
            assert result.reason is PushReason.MISSING
            assert len(result.replies) == 2
            count += 1
    assert count == 600
    assert time.monotonic() - begin < 10  # it is not waited for with each
