"""Who signs: a key pair at hand, or anything that signs with a key kept elsewhere.

A signer has a public key and signs bytes. :class:`natsauth.KeyPair` is one, the ``nkeys``
package's ``KeyPair`` is one, and so is any object with these two members around a vault, an HSM or
a key management service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from natsauth.errors import NatsAuthError, SecretError, UsageError
from natsauth.keys import PublicKey

if TYPE_CHECKING:
    from collections.abc import Awaitable


class Signer(Protocol):
    """Signs in the calling thread."""

    @property
    def public_key(self) -> str | bytes:
        """The 56 characters of the public key."""

    def sign(self, data: bytes, /) -> bytes:
        """Return the 64 bytes of the Ed25519 signature over the data."""


class AsyncSigner(Protocol):
    """Signs elsewhere; the signature is awaited."""

    @property
    def public_key(self) -> str | bytes:
        """The 56 characters of the public key."""

    def sign(self, data: bytes, /) -> Awaitable[bytes]:
        """Return the 64 bytes of the Ed25519 signature over the data."""


def signer_key(signer: Signer | AsyncSigner) -> PublicKey:
    """Return the public key of a signer.

    Raises:
        UsageError: The object is no signer.
        SecretError: It cannot tell its key.
        KeyTextError: Its public key is not one.
    """
    try:
        public_key: Any = getattr(signer, "public_key", None)
        signs = callable(getattr(signer, "sign", None))
    except Exception as error:
        raise _failed(error) from error
    if public_key is None or not signs:
        raise UsageError(
            f"expected a signer, got {type(signer).__name__}",
            hint="a KeyPair signs; KeyPair.from_seed() makes one of a seed",
        )
    return PublicKey.parse(public_key)


def sign(signer: Signer, data: bytes) -> bytes:
    """Have a foreign signer sign, so that no error of its own leaves.

    Raises:
        SecretError: The signer failed.
    """
    try:
        return signer.sign(data)
    except Exception as error:
        raise _failed(error) from error


async def sign_async(signer: AsyncSigner, data: bytes) -> bytes:
    """Await the signature of a signer, so that no error of its own leaves.

    Raises:
        SecretError: The signer failed.
    """
    try:
        return await signer.sign(data)
    except Exception as error:
        raise _failed(error) from error


def _failed(error: Exception) -> NatsAuthError:
    if isinstance(error, NatsAuthError):
        return error
    # Its words stay in the cause, out of our message: nobody knows what secrets they hold.
    return SecretError(f"the signer failed with {type(error).__name__}")
