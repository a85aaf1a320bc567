"""Strict JSON in, Go's JSON out.

Reading refuses what lets two readers see two documents: duplicate names, ``NaN``, a byte order
mark, anything after the value. Broken UTF-8 and lone surrogates read as U+FFFD, one for each bad
byte, as Go reads them (jwt.js writes Latin-1 into its tokens). Writing gives the bytes of Go's
``encoding/json``: compact, ``<``, ``>``, ``&``, U+2028 and U+2029 escaped, floats in shortest form.
"""

from __future__ import annotations

import codecs
import json
from collections import Counter
from json.encoder import encode_basestring as quote
from math import isfinite
from operator import itemgetter
from typing import Any, NoReturn

from natsauth._redact import without_seeds

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class _MinusZero(int):
    """The class of :data:`MINUS_ZERO`."""


MAX_DEPTH = 128
"""Levels of nesting that are read."""
MINUS_ZERO = _MinusZero()
"""What ``-0`` reads as: 0 where a sign may stand, and refused by Go where none may."""


class JsonError(ValueError):
    """The text is not JSON as natsauth reads it."""


def loads(document: Any) -> Any:
    """Read one JSON value from ``str`` or ``bytes``.

    Raises:
        JsonError: The document is not strict JSON; the message says what and where.
    """
    try:
        text: str = document.decode("utf-8", "natsauth")
        value, end = _SCAN(text, 0)
        plain = "\\ud" not in text and "\\uD" not in text and "-0" not in text
        if end == len(text) and plain and text.count("{") + text.count("[") <= MAX_DEPTH:
            return value
    except (AttributeError, StopIteration, RecursionError, ValueError):
        pass
    return _loads_carefully(document)


def dumps(value: Any, *, sort: bool = False) -> str:
    """Write a value of plain JSON types, before :func:`to_bytes`.

    Raises:
        JsonError: Something in it is no JSON value, not finite, or nested too deeply.
    """
    try:
        return _dumps(value, sort)
    except RecursionError:
        raise JsonError("it is nested too deeply") from None
    except JsonError:
        raise
    except ValueError:
        raise JsonError("a number has too many digits") from None


def to_bytes(text: str) -> bytes:
    """Return JSON text as the bytes of Go: escaped, in UTF-8, lone surrogates as U+FFFD.

    Raises:
        JsonError: Two names of an object are the same by then.
    """
    # Outside of strings none of these ever stands.
    if "&" in text:
        text = text.replace("&", "\\u0026")
    if "<" in text:
        text = text.replace("<", "\\u003c")
    if ">" in text:
        text = text.replace(">", "\\u003e")
    if not text.isascii():
        text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    try:
        return text.encode()
    except UnicodeEncodeError:
        replaced = without_surrogates(text).encode()
        loads(replaced)
        return replaced


def without_surrogates(text: str) -> str:
    """Return the text with each lone surrogate replaced by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def shown(name: str) -> str:
    """Return a name as errors show it: its beginning, and never a seed."""
    return without_seeds(name[:160])[:80]


def type_name(value: object) -> str:
    """Return what JSON calls the type of a value."""
    return _TYPE_NAMES.get(type(value)) or type(value).__name__


def _loads_carefully(document: str | bytes) -> Any:
    """Read what is unusual: in white space, with surrogates, large, or wrong."""
    text = document.decode("utf-8", "natsauth") if isinstance(document, bytes) else document
    try:
        value = _CAREFUL_DECODER.decode(text)
        _check_depth(value)
        return _without_surrogates(value)
    except JsonError:
        raise
    except RecursionError:
        raise JsonError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise JsonError(f"{error.msg.removesuffix(' at')} at character {error.pos}") from None
    except ValueError:
        raise JsonError("a number has too many digits") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise JsonError(f"the name {shown(name)!r} stands twice in one object")
    return members


def _constant(name: str) -> NoReturn:
    raise JsonError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise JsonError(f"the number {digits[:40]} is beyond a float64")
    return number


def _check_depth(value: Any) -> None:
    """Refuse deep nesting, which would break whoever walks the value; claims need six levels."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        nested = [item for item in level if item.__class__ in (dict, list)]
        if not nested:
            return
        level = [
            inner
            for outer in nested
            for inner in (outer.values() if outer.__class__ is dict else outer)
        ]
    raise JsonError(f"it is nested in more than {MAX_DEPTH} levels")


def _integer(digits: str) -> int:
    return MINUS_ZERO if digits == "-0" else int(digits)


def _one_for_each_byte(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return REPLACEMENT * (error.end - error.start), error.end


codecs.register_error("natsauth", _one_for_each_byte)
_HOOKS: dict[str, Any] = {
    "object_pairs_hook": _unique,
    "parse_constant": _constant,
    "parse_float": _finite,
}
_DECODER = json.JSONDecoder(**_HOOKS)
_CAREFUL_DECODER = json.JSONDecoder(**_HOOKS, parse_int=_integer)
_SCAN = _DECODER.scan_once  # type: ignore[attr-defined]  # public, but not in typeshed
_TYPE_NAMES: dict[type, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    list: "list",
    dict: "object",
    type(None): "null",
}


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else without_surrogates(value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return _unique([(_without_surrogates(k), _without_surrogates(v)) for k, v in value.items()])
    return value


def _dumps(value: Any, sort: bool) -> str:  # noqa: FBT001 - private recursion
    if isinstance(value, str):
        return quote(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, dict):
        items = [(_name(name), item) for name, item in value.items()]
        if sort:
            items = sorted(items, key=_by_name)
        return "{" + ",".join([f"{quote(k)}:{_dumps(v, sort)}" for k, v in items]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([_dumps(item, sort) for item in value]) + "]"
    raise JsonError(f"{type_name(value)} is no JSON type")


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise JsonError(f"a name must be a string, got {type_name(name)}")
    return name


_by_name = itemgetter(0)


def _float(value: float) -> str:
    """Write a float as Go does: shortest digits, exponents below 1e-6 and from 1e21."""
    if not isfinite(value):
        raise JsonError(f"{value} is not JSON")
    text = float.__repr__(value)
    if value == 0 or 1e-6 <= abs(value) < 1e21:  # noqa: PLR2004 - Go's bounds
        from decimal import Decimal

        return format(Decimal(text), "f").removesuffix(".0")
    digits, _, exponent = text.partition("e")
    return f"{digits.removesuffix('.0')}e{exponent[0]}{exponent[1:].lstrip('0')}"
