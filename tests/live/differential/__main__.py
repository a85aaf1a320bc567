"""Look for differences from a real server: ``python -m tests.live.differential --for 10m``."""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from secrets import randbelow
from tempfile import TemporaryDirectory

from rich.console import Console

from tests.live.differential.hunt import KINDS, Hunt
from tests.live.differential.lab import lab

_SECONDS = {"s": 1, "m": 60, "h": 3600}
_CASES = 200


def main() -> int:
    """Return the exit code: 1 if there is a difference."""
    parser = argparse.ArgumentParser(prog="python -m tests.live.differential", description=__doc__)
    parser.add_argument("--for", dest="seconds", type=_seconds, default=60, metavar="10m")
    parser.add_argument("--seed", type=int, default=randbelow(1 << 32), help="to start with")
    parser.add_argument("--kind", choices=[*KINDS], action="append", help="each, if not given")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where differences are added")
    options = parser.parse_args()
    console = Console(soft_wrap=True, highlight=False)
    start = time.monotonic()
    verdicts: Counter[str] = Counter()
    known: set[str] = set()
    number = options.seed
    while time.monotonic() < start + options.seconds:
        # A server keeps every account it ever saw, so that from time to time a new one is due.
        with TemporaryDirectory() as directory, lab(Path(directory)) as server:
            hunt = Hunt(server, known)
            for kind in options.kind or KINDS:
                if found := hunt.search(kind, _CASES, number):
                    console.print(f"seed {number}, {kind}: {json.dumps(found.difference)}")
                    line = json.dumps(found.record)
                    console.print(line, markup=False)
                    if options.out:
                        with options.out.open("a", encoding="utf-8") as file:
                            file.write(line + "\n")
        verdicts += hunt.verdicts
        console.print(
            f"{time.monotonic() - start:.0f} s, seed {number}: {verdicts.total()} verdicts "
            f"{dict(verdicts)}, {len(known)} differences"
        )
        number += 1
    return 1 if known else 0


def _seconds(text: str) -> int:
    return int(text[:-1]) * _SECONDS[text[-1]]


if __name__ == "__main__":
    raise SystemExit(main())
