"""Three servers with resolvers, each of which knows of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from natsauth.testing._cluster import wait_for_routes

if TYPE_CHECKING:
    from pathlib import Path

    from natsauth.testing import NatsServer
    from tests.live._realm import Realm
    from tests.live._servers import StartServer

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
        await wait_for_routes(self.urls, self.realm.connect)


async def start(
    start_server: StartServer, tmp_path: Path, realm: Realm, *resolvers: str
) -> Cluster:
    """Start three servers, and wait until each knows of the others."""
    servers = start_server.cluster(tmp_path, [realm.config(resolver) for resolver in resolvers])
    cluster = Cluster(realm, tmp_path, dict(zip(NAMES, servers, strict=True)))
    await cluster.wait()
    return cluster
