"""What live tests share: real servers that always stop, and clients that close cleanly.

A test names the types of the fixtures under TYPE_CHECKING, from tests.live.conftest.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from nats.aio.client import DEFAULT_FLUSH_TIMEOUT, Client

from natsauth._server import NatsServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


class StartServer(Protocol):
    """Run a server on a configuration, by default in a new directory, until the test ends."""

    def __call__(self, config_text: str, directory: Path | None = None) -> NatsServer: ...


class Connect(Protocol):
    """Open a connection as (client, errors); the errors are those that error_cb got."""

    def __call__(
        self, url: str, **options: Any
    ) -> AbstractAsyncContextManager[tuple[Client, list[Exception]]]: ...


@pytest.fixture
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    with ExitStack() as servers:

        def start(config_text: str, directory: Path | None = None) -> NatsServer:
            directory = directory or tmp_path_factory.mktemp("server")
            config = directory / "server.conf"
            config.write_text(config_text, encoding="utf-8")
            return servers.enter_context(NatsServer(config, directory=directory))

        yield start


@pytest.fixture
def connect() -> Connect:
    return _connect


@asynccontextmanager
async def _connect(url: str, **options: Any) -> AsyncIterator[tuple[Client, list[Exception]]]:
    errors: list[Exception] = []

    async def collect(error: Exception) -> None:  # nats-py takes coroutines only
        errors.append(error)

    # Unless a test asks for more, one refusal is final and raised as it is: by default nats-py
    # would try for two minutes and then hide the reason behind NoServersError.
    defaults = {"allow_reconnect": False, "max_reconnect_attempts": 1, "reconnect_time_wait": 0.05}
    client = _Client()
    try:
        await client.connect(url, error_cb=collect, **(defaults | options))
        yield client, errors
    finally:
        # Needed after a refusal too: nats-py 2.16 leaves the socket of a refused connection open,
        # which becomes a ResourceWarning in some later test.
        await client.close()


class _Client(Client):
    async def flush(self, timeout: int = DEFAULT_FLUSH_TIMEOUT) -> None:  # noqa: ASYNC109
        """Return when the server has answered everything sent so far, its errors included.

        The PING of nats-py 2.16 overtakes what is still pending, so that only a second one
        comes back after a permission violation.
        """
        await super().flush(timeout)
        await super().flush(timeout)
