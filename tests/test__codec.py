"""Readers and writers: each reports every problem with its path, and goes on."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth._codec import (
    Path,
    Problems,
    Reader,
    Writer,
    list_reader,
    list_writer,
    mapping_reader,
    mapping_writer,
    mismatch,
    null_or,
    or_null,
    or_zero,
    read_extra,
    read_int64,
    read_strings,
    render,
    write_extra,
    write_strings,
)

TOP: Path = ()
KNOWN = frozenset({"sub", "kind", "pass"})
HUGE = 10**5_000


def reading(read: Reader, value: Any) -> tuple[Any, list[str]]:
    problems: Problems = []
    return read(value, TOP, problems), [str(problem) for problem in problems]


def writing(write: Writer, value: Any) -> tuple[str, list[str]]:
    problems: Problems = []
    return write(value, TOP, problems), [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), "$"),
        (((), "nats"), "$.nats"),
        (((((), "nats"), "pub"), "allow"), "$.nats.pub.allow"),
        ((((), "exports"), 12), "$.exports[12]"),
        ((((), "mappings"), "a.b"), "$.mappings['a.b']"),
        ((((), ""), "ok_1"), "$[''].ok_1"),
        (((), "\ud800\n"), "$['\\ud800\\n']"),
        (((), "x." * 100_000), f"$[{'x.' * 40!r}]"),
    ],
)
def test_a_path_is_shown(path: Path, text: str) -> None:
    assert render(path) == text


def test_a_long_name_is_cut_in_a_path() -> None:
    assert len(render(((), "x" * 100_000))) < 200


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        ("secret", "string"),
        (b"secret", "bytes"),
        (["secret"], "list"),
        ({"secret": 1}, "object"),
        (5, "integer 5"),
        (True, "boolean True"),
        (-1.5, "number -1.5"),
        (2**80 - 1, f"integer {2**80 - 1}"),
        (float("nan"), "number"),
        (float("inf"), "number"),
    ],
    ids=repr,
)
def test_a_mismatch_shows_numbers_but_no_text(value: Any, shown: str) -> None:
    problems: Problems = []
    assert mismatch(((), "x"), "object", value, problems) == "null"
    assert [str(problem) for problem in problems] == [f"$.x: expected object, got {shown}"]


@pytest.mark.parametrize("huge", [HUGE, -HUGE], ids=["positive", "negative"])
def test_a_number_of_thousands_of_digits_is_not_shown(huge: int) -> None:
    problems: Problems = []
    mismatch((), "integer", huge, problems)
    assert [str(problem) for problem in problems] == ["$: expected integer, got integer"]


@pytest.mark.parametrize("value", [-(2**63), -1, 0, 2**63 - 1])
def test_64_bits_hold_an_integer(value: int) -> None:
    assert reading(read_int64, value) == (value, [])


@pytest.mark.parametrize("value", [-(2**63) - 1, 2**63, True, 1.0, "1", None, [1]])
def test_what_64_bits_do_not_hold_is_a_problem(value: Any) -> None:
    read, problems = reading(read_int64, value)
    assert read == 0
    assert [problem.startswith("$: expected integer, got ") for problem in problems] == [True]


def test_strings_are_read() -> None:
    assert reading(read_strings, ["a", None, ""]) == (["a", "", ""], [])
    assert reading(read_strings, []) == ([], [])
    assert reading(read_strings, "a") == (None, ["$: expected list, got string"])
    assert reading(read_strings, {}) == (None, ["$: expected list, got object"])
    assert reading(read_strings, [1, "a", ["b"]])[1] == [
        "$[0]: expected string, got integer 1",
        "$[2]: expected string, got list",
    ]


def test_strings_are_written() -> None:
    assert writing(write_strings, ["a", '"']) == ('["a","\\""]', [])
    assert writing(write_strings, ("a",)) == ('["a"]', [])
    assert writing(write_strings, []) == ("[]", [])
    for wrong in ("ab", b"ab", {"a": 1}, {"a"}, 5, iter("ab")):
        assert len(writing(write_strings, wrong)[1]) == 1
    assert writing(write_strings, ["a", None, 5, b"x"])[1] == [
        "$[1]: expected string, got null",
        "$[2]: expected string, got integer 5",
        "$[3]: expected string, got bytes",
    ]


def test_lists_read_and_write_each_item() -> None:
    assert reading(list_reader(read_int64), [1, "2", 3, None]) == (
        [1, 0, 3, 0],
        ["$[1]: expected integer, got string", "$[3]: expected integer, got null"],
    )
    assert reading(list_reader(read_int64), {}) == (None, ["$: expected list, got object"])
    assert writing(list_writer(write_strings), [["a"], ("b", "c"), []]) == (
        '[["a"],["b","c"],[]]',
        [],
    )
    assert writing(list_writer(write_strings), [["a"], 5])[1] == [
        "$[1]: expected list of strings, got integer 5"
    ]
    assert writing(list_writer(write_strings), "ab") == ("null", ["$: expected list, got string"])


def test_null_stays_null_or_becomes_a_zero() -> None:
    assert reading(or_null(read_int64), None) == (None, [])
    assert reading(or_null(read_int64), 5) == (5, [])
    assert reading(or_zero(read_int64, 7), None) == (7, [])
    assert reading(or_zero(read_int64, 7), 5) == (5, [])
    assert writing(null_or(write_strings), None) == ("null", [])
    assert writing(null_or(write_strings), []) == ("[]", [])


def test_mappings_read_each_value() -> None:
    assert reading(mapping_reader(read_int64), {"b": 1, "a": "x"}) == (
        {"b": 1, "a": 0},
        ["$.a: expected integer, got string"],
    )
    assert reading(mapping_reader(read_int64), []) == (None, ["$: expected object, got list"])


def test_mappings_are_written_in_the_order_of_their_names() -> None:
    write = mapping_writer(write_strings)
    assert writing(write, {"b": [], "B": ["x"], "é": [], '"': []}) == (
        '{"\\"":[],"B":["x"],"b":[],"é":[]}',
        [],
    )
    assert writing(write, {}) == ("{}", [])
    assert writing(write, {"a.b": 5})[1] == ["$['a.b']: expected list of strings, got integer 5"]
    assert writing(write, [("a", [])])[1] == ["$: expected object, got list"]


@pytest.mark.parametrize(
    "name", [5, None, b"a", ("a",), HUGE], ids=lambda name: type(name).__name__
)
def test_a_name_that_is_no_string_is_a_problem(name: Any) -> None:
    for names in ([name], ["a", name]):
        _, problems = writing(mapping_writer(write_strings), {each: [] for each in names})
        assert len(problems) == 1
        assert problems[0].startswith("$: expected object with strings as names, got ")


def test_unknown_members_are_kept() -> None:
    problems: Problems = []
    document = {"sub": 1, "x": {"y": None}, "subs": 2}
    assert read_extra(document, KNOWN, TOP, problems) == {"x": {"y": None}, "subs": 2}
    assert problems == []


# Go folds by Unicode: the long s is an s, the Kelvin sign a k.
FOLDED = ("SUB", "Sub", "\u017fub", "\N{KELVIN SIGN}ind", "PAß")


@pytest.mark.parametrize("name", FOLDED)
def test_a_known_name_in_other_letter_case_is_a_problem(name: str) -> None:
    problems: Problems = []
    read_extra({name: 1, "x": 2}, KNOWN, ((), "nats"), problems)
    assert [problem.message for problem in problems] == [
        f"the name is written {name.casefold()!r}, in that letter case"
    ]


@pytest.mark.parametrize("name", ["sub", *FOLDED])
def test_a_known_name_is_not_written_twice(name: str) -> None:
    problems: Problems = []
    assert write_extra({name: 1, "x": 2}, KNOWN, TOP, problems) == ',"x":2'
    assert len(problems) == 1
    assert problems[0].path == "$"
    assert "extra holds a name that is a member of its own" in problems[0].message


def test_unknown_members_are_written_as_they_came() -> None:
    problems: Problems = []
    extra = {"b": [1.5, None], "a": {"z": True, "y": "\n"}}
    assert write_extra(extra, KNOWN, TOP, problems) == ',"b":[1.5,null],"a":{"z":true,"y":"\\n"}'
    assert problems == []


@pytest.mark.parametrize("extra", [5, "x", ["x"], [("x", 1)], {"x"}])
def test_extra_is_a_dict(extra: Any) -> None:
    problems: Problems = []
    write_extra(extra, KNOWN, TOP, problems)
    assert [problem.path for problem in problems] == ["$.extra"]


@pytest.mark.parametrize(
    "name", [5, None, b"x", ("x",), HUGE], ids=lambda name: type(name).__name__
)
def test_a_member_has_a_string_as_name(name: Any) -> None:
    problems: Problems = []
    assert write_extra({name: 1, "x": 2}, KNOWN, TOP, problems) == ',"x":2'
    assert [problem.path for problem in problems] == ["$"]


@pytest.mark.parametrize(
    "value",
    [{1: 2}, float("nan"), object(), b"x", HUGE],
    ids=lambda value: type(value).__name__,
)
def test_a_member_that_is_no_json_is_named(value: Any) -> None:
    problems: Problems = []
    assert write_extra({"a": 1, "b": [value], "c": 3}, KNOWN, TOP, problems) == ',"a":1,"c":3'
    assert [problem.path for problem in problems] == ["$.b"]
