"""Three servers with resolvers, each of which knows of the others."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from natsauth._server import NatsServer
    from tests.live._realm import Realm
    from tests.live.conftest import StartServer

DELETING = "{ type: full, dir: './jwt', timeout: '50ms', allow_delete: true, interval: '1s' }"
"""A resolver that deletes accounts, and compares with the others each second."""
NAMES = ("n1", "n2", "n3")


@dataclass
class Cluster:
    realm: Realm
    directory: Path
    servers: dict[str, NatsServer]

    @property
    def urls(self) -> list[str]:
        return [server.url for server in self.servers.values()]

    def stored(self, name: str) -> dict[str, str]:
        """Return the tokens that a server has on disk, by account."""
        return {file.stem: file.read_text() for file in (self.directory / name).rglob("*.jwt")}

    async def come_back(self, name: str) -> None:
        """Start a server again, and wait until the others know of it."""
        self.servers[name].restart()
        await self.wait()

    async def wait(self) -> None:
        """Wait until each server knows of the others."""
        deadline = time.monotonic() + 10
        for url in self.urls:
            while True:
                async with self.realm.connect(url) as client:
                    if client.servers == NAMES:
                        break
                assert time.monotonic() < deadline, "no cluster came about"
                await asyncio.sleep(0.05)


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
    cluster = Cluster(realm, tmp_path, servers)
    await cluster.wait()
    return cluster
