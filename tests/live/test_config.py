"""Rendered configurations start a real server, and those refused would not."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from nats.errors import Error

from natsauth.claims import (
    Account,
    AccountClaims,
    Operator,
    OperatorClaims,
    OperatorLimits,
    User,
    UserClaims,
)
from natsauth.config import ResolverKind, render_resolver
from natsauth.creds import Creds
from natsauth.errors import ConfigError, NatsAuthError
from natsauth.keys import KeyPair, KeyType
from natsauth.token import Token, encode
from tests._tokens import forge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live._servers import StartServer
    from tests.live.conftest import Connect

pytestmark = pytest.mark.live

ROOT, SIGNING, FOREIGN = (KeyPair.generate(KeyType.OPERATOR) for _ in range(3))
SYSTEM, TEAM = KeyPair.generate(KeyType.ACCOUNT), KeyPair.generate(KeyType.ACCOUNT)
KINDS: tuple[ResolverKind, ...] = ("full", "cache", "memory", "url")


def operator(name: str = "my_operator", **body: Any) -> Token[OperatorClaims]:
    nats = Operator(
        **{"signing_keys": [SIGNING.public_key], "system_account": SYSTEM.public_key, **body}
    )
    return encode(OperatorClaims(sub=ROOT.public_key, name=name, nats=nats), ROOT)


def account(
    owner: KeyPair, signer: KeyPair = SIGNING, *, name: str = "", exp: int = 0, **body: Any
) -> Token[AccountClaims]:
    claims = AccountClaims(sub=owner.public_key, name=name, exp=exp, nats=Account(**body))
    return encode(claims, signer)


def user_of(owner: KeyPair) -> dict[str, Any]:
    """Return the options by which nats-py connects as a new user of an account."""
    key = KeyPair.generate(KeyType.USER)
    return Creds.create(encode(UserClaims(sub=key.public_key, nats=User()), owner), key).nats_py()


@contextmanager
def account_server(*accounts: Token[AccountClaims]) -> Iterator[tuple[str, list[str]]]:
    """Serve account tokens below any path; yield the base URL, and the paths asked for."""
    asked = []
    tokens = {token.claims.sub: token.encoded for token in accounts}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            name = self.path.rpartition("/")[2]
            self.send_response(200 if not name or name in tokens else 404)
            self.end_headers()
            self.wfile.write(tokens.get(name, "").encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.asyncio
@pytest.mark.parametrize("included", [False, True], ids=["as it is", "included"])
@pytest.mark.parametrize("kind", KINDS)
async def test_users_connect(
    kind: ResolverKind,
    start_server: StartServer,
    connect: Connect,
    tmp_path: Path,
    *,
    included: bool,
) -> None:
    system, team = account(SYSTEM, name="SYS"), account(TEAM, name="team")
    with account_server(system, team) as (url, asked):
        root = operator(account_server_url=url)
        text = render_resolver(root, [system, team], kind)
        if included:
            (tmp_path / "resolver.conf").write_text(text)
            text = "port: 4222\nmax_payload: 4096\ninclude ./resolver.conf\n"
        server = start_server(text, tmp_path)
        async with connect(server.url, **user_of(SYSTEM)) as (client, _):
            if included:
                assert client.max_payload == 4096
            if kind == "full":
                answer = await client.request("$SYS.REQ.CLAIMS.UPDATE", team.encoded.encode())
                assert b'"code":200' in answer.data
        if kind != "cache":  # has no other server to ask
            async with connect(server.url, **user_of(TEAM)) as (client, errors):
                await client.publish("a")
                await client.flush()
                assert not errors
    expected = ["/accounts/", f"/accounts/{SYSTEM.public_key}", f"/accounts/{TEAM.public_key}"]
    assert sorted(set(asked)) == (sorted(expected) if kind == "url" else [])
    if kind in ("full", "cache"):
        stored = {path.name for path in (tmp_path / "jwt").iterdir()}
        assert f"{SYSTEM.public_key}.jwt" in stored
        assert (f"{TEAM.public_key}.jwt" in stored) is (kind == "full")


@pytest.mark.parametrize(
    "name",
    [
        "a b",
        "  blanks  ",
        "it's",
        'say "hi"',
        'it\'s "both" and C:\\new',
        "back\\slash\\",
        "\\x41'",
        "$HOME",
        "${HOME}'",
        "# // comment",
        "a,b;c}]){",
        "true",
        "10",
        "\u65e5\u672c\u8a9e \N{GRINNING FACE}",
        "\u2028\x85\ufeff",
        "include x",
    ],
)
def test_directories_of_any_name(name: str, start_server: StartServer, tmp_path: Path) -> None:
    start_server(render_resolver(operator(), [account(SYSTEM)], dir=name), tmp_path)
    assert [path.name for path in (tmp_path / name).iterdir()] == [f"{SYSTEM.public_key}.jwt"]


def test_an_absolute_directory(start_server: StartServer, tmp_path: Path) -> None:
    directory = tmp_path / "below" / "jwt"
    start_server(render_resolver(operator(), [account(SYSTEM)], "cache", dir=directory))
    assert (directory / f"{SYSTEM.public_key}.jwt").is_file()


@pytest.mark.parametrize(
    "path",
    ["", "/", "/a(b)/$HOME/a=b:c", "/a,b;c}]", "/it's", "/it's\\", "/?id=/", "/\u65e5\u672c"],
)
def test_urls(path: str, start_server: StartServer) -> None:
    with account_server(account(SYSTEM)) as (url, asked):
        start_server(render_resolver(operator(), [], "url", url=url + path))
    assert any(found.endswith(f"/{SYSTEM.public_key}") for found in asked)


def test_the_url_of_the_operator_is_the_one_a_server_makes_itself(
    start_server: StartServer,
) -> None:
    for path in ("", "/jwt"):
        with account_server(account(SYSTEM)) as (url, asked):
            root = operator(account_server_url=url + path)
            start_server(f"operator: {root.encoded}")
            expected = set(asked)
            asked.clear()
            start_server(render_resolver(root, [], "url"))
            assert set(asked) == expected
            assert f"{path}/accounts/{SYSTEM.public_key}" in expected


def test_durations_and_limits_that_are_written(start_server: StartServer) -> None:
    for text in (
        ".5s",
        "1.s",
        "1h1m1.5s",
        "1ns",
        "1\N{MICRO SIGN}s",
        "1\N{GREEK SMALL LETTER MU}s",
        "2562047h47m16.854775807s",
    ):
        accounts = [account(SYSTEM)]
        start_server(render_resolver(operator(), accounts, interval=text, timeout=text))
    start_server(render_resolver(operator(), accounts, limit=(1 << 63) - 1, allow_delete=True))
    start_server(render_resolver(operator(), accounts, "cache", ttl="1s", limit=1))


@pytest.mark.parametrize("kind", KINDS[:3])
def test_names_cannot_write_configuration(kind: ResolverKind, start_server: StartServer) -> None:
    nasty = "x\nmax_payload: 1\r\nbogus: 2\rbogus: 3\u2028bogus: 4 {"
    start_server(render_resolver(operator(nasty), [account(SYSTEM, name=nasty)], kind))


@pytest.mark.asyncio
async def test_expired_accounts_do_not_keep_the_others_from_working(
    start_server: StartServer, connect: Connect
) -> None:
    other = KeyPair.generate(KeyType.ACCOUNT)
    accounts = [account(SYSTEM), account(TEAM), account(other, exp=1)]
    server = start_server(render_resolver(operator(), accounts, "memory"))
    async with connect(server.url, **user_of(TEAM)) as (client, _):
        assert client.is_connected
    with pytest.raises(Error, match="Authorization Violation"):
        async with connect(server.url, **user_of(other)):
            pass


def by_hand(
    root: Token[OperatorClaims] | str, resolver: str, *accounts: Token[AccountClaims]
) -> str:
    text = root if isinstance(root, str) else root.encoded
    preload = "\n".join(f"{token.claims.sub}: {token.encoded}" for token in accounts)
    return f"operator: {text}\n{resolver}\n" + (
        f"resolver_preload: {{\n{preload}\n}}\n" if preload else ""
    )


FULL = "resolver: { type: full, dir: './jwt' }"
JETSTREAM = OperatorLimits(mem_storage=-1)


@pytest.mark.parametrize(
    ("resolver", "words", "kind", "options"),
    [
        ("type: full, ttl: '1h'", "FULL does not accept ttl", "full", {"ttl": "1h"}),
        ("type: cache, interval: '2m'", "CACHE does not accept sync", "cache", {"interval": "2m"}),
        (
            "type: cache, allow_delete: true",
            "CACHE does not accept allow_delete",
            "cache",
            {"allow_delete": True},
        ),
        ("type: full, timeout: '0s'", "Fetch timeout 0s", "full", {"timeout": "0s"}),
        ("type: full, interval: '1'", "missing unit", "full", {"interval": "1"}),
        ("type: full, interval: '1d'", "unknown unit", "full", {"interval": "1d"}),
        ("type: full, interval: '1 s'", "unknown unit", "full", {"interval": "1 s"}),
        (
            "type: full, interval: '2562047h47m16.854775808s'",
            "invalid duration",
            "full",
            {"interval": "2562047h47m16.854775808s"},
        ),
        ("type: cache, ttl: '-1s'", "exited with status", "cache", {"ttl": "-1s"}),
        (f"type: full, limit: {1 << 63}", "out of the range", "full", {"limit": 1 << 63}),
        ("type: full, dir: ''", "dir has no value", "full", {"dir": ""}),
        ("type: full, dir: 'a\0b'", "Unexpected EOF", "full", {"dir": "a\0b"}),
    ],
)
def test_options_that_a_server_refuses(
    resolver: str,
    words: str,
    kind: ResolverKind,
    options: dict[str, Any],
    start_server: StartServer,
) -> None:
    system = account(SYSTEM)
    text = by_hand(operator(), f"resolver: {{ dir: './jwt', {resolver} }}", system)
    with pytest.raises(ConfigError, match=words):
        start_server(text)
    with pytest.raises(ConfigError):
        render_resolver(operator(), [system], kind, **options)


@pytest.mark.parametrize(
    ("body", "accounts", "words"),
    [
        ({"signing_keys": ["foo"]}, [], 'trusted Keys "foo" are required to be a valid public'),
        ({"assert_server_version": "2.15"}, [], "must be of the form"),
        ({"system_account": "foo"}, [], "will only fetch valid account keys"),
        ({"signing_keys": None, "strict_signing_key_usage": True}, [], "account missing"),
        ({}, [], "account missing"),
        ({}, [account(SYSTEM, FOREIGN)], "account validation failed"),
        ({}, [account(SYSTEM, SYSTEM)], "account validation failed"),
        ({"strict_signing_key_usage": True}, [account(SYSTEM, ROOT)], "account validation failed"),
        ({}, [account(SYSTEM, exp=1)], "account validation failed"),
        ({}, [account(SYSTEM, signing_keys=["foo"])], "account validation failed"),
        ({}, [account(SYSTEM, limits=JETSTREAM)], "Not allowed to enable JetStream"),
    ],
)
def test_chains_that_a_server_refuses(
    body: dict[str, Any],
    accounts: list[Token[AccountClaims]],
    words: str,
    start_server: StartServer,
) -> None:
    root = operator(**body)
    with pytest.raises(ConfigError, match=words):
        start_server(by_hand(root, "jetstream: enabled\nresolver: MEMORY", *accounts))
    with pytest.raises(NatsAuthError):
        render_resolver(root, accounts, "memory")


@pytest.mark.parametrize("system", [account(SYSTEM, exp=1), account(SYSTEM, ROOT)])
def test_full_refuses_a_system_account_only_under_strict(
    system: Token[AccountClaims], start_server: StartServer
) -> None:
    strict = operator(strict_signing_key_usage=True)
    with pytest.raises(ConfigError, match="account validation failed"):
        start_server(by_hand(strict, FULL, system))
    with pytest.raises(NatsAuthError):
        render_resolver(strict, [system])


def test_full_would_set_an_expired_system_account_aside(start_server: StartServer) -> None:
    expired = account(SYSTEM, exp=1)
    server = start_server(by_hand(operator(), FULL, expired))
    assert "Using bootstrapping system account" in server.log
    with pytest.raises(NatsAuthError, match="expired"):
        render_resolver(operator(), [expired])


def test_other_refusals(start_server: StartServer) -> None:
    system, team = account(SYSTEM), account(TEAM)
    other = f"system_account: {TEAM.public_key}\n{FULL}"
    with pytest.raises(ConfigError, match="must be identical"):
        start_server(by_hand(operator(), other, system, team))
    with pytest.raises(ConfigError, match="the system account needs to be specified"):
        start_server(by_hand(operator(system_account=""), FULL, team))
    spaced = forge(
        {"sub": ROOT.public_key, "nats": {"type": "operator", "version": 2}},
        ROOT,
        header='{ "typ": "JWT", "alg": "ed25519-nkey" }',
    )
    with pytest.raises(ConfigError, match="error parsing operator JWT: open ey"):
        start_server(by_hand(spaced, "resolver: MEMORY"))


@pytest.mark.parametrize(
    ("resolver", "words"),
    [
        ("URL({}/members/)", "account missing"),  # taken for MEMORY
        ("URL({}/a,b/)", "config is invalid"),
        ("URL(http://[::1]/)", "Expected a top-level value to end"),
        ("'URL({}/a b/)'", "unsupported protocol scheme"),
        ("'URL({}/a\"b/)'", "unsupported protocol scheme"),
        ("URL(nats://localhost:4222)", 'unsupported protocol scheme "nats"'),
    ],
)
def test_urls_that_a_server_misunderstands(
    resolver: str, words: str, start_server: StartServer
) -> None:
    with (
        account_server(account(SYSTEM)) as (url, _),
        pytest.raises(ConfigError, match=words),
    ):
        start_server(by_hand(operator(), f"resolver: {resolver.format(url)}"))


def test_a_fragment_would_hide_the_key_from_the_account_server(start_server: StartServer) -> None:
    with account_server(account(SYSTEM)) as (url, asked):
        start_server(by_hand(operator(), f"resolver: 'URL({url}/a/#)'"))
    assert set(asked) == {"/a/"}


def test_url_refuses_preload(start_server: StartServer) -> None:
    system = account(SYSTEM)
    with (
        account_server(system) as (url, _),
        pytest.raises(ConfigError, match="resolver preloads only available for writeable"),
    ):
        start_server(by_hand(operator(), f"resolver: URL({url})", system))
