"""The connection: nats-py, and the few members of its client that are used."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from natsauth.errors import ResolverConnectionError, ResolverError
from natsauth.resolver._protocol import explain
from natsauth.resolver._questions import Message, Publisher, Questions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from ssl import SSLContext

    from natsauth.creds import Creds

_CLOSE_SECONDS = 1.0
_TLS_FIRST = "the server may want the TLS handshake first: tls_first=True"


class _Client(Publisher, Protocol):
    """What is used of ``nats.aio.client.Client``."""

    _server_info: dict[str, Any]

    @property
    def connect(self) -> Callable[..., Awaitable[None]]: ...
    @property
    def is_connected(self) -> bool: ...
    @property
    def last_error(self) -> Exception | None: ...
    @property
    def max_payload(self) -> int: ...
    async def subscribe(
        self, subject: str, *, cb: Callable[[Message], Awaitable[None]]
    ) -> object: ...
    async def close(self) -> None: ...


class Connection:
    """A connection to one server.

    Args:
        client: A client of nats-py that is not yet connected.
        inbox: The subject of the answers; it ends in the wildcard ``*``.

    Attributes:
        questions: What is asked over it.
        max_payload: Bytes that the server takes in one message, once connected.
    """

    def __init__(self, client: _Client, inbox: str) -> None:
        self._client = client
        self._inbox = inbox
        self._closed = asyncio.Event()
        self._excused: Exception | None = None
        self.questions = Questions(client, inbox)
        self.max_payload = 0

    async def open(
        self,
        server: str,
        creds: Creds,
        *,
        seconds: float,
        tls: SSLContext | None,
        tls_first: bool,
    ) -> None:
        """Connect to a server, once.

        Raises:
            ResolverConnectionError: It cannot be reached, or does not take the user.
        """
        scheme = urlsplit(server).scheme
        tls_first = tls_first and scheme in ("nats", "tls")
        secure = scheme == "tls" or (scheme == "nats" and tls is not None)
        login = creds.nats_py()
        sign = login.pop("signature_cb")

        def require_tls() -> None:
            # nats-py does without TLS where the server, or who claims to be it, asks for none.
            if secure and not tls_first and not self._client._server_info.get("tls_required"):  # noqa: SLF001 - it shows this nowhere else
                raise ConnectionError("the server would talk without TLS")

        def signature(nonce: str) -> bytes:
            require_tls()  # or somebody in between logs in with the signature
            return bytes(sign(nonce))

        try:
            async with asyncio.timeout(seconds):
                await self._client.connect(
                    server,
                    error_cb=self._on_error,
                    closed_cb=self._on_closed,
                    name="natsauth",
                    allow_reconnect=False,
                    max_reconnect_attempts=1,  # 0 is without end
                    reconnect_time_wait=0.05,
                    connect_timeout=seconds,
                    pending_size=0,  # no flush while publishing, in which a cancellation is lost
                    tls=tls,
                    tls_handshake_first=tls_first,
                    signature_cb=signature,
                    **login,
                )
            require_tls()
            await self._client.subscribe(self._inbox, cb=self.questions.on_message)
            self.max_payload = int(self._client.max_payload)
        except Exception as error:
            late = secure and not tls_first and isinstance(error, TimeoutError)
            raise self._refusal(server, error, hint=_TLS_FIRST if late else "") from error
        if not self._client.is_connected:  # nats-py overlooks an end of the stream here
            raise self._refusal(server, ConnectionError("the server closed the connection"))

    async def close(self) -> None:
        """Close the connection; nothing of it is left when this returns."""
        # After a failed TLS handshake nats-py 2.16 waits without end; the socket is closed by then.
        with suppress(Exception):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._client.close()
                await self._closed.wait()  # where nats-py was closing already, by itself

    async def _on_error(self, error: Exception) -> None:
        if self.questions.excuse(error):
            self._excused = error
        else:
            self.questions.fail(error)

    async def _on_closed(self) -> None:
        last = self._client.last_error
        self.questions.fail(None if last is self._excused else last or self.questions.error)
        self._closed.set()

    def _refusal(self, server: str, error: Exception, *, hint: str = "") -> ResolverConnectionError:
        # Where nats-py has tried all its servers, only the callback got the reason.
        reason, cure = explain(self.questions.error or error)
        address = urlsplit(server)
        shown = f"{address.scheme}://{address.netloc.rpartition('@')[2]}"
        return ResolverConnectionError(f"cannot connect to {shown}: {reason}", hint=hint or cure)


@asynccontextmanager
async def connected(
    servers: Sequence[str],
    creds: Creds,
    *,
    inbox: str,
    seconds: float,
    tls: SSLContext | None,
    tls_first: bool,
) -> AsyncIterator[Connection]:
    """Connect to the first server that can be reached and takes the user.

    Args:
        servers: URLs, which are tried in their order.
        creds: The user.
        inbox: The subject of the answers; it ends in the wildcard ``*``.
        seconds: How long that may take altogether.
        tls: How to connect to servers over TLS.
        tls_first: Whether the TLS handshake comes before everything else.

    Raises:
        ResolverConnectionError: There is none; the reason of each is named.
        ResolverError: nats-py is not installed.
    """
    try:
        from nats.aio.client import Client
    except ImportError as error:
        hint = 'python -m pip install "natsauth[nats]"'
        raise ResolverError("nats-py is needed to talk to servers", hint=hint) from error

    clock = asyncio.get_running_loop().time
    deadline, failures = clock() + seconds, []
    for index, server in enumerate(servers):
        connection = Connection(Client(), inbox)
        share = (deadline - clock()) / (len(servers) - index)
        try:
            await connection.open(server, creds, seconds=share, tls=tls, tls_first=tls_first)
        except ResolverConnectionError as error:
            failures.append(error)
        else:
            yield connection
            return
        finally:
            await connection.close()
    messages = "; ".join(str(failure.args[0]) for failure in failures)
    raise ResolverConnectionError(messages, hint=failures[-1].hint) from failures[-1]
