"""Pushes to a real server: what it takes, what it never gets to see, and what they bring about."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.claims import (
    AccountClaims,
    Permission,
    UserPermissionLimits,
    UserScope,
)
from natsauth.errors import (
    KeyRoleError,
    KeyTextError,
    ResolverConnectionError,
    ResolverError,
    ResolverTimeoutError,
    UsageError,
)
from natsauth.keys import KeyType
from natsauth.resolver import PushReason
from natsauth.resolver._protocol import LIST, LOOKUP, PING, SUBJECTS, UPDATE, temporary_creds
from natsauth.token import Token, encode
from tests.live import _realm
from tests.live._realm import Realm, key, user

if TYPE_CHECKING:
    from natsauth.creds import Creds
    from tests.live._servers import StartServer
    from tests.live.conftest import Connect

pytestmark = [pytest.mark.live, pytest.mark.asyncio]
nothing_is_left = _realm.nothing_is_left

ANY_ACCOUNT, ANY_USER = key(KeyType.ACCOUNT).public_key, key(KeyType.USER).public_key
FOREIGN = key(KeyType.OPERATOR)


async def test_a_pushed_account_takes_effect(start_server: StartServer, connect: Connect) -> None:
    realm = Realm()
    server = start_server(realm.config())
    owner, scoped = key(KeyType.ACCOUNT), key(KeyType.ACCOUNT)

    def account(subject: str) -> Token[AccountClaims]:
        template = UserPermissionLimits(pub=Permission(allow=[subject]))
        scope = UserScope(key=scoped.public_key, role="team", template=template)
        return realm.account(owner, "team", signing_keys=[scope])

    async def publish(creds: Creds) -> tuple[list[str], list[str]]:
        """Return on which subjects messages came through, and the errors."""
        async with connect(server.url, **creds.nats_py()) as (nc, errors):
            subscription = await nc.subscribe(">")
            for subject in ("orders.new", "invoices.new"):
                await nc.publish(subject, b"")
            await nc.flush()
            messages = [await subscription.next_msg() for _ in range(subscription.pending_msgs)]
            return [message.subject for message in messages], [str(error) for error in errors]

    body = {"issuer_account": owner.public_key, "subs": 0, "data": 0, "payload": 0}
    creds = user(scoped, **body)
    async with realm.connect(server.url) as client:
        with pytest.raises(Exception, match="Authorization Violation"):
            await publish(creds)
        assert await client.push(account("orders.*"))
        delivered, errors = await publish(creds)
        assert delivered == ["orders.new"]
        assert errors == ['nats: permissions violation for publish to "invoices.new"']
        assert await client.push(account("invoices.*"))
        delivered, errors = await publish(creds)
        assert delivered == ["invoices.new"]
        assert errors == ['nats: permissions violation for publish to "orders.new"']


async def test_one_bad_account_keeps_all_from_being_sent(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config(more="max_payload: 4096"))
    good, big = realm.new_account("good"), realm.new_account("big", description="x" * 5000)
    foreign = realm.account(key(KeyType.ACCOUNT), "foreign", signer=FOREIGN)
    async with realm.connect(server.url) as client:
        with pytest.raises(ResolverError) as caught:
            await client.push_all([good, foreign, big])
        text = str(caught.value)
        assert f"{foreign.claims.sub!r} is signed by {FOREIGN.public_key}" in text
        assert f"{big.claims.sub!r}: the token has {len(big.encoded)} bytes" in text
        assert good.claims.sub not in text
        assert (await client.list_accounts()).servers[0].accounts == (realm.system.public_key,)
        assert await client.push_all(iter([good])) == [await client.push(good)]
        assert await client.push_all([]) == []
        for bad in (good, 5):
            with pytest.raises(UsageError, match=r"expected tokens, .*or use push"):
                await client.push_all(bad)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="expected a Token"):
            await client.push(good.encoded)  # type: ignore[arg-type]


async def test_the_system_account_itself_can_be_pushed(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    newer = realm.account(
        realm.system, "SYS", description="newer", signing_keys=[realm.system_signing.public_key]
    )
    async with realm.connect(server.url) as client:
        assert await client.push(newer)
        assert await client.lookup(realm.system.public_key) == newer


async def test_lookup_and_list(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config(more="server_name: one"))
    accounts = [realm.new_account(f"a{i}") for i in range(3)]
    async with realm.connect(server.url, timeout=timedelta(seconds=3)) as client:
        assert client.servers == ("one",)
        await client.push_all(accounts)
        for account in accounts:
            assert await client.lookup(account.claims.sub) == account
        assert await client.lookup(ANY_ACCOUNT) is None
        listing = await client.list_accounts()
        [of_server] = listing.servers
        assert of_server.server_name == "one"
        assert of_server.server_id.startswith("N")
        known = {realm.system.public_key, *(account.claims.sub for account in accounts)}
        assert set(of_server.accounts) == known
        assert listing.missing == ()
        with pytest.raises(KeyRoleError):
            await client.lookup(ANY_USER)
        with pytest.raises(KeyTextError):
            await client.lookup("*")


async def test_many_accounts_at_once(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    accounts = [realm.new_account(f"a{i}") for i in range(200)]
    async with realm.connect(server.url) as client:
        start = time.perf_counter()
        results = await client.push_all(accounts)
        print(f"200 accounts pushed in {time.perf_counter() - start:.2f} s")  # noqa: T201
        assert all(results)
        assert [result.account for result in results] == [a.claims.sub for a in accounts]
        assert [result.name for result in results] == [f"a{i}" for i in range(200)]
        halves = await asyncio.gather(
            client.push_all(accounts[:100]), client.push_all(accounts[100:])
        )
        assert [result.name for half in halves for result in half] == [f"a{i}" for i in range(200)]
        assert len((await client.list_accounts()).servers[0].accounts) == 201


async def test_the_temporary_user_can_do_nothing_else(
    start_server: StartServer, connect: Connect
) -> None:
    realm = Realm()
    server = start_server(realm.config())
    inbox = "_INBOX.abc.*"
    creds = temporary_creds(realm.system_account, realm.operator, realm.system_signing, inbox=inbox)
    async with connect(server.url, **creds.nats_py()) as (nc, errors):
        own = await nc.subscribe(inbox)
        for subject in SUBJECTS:
            await nc.publish(subject.replace("*", ANY_ACCOUNT), b"", reply="_INBOX.abc.1")
        await nc.flush()
        assert errors == []
        answers = [await own.next_msg() for _ in SUBJECTS]
        assert {message.subject for message in answers} == {"_INBOX.abc.1"}
        elsewhere = [
            "$SYS.REQ.SERVER.PING.CONNZ",
            f"$SYS.REQ.ACCOUNT.{ANY_ACCOUNT}.CONNZ",
            f"$SYS.ACCOUNT.{ANY_ACCOUNT}.CLAIMS.UPDATE",
            "orders.new",
        ]
        for subject in elsewhere:
            await nc.publish(subject, b"")
        for subject in (">", "_INBOX.>", "_INBOX.xyz.*", "$SYS.>", UPDATE):
            await nc.subscribe(subject)
        await nc.flush()
        assert len(errors) == len(elsewhere) + 5
        assert all("permissions violation" in str(error) for error in errors)


async def test_a_temporary_user_that_only_looks(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    account = realm.new_account()
    async with realm.connect(server.url, read_only=True) as client:
        found = await client.lookup(realm.system.public_key)
        assert found == realm.system_account
        assert (await client.list_accounts()).servers[0].accounts == (realm.system.public_key,)
        assert [*(await client.pull()).accounts] == [realm.system_account]
        with pytest.raises(ResolverError, match="permissions violation"):
            await client.push(account)
    async with realm.connect(server.url, read_only=True) as client:
        with pytest.raises(ResolverError, match="permissions violation"):
            await client.delete([account], signer=realm.signing)


async def test_the_temporary_user_expires(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    async with realm.connect(server.url, lifetime=timedelta(seconds=2)) as client:
        account = realm.new_account()
        assert await client.push(account)
        with pytest.raises(ResolverConnectionError, match=r"expired .*lifetime="):  # noqa: PT012
            while True:
                await client.list_accounts()
                await asyncio.sleep(0.05)
        with pytest.raises(ResolverConnectionError, match="expired"):
            await client.push(account)


async def test_creds_of_a_system_user(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    async with realm.connect(server.url, creds=realm.system_user()) as client:
        account = realm.new_account()
        assert await client.push(account)
        assert await client.lookup(account.claims.sub) == account


async def test_creds_that_do_not_suffice(start_server: StartServer) -> None:
    realm = Realm()
    server = start_server(realm.config())
    stranger, inboxes = key(KeyType.ACCOUNT), Permission(allow=["_INBOX.>"])
    of_account = realm.account(key(KeyType.ACCOUNT), "plain", signing_keys=[stranger.public_key])
    async with realm.connect(server.url) as client:
        assert await client.push(of_account)
    creds = user(stranger, issuer_account=of_account.claims.sub)
    with pytest.raises(ResolverError, match=r"no server answers .*one of the system account"):
        async with realm.connect(server.url, creds=creds):
            pytest.fail("a user of another account was taken")
    creds = realm.system_user(sub=Permission(allow=["orders.>"]))
    with pytest.raises(ResolverError, match="may not ask: permissions violation for subscription"):
        async with realm.connect(server.url, creds=creds):
            pytest.fail("a user without an inbox was taken")
    creds = realm.system_user(pub=Permission(allow=[PING, LIST]), sub=inboxes)
    async with realm.connect(server.url, creds=creds) as client:
        assert (await client.list_accounts()).servers
        for subject, force in (("lookup", False), ("update", True)):
            with pytest.raises(ResolverError, match=rf"publish to .*claims\.{subject}") as caught:
                await client.push(of_account, force=force)
            assert not isinstance(caught.value, ResolverConnectionError)
        assert (await client.list_accounts()).servers  # the connection is as good as before


async def test_resolvers_that_take_no_pushes(start_server: StartServer) -> None:
    realm = Realm()
    account = realm.new_account("a")
    memory = start_server(realm.config("MEMORY", "server_name: memory"))
    async with realm.connect(memory.url) as client:
        result = await client.push(account)
        assert not result
        assert result.reason is PushReason.NO_RESPONDERS
        assert (result.replies, result.missing) == ((), ("memory",))
        with pytest.raises(ResolverError, match=r"no server answers .*full or cache.*in_memory"):
            result.raise_for_errors()
        for request in (client.lookup(account.claims.sub), client.list_accounts()):
            with pytest.raises(ResolverError, match=r"no server answers .*CLAIMS\."):
                await request
    cache = start_server(realm.config("{ type: cache, dir: './jwt', ttl: '1h' }"))
    async with realm.connect(cache.url) as client:
        result = await client.push(account)
        assert result
        assert result.replies[0].message == "jwt update cache skipped"
        # It has what it uses.
        assert (await client.list_accounts()).servers[0].accounts == (realm.system.public_key,)
        with pytest.raises(ResolverError, match="no server answers"):
            await client.lookup(account.claims.sub)


async def test_answers_that_are_none(start_server: StartServer, connect: Connect) -> None:
    realm = Realm()
    server = start_server(realm.config("MEMORY"))
    account, other = realm.new_account("a"), realm.new_account("b")
    answers: dict[str, bytes] = {}

    async with connect(server.url, **realm.system_user().nats_py()) as (impostor, _):

        async def answer(message: Any) -> None:
            for text in answers[message.subject].split(b"|"):
                await impostor.publish(message.reply, text)

        lookup = LOOKUP.format(account.claims.sub)
        for subject in (UPDATE, LIST, lookup):
            await impostor.subscribe(subject, cb=answer)
        await impostor.flush()
        async with realm.connect(server.url, timeout=0.5) as client:
            for text in (b"", b"\xff{", b"[]", b'{"data":{"code":true,"message":"x"}}'):
                answers[UPDATE] = text
                result = await client.push(account)
                assert result.reason is PushReason.REFUSED
                with pytest.raises(ResolverError, match="unreadable answer"):
                    result.raise_for_errors()
            answers[LIST] = b'{"server":{"name":"n"},"error":{"code":500,"description":"no"}}'
            with pytest.raises(ResolverError, match="n gave no list of accounts: no"):
                await client.list_accounts()
            answers[LIST] = b"{"
            with pytest.raises(ResolverError, match="unreadable answer of a server"):
                await client.list_accounts()
            answers[lookup] = other.encoded.encode()
            with pytest.raises(ResolverError, match=f"gave as .* the account '{other.claims.sub}'"):
                await client.lookup(account.claims.sub)
            answers[lookup] = b"garbage"
            with pytest.raises(ResolverError, match="is no account: a token has three chunks"):
                await client.lookup(account.claims.sub)
        # Of two servers, one has it, an older one, or none.
        old, new = (encode(account.claims, realm.signing, now=now) for now in (1e9, 2e9))
        async with realm.connect(server.url, timeout=0.5, expected_servers=2) as client:
            answers[lookup] = b"|".join([new.encoded.encode(), old.encoded.encode()])
            assert await client.lookup(account.claims.sub) == new
            answers[lookup] = b"|" + old.encoded.encode()
            assert await client.lookup(account.claims.sub) == old
            answers[lookup] = b"|"
            assert await client.lookup(account.claims.sub) is None
            answers[lookup] = b""
            with pytest.raises(ResolverTimeoutError, match="1 of 2 servers answered"):
                await client.lookup(account.claims.sub)
