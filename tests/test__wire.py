"""Dataclasses to and from JSON: each kind of member, its zero, and when it is written."""

from __future__ import annotations

import enum
from typing import Any

import pytest

from natsauth._codec import list_reader, list_writer, null_or, or_null, read_strings, write_strings
from natsauth._wire import (
    UINT8,
    UINT64,
    WireObject,
    choice,
    custom,
    flag,
    integer,
    mapping,
    nested,
    objects,
    optional,
    read_document,
    strings,
    text,
    wire,
    write_document,
)
from natsauth.errors import ClaimsError


@wire
class Point(WireObject):
    """A small object."""

    x: int = integer(keep=True)
    label: str = text()


@wire
class Everything(WireObject):
    """A member of each kind."""

    word: str = text("new")
    kept: str = text(keep=True)
    hidden: str = text(secret=True)
    class_: str = text(name="class")
    number: int = integer(-1)
    byte: int = integer(within=UINT8)
    big: int = integer(within=UINT64)
    on: bool = flag(default=True)
    side: str = choice("left", "right")
    words: list[str] | None = strings()
    inner: Point = nested(Point)
    perhaps: Point | None = optional(Point)
    points: list[Point] | None = objects(Point)
    holes: list[Point | None] | None = objects(Point, nullable=True)
    table: dict[str, list[str]] | None = mapping(read_strings, write_strings)
    chains: list[list[str] | None] | None = custom(
        list_reader(or_null(read_strings)), list_writer(null_or(write_strings))
    )
    always: list[str] = custom(read_strings, write_strings, missing=[])


class Word(enum.StrEnum):
    """A subclass of str, as users have them."""

    LEFT = "left"


class Number(enum.IntEnum):
    """A subclass of int."""

    ONE = 1


FULL: dict[str, Any] = {
    "word": "w",
    "kept": "k",
    "hidden": "h",
    "class": "c",
    "number": 1,
    "byte": 255,
    "big": 2**64 - 1,
    "on": True,
    "side": "left",
    "words": ["a"],
    "inner": {"x": 1, "label": "l"},
    "perhaps": {"x": 2},
    "points": [{"x": 3}],
    "holes": [None, {"x": 4}],
    "table": {"t": ["u"]},
    "chains": [["v"], None, []],
    "always": ["z"],
}
ZERO = '{"kept":"","inner":{"x":0}}'


def problems_of(document: Any) -> list[str]:
    with pytest.raises(ClaimsError) as caught:
        read_document(Everything, document)
    return [str(problem) for problem in caught.value.problems]


def problems_with(**members: Any) -> list[str]:
    value = Everything()
    for name, member in members.items():
        setattr(value, name, member)
    with pytest.raises(ClaimsError) as caught:
        write_document(value)
    return [str(problem) for problem in caught.value.problems]


def test_everything_is_read_and_written_in_order() -> None:
    from natsauth._json import dumps

    value = read_document(Everything, FULL)
    assert (value.class_, value.big, value.inner.label) == ("c", 2**64 - 1, "l")
    assert value.holes == [None, Point(x=4)]
    assert write_document(value) == dumps(FULL)


def test_a_missing_member_and_null_read_as_the_zero_of_go() -> None:
    names = [name for name in FULL if name != "side"]
    for missing in ([], names):
        document = dict.fromkeys(missing)
        value = read_document(Everything, document)
        assert (value.word, value.kept, value.number, value.on) == ("", "", 0, False)
        assert (value.words, value.perhaps, value.points, value.table) == (None, None, None, None)
        assert (value.inner, value.always, value.extra) == (Point(), [], {})
        assert write_document(value) == ZERO


def test_objects_read_null_as_an_empty_one_where_go_has_no_pointer() -> None:
    value = read_document(Everything, {"points": [None], "holes": [None]})
    assert (value.points, value.holes) == ([Point()], [None])


def test_a_new_object_has_defaults_of_its_own() -> None:
    first, second = Everything(), Everything()
    assert (first.word, first.number, first.on, first.words) == ("new", -1, True, None)
    first.always.append("a")
    first.inner.x = 5
    first.extra["a"] = 1
    assert (second.always, second.inner.x, second.extra) == ([], 0, {})


def test_empty_lists_and_mappings_are_not_written_but_empty_objects_are() -> None:
    value = read_document(Everything, {"words": [], "table": {}, "points": [], "perhaps": {}})
    assert (value.words, value.table, value.points) == ([], {}, [])
    assert write_document(value) == '{"kept":"","inner":{"x":0},"perhaps":{"x":0}}'


def test_every_problem_is_named_with_its_path() -> None:
    wrong = dict.fromkeys(FULL, 1.5) | {"kept": 5, "points": [{"x": "1"}, 7], "inner": [], "on": 1}
    assert problems_of(wrong) == [
        "$.word: expected string, got number 1.5",
        "$.kept: expected string, got integer 5",
        "$.hidden: expected string, got number 1.5",
        "$.class: expected string, got number 1.5",
        "$.number: expected integer, got number 1.5",
        "$.byte: expected integer from 0 to 255, got number 1.5",
        f"$.big: expected integer from 0 to {2**64 - 1}, got number 1.5",
        "$.on: expected boolean, got integer 1",
        "$.side: expected 'left' or 'right', got number 1.5",
        "$.words: expected list, got number 1.5",
        "$.inner: expected object, got list",
        "$.perhaps: expected object, got number 1.5",
        "$.points[0].x: expected integer, got string",
        "$.points[1]: expected object, got integer 7",
        "$.holes: expected list, got number 1.5",
        "$.table: expected object, got number 1.5",
        "$.chains: expected list, got number 1.5",
        "$.always: expected list, got number 1.5",
    ]


@pytest.mark.parametrize("document", [None, [], "x", 5, True])
def test_a_document_is_an_object(document: Any) -> None:
    assert problems_of(document)[0].startswith("$: expected object, got ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("number", value) for value in (2**63, -(2**63) - 1, True, "1", 1.0)),
        *(("byte", value) for value in (-1, 256, False)),
        *(("big", value) for value in (-1, 2**64)),
        *(("on", value) for value in (0, 1, "true", "")),
        *(("side", value) for value in (None, "Left", "", "left ", 1)),
        *(("word", value) for value in (0, False, ["w"], {"w": 0})),
    ],
)
def test_types_and_bounds_are_strict(name: str, value: Any) -> None:
    assert [problem.partition(":")[0] for problem in problems_of({name: value})] == [f"$.{name}"]


def test_a_name_in_other_letter_case_is_refused_wherever_it_stands() -> None:
    assert problems_of({"Word": 1, "inner": {"X": 1}, "perhaps": {"LABEL": "x", "y": 1}}) == [
        "$.inner.X: the name is written 'x', in that letter case",
        "$.perhaps.LABEL: the name is written 'label', in that letter case",
        "$.Word: the name is written 'word', in that letter case",
    ]


def test_unknown_members_survive_in_their_own_object() -> None:
    value = read_document(Everything, {"z": 1, "inner": {"b": [None], "a": {}}, "side": "left"})
    assert (value.extra, value.inner.extra) == ({"z": 1}, {"b": [None], "a": {}})
    assert write_document(value) == (
        '{"kept":"","side":"left","inner":{"x":0,"b":[null],"a":{}},"z":1}'
    )


def test_the_wire_name_is_the_known_one_not_the_attribute() -> None:
    value = read_document(Everything, {"class_": 5})
    assert (value.class_, value.extra) == ("", {"class_": 5})
    assert problems_with(extra={"class": 1})[0].startswith("$: extra holds a name")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("word", 5, "expected string, got integer 5"),
        ("word", None, "expected string, got null"),
        ("word", b"x", "expected string, got bytes"),
        ("kept", 0, "expected string, got integer 0"),
        ("number", True, "expected integer, got boolean True"),
        ("number", Number.ONE, "expected integer, got Number 1"),
        ("number", 2**63, f"expected integer, got integer {2**63}"),
        ("number", 1.0, "expected integer, got number 1.0"),
        ("number", "", "expected integer, got string"),
        ("byte", 256, "expected integer from 0 to 255, got integer 256"),
        ("on", 1, "expected boolean, got integer 1"),
        ("on", None, "expected boolean, got null"),
        ("side", "up", "expected 'left' or 'right', got string"),
        ("side", None, "expected 'left' or 'right', got null"),
        ("words", "ab", "expected list of strings, got string"),
        ("words", 0, "expected list of strings, got integer 0"),
        ("inner", None, "expected Point, got null"),
        ("inner", {"x": 1}, "expected Point, got object"),
        ("inner", Everything(), "expected Point, got Everything"),
        ("inner", Point, "expected Point, got type"),
        ("perhaps", {}, "expected Point, got object"),
        ("perhaps", 0, "expected Point, got integer 0"),
        ("points", Point(), "expected list, got Point"),
        ("table", [], "expected object, got list"),
        ("table", {5: []}, "expected object with strings as names, got integer 5"),
        ("always", 5, "expected list of strings, got integer 5"),
    ],
)  # fmt: skip
def test_a_draft_of_wrong_types_is_not_written(name: str, value: Any, expected: str) -> None:
    assert problems_with(**{name: value}) == [f"$.{name}: {expected}"]


def test_every_problem_of_a_draft_is_named() -> None:
    point: Any = Point(label="l")
    point.x, point.label = "1", 5
    assert problems_with(
        number="1", inner=point, points=[Point(), None], extra={"a": object()}
    ) == [
        "$.number: expected integer, got string",
        "$.inner.x: expected integer, got string",
        "$.inner.label: expected string, got integer 5",
        "$.points[1]: expected Point, got null",
        "$.a: object is no JSON type",
    ]


def test_subclasses_of_str_and_tuples_are_written() -> None:
    tuples: Any = {"words": (Word.LEFT,), "points": (Point(),)}
    value = Everything(word=Word.LEFT, side=Word.LEFT, on=False, number=0, **tuples)
    assert write_document(value) == (
        '{"word":"left","kept":"","side":"left","words":["left"],"inner":{"x":0},"points":[{"x":0}]}'
    )


def test_what_go_escapes_is_escaped_everywhere() -> None:
    value = Point(label="<&>", extra={"<": "\u2028"})
    assert write_document(value) == r'{"x":0,"label":"\u003c\u0026\u003e","\u003c":"\u2028"}'


def test_an_object_shows_what_is_set_but_no_secret() -> None:
    value = read_document(Everything, {"hidden": "h1dden", "word": "w", "perhaps": {}, "words": []})
    assert (
        repr(value) == "Everything(word='w', words=[], inner=Point(), perhaps=Point(), always=[])"
    )
    assert repr(Point(extra={"a": 1})) == "Point(extra={'a': 1})"


def test_objects_are_equal_field_by_field() -> None:
    assert read_document(Everything, FULL) == read_document(Everything, FULL)
    assert Point(x=1) != Point(x=2)
    assert Point(extra={"a": 1}) != Point()
    assert Point() != Everything()
    assert Point() != "Point()"


def test_a_draft_is_not_hashable_and_takes_no_unknown_attribute() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Point())
    draft: Any = Point()
    with pytest.raises(AttributeError):
        draft.y = 1
