"""Trees that the authority makes, on real servers: who gets in, who does not, what comes by."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from natsauth.authority import Authority
from natsauth.claims import Export, Import, Permission, User, UserPermissionLimits
from natsauth.config import render_resolver
from natsauth.errors import LockoutError
from natsauth.resolver import ResolverClient
from natsauth.store import DirectoryStore
from tests.live import _realm

if TYPE_CHECKING:
    from pathlib import Path

    from natsauth.authority import AccountNode, OperatorNode
    from natsauth.creds import Creds
    from natsauth.testing import NatsServer
    from tests.live._servers import StartServer
    from tests.live.conftest import Connect

pytestmark = [pytest.mark.live, pytest.mark.asyncio]
nothing_is_left = _realm.nothing_is_left

HOUR = timedelta(hours=1)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Make a strict operator with an account "app" that has a plain user and one of a role."""
    authority = Authority(DirectoryStore(tmp_path / "stores", keys=tmp_path / "keys"))
    operator = authority.operators.ensure("op", signing_keys=1, system_account=True)
    operator.require_signing_keys()
    account = operator.accounts.ensure("app", signing_keys=1)
    template = UserPermissionLimits(pub=Permission(allow=["{{name()}}.>"]))
    account.signing_keys.add_role("team", template)
    account.users.ensure("alice")
    account.users.ensure("bob", signer="team")
    authority.commit()
    return authority


def nodes(authority: Authority) -> tuple[OperatorNode, AccountNode]:
    operator = authority.operators["op"]
    return operator, operator.accounts["app"]


def config(authority: Authority) -> str:
    operator = authority.operators["op"]
    return render_resolver(operator.token, [operator.system_account.token])


async def push(server: NatsServer, authority: Authority) -> None:
    operator = authority.operators["op"]
    creds = operator.system_account.users["sys"].creds()
    async with ResolverClient.connect(server.url, operator.token, creds=creds) as client:
        for account in operator.accounts.values():
            assert await client.push(account.token)


async def publish(connect: Connect, server: NatsServer, creds: Creds, subject: str) -> list[str]:
    """Connect and publish, and return the errors."""
    async with connect(server.url, **creds.nats_py()) as (client, errors):
        await client.publish(subject, b"")
        await client.flush()
        return [str(error) for error in errors]


async def refused(connect: Connect, server: NatsServer, creds: Creds) -> None:
    with pytest.raises(Exception, match="Authorization Violation"):
        await publish(connect, server, creds, "x")


async def test_whoever_the_tree_has_gets_in(
    authority: Authority, start_server: StartServer, connect: Connect
) -> None:
    _, account = nodes(authority)
    server = start_server(config(authority))
    await push(server, authority)
    alice, bob = account.users["alice"], account.users["bob"]
    free = [
        alice.creds(),
        alice.creds(expires_in=HOUR),
        account.mint("worker", User(), expires_in=HOUR),
    ]
    for creds in free:
        assert await publish(connect, server, creds, "any.thing") == []
    for creds in (bob.creds(), bob.creds(expires_in=HOUR), account.mint("bob", signer="team")):
        assert await publish(connect, server, creds, "bob.news") == []
        [error] = await publish(connect, server, creds, "alice.news")
        assert 'permissions violation for publish to "alice.news"' in error


async def test_creds_end_with_their_time(
    authority: Authority, start_server: StartServer, connect: Connect
) -> None:
    _, account = nodes(authority)
    server = start_server(config(authority))
    await push(server, authority)
    creds = account.users["alice"].creds(expires_in=timedelta(seconds=2))
    closed = asyncio.Event()

    async def on_closed() -> None:
        closed.set()

    async with connect(server.url, closed_cb=on_closed, **creds.nats_py()) as (client, _):
        await client.flush()
        await asyncio.wait_for(closed.wait(), 10)
    await asyncio.sleep(1)
    await refused(connect, server, creds)
    assert await publish(connect, server, account.users["alice"].creds(), "x") == []


async def test_whoever_is_revoked_or_deleted_is_refused_after_the_push(
    authority: Authority, start_server: StartServer, connect: Connect
) -> None:
    _, account = nodes(authority)
    server = start_server(config(authority))
    await push(server, authority)
    alice, bob = account.users["alice"], account.users["bob"]
    gone = [alice.creds(), alice.creds(expires_in=HOUR), bob.creds()]
    alice.revoke()
    bob.delete()
    *_, deletion = authority.commit()
    assert deletion.revoked
    for creds in gone:
        assert await publish(connect, server, creds, "bob.x") == []
    await push(server, authority)
    for creds in gone:
        await refused(connect, server, creds)
    # Issued anew within the same second, she is back.
    alice.reissue()
    authority.commit()
    assert await publish(connect, server, alice.creds(), "x") == []
    await refused(connect, server, gone[0])


async def test_an_activation_lets_messages_through(
    authority: Authority, start_server: StartServer, connect: Connect
) -> None:
    operator, account = nodes(authority)
    account.claims.nats.exports = [
        Export(subject="private.>", type="stream", token_req=True),
        Export(subject="public", type="stream"),
    ]
    other = operator.accounts.add("other", signing_keys=1)
    other.add_import(account.activate("private.a", other.public_key), local_subject="in.private")
    other.add_import(Import(subject="public", account=account.public_key, type="stream"))
    thief = operator.accounts.add("thief", signing_keys=1)
    theft = Import(subject="private.a", account=account.public_key, type="stream")
    thief.add_import(theft)
    for importer in (other, thief):
        importer.users.add("reader")
    authority.commit()
    server = start_server(config(authority))
    await push(server, authority)

    async def received(importer: AccountNode) -> list[str]:
        reader, writer = importer.users["reader"].creds(), account.users["alice"].creds()
        async with (
            connect(server.url, **reader.nats_py()) as (listening, _),
            connect(server.url, **writer.nats_py()) as (writing, _),
        ):
            subscription = await listening.subscribe(">")
            await listening.flush()
            for subject in ("private.a", "private.b", "public"):
                await writing.publish(subject, b"")
            await writing.flush()
            await listening.flush()
            messages = [await subscription.next_msg() for _ in range(subscription.pending_msgs)]
            return [message.subject for message in messages]

    assert await received(other) == ["in.private", "public"]
    assert await received(thief) == []
    # A grant that is taken back ends it, and one of the same second counts again.
    export = account.claims.nats.find_export("private.>")
    assert export
    export.revoke(other.public_key)
    authority.commit()
    await push(server, authority)
    assert await received(other) == ["public"]
    old = other.claims.nats.find_import("private.a")
    assert old
    old.token = account.activate("private.a", other.public_key).encoded
    authority.commit()
    await push(server, authority)
    assert await received(other) == ["in.private", "public"]


async def test_after_a_change_of_keys_everybody_gets_in_with_new_creds(
    authority: Authority, start_server: StartServer, connect: Connect
) -> None:
    operator, account = nodes(authority)
    server = start_server(config(authority))
    await push(server, authority)
    old = account.users["alice"].creds()
    plain = old.token.claims.iss
    account.signing_keys.generate()
    account.signing_keys.remove(plain)
    with pytest.raises(LockoutError):
        authority.commit()
    account.reissue_users()
    authority.commit()
    await push(server, authority)
    await refused(connect, server, old)
    assert await publish(connect, server, account.users["alice"].creds(), "x") == []
    assert await publish(connect, server, account.users["bob"].creds(), "bob.x") == []

    # The operator's keys stand in the configuration of the servers.
    [root] = operator.signing_keys
    operator.signing_keys.generate()
    operator.signing_keys.remove(root)
    operator.reissue_all()
    authority.commit()
    another = start_server(config(authority))
    await push(another, authority)
    assert await publish(connect, another, account.users["alice"].creds(), "x") == []
    assert await publish(connect, another, account.users["bob"].creds(), "bob.x") == []


async def test_a_renamed_account_is_the_same_to_servers(
    authority: Authority, start_server: StartServer, connect: Connect
) -> None:
    _, account = nodes(authority)
    server = start_server(config(authority))
    await push(server, authority)
    account.rename("renamed")
    authority.commit()
    await push(server, authority)
    assert await publish(connect, server, account.users["alice"].creds(), "x") == []


async def test_a_user_that_has_nothing_of_its_own_does_not_get_in(
    authority: Authority, start_server: StartServer, connect: Connect
) -> None:
    _, account = nodes(authority)
    server = start_server(config(authority))
    bob = account.users["bob"]
    bob.sign_with(account.signer())
    bob.reissue()
    with pytest.raises(LockoutError, match="neither permissions and limits of its own"):
        authority.commit()
    authority.commit(allow_lockout=True)
    await push(server, authority)
    with pytest.raises(
        Exception, match=r"maximum subscriptions exceeded|connection closed|flush timeout"
    ):
        await publish(connect, server, bob.creds(), "bob.x")
