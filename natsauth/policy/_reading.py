"""A user's token as the server reads it, which is more lenient than :func:`natsauth.decode`.

Go's ``encoding/json`` takes names in any letter case and twice, and its ``encoding/base64`` takes
line breaks and stray bits at the end. natsauth refuses all that, for two readers then see two
documents; but a verdict on a connection is about what the server sees.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from natsauth._codec import Node, members
from natsauth._envelope import MAX_CHARS, identify, verified
from natsauth._json import dumps, loads, to_bytes
from natsauth._wire import read_document
from natsauth.claims.permissions import TimeRange
from natsauth.claims.user import UserClaims
from natsauth.errors import ClaimsError, ClaimTypeError, MalformedTokenError, TokenError
from natsauth.token import decode

if TYPE_CHECKING:
    from collections.abc import Iterable

_CHUNK = re.compile(rb"[A-Za-z0-9_-]*")
_CHUNKS = 3
_LONG = 20
"""More characters than any number in claims has; whether it is in range is then clear."""
_HEADER = ("typ", "alg")
_TOP = ("type", "tags", "issuer_account")
"""What version 1 has at the top, beside the members of all claims."""
_NEWS = ("allowed_connection_types", "proxy_required", "issuer_account")
"""What version 1 does not have in the body."""
_OBJECTS: dict[str, type[Any]] = {"times": TimeRange}
"""The members of users that are lists of objects."""


class Reading(NamedTuple):
    """What the server makes of a token.

    Attributes:
        claims: Its claims, or ``None`` if the server does not take it for a user's.
        refusal: Why :func:`natsauth.decode` refuses it, or an empty string.
    """

    claims: UserClaims | None
    refusal: str


class _Pairs(list[tuple[str, Any]]):
    """The members of a JSON object as they stand there, perhaps several of one name."""


def read_user(text: str) -> Reading:
    """Read a user's token as nats-server 2.15.1 does.

    Args:
        text: What the client sends as its JWT; anything may stand in it.
    """
    try:
        return Reading(decode(text, UserClaims).claims, "")
    except (TokenError, ClaimsError) as error:
        refusal = str(error)
    try:
        return Reading(_read_leniently(text), refusal)
    except (TokenError, ClaimsError, ValueError, RecursionError):
        return Reading(None, refusal)


def _read_leniently(text: str) -> UserClaims:
    raw = text.encode()
    chunks = raw.split(b".")
    if len(raw) > MAX_CHARS or len(chunks) != _CHUNKS:
        raise MalformedTokenError("it is no token")
    head, body, tail = chunks
    _check_header(_members(_pairs(_data(head)), _HEADER))
    payload = _payload(_pairs(_data(body)))
    cls, version = identify(payload, old=False)
    claims = verified((raw, body, _data(tail), payload, cls, version))
    if not isinstance(claims, UserClaims):
        raise ClaimTypeError("it is not a user's")
    return claims


def _data(chunk: bytes) -> bytes:
    chunk = chunk.replace(b"\r", b"").replace(b"\n", b"")
    if not _CHUNK.fullmatch(chunk):
        raise MalformedTokenError("it is not base64url")
    return urlsafe_b64decode(chunk + b"=" * (-len(chunk) % 4))


def _pairs(data: bytes) -> _Pairs:
    document = json.loads(
        data.decode("utf-8", "natsauth"),
        object_pairs_hook=_Pairs,
        parse_int=lambda digits: int(digits) if len(digits) < _LONG else 1 << 64,
        parse_constant=_refuse,
    )
    if not isinstance(document, _Pairs):
        raise MalformedTokenError("it is no JSON object")
    return document


def _refuse(constant: str) -> NoReturn:
    raise MalformedTokenError(f"{constant} is not JSON")


def _check_header(header: dict[str, list[Any]]) -> None:
    for name, expected in (("typ", ("jwt",)), ("alg", ("ed25519", "ed25519-nkey"))):
        values = [value for value in header.get(name, ()) if value is not None]
        if not all(isinstance(value, str) for value in values):
            raise MalformedTokenError(f"{name} is no string")
        if not values or values[-1].lower() not in expected:
            raise MalformedTokenError(f"the header has another {name}")


def _payload(pairs: _Pairs) -> dict[str, Any]:
    """Return the payload of a user as one that natsauth reads."""
    top = {
        name: next((v for v in reversed(values) if v is not None), None)
        for name, values in _members(pairs, _TOP).items()
    }
    if top.get("type"):  # a token of version 1
        pairs = _Pairs((name, _without_news(value)) for name, value in pairs)
    document = _object(pairs, UserClaims) | top
    parsed: dict[str, Any] = loads(to_bytes(dumps(document)))  # replaces lone surrogates
    return parsed


def _without_news(body: Any) -> Any:
    """Return a body without what version 1 does not have, and what version 2 has dropped.

    Raises:
        MalformedTokenError: What version 2 has dropped has the wrong type.
    """
    if not isinstance(body, _Pairs):
        return body
    if not all(isinstance(n, int | None) for n in _members(body, ("max",)).get("max", ())):
        raise MalformedTokenError("the maximum of messages is no integer")
    return _Pairs((name, value) for name, value in body if _folded(name) not in _NEWS)


def _object(pairs: _Pairs, cls: type[Any]) -> dict[str, Any]:
    """Return an object whose known names are spelled right and stand there once.

    Raises:
        ClaimsError: A value that another one of the same name replaces has the wrong type.
    """
    known = {name: member for _, name, member in members(cls)}
    document: dict[str, Any] = {}
    for name, found in _members(pairs, known).items():
        values, member = found, known[name]
        inner = _OBJECTS.get(name)
        if not isinstance(member, Node) or member.missing is not None:
            values = [v for v in values if v is not None]  # null changes nothing
        if isinstance(member, Node) and member.codec:
            inner = member.codec.cls
            values = _merged(values)
        prepared = [_prepared(value, inner) for value in values]
        document[name] = prepared[-1] if prepared else None
        if len(prepared) > 1:
            for value in prepared:
                read_document(cls, {name: value})
    return document


def _prepared(value: Any, inner: type[Any] | None) -> Any:
    """Return a value of plain JSON, in which objects of a class have the names of its members.

    Raises:
        MalformedTokenError: There is a number with a fraction, which no member of a user has.
    """
    if isinstance(value, float):
        raise MalformedTokenError("a number is no integer")
    if isinstance(value, _Pairs):
        return _object(value, inner) if inner else {}
    return [_prepared(item, inner) for item in value] if isinstance(value, list) else value


def _members(pairs: _Pairs, known: Iterable[str]) -> dict[str, list[Any]]:
    """Return the values that stand under known names, which Go reads in any letter case."""
    by_name = {_folded(name): name for name in known}
    found: dict[str, list[Any]] = {}
    for name, value in pairs:
        if (spelled := by_name.get(_folded(name))) is not None:
            found.setdefault(spelled, []).append(value)
    return found


def _folded(name: str) -> str:
    """Fold letter case as Go does, one character by one: ``ß`` is not ``ss``."""
    return "".join(c.casefold() if len(c.casefold()) == 1 else c for c in name)


def _merged(values: list[Any]) -> list[Any]:
    """Merge neighbouring objects, the later ones over the earlier; null in between ends one."""
    merged: list[Any] = []
    for are_objects, run in groupby(values, lambda value: isinstance(value, _Pairs)):
        neighbours = [*run]
        merged += [_Pairs(chain.from_iterable(neighbours))] if are_objects else neighbours
    return merged
