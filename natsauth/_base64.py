"""Base64url without padding, canonical text only (RFC 4648 sections 3.5 and 5)."""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64


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
    try:
        data = a2b_base64(text.replace(b"-", b"+").replace(b"_", b"/") + b"==")
    except Error:
        data = b""
    # The reader of the standard library skips what it does not know; no other text writes the same.
    if encode(data) != text:
        raise Base64Error(
            "a character outside of A-Z, a-z, 0-9, - and _, or bits that no data sets"
        )
    return data
