"""Creds let their user, and nobody else, into a real server in operator mode."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from nats.errors import Error

from natsauth.claims.account import Account, AccountClaims
from natsauth.claims.operator import Operator, OperatorClaims
from natsauth.claims.permissions import UserPermissionLimits
from natsauth.claims.signing_keys import UserScope
from natsauth.claims.user import User, UserClaims
from natsauth.creds import Creds
from natsauth.keys import KeyPair, KeyType
from natsauth.token import Token, encode

if TYPE_CHECKING:
    from pathlib import Path

    from nats.aio.client import Client

    from natsauth.testing import NatsServer
    from tests.live._servers import StartServer
    from tests.live.conftest import Connect

pytestmark = [pytest.mark.live, pytest.mark.asyncio]

OPERATOR = KeyPair.generate(KeyType.OPERATOR)
SYSTEM, ACCOUNT, PLAIN_SCOPE, BEARER_SCOPE = (KeyPair.generate(KeyType.ACCOUNT) for _ in range(4))
USER, OTHER = KeyPair.generate(KeyType.USER), KeyPair.generate(KeyType.USER)


@pytest.fixture
def server(start_server: StartServer) -> NatsServer:
    operator = OperatorClaims(
        sub=OPERATOR.public_key, nats=Operator(system_account=SYSTEM.public_key)
    )
    system = AccountClaims(sub=SYSTEM.public_key)
    bearers = UserPermissionLimits(bearer_token=True)
    account = AccountClaims(
        sub=ACCOUNT.public_key,
        nats=Account(
            signing_keys=[
                UserScope(key=PLAIN_SCOPE.public_key, role="plain"),
                UserScope(key=BEARER_SCOPE.public_key, role="bearer", template=bearers),
            ]
        ),
    )
    return start_server(f"""
        operator: {encode(operator, OPERATOR).encoded}
        system_account: {SYSTEM.public_key}
        resolver: MEMORY
        resolver_preload: {{
            {SYSTEM.public_key}: {encode(system, OPERATOR).encoded}
            {ACCOUNT.public_key}: {encode(account, OPERATOR).encoded}
        }}
    """)


def user_token(**nats: Any) -> Token[UserClaims]:
    return encode(UserClaims(sub=USER.public_key, name="alice", nats=User(**nats)), ACCOUNT)


def scoped_token(scope: KeyPair) -> Token[UserClaims]:
    body = User(issuer_account=ACCOUNT.public_key)
    body.clear()
    return encode(UserClaims(sub=USER.public_key, nats=body), scope)


async def who_am_i(client: Client) -> str:
    answer = await client.request("$SYS.REQ.USER.INFO", timeout=5)
    return str(json.loads(answer.data)["data"]["user"])


async def test_callbacks_connect_the_user(server: NatsServer, connect: Connect) -> None:
    creds = Creds.create(user_token(), USER)
    async with connect(server.url, **creds.nats_py()) as (client, errors):
        assert await who_am_i(client) == USER.public_key
        subscription = await client.subscribe("orders.new")
        await client.publish("orders.new", b"1")
        assert (await subscription.next_msg(timeout=5)).data == b"1"
    assert errors == []


async def test_a_written_file_connects_the_user(
    server: NatsServer, connect: Connect, tmp_path: Path
) -> None:
    path = tmp_path / "alice.creds"
    Creds.create(user_token(), USER).write(path)
    async with connect(server.url, user_credentials=path) as (client, _):
        assert await who_am_i(client) == USER.public_key
    async with connect(server.url, **Creds.read(path).nats_py()) as (client, _):
        assert await who_am_i(client) == USER.public_key


@pytest.mark.parametrize("token", [user_token(bearer_token=True), scoped_token(BEARER_SCOPE)])
async def test_a_bearer_connects_without_a_seed(
    server: NatsServer, connect: Connect, token: Token[UserClaims]
) -> None:
    creds = Creds.parse(Creds.create(token, None).format())
    async with connect(server.url, **creds.nats_py()) as (client, _):
        assert await who_am_i(client) == USER.public_key


async def test_a_user_of_a_scope_that_makes_no_bearers_needs_the_seed(
    server: NatsServer, connect: Connect
) -> None:
    token = scoped_token(PLAIN_SCOPE)
    with pytest.raises(Error, match="Authorization Violation"):
        async with connect(server.url, **Creds.create(token, None).nats_py()):
            pass
    async with connect(server.url, **Creds.create(token, USER).nats_py()) as (client, _):
        assert await who_am_i(client) == USER.public_key


async def test_the_key_of_somebody_else_is_refused(server: NatsServer, connect: Connect) -> None:
    claims = UserClaims(sub=OTHER.public_key)
    mine, other = Creds.create(user_token(), USER), Creds.create(encode(claims, ACCOUNT), OTHER)
    options = mine.nats_py() | {"signature_cb": other.nats_py()["signature_cb"]}
    with pytest.raises(Error, match="Authorization Violation"):
        async with connect(server.url, **options):
            pass


async def test_each_connection_signs_its_own_nonce(server: NatsServer, connect: Connect) -> None:
    reconnected = asyncio.Event()

    async def tell() -> None:
        reconnected.set()

    creds = Creds.create(user_token(), USER)
    options = {"allow_reconnect": True, "max_reconnect_attempts": -1, "reconnected_cb": tell}
    async with connect(server.url, **options, **creds.nats_py()) as (client, _):
        await asyncio.to_thread(server.restart)
        await asyncio.wait_for(reconnected.wait(), 10)
        assert await who_am_i(client) == USER.public_key
