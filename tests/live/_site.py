"""A store, servers that trust its operator, and the command line that works on both."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests._workshop import Workshop
from tests.live import _cluster
from tests.live._realm import FULL, Realm
from tests.live._servers import StartServer

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from natsauth.keys import KeyPair
    from natsauth.testing import NatsServer


class Site:
    """An operator ``o`` with ``SYS`` in a store, and servers that stop with the site.

    Args:
        path: A new or empty directory.
        realm: The keys; those of a strict operator if not given.
        seeds: The seeds that the store has; those of both signing keys if not given.

    Attributes:
        realm: The keys.
        shop: The store, and the command line.
        path: The directory; each server has one below it.
        start: Starts a server on a configuration.
    """

    def __init__(
        self, path: Path, realm: Realm | None = None, seeds: list[KeyPair] | None = None
    ) -> None:
        self.realm = realm = realm or Realm()
        self.path = path
        self.shop = Workshop(path / "shop")
        self.shop.store.write(realm.operator.encoded, "o")
        self.shop.store.write(realm.system_account.encoded, "o", "SYS")
        for pair in [realm.signing, realm.system_signing] if seeds is None else seeds:
            self.shop.store.add_seed(pair.reveal_seed())
        self.start = StartServer(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.start.close()

    def server(self, resolver: str = FULL, more: str = "") -> NatsServer:
        """Start a server with a resolver."""
        return self.start(self.realm.config(resolver, more))

    def cluster(self, resolver: str = _cluster.DELETING) -> _cluster.Cluster:
        """Start three servers that know of each other."""
        directory = self.path / "cluster"
        directory.mkdir()
        return asyncio.run(_cluster.start(self.start, directory, self.realm, *[resolver] * 3))

    def accounts(self, *names: str, **body: Any) -> list[str]:
        """Put accounts into the store, and return their public keys."""
        tokens = [self.realm.new_account(name, **body) for name in names]
        for name, token in zip(names, tokens, strict=True):
            self.shop.store.write(token.encoded, "o", name)
        return [token.claims.sub for token in tokens]
