from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.errors import SlowConsumerError

from natsauth.errors import UsageError
from natsauth.testing import Sandbox, SandboxClient, expect_denied

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = [pytest.mark.live, pytest.mark.asyncio]


@pytest_asyncio.fixture
async def client() -> AsyncIterator[SandboxClient]:
    async with Sandbox() as sandbox:
        sandbox.add_user(
            "alice",
            {"pub": {"allow": ["orders.>"]}, "sub": {"allow": ["orders.>", "jobs workers"]}},
        )
        async with sandbox.connect("alice") as connection:
            yield connection


async def test_a_refused_publish(client: SandboxClient) -> None:
    async with expect_denied(client, "Users.new") as denial:
        await client.publish("Users.new")
    assert denial.operation == "publish"
    assert denial.error == 'permissions violation for publish to "users.new"'
    assert client.errors == []
    await client.publish("users.new")
    await client.flush()
    assert len(client.errors) == 1


async def test_a_refused_subscription(client: SandboxClient) -> None:
    async with expect_denied(client, "users.>") as denial:
        await client.subscribe("users.>")
    assert denial.operation == "subscribe"
    async with expect_denied(client, "jobs") as denial:
        await client.subscribe("jobs", queue="others")
    assert denial.error == 'permissions violation for subscription to "jobs" using queue "others"'


async def test_a_refused_reply(client: SandboxClient) -> None:
    async with expect_denied(client, "$JS.ACK.x") as denial:
        await client.publish("orders.new", reply="$JS.ACK.x")
    assert denial.operation == "publish"


async def test_nothing_is_refused(client: SandboxClient) -> None:
    with pytest.raises(AssertionError) as caught:
        async with expect_denied(client, "orders.new"):
            await client.publish("orders.new")
    assert str(caught.value).splitlines() == [
        "'orders.new' was not refused",
        "  Publishing to 'orders.new' is allowed by 'orders.>' ($.nats.pub.allow[0]).",
        "  Subscribing to 'orders.new' is allowed by 'orders.>' ($.nats.sub.allow[0]).",
    ]


async def test_something_else_is_refused(client: SandboxClient) -> None:
    with pytest.raises(AssertionError, match=r'not refused; refused was: .* "users\.old"'):
        async with expect_denied(client, "users.new"):
            await client.publish("users.old")


async def test_more_is_refused(client: SandboxClient) -> None:
    async def both() -> None:
        async with expect_denied(client, "users.new"):
            await client.publish("users.new")
            await client.publish("users.old")

    with pytest.raises(AssertionError, match=r'more than .* was refused: .* "users\.old"'):
        await both()


async def test_what_was_sent_before_the_block_does_not_count(client: SandboxClient) -> None:
    await client.publish("users.new")
    with pytest.raises(AssertionError, match=r"^'users\.new' was not refused"):
        async with expect_denied(client, "users.new"):
            pass
    assert len(client.errors) == 1


async def test_blocks_at_the_same_time(client: SandboxClient) -> None:
    """Each hears of its own, and after the last of them errors go where they went before."""

    async def refused(subject: str, delay: float) -> str:
        async with expect_denied(client, subject) as denial:
            await asyncio.sleep(delay)
            await client.publish(subject)
            await asyncio.sleep(0.2 - delay)
        return denial.error

    pairs = [("users.a", 0), ("users.a", 0.1), ("users.b", 0.05)]
    said = await asyncio.gather(*(refused(*pair) for pair in pairs))
    assert said == [f'permissions violation for publish to "{subject}"' for subject, _ in pairs]
    assert client.errors == []
    await client.publish("users.c")
    await client.flush()
    assert len(client.errors) == 1

    async def nested() -> None:
        async with expect_denied(client, "users.a"), expect_denied(client, "users.b"):
            for subject in ("users.a", "users.b", "users.c"):
                await client.publish(subject)

    with pytest.raises(AssertionError, match=r"more than 'users\.b' .*: .* \"users\.c\"$"):
        await nested()


@pytest.mark.parametrize(
    "subject", ['a"b', "a\\b", 'a\\"', "t\u200bx", "x\x01y", "É.x", "\U0001f600", "\U000e0001"]
)
async def test_a_subject_is_found_as_the_server_quotes_it(
    client: SandboxClient, subject: str
) -> None:
    async with expect_denied(client, subject) as denial:
        await client.publish(subject)
    assert denial.operation == "publish"
    async with expect_denied(client, subject):
        await client.subscribe(subject, queue='q"q')
    with pytest.raises(AssertionError, match="was not refused; refused was: "):
        async with expect_denied(client, "other"):
            await client.publish(subject)


async def test_an_exception_in_the_block_is_not_hidden(client: SandboxClient) -> None:
    with pytest.raises(ZeroDivisionError):
        async with expect_denied(client, "users.new"):
            raise ZeroDivisionError
    await client.publish("users.new")
    await client.flush()
    assert len(client.errors) == 1


async def test_other_errors_go_where_they_go_without_it(client: SandboxClient) -> None:
    subscription = await client.subscribe("orders.slow", pending_msgs_limit=1)
    async with expect_denied(client, "users.new"):
        await client.publish("users.new")
        for _ in range(3):
            await client.publish("orders.slow")
        await client.flush()
    assert {type(error) for error in client.errors} == {SlowConsumerError}
    await subscription.unsubscribe()


async def test_any_client_of_nats_py_will_do() -> None:
    async with Sandbox() as sandbox:
        creds = sandbox.add_user("alice", {"pub": {"allow": ["orders.>"]}})
        plain = Client()
        await plain.connect(sandbox.url, **creds.nats_py())
        try:
            async with expect_denied(plain, "users.new"):
                await plain.publish("users.new")
            with pytest.raises(AssertionError, match=r"^'orders\.new' was not refused$"):
                async with expect_denied(plain, "orders.new"):
                    await plain.publish("orders.new")
        finally:
            await plain.close()


async def test_a_user_of_a_role_is_explained_by_it() -> None:
    async with Sandbox() as sandbox:
        sandbox.account.signing_keys.add_role("team")
        sandbox.commit()
        sandbox.add_user("alice", role="team")
        async with sandbox.connect("alice") as client:
            with pytest.raises(AssertionError, match="Publishing to 'a' is allowed: nothing"):
                async with expect_denied(client, "a"):
                    await client.publish("a")
            client.account = None  # as of an account that is kept elsewhere
            with pytest.raises(AssertionError, match=r"^'a' was not refused$"):
                async with expect_denied(client, "a"):
                    await client.publish("a")


async def test_what_is_no_client_or_subject(client: SandboxClient) -> None:
    for arguments in ((None, "a"), (client, None)):
        with pytest.raises(UsageError, match="expected a client of nats-py and a subject"):
            async with expect_denied(*arguments):
                pass
