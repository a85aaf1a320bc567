"""The permission errors of nats-py, which arrive later, as assertions."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

from natsauth.errors import NatsAuthError, UsageError
from natsauth.policy import evaluate
from natsauth.policy._server_text import quoted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from nats.aio.client import Client

_VIOLATION: Final = re.compile(
    r"permissions violation for (?:publish(?: with reply)?|subscription) (?:to|of) "
    r'("(?:[^"\\]|\\.)*")',
    re.IGNORECASE,
)


class _Dispatcher:
    """What hears the errors of a client while there are blocks, in place of its ``error_cb``."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._passed_on = client._error_cb  # noqa: SLF001 - nats-py has no other way to hear of errors
        self._blocks: list[tuple[str, list[str]]] = []
        client._error_cb = self  # noqa: SLF001 - as above

    async def __call__(self, error: Exception) -> None:
        """Give a refusal to the blocks that wait for it, or else to all, and pass on the others."""
        found = _VIOLATION.search(str(error))
        if not found:
            await self._passed_on(error)
            return
        subject = found[1].lower()
        waiting = [block for block in self._blocks if block[0] == subject]
        for _, refused in waiting or self._blocks:
            refused.append(str(error).removeprefix("nats: "))

    @contextmanager
    def block(self, subject: str) -> Iterator[list[str]]:
        """Hear for one block, and with the last one no more."""
        block = (subject, list[str]())
        self._blocks.append(block)
        try:
            yield block[1]
        finally:
            self._blocks = [other for other in self._blocks if other is not block]
            if not self._blocks:
                self._client._error_cb = self._passed_on  # noqa: SLF001 - as above


class Denial:
    """What the server refused; filled in at the end of an :func:`expect_denied` block.

    Attributes:
        error: What the server said, as nats-py passes it on: in lower case.
        operation: ``publish`` or ``subscribe``.
    """

    error: str = ""
    operation: str = ""


@asynccontextmanager
async def expect_denied(client: Client, subject: str) -> AsyncIterator[Denial]:
    """Fail unless the server refuses to publish to a subject in the block, or to subscribe to it.

    ::

        async with expect_denied(client, "orders.new"):
            await client.publish("orders.new")

    nats-py tells of a refusal later, by its ``error_cb``. At the end of the block all that the
    server has to say is waited for; a refusal of anything else fails, too, unless another block of
    the client is waiting for it. What was sent before the block does not count, nor does letter
    case, as nats-py passes errors on in lower case.

    Args:
        client: A connected client, of :meth:`Sandbox.connect` or any other of nats-py.
        subject: What is to be refused; of a publish with a reply that may not be used, the reply.

    Yields:
        The refusal, which says at the end what the server said.

    Raises:
        AssertionError: Nothing was refused, or something else.
        UsageError: An argument has the wrong type.

    On a connection that is closed it raises what nats-py does.
    """
    __tracebackhide__ = True
    if not hasattr(client, "_error_cb") or not isinstance(subject, str):
        raise UsageError(
            f"expected a client of nats-py and a subject, got {type(client).__name__} and "
            f"{type(subject).__name__}"
        )
    denial = Denial()
    wanted = quoted(subject).lower()  # as the server quotes it
    await _settle(client)
    hearing = client._error_cb  # noqa: SLF001 - as above
    dispatcher = hearing if isinstance(hearing, _Dispatcher) else _Dispatcher(client)
    with dispatcher.block(wanted) as refused:
        yield denial
        await _settle(client)
    expected = [words for words in refused if _subject(words) == wanted]
    if not expected:
        said = f"; refused was: {'; '.join(refused)}" if refused else _verdicts(client, subject)
        raise AssertionError(f"{subject!r} was not refused{said}")
    if others := [words for words in refused if words not in expected]:
        raise AssertionError(f"more than {subject!r} was refused: {'; '.join(others)}")
    denial.error = expected[0]
    denial.operation = "subscribe" if "for subscription" in denial.error else "publish"


async def _settle(client: Client) -> None:
    """Return when the server has answered everything sent so far.

    The PING of nats-py 2.16 overtakes what is still pending.
    """
    await client.flush()
    await client.flush()


def _subject(words: str) -> str:
    found = _VIOLATION.search(words)
    return found[1].lower() if found else ""


def _verdicts(client: Client, subject: str) -> str:
    """Say which rules let it pass, where the client has creds that tell."""
    creds = getattr(client, "creds", None)
    if creds is None:
        return ""
    try:
        user = evaluate(creds, getattr(client, "account", None))
    except NatsAuthError:
        return ""  # a user of a scope, say
    decisions = [user.publish(subject), user.subscribe(subject)]
    return "".join(f"\n  {decision.explain()}" for decision in decisions if decision)
