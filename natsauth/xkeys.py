"""Curve keys ("xkeys"), which seal messages to a recipient and open those sealed to them.

A sealed message is ``xkv1``, a nonce and a box of X25519, XSalsa20 and Poly1305: the bytes of Go's
nkeys and of libsodium's ``crypto_box``. The servers use it to encrypt auth callout requests.
"""

from __future__ import annotations

from os import urandom
from typing import TYPE_CHECKING

from nacl.bindings import crypto_box, crypto_box_open, crypto_scalarmult_base
from nacl.exceptions import CryptoError

from natsauth._strkey import KEY_BYTES, as_bytes, key_bytes
from natsauth.errors import KeyRoleError, SealError
from natsauth.keys import KeyType, PublicKey, SecretKey

if TYPE_CHECKING:
    from typing import Self

_SEAL_VERSION = b"xkv1"
_NONCE_BYTES = 24


class CurveKeyPair(SecretKey):
    """An X25519 key pair ("xkey") that seals messages to a recipient and opens those to itself.

    Byte-compatible with Go's nkeys (``xkv1``) and libsodium's ``crypto_box``.
    """

    __slots__ = ()

    def __init__(self, raw_seed: bytes) -> None:
        self._raw_seed = self._secret = key_bytes(raw_seed, "raw seed")
        self.public = PublicKey(KeyType.CURVE, crypto_scalarmult_base(self._raw_seed))

    @classmethod
    def generate(cls) -> Self:
        """Make a new curve key pair from the system's randomness."""
        return cls(urandom(KEY_BYTES))

    @classmethod
    def from_raw_seed(cls, raw_seed: bytes) -> Self:
        """Make the curve key pair of 32 secret bytes.

        Raises:
            KeyTextError: They are not 32.
        """
        return cls(raw_seed)

    @classmethod
    def _restore(cls, role: KeyType, raw: bytes) -> Self:
        if role is not KeyType.CURVE:
            raise KeyRoleError(f"expected a seed of role curve, got one of role {role}")
        return cls(raw)

    def seal(self, data: bytes, recipient: str | PublicKey) -> bytes:
        """Encrypt and authenticate a message so that only the recipient can open it.

        Args:
            data: The message.
            recipient: The public curve key (``X…``) of who shall read it.

        Returns:
            ``xkv1``, a 24-byte random nonce and the box: 44 bytes more than the message.

        Raises:
            KeyTextError, KeyRoleError: The recipient is not a public curve key.
            SealError: The recipient's key is one of the weak ones that libsodium refuses.
            SecretError: The key pair was wiped.
        """
        peer = PublicKey.parse(recipient, expect=KeyType.CURVE)
        secret = self._need(self._secret)
        nonce = urandom(_NONCE_BYTES)
        try:
            return _SEAL_VERSION + nonce + crypto_box(as_bytes(data), nonce, peer.raw, secret)
        except CryptoError:
            raise SealError("the message cannot be sealed to this recipient's key") from None

    def open(self, sealed: bytes, sender: str | PublicKey) -> bytes:
        """Decrypt a message that the sender sealed to this key.

        Args:
            sealed: What :meth:`seal` returned.
            sender: The public curve key (``X…``) of who sealed it.

        Raises:
            SealError: The bytes are no sealed message, or not from this sender to this key.
            KeyTextError, KeyRoleError: The sender is not a public curve key.
            SecretError: The key pair was wiped.
        """
        sealed = as_bytes(sealed)
        start = len(_SEAL_VERSION) + _NONCE_BYTES
        if len(sealed) <= start:
            raise SealError(f"a sealed message has more than {start} bytes, got {len(sealed)}")
        if not sealed.startswith(_SEAL_VERSION):
            raise SealError("the message is not sealed in version xkv1")
        peer = PublicKey.parse(sender, expect=KeyType.CURVE)
        secret = self._need(self._secret)
        try:
            return crypto_box_open(
                sealed[start:], sealed[len(_SEAL_VERSION) : start], peer.raw, secret
            )
        except CryptoError:
            raise SealError("the message was not sealed by this sender for this key") from None
