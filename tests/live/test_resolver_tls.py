"""Connections over TLS and WebSockets, as real servers ask for them."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from natsauth.errors import ResolverConnectionError
from tests.live import _realm
from tests.live._realm import Realm

if TYPE_CHECKING:
    from pathlib import Path

    from natsauth.testing import NatsServer
    from tests.live._servers import StartServer

pytestmark = [pytest.mark.slow, pytest.mark.live, pytest.mark.asyncio]
nothing_is_left = _realm.nothing_is_left


class Authority:
    """A certificate authority, the certificate of a server, and contexts of clients."""

    def __init__(self, directory: Path) -> None:
        self._authority = trustme.CA()
        self._directory = directory
        self.write("ca.pem", self._authority.cert_pem)
        server = self._authority.issue_cert("127.0.0.1", "localhost")
        self.write("cert.pem", *server.cert_chain_pems)
        self.write("key.pem", server.private_key_pem)

    def write(self, name: str, *blobs: trustme.Blob) -> None:
        for number, blob in enumerate(blobs):
            blob.write_to_path(self._directory / name, append=number > 0)

    def block(self, *options: str) -> str:
        """Return the tls block of a server."""
        files = [f"{name}_file: '{self._directory}/{name}.pem'" for name in ("cert", "key", "ca")]
        return f"tls {{ {', '.join([*files, *options])} }}"

    def context(self, *, certificate: bool = False) -> ssl.SSLContext:
        """Return how a client connects that knows the authority, with a certificate or without."""
        context = ssl.create_default_context(cafile=str(self._directory / "ca.pem"))
        if certificate:
            self._authority.issue_cert("client@example.com").configure_cert(context)
        return context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def tls_url(server: NatsServer) -> str:
    return server.url.replace("nats:", "tls:")


def dead_url(scheme: str) -> str:
    """Return the address of a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"


def websocket_url(directory: Path) -> str:
    [ports] = directory.glob("*.ports")
    [url] = json.loads(ports.read_bytes())["websocket"]
    return str(url)


def reload(server: NatsServer) -> None:
    os.kill(server.pid, signal.SIGHUP)
    deadline = time.monotonic() + 5
    while "Reloaded server configuration" not in server.log:
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def works(realm: Realm, url: str, **options: Any) -> bool:
    async with realm.connect(url, **options) as client:
        return bool(await client.push(realm.new_account(), confirm=True))


async def refusal(realm: Realm, url: str, **options: Any) -> str:
    start = time.monotonic()
    with pytest.raises(ResolverConnectionError) as caught:
        async with realm.connect(url, **options):
            pytest.fail("connected")
    assert time.monotonic() - start < 5
    return str(caught.value)


async def test_tls(start_server: StartServer, authority: Authority) -> None:
    realm = Realm()
    server = start_server(realm.config(more=authority.block()))
    for url in (server.url, tls_url(server)):
        assert await works(realm, url, tls=authority.context())
    for url in (server.url, tls_url(server), server.url.replace("127.0.0.1", "localhost")):
        text = await refusal(realm, url)
        assert "certificate verify failed" in text
        assert "(hint: give tls= a context" in text


async def test_another_host_than_the_certificate_names(
    start_server: StartServer, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    realm = Realm()
    other = trustme.CA()
    wrong = other.issue_cert("example.com")
    authority.write("cert.pem", *wrong.cert_chain_pems)
    authority.write("key.pem", wrong.private_key_pem)
    authority.write("ca.pem", other.cert_pem)
    server = start_server(realm.config(more=authority.block()))
    text = await refusal(realm, server.url, tls=authority.context())
    assert "IP address mismatch" in text


async def test_client_certificates(start_server: StartServer, authority: Authority) -> None:
    realm = Realm()
    server = start_server(realm.config(more=authority.block("verify: true")))
    assert await works(realm, server.url, tls=authority.context(certificate=True))
    text = await refusal(realm, server.url, tls=authority.context())
    assert text.startswith(f"cannot connect to {server.url}: ")


async def test_the_handshake_first(
    start_server: StartServer, authority: Authority, tmp_path: Path
) -> None:
    realm = Realm()
    # A server that greets nobody before the handshake would not be seen to be ready.
    config = realm.config(more=authority.block("handshake_first: '200ms'"))
    server = start_server(config, tmp_path)
    (tmp_path / "server.conf").write_text(config.replace("'200ms'", "true"))
    reload(server)
    for url in (server.url, tls_url(server)):
        assert await works(realm, url, tls=authority.context(), tls_first=True)
        text = await refusal(realm, url, tls=authority.context(), connect_timeout=0.5)
        assert "no answer in time (hint: the server may want the TLS handshake first" in text
    plain = start_server(realm.config())
    text = await refusal(realm, plain.url, tls=authority.context(), tls_first=True)
    assert text.startswith(f"cannot connect to {plain.url}: ")


async def test_a_server_without_tls_is_not_talked_to_where_it_is_wanted(
    start_server: StartServer, authority: Authority
) -> None:
    """A server in between that says it knew no TLS would get a login that it could use."""
    realm = Realm()
    server = start_server(realm.config())
    for url, options in [(tls_url(server), {}), (server.url, {"tls": authority.context()})]:
        text = await refusal(realm, url, **options)
        assert "the server would talk without TLS" in text
        assert "(hint: let the server require TLS" in text
    assert "authentication error" not in server.log


@pytest.mark.filterwarnings("ignore:parameter 'timeout':DeprecationWarning")  # of nats-py 2.16
@pytest.mark.parametrize("scheme", ["ws", "wss"])
async def test_websockets(
    start_server: StartServer, authority: Authority, tmp_path: Path, scheme: str
) -> None:
    realm = Realm()
    options = "no_tls: true" if scheme == "ws" else authority.block()
    block = f"websocket {{ listen: '127.0.0.1:-1', {options} }}"
    server = start_server(realm.config(more=block), tmp_path)
    url = websocket_url(tmp_path)
    assert url.startswith(f"{scheme}://")
    tls = authority.context() if scheme == "wss" else None
    for first in (False, True):
        assert await works(realm, url, tls=tls, tls_first=first)
    assert await works(realm, f"{dead_url(scheme)},{url}", tls=tls)
    if scheme == "wss":
        assert "certificate verify failed" in await refusal(realm, url)
    server.stop()
    assert "Cannot connect to host" in await refusal(realm, url)


async def test_websockets_without_aiohttp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nats.aio.transport.aiohttp", None)
    text = await refusal(Realm(), "ws://127.0.0.1:1")
    assert 'hint: python -m pip install "natsauth[ws]"' in text
