"""The guided run: a secured nats-server from nothing, and the proof that it is.

It takes the steps of a deployment in their order: an operator with a signing key and its system
account, an account with a signing key, the resolver's configuration, a real server, the push, and
a user of thirty minutes whose permissions are put to the test.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from importlib.util import find_spec
from time import perf_counter, time
from typing import TYPE_CHECKING, Any, NamedTuple

from natsauth._files import write_file
from natsauth._server import NatsServer, find_server
from natsauth.claims import (
    Account,
    AccountClaims,
    Export,
    Operator,
    OperatorClaims,
    User,
    UserClaims,
)
from natsauth.config import render_resolver
from natsauth.creds import Creds
from natsauth.errors import ErrorCode, FileError, NatsAuthError
from natsauth.keys import KeyPair, KeyType
from natsauth.resolver import ResolverClient
from natsauth.shortcuts import encode_user
from natsauth.token import Token, decode, encode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    Narrate = Callable[["Step"], None]

ALLOWED = "users.id.subject"
PROHIBITED = "users.prohibited.subject"
_PATIENCE = 5.0
"""Seconds to wait for what takes milliseconds."""
_ONCE: dict[str, Any] = {"allow_reconnect": False, "max_reconnect_attempts": 1}


class Step(NamedTuple):
    """One step of the narration: what was done, how long it took, and what the server said."""

    text: str
    milliseconds: float
    words: str = ""


class DemoError(NatsAuthError):
    """Something went otherwise than the demo promises."""

    code = ErrorCode.ERROR


class _Authority(NamedTuple):
    """The tokens and keys of the tree. A real deployment keeps the keys apart."""

    operator: Token[OperatorClaims]
    operator_key: KeyPair
    system_account: Token[AccountClaims]
    system_key: KeyPair


def run(directory: Path, narrate: Narrate) -> None:
    """Run the demo.

    Args:
        directory: A new or empty directory for the files.
        narrate: Is given each step once it is done.

    Raises:
        FileError: There is no nats-server, or the directory is in use or cannot be written.
        NatsAuthError: There is no nats-py, or any step went wrong.
    """
    find_server()
    if find_spec("nats") is None:
        raise DemoError(
            "the demo connects with nats-py, which is not installed",
            hint='python -m pip install "natsauth[demo]"',
        )
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        used = any(directory.iterdir())
    except OSError as error:
        raise FileError(f"cannot use {directory}: {error.strerror}") from None
    if used:
        raise FileError(f"{directory} is not empty", hint="name a new directory")
    asyncio.run(_run(directory, narrate))


async def _run(directory: Path, narrate: Narrate) -> None:
    with _step(narrate, "operator my_operator with a signing key (strict), SYS and its creds"):
        authority = _bootstrap(directory)
    with _step(narrate, "account my_account with a signing key"):
        account, account_key = _add_account(authority)
        account_key.write(directory / "my_account.nk")
    with _step(narrate, "resolver.conf, and a nats.conf that includes it"):
        config = _configure(directory, authority)
    with _step(narrate, "a real nats-server started with it"):
        server = NatsServer(config, directory=directory)
    with server:
        with _step(narrate, f"both accounts pushed to {server.url}"):
            await _push(server.url, authority, account)
        with _step(narrate, "a user of 30 minutes minted with encode_user"):
            creds = _mint(account, account_key)
            creds.write(directory / "user.creds")
        await _prove(server.url, creds, narrate)


def _bootstrap(directory: Path) -> _Authority:
    identity, signing = KeyPair.generate(KeyType.OPERATOR), KeyPair.generate(KeyType.OPERATOR)
    system, system_key = KeyPair.generate(KeyType.ACCOUNT), KeyPair.generate(KeyType.ACCOUNT)
    operator = OperatorClaims(
        sub=identity.public_key,
        name="my_operator",
        nats=Operator(
            signing_keys=[signing.public_key],
            strict_signing_key_usage=True,
            system_account=system.public_key,
            account_server_url="nats://0.0.0.0:4222",
        ),
    )
    system_account = AccountClaims(
        sub=system.public_key,
        name="SYS",
        nats=Account(exports=_monitoring(), signing_keys=[system_key.public_key]),
    )
    user = KeyPair.generate(KeyType.USER)
    body = User(issuer_account=system.public_key)
    token = encode(UserClaims(sub=user.public_key, name="sys", nats=body), system_key)
    Creds.create(token, user).write(directory / "sys.creds")
    return _Authority(
        encode(operator, identity), signing, encode(system_account, signing), system_key
    )


def _monitoring() -> list[Export | None]:
    """Return what a system account shows each account about itself, as nsc sets it up."""
    url = "https://docs.nats.io/nats-server/configuration/sys_accounts"
    return [
        Export(
            name="account-monitoring-streams",
            subject="$SYS.ACCOUNT.*.>",
            type="stream",
            account_token_position=3,
            description="Account specific monitoring stream",
            info_url=url,
        ),
        Export(
            name="account-monitoring-services",
            subject="$SYS.REQ.ACCOUNT.*.*",
            type="service",
            response_type="Stream",
            account_token_position=4,
            description="Request account specific monitoring services",
            info_url=url,
        ),
    ]


def _add_account(authority: _Authority) -> tuple[Token[AccountClaims], KeyPair]:
    identity, signing = KeyPair.generate(KeyType.ACCOUNT), KeyPair.generate(KeyType.ACCOUNT)
    claims = AccountClaims(sub=identity.public_key, name="my_account")
    claims.nats.add_signing_key(signing.public_key)
    return encode(claims, authority.operator_key), signing


def _configure(directory: Path, authority: _Authority) -> Path:
    resolver = render_resolver(authority.operator, [authority.system_account])
    write_file(directory / "resolver.conf", resolver.encode())
    config = directory / "nats.conf"
    write_file(config, b'listen: "127.0.0.1:4222"\ninclude ./resolver.conf\n')
    return config


async def _push(url: str, authority: _Authority, account: Token[AccountClaims]) -> None:
    async with ResolverClient.connect(
        url,
        authority.operator,
        system_account=authority.system_account,
        signer=authority.system_key,
    ) as resolver:
        for result in await resolver.push_all([authority.system_account, account]):
            result.raise_for_errors()


def _mint(account: Token[AccountClaims], signing_key: KeyPair) -> Creds:
    user = KeyPair.generate(KeyType.USER)
    jwt = encode_user(
        "user-id",
        user,
        signing_key,
        {
            "issuer_account": account.claims.sub,
            "pub": {"allow": ["users.id.>"], "deny": []},
            "sub": {"allow": ["users.id.>"], "deny": []},
        },
        {"exp": int(time()) + 30 * 60},
    )
    return Creds.create(decode(jwt, UserClaims), user)


async def _prove(url: str, creds: Creds, narrate: Narrate) -> None:
    from nats.aio.client import Client
    from nats.errors import Error

    refusals: asyncio.Queue[Exception] = asyncio.Queue()
    client = Client()
    attempts: dict[str, Callable[[str], Awaitable[object]]] = {
        "subscribing to": client.subscribe,
        "publishing to": client.publish,
    }
    try:
        with _step(narrate, "connected with nats-py, by the creds"):
            await client.connect(url, error_cb=refusals.put, **_ONCE, **creds.nats_py())
        with _step(narrate, f"{ALLOWED} is delivered"):
            subscription = await client.subscribe(ALLOWED)
            await client.publish(ALLOWED, b"hello")
            await subscription.next_msg(_PATIENCE)
        for name, attempt in attempts.items():
            start = perf_counter()
            await attempt(PROHIBITED)
            words = await _refusal(refusals)
            narrate(_timed(f"{name} {PROHIBITED} is refused:", start, words))
    except (Error, OSError) as error:
        reason = str(client.last_error or error)
        raise DemoError(f"the server did not do as promised: {reason}") from None
    finally:
        await client.close()


async def _refusal(refusals: asyncio.Queue[Exception]) -> str:
    """Return the words with which the server refuses what is prohibited."""
    try:
        words = str(await asyncio.wait_for(refusals.get(), _PATIENCE)).removeprefix("nats: ")
    except TimeoutError:
        words = "nothing"
    if "permissions violation" not in words or PROHIBITED not in words:
        raise DemoError(f"expected {PROHIBITED} to be refused, the server said: {words}")
    return words


@contextmanager
def _step(narrate: Narrate, text: str) -> Iterator[None]:
    start = perf_counter()
    yield
    narrate(_timed(text, start))


def _timed(text: str, start: float, words: str = "") -> Step:
    return Step(text, (perf_counter() - start) * 1000, words)
