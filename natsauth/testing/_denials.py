"""The permission errors of nats-py, which arrive later, as assertions."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from natsauth.errors import NatsAuthError, UsageError
from natsauth.policy import evaluate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nats.aio.client import Client

_VIOLATION: Final = re.compile(
    r'permissions violation for (publish(?: with reply)?|subscription) (?:to|of) "(.*?)"'
    r'(?: using queue "(.*)")?$',
    re.IGNORECASE,
)


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
    server has to say is waited for; a refusal of anything else fails, too. As nats-py passes errors
    on in lower case, letter case does not count.

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
    refused: list[str] = []
    passed_on = client._error_cb  # noqa: SLF001 - nats-py has no other way to hear of errors

    async def hear(error: Exception) -> None:
        if _VIOLATION.search(str(error)):
            refused.append(str(error).removeprefix("nats: "))
        else:
            await passed_on(error)

    denial = Denial()
    client._error_cb = hear  # noqa: SLF001 - as above
    try:
        yield denial
        # The PING of nats-py 2.16 overtakes what is still pending.
        await client.flush()
        await client.flush()
    finally:
        client._error_cb = passed_on  # noqa: SLF001 - as above
    expected = [words for words in refused if _subject(words) == subject.lower()]
    if not expected:
        said = f"; refused was: {'; '.join(refused)}" if refused else _verdicts(client, subject)
        raise AssertionError(f"{subject!r} was not refused{said}")
    if others := [words for words in refused if words not in expected]:
        raise AssertionError(f"more than {subject!r} was refused: {'; '.join(others)}")
    denial.error = expected[0]
    denial.operation = "subscribe" if "for subscription" in denial.error else "publish"


def _subject(words: str) -> str:
    found = _VIOLATION.search(words)
    return found[2].lower() if found else ""


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
