"""Questions and answers without a server: what is published is seen, and answered at will."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.errors import ResolverConnectionError, ResolverError
from natsauth.resolver._questions import Answers, Questions

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Mapping

pytestmark = pytest.mark.asyncio

SOON, LATER = 0.05, 5.0


@dataclass
class Given:
    """A message as nats-py gives it."""

    subject: str
    data: bytes
    headers: Mapping[str, str] | None = None


@dataclass
class Servers:
    """Servers, each of which answers each question with its name and the question."""

    names: str
    silent: str = ""
    backlog: list[tuple[str, bytes]] = field(default_factory=list)
    most: int = 0

    def __post_init__(self) -> None:
        self.questions = Questions(self, "_INBOX.x.*")

    async def publish(self, subject: str, payload: bytes, reply: str) -> None:
        assert subject == "s"
        self.backlog.append((reply, payload))
        self.most = max(self.most, len(self.backlog))

    async def answer(self) -> None:
        """Answer whatever comes, until cancelled."""
        while True:
            backlog, self.backlog = self.backlog, []
            for reply, payload in backlog:
                for name in set(self.names) - set(self.silent):
                    await self.questions.on_message(Given(reply, name.encode() + payload))
            await asyncio.sleep(0)

    async def ask(
        self, payloads: Iterator[bytes | None] | list[bytes | None], patience: float = SOON
    ) -> list[list[bytes]]:
        """Return the sorted answers to each question."""
        answering = asyncio.create_task(self.answer())
        try:
            questions = (None if p is None else ("s", p) for p in payloads)
            asked = self.questions.ask_each(questions, expected=len(self.names), patience=patience)
            return [sorted(answers.received) async for answers in asked]
        finally:
            answering.cancel()
            assert not self.questions._open


def numbers(count: int, size: int = 0) -> Iterator[bytes]:
    return (str(n).encode().zfill(size) for n in range(count))


async def test_answers_come_in_the_order_of_the_questions() -> None:
    servers = Servers("ab")
    assert await servers.ask(numbers(1000), LATER) == [[b"a" + n, b"b" + n] for n in numbers(1000)]
    assert servers.most <= 256


async def test_few_large_questions_are_out_at_a_time() -> None:
    servers = Servers("a")
    answers = await servers.ask(numbers(20, 300_000), LATER)
    assert len(answers) == 20
    assert servers.most == 2


async def test_what_is_not_asked_has_no_answers() -> None:
    servers = Servers("a")
    payloads = [None, b"1", None, None, b"2", None]
    assert await servers.ask(payloads, LATER) == [[], [b"a1"], [], [], [b"a2"], []]
    assert await servers.ask([None] * 1000, LATER) == [[]] * 1000
    assert await servers.ask([], LATER) == []


async def test_a_silent_server_is_waited_for_once() -> None:
    servers = Servers("abc", silent="b")
    clock = asyncio.get_running_loop().time
    start = clock()
    answers = await servers.ask(numbers(2000), 0.3)
    assert 0.3 <= clock() - start < 1.5
    assert answers == [[b"a" + n, b"c" + n] for n in numbers(2000)]


async def test_servers_that_all_are_silent() -> None:
    servers = Servers("ab", silent="ab")
    assert await servers.ask(numbers(300)) == [[]] * 300


async def test_nobody_to_answer() -> None:
    servers = Servers("a")
    questions = servers.questions
    asked = asyncio.create_task(questions.ask("s", b"", enough=lambda _: False, patience=LATER))
    await asyncio.sleep(0)
    [(reply, _)] = servers.backlog
    await questions.on_message(Given(reply, b"", {"Status": "503"}))
    assert await asked == Answers([], no_responders=True)
    assert not questions._open


async def test_answers_to_nothing_that_is_asked() -> None:
    servers = Servers("a")
    questions = servers.questions
    asked = asyncio.create_task(questions.ask("s", b"", enough=bool, patience=LATER))
    await asyncio.sleep(0)
    await questions.on_message(Given("_INBOX.x.0", b"other"))
    [(reply, _)] = servers.backlog
    await questions.on_message(Given(reply, b"mine", {"Status": "503"}))
    assert (await asked).received == [b"mine"]


async def test_a_server_that_talks_without_end() -> None:
    servers = Servers("a")
    questions = servers.questions
    asked = asyncio.create_task(questions.ask("s", b"", enough=lambda _: False, patience=SOON))
    await asyncio.sleep(0)
    [(reply, _)] = servers.backlog
    count = 0
    while not asked.done():
        await questions.on_message(Given(reply, b"more"))
        count += 1
        await asyncio.sleep(SOON / 5)
    assert len((await asked).received) == count
    assert count > 20  # ten times the patience


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (ConnectionError("gone"), ResolverConnectionError, "the connection was lost: gone"),
        (Exception("nats: permissions violation for x"), ResolverError, "the user may not ask: "),
        (None, ResolverConnectionError, "it was closed"),
    ],
)
async def test_a_failure_ends_all_questions(
    error: Exception | None, kind: type[ResolverError], message: str
) -> None:
    servers = Servers("a", silent="a")
    questions = servers.questions
    tasks = [
        asyncio.create_task(questions.ask("s", b"", enough=bool, patience=LATER)) for _ in range(3)
    ]
    await asyncio.sleep(0)
    questions.fail(error)
    for task in tasks:
        with pytest.raises(kind, match=message):
            await task
    assert not questions._open
    many = asyncio.create_task(servers.ask(numbers(300), LATER))
    await asyncio.sleep(SOON)
    questions.fail(error)
    with pytest.raises(kind, match=message):
        await many


async def test_what_cannot_be_published() -> None:
    servers = Servers("a")

    async def publish(subject: str, payload: bytes, reply: str) -> None:
        raise ConnectionError(f"{subject} {payload!r} {reply}")

    servers.publish = publish  # type: ignore[method-assign]
    with pytest.raises(ResolverConnectionError, match=r"lost: s b'0' _INBOX\.x\.1"):
        await servers.ask(numbers(3))


async def test_an_error_of_the_source_and_an_end_before_the_end() -> None:
    def source() -> Iterator[bytes]:
        yield b"1"
        raise KeyError("mine")

    servers = Servers("a")
    with pytest.raises(KeyError, match="mine"):
        await servers.ask(source())
    answering = asyncio.create_task(servers.answer())
    asked = servers.questions.ask_each(
        (("s", p) for p in numbers(1000)), expected=1, patience=LATER
    )
    async with aclosing(asked):
        async for answers in asked:
            assert answers.received == [b"a0"]
            break
    answering.cancel()
    assert not servers.questions._open


async def test_cancellation() -> None:
    servers = Servers("a", silent="a")
    one = servers.questions.ask("s", b"", enough=bool, patience=LATER)
    cases: list[Coroutine[Any, Any, object]] = [servers.ask(numbers(1000), LATER), one]
    for case in cases:
        task = asyncio.create_task(case)
        await asyncio.sleep(SOON)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not servers.questions._open


async def test_cancellation_while_a_question_is_published() -> None:
    servers = Servers("a")

    async def publish(subject: str, payload: bytes, reply: str) -> None:  # noqa: ARG001
        await asyncio.sleep(LATER)

    servers.publish = publish  # type: ignore[method-assign]
    task = asyncio.create_task(servers.questions.ask("s", b"", enough=bool, patience=LATER))
    await asyncio.sleep(SOON)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not servers.questions._open


async def test_the_next_question_is_taken_when_there_is_room() -> None:
    taken: defaultdict[str, int] = defaultdict(int)

    def source() -> Iterator[tuple[str, bytes]]:
        for payload in numbers(10_000):
            taken["count"] += 1
            yield "s", payload

    servers = Servers("a")
    answering = asyncio.create_task(servers.answer())
    asked = servers.questions.ask_each(source(), expected=1, patience=LATER)
    async with aclosing(asked):
        for expected in range(300):
            answers = await anext(asked)
            assert answers.received == [b"a%d" % expected]
            assert taken["count"] <= expected + 257
    answering.cancel()
