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
from natsauth._json import JsonError, loads, type_name
from natsauth._payload import make_payload, wrong_issuer
from natsauth._wire import WireObject, integer, read_document, strings, text, wire
from natsauth.claims.account import AccountClaims
from natsauth.claims.base import VERSION, Claims, clock
from natsauth.claims.generic import GenericClaims
from natsauth.claims.parse import CLAIMS
from natsauth.claims.v1 import MIGRATED, migrate
from natsauth.errors import (
    ClaimsError,
    ClaimTypeError,
    KeyTextError,
    MalformedTokenError,
    Problem,
    SignatureError,
    TokenTooLargeError,
    UnsupportedTokenError,
    UsageError,
)
from natsauth.keys import KeyPair, PublicKey, parse_public, verify
from natsauth.signing import sign, sign_async, signer_key

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from natsauth.signing import AsyncSigner, Signer

MAX_CHARS = 1 << 20
"""The longest token that is read, as in Go."""
_HEADER = b"eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ"
"""``{"typ":"JWT","alg":"ed25519-nkey"}``"""
_HEAD = _HEADER + b"."
_MAX_UNSIGNED = MAX_CHARS - 87  # a dot and the 86 characters of a signature
_CHUNKS = 3
# Kinds whose reader in Go looks at no version.
_UNVERSIONED = ("authorization_request", "authorization_response")
_EITHER = 0
"""The version of generic claims whose signature may be that of 1 or 2."""
_COMMON = ("tags", "type", "version")
_MEMBERS = frozenset({"aud", "exp", "jti", "iat", "iss", "name", "nbf", "sub", "nats"})
_NEVER_READ = ("cluster", "server")

_Chunks = tuple[bytes, bytes, bytes, dict[str, Any], type[Claims], int]
"""A token taken apart: all of it, payload text, signature, payload, class and version. Nothing of
it is believed yet."""

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
        self.data = _unsigned(claims, issuer, now)

    def attach(self, signature: bytes) -> Token[C]:
        """Return the token, once the signature is verified.

        Args:
            signature: The 64 bytes of the issuer's Ed25519 signature over ``data``.

        Raises:
            SignatureError: The signature is not the issuer's.
        """
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
        SecretError: The key pair was wiped, or a foreign signer failed.
        SignatureError: A foreign signer gave a signature that is not its own.
        TokenTooLargeError: The token would be longer than 1 MiB, which nobody reads.
        UsageError: An argument is no claims object, no signer or no moment.
    """
    if isinstance(signer, KeyPair):
        data = _unsigned(claims, signer.public, now)
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
    if type is not None and Claims not in getattr(type, "__mro__", ()):
        raise UsageError("expected a class of claims")
    chunks = _split(token.encoded if isinstance(token, Token) else token)
    claims = _verified(chunks)
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
    return _read(*_split(token)[-3:])


@wire
class _Common(WireObject):
    """What every body has, and Go's decoder reads before it knows the kind."""

    tags: list[str] | None = strings()
    type: str = text()
    version: int = integer()


def _split(token: str | bytes) -> _Chunks:
    if isinstance(token, str):
        try:
            raw = token.encode("ascii")
        except UnicodeError:
            raise MalformedTokenError("a token has ASCII characters only") from None
    elif isinstance(token, bytes):
        raw = token
    else:
        raise UsageError(f"expected the text of a token, got {type(token).__name__}")
    if len(raw) > MAX_CHARS:
        raise TokenTooLargeError(f"a token has at most {MAX_CHARS} characters, got {len(raw)}")
    chunks = raw.split(b".", _CHUNKS)
    if len(chunks) != _CHUNKS:
        found = len(chunks) if len(chunks) < _CHUNKS else "more"
        raise MalformedTokenError(f"a token has three chunks between dots, got {found}")
    head, body, tail = chunks
    old = False if head == _HEADER else _is_old(_object(head, "header"))
    payload = _object(body, "payload")
    cls, version = _identify(payload, old=old)
    try:
        return raw, body, _base64.decode(tail), payload, cls, version
    except _base64.Base64Error as error:
        raise _not_base64(tail, "signature", error) from None


def _object(chunk: bytes, what: str) -> dict[str, Any]:
    try:
        value = loads(_base64.decode(chunk))
    except _base64.Base64Error as error:
        raise _not_base64(chunk, what, error) from None
    except JsonError as error:
        raise MalformedTokenError(f"the {what} is not JSON: {error}") from None
    if value.__class__ is not dict:
        raise MalformedTokenError(f"the {what} is not an object but {type_name(value)}")
    return value


def _not_base64(chunk: bytes, what: str, error: Exception) -> MalformedTokenError:
    hint = "remove the white space around the token" if chunk != chunk.strip() else ""
    return MalformedTokenError(f"the {what} is not base64url: {error}", hint=hint)


def _is_old(header: dict[str, Any]) -> bool:
    """Check a header that is not the usual one, and tell whether it is that of version 1."""
    for name in header:
        if name not in ("typ", "alg") and name.casefold() in ("typ", "alg"):
            raise UnsupportedTokenError(f"the header writes {name.casefold()!r} as {name!r}")
    typ, algorithm = header.get("typ"), header.get("alg")
    if not isinstance(typ, str) or typ.upper() != "JWT":
        raise UnsupportedTokenError(f"expected a header of typ 'JWT', got {typ!r:.80}")
    if not isinstance(algorithm, str) or algorithm.lower() not in ("ed25519-nkey", "ed25519"):
        raise UnsupportedTokenError(f"expected algorithm 'ed25519-nkey', got {algorithm!r:.80}")
    return algorithm.lower() == "ed25519"


def _identify(payload: dict[str, Any], *, old: bool) -> tuple[type[Claims], int]:
    """Return class and version of a payload, by the rules of Go's decoder.

    Version 1 has ``type`` at the top. Claims of a kind without a class of their own are generic;
    they have the version of the header, for their ``nats`` is free to hold any.
    """
    if not payload.keys() <= _MEMBERS:
        _refuse_other_case(payload, _MEMBERS | {"type"}, "$")
    nats = payload.get("nats")
    if nats.__class__ is dict and nats.get("version") == VERSION and "type" not in payload:
        cls = CLAIMS.get(nats["type"]) if nats.get("type").__class__ is str else None
        if cls is not None:
            return cls, VERSION  # nearly all tokens; the rest is looked at closely
    return _look_closely(payload, nats, old=old)


def _look_closely(payload: dict[str, Any], nats: Any, *, old: bool) -> tuple[type[Claims], int]:
    nats = {} if nats is None else nats
    if nats.__class__ is not dict:
        raise ClaimsError([Problem("$.nats", f"expected object, got {type_name(nats)}")])
    common = read_document(_Common, {n: nats[n] for n in _COMMON if n in nats}, ((), "nats"))
    top = payload.get("type", "")
    if not isinstance(top, str | None):
        raise ClaimsError([Problem("$.type", f"expected string, got {type_name(top)}")])
    kind, version = (top, 1) if top else (common.type, common.version)
    if version > VERSION:
        raise UnsupportedTokenError(f"version {version} is newer than {VERSION}, which is read")
    cls = CLAIMS.get(kind)
    if cls is None:
        _refuse_other_case(nats, _COMMON, "$.nats")
        if kind not in _NEVER_READ:
            return GenericClaims, 1 if old else _EITHER
        if top or old:
            raise UnsupportedTokenError(f"{kind} claims are no longer read")
        return GenericClaims, VERSION
    if version < 1 and kind not in _UNVERSIONED:
        raise UnsupportedTokenError(f"{kind} claims are of version 1 or 2, got {version}")
    return cls, min(max(version, 1), VERSION)


def _refuse_other_case(document: dict[str, Any], names: Collection[str], path: str) -> None:
    """Refuse names that Go's reader, blind to letter case, takes for those that decide."""
    for name in document:
        if name not in names and name.casefold() in names:
            message = f"the name is written {name.casefold()!r}, in that letter case"
            raise ClaimsError([Problem(f"{path}.{name}", message)])


def _verified(chunks: _Chunks) -> Claims:
    raw, body, signature, payload, cls, version = chunks
    issuer = payload.get("iss")
    try:
        role, key = parse_public(issuer if isinstance(issuer, str) else "")
    except KeyTextError as error:
        raise SignatureError(f"the issuer cannot have signed: {error}") from None
    if role not in cls.issuers:
        raise wrong_issuer(cls, role)
    if version == _EITHER:
        # Go's Decode reads such claims with the signature of version 1, DecodeGeneric with the
        # one of version 2.
        try:
            verify(key, body, signature)
        except SignatureError:
            version = VERSION
    if version != _EITHER:
        verify(key, raw[: raw.rindex(b".")] if version == VERSION else body, signature)
    return _read(payload, cls, version)


def _read(payload: dict[str, Any], cls: type[C], version: int) -> C:
    if version == 1 and cls.kind in MIGRATED:
        payload = migrate(payload, cls.kind)
    claims = read_document(cls, payload)
    if isinstance(claims, AccountClaims):
        claims.nats.limits.prefer_tiers()
    return claims


def _unsigned(claims: Claims, issuer: PublicKey, now: datetime | float | None) -> bytes:
    """Return header and payload; only what :func:`decode` reads again is made."""
    payload = make_payload(claims, issuer, clock(now))
    data = _HEAD + _base64.encode(payload)
    if len(data) > _MAX_UNSIGNED:
        raise TokenTooLargeError(f"the token has more than {MAX_CHARS} characters")
    if isinstance(claims, GenericClaims):
        # The free body may be anything, even one of another kind.
        document = loads(payload)
        cls, version = _identify(document, old=False)
        if issuer.type not in cls.issuers:
            raise wrong_issuer(cls, issuer.type)
        _read(document, cls, version)
    return data


def _made(text: bytes, claims: Claims | None) -> Token[Any]:
    token: Token[Any] = object.__new__(Token)
    token._encoded, token._claims = text.decode(), claims  # noqa: SLF001 - made here alone
    return token
