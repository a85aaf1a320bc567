"""Texts as people read them."""

from __future__ import annotations

import pytest

from natsauth.claims import AccountClaims
from natsauth.cli._readable import date, readable
from natsauth.keys import KeyPair, KeyType

KEY = KeyPair.generate(KeyType.ACCOUNT).public_key


def test_names_stand_for_keys() -> None:
    claims = AccountClaims(sub=KEY, name="orders")
    assert readable(f"account '{KEY}', or {KEY}", claims, None) == 'account "orders", or "orders"'
    # Who has no name is known by the key.
    assert readable(KEY, AccountClaims(sub=KEY)) == KEY
    assert readable("no key", AccountClaims(name="orders")) == "no key"


@pytest.mark.parametrize("word", ["at", "after", "until", "before"])
def test_dates_stand_for_seconds(word: str) -> None:
    said = readable(f"was issued {word} 1795478746.")
    assert said == f"was issued {word} 2026-11-24 00:05:46 UTC."
    assert readable("1795478746 bytes") == "1795478746 bytes"


def test_moments_that_no_calendar_has_stay_numbers() -> None:
    assert date(0) == "1970-01-01 00:00:00 UTC"
    assert date(1 << 60) == str(1 << 60)


def test_kinds_of_tokens_are_no_names_of_classes() -> None:
    said = readable("expected a token of UserClaims, got one of account claims")
    assert said == "this is the token of an account, not of a user"
    said = readable("'x.jwt': expected a token of OperatorClaims, got one of user claims")
    assert said == "'x.jwt': this is the token of a user, not of an operator"
