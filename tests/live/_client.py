"""Clients that speak just enough of a protocol to connect: plain TCP, WebSocket, leaf node, MQTT.

Each says what the server answered first, and can wait until it closes the connection.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from typing import Self

    from natsauth.keys import KeyPair


@dataclass
class RawClient:
    """An open connection.

    Attributes:
        socket: Its socket.
        info: What the server said of itself first.
        is_websocket: Whether each way goes in frames.
    """

    socket: socket.socket
    info: dict[str, Any]
    is_websocket: bool = False

    @classmethod
    def open(cls, url: str, *, source: str = "127.0.0.1", path: str | None = None) -> Self:
        """Connect, as a WebSocket if there is a path."""
        address = urlsplit(url)
        assert address.hostname
        assert address.port
        peer = socket.create_connection(
            (address.hostname, address.port), timeout=10, source_address=(source, 0)
        )
        client = cls(peer, {}, is_websocket=path is not None)
        if path is not None:
            client._upgrade(path)
        line = client.receive()
        client.info = json.loads(line.partition(b"\r\n")[0].removeprefix(b"INFO "))
        return client

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def sign(self, key: KeyPair) -> str:
        """Return the signature over the server's nonce."""
        return base64url(key.sign(self.info["nonce"].encode()))

    def send(self, data: bytes) -> None:
        """Send protocol lines."""
        if self.is_websocket:
            mask = os.urandom(4)
            masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
            data = b"\x82\xfe" + struct.pack(">H", len(data)) + mask + masked
        self.socket.sendall(data)

    def receive(self) -> bytes:
        """Return what the server sends next; nothing if it has closed the connection."""
        try:
            if not self.is_websocket:
                return self.socket.recv(1 << 16)
            head = self._exactly(2)
            size = head[1] & 127
            if size == 126:
                size = int.from_bytes(self._exactly(2), "big")
            return self._exactly(size)
        except (ConnectionError, TimeoutError):
            return b""

    def receive_all(self) -> bytes:
        """Return what the server sends until it closes the connection."""
        received = b""
        while chunk := self.receive():
            received += chunk
        return received

    def _exactly(self, size: int) -> bytes:
        received = b""
        while len(received) < size:
            chunk = self.socket.recv(size - len(received))
            if not chunk:
                raise ConnectionError
            received += chunk
        return received

    def _upgrade(self, path: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += self._exactly(1)
        assert answer.startswith(b"HTTP/1.1 101")


def mqtt_connect(url: str, token: str) -> bytes:
    """Connect as an MQTT client and return the server's whole answer."""
    address = urlsplit(url)
    text = [b"natsauth", b"any", token.encode()]  # client, user, password
    body = b"\x00\x04MQTT\x04\xc2\x00\x00" + b"".join(
        struct.pack(">H", len(part)) + part for part in text
    )
    size, length = len(body), b""
    while True:
        size, low = divmod(size, 128)
        length += bytes([low | 128 if size else low])
        if not size:
            break
    with socket.create_connection((address.hostname, address.port), timeout=10) as client:
        client.sendall(b"\x10" + length + body)
        return client.recv(4)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
