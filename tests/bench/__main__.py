"""Print the table of speeds: ``python -m tests.bench``.

Ratios are taken in one run, side by side. Other implementations stand in the same table where
their toolchain is there and they can be installed; ``--alone`` leaves them out.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from venv import create

import pytest
from rich.console import Console
from rich.table import Table

from natsauth import AccountClaims, KeyPair, KeyType, encode
from tests.bench import peers
from tests.bench.measure import import_milliseconds, side_by_side, two_threads
from tests.bench.subjects import ACCOUNT, USER, pairs
from tests.interop.foreign import bench, build_go, build_js

_EVERYTHING = "import natsauth; [getattr(natsauth, name) for name in natsauth.__all__]"


def ratios(table: Table) -> dict[str, float]:
    """Add what natsauth costs beside the raw cryptography; return microseconds by name."""
    measured = {}
    for pair in pairs():
        ours, raw = side_by_side(pair.call, pair.raw)
        measured[pair.name] = ours
        _row(table, pair.name, f"{ours:.1f} µs", f"{raw:.1f} µs ({pair.raw_name})", ours / raw,
             f"≤ {pair.limit}", good=ours / raw <= pair.limit)  # fmt: skip
    mint = pairs()[0]
    factor, raw_factor = two_threads(mint.call), two_threads(mint.raw)
    shown = f"{raw_factor:.2f} (raw signatures)"
    _row(table, "two threads mint", "", shown, factor, "≥ 1.6", good=factor >= 1.6)
    nacl, ours, everything = import_milliseconds(
        "import nacl.signing", "import natsauth", _EVERYTHING
    )
    name = f"{nacl:.1f} ms (import nacl.signing)"
    _row(
        table, "import natsauth", f"{ours:.1f} ms", name, ours / nacl, "≤ 2", good=ours <= 2 * nacl
    )
    _row(table, "  and touch every name", f"{everything:.1f} ms", name, everything / nacl, "")
    return measured


def others(table: Table, measured: dict[str, float]) -> None:
    """Add the other implementations, compared with natsauth."""
    names = {
        "mint": "mint a user",
        "decode": "decode a user",
        "account": "decode a large account",
    }
    for title, times in _others():
        for key, name in names.items():
            theirs = times.get(key) or times.get(f"{key}_us")
            if theirs:
                ours = measured[name]
                _row(
                    table,
                    f"{title}: {name}",
                    f"{ours:.1f} µs",
                    f"{theirs:,.1f} µs",
                    ours / theirs,
                    "",
                )


def _others() -> list[tuple[str, dict[str, float]]]:
    found = []
    for title, build in (("Go jwt/v2", build_go), ("@nats-io/jwt", build_js)):
        with TemporaryDirectory() as directory:
            try:
                found.append((title, bench(build(Path(directory)), Path(directory))))
            except pytest.skip.Exception as missing:
                Console(stderr=True).print(f"{title}: {missing}")
    found.extend((package, _package(package)) for package in peers.PACKAGES)
    return found


def _package(package: str) -> dict[str, float]:
    account = encode(
        AccountClaims(sub=ACCOUNT.public_key, name="a"), KeyPair.generate(KeyType.OPERATOR)
    )
    with TemporaryDirectory() as directory:
        create(directory, with_pip=True)
        python = Path(directory, "bin", "python")
        given = f"{account.encoded}\n{ACCOUNT.reveal_seed()}\n{USER}"
        try:
            subprocess.run([python, "-m", "pip", "install", "-q", package], check=True, timeout=300)
            printed = subprocess.run(
                [python, peers.__file__, package],
                capture_output=True,
                check=True,
                input=given,
                text=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            Console(stderr=True).print(f"{package}: {error}")
            return {}
    times: dict[str, float] = json.loads(printed.stdout)
    return times


def _row(
    table: Table, name: str, ours: str, other: str, ratio: float, limit: str, *, good: bool = True
) -> None:
    shown = f"{ratio:.2f}" if ratio >= 0.01 else f"{ratio:.4f}"
    table.add_row(name, ours, other, shown if good else f"[red]{shown}[/]", limit)


def main() -> None:
    table = Table(title="natsauth: best of many, measured side by side")
    table.add_column("what")
    table.add_column("natsauth", justify="right")
    table.add_column("compared with", justify="right")
    table.add_column("ratio", justify="right")
    table.add_column("wanted", justify="right")
    measured = ratios(table)
    if "--alone" not in sys.argv:
        table.add_section()
        others(table, measured)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
