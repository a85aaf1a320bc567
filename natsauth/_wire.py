"""Dataclasses to and from the JSON of claims.

A JSON object is a dataclass made by :func:`wire`; a member is a field made by one of the functions
below. Each field knows its JSON name (its own), what a missing member reads as, and when it is
omitted, as Go's struct tags do::

    @wire
    class Permission(WireObject):
        allow: list[str] | None = strings()
        deny: list[str] | None = strings()

Two defaults differ on purpose: the constructor's (a new user is unlimited: ``-1``) and the wire's
(a missing member is Go's zero value: ``0``, ``""``, ``None``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

from natsauth._codec import (
    Codec,
    Leaf,
    Node,
    Path,
    Problems,
    Reader,
    Writer,
    list_writer,
    mapping_reader,
    mapping_writer,
    null_or,
    objects_reader,
    read_strings,
    render,
    write_strings,
)
from natsauth._json import JsonError, to_bytes
from natsauth._redact import without_seeds
from natsauth.errors import ClaimsError, Problem, UsageError

INT64 = (-(1 << 63), (1 << 63) - 1)
UINT64 = (0, (1 << 64) - 1)
UINT8 = (0, 255)
T = TypeVar("T")
_CODECS: dict[type[Any], Codec] = {}


def text(default: str = "", *, keep: bool = False, name: str = "", secret: bool = False) -> Any:
    """Declare a string. A secret one is left out of ``repr``."""
    accept = "v.__class__ is str or isinstance(v, str)"
    leaf = Leaf('""', accept, "{quote(v)}", "string", keep=keep, name=name)
    return field(default=default, repr=not secret, metadata={"wire": leaf})


def integer(default: int = 0, *, within: tuple[int, int] = INT64, keep: bool = False) -> Any:
    """Declare an integer within the bounds of its Go type."""
    low, high = within
    expected = "integer" if within == INT64 else f"integer from {low} to {high}"
    accept = f"v.__class__ is int and {low} <= v <= {high}"
    leaf = Leaf("0", accept, "{v}", expected, keep=keep, signed=low < 0)
    return field(default=default, metadata={"wire": leaf})


def flag(*, default: bool = False) -> Any:
    """Declare a boolean."""
    leaf = Leaf("False", "v.__class__ is bool", "true", "boolean")
    return field(default=default, metadata={"wire": leaf})


def choice(*choices: str) -> Any:
    """Declare one of a few strings; Go refuses any other, and null."""
    names = " or ".join(map(repr, choices))
    leaf = Leaf('""', f"isinstance(v, str) and v in {choices}", "{quote(v)}", names, nullable=False)
    return field(default="", metadata={"wire": leaf})


def custom(read: Reader, write: Writer, *, missing: Any = None, keep: bool = False) -> Any:
    """Declare a member with a reader and a writer of its own."""
    return field(
        **{"default_factory": type(missing)} if missing == [] else {"default": missing},
        metadata={"wire": Node(read, write, missing, keep)},
    )


def strings() -> Any:
    """Declare a list of strings; ``None`` is a missing one."""
    return custom(read_strings, write_strings)


def nested(cls: type[Any]) -> Any:
    """Declare an object that is always there, and always written."""
    node = Node(codec(cls).read, codec(cls).write, missing={}, keep=True, codec=codec(cls))
    return field(default_factory=cls, metadata={"wire": node})


def optional(cls: type[Any]) -> Any:
    """Declare an object or ``None``; an empty object is written."""
    node = Node(codec(cls).read, codec(cls).write, codec=codec(cls))
    return field(default=None, metadata={"wire": node})


def objects(cls: type[Any], *, nullable: bool = False) -> Any:
    """Declare a list of objects; null among them reads as an empty one, or as ``None``."""
    write = codec(cls).write
    read = objects_reader(codec(cls), nullable=nullable)
    return custom(read, list_writer(null_or(write) if nullable else write))


def mapping(read: Reader, write: Writer) -> Any:
    """Declare an object whose names are data, written in their order."""
    return custom(mapping_reader(read), mapping_writer(write))


@dataclass_transform(kw_only_default=True)
def wire(cls: type[T]) -> type[T]:
    """Make a dataclass of keyword-only slots whose fields stand in JSON in their order."""
    made = dataclass(slots=True, kw_only=True, eq=False, repr=False, match_args=False)(cls)
    _CODECS[made] = Codec(made)
    return made


@wire
class WireObject:
    """Base of every JSON object of the claims.

    Attributes:
        extra: Members of the JSON object that this version of natsauth does not know. They are
            written back as they came.
    """

    extra: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Return the class and the fields that are set; secrets in them are not shown."""
        shown = (
            f"{item.name}={getattr(self, item.name)!r}"
            for item in fields(self)
            if item.repr and getattr(self, item.name) not in (None, "", 0, False, {})
        )
        return without_seeds(f"{type(self).__name__}({', '.join(shown)})")

    def __eq__(self, other: object) -> bool:
        """Tell whether the class and every field are equal."""
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, f.name) == getattr(other, f.name) for f in fields(self))

    __hash__ = None  # type: ignore[assignment]  # a draft changes


def codec(cls: type[Any]) -> Codec:
    """Return the reader and writer of a class.

    Raises:
        UsageError: The class was not made by :func:`wire`; a subclass of one that was has none.
    """
    if cls not in _CODECS:
        raise UsageError(f"{cls.__name__} is no class of natsauth's claims")
    return _CODECS[cls]


def read_document(cls: type[T], document: Any, path: Path = ()) -> T:
    """Make an object of a class from parsed JSON.

    Raises:
        ClaimsError: Members have the wrong type; all of them are named.
    """
    problems: Problems = []
    try:
        made: T = _CODECS[cls].read(document, path, problems)
    except RecursionError:
        raise ClaimsError([Problem(render(path), "is nested too deeply")]) from None
    if problems:
        raise ClaimsError(problems)
    return made


def write_document(value: WireObject, path: Path = ()) -> str:
    """Return an object as JSON text, byte for byte as Go writes it.

    Raises:
        ClaimsError: Fields hold what JSON or their type cannot; all of them are named.
    """
    problems: Problems = []
    written = codec(type(value)).write(value, path, problems)
    if problems:
        raise ClaimsError(problems)
    try:
        return to_bytes(written).decode()
    except JsonError as error:
        raise ClaimsError([Problem(render(path), str(error))]) from None
