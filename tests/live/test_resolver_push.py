"""What else a push can do: one by one, confirmed, by force, in memory, and be left half-way."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from natsauth.claims import Permission, WeightedMapping
from natsauth.errors import ResolverConnectionError, ResolverError, UsageError
from natsauth.keys import KeyType
from natsauth.resolver import PushEffect, PushReason
from natsauth.resolver._protocol import LIST, SUBJECTS, VARZ
from natsauth.subjects import out_of_range
from natsauth.testing._cluster import wait_for_routes
from natsauth.token import encode
from tests.live import _realm
from tests.live._realm import FULL, Realm, key, user

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from natsauth.claims import AccountClaims
    from natsauth.token import Token
    from tests.live._servers import StartServer
    from tests.live.conftest import Connect

pytestmark = [pytest.mark.live, pytest.mark.asyncio]
nothing_is_left = _realm.nothing_is_left

FOREIGN = key(KeyType.OPERATOR)


async def test_accounts_one_by_one(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    accounts = [realm.new_account(f"a{i}") for i in range(400)]
    foreign = realm.account(key(KeyType.ACCOUNT), "foreign", signer=FOREIGN)
    taken = 0

    def source() -> Iterator[Token[AccountClaims]]:
        nonlocal taken
        for account in [foreign, *accounts[:200], foreign, *accounts[200:], foreign]:
            taken += 1
            yield account

    async with realm.connect(server.url) as client:
        for confirm in (False, True):
            taken, results = 0, []
            async for result in client.push_each(source(), confirm=confirm):
                results.append(result)
                assert taken <= len(results) + 600
            assert taken == 403
            bad = [index for index, result in enumerate(results) if not result]
            assert bad == [0, 201, 402]
            for index in bad:
                assert results[index].reason is PushReason.NOT_SENT
                with pytest.raises(ResolverError, match=r"not sent: .* is signed by .*hint"):
                    results[index].raise_for_errors()
            good = [result for result in results if result]
            assert [result.name for result in good] == [f"a{i}" for i in range(400)]
            assert {result.confirmed for result in good} == {True if confirm else None}
        assert len((await client.list_accounts()).accounts) == 401
        with pytest.raises(UsageError, match="expected a Token"):
            [_ async for _ in client.push_each([None])]  # type: ignore[list-item]
        with pytest.raises(UsageError, match="expected tokens"):
            [_ async for _ in client.push_each(5)]  # type: ignore[arg-type]


async def test_a_push_that_is_left_half_way(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    accounts = [realm.new_account(f"a{i}") for i in range(600)]
    async with realm.connect(server.url) as client:
        for confirm in (False, True):
            async with aclosing(client.push_each(accounts, confirm=confirm)) as results:
                async for result in results:
                    assert result
                    break
            task = asyncio.create_task(client.push_all(accounts, confirm=confirm))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not client._session.questions._open
        assert await client.push(accounts[0])


async def test_force(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config(more="max_payload: 4096"))
    foreign = realm.account(key(KeyType.ACCOUNT), "foreign", signer=FOREIGN)
    broken = realm.new_account("broken", signing_keys=["foo"])
    big = realm.new_account("big", description="x" * 5000)
    async with realm.connect(server.url) as client:
        results = await client.push_all([foreign, broken], force=True)
        assert [bool(result) for result in results] == [True, False]
        assert results[1].reason is PushReason.REFUSED
        refused = await client.push(realm.system_user().token, force=True)  # type: ignore[arg-type]
        assert refused.replies[0].message.endswith("not account claim")
        # The server would end the connection.
        with pytest.raises(ResolverError, match=r"nothing was sent: .*server takes 4096"):
            await client.push_all([foreign, big], force=True)
        assert await client.lookup(foreign.claims.sub) == foreign


async def test_accounts_in_memory(start_server: StartServer, connect: Connect) -> None:
    realm = Realm()
    owner, signing = key(KeyType.ACCOUNT), key(KeyType.ACCOUNT)
    old, new = (
        realm.account(owner, name, signing_keys=[signing.public_key], description=name)
        for name in ("old", "new")
    )
    creds = user(signing, issuer_account=owner.public_key)
    config = realm.config("MEMORY").replace(
        "resolver_preload: {", f"resolver_preload: {{ {owner.public_key}: {old.encoded}, "
    )
    server = start_server(config)
    async with realm.connect(server.url) as client:
        unused = await client.push(new, in_memory=True)
        assert unused.replies[0].effect is PushEffect.NOT_LOADED
        assert unused.reason is PushReason.REFUSED
        with pytest.raises(ResolverError, match="must stand in resolver_preload"):
            unused.raise_for_errors()
        async with connect(server.url, **creds.nats_py()):
            result = await client.push(new, in_memory=True, confirm=True)
            assert result
            assert result.replies[0].effect is PushEffect.IN_MEMORY
            assert result.confirmed is None  # nobody keeps it
            foreign = realm.account(owner, "foreign", signer=FOREIGN)
            refused = await client.push(foreign, in_memory=True, force=True)
            assert refused.replies[0].message.endswith("account validation failed")
    for resolver, effect in [
        (FULL, PushEffect.STORED),
        ("{ type: cache, dir: './jwt', ttl: '1h' }", PushEffect.ON_DEMAND),
    ]:
        server = start_server(realm.config(resolver))
        async with realm.connect(server.url) as client:
            for in_memory in (False, True):
                result = await client.push(new, in_memory=in_memory)
                assert result
                assert result.replies[0].effect is effect
            # The system account is in use.
            result = await client.push(realm.system_account, confirm=True)
            cached = effect is PushEffect.ON_DEMAND
            assert result.replies[0].effect is (PushEffect.CACHED if cached else effect)
            assert result.confirmed is (None if cached else True)


async def test_the_address_of_the_operator(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    claims = realm.operator.claims
    claims.nats.account_server_url = server.url
    realm.operator = encode(claims, realm.identity)
    async with realm.connect(None) as client:
        assert await client.push(realm.new_account())
    with pytest.raises(ResolverConnectionError, match=r"127\.0\.0\.1:1: .*start the server"):
        async with realm.connect("nats://127.0.0.1:1"):
            pytest.fail("connected")


async def test_other_time_outs(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    async with realm.connect(server.url, expected_servers=2, timeout=1) as client:
        hasty = client.with_timeout(timedelta(milliseconds=100))
        start = time.monotonic()
        assert (await hasty.push(realm.new_account())).reason is PushReason.MISSING
        assert (await hasty.list_accounts()).missing
        assert 0.2 <= time.monotonic() - start < 0.9
        assert hasty.servers == client.servers
        with pytest.raises(UsageError, match="timeout is a timedelta or seconds"):
            client.with_timeout(0)


async def test_a_server_whose_operator_is_older(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config(more="server_name: n1"))
    old, new = realm.new_account("old"), key(KeyType.OPERATOR)
    claims = realm.operator.claims
    claims.nats.signing_keys = [new.public_key, realm.signing.public_key]
    realm.operator = encode(claims, realm.identity)
    account = realm.account(key(KeyType.ACCOUNT), "new", signer=new)
    for creds in ({}, {"creds": realm.system_user()}):
        async with realm.connect(server.url, **creds) as client:
            assert await client.push(old)
            assert not client.check(old).problems
            assert "n1 would not serve account" in client.check(account).problems[0]
            [result] = [result async for result in client.push_each([account])]
            assert result.reason is PushReason.NOT_SENT
            with pytest.raises(ResolverError, match=r"n1 would not serve .*restart them"):
                await client.push(account)
            assert await client.push(account, force=True)  # that is what it says
    # Who may not ask what servers trust is not told.
    subjects = [s.replace("*", ">") if s.endswith("*") else s for s in SUBJECTS if s != VARZ]
    few = realm.system_user(pub=Permission(allow=subjects))
    async with realm.connect(server.url, creds=few) as client:
        assert not client.check(account).problems
        assert await client.push(account)
        assert client._session.questions.error is None
        server.stop()
        with pytest.raises(ResolverConnectionError) as caught:
            await client.push(account)
        assert "permissions" not in str(caught.value)


async def test_a_server_with_the_operator_of_today(start_server: StartServer) -> None:
    realm = Realm(strict=False)
    server = start_server(realm.config())
    async with realm.connect(server.url) as client:
        [keys] = client._session.trusted.values()
        assert keys == {realm.identity.public_key, realm.signing.public_key}
        by_identity = realm.account(key(KeyType.ACCOUNT), "a", signer=realm.identity)
        assert await client.push_all([by_identity, realm.new_account("b")])


async def test_mappings_that_a_server_refuses(start_server: StartServer, connect: Connect) -> None:
    realm = Realm(strict=False)
    server = start_server(realm.config())
    async with realm.connect(server.url) as client:
        for destination, source, numbers in (
            ("b.$1.{{wildcard(1)}}", "a.*", []),
            ("b.$2", "a.*", [2]),
            ("b.{{Wildcard(3)}}", "a.*", [3]),
            ("b.{{partition(10,1,3)}}", "a.*.*", [3]),
            ("b.{{partition(10)}}.{{random(9)}}", "a", []),
            ("b.{{split(3,-)}}", "a.*.*", [3]),
            ("b.{{wildcard(0)}}", "a", [0]),
            ("b.$0", "a.*", []),
            ("b.$1.>", "a.>", [1]),
            ("b.$x", "a", []),
        ):
            owner = key(KeyType.ACCOUNT)
            assert await client.push(realm.account(owner, "m"))
            # Only an account that is in use is looked into.
            async with connect(server.url, **user(owner).nats_py()):
                pass
            target = WeightedMapping(subject=destination)
            [reply] = (await client.push(realm.account(owner, mappings={source: [target]}))).replies
            assert ("index out of range" in reply.message) is bool(numbers), reply
            assert out_of_range(destination, source) == numbers


async def test_what_servers_have_newer_is_not_sent(start_server: StartServer) -> None:
    realm, owner, now = Realm(), key(KeyType.ACCOUNT), int(time.time())
    server = start_server(realm.config())

    def issued(at: int, description: str = "") -> Token[AccountClaims]:
        claims = realm.account(owner, "a", description=description).claims
        return encode(claims, realm.signing, now=at)

    old, new, twin, latest = issued(now - 1), issued(now), issued(now, "twin"), issued(now + 1)
    other = realm.new_account("other")
    async with realm.connect(server.url) as client:
        assert await client.push_all([old, new])
        pushes = [await client.push_all([old, other]), [r async for r in client.push_each([old])]]
        for [refused, *others] in pushes:
            assert refused.reason is PushReason.NOT_SENT
            [problem] = refused.problems
            assert problem == (
                f"servers have a newer token of account {owner.public_key}: iat {now}, "
                f"that of this one is {now - 1}"
            )
            with pytest.raises(ResolverError, match=r"not sent: servers have .*hint: pull it"):
                refused.raise_for_errors()
            assert all(others)
        checked = [found.problems async for found in client.check_each([old, new, other])]
        assert checked == [(problem,), (), ()]
        assert await client.lookup(owner.public_key) == new
        # Neither as new nor newer ones are refused, nor what is said to be meant so.
        for token in (new, twin, latest):
            assert await client.push(token)
            assert await client.lookup(owner.public_key) == token
        assert [found.problems async for found in client.check_each([old], force=True)] == [()]
        assert await client.push(old, force=True)
        assert await client.lookup(owner.public_key) == old


@pytest.mark.parametrize("may_list", [True, False])
async def test_what_is_newer_among_many(start_server: StartServer, *, may_list: bool) -> None:
    realm, owner, now = Realm(), key(KeyType.ACCOUNT), int(time.time())
    server = start_server(realm.config())
    new = encode(realm.account(owner, "a").claims, realm.signing, now=now)
    old = encode(new.claims, realm.signing, now=now - 1)
    others = [realm.new_account(f"other {number}") for number in range(40)]
    refused = Permission() if may_list else Permission(deny=[LIST])
    async with realm.connect(server.url, creds=realm.system_user(pub=refused)) as client:
        assert await client.push_all([new, others[0]])
        *pushed, last = await client.push_all([*others, old])
        assert all(pushed)
        assert last.reason is PushReason.NOT_SENT
        assert await client.lookup(owner.public_key) == new
    async with realm.connect(server.url) as client:
        assert len((await client.list_accounts()).accounts) == 42  # with the system account


async def test_a_server_that_is_silent_for_a_moment(
    start_server: StartServer, tmp_path: Path
) -> None:
    realm, owner, now = Realm(), key(KeyType.ACCOUNT), int(time.time())
    servers = start_server.cluster(tmp_path, [realm.config()] * 2)
    await wait_for_routes([server.url for server in servers], realm.connect)
    new = encode(realm.account(owner, "a").claims, realm.signing, now=now)
    old = encode(new.claims, realm.signing, now=now - 1)
    kept = tmp_path / "n2" / "jwt" / f"{owner.public_key}.jwt"
    kept.write_text(new.encoded)
    loop, pid = asyncio.get_running_loop(), servers[1].pid

    def accounts() -> Iterator[Token[AccountClaims]]:
        for number in range(40):
            if number == 30:  # when the first ones are looked up, before it is asked for a list
                os.kill(pid, signal.SIGSTOP)
                loop.call_later(1.3, os.kill, pid, signal.SIGCONT)
            yield realm.new_account(f"other {number}")
        yield old

    async with realm.connect(servers[0].url) as client:
        *_, last = [result async for result in client.push_each(accounts())]
        assert last.reason is PushReason.NOT_SENT
        assert kept.read_text() == new.encoded


async def test_what_servers_have_is_none(start_server: StartServer, tmp_path: Path) -> None:
    realm, owner, now = Realm(), key(KeyType.ACCOUNT), int(time.time())
    server = start_server(realm.config(), tmp_path)
    claims = realm.account(key(KeyType.ACCOUNT)).claims
    async with realm.connect(server.url) as client:
        assert await client.push(realm.account(owner, "a"))
        file = tmp_path / "jwt" / f"{owner.public_key}.jwt"
        for text in ("x", "", encode(claims, realm.signing, now=now + 5).encoded):
            account = realm.account(owner, "a", description=f"over {text}")
            file.write_text(text)
            assert await client.push(account)
            assert file.read_text() == account.encoded
