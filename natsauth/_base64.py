"""Base64url without padding, canonical text only (RFC 4648 sections 3.5 and 5)."""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64
from string import ascii_letters, digits

_FOREIGN = "a character outside of A-Z, a-z, 0-9, - and _, or a length that no data has"
_ANY = f"{ascii_letters}{digits}-_".encode()
_PADDING = (b"", b"", b"==", b"=")
_LAST = (_ANY, b"", b"AQgw", b"AEIMQUYcgkosw048")
"""What may stand last, by the length modulo 4: unused trailing bits are zero."""


class Base64Error(ValueError):
    """The text is not canonical base64url."""


def encode(data: bytes) -> bytes:
    """Return data as base64url."""
    # replace() beats translate() here by far.
    text = b2a_base64(data, newline=False)
    return text.replace(b"+", b"-").replace(b"/", b"_").rstrip(b"=")


def decode(text: bytes) -> bytes:
    """Return the data of base64url text.

    Raises:
        Base64Error: A character is outside of the alphabet, or there are padding, an impossible
            length, or unused trailing bits that are not zero.
    """
    if b"+" in text or b"/" in text:
        raise Base64Error(_FOREIGN)
    tail, last = len(text) & 3, text[-1:]
    try:
        data = a2b_base64(
            text.replace(b"-", b"+").replace(b"_", b"/") + _PADDING[tail], strict_mode=True
        )
    except Error:
        raise Base64Error(_FOREIGN) from None
    if last not in _LAST[tail]:
        used = last in _ANY
        raise Base64Error("a last character with bits that no data sets" if used else _FOREIGN)
    return data
