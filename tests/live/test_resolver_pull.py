"""What servers have: all of it, single accounts, and how it compares."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.claims import AccountClaims
from natsauth.errors import (
    KeyRoleError,
    KeyTextError,
    ResolverConnectionError,
    ResolverError,
    ResolverTimeoutError,
    UsageError,
)
from natsauth.keys import KeyType
from natsauth.resolver import DifferentAccount
from natsauth.resolver._protocol import LIST, LOOKUP, PACK
from natsauth.token import encode
from tests.live import _realm
from tests.live._cluster import NAMES, start
from tests.live._realm import FULL, Realm, key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from natsauth.token import Token
    from tests.live._servers import StartServer
    from tests.live.conftest import Connect

pytestmark = [pytest.mark.slow, pytest.mark.live, pytest.mark.asyncio]
nothing_is_left = _realm.nothing_is_left

CACHE = "{ type: cache, dir: './jwt', ttl: '1h' }"


def of(realm: Realm, name: str, *, signer: Any = None, **members: Any) -> Token[AccountClaims]:
    claims = AccountClaims(sub=key(KeyType.ACCOUNT).public_key, name=name, **members)
    return encode(claims, signer or realm.signing)


def ids(tokens: list[Token[AccountClaims]]) -> list[str]:
    return [token.claims.sub for token in tokens]


async def test_all_accounts(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    accounts = [realm.new_account(f"a{i}") for i in range(300)]
    async with realm.connect(server.url) as client:
        await client.push_all(accounts)
        pulled = await client.pull()
        assert pulled
        assert {*pulled.accounts} == {*accounts, realm.system_account}
        assert len(pulled.accounts) == 301
        chosen: list[Any] = [accounts[7], accounts[2].claims.sub, accounts[7].claims.sub]
        assert (await client.pull(chosen)).accounts == (accounts[7], accounts[2])
        assert (await client.pull([])).accounts == ()


async def test_what_is_not_to_be_trusted_is_told(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    now = int(time.time())
    good, soon = realm.new_account("good"), of(realm, "soon", nbf=now + 3600)
    foreign = of(realm, "foreign", signer=key(KeyType.OPERATOR))
    self_signed = realm.account(owner := key(KeyType.ACCOUNT), "self", signer=owner)
    unknown = key(KeyType.ACCOUNT).public_key
    async with realm.connect(server.url) as client:
        bad = [foreign, self_signed]
        assert all(await client.push_all([good, soon, *bad], force=True))
        for pulled in (await client.pull(), await client.pull([*ids([good, soon, *bad]), unknown])):
            assert not pulled
            assert {*pulled.accounts} - {realm.system_account} == {good, soon}
            problems = {rejected.account: rejected.problem for rejected in pulled.rejected}
            assert problems.keys() == {*ids(bad)}
            assert "which is no key of operator" in problems[foreign.claims.sub]
            assert "is signed by itself" in problems[self_signed.claims.sub]
        assert pulled.unknown == (unknown,)


async def test_accounts_that_are_none(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    async with realm.connect(server.url) as client:
        for operation in (client.pull, client.diff):
            with pytest.raises(KeyRoleError):
                await operation([realm.system_user().token])  # type: ignore[list-item]
            with pytest.raises(UsageError):
                await operation([None])  # type: ignore[list-item]
        with pytest.raises(UsageError, match="expected several accounts"):
            await client.pull(realm.system.public_key)
        with pytest.raises(KeyTextError):
            await client.pull(["*"])


async def test_resolvers_that_give_none(start_server: StartServer) -> None:
    realm = Realm()
    account = realm.new_account()
    for resolver in ("MEMORY", CACHE):
        server = start_server(realm.config(resolver))
        async with realm.connect(server.url) as client:
            for request in (client.pull(), client.pull([account])):
                with pytest.raises(ResolverError, match=r"no server answers .*type full"):
                    await request
    async with realm.connect(server.url) as client:
        # A cache lists what it has in use, and does not say what that is.
        diff = await client.diff([account, realm.system_account])
        assert not diff
        assert diff.servers[0].absent == (account.claims.sub,)
        assert diff.untold == (realm.system.public_key,)
    server = start_server(realm.config("MEMORY"))
    async with realm.connect(server.url) as client:
        with pytest.raises(ResolverError, match=r"no server answers .*full or cache"):
            await client.diff([account])


@asynccontextmanager
async def impostor(
    connect: Connect, realm: Realm, url: str
) -> AsyncIterator[dict[str, list[bytes]]]:
    """Answer in place of a server without such a resolver, message by message for each subject."""
    answers: dict[str, list[bytes]] = {}
    async with connect(url, **realm.system_user().nats_py()) as (client, _):

        async def answer(message: Any) -> None:
            for part in answers[message.subject]:
                await client.publish(message.reply, part)

        for subject in (PACK, LIST, LOOKUP.format("*")):
            await client.subscribe(subject, cb=answer)
        await client.flush()
        yield answers


async def test_packs_of_a_server_that_lies_or_dies(
    start_server: StartServer, connect: Connect
) -> None:
    realm = Realm()
    server = start_server(realm.config("MEMORY"))
    one, two = realm.new_account("one"), realm.new_account("two")
    later = encode(one.claims, realm.signing, now=one.claims.iat + 1)
    named = one.claims.sub.encode() + b"|"
    good = named + one.encoded.encode()
    async with (
        impostor(connect, realm, server.url) as packed,
        realm.connect(server.url, timeout=0.3) as client,
    ):
        packed[PACK] = [good]
        with pytest.raises(ResolverTimeoutError, match=r"stopped after 1 of them .*pull again"):
            await client.pull()
        packed[PACK] = []
        with pytest.raises(ResolverTimeoutError, match="no server answered"):
            await client.pull()
        packed[PACK] = [b""]
        assert (await client.pull()).accounts == ()
        packed[PACK] = [good, good, b"", named + two.encoded.encode()]
        pulled = await client.pull()
        assert pulled
        assert pulled.accounts == (one,)
        packed[PACK] = [
            good,
            named + later.encoded.encode(),
            named + two.encoded.encode(),
            named + b"\xff",
            named + b"x" * 1_000_000,
            b"x" * 1_000_000,
            b"\x00|" + one.encoded.encode(),
            two.claims.sub.encode() + b"|" + one.encoded[:-2].encode(),
            b"",
        ]
        pulled = await client.pull()
        assert not pulled
        assert pulled.accounts == (one,)
        accounts = [rejected.account for rejected in pulled.rejected]
        assert accounts == [one.claims.sub] * 4 + ["", "", two.claims.sub]
        problems = [rejected.problem for rejected in pulled.rejected]
        assert problems[0] == "a server gave two tokens of this account"
        assert f"the account '{two.claims.sub}'" in problems[1]
        assert all(len(problem) < 500 and problem.isprintable() for problem in problems)


async def test_a_pack_beyond_all_measure(
    start_server: StartServer,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("natsauth.resolver._pull._MAX_PACK", 1 << 20)
    realm = Realm()
    server = start_server(realm.config("MEMORY"))
    async with (
        impostor(connect, realm, server.url) as packed,
        realm.connect(server.url, timeout=1) as client,
    ):
        packed[PACK] = [b"x"] * 3_000
        with pytest.raises(ResolverError, match=r"gave 2045 accounts .*that you need"):
            await client.pull()
        packed[PACK] = [b"x" * 600_000] * 2
        with pytest.raises(ResolverError, match="gave 2 accounts of 1048576 bytes, and more"):
            await client.pull()


async def test_lookups_of_servers_that_differ(start_server: StartServer, connect: Connect) -> None:
    realm = Realm()
    server = start_server(realm.config("MEMORY"))
    old = realm.new_account("one")
    new = encode(old.claims, realm.signing, now=old.claims.iat + 1)
    forged = encode(old.claims, key(KeyType.OPERATOR), now=old.claims.iat + 9)
    account = old.claims.sub
    lookup = LOOKUP.format(account)
    async with (
        impostor(connect, realm, server.url) as packed,
        realm.connect(server.url, timeout=0.3, expected_servers=3) as client,
    ):
        old_, new_, forged_ = (token.encoded.encode() for token in (old, new, forged))
        packed[lookup] = [old_, new_, b""]
        assert (await client.pull([account])).accounts == (new,)
        packed[lookup] = [old_, forged_, b"garbage"]
        pulled = await client.pull([account])
        assert pulled.accounts == (old,)
        assert [rejected.account for rejected in pulled.rejected] == [account] * 2
        packed[lookup] = [b"", b"", b""]
        assert (await client.pull([account])).unknown == (account,)
        packed[lookup] = [b"", b"garbage", b""]
        pulled = await client.pull([account])
        assert (pulled.unknown, len(pulled.rejected)) == ((), 1)
        packed[lookup] = [b"", b""]
        with pytest.raises(ResolverTimeoutError, match=f"2 of 3 servers .* of {account}"):
            await client.pull([account])
        # A list names three servers that have it, of which one has died since.
        listed = [
            b'{"server":{"name":"n%d","id":"N%d"},"data":["%s"]}' % (n, n, account.encode())
            for n in range(3)
        ]
        packed[LIST] = listed
        packed[lookup] = [old_, old_]
        assert (await client.diff([old])).untold == (account,)
        packed[lookup] = [old_, new_]
        names = ("n0", "n1", "n2")
        assert (await client.diff([old])).different == (DifferentAccount(account, names, 1),)
        packed[lookup] = [old_, old_, old_]
        assert await client.diff([old])


async def test_a_server_that_ends_meanwhile(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    async with realm.connect(server.url) as client:
        server.stop()
        for request in (client.pull(), client.pull([realm.system_account]), client.diff([])):
            with pytest.raises(ResolverConnectionError, match="the connection was lost"):
                await request


async def test_differences(start_server: StartServer, tmp_path: Path) -> None:
    realm = Realm()
    cluster = await start(start_server, tmp_path, realm, FULL, FULL, FULL)
    ours = [realm.system_account, *(realm.new_account(f"a{i}") for i in range(20))]
    async with realm.connect(cluster.urls) as client:
        await client.push_all(ours)
        diff = await client.diff(iter(ours))
        assert diff
        assert {*diff.same} == {*ids(ours)}
        assert [server.server_name for server in diff.servers] == [*NAMES]
        # One text differs, one account is new, and one is not among those that are given.
        edited, new = ours[3].claims, realm.new_account("new")
        edited.nats.description = "edited"
        mine = [*ours[:2], encode(edited, realm.signing), *ours[4:], new]
        diff = await client.diff(mine)
        assert not diff
        assert diff.different == (DifferentAccount(edited.sub, NAMES, 3),)
        assert [server.absent for server in diff.servers] == [(new.claims.sub,)] * 3
        assert [server.extra for server in diff.servers] == [(ours[2].claims.sub,)] * 3
        assert {*diff.same} == {*ids(ours)} - {edited.sub, ours[2].claims.sub}
        # Behind the back of one server.
        path = next((tmp_path / "n2").rglob(f"{ours[5].claims.sub}.jwt"))
        path.write_text(encode(ours[5].claims, realm.signing, now=1).encoded)
        diff = await client.diff(ours)
        assert diff.different == (DifferentAccount(ours[5].claims.sub, NAMES, 1),)
        cluster.servers["n3"].stop()
        diff = await client.with_timeout(0.3).diff(ours)
        assert diff.missing == ("n3",)
        assert diff.different == (DifferentAccount(ours[5].claims.sub, NAMES[:2], 1),)
        assert diff.untold == ()
