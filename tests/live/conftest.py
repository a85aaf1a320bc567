"""What live tests share: real servers that always stop, and clients that close cleanly.

A test names the types of the fixtures under TYPE_CHECKING, from tests.live.conftest.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from natsauth.testing._client import SandboxClient, opened
from tests.live._servers import StartServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class Connect(Protocol):
    """Open a connection as (client, errors); the errors are those that error_cb got."""

    def __call__(
        self, url: str, **options: Any
    ) -> AbstractAsyncContextManager[tuple[SandboxClient, list[Exception]]]: ...


@pytest.fixture
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    with StartServer(tmp_path_factory.mktemp("servers")) as start:
        yield start


@pytest.fixture
def connect() -> Connect:
    return _connect


@asynccontextmanager
async def _connect(
    url: str, **options: Any
) -> AsyncIterator[tuple[SandboxClient, list[Exception]]]:
    async with opened(url, **options) as client:
        yield client, client.errors
