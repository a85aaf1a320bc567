"""Print how long sandboxes take to start and to stop: ``python -m tests.bench.sandbox``.

Measured is from the constructor, with its keys and tokens, until a server greets its first client;
of clusters until each server knows of the others and, with JetStream, has a leader.
"""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from natsauth.testing import Sandbox

_LIMIT = 300
"""The milliseconds in which a sandbox of one server is to be ready."""


class Times(NamedTuple):
    """Seconds: the median, and the worst."""

    start: float
    worst_start: float
    stop: float
    worst_stop: float


def measure(count: int, **options: Any) -> Times:
    """Start and stop sandboxes, after one that does not count."""
    starts, stops = [], []
    for _ in range(count + 1):
        begin = perf_counter()
        sandbox = Sandbox(**options).start()
        ready = perf_counter()
        sandbox.stop()
        starts.append(ready - begin)
        stops.append(perf_counter() - ready)
    return Times(median(starts[1:]), max(starts[1:]), median(stops[1:]), max(stops[1:]))


def main() -> None:
    table = Table(title="sandboxes: median, and the worst in brackets")
    for column in ("what", "of", "start", "stop", "wanted"):
        table.add_column(column, justify="left" if column == "what" else "right")
    wanted: dict[str, tuple[int, dict[str, Any], str]] = {
        "one server": (50, {}, f"≤ {_LIMIT} ms"),
        "one server with JetStream": (50, {"jetstream": True}, f"≤ {_LIMIT} ms"),
        "three servers": (10, {"servers": 3}, ""),
        "three servers with JetStream": (10, {"servers": 3, "jetstream": True}, ""),
    }
    for name, (count, options, limit) in wanted.items():
        times = measure(count, **options)
        table.add_row(
            name,
            str(count),
            _milliseconds(times.start, times.worst_start),
            _milliseconds(times.stop, times.worst_stop),
            limit,
        )
    Console(width=110).print(table)


def _milliseconds(usual: float, worst: float) -> str:
    return f"{usual * 1000:.0f} ms ({worst * 1000:.0f})"


if __name__ == "__main__":
    main()
