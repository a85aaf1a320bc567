"""``natsauth push`` and ``natsauth pull`` with real servers."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.claims import Account, AccountClaims, SigningKey, UserPermissionLimits, UserScope
from natsauth.cli._push_job import Job
from natsauth.keys import KeyType
from natsauth.token import encode
from tests._command import ROOT, environment
from tests.live._proxy import Proxy
from tests.live._realm import FULL, Realm, key, sockets
from tests.live._site import Site
from tests.live.test_resolver_tls import Authority, reload, websocket_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from natsauth.keys import KeyPair
    from natsauth.testing import NatsServer
    from natsauth.token import Token
    from tests.live._cluster import Cluster

pytestmark = [pytest.mark.live, pytest.mark.slow]

DELETING = "{ type: full, dir: './jwt', timeout: '50ms', allow_delete: true }"
CACHE = "{ type: cache, dir: './jwt', timeout: '50ms' }"
NAMED = "server_name: n1"


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    before = sockets()
    yield
    assert sockets() == before


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Make sites whose servers stop at the end."""
    with ExitStack() as sites:

        def make(
            name: str = "site", realm: Realm | None = None, seeds: list[KeyPair] | None = None
        ) -> Site:
            (tmp_path / name).mkdir()
            return sites.enter_context(Site(tmp_path / name, realm, seeds))

        yield make


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """Give a site with the accounts ``a`` and ``b``."""
    site = make_site()
    site.accounts("a", "b")
    return site


@pytest.fixture
def server(site: Site) -> NatsServer:
    return site.server(DELETING, NAMED)


@pytest.fixture
def cluster(site: Site) -> Cluster:
    return site.cluster()


def fails(site: Site, command: str, code: int = 1, **variables: str) -> list[str]:
    """Return what a command says that ends with an exit code, keys masked."""
    result = site.shop.run(command, **variables)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    return site.shop.masked(result.stderr)


def document(site: Site, command: str, code: int = 0) -> Any:
    """Return what a command prints with ``--json``: one document, and nothing else."""
    result = site.shop.run(f"{command} --json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def files(site: Site, server: str = "server*") -> dict[str, str]:
    """Return the tokens that servers have on disk, by public key."""
    return {file.stem: file.read_text() for file in site.path.glob(f"{server}/jwt/**/*.jwt")}


def in_store(site: Site) -> dict[str, str]:
    tokens = [site.shop.store.read("o", name) for name in site.shop.store.names("o")]
    return {site.shop.claims("o", name).sub: token
            for name, token in zip(site.shop.store.names("o"), tokens, strict=True)}  # fmt: skip


def urls(cluster: Cluster) -> str:
    return ",".join(cluster.urls)


# A cluster


def test_all_accounts_reach_all_servers(site: Site, cluster: Cluster) -> None:
    assert site.shop(f"push -A -u {urls(cluster)}") == [
        f'[ OK ] pushed "{name}" to n1, n2, n3: jwt updated' for name in ("SYS", "a", "b")
    ]
    for name in cluster.servers:
        assert cluster.stored(name) == in_store(site)
    site.shop("edit account a --tag x")
    assert site.shop(f"push -a a -u {cluster.urls[1]} --confirm") == [
        '[ OK ] pushed "a" to n1, n2, n3: jwt updated, and confirmed'
    ]
    # The current account, to where the operator says that servers are.
    site.shop(f"edit operator --account-jwt-server-url {cluster.urls[2]}")
    site.shop("select account a")
    steps = document(site, "push")
    assert [(step["name"], step["account"]) for step in steps] == [
        ("a", site.shop.claims("o", "a").sub)
    ]
    assert steps[0]["servers"] == [
        {"server": name, "ok": True, "message": "jwt updated", "effect": "stored"}
        for name in ("n1", "n2", "n3")
    ]
    assert (steps[0]["status"], steps[0]["missing"], steps[0]["reason"]) == ("ok", [], None)


def test_a_server_that_is_down_is_named_and_comes_back(site: Site, cluster: Cluster) -> None:
    # Two edits within a second, of which the server that is down by then has seen the first one.
    site.shop("edit account a --tag one")
    first = site.shop.claims("o", "a")
    site.shop(f"push -A -u {urls(cluster)}")
    cluster.servers["n3"].stop()  # of one that was killed the others think for a while yet
    down = cluster.urls[2]
    site.shop("edit account a --tag two")
    assert site.shop.claims("o", "a").iat > first.iat
    lines = fails(site, f"push -A -u {urls(cluster)}", 3)
    assert lines[0] == f"[ERR ] {down} cannot be reached: nothing is done there"
    assert lines[1:] == [
        f'[ OK ] pushed "{name}" to n1, n2: jwt updated' for name in ("SYS", "a", "b")
    ]
    steps = document(site, f"push -a a -u {urls(cluster)}", 3)
    assert (steps[0]["status"], steps[0]["server"]) == ("error", down)
    # One address does not tell how many servers there are, but the user may.
    lines = fails(site, f"push -a a -u {cluster.urls[0]} --servers 3 --timeout 0.2", 3)
    assert lines == [
        '[ERR ] push "a":',
        "       [ OK ] n1: jwt updated",
        "       [ OK ] n2: jwt updated",
        "       [ERR ] a server without a known name did not answer",
        "natsauth: not everything was done",
        "hint: only servers with a resolver of type full or cache answer; --timeout waits longer",
    ]
    asyncio.run(cluster.come_back("n3"))
    wanted, deadline = in_store(site), time.monotonic() + 10
    while any(cluster.stored(name) != wanted for name in cluster.servers):
        assert time.monotonic() < deadline, "the servers stay different"
        time.sleep(0.05)
    assert site.shop.claims("o", "a").nats.tags == ["one", "two"]
    assert site.shop(f"push --diff -u {urls(cluster)}") == [
        f"[ OK ] {name} has the accounts of the store and no others" for name in cluster.servers
    ]


def test_differences_and_what_is_superfluous(site: Site, cluster: Cluster) -> None:
    url = urls(cluster)
    site.shop(f"push -A -u {url}")
    gone = site.shop.claims("o", "b").sub
    site.shop("edit account a --tag x")
    site.accounts("c")
    site.shop.store.delete("o", "b")
    assert fails(site, f"push --diff -u {url}", 4) == [
        line
        for name in cluster.servers
        for line in (
            f"[WARN] {name} differs from the store:",
            '       [WARN] lacks "c"',
            '       [WARN] has another token of "a"',
            '       [WARN] has "b" (A...), which is not in the store',
        )
    ]
    [first, *_] = document(site, f"push --diff -u {url}", 4)
    assert first["server"] == "n1"
    assert first["extra"] == [gone]
    assert first["absent"] == [site.shop.claims("o", "c").sub]
    assert first["different"] == [site.shop.claims("o", "a").sub]
    # Pushed first, and then compared or pruned.
    lines = fails(site, f"push -A --diff -u {url}", 4)
    assert lines[:3] == [
        f'[ OK ] pushed "{name}" to n1, n2, n3: jwt updated' for name in ("SYS", "a", "c")
    ]
    assert lines[3:5] == [
        "[WARN] n1 differs from the store:",
        '       [WARN] has "b" (A...), which is not in the store',
    ]
    before = cluster.stored("n1")
    assert site.shop(f"push -P --dry-run -u {url}") == [
        '[ OK ] would delete "b" (A...) from n1, n2, n3'
    ]
    assert cluster.stored("n1") == before
    assert gone in before
    [step] = document(site, f"push -P -u {url}")
    assert step["accounts"] == [gone]
    assert [one["server"] for one in step["servers"]] == ["n1", "n2", "n3"]
    for name in cluster.servers:
        assert cluster.stored(name) == in_store(site)
    assert site.shop(f"push -P -u {url}") == ["[ OK ] nothing to prune"]
    assert document(site, f"push -P -u {url}")[0]["accounts"] == []


# One server


def test_one_account_is_removed_by_name_or_key(site: Site, server: NatsServer) -> None:
    site.shop(f"push -A -u {server.url}")
    keys = {name: site.shop.claims("o", name).sub for name in ("a", "b")}
    assert site.shop(f"push -R a --dry-run -u {server.url}") == ['[ OK ] would delete "a" from n1']
    assert keys["a"] in files(site)
    assert site.shop(f"push -R a -u {server.url}") == ['[ OK ] deleted "a" from n1']
    assert site.shop(f"push -R {keys['b']} -u {server.url}") == ["[ OK ] deleted A... from n1"]
    assert [*files(site)] == [site.realm.system.public_key]
    again = site.shop(f"push -R a -u {server.url}")
    assert again == ['[WARN] no server had "a", unless expired']
    for more in ("", " --dry-run"):
        lines = fails(site, f"push -R SYS -u {server.url}{more}")
        assert "A... is the system account" in lines[0]


def test_a_server_that_deletes_nothing(site: Site) -> None:
    server = site.server(FULL, NAMED)
    site.shop(f"push -A -u {server.url}")
    lines = fails(site, f"push -R a -u {server.url}")
    assert lines[0] == '[ERR ] delete "a":'
    assert lines[1].startswith(
        "       [ERR ] n1: delete accounts request by O... failed - delete must"
    )
    assert lines[-2:] == [
        "natsauth: nothing was done",
        (
            "hint: natsauth generate config --allow-delete lets servers delete accounts, once they "
            "are restarted with it"
        ),
    ]
    site.shop.store.delete("o", "a")
    lines = fails(site, f"push -P -u {server.url}")
    assert lines[0] == "[ERR ] delete A...:"
    assert len(files(site)) == 3


def test_the_wrong_store_prunes_nothing(
    make_site: Callable[..., Site], site: Site, server: NatsServer
) -> None:
    site.shop(f"push -A -u {server.url}")
    other = make_site("other", site.realm)
    before = files(site)
    for more in ("", " --dry-run"):
        assert fails(other, f"push -P -u {server.url}{more}") == [
            (
                "natsauth: nothing was sent: of the accounts on the servers, 2 besides the system "
                "account, none is to be kept"
            ),
            "hint: see with -H or --data-dir that it is the right store; if it is, --allow-all",
        ]
    assert files(site) == before
    [line] = other.shop(f"push -P --allow-all -u {server.url}")
    assert line == "[ OK ] deleted A..., A... from n1"
    assert [*files(site)] == [site.realm.system.public_key]


def test_what_somebody_pushes_meanwhile_is_not_pruned(
    site: Site, server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.shop(f"push -A -u {server.url}")
    read = Job._all_tokens

    def and_push(job: Job, names: dict[str, str]) -> Iterator[Token[AccountClaims]]:
        yield from read(job, names)
        for command in (["add", "account", "fresh"], ["push", "-a", "fresh", "-u", server.url]):
            places = ["--config-dir", str(site.shop.path), "--data-dir",
                      str(site.shop.store.stores), "--keystore-dir",
                      str(site.shop.store.keys)]  # fmt: skip
            natsauth = [sys.executable, "-m", "natsauth", *command, *places]
            subprocess.run(natsauth, check=True, capture_output=True)

    monkeypatch.setattr(Job, "_all_tokens", and_push)
    assert site.shop(f"push --prune -u {server.url}") == ["[ OK ] nothing to prune"]
    assert files(site) == in_store(site)
    assert "fresh" in site.shop.store.names("o")


def test_an_account_that_cannot_be_read_is_named_and_the_others_are_pushed(
    site: Site, server: NatsServer
) -> None:
    site.shop(f"push -A -u {server.url}")
    site.shop("edit account b --tag x")
    (file := site.shop.store.stores / "o/accounts/a/a.jwt").write_text("garbage")
    lines = fails(site, f"push -A -u {server.url}", 3)
    named = [line for line in lines if line.startswith('[ERR ] not pushed "a": ')]
    assert len(named) == 1
    assert f"PLACE{str(file).removeprefix(str(site.shop.path))} holds no account" in named[0]
    assert [line for line in lines if line not in named] == [
        f'[ OK ] pushed "{name}" to n1: jwt updated' for name in ("SYS", "b")
    ]
    steps = {step["name"]: step for step in document(site, f"push -A -u {server.url}", 3)}
    assert steps["a"]["code"] == "store_data"
    # What servers have of it would look superfluous.
    before = files(site)
    for option in ("--prune", "--prune --dry-run", "--diff"):
        lines = fails(site, f"push {option} -u {server.url}")
        assert lines[0].startswith("natsauth: nothing was compared or pruned: PLACE/")
    assert files(site) == before


def test_what_servers_would_not_serve_is_sent_by_force_alone(
    site: Site, server: NatsServer
) -> None:
    stranger = Realm().new_account("s")
    site.shop.store.write(stranger.encoded, "o", "s")
    for more in ("", " --dry-run"):
        lines = fails(site, f"push -A -u {server.url}{more}", 3)
        [line] = [line for line in lines if "is signed by" in line]
        assert line.startswith(
            '[ERR ] would not push "s": ' if more else "       [ERR ] not sent: account"
        )
        assert "hint: sign the account with a key of this operator" in lines[-1]
    assert fails(site, f"push -a s -u {server.url}")[0] == '[ERR ] push "s":'
    assert stranger.claims.sub not in files(site)
    [step] = document(site, f"push -a s -u {server.url}", 1)
    assert (step["reason"], step["servers"]) == ("not_sent", [])
    assert site.shop(f"push -a s --force --dry-run -u {server.url}") == [
        '[ OK ] would push "s" to n1'
    ]
    assert site.shop(f"push -a s --force -u {server.url}") == [
        '[ OK ] pushed "s" to n1: jwt updated'
    ]
    assert files(site)[stranger.claims.sub] == stranger.encoded
    # And it does not come back from there.
    lines = fails(site, f"pull -A -u {server.url}", 3)
    assert (
        sum("A... is not stored: account 'A...' is signed by O..." in line for line in lines) == 1
    )


def test_what_servers_have_newer_is_sent_by_force_alone(site: Site, server: NatsServer) -> None:
    [*before] = in_store(site).values()
    site.shop("edit account a --tag x")
    site.shop(f"push -A -u {server.url}")
    edited = files(site)
    older = next(token for token in before if token not in edited.values())
    site.shop.store.write(older, "o", "a")
    for more, code in (("", 3), (" --dry-run", 3)):
        lines = fails(site, f"push -A -u {server.url}{more}", code)
        [line] = [line for line in lines if "servers have a newer token of account A..." in line]
        assert line.startswith("[ERR ] would not push" if more else "       [ERR ] not sent: ")
        cure = "hint: natsauth pull -a NAME, and edit that one; or --force, which takes back"
        assert any(cure in line for line in lines)
        assert sum("[ OK ]" in line for line in lines) == 2
    assert files(site) == edited
    [step] = document(site, f"push -a a -u {server.url}", 1)
    assert (step["reason"], step["servers"]) == ("not_sent", [])
    # What is pulled is as there, and can be edited and pushed.
    assert site.shop(f"pull -a a -u {server.url}") == ['[ OK ] stored account "a"']
    site.shop("edit account a --tag y")
    site.shop(f"push -a a -u {server.url}")
    site.shop.store.write(older, "o", "a")
    assert site.shop(f"push -a a --force -u {server.url}") == [
        '[ OK ] pushed "a" to n1: jwt updated'
    ]
    assert older in files(site).values()


def test_other_resolvers(site: Site) -> None:
    memory, cache = site.server("MEMORY", NAMED), site.server(CACHE, NAMED)
    assert fails(site, f"push -A -u {memory.url}") == [
        "natsauth: no server takes pushes: their resolvers are neither of type full nor cache",
        (
            "hint: for a resolver of type MEMORY, put the accounts into the configuration: "
            "natsauth generate config --mem-resolver"
        ),
    ]
    for command in ("push --diff", "push --prune", "push -R a"):
        lines = fails(site, f"{command} -u {memory.url}")
        assert lines[1] == "hint: only servers with a resolver of type full or cache answer"
    for command in ("pull -A", "pull -a a"):
        for one in (memory, cache):
            lines = fails(site, f"{command} -u {one.url}")
            assert lines[1] == "hint: only servers with a resolver of type full answer"
    assert site.shop(f"push -A -u {cache.url} --confirm") == [
        '[ OK ] pushed "SYS" to n1: jwt updated cache',
        '[ OK ] pushed "a" to n1: jwt update cache skipped',
        '[ OK ] pushed "b" to n1: jwt update cache skipped',
    ]
    effects = [step["servers"][0]["effect"] for step in document(site, f"push -A -u {cache.url}")]
    assert effects == ["cached", "on_demand", "on_demand"]
    lines = fails(site, f"push --diff -u {cache.url}", 4)
    assert lines[-1] == '[WARN] not every server tells its token of "SYS": caches do not'


# Who connects


def test_a_server_of_another_operator(make_site: Callable[..., Site], site: Site) -> None:
    other = make_site("other").server()
    assert fails(site, f"push -A -u {other.url}") == [
        f"natsauth: cannot connect to {other.url}: Authorization Violation",
        (
            "hint: the server trusts another operator, or its system account is another; or its "
            "configuration has an older token of this operator: natsauth generate config, and "
            "restart; or the clocks differ"
        ),
    ]
    assert document(site, f"push -A -u {other.url}", 1)[0]["code"] == "resolver_connection"


def test_a_server_whose_operator_is_older(site: Site, server: NatsServer) -> None:
    site.shop("edit operator --sk generate")
    new = site.shop.body("o").signing_keys[-1]
    site.shop(f"edit account a --tag x -K {new}")
    for option in ("", "--dry-run"):
        text = "\n".join(fails(site, f"push -a a -u {server.url} {option}"))
        assert "n1 would not serve account" in text
        assert "natsauth generate config writes the configuration" in text
    assert site.shop(f"push -a a -u {server.url} -F")[0].startswith('[ OK ] pushed "a" to n1')


def test_a_key_or_a_user_in_the_place_of_the_signing_key(
    make_site: Callable[..., Site], tmp_path: Path
) -> None:
    realm = Realm()
    site = make_site("site", realm, [realm.signing])
    server = site.server(FULL, NAMED)
    pushed = ['[ OK ] pushed "SYS" to n1: jwt updated']
    lines = fails(site, f"push -A -u {server.url}")
    assert lines[0].startswith("natsauth: nobody is at hand to connect as")
    file = tmp_path / "key.nk"
    file.write_text(realm.system_signing.reveal_seed())
    assert site.shop(f"push -A -u {server.url} -K {file}") == pushed
    # A user that is at hand connects when no key is; one that has expired, or cannot be read,
    # does not stand in the way.
    users = ("b-expired", "c-good", "a-garbage")
    for name in users:
        site.shop(f"add user {name} -a SYS -K {file}")
    expired, good, garbage = (site.shop.claims("o", "SYS", name) for name in users)
    expired.exp = int(time.time()) - 10
    site.shop.store.write(encode(expired, realm.system_signing).encoded, "o", "SYS", "b-expired")
    assert site.shop(f"push -A -u {server.url}") == pushed
    for who in ("c-good", good.sub):
        assert site.shop(f"push -A -u {server.url} --system-user {who}") == pushed
    (site.shop.store.stores / "o/accounts/SYS/users/a-garbage.jwt").write_text("garbage")
    assert site.shop(f"push -A -u {server.url}") == pushed
    assert site.shop(f"pull -A -u {server.url} --system-account SYS") == [
        '[ OK ] account "SYS" is the same here'
    ]
    lines = fails(site, f"push -A -u {server.url} --system-user b-expired")
    assert lines[0] == f"natsauth: cannot connect to {server.url}: Authorization Violation"
    site.shop.store.delete_seed(good.sub)
    site.shop.store.delete_seed(garbage.sub)
    assert fails(site, f"push -A -u {server.url}")[0].startswith("natsauth: nobody is at hand")


def test_a_strict_operator_whose_system_account_has_roles_alone(
    make_site: Callable[..., Site],
) -> None:
    realm = Realm()
    role = UserScope(
        key=realm.system_signing.public_key, role="ops", template=UserPermissionLimits()
    )
    keys: list[SigningKey] = [role]
    realm.system_account = encode(
        AccountClaims(sub=realm.system.public_key, name="SYS", nats=Account(signing_keys=keys)),
        realm.signing,
    )
    site = make_site("site", realm, [realm.signing, realm.system_signing, realm.system])
    server = site.server(FULL, NAMED)
    lines = fails(site, f"push -A -u {server.url}")
    assert "nobody is at hand to connect as" in lines[0]
    assert "without a role" in lines[0]
    assert "--system-user a user of it" in lines[1]
    lines = fails(site, f"push -A -u {server.url} -K {realm.system_signing.public_key}")
    assert "has a scope" in lines[0]
    assert lines[1] == "hint: --system-user names a user of it to connect as"
    site.shop("add user ops -a SYS -K ops")
    assert site.shop(f"push -A -u {server.url} --system-user ops") == [
        '[ OK ] pushed "SYS" to n1: jwt updated'
    ]


def test_the_key_of_the_operator_that_deletes(
    make_site: Callable[..., Site], tmp_path: Path
) -> None:
    realm = Realm()
    site = make_site("site", realm, [realm.system_signing])
    site.accounts("a")
    server = site.server(DELETING, NAMED)
    site.shop(f"push -A -u {server.url}")
    assert "no key that may sign" in fails(site, f"push -R a -u {server.url}")[0]
    file = tmp_path / "key.nk"
    file.write_text(realm.identity.reveal_seed())
    assert "may not delete accounts" in fails(site, f"push -R a -u {server.url} -K {file}")[0]
    file.write_text(realm.signing.reveal_seed())
    assert site.shop(f"push -R a -u {server.url} -K {file}") == ['[ OK ] deleted "a" from n1']


# The network


def test_a_slow_server(site: Site, server: NatsServer) -> None:
    with Proxy(server.url, delay=0.15) as proxy:
        lines = fails(site, f"push -A -u {proxy.url} --timeout 0.05")
        assert lines[0].endswith(" in time")
        assert lines[1].startswith("hint: --timeout waits longer")
        assert len(site.shop(f"push -A -u {proxy.url} --timeout 2")) == 3


def test_a_server_that_dies_in_the_middle(site: Site, server: NatsServer) -> None:
    with Proxy(server.url, messages=0) as proxy:
        lines = fails(site, f"push -A -u {proxy.url}")
        assert lines == [
            (
                "[ERR ] the connection was lost: unexpected EOF "
                "(hint: push again; what is there already takes no harm)"
            )
        ]
    with Proxy(server.url, messages=2, silent=True) as proxy:
        assert fails(site, f"push -A -u {proxy.url} --timeout 0.2", 3)[:4] == [
            '[ OK ] pushed "SYS" to n1: jwt updated',
            '[ OK ] pushed "a" to n1: jwt updated',
            '[ERR ] push "b":',
            "       [ERR ] n1 did not answer",
        ]
        assert proxy.ended.is_set()


@pytest.mark.parametrize("json_too", [False, True])
def test_an_interruption(site: Site, server: NatsServer, *, json_too: bool) -> None:
    with Proxy(server.url, messages=1, silent=True) as proxy:
        process = start(site, f"push -A -u {proxy.url} --timeout 30", *["--json"] * json_too)
        try:
            assert proxy.ended.wait(10)
            if not json_too:
                assert process.stderr is not None
                assert process.stderr.readline() == b'[ OK ] pushed "SYS" to n1: jwt updated\n'
            else:
                time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=10)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 130
    assert stderr.strip() == b"natsauth: interrupted"
    if json_too:
        *done, last = json.loads(stdout)
        assert last["message"] == "interrupted"
        assert [step["status"] for step in done] == ["ok"] * len(done)
    else:
        assert stdout == b""


def start(
    site: Site, command: str, *more: str, stderr: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    shop = site.shop
    places = {"config": shop.path, "data": shop.store.stores, "keystore": shop.store.keys}
    options = [word for name, place in places.items() for word in (f"--{name}-dir", str(place))]
    return subprocess.Popen(
        [sys.executable, "-m", "natsauth", *command.split(), *more, *options],
        stdout=subprocess.PIPE, stderr=stderr, stdin=subprocess.DEVNULL, cwd=ROOT,
        env=environment(TERM="xterm"),
    )  # fmt: skip


def tls_block(tmp_path: Path, *options: str) -> str:
    authority = Authority(tmp_path)
    client = authority._authority.issue_cert("client@example.com")
    authority.write("client.pem", *client.cert_chain_pems)
    authority.write("client-key.pem", client.private_key_pem)
    return authority.block(*options)


def test_tls_with_certificates_of_both_sides(site: Site, tmp_path: Path) -> None:
    server = site.server(FULL, f"{NAMED}\n{tls_block(tmp_path, 'verify: true')}")
    ca, cert, private = (f"{tmp_path}/{name}.pem" for name in ("ca", "client", "client-key"))
    options = f"--ca-cert {ca} --client-cert {cert} --client-key {private}"
    for url in (server.url, server.url.replace("nats:", "tls:")):
        assert len(site.shop(f"push -A -u {url} {options}")) == 3
    assert site.shop.run(
        f"push -A -u {server.url}", NATS_CA=ca, NATS_CERT=cert, NATS_KEY=private
    ).exit_code == 0  # fmt: skip
    assert len(site.shop(f"pull -A -u {server.url} {options}")) == 3
    lines = fails(site, f"push -A -u {server.url}")
    assert "certificate verify failed" in lines[0]
    assert lines[1].startswith("hint: --ca-cert names the file of the authority")
    lines = fails(site, f"push -A -u {server.url} --ca-cert {ca}")
    assert lines[0].startswith(f"natsauth: cannot connect to {server.url}: ")


def test_tls_before_all_else_and_no_tls_at_all(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server that greets nobody before the handshake would not be seen to be ready.
    config = site.realm.config(FULL, tls_block(tmp_path, "handshake_first: '200ms'"))
    (directory := tmp_path / "first").mkdir()
    server = site.start(config, directory)
    (directory / "server.conf").write_text(config.replace("'200ms'", "true"))
    reload(server)
    command = f"push -A -u {server.url} --ca-cert {tmp_path}/ca.pem"
    assert len(site.shop(f"{command} --tls-first")) == 3
    monkeypatch.setattr("natsauth.cli._servers._CONNECT", timedelta(seconds=0.5))
    lines = fails(site, f"{command} --timeout 0.5")
    assert lines[1] == "hint: the server may want the TLS handshake first: --tls-first"
    plain = site.server()
    lines = fails(site, f"push -A -u {plain.url} --ca-cert {tmp_path}/ca.pem")
    assert "the server would talk without TLS" in lines[0]
    assert lines[1] == "hint: let the server require TLS, or leave --ca-cert out and say nats://"


@pytest.mark.filterwarnings("ignore:parameter 'timeout':DeprecationWarning")  # of nats-py 2.16
def test_web_sockets(site: Site) -> None:
    server = site.server(FULL, f"{NAMED}\nwebsocket {{ listen: '127.0.0.1:-1', no_tls: true }}")
    [directory] = [file.parent for file in site.path.glob("server*/server.conf")]
    url = websocket_url(directory)
    assert url.startswith("ws://")
    assert len(site.shop(f"push -A -u {url}")) == 3
    # Where the first address leads nowhere, the next one is taken, and the server is all there.
    lines = fails(site, f"push -A -u nats://127.0.0.1:1,{server.url}", 3)
    assert lines[0] == "[ERR ] nats://127.0.0.1:1 cannot be reached: nothing is done there"
    assert len(site.shop(f"push -A -u {url},{server.url}")) == 3


# Very many


def many(site: Site, count: int) -> None:
    for number in range(count):
        name = f"x{number:04}"
        directory = site.shop.store.stores / "o/accounts" / name
        directory.mkdir()
        (directory / f"{name}.jwt").write_text(site.realm.new_account(name).encoded)


def test_a_thousand_accounts(site: Site, server: NatsServer) -> None:
    many(site, 1_000)
    begin = time.monotonic()
    assert site.shop(f"push -A -u {server.url}") == ["[ OK ] pushed 1003 accounts to n1"]
    assert time.monotonic() - begin < 20  # in fact 1; nsc needs a second for each
    assert len(document(site, f"push -A -u {server.url}")) == 1003
    assert site.shop(f"push --diff -u {server.url}") == [
        "[ OK ] n1 has the accounts of the store and no others"
    ]


def test_very_many_accounts_of_which_some_do_not_arrive(site: Site, server: NatsServer) -> None:
    many(site, 300)
    with Proxy(server.url, messages=290) as proxy:
        lines = fails(site, f"push -A -u {proxy.url}", 3)
    assert lines[0].startswith("[ERR ] the connection was lost")
    assert "of 303 accounts reached every server: n1" in lines[1]
    assert lines[2].startswith("       [ERR ] nothing is known of ")
    with Proxy(server.url, messages=101, silent=True) as proxy:  # the list of accounts, too
        lines = fails(site, f"push -A -u {proxy.url} --timeout 0.3", 3)
    assert lines[0] == "[ERR ] 100 of 303 accounts reached every server: n1:"
    assert lines[1] == '       [ERR ] "x0097", "x0098", "x0099" and 200 more: n1 did not answer'
    memory = site.server("MEMORY")
    assert fails(site, f"push -A -u {memory.url}")[0].startswith("natsauth: no server takes pushes")


def test_very_many_accounts_of_which_one_cannot_be_read(site: Site, server: NatsServer) -> None:
    many(site, 60)
    (site.shop.store.stores / "o/accounts/x0007/x0007.jwt").write_text("garbage")
    lines = fails(site, f"push -A -u {server.url}", 3)
    assert lines[0] == "[ERR ] 62 of 63 accounts reached every server: n1"
    assert lines[1].startswith('[ERR ] not pushed "x0007": PLACE/stores/o/accounts/x0007/x0007.jwt')
    assert len(lines) == 2


def test_a_progress_bar_is_for_terminals_alone(site: Site, server: NatsServer) -> None:
    many(site, 60)
    process = start(site, f"push -A -u {server.url}")
    assert process.communicate(timeout=30) == (b"", b"[ OK ] pushed 63 accounts to n1\n")
    master, slave = pty.openpty()
    try:
        process = start(site, f"push -A -u {server.url}", stderr=slave)
        os.close(slave)
        shown = b""
        while chunk := read(master):
            shown += chunk
        assert process.communicate(timeout=30)[0] == b""
    finally:
        os.close(master)
    assert process.returncode == 0
    assert b"pushing  [" in shown
    assert b"100%" in shown
    last = shown.decode().splitlines()[-1]
    assert last.endswith("pushed 63 accounts to n1")
    assert "100%" not in last


def read(master: int) -> bytes:
    try:
        return os.read(master, 4096)
    except OSError:  # the last process has closed the other end
        return b""


# And back again


def test_what_is_lost_here_is_pulled(site: Site, server: NatsServer) -> None:
    site.shop(f"push -A -u {server.url}")
    before = in_store(site)
    key_a = site.shop.claims("o", "a").sub
    for command in ("pull -A", f"pull -a {key_a}"):
        site.shop.store.delete("o", "a")
        lines = site.shop(f"{command} --dry-run -u {server.url}")
        assert '[ OK ] would store account "a"' in lines
        assert lines[-1] == "natsauth: nothing was changed: this was a dry run"
        assert "a" not in site.shop.store.names("o")
        assert '[ OK ] stored account "a"' in site.shop(f"{command} -u {server.url}")
        assert in_store(site) == before
    assert site.shop(f"pull -a b -u {server.url}") == ['[ OK ] account "b" is the same here']
    steps = {step["name"]: step for step in document(site, f"pull -A -u {server.url}")}
    assert steps["a"] | {"message": ""} == {
        "status": "ok", "message": "", "account": key_a, "name": "a", "stored": False,
    }  # fmt: skip


def test_what_is_newer_here_stays(site: Site, server: NatsServer) -> None:
    site.shop(f"push -A -u {server.url}")
    pushed = in_store(site)
    site.shop("edit account a --tag x")
    edited = in_store(site)
    lines = fails(site, f"pull -A -u {server.url}", 3)
    assert (
        '[ERR ] account "a" is not stored: it is newer here than on the server '
        "(hint: push it, or have it replaced with --overwrite-newer)"
    ) in lines
    assert fails(site, f"pull -a a -u {server.url}") == [line for line in lines if '"a"' in line]
    [step] = document(site, f"pull -a a -u {server.url}", 1)
    assert (step["status"], step["code"], step["stored"]) == ("error", "conflict", False)
    assert in_store(site) == edited
    assert site.shop(f"pull -a a -F -u {server.url}") == ['[ OK ] stored account "a"']
    assert in_store(site) == pushed


def test_what_cannot_be_pulled(site: Site, server: NatsServer) -> None:
    site.shop(f"push -A -u {server.url}")
    nobody = key(KeyType.ACCOUNT).public_key
    assert fails(site, f"pull -a {nobody} -u {server.url}") == ["[ERR ] no server has A..."]
    site.shop.store.delete("o", "a")
    site.accounts("a")  # another one
    lines = fails(site, f"pull -A -u {server.url}", 3)
    [line] = [line for line in lines if line.startswith("[ERR ]")]
    assert line == (
        "[ERR ] account \"a\" is not stored: there is another account 'a', A... "
        "(hint: rename or delete that one first)"
    )
