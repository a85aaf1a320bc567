"""Properties of the command line: any text is a value or a clear refusal, and moves no cursor."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from natsauth.claims import TimeRange
from natsauth.cli import _values
from natsauth.cli._keys import key
from natsauth.cli._output import json_text
from natsauth.cli._tables import Table, harmless
from natsauth.cli._tokens import field, field_text, token_in
from natsauth.cli.main import commands
from natsauth.errors import MalformedTokenError, NatsAuthError

if TYPE_CHECKING:
    from collections.abc import Callable

ANY = st.text(st.characters(), max_size=60)
LIKELY = st.text("0123456789-+:.TZkmgibshdwMy, UTC%/ae", max_size=30)
TEXT = ANY | LIKELY
INT64 = range(-(1 << 63), 1 << 63)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def good(value: object) -> bool:
    if isinstance(value, timedelta):
        return timedelta(0) <= value and value // timedelta(microseconds=1) * 1_000 in INT64
    if isinstance(value, int):
        return value >= -1 and value in INT64
    return isinstance(value, str | TimeRange)


def outcome(read: Callable[[str], Any], text: str) -> tuple[Any, str]:
    """Return the value of a text, or how it is refused."""
    try:
        return read(text), ""
    except click.BadParameter as error:
        return None, error.message


@pytest.mark.parametrize(
    "read",
    [
        _values.when,
        _values.at,
        _values.duration,
        _values.size,
        _values.percent,
        _values.sampling,
        _values.network,
        _values.times,
    ],
)
@given(text=TEXT)
def test_any_text_is_a_value_or_refused(read: Callable[[str], Any], text: str) -> None:
    value, refusal = outcome(read, text)
    if refusal:
        assert refusal.startswith("expected ")
        assert len(refusal) < 240
    else:
        assert good(value)


@example(text="~\0", roles=[], word=False)
@given(text=TEXT, roles=st.lists(st.sampled_from(["account", "user"])), word=st.booleans())
def test_any_text_is_a_key_or_refused(text: str, roles: list[str], word: bool) -> None:  # noqa: FBT001 - a case
    value, refusal = outcome(key(*roles, word="role" if word else ""), text)
    assert refusal or (word and value == text)


@given(seconds=st.integers(1, 200_000_000))
def test_minutes_and_seconds_are_durations(seconds: int) -> None:
    assert _values.duration(f"{seconds // 60}m{seconds % 60}s") == timedelta(seconds=seconds)


@given(number=st.integers(0, (1 << 63) - 1))
def test_a_plain_number_is_a_size(number: int) -> None:
    assert _values.size(str(number)) == number


@given(title=ANY, rows=st.lists(st.lists(ANY, min_size=1, max_size=4)))
def test_a_table_is_a_box_of_printable_lines(title: str, rows: list[list[str]]) -> None:
    table = Table(title)
    for row in rows:
        table.row(*row)
    lines = table.render().splitlines()
    assert len(lines) == len(rows) + 4
    assert all(line.isprintable() and line[0] == line[-1] and line[0] in "+|" for line in lines)
    if all(line.isascii() for line in lines):
        assert len({len(line) for line in lines}) == 1


@given(text=ANY)
def test_harmless_text_is_printable_and_stays_so(text: str) -> None:
    assert harmless(text).isprintable()
    assert harmless(harmless(text)) == harmless(text)


@given(value=JSON)
def test_json_stays_the_same_value(value: Any) -> None:
    text = json_text(value)
    assert json.loads(text) == value
    assert all(line.isprintable() for line in text.split("\n"))


@given(text=ANY)
def test_any_text_holds_a_token_or_none(text: str) -> None:
    try:
        token = token_in(text)
    except MalformedTokenError:
        return
    assert token.count(".") == 2


@given(path=st.text("ab.[]019", max_size=12) | ANY)
def test_any_path_gives_json_or_an_error(path: str) -> None:
    try:
        value = field({"a": [{"b": 1}, 2], "b": {"a": None}}, path)
    except NatsAuthError:
        return
    assert json.loads(field_text(value)) == value


@given(words=st.lists(st.sampled_from(["inspect", "generate", "nkey", "-o", "-J", "-H", "/no/x"])))
def test_any_words_end_with_a_documented_exit_code(words: list[str]) -> None:
    result = CliRunner().invoke(commands, words)
    assert result.exit_code in {0, 1, 2}
    assert "Traceback" not in result.output
