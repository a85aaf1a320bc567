"""Texts of the library as people read them: names for keys, dates for Unix seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from natsauth.cli._output import quoted

if TYPE_CHECKING:
    from natsauth.claims import Claims

_MOMENT = re.compile(r"\b(at|after|until|before) ([0-9]{9,10})\b")
_KINDS = re.compile(r"expected a token of ([A-Z][a-z]+)Claims, got one of ([a-z]+) claims")


def readable(text: str, *known: Claims | None) -> str:
    """Return a text with names for keys, and with dates.

    Args:
        text: What the library says.
        known: Whose names are known.
    """
    for claims in known:
        if claims and claims.name and claims.sub:
            name = quoted(f"{claims.name:.80}")
            text = text.replace(f"'{claims.sub}'", name).replace(claims.sub, name)
    text = _KINDS.sub(_kinds, text)
    return _MOMENT.sub(lambda found: f"{found[1]} {date(int(found[2]))}", text)


def date(seconds: int) -> str:
    """Return a moment in UTC."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def _kinds(found: re.Match[str]) -> str:
    wanted, got = (
        f"{'an' if kind[0] in 'aeio' else 'a'} {kind}" for kind in (found[1].lower(), found[2])
    )
    return f"this is the token of {got}, not of {wanted}"
