"""Questions to any number of servers at a time, and the answers to each.

A question goes to a subject on which any number of servers answers. The answers come to an inbox,
under a number for each question, so that many questions are out at a time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Protocol

from natsauth.errors import ResolverConnectionError, ResolverError
from natsauth.resolver._protocol import explain

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterator,
        Awaitable,
        Callable,
        Iterable,
        Mapping,
    )

    Question = tuple[str, bytes] | None
    """Where to publish, and what; ``None`` is not asked."""
    Enough = Callable[[list[bytes]], bool]
    """Tells from the answers whether there are all of them."""

_LONGEST = 10  # times the patience, however busily a server talks
_NO_RESPONDERS = "503"
_WINDOW, _WINDOW_BYTES = 256, 512 << 10
"""How much may be out at a time: enough to keep servers busy, little enough to need no memory."""
_TURN = 16
"""How many questions are asked before other tasks have their turn."""


class Message(Protocol):
    """What is read of ``nats.aio.msg.Msg``."""

    @property
    def subject(self) -> str: ...
    @property
    def data(self) -> bytes: ...
    @property
    def headers(self) -> Mapping[str, str] | None: ...


class Publisher(Protocol):
    """What is used of ``nats.aio.client.Client``."""

    async def publish(self, subject: str, payload: bytes, reply: str) -> None: ...


@dataclass(slots=True)
class Answers:
    """The answers to one question.

    Attributes:
        received: The answers, in the order in which they came.
        no_responders: Whether the server said that there is nobody to answer.
    """

    received: list[bytes] = field(default_factory=list)
    no_responders: bool = False


@dataclass(slots=True)
class _Operation:
    """Questions that are waited for together.

    Attributes:
        news: Set when an answer came, or none will come any more.
        failed: Whether none will come any more.
        optional: The subject of a question that the user need not be allowed to ask.
    """

    news: asyncio.Event = field(default_factory=asyncio.Event)
    failed: bool = False
    optional: str = ""


class Questions:
    """The questions that are asked over one connection.

    Args:
        publisher: What publishes them.
        inbox: The subject of the answers; it ends in the wildcard ``*``.

    Attributes:
        error: What last went wrong with the connection.
    """

    error: Exception | None = None

    def __init__(self, publisher: Publisher, inbox: str) -> None:
        self._publisher = publisher
        self._inbox = inbox
        self._numbers = count(1)
        self._open: dict[str, tuple[Answers, _Operation]] = {}

    async def ask(
        self,
        subject: str,
        payload: bytes,
        *,
        enough: Enough,
        patience: float,
    ) -> Answers:
        """Ask one question, and collect the answers.

        Args:
            subject: Where it is published.
            payload: What is asked.
            enough: Tells from the answers whether there are all of them.
            patience: Seconds without an answer after which none is expected; ten times as long
                altogether.

        Raises:
            ResolverConnectionError: The connection was lost.
            ResolverError: The user may not ask.
        """
        operation = _Operation()
        inbox, answers = await self._publish(subject, payload, operation)
        try:
            await self._until(enough, answers, operation, patience)
        finally:
            del self._open[inbox]
        return answers

    @asynccontextmanager
    async def aside(
        self, subject: str, *, patience: float
    ) -> AsyncIterator[Callable[[Enough], Awaitable[list[bytes]]]]:
        """Ask what the user need not be allowed to ask, beside what is asked within the block.

        Args:
            subject: Where it is published.
            patience: As that of :meth:`ask`.

        Yields:
            What waits for the answers; there are none if the user may not ask.

        Raises:
            ResolverConnectionError: The connection was lost.
        """
        operation = _Operation(optional=subject)
        inbox, answers = await self._publish(subject, b"", operation)

        async def wait(enough: Enough) -> list[bytes]:
            await self._until(enough, answers, operation, patience)
            return answers.received

        try:
            yield wait
        finally:
            del self._open[inbox]

    async def ask_each(
        self,
        questions: Iterable[Question] | AsyncIterable[Question],
        *,
        expected: int,
        patience: float,
    ) -> AsyncGenerator[Answers, None]:
        """Ask many questions, of which few are out at a time; yield the answers to each in order.

        What has been silent for the whole patience is not waited for with each further question:
        these are content with as many answers as came until then.

        Args:
            questions: Subjects and payloads; the next one is taken when there is room for it.
                ``None`` is not asked, and has no answers.
            expected: How many answers to a question are all of them.
            patience: Seconds without any answer after which none is expected; ten times as long
                for each question.

        Raises:
            ResolverConnectionError: The connection was lost.
            ResolverError: The user may not ask.
        """
        operation, source = _Operation(), _each(questions)
        out: deque[tuple[str, Answers, int]] = deque()
        size, silent = 0, 0  # bytes that are out; questions for which nothing more is expected
        asked = count(1)

        def enough(received: list[bytes]) -> bool:
            return len(received) >= expected

        try:
            while True:
                with suppress(StopAsyncIteration):
                    while len(out) < _WINDOW and size < _WINDOW_BYTES:
                        inbox, answers, length = "", Answers(), 0
                        if question := await anext(source):
                            inbox, answers = await self._publish(*question, operation)
                            length = len(question[1])
                        out.append((inbox, answers, length))
                        size += length
                        if next(asked) % _TURN == 0:
                            await asyncio.sleep(0)  # so that it is sent while more is prepared
                if not out:
                    return
                inbox, answers, length = out[0]
                if silent:
                    silent -= 1
                elif inbox and not await self._until(enough, answers, operation, patience):
                    silent = len(out) - 1
                    expected = max(1, *(len(a.received) for _, a, _ in out))
                out.popleft()
                size -= length
                self._open.pop(inbox, None)
                yield answers
        finally:
            for inbox, _, _ in out:
                self._open.pop(inbox, None)
            await source.aclose()

    async def _publish(
        self, subject: str, payload: bytes, operation: _Operation
    ) -> tuple[str, Answers]:
        inbox, answers = f"{self._inbox[:-1]}{next(self._numbers)}", Answers()
        self._open[inbox] = answers, operation
        try:
            await self._publisher.publish(subject, payload, reply=inbox)
        except BaseException as error:
            del self._open[inbox]
            if isinstance(error, Exception):
                raise self._failure(error) from error
            raise
        return inbox, answers

    async def _until(
        self,
        enough: Enough,
        answers: Answers,
        operation: _Operation,
        patience: float,
    ) -> bool:
        """Wait until all answers are there, and tell whether they came in time."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + _LONGEST * patience
        while not (answers.no_responders or enough(answers.received)):
            if operation.failed:
                raise self._failure(self.error)
            operation.news.clear()
            try:
                async with asyncio.timeout(min(patience, deadline - clock())):
                    await operation.news.wait()
            except TimeoutError:
                return False
        return True

    async def on_message(self, message: Message) -> None:
        """Take an answer."""
        if question := self._open.get(message.subject):
            answers, operation = question
            if not message.data and (message.headers or {}).get("Status") == _NO_RESPONDERS:
                answers.no_responders = True
            else:
                answers.received.append(message.data)
            operation.news.set()

    def excuse(self, error: Exception) -> bool:
        """Tell whether an error is only that the user may not ask what it need not be allowed to.

        Args:
            error: What nats-py has to say; of a refusal that is the subject, in lower case.
        """
        for answers, operation in self._open.values():
            if operation.optional and f'"{operation.optional.lower()}"' in str(error):
                answers.no_responders = True
                operation.news.set()
                return True
        return False

    def fail(self, error: Exception | None) -> None:
        """Let the questions that are out be the last, or those that the user may not ask."""
        self.error = error
        for _, operation in self._open.values():
            operation.failed = True
            operation.news.set()

    def _failure(self, error: Exception | None) -> ResolverError:
        reason, hint = explain(self.error or error)
        if "permissions violation" in reason:
            return ResolverError(f"the user may not ask: {reason}", hint=hint)
        return ResolverConnectionError(f"the connection was lost: {reason}", hint=hint)


async def _each(
    questions: Iterable[Question] | AsyncIterable[Question],
) -> AsyncGenerator[Question, None]:
    if isinstance(questions, AsyncIterable):
        async for question in questions:
            yield question
    else:
        for question in questions:
            yield question
