"""Base32 without padding (RFC 4648 section 6), several times faster than the standard library."""

from __future__ import annotations

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
# int() reads base 32 as 0-9 and A-V, in linear time.
_DIGITS = str.maketrans(_ALPHABET, "0123456789ABCDEFGHIJKLMNOPQRSTUV")


def encode(data: bytes) -> str:
    """Return data as base32."""
    bits = len(data) * 8
    number = int.from_bytes(data, "big") << -bits % 10
    text = "".join(
        [_PAIRS[number >> shift & 1023] for shift in range(bits - 10 + -bits % 10, -1, -10)]
    )
    return text[: -(-bits // 5)]


def decode(text: str) -> bytes | None:
    """Return the data of base32 text, or ``None`` when bits are set that no data sets.

    Args:
        text: Characters of the alphabet only.
    """
    size, spare = divmod(len(text) * 5, 8)
    number = int(text.translate(_DIGITS), 32)
    return None if number & ((1 << spare) - 1) else (number >> spare).to_bytes(size, "big")
