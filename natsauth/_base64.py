"""Base64url without padding, canonical text only (RFC 4648 sections 3.5 and 5)."""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64

_TO_URL = bytes.maketrans(b"+/", b"-_")
# The two characters of the other alphabet and padding become one that strict decoding refuses.
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")
_PADDING = (b"", b"===", b"==", b"=")
# What may end a text of 2 or 3 characters beyond a multiple of 4: the unused bits are zero.
_LAST = {2: frozenset(b"AQgw"), 3: frozenset(b"AEIMQUYcgkosw048")}


class Base64Error(ValueError):
    """The text is not canonical base64url."""


def encode(data: bytes) -> bytes:
    """Return data as base64url."""
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=")


def decode(text: bytes) -> bytes:
    """Return the data of base64url text.

    Raises:
        Base64Error: A character outside of the alphabet, padding, an impossible length, or unused
            trailing bits that are not zero.
    """
    spare = len(text) & 3
    if spare == 1:
        raise Base64Error("a length that no data has")
    try:
        data = a2b_base64(text.translate(_FROM_URL) + _PADDING[spare], strict_mode=True)
    except Error:
        raise Base64Error("a character outside of A-Z, a-z, 0-9, - and _") from None
    if spare and text[-1] not in _LAST[spare]:
        raise Base64Error("a last character with bits that no data sets")
    return data
