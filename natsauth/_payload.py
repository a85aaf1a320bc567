"""Claims as the payload of a token: what ``encode`` fills in, in the order and bytes of Go."""

from __future__ import annotations

from copy import copy
from dataclasses import fields
from hashlib import new as new_hash
from json.encoder import encode_basestring as quote
from typing import Any

from natsauth import _base32
from natsauth._codec import Problems, write_extra
from natsauth._json import escape, to_bytes
from natsauth._values import account_server_url_problem
from natsauth._wire import INT64, codec, write_document
from natsauth.claims.account import Account
from natsauth.claims.base import VERSION, Claims
from natsauth.claims.generic import GenericClaims, write_body
from natsauth.claims.operator import OperatorClaims
from natsauth.claims.parse import CLAIMS
from natsauth.errors import ClaimsError, IssuerError, Problem, UsageError
from natsauth.keys import PublicKey, is_public_key

_MEMBERS = frozenset({"aud", "exp", "jti", "iat", "iss", "name", "nbf", "sub", "nats"})
_NATS = ((), "nats")
_BODIES: dict[str, Any] = {
    kind: next(item.default_factory for item in fields(cls) if item.name == "nats")
    for kind, cls in CLAIMS.items()
}
"""The class of ``nats`` for each kind."""


def make_payload(claims: Claims, issuer: PublicKey, issued_at: int) -> str:
    """Return the JSON text of claims, signed by an issuer at a Unix second.

    ``iss``, ``iat``, ``jti``, ``nats.type`` and ``nats.version`` are filled in; the claims stay as
    they are. Beyond what makes a readable token nothing is validated.

    Raises:
        UsageError: It is no claims object.
        ClaimsError: The subject has the wrong role, or a field holds what its type cannot.
        IssuerError: The issuer's role may not sign claims of this kind.
    """
    cls = type(claims)
    if cls is not GenericClaims and CLAIMS.get(getattr(cls, "kind", "")) is not cls:
        raise UsageError(f"expected claims, got {cls.__name__}")
    _check_keys(claims, issuer)
    problems: Problems = []
    before, after = _standard_members(claims, issuer, issued_at)
    body = _body(claims, problems)
    extra = _extra(claims, problems)
    if problems:
        raise ClaimsError(problems)
    jti = _base32.encode(_sha512_256(to_bytes(escape(f"{{{(before + after)[1:]}}}"))))
    return escape(f'{{{before[1:]}{"," if before else ""}"jti":"{jti}"{after}{body}{extra}}}')


def _check_keys(claims: Claims, issuer: PublicKey) -> None:
    role = claims.subject_role
    if role is None:
        if not claims.sub:
            raise ClaimsError([Problem("$.sub", "the subject is not set")])
    elif not is_public_key(claims.sub, role):
        message = f"expected a public {role} key as subject of {claims.kind} claims"
        raise ClaimsError([Problem("$.sub", message)])
    if issuer.type not in claims.issuers:
        roles = " or ".join(sorted(claims.issuers))
        raise IssuerError(
            f"{claims.kind} claims are signed by a key of an {roles}, got one of a {issuer.type}"
        )
    if isinstance(claims, OperatorClaims):
        url = getattr(claims.nats, "account_server_url", "")
        if isinstance(url, str) and (problem := account_server_url_problem(url)):
            raise ClaimsError([Problem("$.nats.account_server_url", problem)])


def _standard_members(claims: Claims, issuer: PublicKey, issued_at: int) -> tuple[str, str]:
    """Return the standard members before and after ``jti``, each with its leading comma."""
    aud, exp, name, nbf, sub = claims.aud, claims.exp, claims.name, claims.nbf, claims.sub
    if not (
        aud.__class__ is name.__class__ is sub.__class__ is str
        and exp.__class__ is nbf.__class__ is int
        and INT64[0] <= min(exp, nbf) <= max(exp, nbf) <= INT64[1]
    ):
        write_document(claims)  # names every problem; what it lets pass is a subclass of str
    before = f',"aud":{quote(aud)}' if aud else ""
    if exp:
        before += f',"exp":{exp}'
    after = f',"iat":{issued_at}' if issued_at else ""
    after += f',"iss":"{issuer.public_key}"'
    if name:
        after += f',"name":{quote(name)}'
    if nbf:
        after += f',"nbf":{nbf}'
    return before, f'{after},"sub":{quote(sub)}'


def _body(claims: Any, problems: Problems) -> str:
    nats = claims.nats
    if isinstance(claims, GenericClaims):
        if nats is None:
            return ""
        return ',"nats":' + write_body({**nats, "version": VERSION}, _NATS, problems)
    cls = _BODIES[claims.kind]
    if nats.__class__ is cls:
        if nats.type != claims.kind or nats.version != VERSION:
            nats = copy(nats)
            nats.type, nats.version = claims.kind, VERSION
        if cls is Account:
            nats = nats.in_wire_order()
    return ',"nats":' + codec(cls).write(nats, _NATS, problems)


def _extra(claims: Claims, problems: Problems) -> str:
    if not claims.extra:
        return ""
    if "type" in claims.extra:
        problems.append(Problem("$.type", "a member of this name makes it a version 1 token"))
    return write_extra(claims.extra, _MEMBERS, (), problems)


def _sha512_256(data: bytes) -> bytes:
    return new_hash("sha512_256", data).digest()
