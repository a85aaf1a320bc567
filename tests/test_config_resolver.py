from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from natsauth.claims import (
    Account,
    AccountClaims,
    JetStreamLimits,
    Operator,
    OperatorClaims,
    OperatorLimits,
    UserClaims,
)
from natsauth.config import ResolverKind, render_resolver
from natsauth.errors import (
    ClaimsError,
    ClaimTypeError,
    ConfigError,
    MalformedTokenError,
    NatsAuthError,
    SignatureError,
    TrustError,
    UsageError,
    ValidationError,
)
from natsauth.keys import KeyPair, KeyType
from natsauth.token import Token, encode
from tests._tokens import forge

VECTORS = Path(__file__).parent / "vectors"
NOW = 1_700_000_000
ROOT, SIGNING, FOREIGN = (KeyPair.generate(KeyType.OPERATOR) for _ in range(3))
SYSTEM, TEAM, OTHER = (KeyPair.generate(KeyType.ACCOUNT) for _ in range(3))
KINDS = get_args(ResolverKind)


def lines(text: str) -> list[str]:
    """Return the lines of a configuration that are neither blank nor comments."""
    return [line for line in text.split("\n") if not line.lstrip().startswith(("#", "//")) and line]


def operator(name: str = "my_operator", **body: Any) -> Token[OperatorClaims]:
    nats = Operator(
        **{
            "signing_keys": [SIGNING.public_key],
            "system_account": SYSTEM.public_key,
            "account_server_url": "http://localhost:8080/jwt",
            **body,
        }
    )
    return encode(OperatorClaims(sub=ROOT.public_key, name=name, nats=nats), ROOT, now=NOW)


def account(
    owner: KeyPair, name: str = "", signer: KeyPair = SIGNING, *, exp: int = 0, **body: Any
) -> Token[AccountClaims]:
    claims = AccountClaims(sub=owner.public_key, name=name, exp=exp, nats=Account(**body))
    return encode(claims, signer, now=NOW)


ACCOUNTS = [account(TEAM, "team"), account(SYSTEM, "SYS")]


@pytest.mark.parametrize("kind", ["full", "cache", "memory"])
def test_it_is_what_nsc_generates(kind: ResolverKind) -> None:
    expected = lines((VECTORS / f"resolver-{kind}.conf").read_text())
    # What nsc knew stands in its memory configuration: the operator, and each account.
    known = lines((VECTORS / "resolver-memory.conf").read_text())
    tokens = {
        name.strip(): text.strip()
        for name, text in (line.split(": ") for line in known if ": ey" in line)
    }
    root = tokens.pop("operator")
    assert lines(render_resolver(root, tokens.values(), kind)) == expected


def test_full_is_the_default() -> None:
    root, (team, system) = operator(), ACCOUNTS
    text = render_resolver(root, ACCOUNTS)
    assert text == render_resolver(root, ACCOUNTS, "full")
    assert text == (
        f"# Operator my_operator\n"
        f"operator: {root.encoded}\n"
        f"# System account SYS\n"
        f"system_account: {SYSTEM.public_key}\n"
        "\n"
        "resolver {\n"
        "    type: full\n"
        "    # a relative dir is relative to the directory that nats-server is started in\n"
        "    dir: './jwt'\n"
        "    allow_delete: false\n"
        '    interval: "2m"\n'
        '    timeout: "1.9s"\n'
        "}\n"
        "\n"
        "# the system account only: push the others\n"
        "resolver_preload: {\n"
        f"\t{SYSTEM.public_key}: {system.encoded},\n"
        "}\n"
    )
    assert team.encoded not in text


def test_texts_and_tokens_are_the_same() -> None:
    root = operator()
    for kind in KINDS:
        texts = render_resolver(root.encoded, (a.encoded for a in ACCOUNTS), kind)
        assert texts == render_resolver(root, ACCOUNTS, kind)


def test_memory_has_every_account_in_order() -> None:
    text = render_resolver(operator(), reversed(ACCOUNTS), "memory")
    assert text == render_resolver(operator(), ACCOUNTS, "memory")
    preload = {f"  {token.claims.sub}: {token.encoded}" for token in ACCOUNTS}
    assert lines(text)[2:] == ["resolver: MEMORY", "resolver_preload: {", *sorted(preload), "}"]


def test_url() -> None:
    text = render_resolver(operator(), [], "url")
    assert lines(text) == [
        f"operator: {operator().encoded}",
        f"system_account: {SYSTEM.public_key}",
        "resolver: URL(http://localhost:8080/jwt/accounts/)",
    ]
    text = render_resolver(operator(), ACCOUNTS, "url", url="https://jwt.example.com/v1")
    assert lines(text)[-1] == "resolver: URL(https://jwt.example.com/v1)"
    assert ACCOUNTS[1].encoded not in text


def test_options_of_full() -> None:
    text = render_resolver(
        operator(),
        ACCOUNTS,
        dir=Path("/var/lib/it's"),
        allow_delete=True,
        interval=timedelta(seconds=90),
        timeout="500ms",
        limit=1000,
    )
    assert lines(text)[2:10] == [
        "resolver {",
        "    type: full",
        '    dir: "/var/lib/it\'s"',
        "    allow_delete: true",
        '    interval: "1m30s"',
        '    timeout: "500ms"',
        "    limit: 1000",
        "}",
    ]


def test_options_of_cache() -> None:
    text = render_resolver(
        operator(), ACCOUNTS, "cache", dir="cache", ttl="2h", timeout="1s", limit=7
    )
    assert lines(text)[2:9] == [
        "resolver {",
        "    type: cache",
        "    dir: 'cache'",
        '    ttl: "2h"',
        '    timeout: "1s"',
        "    limit: 7",
        "}",
    ]


OPTIONS: dict[str, Any] = {
    "dir": "./jwt",
    "allow_delete": False,
    "interval": "2m",
    "timeout": "1.9s",
    "ttl": "1h",
    "limit": 1,
    "url": "http://localhost/",
}
OWN: dict[ResolverKind, set[str]] = {
    "full": {"dir", "allow_delete", "interval", "timeout", "limit"},
    "cache": {"dir", "ttl", "timeout", "limit"},
    "memory": set(),
    "url": {"url"},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_of_another_kind_is_refused_even_with_its_default(
    kind: ResolverKind, option: str
) -> None:
    given = {option: OPTIONS[option]}
    if option in OWN[kind]:
        assert render_resolver(operator(), ACCOUNTS, kind, **given)
        return
    with pytest.raises(ConfigError, match=f"a {kind} resolver does not take {option}") as caught:
        render_resolver(operator(), ACCOUNTS, kind, **given)
    assert caught.value.hint.startswith("it takes ")


def test_every_foreign_option_is_named() -> None:
    with pytest.raises(ConfigError, match="a memory resolver does not take dir, ttl"):
        render_resolver(operator(), ACCOUNTS, "memory", ttl="1h", dir="x")


@pytest.mark.parametrize("kind", ["", "FULL", "mem", "nats", None, 1, ["full"], "x\n" * 1000])
def test_unknown_kinds(kind: Any) -> None:
    with pytest.raises(ConfigError, match="a kind out of full, cache, memory, url; got") as caught:
        render_resolver(operator(), ACCOUNTS, kind)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("kind", KINDS)
def test_names_cannot_write_configuration(kind: ResolverKind) -> None:
    nasty = "x\nport: 1\r\nhttp: 2\u2028" + "y" * 1000
    accounts = [account(TEAM, nasty), account(SYSTEM, nasty)]
    text = render_resolver(operator(nasty), accounts, kind)
    plain = render_resolver(operator("x"), ACCOUNTS, kind)
    assert [line.split()[0] for line in lines(text)] == [line.split()[0] for line in lines(plain)]
    assert "\r" not in text
    assert all(len(line) < 100 for line in text.split("\n") if line.lstrip().startswith("#"))


def test_keys_stand_for_missing_names() -> None:
    text = render_resolver(operator(""), [account(SYSTEM)], "memory")
    assert f"# Operator {ROOT.public_key}\n" in text
    assert f"# System account {SYSTEM.public_key}\n" in text


@pytest.mark.parametrize("wanted", ["SYS", SYSTEM.public_key, None])
def test_the_system_account_by_name_and_by_key(wanted: str | None) -> None:
    expected = render_resolver(operator(), ACCOUNTS)
    assert render_resolver(operator(), ACCOUNTS, system_account=wanted) == expected


@pytest.mark.parametrize("wanted", ["SYS", SYSTEM.public_key])
def test_a_system_account_that_the_operator_does_not_name(wanted: str) -> None:
    root = operator(system_account="")
    text = render_resolver(root, ACCOUNTS, system_account=wanted)
    assert lines(text)[1] == f"system_account: {SYSTEM.public_key}"


def test_without_system_account() -> None:
    root = operator(system_account="")
    assert "system_account" not in render_resolver(root, [], "memory")
    assert lines(render_resolver(root, [], "memory"))[1:] == [
        "resolver: MEMORY",
        "resolver_preload: {",
        "}",
    ]
    assert "system_account" not in render_resolver(root, ACCOUNTS, "url")
    kinds: tuple[ResolverKind, ...] = ("full", "cache")
    for kind in kinds:
        with pytest.raises(ConfigError, match=f"a {kind} resolver needs a system account"):
            render_resolver(root, ACCOUNTS, kind)


@pytest.mark.parametrize("kind", ["full", "cache", "memory"])
def test_the_token_of_the_system_account_is_needed(kind: ResolverKind) -> None:
    with pytest.raises(ConfigError, match=f"{SYSTEM.public_key} is not among the accounts"):
        render_resolver(operator(), ACCOUNTS[:1], kind)


def test_the_operator_is_not_contradicted() -> None:
    for wanted in (TEAM.public_key, "team"):
        with pytest.raises(ConfigError, match=f"is {SYSTEM.public_key}, not {TEAM.public_key}"):
            render_resolver(operator(), ACCOUNTS, system_account=wanted)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("", "none of the accounts have the name ''"),
        ("sys", "none of the accounts have the name 'sys'"),
        (ROOT.public_key, "none of the accounts have the name 'O"),
        ("twice", "2 of the accounts have the name 'twice'"),
        ("x\n" * 1000, "none of the accounts have the name"),
    ],
)
def test_names_that_name_no_account(wanted: str, words: str) -> None:
    accounts = [account(SYSTEM), account(TEAM, "twice"), account(OTHER, "twice")]
    with pytest.raises(ConfigError, match=words) as caught:
        render_resolver(operator(system_account=""), accounts, system_account=wanted)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "limits",
    [
        OperatorLimits(mem_storage=1),
        OperatorLimits(disk_storage=-1),
        OperatorLimits(tiered_limits={"R1": JetStreamLimits(disk_storage=-1)}),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_jetstream_on_the_system_account(kind: ResolverKind, limits: OperatorLimits) -> None:
    accounts = [account(SYSTEM, limits=limits)]
    with pytest.raises(ConfigError, match=f"system account {SYSTEM.public_key} has JetStream"):
        render_resolver(operator(), accounts, kind)


def test_jetstream_elsewhere() -> None:
    limits = OperatorLimits(mem_storage=1)
    assert render_resolver(operator(), [*ACCOUNTS, account(OTHER, limits=limits)], "memory")


def test_an_account_that_is_there_twice() -> None:
    twice = [account(SYSTEM), account(TEAM), account(SYSTEM, "newer")]
    with pytest.raises(ConfigError, match=f"account {SYSTEM.public_key} is there twice"):
        render_resolver(operator(), twice)


@pytest.mark.parametrize("owner", [SYSTEM, TEAM])
@pytest.mark.parametrize(
    ("signer", "words"), [(FOREIGN, "which is no key of operator"), (None, "is signed by itself")]
)
@pytest.mark.parametrize("kind", KINDS)
def test_accounts_of_nobody_else(
    kind: ResolverKind, owner: KeyPair, signer: KeyPair | None, words: str
) -> None:
    others = [token for token in ACCOUNTS if token.claims.sub != owner.public_key]
    foreign = account(owner, "foreign", signer or owner)
    with pytest.raises(TrustError, match=words) as caught:
        render_resolver(operator(), [*others, foreign], kind)
    assert owner.public_key in str(caught.value)
    assert caught.value.hint


def test_strictness_follows_the_operator() -> None:
    accounts = [account(SYSTEM, "SYS", ROOT)]
    assert render_resolver(operator(), accounts)
    with pytest.raises(TrustError, match="strict signing key usage"):
        render_resolver(operator(strict_signing_key_usage=True), accounts)


def test_expired_accounts_are_kept_but_for_the_system_account() -> None:
    system = account(SYSTEM, "SYS")
    old = account(TEAM, exp=NOW - 1)
    assert old.encoded in render_resolver(operator(), [system, old], "memory", now=NOW)
    old = account(SYSTEM, exp=NOW + 1)
    for kind in KINDS:
        assert render_resolver(operator(), [old], kind, now=NOW)
        with pytest.raises(TrustError, match=f"account '{SYSTEM.public_key}' expired"):
            render_resolver(operator(), [old], kind, now=NOW + 1)
        with pytest.raises(TrustError, match=f"account '{SYSTEM.public_key}' expired"):
            render_resolver(operator(), [old], kind)


def test_findings_block_the_system_account_only() -> None:
    system, invalid = account(SYSTEM), account(TEAM, signing_keys=["foo"])
    assert render_resolver(operator(), [system, invalid], "memory")
    with pytest.raises(ValidationError, match="signing_keys"):
        render_resolver(operator(), [account(SYSTEM, signing_keys=["foo"])], "memory")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"signing_keys": [TEAM.public_key]}, r"\$.nats.signing_keys\[0\]"),
        ({"signing_keys": [SIGNING.public_key, "foo"]}, r"\$.nats.signing_keys\[1\]"),
        ({"system_account": "foo"}, r"\$.nats.system_account"),
        ({"assert_server_version": "2.15"}, r"\$.nats.assert_server_version"),
        ({"strict_signing_key_usage": True, "signing_keys": None}, "has no signing keys"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_operators_that_no_server_can_trust(
    kind: ResolverKind, body: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        render_resolver(operator(**body), [], kind)


def test_what_a_server_does_not_look_at_in_an_operator() -> None:
    claims = operator(operator_service_urls=["http://h/path"]).claims
    claims.nats.account_server_url = "nats://localhost:4222"
    claims.exp = NOW - 1
    assert render_resolver(encode(claims, SIGNING), ACCOUNTS)


def test_an_operator_that_a_server_takes_for_a_file() -> None:
    nats = {"type": "operator", "version": 2}
    header = '{ "typ": "JWT", "alg": "ed25519-nkey" }'
    root = forge({"sub": ROOT.public_key, "nats": nats}, ROOT, header=header)
    with pytest.raises(ConfigError, match="does not start with 'eyJ'"):
        render_resolver(root, [], "memory")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "the operator has no account server URL"),
        ("nats://localhost:4222", "got 'nats'"),
        ("http://members.example.com", "the letters 'mem'"),
    ],
)
def test_account_servers_that_are_no_web_servers(url: str, words: str) -> None:
    root = operator(account_server_url=url)
    with pytest.raises(ConfigError, match=words):
        render_resolver(root, ACCOUNTS, "url")
    assert render_resolver(root, ACCOUNTS, "url", url="http://localhost/")


USER = encode(UserClaims(sub=KeyPair.generate(KeyType.USER).public_key), TEAM)


@pytest.mark.parametrize(
    ("root", "error"),
    [
        (None, UsageError),
        (operator().claims, UsageError),
        ("", MalformedTokenError),
        (operator().encoded + "\n", MalformedTokenError),
        (operator().encoded[:-4] + "AAAA", SignatureError),
        (USER, ClaimTypeError),
        (forge({"sub": 1, "nats": {"type": "operator", "version": 2}}, ROOT), ClaimsError),
    ],
)
def test_what_is_no_operator(root: Any, error: type[NatsAuthError]) -> None:
    with pytest.raises(error):
        render_resolver(root, ACCOUNTS)


@pytest.mark.parametrize(
    ("accounts", "error"),
    [
        (None, UsageError),
        (ACCOUNTS[0], UsageError),
        (ACCOUNTS[0].encoded, UsageError),
        (ACCOUNTS[0].encoded.encode(), UsageError),
        ([None], UsageError),
        ([ACCOUNTS[0].claims], UsageError),
        (["\n"], MalformedTokenError),
        ([USER], ClaimTypeError),
        ([operator()], ClaimTypeError),
        ([ACCOUNTS[0].encoded[:-4] + "AAAA"], SignatureError),
        ([forge({"sub": "x: y\n", "nats": {"type": "account", "version": 2}}, ROOT)], TrustError),
    ],
)
def test_what_are_no_accounts(accounts: Any, error: type[NatsAuthError]) -> None:
    with pytest.raises(error):
        render_resolver(operator(), accounts)


def test_arguments_of_other_types() -> None:
    bad: Any = 1
    with pytest.raises(UsageError, match="system_account is a public key or name, got int"):
        render_resolver(operator(), ACCOUNTS, system_account=bad)
    with pytest.raises(UsageError, match="expected a datetime"):
        render_resolver(operator(), ACCOUNTS, now="now")  # type: ignore[arg-type]
