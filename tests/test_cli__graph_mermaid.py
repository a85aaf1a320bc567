"""Pictures as Mermaid."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from natsauth.cli._graph import Graph, shown
from natsauth.cli._graph_mermaid import _COLOURS, mermaid
from natsauth.cli._graph_store import build
from tests._pictures import HOSTILE, SEED, hostile, many, sample

NOW = 1_795_000_000
DAY = 86_400
LABEL = r'"(?:[^\W_]|[ .:,/…·-]|#\d+;|<br/>)*"'
ID = r"[aoku][a-z2-7]{8}(?:_more)?"
CLASS = r"(?::::[a-z]+)?"
LINES = re.compile(
    "|".join(
        [
            "flowchart LR",
            "direction LR",
            "end",
            rf"subgraph {ID}\[{LABEL}\]",
            rf"{ID}\[{LABEL}\]{CLASS}",
            rf"{ID}\({LABEL}\){CLASS}",
            rf"{ID}\(\[{LABEL}\]\)",
            rf"{ID} (?:--|-\.-)[>x]\|{LABEL}\| {ID}",
            rf"class {ID} [a-z]+",
            "classDef [a-z]+ [a-z0-9:#, -]+",
            r"linkStyle \d+(?:,\d+)* stroke:#[0-9a-f]{6},stroke-width:2px",
        ]
    )
)


def lines(graph: Graph) -> list[str]:
    """Return the lines, each of which is of the grammar, with blocks that are closed."""
    text, _ = mermaid(graph)
    found = text.splitlines()
    assert [line for line in found if not LINES.fullmatch(line)] == []
    assert found.count("end") == sum(line.startswith("subgraph ") for line in found)
    ids = {match[1] for line in found if (match := re.match(rf"(?:subgraph )?({ID})[\[(]", line))}
    used = {i for line in found if "| " in line for i in re.findall(rf"^{ID}|{ID}$", line)}
    assert used <= ids
    return found


def read(line: str) -> str:
    """Return the label of a line as it is seen."""
    [label] = re.findall('"([^"]*)"', line)
    return unescape(re.sub(r"#(\d+);", r"&#\1;", label.replace("<br/>", "\n")))


def test_everything_is_in_the_picture() -> None:
    found = lines(build(sample(), (), NOW))
    labels = [read(line) for line in found if '"' in line]
    assert labels[0] == "operator o, never expires"
    assert {"SYS (system account)", "seller", "buyer", "alone\nno users"} <= {*labels}
    assert any(label.startswith("role clerk ") for label in labels)
    assert any(label.startswith("ann\n") for label in labels)
    assert "mallory\nrevoked" in labels
    assert any(label.endswith("\nnot in this store") for label in labels)
    assert "api.*\npublic service" in labels


def test_arrows_tell_what_is_private_and_broken() -> None:
    found = [line for line in lines(build(sample(), (), NOW)) if "| " in line]
    kinds = {read(line).partition("\n")[0]: line.split()[1].partition("|")[0] for line in found}
    assert kinds == {"api.*": "-->", "events.>": "-.->", "none": "--x", "far.>": "-->"}


def test_arrows_have_the_colours_of_the_legend() -> None:
    found = lines(build(sample(), (), NOW))
    subjects = [read(line).partition("\n")[0] for line in found if "| " in line]
    styles = [line.split() for line in found if line.startswith("linkStyle ")]
    colours = {
        subjects[int(number)]: style
        for _, numbers, style in styles
        for number in numbers.split(",")
    }
    service, stream, broken = (f"stroke:{colour},stroke-width:2px" for colour in _COLOURS.values())
    assert colours == {"api.*": service, "events.>": stream, "far.>": stream, "none": broken}


def test_a_private_arrow_stays_dashed_when_it_is_broken() -> None:
    found = lines(build(sample(), (), NOW + 3600 * DAY))
    [line] = [line for line in found if "| " in line and "events." in line]
    assert line.split()[1].startswith("-.-x|")


def test_hostile_names_are_text() -> None:
    found = lines(hostile())
    labels = "\n".join(read(line) for line in found if '"' in line)
    assert all(shown(name) in labels for name in HOSTILE)
    assert SEED not in labels


@pytest.mark.parametrize("number", [0, 5, 40, 41, 500])
def test_few_and_many(number: int) -> None:
    found = lines(many(number))
    arrows = sum("| " in line for line in found)
    assert arrows == number - (number + 4) // 5
    assert mermaid(many(number))[1] == ""


def test_of_many_those_that_share_nothing_are_counted() -> None:
    labels = [read(line) for line in lines(many(500)) if '"' in line]
    assert not any("without imports" in label for label in labels)
    accounts = (*many(500).accounts, *(replace(a, imports=()) for a in many(2).accounts))
    renamed = [replace(a, name=f"b{index}") for index, a in enumerate(accounts)]
    labels = [
        read(line) for line in lines(replace(many(500), accounts=tuple(renamed))) if '"' in line
    ]
    assert "and 2 accounts without imports and exports in use" in labels


def test_what_mermaid_does_not_draw_is_told() -> None:
    assert mermaid(many(700))[1] == "560 arrows, and its maxEdges is 500"
    graph = Graph("o" * 60_000, "O", many(0).standing, (), strict=False, accounts=())
    assert "characters, and its maxTextSize is 50,000" in mermaid(graph)[1]


def test_names_of_nodes_stay_when_others_come() -> None:
    few, more = lines(many(10)), lines(many(15))
    assert {line for line in few if not line.startswith("linkStyle ")} <= {*more}
