"""Tokens as text: in armour, as JSON, and a member of that."""

from __future__ import annotations

import re
from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from natsauth._codec import Node
from natsauth._envelope import split
from natsauth._json import dumps, to_bytes
from natsauth.cli._output import escaped
from natsauth.cli._tables import harmless
from natsauth.errors import MalformedTokenError, NatsAuthError

if TYPE_CHECKING:
    from natsauth.claims import Claims

_ARMOUR = re.compile(r"-{3,} ?BEGIN NATS [A-Z_ ]* ?JWT ?-{3,}\s*([\w.-]+)\s*-{3,} ?END NATS ")
_STEP = re.compile(r"([^.\[\]]+)|\[([0-9]{1,9})\]")
_PATH = re.compile(r"[^.\[\]]+(?:\.[^.\[\]]+|\[[0-9]{1,9}\])*")


def token_in(text: str) -> str:
    """Return the token in a text: bare, in armour, or in creds.

    Raises:
        MalformedTokenError: There is none.
    """
    text = text.strip().removeprefix("\N{BYTE ORDER MARK}")
    if match := _ARMOUR.search(text):
        return match[1]
    if re.fullmatch(r"[\w-]+(?:\.[\w-]+){2}", text, re.ASCII):
        return text
    raise MalformedTokenError(
        "this holds no token",
        hint="a token is three chunks between dots, alone or between BEGIN and END lines",
    )


def armoured(token: str, kind: str) -> str:
    """Return a token between BEGIN and END lines, byte for byte as Go's jwt/v2 writes it.

    Args:
        token: The text of the token.
        kind: The kind of its claims, such as ``account``.
    """
    name = kind.upper()
    return f"-----BEGIN NATS {name} JWT-----\n{token}\n------END NATS {name} JWT------\n\n"


def payload_of(token: str) -> dict[str, Any]:
    """Return the payload of a token as it stands there; what is absent stays so.

    Raises:
        TokenError, ClaimsError: As :func:`natsauth.peek_unverified`.
    """
    return split(token)[3]


def field(payload: dict[str, Any], path: str, claims: type[Claims] | None = None) -> Any:
    """Return a member of a payload; ``None`` where there is none, for which nsc shows ``null``.

    Args:
        payload: The payload.
        path: Where the member is, as in ``nats.signing_keys[0]``.
        claims: The class of the claims, which says what members there may be; any if not given.

    Raises:
        NatsAuthError: The path is none, names a member that such claims never have, leads into a
            value without members, or out of a list.
    """
    if not _PATH.fullmatch(path):
        raise NatsAuthError(
            f"{path!r:.80} is no path to a field", hint="one looks like nats.signing_keys[0]"
        )
    value: Any = payload
    known: type[Any] | None = claims
    for name, index in _STEP.findall(path):
        if name and isinstance(value, dict):
            members = _members(known)
            if members and name not in members | value:
                near = get_close_matches(name, [*(members | value)], n=1)
                raise NatsAuthError(
                    f"no token of this kind has the field {name!r:.80} of {path!r:.80}",
                    hint=f"did you mean {near[0]}?"
                    if near
                    else "--json shows all fields there are",
                )
            value, known = value.get(name), members.get(name)
        elif index and isinstance(value, list) and int(index) < len(value):
            value, known = value[int(index)], None
        else:
            raise NatsAuthError(f"there is no {name or f'[{index}]'} on the way of {path!r:.80}")
    return value


def field_text(value: Any, *, raw: bool = False) -> str:
    """Return a member of a payload as compact JSON in nsc's form, a raw text without its quotes.

    What a terminal would obey is escaped.

    Raises:
        NatsAuthError: There is no value, of which a raw text could be.
    """
    if raw and value is None:
        raise NatsAuthError("this token does not have that field")
    if raw and isinstance(value, str):
        return harmless(value)
    return escaped(to_bytes(dumps(value, sort=True)).decode())


def _members(cls: type[Any] | None) -> dict[str, type[Any] | None]:
    """Return the JSON names of a class of claims, with the classes of objects among the members."""
    return {
        member.name or item.name: member.codec.cls
        if isinstance(member, Node) and member.codec
        else None
        for item in (fields(cls) if cls else ())
        if (member := item.metadata.get("wire"))
    }
