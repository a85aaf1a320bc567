"""Print how fast accounts are pushed, and in how little memory: ``python -m tests.bench.push``.

A full resolver on this machine gets 1,000 new accounts, from natsauth and from a bare loop over
nats-py that sends the same messages and counts the answers. Both do so in turn, to servers that
have none yet, as a server takes longer to keep an account than to see that it has it. The accounts
are signed beforehand; natsauth checks each one and looks up what the server has, which the bare
loop does not.
Memory is what Python allocates while it reads accounts from a file as it pushes them.
"""

from __future__ import annotations

import asyncio
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any

from nats.aio.client import Client
from rich.console import Console
from rich.table import Table

from natsauth import AccountClaims, Token, decode
from natsauth.resolver._protocol import UPDATE
from natsauth.testing import NatsServer
from tests.live._realm import Realm

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    Tokens = list[Token[AccountClaims]]
    Push = Callable[[Realm, str, Tokens], Coroutine[Any, Any, float]]

COUNT, MANY = 1_000, 10_000
LIMIT = 1.5
_ROUNDS = 7


async def bare(realm: Realm, url: str, tokens: Tokens) -> float:
    """Return the seconds of a loop that sends what natsauth sends, and counts the answers."""
    client, done, count = Client(), asyncio.Event(), 0
    await client.connect(url, **realm.system_user().nats_py())

    async def answered(_: object) -> None:
        nonlocal count
        count += 1
        if count == len(tokens):
            done.set()

    inbox = client.new_inbox()
    await client.subscribe(inbox, cb=answered)
    await client.flush()
    start = perf_counter()
    for token in tokens:
        await client.publish(UPDATE, token.encoded.encode(), reply=inbox)
    await done.wait()
    seconds = perf_counter() - start
    await client.close()
    return seconds


async def one_by_one(realm: Realm, url: str, tokens: Tokens) -> float:
    """Return the seconds of push_each(), which checks an account while others are on their way."""
    async with realm.connect(url) as client:
        start = perf_counter()
        async for result in client.push_each(tokens):
            assert result
        return perf_counter() - start


async def together(realm: Realm, url: str, tokens: Tokens) -> float:
    """Return the seconds of push_all(), which checks all accounts before it sends the first."""
    async with realm.connect(url) as client:
        start = perf_counter()
        assert all(await client.push_all(tokens))
        return perf_counter() - start


def fastest(*pushes: Push, again: bool) -> list[float]:
    """Return the least seconds of each in several rounds.

    Args:
        pushes: What is measured.
        again: Whether the servers have the accounts already.
    """
    realm, best = Realm(), [float("inf")] * len(pushes)
    tokens = [realm.new_account(f"account {number}") for number in range(COUNT)]
    for _ in range(_ROUNDS):
        for index, push in enumerate(pushes):
            with TemporaryDirectory() as directory, server(realm, Path(directory)) as running:
                if again:
                    asyncio.run(bare(realm, running.url, tokens))
                seconds = asyncio.run(push(realm, running.url, tokens))
            best[index] = min(best[index], seconds)
    return best


def server(realm: Realm, directory: Path) -> NatsServer:
    config = directory / "server.conf"
    config.write_text(realm.config(), encoding="utf-8")
    return NatsServer(config, directory=directory)


async def peak(realm: Realm, url: str, file: Path) -> float:
    """Return the MiB that Python allocates at most while it pushes the accounts of a file."""

    def tokens() -> Iterator[Token[AccountClaims]]:
        with file.open(encoding="ascii") as lines:
            for line in lines:
                yield decode(line.strip(), AccountClaims)

    async with realm.connect(url, lifetime=600) as client:
        tracemalloc.start()
        async for result in client.push_each(tokens()):
            assert result
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return most / (1 << 20)


def memory() -> list[float]:
    """Return the peaks for few accounts, and for many."""
    realm, peaks = Realm(), []
    with TemporaryDirectory() as name, server(realm, Path(name)) as running:
        file = Path(name, "accounts")
        for count in (COUNT, MANY):
            with file.open("w", encoding="ascii") as lines:
                lines.writelines(realm.new_account(f"a{n}").encoded + "\n" for n in range(count))
            peaks.append(asyncio.run(peak(realm, running.url, file)))
    return peaks


def main() -> None:
    table = Table(title=f"pushing {COUNT:,} accounts to one full resolver: best of {_ROUNDS}")
    for column in ("what", "natsauth", "compared with", "ratio", "wanted"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for title, again in (("new to the server", False), ("known to the server", True)):
        raw, *ours = fastest(bare, one_by_one, together, again=again)
        for name, seconds in zip(("push_each", "push_all"), ours, strict=True):
            table.add_row(
                f"{name}, {title}",
                f"{seconds * 1000:.0f} ms",
                f"{raw * 1000:.0f} ms (bare nats-py loop)",
                f"{seconds / raw:.2f}",
                f"≤ {LIMIT}" if not again else "",
            )
    few, many = memory()
    table.add_section()
    table.add_row(
        f"peak memory, {MANY:,} accounts",
        f"{many:.1f} MiB",
        f"{few:.1f} MiB ({COUNT:,} accounts)",
        f"{many / few:.2f}",
        "≤ 1.2",
    )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
