"""Base64url: canonical text only."""

from __future__ import annotations

import base64
import string

import pytest

from natsauth import _base64

ALPHABET = (string.ascii_letters + string.digits + "-_").encode()


def test_writing_is_that_of_the_standard_library_without_padding() -> None:
    for length in range(70):
        for data in (bytes(length), b"\xff" * length, bytes(range(180, 180 + length))):
            text = base64.urlsafe_b64encode(data).rstrip(b"=")
            assert _base64.encode(data) == text
            assert _base64.decode(text) == data


@pytest.mark.parametrize("length", [2, 3])
def test_of_the_texts_for_the_same_data_one_is_read(length: int) -> None:
    read = []
    for last in ALPHABET:
        text = b"AAAA" + b"A" * (length - 1) + bytes([last])
        data = base64.urlsafe_b64decode(text + b"==")
        if text == base64.urlsafe_b64encode(data).rstrip(b"="):
            read.append(_base64.decode(text))
        else:
            with pytest.raises(_base64.Base64Error, match="bits that no data sets"):
                _base64.decode(text)
    assert len(set(read)) == len(read) == {2: 4, 3: 16}[length]


@pytest.mark.parametrize("text", [b"A", b"AAAAA", b"-" * 1_000_001])
def test_a_length_that_no_data_has_is_refused(text: bytes) -> None:
    with pytest.raises(_base64.Base64Error, match="outside of A-Z"):
        _base64.decode(text)


@pytest.mark.parametrize("foreign", sorted(set(range(256)) - set(ALPHABET)))
def test_characters_outside_of_the_alphabet_are_refused_at_every_place(foreign: int) -> None:
    for length in (2, 3, 4, 6, 7, 8):
        for place in range(length):
            text = bytearray(b"A" * length)
            text[place] = foreign
            with pytest.raises(_base64.Base64Error):
                _base64.decode(bytes(text))


@pytest.mark.parametrize("text", [b"AA==", b"AAA=", b"AAAA====", b"=", b"====", b"AA=A"])
def test_padding_is_refused(text: bytes) -> None:
    with pytest.raises(_base64.Base64Error):
        _base64.decode(text)
