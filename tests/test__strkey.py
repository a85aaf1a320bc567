"""The text form of keys: only the one canonical text is read, and errors never repeat it."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth import _base32, _strkey
from natsauth.errors import KeyTextError
from tests._vectors import SPEC

PREFIXES = {
    "operator": 14 << 3,
    "account": 0,
    "user": 20 << 3,
    "server": 13 << 3,
    "cluster": 2 << 3,
    "x25519": 23 << 3,
}
SEED = SPEC["keys"][2]["seed"]
PUBLIC = SPEC["keys"][2]["public"]

rows = pytest.mark.parametrize("row", SPEC["keys"], ids=lambda row: row["seed"][:4])


@rows
def test_seeds_are_those_of_go(row: dict[str, Any]) -> None:
    raw = bytes([row["raw_seed_byte"]]) * 32
    assert _strkey.encode_seed(PREFIXES[row["role"]], raw) == row["seed"]
    assert _strkey.decode_seed(row["seed"]) == (PREFIXES[row["role"]], raw)


@rows
def test_public_and_private_keys_are_those_of_go(row: dict[str, Any]) -> None:
    public = _strkey.decode(row["public"], _strkey.PUBLIC_CHARS, "public key")
    assert public[0] == PREFIXES[row["role"]]
    assert _strkey.encode(public[:1], public[1:]) == row["public"]
    private = _strkey.decode(row["private"], len(row["private"]), "private key")
    assert private[0] == _strkey.PRIVATE_PREFIX
    assert private[1:33] == bytes([row["raw_seed_byte"]]) * 32


@pytest.mark.parametrize("text", [PUBLIC, SEED])
def test_a_changed_character_is_noticed_at_every_place(text: str) -> None:
    for place, character in enumerate(text):
        other = "A" if character != "A" else "B"
        with pytest.raises(KeyTextError):
            _strkey.decode(text[:place] + other + text[place + 1 :], len(text), "key")


@pytest.mark.parametrize(
    "foreign", ["a", "0", "1", "8", "9", "=", " ", "\n", "é", "\x00", "٢", "\uff21"]
)
def test_a_foreign_character_is_named_by_its_place(foreign: str) -> None:
    with pytest.raises(KeyTextError, match=r"character 7 is not in A-Z or 2-7") as caught:
        _strkey.decode(SEED[:6] + foreign + SEED[7:], _strkey.SEED_CHARS, "seed")
    assert "upper case" in caught.value.hint


@pytest.mark.parametrize("text", ["", "S", SEED[:-1], SEED + "A", SEED + "\n", SEED * 100_000])
def test_the_length_is_exact(text: str) -> None:
    with pytest.raises(KeyTextError, match=f"expected 58 characters, got {len(text)}"):
        _strkey.decode_seed(text)


def test_unused_bits_are_zero() -> None:
    # 36 bytes are 288 bits, 58 characters have 290.
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".index(SEED[-1]) + 1
    ]
    with pytest.raises(KeyTextError, match="last character has bits that no key sets"):
        _strkey.decode_seed(SEED[:-1] + last)


def test_a_wrong_checksum_is_named() -> None:
    data = bytearray(_base32.decode(SEED) or b"")
    data[-1] ^= 1
    with pytest.raises(KeyTextError, match="the checksum does not match"):
        _strkey.decode_seed(_base32.encode(bytes(data)))


@pytest.mark.parametrize(
    "head",
    [b"\x90\x01", b"\x90\x07", b"\x78\x00", b"\xa0\x00", b"\x98\x00", b"\x00\x90"],
    ids=bytes.hex,
)
def test_what_starts_in_another_way_is_no_seed(head: bytes) -> None:
    with pytest.raises(KeyTextError, match="does not start with S and a role"):
        _strkey.decode_seed(_strkey.encode(head, bytes(32)))


@pytest.mark.parametrize("role", [role << 3 for role in range(32)])
def test_every_role_of_five_bits_makes_the_way_through_a_seed(role: int) -> None:
    assert _strkey.decode_seed(_strkey.encode_seed(role, bytes(range(32)))) == (
        role,
        bytes(range(32)),
    )
