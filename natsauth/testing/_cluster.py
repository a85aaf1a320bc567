"""Several servers that know of each other."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from natsauth._server import NatsServer
from natsauth.errors import ConfigError, ResolverError, ResolverTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from natsauth.claims import AccountClaims, OperatorClaims
    from natsauth.creds import Creds
    from natsauth.resolver import ResolverClient
    from natsauth.token import Token

    Connect = Callable[[str], AbstractAsyncContextManager[ResolverClient]]
    """Opens a connection to one server, as a system user."""

SECONDS = 20.0
"""How long servers may take to find each other, and to elect a leader."""
_POLL_SECONDS = 0.02
_CLUSTER = "cluster {{ name: sandbox, listen: '127.0.0.1:{}', routes: ['nats://127.0.0.1:{}'] }}"
_TRIES = 5


def trust(
    operator: Token[OperatorClaims], system: Token[AccountClaims], resolver: str, more: str = ""
) -> str:
    """Return the configuration of a server that trusts an operator."""
    key = system.claims.sub
    return (
        f"operator: {operator.encoded}\nsystem_account: {key}\nresolver: {resolver}\n"
        f"resolver_preload: {{ {key}: {system.encoded} }}\n{more}\n"
    )


def start_servers(
    directory: Path,
    configs: Sequence[str],
    *,
    port: int | None = None,
    binary: str | Path | None = None,
) -> list[NatsServer]:
    """Start a server for each configuration, called ``n1``, ``n2`` and so on.

    Each runs in a directory of its name. Of several all have a route to the first, from which each
    hears of every other.

    Args:
        directory: Where their directories are made, or are already.
        configs: The text of each configuration, without a name and a cluster.
        port: The port for clients of the first; a free one if not given.
        binary: The nats-server to run; see :class:`~natsauth.testing.NatsServer`.

    Raises:
        FileError, ConfigError, ResolverTimeoutError: One does not start.
    """
    # With JetStream a server does not start without routes, so that it cannot choose its own port
    # for them; and somebody may take the chosen one before it does.
    tries = _TRIES
    while True:
        routes = _free_port()
        with ExitStack() as running:
            try:
                servers = []
                for number, text in enumerate(configs, 1):
                    own = directory / f"n{number}"
                    own.mkdir(exist_ok=True)
                    listen = _CLUSTER.format(routes if number == 1 else -1, routes)
                    more = listen if len(configs) > 1 else ""
                    config = own / "server.conf"
                    config.write_text(f"server_name: n{number}\n{text}\n{more}\n", "utf-8")
                    server = NatsServer(
                        config, directory=own, port=port if number == 1 else None, binary=binary
                    )
                    servers.append(running.enter_context(server))
            except ConfigError as error:
                tries -= 1
                if not tries or f":{routes}: " not in str(error):
                    raise
            else:
                running.pop_all()
                return servers


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


async def wait_for_routes(urls: Sequence[str], connect: Connect) -> None:
    """Wait until each server knows of all others.

    Raises:
        ResolverTimeoutError: They did not find each other in time.
    """
    deadline = time.monotonic() + SECONDS
    for url in urls:
        while True:
            with suppress(ResolverError):
                async with connect(url) as client:
                    if len(client.servers) == len(urls):
                        break
            await _pause(deadline, f"{url} did not find the other servers")


async def wait_for_leader(urls: Sequence[str], creds: Creds) -> None:
    """Wait until servers with JetStream have a leader, and follow it.

    Args:
        urls: Of the servers.
        creds: Of a system user.

    Raises:
        ResolverTimeoutError: They elected none in time.
    """
    from natsauth.testing._client import connect

    deadline = time.monotonic() + SECONDS
    async with connect(list(urls), creds) as client:
        while not _is_led(await _ask_all(client, "$SYS.REQ.SERVER.PING.JSZ", len(urls)), len(urls)):
            await _pause(deadline, "the servers elected no leader for JetStream")


async def _ask_all(client: Any, subject: str, count: int) -> list[Any]:
    """Return what servers answer, as soon as so many have."""
    from nats.errors import TimeoutError as NatsTimeoutError

    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox)
    await client.publish(subject, reply=inbox)
    answers: list[Any] = []
    with suppress(NatsTimeoutError):
        while len(answers) < count:
            answers += [json.loads((await subscription.next_msg(1)).data).get("data", {})]
    await subscription.unsubscribe()
    return answers


def _is_led(answers: list[Any], count: int) -> bool:
    """Tell whether all servers name the same leader, which has all others with it."""
    metas = [answer.get("meta_cluster", {}) for answer in answers]
    leaders = {meta.get("leader") for meta in metas}
    followers = [meta.get("replicas") or [] for meta in metas]  # the leader alone knows of all
    return (
        len(metas) == count
        and len(leaders) == 1
        and leaders != {None}
        and any(
            len(replicas) == count - 1 and all(replica.get("current") for replica in replicas)
            for replicas in followers
        )
    )


async def _pause(deadline: float, what: str) -> None:
    if time.monotonic() > deadline:
        raise ResolverTimeoutError(f"{what} within {SECONDS:g} s")
    await asyncio.sleep(_POLL_SECONDS)
