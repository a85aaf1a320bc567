"""Pictures as SVG."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from natsauth.cli._graph import AccountBox, KeyBox, Standing, State, UserBox, shown
from natsauth.cli._graph_store import build
from natsauth.cli._graph_svg import svg
from tests._pictures import HOSTILE, SEED, hostile, many, points, sample, tangled

if TYPE_CHECKING:
    from natsauth.cli._graph import Graph

SVG = "{http://www.w3.org/2000/svg}"
NOW = 1_795_000_000


def parsed(graph: Graph) -> ET.Element:
    return ET.fromstring(svg(graph))  # noqa: S314 - our own


def boxes(root: ET.Element) -> list[tuple[float, float, float, float]]:
    return [
        (x, y, x + width, y + height)
        for rect in root.iter(f"{SVG}rect")
        if rect.get("class") == "card"
        for x, y, width, height in [[float(rect.attrib[n]) for n in ("x", "y", "width", "height")]]
    ]


def texts(root: ET.Element) -> str:
    return "\n".join(root.itertext())


def drawn() -> Graph:
    return build(sample(), (), NOW)


def test_everything_is_in_the_picture() -> None:
    text = texts(parsed(drawn()))
    for name in ("Operator o", "SYS", "SYSTEM", "seller", "buyer", "alone", "not in this store"):
        assert name in text
    for name in ("clerk", "identity key", "signing key", "ann", "bob", "eve", "mallory"):
        assert name in text
    for name in ("api.* as s.$1", "events.>", "private", "broken", "revoked", "never expires"):
        assert name in text
    assert "seller → buyer: public service api.* as s.$1" in text
    assert "seller → buyer: public stream none: the account exports nothing like it" in text


def test_an_arrow_for_each_import_in_its_colour() -> None:
    root = parsed(drawn())
    arrows = [
        e.get("class") for g in root.iter(f"{SVG}g") if g.get("class") == "link" for e in g[1:]
    ]
    assert sorted(filter(None, arrows)) == [
        "arrow broken", "arrow service", "arrow stream", "arrow stream private",
    ]  # fmt: skip


@pytest.mark.parametrize("number", [5, 40, 41, 500])
def test_cards_are_inside_and_do_not_overlap(number: int) -> None:
    root = parsed(many(number))
    found = boxes(root)
    assert len(found) == number
    right, bottom = float(root.attrib["width"]), float(root.attrib["height"])
    assert all(0 < x1 < x2 < right and 0 < y1 < y2 < bottom for x1, y1, x2, y2 in found)
    for (a1, b1, a2, b2), (c1, d1, c2, d2) in combinations(found, 2):
        assert a2 < c1 or c2 < a1 or b2 < d1 or d2 < b1


@pytest.mark.parametrize("number", [6, 40, 41, 200])
def test_no_arrow_leads_behind_a_card(number: int) -> None:
    root = parsed(tangled(number))
    found = boxes(root)
    ways = [
        path.attrib["d"]
        for path in root.iter(f"{SVG}path")
        if "arrow" in path.attrib["class"] and "marker-end" in path.attrib
    ]
    assert len(ways) > number
    right, bottom = float(root.attrib["width"]), float(root.attrib["height"])
    for x, y in (point for way in ways for point in points(way)):
        assert 0 < x < right
        assert 64 < y < bottom - 24
        assert not any(x1 < x < x2 and y1 < y < y2 for x1, y1, x2, y2 in found)


@pytest.mark.parametrize("number", [1, 5, 40, 41, 500])
def test_the_legend_is_inside(number: int) -> None:
    root = parsed(many(number))
    signs = [e for e in root.findall(f"{SVG}text") if e.get("class") == "soft small"][1:]
    said = [sign.text or "" for sign in signs]
    assert {"expires later", "service", "stream", "private", "broken"} <= {*said}
    right, bottom = float(root.attrib["width"]), float(root.attrib["height"])
    for sign, words in zip(signs, said, strict=True):
        assert float(sign.attrib["x"]) + 7 * len(words) < right
        assert max(box[3] for box in boxes(root)) + 20 < float(sign.attrib["y"]) < bottom - 20


def test_an_account_with_nothing_in_it_is_no_blank_card() -> None:
    empty = tuple(AccountBox(f"a{index}", "A", Standing(State.NEVER)) for index in range(41))
    for accounts in (empty[:1], empty):
        text = texts(parsed(replace(many(0), accounts=accounts)))
        assert text.count("\nno users") == len(accounts)


def test_text_stays_in_its_card() -> None:
    root = parsed(hostile())
    for group in root.iter(f"{SVG}g"):
        if not (group.get("class") or "").startswith("account"):
            continue
        [card] = [e for e in group if e.get("class") == "card"]
        left, right = float(card.attrib["x"]), float(card.attrib["x"]) + float(card.attrib["width"])
        for text in group.iter(f"{SVG}text"):
            assert left < float(text.attrib["x"]) < right


def test_many_are_counted() -> None:
    text = texts(parsed(many(500)))
    assert "account499" in text
    assert "1 user · 1 key · 1 import" in text
    assert "EXPORTS" not in text
    assert len(svg(many(500))) < 500_000


def test_hostile_names_are_text() -> None:
    text = svg(hostile())
    assert SEED not in text
    assert "<script" not in text
    assert "<img" not in text
    assert "\u202e" not in text
    said = texts(parsed(hostile()))
    assert all(shown(name) in said for name in HOSTILE)


def test_the_same_store_gives_the_same_bytes() -> None:
    operator = sample()
    assert svg(build(operator, (), NOW)) == svg(build(operator, (), NOW))


def test_it_loads_nothing_and_knows_the_dark() -> None:
    text = svg(drawn()).replace("http://www.w3.org/2000/svg", "")
    assert "http" not in text
    assert "href" not in text
    assert "prefers-color-scheme:dark" in text


def test_a_long_list_is_folded() -> None:
    users = tuple(
        UserBox(f"user{index:02}", "U", Standing(State.EXPIRED if index > 27 else State.FINE, 1))
        for index in range(30)
    )
    key = KeyBox("A", "role", "team", users)
    account = AccountBox("a", "A", Standing(State.NEVER), keys=(key,))
    text = texts(parsed(replace(many(0), accounts=(account,))))
    assert "user08" in text
    assert "user09" not in text
    assert "and 21 more" in text
    assert "2 of no use" in text
