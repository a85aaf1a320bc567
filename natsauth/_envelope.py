"""A token taken apart, identified and verified.

A payload is identified by the rules of Go's decoder, so that no two readers see two kinds; what
makes them disagree, such as names in other letter case, is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from natsauth import _base64
from natsauth._json import JsonError, loads, type_name
from natsauth._payload import make_payload, wrong_issuer
from natsauth._wire import WireObject, integer, read_document, strings, text, wire
from natsauth.claims.account import AccountClaims
from natsauth.claims.base import MEMBERS, VERSION, Claims, clock
from natsauth.claims.generic import GenericClaims
from natsauth.claims.parse import CLAIMS
from natsauth.claims.v1 import MIGRATED, migrate
from natsauth.errors import (
    ClaimsError,
    KeyTextError,
    MalformedTokenError,
    Problem,
    SignatureError,
    TokenTooLargeError,
    UnsupportedTokenError,
    UsageError,
)
from natsauth.keys import PublicKey, parse_public, verify

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

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
_NEVER_READ = ("cluster", "server")

Chunks = tuple[bytes, bytes, bytes, dict[str, Any], type[Claims], int]
"""A token taken apart: all of it, payload text, signature, payload, class and version. Nothing of
it is believed yet."""

C = TypeVar("C", bound=Claims)


@wire
class _Common(WireObject):
    """What every body has, and Go's decoder reads before it knows the kind."""

    tags: list[str] | None = strings()
    type: str = text()
    version: int = integer()


def split(token: str | bytes) -> Chunks:
    """Take a token apart, down to the class of its claims; nothing is verified.

    Raises:
        TokenTooLargeError, MalformedTokenError, UnsupportedTokenError, ClaimsError, UsageError: As
            :func:`natsauth.decode`.
    """
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
    old = head != _HEADER and _is_old(_object(head, "header"))
    payload = _object(body, "payload")
    cls, version = identify(payload, old=old)
    return raw, body, _data(tail, "signature"), payload, cls, version


def _data(chunk: bytes, what: str) -> bytes:
    try:
        return _base64.decode(chunk)
    except _base64.Base64Error as error:
        hint = "remove the white space around the token" if chunk != chunk.strip() else ""
        raise MalformedTokenError(f"the {what} is not base64url: {error}", hint=hint) from None


def _object(chunk: bytes, what: str) -> dict[str, Any]:
    try:
        value = loads(_data(chunk, what))
    except JsonError as error:
        raise MalformedTokenError(f"the {what} is not JSON: {error}") from None
    if value.__class__ is not dict:
        raise MalformedTokenError(f"the {what} is not an object but {type_name(value)}")
    return value


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


def identify(payload: dict[str, Any], *, old: bool) -> tuple[type[Claims], int]:
    """Return class and version of a payload, by the rules of Go's decoder.

    Version 1 has ``type`` at the top. Claims of a kind without a class of their own are generic;
    they have the version of the header, for their ``nats`` is free to hold any.
    """
    if not payload.keys() <= MEMBERS:
        _refuse_other_case(payload, MEMBERS | {"type"}, "$")
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
    _refuse_other_case(nats, _COMMON, "$.nats")
    cls = CLAIMS.get(kind)
    if cls is None:
        # Go reads these members of generic claims at the top, too.
        _refuse_other_case(payload, _COMMON, "$")
        read_document(_Common, {n: payload[n] for n in _COMMON if n in payload})
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


def verified(chunks: Chunks) -> Claims:
    """Return the claims of a token, once its signature and the role of its issuer are verified.

    Raises:
        SignatureError, IssuerError, ClaimsError: As :func:`natsauth.decode`.
    """
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
    return read(payload, cls, version)


def read(payload: dict[str, Any], cls: type[C], version: int) -> C:
    """Return the claims of a payload that was identified.

    Raises:
        ClaimsError: A member has the wrong type.
    """
    if version == 1 and cls.kind in MIGRATED:
        payload = migrate(payload, cls.kind)
    claims = read_document(cls, payload)
    if isinstance(claims, AccountClaims):
        claims.nats.limits.prefer_tiers()
    return claims


def signing_input(claims: Claims, issuer: PublicKey, now: datetime | float | None) -> bytes:
    """Return header and payload; only what :func:`decode` reads again is made."""
    payload = make_payload(claims, issuer, clock(now))
    data = _HEAD + _base64.encode(payload)
    if len(data) > _MAX_UNSIGNED:
        raise TokenTooLargeError(f"the token has more than {MAX_CHARS} characters")
    if isinstance(claims, GenericClaims):
        # The free body may be anything, even one of another kind.
        document = loads(payload)
        cls, version = identify(document, old=False)
        if issuer.type not in cls.issuers:
            raise wrong_issuer(cls, issuer.type)
        read(document, cls, version)
    return data
