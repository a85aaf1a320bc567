"""Base32 against the standard library's."""

from __future__ import annotations

import base64

import pytest

from natsauth import _base32

LENGTHS = range(1, 129)
"""A key has up to 67 bytes; two blocks and more are written."""


@pytest.mark.parametrize("fill", [b"\x00", b"\xff", b"\x5a\xa5\x0f"], ids=bytes.hex)
def test_writing_is_that_of_the_standard_library(fill: bytes) -> None:
    for length in (0, *LENGTHS):
        data = (fill * length)[:length]
        assert _base32.encode(data) == base64.b32encode(data).decode().rstrip("=")


@pytest.mark.parametrize("fill", [b"\x00", b"\xff", b"\x5a\xa5\x0f"], ids=bytes.hex)
def test_reading_gives_what_was_written(fill: bytes) -> None:
    for length in LENGTHS:
        data = (fill * length)[:length]
        assert _base32.decode(_base32.encode(data)) == data


def test_every_character_stands_for_its_five_bits() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    for value, character in enumerate(alphabet):
        assert _base32.decode("AAAAAAA" + character) == value.to_bytes(5, "big")


@pytest.mark.parametrize("text", ["AB", "AAAB", "AAAAB", "AAAAAAB", "77"])
def test_bits_that_no_data_sets_give_nothing(text: str) -> None:
    assert _base32.decode(text) is None
