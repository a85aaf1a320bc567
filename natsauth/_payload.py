"""Claims as the payload of a token: what ``encode`` fills in, in the order and bytes of Go."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields
from functools import cached_property
from hashlib import new as new_hash
from json.encoder import encode_basestring as quote
from re import compile as regex
from typing import Any, cast

from natsauth import _base32, _strkey
from natsauth._codec import Problems, Writer, mismatch, write_extra
from natsauth._json import JsonError, to_bytes
from natsauth._values import account_server_url_problem
from natsauth._wire import codec, write_document
from natsauth.claims.account import Account
from natsauth.claims.base import MEMBERS, VERSION, Claims
from natsauth.claims.generic import GenericClaims, write_body
from natsauth.claims.parse import CLAIMS
from natsauth.errors import (
    ClaimsError,
    IssuerError,
    KeyTextError,
    Problem,
    SecretError,
    UsageError,
)
from natsauth.keys import KeyType, PublicKey, is_public_key

_NATS = ((), "nats")
_FAR = 1 << 40  # tens of thousands of years from now


class _Body:
    """How ``nats`` of one kind is written into a token, compiled at the first use."""

    def __init__(self, kind: str, cls: type[Any]) -> None:
        self.cls = cls
        self._fixed = {"type": f'"{kind}"', "version": str(VERSION)}

    @cached_property
    def writer(self) -> Writer:
        return codec(self.cls).writer_with(self._fixed)


_BODIES: dict[type[Claims], _Body] = {
    cls: _Body(kind, cast("Any", next(f.default_factory for f in fields(cls) if f.name == "nats")))
    for kind, cls in CLAIMS.items()
}
_SEED = regex(rb"S[ACNOUX][A-Z2-7]{56}").search
_SEEDS = regex(rb"S(?=([ACNOUX][A-Z2-7]{56}))").finditer  # those that overlap, too
_SHA512_256 = new_hash("sha512_256")


def make_payload(claims: Any, issuer: PublicKey, issued_at: int) -> bytes:
    """Return the JSON of claims, signed by an issuer at a Unix second.

    ``iss``, ``iat``, ``jti``, ``nats.type`` and ``nats.version`` are filled in; the claims stay as
    they are. Beyond what makes a readable token nothing is validated.

    Raises:
        UsageError: It is no claims object.
        ClaimsError: The subject has the wrong role, or a field holds what its type cannot.
        IssuerError: The issuer's role may not sign claims of this kind.
        SecretError: A seed stands in the claims, where everybody would read it.
    """
    body = _BODIES.get(claims.__class__)
    if body is None and claims.__class__ is not GenericClaims:
        raise UsageError(f"expected claims, got {type(claims).__name__}")
    aud, exp, name, nbf, sub = claims.aud, claims.exp, claims.name, claims.nbf, claims.sub
    if not (
        aud.__class__ is name.__class__ is sub.__class__ is str
        and exp.__class__ is nbf.__class__ is int
        and 0 <= exp < _FAR > nbf >= 0
    ):
        write_document(claims)  # names every problem; what it lets pass is merely unusual
    _check_subject(claims)
    if issuer.type not in claims.issuers:
        raise wrong_issuer(claims, issuer.type)

    before = f'"aud":{quote(aud)},' if aud else ""
    if exp:
        before += f'"exp":{exp},'
    after = f'"iat":{issued_at},' if issued_at else ""
    after += f'"iss":"{issuer.public_key}",'
    if name:
        after += f'"name":{quote(name)},'
    if nbf:
        after += f'"nbf":{nbf},'
    after += f'"sub":{quote(sub)}'

    problems: Problems = []
    nats = _generic(claims.nats, problems) if body is None else _typed(claims.nats, body, problems)
    extra = _extra(claims.extra, problems) if claims.extra else ""
    if problems:
        raise ClaimsError(problems)
    identity = _SHA512_256.copy()
    identity.update(to_bytes(f"{{{before}{after}}}"))
    jti = _base32.encode(identity.digest())
    try:
        payload = to_bytes(f'{{{before}"jti":"{jti}",{after}{nats}{extra}}}')
    except JsonError as error:
        raise ClaimsError([Problem("$", str(error))]) from None
    if _SEED(payload) or _has_seed_in_any_case(payload):
        raise SecretError("the claims hold a seed", hint="give the public key in its place")
    return payload


def _has_seed_in_any_case(payload: bytes) -> bool:
    """Tell whether there is a seed with a good checksum, be it in lower case as tags are."""
    for found in _SEEDS(payload.upper()):
        with suppress(KeyTextError):
            _strkey.decode_seed(f"S{found[1].decode()}")
            return True
    return False


def _check_subject(claims: Any) -> None:
    role = claims.subject_role
    if role is None:
        if not claims.sub:
            raise ClaimsError([Problem("$.sub", "the subject is not set")])
    elif not is_public_key(claims.sub, role):
        found = "" if claims.sub else ", but the subject is not set"
        message = f"expected a public {role} key as subject of {claims.kind} claims{found}"
        raise ClaimsError([Problem("$.sub", message)])
    if role is KeyType.OPERATOR:
        url = getattr(claims.nats, "account_server_url", "")
        if isinstance(url, str) and (problem := account_server_url_problem(url)):
            raise ClaimsError([Problem("$.nats.account_server_url", problem)])


def wrong_issuer(claims: Claims | type[Claims], role: KeyType) -> IssuerError:
    """Return the error about an issuer whose role may not sign claims of a kind."""
    roles = " or ".join(sorted(claims.issuers))
    return IssuerError(f"{claims.kind} claims are signed by {roles} keys, got a key of role {role}")


def _typed(nats: Any, body: _Body, problems: Problems) -> str:
    if nats.__class__ is not body.cls:
        return mismatch(_NATS, body.cls.__name__, nats, problems)
    if nats.__class__ is Account:
        nats = nats.in_wire_order()
    return ',"nats":' + body.writer(nats, _NATS, problems)


def _generic(nats: Any, problems: Problems) -> str:
    if isinstance(nats, dict):
        nats = {**nats, "version": VERSION}
    return "" if nats is None else ',"nats":' + write_body(nats, _NATS, problems)


def _extra(extra: Any, problems: Problems) -> str:
    if isinstance(extra, dict) and any(
        isinstance(name, str) and name.casefold() == "type" for name in extra
    ):
        problems.append(Problem("$.type", "a member of this name makes it a version 1 token"))
    return write_extra(extra, MEMBERS, (), problems)
