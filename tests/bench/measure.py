"""How it is measured: what is compared runs side by side, so that both meet the same machine."""

from __future__ import annotations

import gc
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bench.subjects import Call

ROUNDS = 300
_IMPORTS = 20


def side_by_side(*calls: Call, rounds: int = ROUNDS) -> list[float]:
    """Return the microseconds of each call: the best of many short runs in turn.

    The best is what the code costs; everything above it is what else the machine does.
    """
    best = [float("inf")] * len(calls)
    gc.disable()
    try:
        for _ in range(rounds):
            for index, call in enumerate(calls):
                best[index] = min(best[index], _once(call))
    finally:
        gc.enable()
    return best


def two_threads(call: Call, count: int = 3_000) -> float:
    """Return how many times as much two threads do as one, in the best of several tries."""

    def run(_: object = None) -> None:
        for _ in range(count):
            call()

    def seconds(threads: int) -> float:
        with ThreadPoolExecutor(threads) as pool:
            start = perf_counter()
            list(pool.map(run, range(threads)))
            return perf_counter() - start

    return max(2 * seconds(1) / seconds(2) for _ in range(7))


def import_milliseconds(*statements: str) -> list[float]:
    """Return the milliseconds of import statements, each in fresh interpreters in turn."""
    best = [float("inf")] * len(statements)
    for _ in range(_IMPORTS):
        for index, statement in enumerate(statements):
            code = (
                "from time import perf_counter as now; start = now(); "
                f"{statement}; print((now() - start) * 1000)"
            )
            printed = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, check=True, text=True
            )
            best[index] = min(best[index], float(printed.stdout))
    return best


def _once(call: Call, count: int = 20) -> float:
    start = perf_counter()
    for _ in range(count):
        call()
    return (perf_counter() - start) / count * 1e6
