"""``natsauth why`` beside a real server: every cause, and what it has that the store lacks."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.claims import OperatorLimits, Permission
from natsauth.keys import KeyPair, KeyType
from natsauth.policy import CheckCode
from natsauth.token import encode
from tests._causes import CAUSES, Cause, commands, run, write
from tests._connections import Scene
from tests._workshop import Workshop
from tests.live._client import RawClient
from tests.live._realm import FULL, Realm, key, sockets, user
from tests.live._site import Site
from tests.live.test_policy_admit import _options, _publish, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from natsauth.creds import Creds
    from natsauth.testing import NatsServer

pytestmark = pytest.mark.live

ADMITTED, REFUSED = 0, 4


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    before = sockets()
    yield
    assert sockets() == before


def why(shop: Workshop, *words: str | Path, code: int) -> dict[str, Any]:
    result = shop.run("why", *words, "--json")
    assert result.exit_code == code, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def check(document: dict[str, Any], code: str) -> dict[str, str]:
    found: dict[str, str]
    [found] = [check for check in document["checks"] if check["code"] == code]
    return found


def differences(document: dict[str, Any]) -> list[str]:
    return [note["message"] for note in document["server"]["differences"]]


# Every cause, by what is in files


@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES)
def test_it_names_the_cause_for_which_a_server_refuses(tmp_path: Path, cause: Cause) -> None:
    (directory := tmp_path / "server").mkdir()
    site = start(directory)
    with site.server:
        if cause.config:
            with (directory / "server.conf").open("a") as config:
                config.write(cause.config.replace("$SYS", site.root.system.public_key))
            site.server.restart()
        scene = Scene(cause.case, site.root, int(time.time()))
        _publish(site, scene)
        before = len(site.server.log)
        with RawClient.open(site.server.url) as client:
            client.send(f"CONNECT {json.dumps(_options(scene, client))}\r\nPING\r\n".encode())
            answer = client.receive()
        words = [*write(tmp_path, scene), *map(scene.resolved, cause.options)]
        shop = Workshop(tmp_path / "shop")
        offline = json.loads(shop.run("why", *words, "--json").stdout)
        found = check(offline, cause.reason)
        assert found["state"] == ("failed" if cause.is_seen else "unknown")
        assert (offline["error"] or "Authorization Violation").encode() in answer
        # Where a resolver in memory has none, one of type full waits for other servers to have it.
        line = found["log"].replace("account missing", "fetching jwt timed out")
        assert line in site.log(before, line)
        assert found["log"] or cause.reason is CheckCode.ACCOUNT_FIELD
        if not cause.by_client:
            return
        document = why(shop, *words, "--server", site.server.url, code=REFUSED)
        assert document["reason"] == (cause.reason if cause.is_seen else "")
        assert document["error"].encode() in answer
        assert document["server"]["connected"] is False
        assert "was not asked which account it has" in differences(document)[0]
        assert_nothing_else_is_blamed(document, cause)
        # With nothing but the creds, what the account decides is not known, and not made up.
        document = why(shop, words[0], "--server", site.server.url, code=REFUSED)
        assert document["error"].encode() in answer
        assert_nothing_else_is_blamed(document, cause)


def assert_nothing_else_is_blamed(document: dict[str, Any], cause: Cause) -> None:
    states = {check["code"]: check["state"] for check in document["checks"]}
    failing = {code for code, state in states.items() if state in ("failed", "would_fail")}
    assert failing == {cause.reason} or (not failing and states[cause.reason] == "unknown")


# What servers have, and the store has not


class Home(Site):
    """A site with an account ``a`` and its user ``alice``."""

    def __init__(self, path: Path, **body: Any) -> None:
        super().__init__(path, Realm(strict=False))
        self.owner = key(KeyType.ACCOUNT)
        self.edit()
        self.alice = user(self.owner, **body)
        self.shop.store.write(self.alice.jwt, "o", "a", "alice")
        self.creds = path / "alice.creds"
        self.alice.write(self.creds)

    def edit(self, **body: Any) -> None:
        """Put another token of the account into the store."""
        token = self.realm.account(self.owner, "a", **body)
        self.shop.store.write(token.encoded, "o", "a")

    def why(self, server: NatsServer, code: int = ADMITTED) -> dict[str, Any]:
        return why(self.shop, self.creds, "--server", server.url, code=code)

    def push(self, server: NatsServer) -> None:
        self.shop(f"push -A -u {server.url}")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path) as home:
        yield home


def test_who_connects_is_who_the_server_thinks(tmp_path: Path) -> None:
    body = {"pub": Permission(allow=["a", "$SYS.REQ.USER.INFO"]), "sub": Permission(deny=["b"])}
    with Home(tmp_path, **body) as home:
        server = home.server()
        home.push(server)
        document = home.why(server)
        assert document["verdict"] == "admitted"
        side = document["server"]
        assert (side["connected"], side["looked_up"], side["differences"]) == (True, True, [])
        assert side["info"]["user"] == home.alice.public_key
        assert set(side["info"]["permissions"]["publish"]["allow"]) == {"a", "$SYS.REQ.USER.INFO"}
        text = home.shop.run("why", str(home.creds), "--server", server.url)
        assert text.stdout.startswith(f"ADMITTED: the server {server.url} takes user ")
        assert "to be looked at" not in text.stdout
        assert text.stderr == ""


def test_a_user_that_may_not_ask_who_it_is(tmp_path: Path) -> None:
    everything = {"pub": Permission(deny=[">"]), "sub": Permission(allow=["_INBOX_alice.>"])}
    with Home(tmp_path, **everything) as home:
        server = home.server()
        home.push(server)
        document = home.why(server)
        assert document["server"]["connected"] is True
        assert document["server"]["info"] is None


def test_an_inbox_of_its_own(tmp_path: Path) -> None:
    with Home(tmp_path, sub=Permission(allow=["_INBOX_alice.>"])) as home:
        server = home.server()
        home.push(server)
        assert home.why(server)["server"]["info"]["user"] == home.alice.public_key


def test_an_account_that_was_never_pushed(home: Home) -> None:
    server = home.server()
    document = home.why(server, REFUSED)
    assert document["reason"] == "account_lookup"
    assert document["log"] == "Account JWT lookup error: account missing"
    assert check(document, "account_lookup")["state"] == "failed"
    [difference] = document["server"]["differences"]
    assert difference["message"] == "servers do not have account 'a'"
    # Of the operator's own URLs, of which there is none, this server is none.
    push = f"natsauth push -a a -u {server.url}"
    assert commands(home.shop, difference["hint"]) == [push]
    assert check(document, "account_lookup")["command"] == difference["hint"]
    run(home.shop, difference["hint"])
    assert home.why(server)["verdict"] == "admitted"


def test_what_the_store_has_and_servers_lack_is_pushed(home: Home) -> None:
    server = home.server()
    home.push(server)
    time.sleep(1.1)  # tokens tell their age in seconds
    signing = key(KeyType.ACCOUNT)
    home.edit(signing_keys=[signing.public_key])
    mine = user(signing, issuer_account=home.owner.public_key)
    home.shop.store.write(mine.jwt, "o", "a", "mine")
    mine.write(home.path / "mine.creds")
    words = (home.path / "mine.creds", "--server", server.url)
    found = check(why(home.shop, *words, code=REFUSED), "user_issuer")
    assert commands(home.shop, found["command"]) == [f"natsauth push -a a -u {server.url}"]
    run(home.shop, found["command"])
    assert why(home.shop, *words, code=ADMITTED)["verdict"] == "admitted"


def test_a_revocation_that_is_lifted_in_the_store_is_lifted_by_a_push(home: Home) -> None:
    server = home.server()
    home.edit(revocations={"*": int(time.time()) + 9})
    home.push(server)
    time.sleep(1.1)
    home.edit()
    found = check(home.why(server, REFUSED), "revocation")
    assert commands(home.shop, found["command"]) == [f"natsauth push -a a -u {server.url}"]
    run(home.shop, found["command"])
    assert home.why(server)["verdict"] == "admitted"


def test_a_signing_key_that_passes_for_an_account(home: Home) -> None:
    signing = key(KeyType.ACCOUNT)
    home.edit(signing_keys=[signing.public_key])
    server = home.server()
    home.push(server)
    lost = user(signing)
    home.shop.store.write(lost.jwt, "o", "a", "lost")
    lost.write(home.path / "lost.creds")
    document = why(home.shop, home.path / "lost.creds", "--server", server.url, code=REFUSED)
    found = check(document, "account_lookup")
    assert f"{signing.public_key} is a signing key of account 'a'; " in found["message"]
    assert commands(home.shop, found["command"])[0] == "natsauth reissue user -a a lost"
    # They do have it.
    assert differences(document) == []


def test_an_account_that_no_server_would_take(home: Home) -> None:
    home.edit()
    home.shop("edit account a --expiry 2020-01-01 --force")
    server = home.server()
    document = home.why(server, REFUSED)
    found = check(document, "account_lookup")
    assert "expired" in found["message"]
    assert commands(home.shop, found["command"]) == [
        "natsauth edit account a --expiry 30d",
        f"natsauth push -a a -u {server.url}",
    ]
    [difference] = document["server"]["differences"]
    assert difference["hint"] == "mend it as is told above, then push it"


def test_a_revocation_that_was_never_pushed(home: Home) -> None:
    server = home.server()
    home.push(server)
    time.sleep(1.1)  # tokens tell their age in seconds
    home.edit(revocations={home.alice.public_key: int(time.time())})
    document = home.why(server)
    assert (document["verdict"], document["reason"]) == ("admitted", "")
    [difference] = differences(document)
    assert "servers have an older token of account 'a' than the store: " in difference
    assert f"they lack the revocation {home.alice.public_key} at " in difference
    # Without the server, the store is taken for what it has.
    offline = why(home.shop, home.creds, code=REFUSED)
    assert offline["reason"] == "revocation"


def test_an_edit_that_the_store_lacks(home: Home) -> None:
    server = home.server()
    before = home.shop.store.read("o", "a")
    time.sleep(1.1)
    signing = key(KeyType.ACCOUNT).public_key
    home.edit(revocations={"*": int(time.time()) + 9}, signing_keys=[signing], description="new")
    home.push(server)
    home.shop.store.write(before, "o", "a")
    document = home.why(server, REFUSED)
    assert document["reason"] == "revocation"
    [difference] = document["server"]["differences"]
    assert "servers have a newer token of account 'a' than the store: " in difference["message"]
    for what in (f"the signing key {signing}", "the revocation * at ", "nats.description differs"):
        assert what in difference["message"]
    pull = f"natsauth pull -a a -u {server.url}"
    assert commands(home.shop, difference["hint"]) == [pull]


def test_an_account_that_is_not_pinned(home: Home) -> None:
    pinned = f"resolver_pinned_accounts: [{home.realm.system.public_key}]"
    server = home.server(more=pinned)
    home.push(server)
    document = home.why(server, REFUSED)
    assert document["reason"] == "pinned_accounts"
    assert f"Account {home.owner.public_key} not listed" in document["log"]


def test_the_last_connection_is_taken(home: Home) -> None:
    home.edit(limits=OperatorLimits(conn=1))
    server = home.server()
    home.push(server)
    assert home.why(server)["verdict"] == "admitted"
    with RawClient.open(server.url) as client:
        options = {"jwt": home.alice.jwt, "sig": client.sign(_pair(home.alice)), "verbose": False}
        client.send(f"CONNECT {json.dumps(options)}\r\nPING\r\n".encode())
        assert b"PONG" in client.receive()
        document = home.why(server, REFUSED)
    assert document["reason"] == "connection_limit"
    assert document["error"] == "maximum account active connections exceeded"
    assert "has 1 connections and may have 1" in check(document, "connection_limit")["message"]


def _pair(creds: Creds) -> KeyPair:
    return KeyPair.from_seed(creds.reveal_seed())


def test_what_is_closed_at_once(tmp_path: Path) -> None:
    with Home(tmp_path, subs=0) as home:
        server = home.server()
        home.push(server)
        document = home.why(server, REFUSED)
        assert document["error"] == "maximum subscriptions exceeded"
        assert document["server"]["expected"] == "closed"
        assert document["server"]["differences"] == []


@pytest.mark.parametrize(
    ("case", "because"),
    [
        ({"user_nats": {"subs": 0}}, "nats.subs of the user is 0: not one subscription"),
        ({"user_std": {"exp": -5}}, "exp of the user is -5: its time is over"),
    ],
)
def test_what_is_closed_at_once_is_told_as_that(
    tmp_path: Path, case: dict[str, Any], because: str
) -> None:
    (directory := tmp_path / "server").mkdir()
    site = start(directory)
    with site.server:
        scene = Scene(case, site.root, int(time.time()))
        _publish(site, scene)
        words, shop = write(tmp_path, scene), Workshop(tmp_path / "shop")
        for known in (words, words[:1]):
            result = shop.run("why", *known, "--server", site.server.url)
            assert result.exit_code == REFUSED
            assert result.stdout.startswith(f"CLOSED: the server {site.server.url} takes user ")
            assert f"\n 1. {because}" in result.stdout


def test_a_server_that_does_not_tell_its_accounts(home: Home) -> None:
    both = f"resolver_preload: {{ {home.owner.public_key}: {home.shop.store.read('o', 'a')}, "
    server = home.start(home.realm.config("MEMORY").replace("resolver_preload: { ", both))
    document = home.why(server)
    assert document["server"]["looked_up"] is False
    assert document["verdict"] == "admitted"


def test_a_server_of_another_operator(home: Home, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with Site(tmp_path / "other") as other:
        document = home.why(other.server(FULL), REFUSED)
    assert document["server"]["expected"] == "admitted"
    first, second = document["server"]["differences"]
    assert "the server was not asked which account it has: cannot connect" in first["message"]
    assert "trusts another operator" in first["hint"]
    assert "account 'a' is of operator 'o', of whom the server refused" in second["message"]
    assert "connect to a server of 'o'" in second["hint"]


def test_a_server_of_another_operator_of_the_store(home: Home, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with Site(tmp_path / "other") as other:
        server, store = other.server(FULL), home.shop.store
        operator = replace(other.realm.operator.claims)
        operator.name, operator.nats.account_server_url = "p", server.url
        store.write(encode(operator, other.realm.identity).encoded, "p")
        store.write(other.realm.system_account.encoded, "p", "SYS")
        store.add_seed(other.realm.system_signing.reveal_seed())
        home.shop("select operator o")
        for more in ((), ("-o", "p")):
            words = (home.creds, "--server", server.url, *more)
            document = why(home.shop, *words, code=REFUSED)
            found = check(document, "account_lookup")
            said = "account 'a' is of operator 'o', and servers trust operator 'p'"
            assert found["message"] == said
            assert found["command"] == ""
            assert "although nothing" not in json.dumps(document)


def test_an_offline_verdict_that_the_server_does_not_share(home: Home) -> None:
    # Without a system account nobody can look up what the server has.
    server = home.server()
    home.push(server)
    home.shop.store.delete("o", "SYS")
    home.edit(revocations={"*": int(time.time()) + 9})
    document = home.why(server)
    assert (document["verdict"], document["server"]["expected"]) == ("admitted", "refused")
    assert "the server took the connection, although by what is known" in differences(document)[1]


# Whom a server may see


def test_a_system_user_is_shown_to_no_server_that_is_not_the_stores(
    home: Home, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    with Home(tmp_path / "other") as other:
        server = other.server()
        other.push(server)
        before = len(server.log)
        document = why(home.shop, other.creds, "--server", server.url, code=ADMITTED)
        assert document["server"]["looked_up"] is False
        [difference] = document["server"]["differences"]
        assert (
            "nothing says that it is a server of an operator of the store"
            in (difference["message"])
        )
        assert "-o NAME" in difference["hint"]
        assert "authentication error" not in server.log[before:]
        # Creds that only say that they are of an account of the store do not make it so either.
        forged = user(key(KeyType.ACCOUNT), issuer_account=home.owner.public_key)
        forged.write(tmp_path / "forged.creds")
        words = (tmp_path / "forged.creds", "--server", server.url)
        document = why(home.shop, *words, code=REFUSED)
        assert "was not asked" in differences(document)[0]
        assert "nothing says" in differences(document)[0]


def test_a_server_that_the_operator_names_is_asked_of_an_account_of_others(home: Home) -> None:
    server = home.server()
    home.push(server)
    home.shop.store.delete("o", "a")
    words = (home.creds, "--server", server.url)
    assert why(home.shop, *words, code=ADMITTED)["server"]["looked_up"] is False
    document = why(home.shop, *words, "-o", "o", code=ADMITTED)
    assert document["server"]["looked_up"] is True
    assert {check["state"] for check in document["checks"]} == {"passed"}
