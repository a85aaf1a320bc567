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
from natsauth.authority import Authority
from natsauth.claims import Operator, UserClaims
from natsauth.config import render_resolver
from natsauth.creds import Creds
from natsauth.errors import ErrorCode, FileError, NatsAuthError
from natsauth.keys import KeyPair, KeyType
from natsauth.resolver import ResolverClient
from natsauth.shortcuts import encode_user
from natsauth.store import MemoryStore
from natsauth.store._disk import make_directory, names_in
from natsauth.token import decode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from natsauth.authority import OperatorNode

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
    make_directory(directory)
    if names_in(directory):
        raise FileError(f"{directory} is not empty", hint="name a new directory")
    asyncio.run(_run(directory, narrate))


async def _run(directory: Path, narrate: Narrate) -> None:
    authority = Authority(MemoryStore())  # a real deployment has a DirectoryStore
    with _step(narrate, "operator my_operator with a signing key (strict), SYS and its creds"):
        body = Operator(strict_signing_key_usage=True, account_server_url="nats://0.0.0.0:4222")
        operator = authority.operators.add("my_operator", body, signing_keys=1, system_account=True)
        authority.commit()
        operator.system_account.users["sys"].creds().write(directory / "sys.creds")
    with _step(narrate, "account my_account with a signing key"):
        account = operator.accounts.add("my_account")
        account_key = account.signing_keys.generate()
        authority.commit()
        account_key.write(directory / "my_account.nk")
    with _step(narrate, "resolver.conf, and a nats.conf that includes it"):
        config = _configure(directory, operator)
    with _step(narrate, "a real nats-server started with it"):
        server = NatsServer(config, directory=directory)
    with server:
        with _step(narrate, f"both accounts pushed to {server.url}"):
            await _push(server.url, operator)
        with _step(narrate, "a user of 30 minutes minted with encode_user"):
            creds = _mint(account.public_key, account_key)
            creds.write(directory / "user.creds")
        await _prove(server.url, creds, narrate)


def _configure(directory: Path, operator: OperatorNode) -> Path:
    resolver = render_resolver(operator.token, [operator.system_account.token])
    write_file(directory / "resolver.conf", resolver.encode())
    config = directory / "nats.conf"
    write_file(config, b'listen: "127.0.0.1:4222"\ninclude ./resolver.conf\n')
    return config


async def _push(url: str, operator: OperatorNode) -> None:
    system = operator.system_account
    async with ResolverClient.connect(
        url, operator.token, system_account=system.token, signer=system.signer()
    ) as resolver:
        accounts = [account.token for account in operator.accounts.values()]
        for result in await resolver.push_all(accounts):
            result.raise_for_errors()


def _mint(account: str, signing_key: KeyPair) -> Creds:
    user = KeyPair.generate(KeyType.USER)
    jwt = encode_user(
        "user-id",
        user,
        signing_key,
        {
            "issuer_account": account,
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
