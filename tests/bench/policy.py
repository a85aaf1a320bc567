"""Print what verdicts cost: ``python -m tests.bench.policy``."""

from __future__ import annotations

import gc
import tracemalloc
from time import perf_counter
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from natsauth import Permission, Permissions
from natsauth.policy import evaluate
from tests.bench.measure import side_by_side

if TYPE_CHECKING:
    from natsauth.policy import Evaluator
    from tests.bench.subjects import Call

FEW, MANY, HUGE = 10, 10_000, 100_000
_ROUNDS, _REPEATS = 15, 1_000
_MEGABYTE = 1e6


def rules(count: int) -> Permissions:
    """Return permissions of about so many entries, literal and with wildcards, in four lists."""
    numbers = range(-(-count // 4))
    return Permissions(
        pub=Permission(
            allow=[f"orders.{n}.*.new" if n % 3 else f"users.{n}.>" for n in numbers],
            deny=[f"orders.{n}.secret.new" for n in numbers],
        ),
        sub=Permission(
            allow=[f"orders.{n}.>" if n % 3 else f"users.{n}.*.x" for n in numbers],
            deny=[f"orders.{n}.secret.*" for n in numbers],
        ),
    )


def verdicts(evaluator: Evaluator) -> dict[str, Call]:
    """Return what is asked, by what is answered; the decision with its rule is made each time."""
    subscription = evaluator.subscribe("orders.1.>")
    return {
        "publish, allowed": lambda: evaluator.publish("orders.1.eu.new"),
        "publish, denied": lambda: evaluator.publish("orders.1.secret.new"),
        "publish, not allowed": lambda: evaluator.publish("payments.1.eu.new"),
        "subscribe, allowed": lambda: evaluator.subscribe("orders.1.eu.new"),
        "subscribe, denied": lambda: evaluator.subscribe("orders.1.secret.x"),
        "subscribe, filtered": lambda: evaluator.subscribe("orders.1.*.new"),
        "deliver, withheld": lambda: evaluator.deliver("orders.1.secret.x", to=subscription),
    }


def compile_milliseconds(count: int) -> float:
    """Return the milliseconds of compiling so many entries: the best of some."""
    permissions, best = rules(count), float("inf")
    for _ in range(_ROUNDS):
        gc.collect()
        start = perf_counter()
        evaluate(permissions)
        best = min(best, (perf_counter() - start) * 1e3)
    return best


def megabytes(count: int) -> float:
    """Return the memory of so many compiled entries, beside that of their texts."""
    permissions = rules(count)
    gc.collect()
    tracemalloc.start()
    evaluator = evaluate(permissions)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del evaluator
    return size / _MEGABYTE


def main() -> None:
    table = Table(title="natsauth.policy: best of many")
    table.add_column("what")
    for header in (f"{FEW} entries", "wanted", f"{MANY:,} entries", "wanted"):
        table.add_column(header, justify="right")
    few, many = (verdicts(evaluate(rules(count))) for count in (FEW, MANY))
    for name in few:
        # Each by itself: in turn they would push each other out of the processor's cache.
        times = [side_by_side(call[name], rounds=_REPEATS)[0] for call in (few, many)]
        of_few, of_many = (f"{microseconds:.1f} µs" for microseconds in times)
        table.add_row(name, of_few, "≤ 3 µs", of_many, "≤ 10 µs")
    compiled = compile_milliseconds(MANY)
    table.add_row(
        "compile", f"{compile_milliseconds(FEW):.2f} ms", "", f"{compiled:.0f} ms", "≤ 50 ms"
    )
    table.add_row(f"memory of {HUGE:,} entries", "", "", f"{megabytes(HUGE):.0f} MB", "")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
