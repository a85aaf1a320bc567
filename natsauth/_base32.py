"""Base32 without padding (RFC 4648 section 6), several times faster than the standard library."""

from __future__ import annotations

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BLOCK = 40
"""Bytes that are written at a time: 64 characters."""
_CHARACTERS = bytes(ord(_ALPHABET[value & 31]) for value in range(256))
# int() reads base 32 as 0-9 and A-V, in linear time.
_DIGITS = str.maketrans(_ALPHABET, "0123456789ABCDEFGHIJKLMNOPQRSTUV")


def _spreading() -> list[tuple[int, int, int]]:
    """Return the masks that move the upper half of every block of 2k groups of 5 bits up by 3k.

    After 32, 16, 8, 4, 2 and 1 each of the 64 groups stands in a byte of its own.
    """
    steps = []
    for size in (32, 16, 8, 4, 2, 1):
        low = sum(((1 << 5 * size) - 1) << 16 * size * block for block in range(32 // size))
        steps.append((low, low << 5 * size, 3 * size))
    return steps


_SPREADING = _spreading()


def encode(data: bytes) -> str:
    """Return data as base32."""
    if len(data) > _BLOCK:
        return encode(data[:_BLOCK]) + encode(data[_BLOCK:])
    bits = len(data) * 8
    number = int.from_bytes(data, "big") << -bits % 5
    for low, high, shift in _SPREADING:
        number = number & low | (number & high) << shift
    return number.to_bytes(-(-bits // 5), "big").translate(_CHARACTERS).decode()


def decode(text: str) -> bytes | None:
    """Return the data of base32 text, or ``None`` when bits are set that no data sets.

    Args:
        text: Characters of the alphabet only.
    """
    size, spare = divmod(len(text) * 5, 8)
    number = int(text.translate(_DIGITS), 32)
    return None if number & ((1 << spare) - 1) else (number >> spare).to_bytes(size, "big")
