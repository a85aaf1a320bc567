from __future__ import annotations

import pytest
from nats.errors import Error, NoServersError

from natsauth import testing
from natsauth.errors import ResolverConnectionError
from natsauth.testing import Sandbox, SandboxClient
from natsauth.testing._client import connect, opened

pytestmark = [pytest.mark.live, pytest.mark.asyncio]


async def test_errors_are_there_after_a_flush() -> None:
    async with Sandbox() as sandbox:
        creds = sandbox.add_user("alice", {"pub": {"allow": ["a"]}})
        async with sandbox.connect("alice") as client:
            assert isinstance(client, SandboxClient)
            assert client.creds == creds
            assert client.account is not None
            assert client.account.claims.sub == sandbox.account.public_key
            for number in range(100):
                await client.publish(f"b.{number}")
            await client.flush()
            assert len(client.errors) == 100
        assert client.is_closed


async def test_options_are_those_of_nats_py() -> None:
    async with Sandbox() as sandbox:
        sandbox.add_user("alice")
        async with sandbox.connect("alice", name="me", inbox_prefix="_INBOX_alice") as client:
            assert client.new_inbox().startswith("_INBOX_alice.")


async def test_a_server_that_is_gone() -> None:
    async with Sandbox() as sandbox:
        creds, url = sandbox.add_user("alice"), sandbox.url
    with pytest.raises(ResolverConnectionError, match="'alice' gets no connection"):
        async with connect(url, creds):
            pass
    with pytest.raises((Error, OSError)) as caught:
        async with opened(url):
            pass
    assert isinstance(caught.value, NoServersError | OSError)


async def test_an_exception_in_the_block_is_raised_as_it_is() -> None:
    async with Sandbox() as sandbox:
        sandbox.add_user("alice")
        with pytest.raises(ConnectionResetError):
            async with sandbox.connect("alice"):
                raise ConnectionResetError


async def test_the_class_is_loaded_at_its_first_use() -> None:
    assert testing.SandboxClient is SandboxClient
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = testing.Nothing
