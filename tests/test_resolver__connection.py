"""Connections that come to nothing; those that stand are for tests/live."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from natsauth.claims import UserClaims
from natsauth.creds import Creds
from natsauth.errors import ResolverConnectionError
from natsauth.keys import KeyPair, KeyType
from natsauth.resolver._connection import connected
from natsauth.token import encode

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.asyncio

USER = KeyPair.generate(KeyType.USER)
TOKEN = encode(UserClaims(sub=USER.public_key), KeyPair.generate(KeyType.ACCOUNT))
CREDS = Creds.create(TOKEN, USER)


async def refused(*servers: str, seconds: float = 5.0) -> ResolverConnectionError:
    with pytest.raises(ResolverConnectionError) as failed:
        async with connected(
            servers, CREDS, inbox="_INBOX.x.*", seconds=seconds, tls=None, tls_first=False
        ):
            pytest.fail("there is nobody to connect to")
    return failed.value


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


async def said(greeting: bytes, url: Callable[[int], str]) -> tuple[str, bytes]:
    """Return why a server is refused that greets so, and what it got to see."""
    received = b""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received
        writer.write(greeting)
        received += await reader.read(1 << 16) if greeting else b""
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        error = await refused(url(port))
    return str(error.args[0]), received


async def test_where_nobody_listens() -> None:
    ports = closed_port(), closed_port()
    error = await refused(*(f"nats://me:secret@127.0.0.1:{port}" for port in ports))
    for port in ports:
        assert f"cannot connect to nats://127.0.0.1:{port}: " in str(error)
    assert "secret" not in str(error)
    assert error.hint == "start the server, or correct its address"


async def test_who_says_nothing_that_a_server_says() -> None:
    reason, _ = await said(b"", lambda port: f"nats://127.0.0.1:{port}")
    assert "cannot connect" in reason


async def test_a_user_is_not_shown_without_tls_where_it_was_asked_for() -> None:
    info = b'INFO {"nonce":"abc","max_payload":1}\r\n'
    reason, received = await said(info, lambda port: f"tls://127.0.0.1:{port}")
    assert reason.endswith("the server would talk without TLS")
    assert TOKEN.encoded.encode() not in received
