from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from natsauth.errors import ConfigError, ResolverTimeoutError
from natsauth.testing import Sandbox, _cluster
from natsauth.testing._cluster import start_servers, wait_for_routes

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live


def test_a_port_for_routes_that_was_taken_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        free = _cluster._free_port
        ports = iter([taken])
        monkeypatch.setattr(_cluster, "_free_port", lambda: next(ports, None) or free())
        for server in start_servers(tmp_path, ["debug: false"] * 2):
            server.stop()
        monkeypatch.setattr(_cluster, "_free_port", lambda: taken)
        with pytest.raises(ConfigError, match="address already in use"):
            start_servers(tmp_path, ["debug: false"] * 2)


def test_servers_that_do_not_find_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cluster, "SECONDS", 0.1)
    with Sandbox() as sandbox, pytest.raises(ResolverTimeoutError, match="did not find the other"):
        asyncio.run(wait_for_routes([sandbox.url] * 2, sandbox.resolver))


def test_servers_without_a_leader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cluster, "_is_led", lambda *_: False)
    monkeypatch.setattr(_cluster, "SECONDS", 1.0)
    with pytest.raises(ResolverTimeoutError, match="elected no leader"):
        Sandbox(servers=2, jetstream=True).start()


def test_a_server_alone_has_no_routes(tmp_path: Path) -> None:
    [server] = start_servers(tmp_path, ["debug: false"])
    with server:
        assert "cluster" not in (tmp_path / "n1" / "server.conf").read_text()
