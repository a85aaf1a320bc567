"""Where the accounts of a picture stand: exporters left of those that import from them."""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from itertools import pairwise
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from natsauth.cli._graph import Graph

GAP = 20
"""Between cards."""
CORRIDOR = 110
"""Between those that export and those that import, for the arrows."""


_SLOTS = (0, 4, -4, 8, -8)
"""How far from the middle of a gap the arrows in it run, one after the other."""


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


class Ways:
    """The ways of arrows: between the cards, never behind one.

    Args:
        spots: Where the cards stand, in columns.
    """

    def __init__(self, spots: Sequence[Spot]) -> None:
        columns: dict[float, list[Spot]] = {}
        for spot in sorted(spots):
            columns.setdefault(spot.x, []).append(spot)
        self._gaps = {
            x: [column[0].y - GAP / 2, *(spot.y + spot.height + GAP / 2 for spot in column)]
            for x, column in columns.items()
        }
        self._taken: Counter[tuple[float, float]] = Counter()

    def way(self, source: Spot, start: float, target: Spot, end: float) -> str:
        """Return the path of an arrow from the side of one card to that of another.

        Args:
            source: The card where it starts.
            start: Its height there.
            target: The card where it ends.
            end: Its height there.
        """
        if source.x == target.x:
            return _loop(source, start, end)
        sides = (source.x + source.width, target.x)
        between = [x for x in sorted(self._gaps) if source.x < x < target.x]
        if backwards := target.x < source.x:
            sides = (source.x, target.x + target.width)
            between = [x for x in sorted(self._gaps, reverse=True) if target.x < x < source.x]
        points = [(sides[0], start)]
        for x in between:
            near, far = (x + source.width, x) if backwards else (x, x + source.width)
            y = self._gap(x, _straight(points[-1], (sides[1], end), (near + far) / 2))
            points += [(near, y), (far, y)]
        points.append((sides[1], end))
        return f"M{points[0][0]:g} {points[0][1]:g}{''.join(_curves(points))}"

    def _gap(self, x: float, wanted: float) -> float:
        """Return the height at which an arrow passes a column, near one that is wanted."""
        gaps = self._gaps[x]
        if wanted > gaps[-1]:
            return wanted  # below the last card is nothing
        at = bisect(gaps, wanted)
        y = min(gaps[max(0, at - 1) : at + 1], key=lambda gap: abs(gap - wanted))
        self._taken[x, y] += 1
        return y + _SLOTS[(self._taken[x, y] - 1) % len(_SLOTS)]


def _straight(start: tuple[float, float], end: tuple[float, float], x: float) -> float:
    (x1, y1), (x2, y2) = start, end
    return y1 + (y2 - y1) * (x - x1) / (x2 - x1)


def _curves(points: Sequence[tuple[float, float]]) -> Iterator[str]:
    for (x1, y1), (x2, y2) in pairwise(points):
        middle = (x1 + x2) / 2
        yield f"H{x2:g}" if y1 == y2 else f"C{middle:g} {y1:g} {middle:g} {y2:g} {x2:g} {y2:g}"


def _loop(spot: Spot, start: float, end: float) -> str:
    right = spot.x + spot.width
    bend = right + GAP
    return f"M{right:g} {start:g}C{bend:g} {start:g} {bend:g} {end:g} {right:g} {end:g}"
