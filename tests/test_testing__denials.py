from __future__ import annotations

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
