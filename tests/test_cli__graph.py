"""What all pictures have in common: words, and the JSON."""

from __future__ import annotations

import json

import pytest

from natsauth.cli._graph import Standing, State, counts, day, document_of, short, shown
from tests._pictures import SEED, hostile, many


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


def test_the_document_is_json_and_names_exporters() -> None:
    document = json.loads(json.dumps(document_of(many(2))))
    [row] = document["accounts"][1]["imports"]
    assert (row["account"], row["exporter"], row["export"]) == ("account000", 0, 0)
    assert document["standing"] == {
        "state": "never", "expires": 0, "why": "", "text": "never expires",
    }  # fmt: skip
    assert len(document_of(hostile())["accounts"]) == len(hostile().accounts)
