"""Strict JSON in, Go's JSON out."""

from __future__ import annotations

import enum
import math
from typing import Any

import pytest

from natsauth._json import JsonError, dumps, loads, to_bytes, type_name, without_surrogates

BAD = "\N{REPLACEMENT CHARACTER}"
DEPTH = 100_000


class Word(enum.StrEnum):
    """A string that is more than a string."""

    AND = "a&b"


class Count(enum.IntEnum):
    """An integer that is more than an integer."""

    TWO = 2


class Loud(float):
    """A float that shows itself in its own way, as those of numpy do."""

    def __repr__(self) -> str:
        return f"Loud({float(self)})"


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ("{}", {}),
        (b" \t\r\n[1, -2.5e3 ,null,true]\n", [1, -2500.0, None, True]),
        (b'{"a":{"a":1},"b":[{"a":2}]}', {"a": {"a": 1}, "b": [{"a": 2}]}),
        (b'"\\u00e9\\ud83d\\ude00\\/\\b"', "é😀/\b"),
        (b'"\x7f\xc3\xa9\xf0\x9f\x98\x80"', "\x7fé😀"),
        (b"9007199254740993", 2**53 + 1),
        (b"-0", 0),
        (b'{"":0," ":1}', {"": 0, " ": 1}),
    ],
)
def test_json_is_read(document: str | bytes, value: Any) -> None:
    assert loads(document) == value


@pytest.mark.parametrize(
    "document",
    [
        *("", " ", "{", "[1,]", '{"a":1,}', "{'a':1}", "[1 2]", '"a', "tru", "nul", "None", "a"),
        *("01", "1.", ".5", "+1", "0x1", "1e", "--1", "1_0", "٣", "{1:2}", '{"a"}', "[1]]", "{} x"),
        *("NaN", "[Infinity]", '{"a":-Infinity}', "// x\n1", "1 /* x */", "\xa01", "\u20281"),
        *('"\n"', '"\t"', '"\x00"', '"\\x41"', '"\\u12"', '"\\', "\x00", "{}\x00"),
        *(b"\xef\xbb\xbf{}", "\ufeff{}", '{}{"a":1}', "1,", b"\xff", b"\xfe\xff\x00{\x00}"),
    ],
)
def test_what_is_not_strict_json_is_refused(document: str | bytes) -> None:
    with pytest.raises(JsonError):
        loads(document)


@pytest.mark.parametrize(
    "document",
    ['{"a":1,"a":1}', '{"b":[{"x":{},"y":0,"x":{}}]}', '{"a":1,"\\u0061":2}', '{"":0,"":0}'],
)
def test_a_name_stands_once(document: str) -> None:
    with pytest.raises(JsonError, match=r"the name '\w?' stands twice in one object"):
        loads(document)


def test_names_that_differ_only_in_surrogates_are_one_name() -> None:
    with pytest.raises(JsonError, match="stands twice"):
        loads(b'{"a":{"\\ud800":1,"\\udc00":2}}')


def test_a_long_name_is_cut_in_the_error() -> None:
    name = "n" * 100_000
    with pytest.raises(JsonError) as caught:
        loads(f'{{"{name}":1,"{name}":2}}')
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (rb'"\ud800"', BAD),
        (rb'"a\udc00b"', f"a{BAD}b"),
        (rb'"\uD800\uD800\uDC00"', f"{BAD}\U00010000"),
        (rb'"\udc00\ud800"', BAD * 2),
        (rb'{"\ud83d":["\ud83d",1.5,null]}', {BAD: [BAD, 1.5, None]}),
        (b'"\xe9"', BAD),
        (b'"\xe2\x82"', BAD * 2),
        (b'"\xed\xa0\x80"', BAD * 3),
        (b'"\xc0\xaf\xf5\xff"', BAD * 4),
        (b'"\xf0\x9f\x98a"', BAD * 3 + "a"),
        ('"\ud800"', BAD),
    ],
)
def test_what_is_no_text_reads_as_one_replacement_a_byte(text: str | bytes, read: Any) -> None:
    assert loads(text) == read


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_deep_nesting_is_an_error_of_its_own(opening: bytes) -> None:
    with pytest.raises(JsonError, match="nested too deeply"):
        loads(opening * DEPTH)


@pytest.mark.parametrize("digits", ["9" * 5_000, "-" + "1" * 5_000, "[1" + "0" * 1_000_000 + "]"])
def test_too_many_digits_are_an_error_of_their_own(digits: str) -> None:
    with pytest.raises(JsonError, match="too many digits"):
        loads(digits)


def test_big_documents_are_read() -> None:
    million = 1_000_000
    assert len(loads("[" + "0," * million + "0]")) == million + 1
    assert loads(b'"' + b"\xff" * million + b'"') == BAD * million


@pytest.mark.parametrize("text", ["1e400", "-1e400", "[1e999]", '{"a":9.9e5000}'])
def test_a_number_beyond_a_float_is_refused_as_by_go(text: str) -> None:
    with pytest.raises(JsonError):
        loads(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (-(2**63), "-9223372036854775808"),
        ("", '""'),
        ('"\\/\b\f\n\r\t', r'"\"\\/\b\f\n\r\t"'),
        ("\x00\x1f\x7fé😀", '"\\u0000\\u001f\x7fé😀"'),
        ([], "[]"),
        ((1, (2,)), "[1,[2]]"),
        ({}, "{}"),
        ({"b": 1, "a": [{}]}, '{"b":1,"a":[{}]}'),
        (Word.AND, '"a&b"'),
        ({Word.AND: Word.AND}, '{"a&b":"a&b"}'),
        (Count.TWO, "2"),
        (Loud(1.5), "1.5"),
    ],
)
def test_values_are_written(value: Any, text: str) -> None:
    assert dumps(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        # The bounds are those of Go's encoding/json.
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-2.50, "-2.5"),
        (0.1, "0.1"),
        (1e-6, "0.000001"),
        (1.5e-6, "0.0000015"),
        (9.99e-7, "9.99e-7"),
        (1e-7, "1e-7"),
        (-1e-10, "-1e-10"),
        (5e-324, "5e-324"),
        (1e16, "10000000000000000"),
        (12345678901234567890.0, "12345678901234567000"),
        (999999999999999900000.0, "999999999999999900000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (-1.7976931348623157e308, "-1.7976931348623157e+308"),
    ],
)
def test_floats_are_written_as_by_go(value: float, text: str) -> None:
    assert dumps(value) == text


def test_names_are_sorted_on_demand_in_the_order_of_their_bytes() -> None:
    value = {"b": {"é": 1, "z": 2, "\U00010000": 3, "\uffff": 4}, "B": [{"y": 1, "x": 2}]}
    text = dumps(value, sort=True)
    assert text == '{"B":[{"x":2,"y":1}],"b":{"z":2,"é":1,"\uffff":4,"\U00010000":3}}'


@pytest.mark.parametrize(
    "value",
    [
        *(math.nan, math.inf, -math.inf, {"a": [math.nan]}, b"a", {1}, object(), 1j, range(2)),
        *(
            {1: 2},
            {None: 1},
            {b"a": 1},
            {("a",): 1},
            {"a": {1: 2, "b": 3}},
            10**5_000,
            [-(10**5_000)],
        ),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("sort", [False, True])
def test_what_is_no_json_is_not_written(value: Any, *, sort: bool) -> None:
    with pytest.raises(JsonError):
        dumps(value, sort=sort)


def test_what_contains_itself_is_not_written() -> None:
    endless: dict[str, Any] = {"a": []}
    endless["a"].append(endless)
    with pytest.raises(JsonError, match="nested too deeply"):
        dumps(endless)


def test_escaping_is_that_of_go() -> None:
    escaped = r'"\u003ca\u003e\u0026\u2028\u2029é' + '/\x7f"'
    assert to_bytes('"<a>&\u2028\u2029é/\x7f"') == escaped.encode()
    assert to_bytes('{"a":[1,true]}') == b'{"a":[1,true]}'


def test_lone_surrogates_leave_as_replacement_characters() -> None:
    assert without_surrogates("a\ud800é\U0001f600\udfff") == f"a{BAD}é\U0001f600{BAD}"
    assert to_bytes('"a\ud800é"') == f'"a{BAD}é"'.encode()
    assert to_bytes('"é"') == '"é"'.encode()
    with pytest.raises(JsonError, match="stands twice"):
        to_bytes('{"\ud800":1,"\udfff":2}')


def test_the_error_handler_is_for_decoding_alone() -> None:
    with pytest.raises(UnicodeEncodeError):
        "é".encode("ascii", "natsauth")


def test_types_have_the_names_of_json() -> None:
    values = ["", 0, 0.5, True, [], {}, None, (), b""]
    names = ["string", "integer", "number", "boolean", "list", "object", "null", "tuple", "bytes"]
    assert [type_name(value) for value in values] == names
