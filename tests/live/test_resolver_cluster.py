"""Pushes to a cluster, whose servers each answer for themselves."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from natsauth.errors import ResolverError, ResolverTimeoutError
from natsauth.resolver import PushReason
from tests.live import _realm
from tests.live._realm import FULL, Realm

if TYPE_CHECKING:
    from pathlib import Path

    from natsauth._server import NatsServer
    from tests.live.conftest import StartServer

pytestmark = [pytest.mark.live, pytest.mark.asyncio]
nothing_is_left = _realm.nothing_is_left

NAMES = ("n1", "n2", "n3")


@dataclass
class Cluster:
    realm: Realm
    servers: dict[str, NatsServer]

    @property
    def urls(self) -> list[str]:
        return [server.url for server in self.servers.values()]


async def start(
    start_server: StartServer, tmp_path: Path, realm: Realm, *resolvers: str
) -> Cluster:
    """Start three servers, and wait until each knows of the others.

    The first one picks a free port for the routes and announces it to the others; through them
    every server hears of every other.
    """
    servers: dict[str, NatsServer] = {}
    routes: list[str] = []
    for name, resolver in zip(NAMES, resolvers, strict=True):
        directory = tmp_path / name
        directory.mkdir()
        listen = f"listen: '127.0.0.1:-1', routes: {json.dumps(routes)}"
        more = f"server_name: {name}\ncluster {{ name: c, {listen} }}"
        servers[name] = start_server(realm.config(resolver, more), directory)
        if not routes:
            [ports] = directory.glob("*.ports")
            routes = json.loads(ports.read_bytes())["cluster"]
    cluster = Cluster(realm, servers)
    deadline = time.monotonic() + 10
    for url in cluster.urls:
        while True:
            async with realm.connect(url) as client:
                if client.servers == NAMES:
                    break
            assert time.monotonic() < deadline, "no cluster came about"
            await asyncio.sleep(0.05)
    return cluster


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
    cluster.servers["n3"].restart()
    deadline = time.monotonic() + 10
    while True:
        async with cluster.realm.connect(cluster.urls) as client:
            if client.servers == NAMES:
                assert len((await client.push(accounts[0])).replies) == 3
                break
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


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
