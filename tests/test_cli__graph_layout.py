"""Where accounts stand in a picture."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from natsauth.cli._graph import AccountBox, Graph, Standing, State
from natsauth.cli._graph_layout import GAP, Spot, Ways, layers, place
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


def columns() -> list[Spot]:
    """Return three columns, of which that in the middle has two cards."""
    return [Spot(0, 0, 100, 200), Spot(200, 0, 100, 80), Spot(200, 100, 100, 80),
            Spot(400, 0, 100, 200)]  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "through"), [(20, 20, -10), (85, 85, 90), (120, 90, 90), (190, 190, 190)]
)
def test_an_arrow_passes_a_column_between_its_cards(start: float, end: float, through: int) -> None:
    left, *_, right = columns()
    way = f"M100 {start:g}C150 {start:g} 150 {through} 200 {through}H300"
    if start == through:
        way = "M100 190H200H300"
    assert Ways(columns()).way(left, start, right, end).startswith(way)
    back = Ways(columns()).way(right, start, left, end)
    assert back.startswith(f"M400 {start:g}")
    assert "H200" in back
    assert back.endswith("H100" if end == through else f"150 {end:g} 100 {end:g}")


def test_arrows_in_one_gap_run_beside_each_other() -> None:
    ways = Ways(columns())
    left, *_, right = columns()
    found = [ways.way(left, 90, right, 90).partition("H")[0].split()[-1] for _ in range(6)]
    assert found == ["90", "94", "86", "98", "82", "90"]


def test_what_an_account_takes_from_itself_stays_beside_it() -> None:
    left, *_ = columns()
    assert Ways(columns()).way(left, 50, left, 90) == "M100 50C120 50 120 90 100 90"


def test_a_long_chain_is_no_matter() -> None:
    chain = graph((), *((index,) for index in range(1999)))
    assert layers(chain) == [[index] for index in range(2000)]
