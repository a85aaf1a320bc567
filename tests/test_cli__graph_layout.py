"""Where accounts stand in a picture."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from natsauth.cli._graph import AccountBox, Graph, Standing, State
from natsauth.cli._graph_layout import GAP, layers, place
from tests._pictures import arrow, many

NEVER = Standing(State.NEVER)


def graph(*exporters: tuple[int, ...]) -> Graph:
    """Return a picture of accounts, each with the exporters that it imports from."""
    accounts = (
        AccountBox(
            f"a{index}",
            f"A{index}",
            NEVER,
            imports=tuple(arrow("s", "stream", exporter) for exporter in found),
        )
        for index, found in enumerate(exporters)
    )
    return Graph("o", "O", NEVER, (), strict=False, accounts=tuple(accounts))


@pytest.mark.parametrize(
    ("exporters", "expected"),
    [
        ((), []),
        (((), ()), [[0, 1]]),
        (((1,), ()), [[1], [0]]),
        (((), (0,), (0, 1)), [[0], [1], [2]]),
        (((), (0,), ()), [[0], [1], [2]]),
        (((1,), (0,)), [[0], [1]]),
        (((0,), ()), [[0, 1]]),
        (((2,), (0,), (1,), (2,)), [[0], [1], [2], [3]]),
    ],
)
def test_exporters_stand_left_of_importers(
    exporters: tuple[tuple[int, ...], ...], expected: list[list[int]]
) -> None:
    assert layers(graph(*exporters)) == expected


def test_importers_stand_in_the_order_of_their_exporters() -> None:
    assert layers(graph((), (), (1,), (0,))) == [[0, 1], [3, 2]]


def test_the_system_account_comes_first_of_those_that_share_nothing() -> None:
    found = graph((), ())
    system = replace(found.accounts[1], place="system")
    assert layers(replace(found, accounts=(found.accounts[0], system))) == [[1, 0]]


@pytest.mark.parametrize("number", [1, 5, 40, 500])
def test_no_card_overlaps_another(number: int) -> None:
    spots = place(many(number), 200, [50 + index % 7 * 30 for index in range(number)])
    for one, other in combinations(spots, 2):
        assert (
            one.x + one.width + GAP <= other.x
            or other.x + other.width + GAP <= one.x
            or one.y + one.height + GAP <= other.y
            or other.y + other.height + GAP <= one.y
        )


@pytest.mark.parametrize("number", [40, 500, 5000])
def test_a_picture_of_many_is_no_strip(number: int) -> None:
    spots = place(many(number), 200, [60] * number)
    right = max(spot.x + spot.width for spot in spots)
    bottom = max(spot.y + spot.height for spot in spots)
    assert bottom < right < 3 * bottom


def test_a_long_chain_is_no_matter() -> None:
    chain = graph((), *((index,) for index in range(1999)))
    assert layers(chain) == [[index] for index in range(2000)]
