"""Boxes of ASCII: their layout, and text that no terminal obeys."""

from __future__ import annotations

import pytest

from natsauth.cli._tables import Table, harmless


def test_a_table_with_headers() -> None:
    table = Table("Numbers", "Name", "N")
    table.row("one", 1)
    table.row("thirteen", 13)
    assert table.render() == (
        "+---------------+\n"
        "|    Numbers    |\n"
        "+----------+----+\n"
        "| Name     | N  |\n"
        "+----------+----+\n"
        "| one      | 1  |\n"
        "| thirteen | 13 |\n"
        "+----------+----+\n"
    )


def test_a_table_without_headers_and_with_a_rule() -> None:
    table = Table("T")
    table.row("Name", "x")
    table.rule()
    table.column("Tags", ["a:1", "b:2"])
    table.column("None", [])
    table.column("Neither", None)
    table.row("Flag", True)  # noqa: FBT003 - what is shown
    assert table.render() == (
        "+-------------+\n"
        "|      T      |\n"
        "+------+------+\n"
        "| Name | x    |\n"
        "+------+------+\n"
        "| Tags | a:1  |\n"
        "|      | b:2  |\n"
        "| Flag | True |\n"
        "+------+------+\n"
    )


def test_a_wide_title_widens_the_last_column() -> None:
    table = Table("A title that is wide", "A", "B")
    table.row("1", "2")
    assert table.render().splitlines() == [
        "+----------------------+",
        "| A title that is wide |",
        "+---+------------------+",
        "| A | B                |",
        "+---+------------------+",
        "| 1 | 2                |",
        "+---+------------------+",
    ]


def test_of_an_odd_rest_the_larger_half_is_right() -> None:
    table = Table("ab", "abcde")
    assert table.render().splitlines()[1] == "|  ab   |"


def test_a_table_of_a_title_alone() -> None:
    assert Table("No rows").render().splitlines() == [
        "+---------+",
        "| No rows |",
        "+---------+",
        "+---------+",
    ]


def test_a_short_row_is_filled_up() -> None:
    table = Table("T", "A", "B")
    table.row("none")
    assert "| none |   |" in table.render()


def test_wide_characters_take_two_columns_and_marks_none() -> None:
    table = Table("T", "Name")
    table.row("名前")
    table.row("e\u0301te")  # an accent of its own
    table.row("abcd")
    rows = table.render().splitlines()[5:-1]
    assert rows == ["| 名前 |", "| e\u0301te  |", "| abcd |"]


def test_rows_stand_out_only_where_that_is_asked_for() -> None:
    table = Table("T", "Name")
    table.row("me", bold=True)
    table.row("other")
    assert "\x1b" not in table.render()
    rows = table.render(bold=True).splitlines()[5:-1]
    assert rows == ["| \x1b[1mme\x1b[0m    |", "| other |"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ünïcödé 名", "plain ünïcödé 名"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\nb\tc\0", r"a\nb\tc\x00"),
        ("\x9b31m\x7f", r"\x9b31m\x7f"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\U000e0001", r"\U000e0001"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(text: str, shown: str) -> None:
    assert harmless(text) == shown
    table = Table(text)
    table.row(text)
    assert table.render().count(shown) == 2
    assert table.render().replace("\n", "").isprintable()
