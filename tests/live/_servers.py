"""Servers on hand-made configurations, by the testing kit."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from natsauth.testing import NatsServer
from natsauth.testing._cluster import start_servers

if TYPE_CHECKING:
    from pathlib import Path


class StartServer(ExitStack):
    """Run servers until the block ends.

    Args:
        path: An existing directory, below which servers get theirs.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def __call__(self, config_text: str, directory: Path | None = None) -> NatsServer:
        """Run a server on a configuration, by default in a new directory."""
        if directory is None:
            directory = self._path / f"server{len([*self._path.iterdir()])}"
            directory.mkdir()
        config = directory / "server.conf"
        config.write_text(config_text, encoding="utf-8")
        return self.enter_context(NatsServer(config, directory=directory))

    def cluster(self, directory: Path, configs: list[str]) -> list[NatsServer]:
        """Run servers ``n1``, ``n2`` and so on that know of each other."""
        return [self.enter_context(server) for server in start_servers(directory, configs)]
