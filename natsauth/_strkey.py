"""The text form of keys: base32 over prefix, 32 bytes and a CRC-16.

==========  =========================================  ====  ====
kind        bytes                                      raw   text
==========  =========================================  ====  ====
public      ``role ‖ key ‖ crc``                         35    56
private     ``0x78 ‖ seed ‖ public ‖ crc``               67   108
curve       ``0x78 ‖ scalar ‖ crc``                      35    56
seed        ``0x90|role>>5 ‖ (role&31)<<3 ‖ seed ‖ crc``  36    58
==========  =========================================  ====  ====

The checksum is CRC-16/XMODEM, little endian. Only canonical text is read: the RFC 4648 alphabet in
upper case, no padding, unused trailing bits zero. (Go's nkeys takes line breaks inside the text,
stray trailing characters and set trailing bits; whoever writes keys never produces them.)
"""

from __future__ import annotations

from binascii import crc_hqx
from re import compile as regex

from natsauth import _base32
from natsauth.errors import KeyTextError, UsageError

SEED_PREFIX = 18 << 3
PRIVATE_PREFIX = 15 << 3
KEY_BYTES = 32
PUBLIC_CHARS = 56
SEED_CHARS = 58

_ALPHABET = regex("[A-Z2-7]*").fullmatch
_KINDS = {
    PUBLIC_CHARS: "a public key has 56 characters; the seed starts with S and has 58",
    SEED_CHARS: "a seed has 58 characters; the public key has 56",
    108: "this is the form of a private key; the seed starts with S and has 58 characters",
}
"""What the text is likely to be, by its length."""


def encode(head: bytes, payload: bytes) -> str:
    """Return the text of prefix bytes and payload, with its checksum."""
    data = head + payload
    data += crc_hqx(data, 0).to_bytes(2, "little")
    return _base32.encode(data)


def decode(text: str, chars: int, what: str) -> bytes:
    """Return prefix byte(s) and payload of key text, with everything checked.

    Args:
        text: The key text; its content never appears in an error, for it may be a seed.
        chars: The length the text must have.
        what: How errors call the text, as in ``"public key"``.

    Raises:
        KeyTextError: The length, the alphabet, the trailing bits or the checksum is wrong.
    """
    if len(text) != chars:
        hint = _KINDS.get(len(text), "") if _ALPHABET(text) else ""
        message = f"invalid {what}: expected {chars} characters, got {len(text)}"
        raise KeyTextError(message, hint=hint)
    if not _ALPHABET(text):
        raise KeyTextError(
            f"invalid {what}: character {_first_foreign(text)} is not in A-Z or 2-7",
            hint="keys are written in upper case, without padding or blanks",
        )
    data = _base32.decode(text)
    if data is None:
        raise KeyTextError(f"invalid {what}: the last character has bits that no key sets")
    if crc_hqx(data[:-2], 0) != int.from_bytes(data[-2:], "little"):
        raise KeyTextError(
            f"invalid {what}: the checksum does not match", hint="a character was changed or lost"
        )
    return data[:-2]


def encode_seed(role: int, raw: bytes) -> str:
    """Return the seed text of 32 raw bytes under a role's prefix byte."""
    return encode(bytes((SEED_PREFIX | role >> 5, (role & 31) << 3)), raw)


def decode_seed(text: str) -> tuple[int, bytes]:
    """Return the role's prefix byte and the 32 raw bytes of seed text.

    Raises:
        KeyTextError: The text is not a seed.
    """
    data = decode(text, SEED_CHARS, "seed")
    if data[0] & 0xF8 != SEED_PREFIX or data[1] & 7:
        raise KeyTextError("invalid seed: it does not start with S and a role")
    return (data[0] & 7) << 5 | data[1] >> 3, data[2:]


def _first_foreign(text: str) -> int:
    return next(i for i, char in enumerate(text, 1) if not _ALPHABET(char))


def as_text(value: object, what: str) -> str:
    """Return key text that was given as ``str`` or bytes.

    Raises:
        UsageError, KeyTextError: It is neither, or not ASCII.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray):
        try:
            return value.decode("ascii")
        except UnicodeDecodeError:
            raise KeyTextError(f"invalid {what}: it is not ASCII text") from None
    raise UsageError(f"expected the text of a {what}, got {type(value).__name__}")


def as_bytes(value: bytes) -> bytes:
    """Return bytes of any bytes-like object.

    Raises:
        UsageError: It is none.
    """
    if value.__class__ is bytes:
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        try:
            return bytes(memoryview(value))  # the data themselves, whatever a subclass makes of it
        except ValueError:
            raise UsageError("expected bytes, got a memoryview that was released") from None
    raise UsageError(f"expected bytes, got {type(value).__name__}")


def key_bytes(raw: bytes, what: str) -> bytes:
    """Return the bytes, once there are 32 of them.

    Raises:
        KeyTextError: There are not.
    """
    raw = as_bytes(raw)
    if len(raw) != KEY_BYTES:
        raise KeyTextError(f"invalid {what}: expected {KEY_BYTES} bytes, got {len(raw)}")
    return raw
