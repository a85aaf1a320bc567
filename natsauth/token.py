"""The signed envelope: claims into tokens, tokens into claims.

A token is ``header.payload.signature``, each base64url. The header is always the same, and no
algorithm is ever taken from a token: Ed25519 signatures over ``header.payload`` are written, and
those of version 1, over the payload alone, are read too.

:func:`decode` proves that a token is whole: its signature, the role of its issuer, its kind.
Whether the issuer is to be trusted and the time is right is for :mod:`natsauth.trust` to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from natsauth import _base64
from natsauth._envelope import read, signing_input, split, verified
from natsauth._strkey import as_bytes
from natsauth.claims.base import Claims, is_claims_class
from natsauth.errors import ClaimTypeError, UsageError
from natsauth.keys import KeyPair, PublicKey
from natsauth.signing import sign, sign_async, signer_key

if TYPE_CHECKING:
    from datetime import datetime

    from natsauth.signing import AsyncSigner, Signer

C = TypeVar("C", bound=Claims)
C_co = TypeVar("C_co", bound=Claims, covariant=True)


class Token(Generic[C_co]):
    """A signed token: a fact, where claims are a draft.

    Made by :func:`encode`, or by :func:`decode` once it is verified.
    """

    __slots__ = ("_claims", "_encoded")

    _claims: C_co | None
    _encoded: str

    def __init__(self) -> None:
        raise UsageError("a Token is made by encode() or decode()")

    @property
    def encoded(self) -> str:
        """The text of the token. That of a bearer user is a secret."""
        return self._encoded

    @property
    def claims(self) -> C_co:
        """The claims. Editing them does not change the token; encode them into another one."""
        if self._claims is None:
            self._claims = cast("C_co", peek_unverified(self._encoded))
        return self._claims

    def __repr__(self) -> str:
        """Describe the token without its text."""
        claims = self.claims
        return f"<Token {claims.kind} {claims.name!r} sub={claims.sub!r} iss={claims.iss!r}>"

    def __eq__(self, other: object) -> bool:
        """Tell whether the text is the same."""
        return self._encoded == other._encoded if isinstance(other, Token) else NotImplemented

    def __hash__(self) -> int:
        """Hash as the text does."""
        return hash(self._encoded)


class UnsignedToken(Generic[C]):
    """A token that only lacks its signature, for a key that is kept elsewhere. See :func:`prepare`.

    Attributes:
        issuer: Whose signature is needed.
        data: The bytes to sign.
    """

    __slots__ = ("data", "issuer")

    issuer: PublicKey
    data: bytes

    def __init__(self, claims: C, issuer: PublicKey, now: datetime | float | None) -> None:
        self.issuer = issuer
        self.data = signing_input(claims, issuer, now)

    def attach(self, signature: bytes) -> Token[C]:
        """Return the token, once the signature is verified.

        Args:
            signature: The 64 bytes of the issuer's Ed25519 signature over ``data``.

        Raises:
            SignatureError: The signature is not the issuer's.
        """
        signature = as_bytes(signature)
        self.issuer.verify(self.data, signature)
        return _made(self.data + b"." + _base64.encode(signature), None)


def encode(claims: C, signer: Signer, *, now: datetime | float | None = None) -> Token[C]:
    """Sign claims into a token. The claims stay as they are.

    ``iss``, ``iat``, ``jti``, ``nats.type`` and ``nats.version`` are filled in. Beyond what makes
    a readable token nothing is checked: see :func:`natsauth.validate`.

    Args:
        claims: The claims.
        signer: A :class:`~natsauth.KeyPair`, an ``nkeys.KeyPair``, or what else is a
            :class:`~natsauth.signing.Signer`.
        now: The moment of signing; the current one if not given.

    Raises:
        ClaimsError: The subject has the wrong role, or a field holds what its type cannot.
        IssuerError: The signer's role may not sign claims of this kind.
        SecretError: The key pair was wiped, a foreign signer failed, or the claims hold a seed.
        SignatureError: A foreign signer gave a signature that is not its own.
        TokenTooLargeError: The token would be longer than 1 MiB, which nobody reads.
        UsageError: An argument is no claims object, no signer or no moment.
    """
    if isinstance(signer, KeyPair):
        data = signing_input(claims, signer.public, now)
        return _made(data + b"." + _base64.encode(signer.sign(data)), None)
    unsigned: UnsignedToken[C] = UnsignedToken(claims, signer_key(signer), now)
    return unsigned.attach(sign(signer, unsigned.data))


async def encode_async(
    claims: C, signer: AsyncSigner, *, now: datetime | float | None = None
) -> Token[C]:
    """Sign claims into a token with a signer whose signature is awaited.

    Arguments and errors are those of :func:`encode`.
    """
    unsigned: UnsignedToken[C] = UnsignedToken(claims, signer_key(signer), now)
    return unsigned.attach(await sign_async(signer, unsigned.data))


def prepare(
    claims: C,
    issuer: Signer | AsyncSigner | PublicKey | str,
    *,
    now: datetime | float | None = None,
) -> UnsignedToken[C]:
    """Prepare claims for a signature that is made elsewhere, be it on another machine.

    Args:
        claims: The claims; they stay as they are.
        issuer: Who will sign: a public key, or a signer.
        now: The moment of signing; the current one if not given.

    Raises:
        ClaimsError, IssuerError, KeyTextError, UsageError: As :func:`encode`.
    """
    key = PublicKey.parse(issuer) if isinstance(issuer, str | PublicKey) else signer_key(issuer)
    return UnsignedToken(claims, key, now)


@overload
def decode(token: str | bytes | Token[Any], type: None = None) -> Token[Claims]: ...
@overload
def decode(token: str | bytes | Token[Any], type: type[C]) -> Token[C]: ...


def decode(token: str | bytes | Token[Any], type: type[C] | None = None) -> Token[Any]:  # noqa: A002 - the field's own word
    """Read a token and verify that it is whole.

    Verified are the signature against ``iss``, the role of the issuer, and the kind. Version 1
    tokens are read as version 2. Expiry and trust are not looked at.

    Args:
        token: The text of the token.
        type: The claims class it must be of, if any.

    Raises:
        TokenTooLargeError: It is longer than 1 MiB.
        MalformedTokenError: It is not three chunks of canonical base64url around strict JSON.
        UnsupportedTokenError: The header, the version or the kind is not one that is read.
        SignatureError: The signature does not verify.
        IssuerError: The issuer's role may not sign claims of this kind.
        ClaimTypeError: It is a good token of another kind.
        ClaimsError: A member of the payload has the wrong type.
        UsageError: An argument has a type that is none of the above.
    """
    if type is not None and not is_claims_class(type):
        raise UsageError("expected a class of claims")
    chunks = split(token.encoded if isinstance(token, Token) else token)
    claims = verified(chunks)
    if type is not None and not isinstance(claims, type):
        raise ClaimTypeError(
            f"expected a token of {type.__name__}, got one of {claims.kind} claims"
        )
    return _made(chunks[0], claims)


def peek_unverified(token: str | bytes) -> Claims:
    """Return the claims of a token **without verifying anything**: anybody may have written them.

    Good for a look at a token, such as for its issuer; never for a decision.

    Raises:
        MalformedTokenError, TokenTooLargeError, UnsupportedTokenError, ClaimsError, UsageError:
            As :func:`decode`.
    """
    return read(*split(token)[-3:])


def _made(text: bytes, claims: Claims | None) -> Token[Any]:
    token: Token[Any] = object.__new__(Token)
    token._encoded, token._claims = text.decode(), claims  # noqa: SLF001 - made here alone
    return token
