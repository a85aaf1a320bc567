"""Tokens as text: in armour, as JSON, and a member of that."""

from __future__ import annotations

import re
from typing import Any

from natsauth._envelope import split
from natsauth._json import dumps, to_bytes
from natsauth.cli._output import escaped
from natsauth.errors import MalformedTokenError, NatsAuthError

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


def field(payload: dict[str, Any], path: str) -> str:
    """Return a member of a payload as compact JSON; ``null`` where there is none, as in nsc.

    What a terminal would obey is escaped.

    Args:
        payload: The payload.
        path: Where the member is, as in ``nats.signing_keys[0]``.

    Raises:
        NatsAuthError: The path is none, leads into a value without members, or out of a list.
    """
    if not _PATH.fullmatch(path):
        raise NatsAuthError(
            f"{path!r:.80} is no path to a field", hint="one looks like nats.signing_keys[0]"
        )
    value: Any = payload
    for name, index in _STEP.findall(path):
        if name and isinstance(value, dict):
            value = value.get(name)
        elif index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        else:
            raise NatsAuthError(f"there is no {name or f'[{index}]'} on the way of {path!r:.80}")
    return escaped(to_bytes(dumps(value, sort=True)).decode())
