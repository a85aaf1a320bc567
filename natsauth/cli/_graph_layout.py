"""Where the accounts of a picture stand: exporters left of those that import from them."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from natsauth.cli._graph import Graph

GAP = 20
"""Between cards."""
CORRIDOR = 110
"""Between those that export and those that import, for the arrows."""


class Spot(NamedTuple):
    """Where a card stands."""

    x: float
    y: float
    width: float
    height: float


def layers(graph: Graph) -> list[list[int]]:
    """Return the accounts in layers, each to the right of all that it imports from.

    Where accounts import from each other in a circle, that with the fewest exporters goes first.
    Those that share nothing are the last layer.
    """
    sources: dict[int, set[int]] = {}
    for index, account in enumerate(graph.accounts):
        for row in account.imports:
            if row.exporter != index:
                sources.setdefault(index, set()).add(row.exporter)
                sources.setdefault(row.exporter, set())
    waiting = {index: set(found) for index, found in sorted(sources.items())}
    found: list[list[int]] = []
    heights: dict[int, float] = {}
    while waiting:
        free = [index for index, left in waiting.items() if not left]
        free = free or [min(waiting, key=lambda index: len(waiting[index]))]
        for index in free:
            del waiting[index]
        for left in waiting.values():
            left.difference_update(free)
        # Beside those that they import from, so that arrows cross seldom.
        middle = {
            index: sum(near) / len(near) if near else 0.0
            for index in free
            for near in ([heights[s] for s in sources[index] if s in heights],)
        }
        free.sort(key=lambda index: (middle[index], index))
        heights |= {index: place / len(free) for place, index in enumerate(free)}
        found.append(free)
    alone = [index for index in range(len(graph.accounts)) if index not in sources]
    alone.sort(key=lambda index: (graph.accounts[index].place != "system", index))
    return [*found, alone] if alone else found


def place(graph: Graph, width: float, heights: Sequence[float]) -> list[Spot]:
    """Return where each account stands.

    Args:
        graph: The picture.
        width: That of every card.
        heights: That of each card.
    """
    area = sum((width + GAP) * (height + GAP) for height in heights)
    bottom = max([sqrt(area), *heights])  # a square, but for the corridors
    spots = [Spot(0, 0, 0, 0)] * len(heights)
    x = 0.0
    for layer in layers(graph):
        y = 0.0
        for index in layer:
            if y and y + heights[index] > bottom:
                x, y = x + width + GAP, 0.0
            spots[index] = Spot(x, y, width, heights[index])
            y += heights[index] + GAP
        x += width + CORRIDOR
    return spots
