"""What all pictures have in common: words, and the JSON."""

from __future__ import annotations

import json

import pytest

from natsauth.cli._graph import (
    AccountBox,
    Standing,
    State,
    counts,
    day,
    document_of,
    kind_of,
    natural,
    short,
    shown,
)
from tests._pictures import SEED, arrow, hostile, many


@pytest.mark.parametrize(
    ("standing", "text"),
    [
        (Standing(State.NEVER), "never expires"),
        (Standing(State.FINE, 1_800_000_000), "until 2027-01-15"),
        (Standing(State.SOON, 1_800_000_000), "until 2027-01-15"),
        (Standing(State.EXPIRED, 1_800_000_000), "expired 2027-01-15"),
        (Standing(State.REVOKED, 1_800_000_000), "revoked"),
        (Standing(State.REFUSED), "refused"),
        (Standing(State.UNREADABLE), "unreadable"),
    ],
)
def test_a_standing_in_words(standing: Standing, text: str) -> None:
    assert standing.text == text


def test_days_beyond_the_calendar() -> None:
    assert day(1 << 62) == "second 4611686018427387904"
    assert day(-(1 << 62)) == "second -4611686018427387904"


def test_what_is_shown_is_visible_and_no_secret() -> None:
    assert shown("a\u202eb\nc") == r"a\u202eb\nc"
    assert shown(SEED) == "(a seed)"
    assert short(SEED) == "(a seed)"
    assert short("A" * 56) == "AAAA…AAAA"


def test_counts() -> None:
    exporter, importer, *_ = many(2).accounts
    assert counts(exporter) == "1 user · 1 key · 1 export"
    assert counts(importer) == "1 user · 1 key · 1 import"


def test_what_is_empty_says_so_unless_nobody_knows() -> None:
    never, unreadable = Standing(State.NEVER), Standing(State.UNREADABLE)
    assert counts(AccountBox("a", "A", never)) == "no users"
    assert counts(AccountBox("A", "A", never, "elsewhere")) == ""
    assert counts(AccountBox("a", "", unreadable)) == ""


def test_names_are_sorted_by_their_numbers() -> None:
    names = ["", "10", "acc", "acc01", "acc1", "acc2", "acc10", "acc10b2", "acc10b10", "b", "²"]
    names += ["Ä", "Ä" + "9" * 5000, "Ä1" + "0" * 5000, "倉", "\ud800"]
    shuffled = [*names[1::2], *names[::2]]
    assert sorted(shuffled, key=natural) == sorted(names, key=names.index)


def test_what_gives_an_arrow_its_colour() -> None:
    service, stream = arrow("s", "service", 0), arrow("s", "stream", 0)
    expired = arrow("s", "stream", 0, Standing(State.EXPIRED, 1))
    soon = arrow("s", "stream", 0, Standing(State.SOON, 1))
    assert kind_of([stream, soon]) == "stream"
    assert kind_of([stream, service]) == "service"
    assert kind_of([service, expired]) == "broken"


def test_the_document_is_json_and_names_exporters() -> None:
    document = json.loads(json.dumps(document_of(many(2))))
    [row] = document["accounts"][1]["imports"]
    assert (row["account"], row["exporter"], row["export"]) == ("account000", 0, 0)
    assert document["standing"] == {
        "state": "never", "expires": 0, "why": "", "text": "never expires",
    }  # fmt: skip
    assert len(document_of(hostile())["accounts"]) == len(hostile().accounts)
