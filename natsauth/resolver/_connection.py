"""The connection: nats-py, and the few members of its client that are used.

A question goes to a subject on which any number of servers answers. The answers come to an inbox,
under a number for each question, so that many questions are out at a time.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from natsauth.errors import ResolverConnectionError, ResolverError
from natsauth.resolver._protocol import explain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from ssl import SSLContext

    from natsauth.creds import Creds

_CLOSE_SECONDS = 1.0
_LONGEST = 10  # times the patience, however busily a server talks
_NO_RESPONDERS = "503"


class _Message(Protocol):
    """What is read of ``nats.aio.msg.Msg``."""

    @property
    def subject(self) -> str: ...
    @property
    def data(self) -> bytes: ...
    @property
    def headers(self) -> Mapping[str, str] | None: ...


class _Client(Protocol):
    """What is used of ``nats.aio.client.Client``."""

    @property
    def connect(self) -> Callable[..., Awaitable[None]]: ...
    @property
    def is_connected(self) -> bool: ...
    @property
    def last_error(self) -> Exception | None: ...
    @property
    def max_payload(self) -> int: ...
    async def subscribe(
        self, subject: str, *, cb: Callable[[_Message], Awaitable[None]]
    ) -> object: ...
    async def publish(self, subject: str, payload: bytes, reply: str) -> None: ...
    async def close(self) -> None: ...


@dataclass(slots=True)
class Answers:
    """The answers to one question.

    Attributes:
        received: The answers, in the order in which they came.
        no_responders: Whether the server said that there is nobody to answer.
    """

    received: list[bytes] = field(default_factory=list)
    no_responders: bool = False


class Connection:
    """A connection to one server.

    Args:
        client: A client of nats-py that is not yet connected.
        inbox: The subject of the answers; it ends in the wildcard ``*``.

    Attributes:
        max_payload: Bytes that the server takes in one message, once connected.
    """

    def __init__(self, client: _Client, inbox: str) -> None:
        self._client = client
        self._inbox = inbox
        self._numbers = count(1)
        self._questions: dict[str, tuple[Answers, asyncio.Queue[str | None]]] = {}
        self._closed = asyncio.Event()
        self._error: Exception | None = None
        self.max_payload = 0

    async def open(
        self, server: str, creds: Creds, *, seconds: float, tls: SSLContext | None
    ) -> None:
        """Connect to a server, once.

        Raises:
            ResolverConnectionError: It cannot be reached, or does not take the user.
        """
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
                    tls=tls,
                    **creds.nats_py(),
                )
            await self._client.subscribe(self._inbox, cb=self._on_message)
            self.max_payload = int(self._client.max_payload)
        except Exception as error:
            raise self._refusal(server, error) from error
        if not self._client.is_connected:  # nats-py overlooks an end of the stream here
            raise self._refusal(server, ConnectionError("the server closed the connection"))

    async def close(self) -> None:
        """Close the connection; nothing of it is left when this returns."""
        # After a failed TLS handshake nats-py 2.16 waits without end; the socket is closed by then.
        with suppress(Exception):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._client.close()
                await self._closed.wait()  # where nats-py was closing already, by itself

    async def ask(
        self,
        subject: str,
        questions: Sequence[bytes],
        *,
        enough: Callable[[list[bytes]], bool],
        patience: float,
    ) -> list[Answers]:
        """Ask all questions, then collect the answers to each.

        Args:
            subject: Where they are published.
            questions: What is asked.
            enough: Tells from the answers to a question whether there are all of them.
            patience: Seconds without an answer to any question after which none is expected; ten
                times as long altogether.

        Raises:
            ResolverConnectionError: The connection was lost.
            ResolverError: The user may not ask.
        """
        arrivals: asyncio.Queue[str | None] = asyncio.Queue()
        asked = {f"{self._inbox[:-1]}{next(self._numbers)}": Answers() for _ in questions}
        self._questions |= {inbox: (answers, arrivals) for inbox, answers in asked.items()}
        clock = asyncio.get_running_loop().time
        deadline = clock() + _LONGEST * patience
        try:
            for inbox, question in zip(asked, questions, strict=True):
                await self._publish(subject, question, inbox)
            unanswered = set(asked)
            with suppress(TimeoutError):
                while unanswered:
                    async with asyncio.timeout(min(patience, deadline - clock())):
                        arrived = await arrivals.get()
                    if arrived is None:
                        raise self._failure(self._error)
                    answers = asked[arrived]
                    if answers.no_responders or enough(answers.received):
                        unanswered.discard(arrived)
        finally:
            for inbox in asked:
                del self._questions[inbox]
        return list(asked.values())

    async def _publish(self, subject: str, payload: bytes, reply: str) -> None:
        try:
            await self._client.publish(subject, payload, reply=reply)
        except Exception as error:
            raise self._failure(error) from error

    async def _on_message(self, message: _Message) -> None:
        if question := self._questions.get(message.subject):
            answers, arrivals = question
            if not message.data and (message.headers or {}).get("Status") == _NO_RESPONDERS:
                answers.no_responders = True
            else:
                answers.received.append(message.data)
            arrivals.put_nowait(message.subject)

    async def _on_error(self, error: Exception) -> None:
        self._error = error
        self._wake_up()

    async def _on_closed(self) -> None:
        self._error = self._client.last_error or self._error
        self._closed.set()
        self._wake_up()

    def _wake_up(self) -> None:
        for _, arrivals in self._questions.values():
            arrivals.put_nowait(None)

    def _refusal(self, server: str, error: Exception) -> ResolverConnectionError:
        # Where nats-py has tried all its servers, only the callback got the reason.
        reason, hint = explain(self._error or error)
        address = urlsplit(server)
        shown = f"{address.scheme}://{address.netloc.rpartition('@')[2]}"
        return ResolverConnectionError(f"cannot connect to {shown}: {reason}", hint=hint)

    def _failure(self, error: Exception | None) -> ResolverError:
        reason, hint = explain(self._error or error)
        if "permissions violation" in reason:
            return ResolverError(f"the user may not ask: {reason}", hint=hint)
        return ResolverConnectionError(f"the connection was lost: {reason}", hint=hint)


@asynccontextmanager
async def connected(
    servers: Sequence[str], creds: Creds, *, inbox: str, seconds: float, tls: SSLContext | None
) -> AsyncIterator[Connection]:
    """Connect to the first server that can be reached and takes the user.

    Args:
        servers: URLs, which are tried in their order.
        creds: The user.
        inbox: The subject of the answers; it ends in the wildcard ``*``.
        seconds: How long that may take altogether.
        tls: How to connect to servers that ask for TLS.

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
            await connection.open(server, creds, seconds=share, tls=tls)
        except ResolverConnectionError as error:
            failures.append(error)
        else:
            yield connection
            return
        finally:
            await connection.close()
    messages = "; ".join(str(failure.args[0]) for failure in failures)
    raise ResolverConnectionError(messages, hint=failures[-1].hint) from failures[-1]
