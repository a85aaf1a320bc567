"""Servers that cannot be reached, take nobody, vanish, or talk nonsense: errors, soon and clear."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from natsauth.errors import ResolverConnectionError, ResolverError, ResolverTimeoutError
from tests.live import _realm
from tests.live._realm import Realm

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.live._servers import StartServer

pytestmark = [pytest.mark.live, pytest.mark.asyncio]
nothing_is_left = _realm.nothing_is_left

INFO = {"server_id": "N", "version": "2.15.1", "max_payload": 1048576, "headers": True}
INFO |= {"auth_required": True, "nonce": "abc"}


@asynccontextmanager
async def talker(*lines: bytes, stay: bool = True) -> AsyncIterator[str]:
    """Listen, and send each line once the client has sent one; the first at once."""
    connections: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        connections.add(task)
        try:
            for line in lines:
                writer.write(line)
                await reader.readline()
            while stay and await reader.read(1024):
                pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.gather(*connections, return_exceptions=True)


def info(**fields: object) -> bytes:
    return b"INFO " + json.dumps({**INFO, **fields}).encode() + b"\r\n"


def dead_url() -> str:
    """Return the address of a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"nats://127.0.0.1:{listener.getsockname()[1]}"


async def refusal(servers: str | list[str], realm: Realm | None = None, **options: object) -> str:
    """Return the error of a connection that must not come about, and soon."""
    start = time.monotonic()
    with pytest.raises(ResolverConnectionError) as caught:
        async with (realm or Realm()).connect(servers, **options):
            pytest.fail("connected")
    assert time.monotonic() - start < 3
    return str(caught.value)


async def test_a_server_of_another_operator(start_server: StartServer) -> None:
    server = start_server(Realm().config())
    text = await refusal(server.url)
    assert text.startswith(f"cannot connect to {server.url}: Authorization Violation (hint: ")
    assert "trusts another operator, or its system account is another" in text


async def test_a_dead_port() -> None:
    url = dead_url()
    text = await refusal(url)
    assert text.startswith(f"cannot connect to {url}: ")
    assert "connection refused" in text
    assert text.endswith("(hint: start the server, or correct its address)")


async def test_a_host_that_is_not_there() -> None:
    text = await refusal("nats://user:secret@host.invalid")
    assert text.startswith("cannot connect to nats://host.invalid: ")


async def test_the_first_of_several_servers_that_takes_the_user(start_server: StartServer) -> None:
    realm, other = Realm(), start_server(Realm().config())
    server, dead = start_server(realm.config()), dead_url()
    for servers in ([dead, other.url, server.url], f"{dead}, {other.url},{server.url}"):
        async with realm.connect(servers) as client:
            assert await client.push(realm.new_account())
    text = await refusal([dead, other.url], realm)
    assert f"cannot connect to {dead}: " in text
    assert f"; cannot connect to {other.url}: Authorization Violation" in text


async def test_a_server_that_says_nothing(start_server: StartServer) -> None:
    realm = Realm()
    async with talker() as url:
        text = await refusal(url, connect_timeout=0.3)
        assert text.startswith(f"cannot connect to {url}: no answer in time (hint: is it a NATS ")
        server = start_server(realm.config())
        async with realm.connect([url, server.url], connect_timeout=2) as client:
            assert client.servers


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([b"HTTP/1.1 400 Bad Request\r\n"], "empty response from server"),
        ([b"INFO {\r\n"], "json parse error"),
        ([b"INFO []\r\n"], ": 'list' object has no attribute"),
        ([info(max_payload="much"), b"", b"PONG\r\n"], "invalid literal"),
        ([info(), b"", b"-ERR 'Authorization Violation'\r\n"], "Authorization Violation"),
        ([info(), b""], "closed the connection"),
    ],
)
async def test_a_server_that_is_none(lines: list[bytes], reason: str) -> None:
    async with talker(*lines, stay=False) as url:
        assert reason in await refusal(url)


async def test_a_server_without_an_operator(start_server: StartServer) -> None:
    server = start_server("server_name: plain")
    with pytest.raises(ResolverError, match=r"no server answers \$SYS\.REQ\.SERVER\.PING"):
        async with Realm().connect(server.url):
            pytest.fail("connected")


async def test_a_server_that_answers_no_request() -> None:
    async with talker(info(), b"", b"PONG\r\n") as url:
        with pytest.raises(ResolverTimeoutError, match="in time"):
            async with Realm().connect(url, timeout=0.2):
                pytest.fail("connected")


async def test_a_server_that_stops(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    async with realm.connect(server.url) as client:
        server.stop()
        with pytest.raises(ResolverConnectionError, match="the connection was lost: "):
            await client.push(realm.new_account())
    server.restart()
    async with realm.connect(server.url) as client:
        assert await client.push(realm.new_account())
        server.kill()
        for _ in range(2):
            with pytest.raises(ResolverConnectionError, match="the connection was lost: "):
                await client.push(realm.new_account())


async def test_a_client_whose_block_has_ended(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    async with realm.connect(server.url) as client:
        pass
    with pytest.raises(ResolverConnectionError, match="connection closed"):
        await client.push(realm.new_account())


async def test_an_error_in_the_block_stays_as_it_is(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    with pytest.raises(ResolverConnectionError, match=r"^mine$"):
        async with realm.connect(server.url):
            raise ResolverConnectionError("mine")


async def test_cancellation_in_the_midst(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    async with talker() as silent:

        async def connect_only() -> None:
            async with realm.connect(silent):
                pytest.fail("connected")

        async def push() -> None:
            async with realm.connect(server.url, expected_servers=2) as client:
                await client.push(realm.new_account())

        for coroutine in (connect_only(), push()):
            task = asyncio.create_task(coroutine)
            await asyncio.sleep(0.2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
