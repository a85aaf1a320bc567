"""How ``push`` and ``pull`` connect, as far as it needs no server."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import click
import pytest
import trustme

from natsauth.cli._servers import _seconds, addresses, unreachable
from natsauth.cli._session import Session
from natsauth.cli._tree import Workspace
from natsauth.errors import ResolverError
from natsauth.keys import KeyPair, KeyType
from tests._workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from natsauth.authority import OperatorNode


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give an operator with signing keys and a system account."""
    shop = Workshop(tmp_path)
    shop("add operator o --sys --generate-signing-key")
    return shop


@pytest.fixture
def dead_url() -> str:
    """Give the address of a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"nats://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def silent_url() -> Iterator[str]:
    """Give the address of a server that says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"nats://127.0.0.1:{listener.getsockname()[1]}"


def operator(shop: Workshop) -> OperatorNode:
    session = Session()
    session.data_dir, session.keystore_dir = shop.store.stores, shop.store.keys
    session.config_dir = shop.path
    return Workspace(session).operator()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5", 5), ("0.25", 0.25), ("1", 1), ("500ms", 0.5), ("1m30s", 90), ("86400", 86400)],
)
def test_a_timeout_is_seconds_or_a_duration(text: str, seconds: float) -> None:
    assert _seconds(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["0", "0.0", "-1", "", "soon", "86401", "2d", "1e3", "٣", "9" * 99]
)
def test_no_timeout(text: str) -> None:
    with pytest.raises(click.BadParameter):
        _seconds(text)


def test_addresses_are_those_given_or_those_of_the_operator(shop: Workshop) -> None:
    given = addresses(operator(shop), "nats://a:1, tls://b:2,c")
    assert given == ["nats://a:1", "tls://b:2", "nats://c"]
    with pytest.raises(ResolverError, match="no server"):
        addresses(operator(shop), None)
    shop("edit operator --account-jwt-server-url nats://x:4222,ws://y:80")
    assert addresses(operator(shop), None) == ["nats://x:4222", "ws://y:80"]


def test_an_account_server_is_named_without_its_password(shop: Workshop) -> None:
    for url in ("https://me:hidden@host/jwt/v1", "nats://a:1,HTTP://me:hidden@host:9090"):
        with pytest.raises(ResolverError, match="talks HTTP") as caught:
            addresses(operator(shop), url)
        assert "hidden" not in str(caught.value)
        assert "-u nats://HOST:4222" in caught.value.hint


def test_what_nobody_listens_on_is_unreachable(dead_url: str, silent_url: str) -> None:
    secret = dead_url.replace("//", "//me:hidden@")
    for urls, found in [
        ([silent_url], []),
        ([secret, silent_url], [dead_url]),
        (["ws://127.0.0.1:1", dead_url], ["ws://127.0.0.1:1", dead_url]),
    ]:
        assert asyncio.run(unreachable(urls)) == found


@pytest.mark.parametrize("command", ["push -A", "pull -A"])
@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ("", 1, ["there is no server to connect to", "hint: -u nats://127.0.0.1:4222 names one"]),
        ("-u ,", 1, ["there is no server to connect to", "hint: -u nats"]),
        ("-u http://localhost:9090/jwt/v1", 1, ["talks HTTP, not NATS", "hint: -u nats://HOST"]),
        ("-u ftp://localhost", 1, ["'ftp://localhost' is no address of", "nats, tls, ws, wss"]),
        ("-u nats:/127.0.0.1:1", 1, ["'nats:/127.0.0.1:1' is no address of a server"]),
        ("-u nats://localhost:x", 1, ["is no address of a server"]),
        ("-u nats://127.0.0.1:1", 1, ["cannot connect to nats://127.0.0.1:1", "hint: start the"]),
        ("-u nats://me:hidden@127.0.0.1:1", 1, ["cannot connect to nats://127.0.0.1:1: "]),
        ("--timeout 0", 2, ["more than 0 seconds"]),
        ("--timeout soon", 2, ["'--timeout': expected a duration"]),
        ("--servers 0", 2, ["'--servers'"]),
        ("-u x --system-account none", 1, ["there is no account 'o/none'"]),
        ("-u x --system-user none", 1, ["there is no user 'o/SYS/none'"]),
        ("-u x --ca-cert none.pem", 1, ["cannot use none.pem for TLS: No such file", "PEM files"]),
        ("-u x --client-cert none.pem --client-key k", 1, ["cannot use none.pem with k for TLS"]),
        ("-u x --client-key k", 2, ["--client-key needs --client-cert"]),
        ("-u x -K monitor", 2, ["-K takes a key", "'monitor' is none"]),
    ],
)
def test_mistakes(shop: Workshop, command: str, options: str, code: int, said: list[str]) -> None:
    stderr = shop.fails(f"{command} {options}", code=code)
    assert [text for text in said if text not in stderr] == []
    assert "hidden" not in stderr


def test_certificates_that_are_none(shop: Workshop, tmp_path: Path) -> None:
    file = tmp_path / "cert.pem"
    file.write_text("nothing")
    for option in ("--ca-cert", "--client-cert"):
        assert f"cannot use {file} for TLS: " in shop.fails(f"push -A -u x {option} {file}")
    one, other = (trustme.CA().issue_cert("localhost") for _ in range(2))
    one.cert_chain_pems[0].write_to_path(file)
    other.private_key_pem.write_to_path(key := tmp_path / "key.pem")
    stderr = shop.fails(f"push -A -u x --client-cert {file} --client-key {key}")
    assert f"cannot use {file} with {key} for TLS: " in stderr
    assert "KEY_VALUES_MISMATCH" in stderr


def test_the_environment_names_certificates_too(shop: Workshop) -> None:
    for name, option in [("NATS_CA", "none"), ("NATS_CERT", "none")]:
        result = shop.run("push -A -u x", **{name: option})
        assert "cannot use none for TLS" in result.stderr


def test_nobody_is_at_hand_to_connect_as(shop: Workshop) -> None:
    for public_key in [*shop.store.public_keys()]:
        shop.store.delete_seed(public_key)
    stderr = shop.fails("push -A -u nats://127.0.0.1:1")
    assert "nobody is at hand to connect as: the store has neither the seed of a" in stderr
    assert "hint: -K names a key of it, or a file with its seed; --system-user a user" in stderr
    stderr = shop.fails("push -A -u nats://127.0.0.1:1 --system-user sys")
    assert "there is no seed of 'U" in stderr


def test_an_operator_without_a_system_account(shop: Workshop) -> None:
    shop("add operator p")
    stderr = shop.fails("push -A -u nats://127.0.0.1:1")
    assert "operator 'p' has no system account" in stderr
    assert "hint: --system-account names one" in stderr


def test_keys_that_do_not_help(shop: Workshop, tmp_path: Path) -> None:
    file = tmp_path / "key.nk"
    for role, code, said in [
        (KeyType.USER, 2, "-K takes a key of the system account or the operator, and 'U"),
        (KeyType.ACCOUNT, 1, "hint: -K names a signing key of the system account"),
    ]:
        file.write_text(KeyPair.generate(role).reveal_seed())
        stderr = shop.fails(f"push -A -u nats://127.0.0.1:1 -K {file}", code=code)
        assert said in stderr
    absent = KeyPair.generate(KeyType.ACCOUNT).public_key
    assert f"there is no seed of '{absent}'" in shop.fails(
        f"push -A -u nats://127.0.0.1:1 -K {absent}"
    )


def test_a_server_that_says_nothing(shop: Workshop, silent_url: str) -> None:
    # The connection has 5 seconds, however short the time-out of requests is; so it is cut here.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("natsauth.cli._servers._CONNECT", timedelta(seconds=0.2))
        stderr = shop.fails(f"push -A -u {silent_url} --timeout 0.1")
    assert f"cannot connect to {silent_url}: no answer in time" in stderr


def test_what_nats_py_logs_is_not_printed() -> None:
    code = (
        "import logging, natsauth.cli._servers\n"
        "logging.getLogger('nats.aio.client').error('by nats-py')\n"
        "logging.getLogger('other').error('by another')\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert (run.stdout, run.stderr) == ("", "by another\n")
