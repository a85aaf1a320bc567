"""Claims of a kind that natsauth does not know, with a free body."""

from __future__ import annotations

from dataclasses import field
from typing import Any, ClassVar

from natsauth._codec import Node, Path, Problems, mismatch, render
from natsauth._json import MINUS_ZERO, JsonError, dumps
from natsauth._wire import wire
from natsauth.claims.base import Claims
from natsauth.errors import Problem
from natsauth.keys import KeyType

_EXACT = 1 << 53


def _read(value: Any, path: Path, problems: Problems) -> dict[str, Any]:
    if not isinstance(value, dict):
        mismatch(path, "object", value, problems)
        return {}
    try:
        read: dict[str, Any] = _as_floats(value)
    except OverflowError:
        problems.append(Problem(render(path), "a number is beyond a float64"))
        return {}
    return read


def write_body(value: Any, path: Path, problems: Problems) -> str:
    """Write a free body as Go does: names in order, floats in shortest form."""
    if not isinstance(value, dict):
        return mismatch(path, "object", value, problems)
    try:
        return dumps(value, sort=True)
    except JsonError as error:
        problems.append(Problem(render(path), str(error)))
        return "{}"


def _as_floats(value: Any) -> Any:
    """Read integers beyond 2^53 as Go and JavaScript do: every number is a float64 there."""
    if isinstance(value, dict):
        return {name: _as_floats(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_floats(item) for item in value]
    if value is MINUS_ZERO:
        return -0.0
    if isinstance(value, int) and abs(value) > _EXACT:
        return float(value)
    return value


@wire
class GenericClaims(Claims):
    """Claims with a free body, signed by any key for any subject.

    Attributes:
        nats: The body. ``type`` names the kind, ``version`` is set by ``encode``. ``None`` is no
            body at all.
    """

    kind: ClassVar[str] = "generic"
    issuers: ClassVar[frozenset[KeyType]] = frozenset(KeyType) - {KeyType.CURVE}

    nats: dict[str, Any] | None = field(
        default_factory=dict, metadata={"wire": Node(_read, write_body)}
    )
