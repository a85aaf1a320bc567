"""What holds for JSON of every shape."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from natsauth._json import JsonError, dumps, loads, to_bytes, without_surrogates

BAD = "\N{REPLACEMENT CHARACTER}"

texts = st.text(st.characters(exclude_categories=["Cs"]))
any_texts = st.text(st.characters(exclude_categories=()))
floats = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | st.integers() | floats | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20
)
# Texts that are nearly JSON: pieces of it in any order.
pieces = st.lists(
    st.sampled_from(['{"a":', '"b"', "1", "-", "1e5", "[", "]", "{", "}", ",", ":", " ", "null"])
    | st.sampled_from(["\\ud800", "\\u00e9", '"', "\n", "\x00", "NaN", "true", "\ufeff", "//"])
).map("".join)


def kinds_of(value: Any) -> Any:
    """Return a value with its types, which ``==`` overlooks: 1, 1.0 and True."""
    if isinstance(value, dict):
        return {name: kinds_of(item) for name, item in value.items()}
    if isinstance(value, list):
        return [kinds_of(item) for item in value]
    return type(value), value


def same(read: Any, written: Any) -> bool:
    """Tell whether values are the same but for floats, which may be written without a point."""
    if isinstance(written, dict):
        return read.keys() == written.keys() and all(same(read[k], written[k]) for k in written)
    if isinstance(written, list):
        return len(read) == len(written) and all(map(same, read, written))
    if isinstance(written, float):
        return float(read) == written
    return type(read) is type(written) and bool(read == written)


@given(values, st.booleans())
def test_what_is_written_is_read(value: Any, sort: bool) -> None:  # noqa: FBT001
    text = to_bytes(dumps(value, sort=sort)).decode()
    for read in (loads(text), loads(text.encode()), json.loads(text)):
        assert same(read, value)
    assert not re.search("[<>&\u2028\u2029\x00-\x1f]", text)


@given(values)
def test_reading_is_that_of_the_standard_library_where_both_read(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        assert kinds_of(loads(text)) == kinds_of(json.loads(text))
        assert kinds_of(loads(text.encode())) == kinds_of(json.loads(text))


@given(pieces | any_texts)
def test_every_text_is_a_value_or_an_error_and_no_looser_than_the_standard(text: str) -> None:
    with suppress(JsonError):
        assert without_surrogates(json.dumps(loads(text))) is not None
        assert kinds_of(loads(text)) == kinds_of(loads(json.dumps(json.loads(text))))


@given(st.binary() | any_texts.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_every_byte_that_is_no_utf_8_is_one_replacement_character(data: bytes) -> None:
    assert data.decode("utf-8", "natsauth") == as_go_decodes(data)


def as_go_decodes(data: bytes) -> str:
    """Decode one character at a time, as Go's utf8.DecodeRune does."""
    text = ""
    while data:
        for size in range(1, 5):
            with suppress(UnicodeDecodeError):
                text += data[:size].decode()
                data = data[size:]
                break
        else:
            text, data = text + BAD, data[1:]
    return text


@given(any_texts)
def test_surrogates_alone_are_replaced(text: str) -> None:
    replaced = without_surrogates(text)
    assert replaced.encode().decode() == replaced == without_surrogates(replaced)
    assert loads(to_bytes(dumps(text))) == replaced
    kept = text.replace(BAD, "").encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    assert replaced.replace(BAD, "") == kept


@given(floats)
def test_a_float_is_written_in_the_shortest_form_that_reads_back(number: float) -> None:
    text = dumps(number)
    assert float(text) == number
    digits = re.sub(r"e.*|[-.]", "", text).strip("0")
    assert len(digits) <= len(re.sub(r"e.*|[-.]", "", repr(number)).strip("0"))
    assert ("e" in text) == (number != 0 and not 1e-6 <= abs(number) < 1e21)
