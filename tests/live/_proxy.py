"""A network in between that is slow, falls silent or breaks."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self


class Proxy:
    """Forwards what clients and a server say to each other.

    Args:
        target: The URL of the server.
        delay: Seconds by which all that the server says is late.
        messages: So many messages of clients with an answer reach the server; then it ends.
        silent: Whether by then nothing is forwarded any more, rather than the connection closed.

    Attributes:
        url: Where clients connect.
        ended: Set when it has ended.
    """

    def __init__(
        self, target: str, *, delay: float = 0, messages: int = 1 << 30, silent: bool = False
    ) -> None:
        address = urlsplit(target)
        self._target = (address.hostname or "", address.port or 0)
        self._delay, self._left, self._silent = delay, messages, silent
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets = [self._listener]
        self._threads: list[threading.Thread] = []
        self.ended = threading.Event()
        self.url = f"nats://127.0.0.1:{self._listener.getsockname()[1]}"
        self._run(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(5)

    def _run(self, target: object, *args: socket.socket) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                self._run(self._from_client, client, server)
                self._run(self._from_server, server, client)

    def _from_client(self, client: socket.socket, server: socket.socket) -> None:
        with _ending(server), client.makefile("rb") as lines:
            for line in lines:
                if line.startswith(b"PUB $SYS.REQ.CLAIMS"):
                    self._left -= 1
                if self._left < 0:
                    self.ended.set()
                    if not self._silent:
                        break
                else:
                    server.sendall(line)

    def _from_server(self, server: socket.socket, client: socket.socket) -> None:
        with _ending(client):
            while data := server.recv(1 << 16):
                time.sleep(self._delay)
                client.sendall(data)


@contextmanager
def _ending(other: socket.socket) -> Iterator[None]:
    """End one side however the other ends: a server that is cut off may reset the connection."""
    try:
        with suppress(OSError):
            yield
    finally:
        with suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)
