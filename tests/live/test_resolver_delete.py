"""Deleting accounts: those that are named, and those that nobody keeps."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.claims import AccountClaims
from natsauth.errors import (
    KeyTextError,
    LockoutError,
    ResolverConnectionError,
    ResolverError,
    ResolverTimeoutError,
    TrustError,
    UsageError,
)
from natsauth.keys import KeyPair, KeyType
from natsauth.resolver import PruneResult, PushReason
from natsauth.token import encode
from tests.live import _realm
from tests.live._cluster import DELETING, NAMES, Cluster, start
from tests.live._realm import FULL, Realm, key, user

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from natsauth.token import Token
    from tests.live._servers import StartServer
    from tests.live.conftest import Connect

pytestmark = [pytest.mark.slow, pytest.mark.live, pytest.mark.asyncio]
nothing_is_left = _realm.nothing_is_left

ANY_ACCOUNT = key(KeyType.ACCOUNT).public_key


async def cluster_of(start_server: StartServer, directory: Path) -> Cluster:
    return await start(start_server, directory, Realm(), *[DELETING] * 3)


async def test_deleting_leaves_nothing_behind(start_server: StartServer, tmp_path: Path) -> None:
    cluster = await cluster_of(start_server, tmp_path)
    realm = cluster.realm
    accounts = [realm.new_account(f"a{i}") for i in range(5)]
    stale: list[Any] = [accounts[0], accounts[1].claims.sub, accounts[0], ANY_ACCOUNT]
    async with realm.connect(cluster.urls) as client:
        assert all(await client.push_all(accounts))
        result = await client.delete(stale, signer=realm.signing)
        assert result
        assert result.accounts == (accounts[0].claims.sub, accounts[1].claims.sub, ANY_ACCOUNT)
        assert result.unlisted == (ANY_ACCOUNT,)
        assert [reply.server_name for reply in result.replies] == [*NAMES]
        assert {reply.message for reply in result.replies} == {"deleted 3 accounts"}
        assert await client.lookup(accounts[0].claims.sub) is None
        kept = {realm.system.public_key, *(account.claims.sub for account in accounts[2:])}
        assert (await client.list_accounts()).accounts == kept
        await asyncio.sleep(2)  # nobody brings them back
        assert [{*cluster.stored(name)} for name in NAMES] == [kept] * 3
        nothing = await client.delete([], signer=realm.signing)
        assert nothing
        assert nothing.replies == ()
        assert await client.push(accounts[0], confirm=True)  # but a push does


async def test_many_deletions_take_several_requests(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config(DELETING, "max_payload: 4096"))
    accounts = [realm.new_account(f"a{i}") for i in range(100)]
    async with realm.connect(server.url) as client:
        assert all(await client.push_all(accounts))
        result = await client.delete(accounts, signer=realm.signing)
        assert result
        assert len(result.replies) == 3
        assert (await client.list_accounts()).accounts == {realm.system.public_key}


async def test_users_of_a_deleted_account(start_server: StartServer, connect: Connect) -> None:
    realm = Realm()
    server = start_server(realm.config(DELETING))
    owner = key(KeyType.ACCOUNT)
    signing = key(KeyType.ACCOUNT)
    account = realm.account(owner, "team", signing_keys=[signing.public_key])
    creds = user(signing, issuer_account=owner.public_key)
    async with realm.connect(server.url) as client:
        assert await client.push(account)
        async with connect(server.url, **creds.nats_py()) as (nc, errors):
            await nc.flush()
            assert await client.delete([account], signer=realm.signing)
            for _ in range(100):
                if errors or nc.is_closed:
                    break
                await asyncio.sleep(0.02)
            assert nc.is_closed


@pytest.mark.parametrize("strict", [True, False])
async def test_who_deletes(start_server: StartServer, *, strict: bool) -> None:
    realm = Realm(strict=strict)
    server = start_server(realm.config(DELETING))
    account = realm.new_account()
    async with realm.connect(server.url) as client:
        assert await client.push(account)
        for stranger in (key(KeyType.OPERATOR), realm.system):
            with pytest.raises(TrustError, match="may not delete accounts"):
                await client.delete([account], signer=stranger)
        if strict:
            with pytest.raises(TrustError, match="its identity key signs nothing else"):
                await client.delete([account], signer=realm.identity)
        assert await client.lookup(account.claims.sub) == account
        signer = realm.signing if strict else realm.identity
        assert await client.delete([account], signer=signer)
        assert await client.lookup(account.claims.sub) is None


async def test_what_is_not_deleted(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config(DELETING))
    account = realm.new_account()
    for options in ({}, {"creds": realm.system_user()}):
        async with realm.connect(server.url, **options) as client:
            assert await client.push(account)
            with pytest.raises(LockoutError, match=f"{realm.system.public_key} is the system acc"):
                await client.delete([account, realm.system.public_key], signer=realm.signing)
            with pytest.raises(KeyTextError):
                await client.delete([account, "foo"], signer=realm.signing)
            with pytest.raises(UsageError, match="expected several accounts"):
                await client.delete(account, signer=realm.signing)  # type: ignore[arg-type]
            assert await client.lookup(account.claims.sub) == account


async def test_servers_that_do_not_delete(start_server: StartServer, tmp_path: Path) -> None:
    realm = Realm()
    cluster = await start(start_server, tmp_path, realm, DELETING, FULL, DELETING)
    account = realm.new_account()
    async with realm.connect(cluster.urls) as client:
        assert await client.push(account)
        result = await client.delete([account], signer=realm.signing)
        assert result.reason is PushReason.REFUSED
        assert [reply.ok for reply in result.replies] == [True, False, True]
        with pytest.raises(ResolverError, match=r"n2 says .*must be enabled.*allow_delete: true"):
            result.raise_for_errors()
    memory = start_server(realm.config("MEMORY"))
    async with realm.connect(memory.url) as client:
        for request in (
            client.delete([account], signer=realm.signing),
            client.prune([realm.system_account], dry_run=True),
        ):
            with pytest.raises(ResolverError, match=r"no server answers .*full or cache"):
                await request


async def test_pruning_a_cluster(start_server: StartServer, tmp_path: Path) -> None:
    cluster = await cluster_of(start_server, tmp_path)
    realm = cluster.realm
    accounts = [realm.new_account(f"a{i}") for i in range(6)]
    keep: list[Any] = [realm.system_account, *accounts[:3], ANY_ACCOUNT]
    stale = tuple(sorted(account.claims.sub for account in accounts[3:]))
    kept = {realm.system.public_key, *(account.claims.sub for account in accounts[:3])}
    async with realm.connect(cluster.urls) as client:
        assert all(await client.push_all(accounts))
        dry = await client.prune(keep, dry_run=True)
        assert dry == PruneResult(stale, (), None)
        assert not dry
        assert await client.prune(keep, signer=realm.signing, dry_run=True) == dry
        assert len((await client.list_accounts()).accounts) == 7
        result = await client.prune(iter(keep), signer=realm.signing)
        assert result
        assert result.accounts == stale  # each once, though three servers had it
        assert result.deleted
        assert {reply.message for reply in result.deleted.replies} == {"deleted 3 accounts"}
        result.raise_for_errors()
        await asyncio.sleep(2)
        assert [{*cluster.stored(name)} for name in NAMES] == [kept] * 3
        again = await client.prune(keep, signer=realm.signing)
        assert again == PruneResult((), ())
        assert again


async def test_pruning_while_a_server_is_down(start_server: StartServer, tmp_path: Path) -> None:
    """It has the account still, and gives it to the others when it is back: so prune again."""
    cluster = await cluster_of(start_server, tmp_path)
    realm = cluster.realm
    stale, account = realm.new_account("stale"), realm.new_account("kept")
    keep = [realm.system_account, account]
    async with realm.connect(cluster.urls[0], timeout=0.5) as client:
        assert all(await client.push_all([stale, account]))
        cluster.servers["n3"].stop()
        result = await client.prune(keep, signer=realm.signing)
        assert not result
        assert result.missing == ("n3",)
        assert result.deleted is not None
        assert result.deleted.missing == ("n3",)
        with pytest.raises(ResolverTimeoutError, match="n3"):
            result.raise_for_errors()
        deleted = await client.delete([stale], signer=realm.signing)
        assert deleted.reason is PushReason.MISSING
        assert deleted.unlisted == (stale.claims.sub,)
    await cluster.come_back("n3")
    async with realm.connect(cluster.urls) as client:
        for _ in range(100):
            if all(stale.claims.sub in cluster.stored(name) for name in NAMES):
                break
            await asyncio.sleep(0.05)
        result = await client.prune(keep, signer=realm.signing)
        assert result
        assert result.accounts == (stale.claims.sub,)
        assert all(stale.claims.sub not in cluster.stored(name) for name in NAMES)


async def test_accounts_to_keep_that_look_wrong(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config(DELETING))
    accounts = [realm.new_account(f"a{i}") for i in range(3)]
    foreign = encode(
        AccountClaims(sub=key(KeyType.ACCOUNT).public_key), KeyPair.generate(KeyType.OPERATOR)
    )
    wrong: list[tuple[list[Token[AccountClaims]], str]] = [
        ([], "the accounts to keep are none"),
        (accounts, "the accounts to keep lack the system account"),
        (
            [realm.system_account],
            "of the accounts on the servers, 3 besides .*, none is to be kept",
        ),
        (
            [realm.system_account, foreign],
            "of the accounts on the servers, 3 besides .*, none is to be kept",
        ),
    ]
    async with realm.connect(server.url) as client:
        assert all(await client.push_all(accounts))
        for keep, message in wrong:
            for options in ({"signer": realm.signing}, {"dry_run": True}):
                with pytest.raises(LockoutError, match=f"{message}.*allow_all=True"):
                    await client.prune(keep, **options)
        with pytest.raises(UsageError, match="needs signer="):
            await client.prune([realm.system_account, *accounts])
        with pytest.raises(TrustError):
            await client.prune([realm.system_account, accounts[0]], signer=realm.identity)
        assert len((await client.list_accounts()).accounts) == 4
        result = await client.prune([], signer=realm.signing, allow_all=True)
        assert result
        assert len(result.accounts) == 3
        # Never the system account.
        assert (await client.list_accounts()).accounts == {realm.system.public_key}
        assert await client.prune([realm.system_account, *accounts], signer=realm.signing)


async def test_a_server_that_ends_meanwhile(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config(DELETING))
    async with realm.connect(server.url) as client:
        server.kill()
        for request in (
            client.delete([realm.new_account()], signer=realm.signing),
            client.prune([realm.system_account], signer=realm.signing),
        ):
            with pytest.raises(ResolverConnectionError, match="the connection was lost"):
                await request


async def test_what_is_pushed_meanwhile_stays(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config(DELETING))
    kept, extra, fresh = (realm.new_account(name) for name in ("kept", "extra", "fresh"))

    async def push() -> None:
        async with realm.connect(server.url) as somebody:
            assert await somebody.push(fresh)

    def keep() -> Iterator[Token[AccountClaims]]:
        yield from (realm.system_account, kept)
        with ThreadPoolExecutor() as elsewhere:
            elsewhere.submit(asyncio.run, push()).result()

    async with realm.connect(server.url) as client:
        assert all(await client.push_all([kept, extra]))
        result = await client.prune(keep(), signer=realm.signing)
        assert result.accounts == (extra.claims.sub,)
        assert await client.lookup(fresh.claims.sub) == fresh
