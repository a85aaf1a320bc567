"""Base32 without padding (RFC 4648 section 6), several times faster than the standard library."""

from __future__ import annotations

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BLOCK = 40
"""Bytes that are written at a time: 64 characters."""
_CHARACTERS = bytes(ord(_ALPHABET[value & 31]) for value in range(256))
# int() reads base 32 as 0-9 and A-V, in linear time.
_DIGITS = str.maketrans(_ALPHABET, "0123456789ABCDEFGHIJKLMNOPQRSTUV")


def _spreading() -> list[tuple[int, int]]:
    """Return masks and factors that give each of 64 groups of 5 bits a byte of its own.

    For sizes of 32, 16, 8, 4, 2 and 1 groups, the mask has the upper half of every pair of blocks
    of that size, and adding it times the factor moves it up by 3 bits for each group.
    """
    steps = []
    for size in (32, 16, 8, 4, 2, 1):
        low = sum(((1 << 5 * size) - 1) << 16 * size * block for block in range(32 // size))
        steps.append((low << 5 * size, (1 << 3 * size) - 1))
    return steps


_SPREADING = _spreading()


def encode(data: bytes) -> str:
    """Return data as base32."""
    if len(data) > _BLOCK:
        return encode(data[:_BLOCK]) + encode(data[_BLOCK:])
    bits = len(data) * 8
    number = int.from_bytes(data, "big") << -bits % 5
    for upper, factor in _SPREADING:
        number += (number & upper) * factor
    return number.to_bytes(-(-bits // 5), "big").translate(_CHARACTERS).decode()


def decode(text: str) -> bytes | None:
    """Return the data of base32 text, or ``None`` when bits are set that no data sets.

    Args:
        text: Characters of the alphabet only.
    """
    size, spare = divmod(len(text) * 5, 8)
    number = int(text.translate(_DIGITS), 32)
    return None if number & ((1 << spare) - 1) else (number >> spare).to_bytes(size, "big")
