"""Print how stores and the command line scale: ``python -m tests.bench.store``.

Whole processes are compared with the real nsc where there is one, in turn.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

import pytest
from rich.console import Console
from rich.table import Table

from natsauth import AccountClaims, KeyPair, KeyType, OperatorClaims, encode, render_resolver
from natsauth.authority import Authority
from natsauth.store import DirectoryStore
from natsauth.testing import NatsServer
from tests.bench.measure import side_by_side
from tests.interop.foreign import build_nsc

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL, LARGE = 10, 10_000
PUSHED = 5
"""Accounts that are pushed beside nsc, which takes a second for each."""
_ROUNDS = 15


def make_store(root: Path, accounts: int) -> DirectoryStore:
    """Write a store of many accounts, without the care that takes its time."""
    store = DirectoryStore(root / "stores", keys=root / "keys")
    operator = KeyPair.generate(KeyType.OPERATOR)
    store.write(encode(OperatorClaims(sub=operator.public_key, name="o"), operator).encoded, "o")
    store.add_seed(operator.reveal_seed())
    for number in range(accounts):
        account, name = KeyPair.generate(KeyType.ACCOUNT), f"a{number:05}"
        token = encode(AccountClaims(sub=account.public_key, name=name), operator)
        directory = root / "stores" / "o" / "accounts" / name
        directory.mkdir(mode=0o700, parents=True)
        (directory / f"{name}.jwt").write_text(token.encoded, encoding="ascii")
        if number == SMALL // 2:
            store.add_seed(account.reveal_seed())
    return store


def open_and_mint(root: Path) -> None:
    """Open a store, and mint a user of one of its accounts."""
    store = DirectoryStore(root / "stores", keys=root / "keys")
    account = Authority(store).operators["o"].accounts[f"a{SMALL // 2:05}"]
    account.mint("service")


def milliseconds(*commands: Callable[[], None], rounds: int = _ROUNDS) -> list[float]:
    """Return the milliseconds of each command: the best of some runs in turn."""
    best = [float("inf")] * len(commands)
    for _ in range(rounds):
        for index, command in enumerate(commands):
            start = perf_counter()
            command()
            best[index] = min(best[index], (perf_counter() - start) * 1e3)
    return best


def process(*command: str | Path, directory: Path) -> Callable[[], None]:
    """Return what runs a command to its end, with all that nsc reads below a directory."""
    environment = {
        **os.environ,
        "NKEYS_PATH": str(directory / "keys"),
        "NSC_HOME": str(directory / "config"),
        "XDG_CONFIG_HOME": str(directory / "config"),
        "XDG_DATA_HOME": str(directory / "data"),
    }
    return partial(subprocess.run, command, env=environment, capture_output=True, check=True)  # type: ignore[return-value]  # whose result nobody needs


def beside_nsc(root: Path, natsauth: list[str | Path], nsc: Path) -> list[float]:
    """Return the milliseconds of pushing a store's accounts to a real server, as processes."""
    store = DirectoryStore(root / "stores", keys=root / "keys")
    authority = Authority(store)
    operator = authority.operators.add("o", signing_keys=1, system_account=True)
    for number in range(PUSHED):
        operator.accounts.add(f"a{number}")
    authority.commit()
    config = root / "server.conf"
    config.write_text(render_resolver(operator.token, [operator.system_account.token]))
    with NatsServer(config, directory=root) as server:
        push = ["push", "-A", "-u", server.url]
        dirs = ["--data-dir", str(store.stores), "--keystore-dir", str(store.keys)]
        return milliseconds(
            process(*natsauth, *push, *dirs, directory=root),
            process(nsc, *push, *dirs, directory=root),
            rounds=2,
        )


def _row(table: Table, what: str, ours: str, other: str, ratio: float, limit: float) -> None:
    shown = f"{ratio:.2f}" if ratio <= limit else f"[red]{ratio:.2f}[/]"
    table.add_row(what, ours, other, shown, f"≤ {limit}")


def _nsc(directory: Path) -> Path | None:
    try:
        return build_nsc(directory)
    except pytest.skip.Exception as missing:
        Console(stderr=True).print(f"nsc: {missing}")
        return None


def main() -> None:
    table = Table(title="natsauth: stores and the command line, best of some runs in turn")
    for name in ("what", "natsauth", "compared with", "ratio", "wanted"):
        table.add_column(name, justify="left" if name == "what" else "right")
    with TemporaryDirectory() as place:
        small, large = Path(place, "small"), Path(place, "large")
        make_store(small, SMALL)
        make_store(large, LARGE)
        few, many = side_by_side(partial(open_and_mint, small), partial(open_and_mint, large))
        _row(
            table, f"open {LARGE:,} accounts and mint", f"{many:.0f} µs",
            f"{few:.0f} µs ({SMALL} accounts)", many / few, 1.2,
        )  # fmt: skip
        python = Path(sys.executable)
        natsauth: list[str | Path] = [python, "-m", "natsauth"]
        bare, help_ = milliseconds(
            process(python, "-c", "pass", directory=small),
            process(*natsauth, "--help", directory=small),
        )
        _row(table, "natsauth --help", f"{help_:.0f} ms", f"{bare:.0f} ms (bare Python)",
             help_ / bare, 5)  # fmt: skip
        nsc = _nsc(Path(place))
        if nsc:
            dirs = ["--data-dir", str(large / "stores"), "--keystore-dir", str(large / "keys")]
            ours, theirs = milliseconds(
                process(*natsauth, "list", "accounts", *dirs, directory=large),
                process(nsc, "list", "accounts", *dirs, directory=large),
                rounds=5,
            )
            _row(table, f"list {LARGE:,} accounts", f"{ours:.0f} ms", f"{theirs:.0f} ms (nsc)",
                 ours / theirs, 1)  # fmt: skip
            ours, theirs = beside_nsc(Path(place, "pushed"), natsauth, nsc)
            _row(table, f"push {PUSHED + 1} accounts", f"{ours:.0f} ms", f"{theirs:.0f} ms (nsc)",
                 ours / theirs, 1)  # fmt: skip
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
