"""Readers and writers of JSON objects, compiled once per class.

A class is a list of members: scalars (:class:`Leaf`) and whatever has a reader and writer of its
own (:class:`Node`). The first use of a class compiles both directions, as :mod:`dataclasses`
compiles ``__init__``, so that JSON costs a small part of a signature. Readers and writers report
every problem with its path and go on, so that all are reported at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from json.encoder import encode_basestring as quote
from typing import Any, NamedTuple

from natsauth._json import MINUS_ZERO, JsonError, dumps, shown, type_name
from natsauth.errors import Problem

_SHORT = 1 << 80  # numbers that an error shows
Path = tuple[Any, ...]
"""A place in a document: ``(parent, name or index)``, or ``()`` at the top. Cheap to extend."""
Problems = list[Problem]
Reader = Callable[[Any, Path, Problems], Any]
Writer = Callable[[Any, Path, Problems], str]


class Leaf(NamedTuple):
    """A scalar member, as pieces of source over its value ``v``."""

    zero: str
    """What a missing member reads as, and what is omitted."""
    accept: str
    """The test for a good value."""
    write: str
    """The JSON text of a good value, as a piece of an f-string."""
    expected: str
    """A good value, in words."""
    keep: bool = False
    """Whether the zero is written too."""
    nullable: bool = True
    """Whether null reads as the zero."""
    signed: bool = False
    """Whether it is a number that may have a minus sign."""
    name: str = ""
    """The JSON name, where the attribute cannot have it."""


class Node(NamedTuple):
    """A member with a reader and a writer of its own."""

    read: Reader
    write: Writer
    missing: Any = None
    """What is read in place of a missing or null member; ``None`` stays ``None``."""
    keep: bool = False
    """Whether it is written even when empty."""
    name: str = ""
    """The JSON name, where the attribute cannot have it."""
    codec: Codec | None = None
    """The codec behind ``read`` and ``write``, where there is one: compiled code then calls
    compiled code."""


class Codec:
    """Reader and writer of one class, compiled at the first use."""

    __slots__ = ("_reader", "_writer", "cls")

    def __init__(self, cls: type[Any]) -> None:
        self.cls = cls
        self._reader: Reader | None = None
        self._writer: Writer | None = None

    @property
    def reader(self) -> Reader:
        """The compiled reader of a ``dict``."""
        if self._reader is None:
            self._reader = _compile(self.cls, _reader_source(self.cls))
        return self._reader

    @property
    def writer(self) -> Writer:
        """The compiled writer of an object of the class."""
        if self._writer is None:
            self._writer = self.writer_with({})
        return self._writer

    def writer_with(self, fixed: dict[str, str]) -> Writer:
        """Return a writer for which some members have fixed JSON text, whatever the object has."""
        writer: Writer = _compile(self.cls, _writer_source(self.cls, fixed))
        return writer

    def read(self, value: Any, path: Path, problems: Problems) -> Any:
        """Make an object of parsed JSON; of an empty one where there is a problem."""
        if value.__class__ is not dict:
            mismatch(path, "object", value, problems)
            value = {}
        return self.reader(value, path, problems)

    def write(self, value: Any, path: Path, problems: Problems) -> str:
        """Return an object as JSON text."""
        if value.__class__ is not self.cls:
            return mismatch(path, self.cls.__name__, value, problems)
        return self.writer(value, path, problems)


def mismatch(path: Path, expected: str, value: Any, problems: Problems) -> str:
    """Note a value of the wrong type. Numbers are shown; text is not, it may be a secret."""
    number = f" {value}" if isinstance(value, int | float) and -_SHORT < value < _SHORT else ""
    cure = "; give its public_key" if hasattr(type(value), "public_key") else ""
    message = f"expected {expected}, got {type_name(value)}{number}{cure}"
    problems.append(Problem(render(path), message))
    return "null"


def render(path: Path) -> str:
    """Return a path as text, as in ``$.nats.pub.allow[1]``."""
    steps = []
    while path:
        path, step = path
        if isinstance(step, int):
            steps.append(f"[{step}]")
        else:
            short = shown(step)
            steps.append(f".{short}" if short.isidentifier() else f"[{short!r}]")
    return "$" + "".join(reversed(steps))


def read_int64(value: Any, path: Path, problems: Problems) -> int:
    """Read an integer within the bounds of Go's int64."""
    if value.__class__ is int and -(1 << 63) <= value < 1 << 63:
        return value
    if value is MINUS_ZERO:
        return 0
    mismatch(path, "integer", value, problems)
    return 0


def read_strings(value: Any, path: Path, problems: Problems) -> list[str] | None:
    """Read a list of strings, in which null is an empty one as in Go."""
    if value.__class__ is not list:
        mismatch(path, "list", value, problems)
        return None
    for item in value:
        if item.__class__ is not str:
            break
    else:
        return value
    for index, item in enumerate(value):
        if not isinstance(item, str | None):
            mismatch((path, index), "string", item, problems)
    return [item or "" for item in value]


def write_strings(value: Any, path: Path, problems: Problems) -> str:
    """Write a list of strings."""
    if value.__class__ is list or isinstance(value, list | tuple):
        try:
            return f"[{','.join(map(quote, value))}]"
        except TypeError:
            for index, item in enumerate(value):
                if not isinstance(item, str):
                    mismatch((path, index), "string", item, problems)
            return "[]"
    return mismatch(path, "list of strings", value, problems)


def list_reader(read: Reader) -> Reader:
    """Return a reader of lists."""

    def read_list(value: Any, path: Path, problems: Problems) -> list[Any] | None:
        if value.__class__ is not list:
            mismatch(path, "list", value, problems)
            return None
        return [read(item, (path, index), problems) for index, item in enumerate(value)]

    return read_list


def list_writer(write: Writer) -> Writer:
    """Return a writer of lists."""

    def write_list(value: Any, path: Path, problems: Problems) -> str:
        if not isinstance(value, list | tuple):
            return mismatch(path, "list", value, problems)
        items = [write(item, (path, index), problems) for index, item in enumerate(value)]
        return f"[{','.join(items)}]"

    return write_list


def objects_reader(codec: Codec, *, nullable: bool) -> Reader:
    """Return a reader of lists of objects; null among them is an empty one, or ``None``."""
    unusual = or_null(codec.read) if nullable else or_zero(codec.read, {})

    def read_objects(value: Any, path: Path, problems: Problems) -> list[Any] | None:
        if value.__class__ is not list:
            mismatch(path, "list", value, problems)
            return None
        usual = codec.reader
        return [
            (usual if item.__class__ is dict else unusual)(item, (path, index), problems)
            for index, item in enumerate(value)
        ]

    return read_objects


def or_null(read: Reader) -> Reader:
    """Return a reader that leaves null as ``None``, as Go's pointers and slices do."""
    return lambda value, path, problems: None if value is None else read(value, path, problems)


def or_zero(read: Reader, zero: Any) -> Reader:
    """Return a reader that reads null as something else, as Go's structs and numbers do."""
    return lambda value, path, problems: read(zero if value is None else value, path, problems)


def null_or(write: Writer) -> Writer:
    """Return a writer that writes ``None`` as null."""
    return lambda value, path, problems: "null" if value is None else write(value, path, problems)


def mapping_reader(read: Reader) -> Reader:
    """Return a reader of objects whose names are data."""

    def read_mapping(value: Any, path: Path, problems: Problems) -> dict[str, Any] | None:
        if value.__class__ is not dict:
            mismatch(path, "object", value, problems)
            return None
        return {name: read(item, (path, name), problems) for name, item in value.items()}

    return read_mapping


def mapping_writer(write: Writer) -> Writer:
    """Return a writer of objects whose names are data, in the order of the names."""

    def write_mapping(value: Any, path: Path, problems: Problems) -> str:
        if not isinstance(value, dict):
            return mismatch(path, "object", value, problems)
        for name in value:
            if not isinstance(name, str):
                return mismatch(path, "object with strings as names", name, problems)
        items = [f"{quote(k)}:{write(v, (path, k), problems)}" for k, v in sorted(value.items())]
        return f"{{{','.join(items)}}}"

    return write_mapping


def members(cls: type[Any]) -> list[tuple[str, str, Leaf | Node]]:
    """Return attribute, JSON name and kind of each member of a class, in order."""
    found = [(item.name, item.metadata["wire"]) for item in fields(cls) if "wire" in item.metadata]
    return [(attribute, member.name or attribute, member) for attribute, member in found]


def read_extra(
    document: dict[str, Any], known: frozenset[str], path: Path, problems: Problems
) -> dict[str, Any]:
    """Return the members that a class does not know.

    Go's reader takes a known name in any letter case. Two readers would then see two documents,
    so such names are refused.
    """
    extra = {name: value for name, value in document.items() if name not in known}
    for name in extra:
        if name.casefold() in known:
            message = f"the name is written {name.casefold()!r}, in that letter case"
            problems.append(Problem(render((path, name)), message))
    return extra


def write_extra(extra: Any, known: frozenset[str], path: Path, problems: Problems) -> str:
    """Return unknown members as JSON text, each with its leading comma."""
    if not isinstance(extra, dict):
        return mismatch((path, "extra"), "object", extra, problems)
    written = ""
    for name, value in extra.items():
        if not isinstance(name, str):
            mismatch(path, "strings as names in extra", name, problems)
            continue
        if name.casefold() in known:
            message = "extra holds a name that is a member of its own"
            problems.append(Problem(render(path), f"{message}: {shown(name)!r}"))
            continue
        try:
            written += f",{quote(name)}:{dumps(value)}"
        except JsonError as error:
            problems.append(Problem(render((path, name)), str(error)))
    return written


def _compile(cls: type[Any], lines: list[str]) -> Any:
    names: dict[str, Any] = {
        "cls": cls, "new": cls.__new__, "quote": quote, "mismatch": mismatch,
        "read_extra": read_extra, "write_extra": write_extra, "minus_zero": MINUS_ZERO,
        "known": frozenset(name for _, name, _ in members(cls)),
    }  # fmt: skip
    for attribute, _, member in members(cls):
        if isinstance(member, Node):
            names[f"read_{attribute}"] = member.read
            names[f"write_{attribute}"] = member.write
            if member.codec:
                names[f"cls_{attribute}"] = member.codec.cls
                names[f"reader_{attribute}"] = member.codec.reader
                names[f"writer_{attribute}"] = member.codec.writer
    exec("\n".join(lines), names)  # noqa: S102 - the source is made of the declarations alone
    return names["codec"]


def _reader_source(cls: type[Any]) -> list[str]:
    lines = ["def codec(d, path, problems):", " o = new(cls)", " get = d.get"]
    for attribute, name, member in members(cls):
        target, at = f"o.{attribute}", f"(path, {name!r})"
        lines.append(f" v = get({name!r})")
        if isinstance(member, Leaf):
            missing = "v is None" if member.nullable else f"{name!r} not in d"
            lines += [
                f" if {missing}: {target} = {member.zero}",
                f" elif {member.accept}: {target} = v",
                *([f" elif v is minus_zero: {target} = 0"] if member.signed else []),
                " else:",
                f"  {target} = {member.zero}",
                f"  mismatch({at}, {member.expected!r}, v, problems)",
            ]
            continue
        missing = (
            "None"
            if member.missing is None
            else f"read_{attribute}({member.missing!r}, {at}, problems)"
        )
        lines.append(f" if v is None: {target} = {missing}")
        if member.codec:
            lines.append(
                f" elif v.__class__ is dict: {target} = reader_{attribute}(v, {at}, problems)"
            )
        lines.append(f" else: {target} = read_{attribute}(v, {at}, problems)")
    lines.append(" o.extra = {} if d.keys() <= known else read_extra(d, known, path, problems)")
    return [*lines, " return o"]


def _writer_source(cls: type[Any], fixed: dict[str, str]) -> list[str]:
    lines = ["def codec(o, path, problems):", " s = ''"]
    for attribute, name, member in members(cls):
        at, key = f"(path, {name!r})", f",{quote(name)}:"
        if attribute in fixed:
            lines.append(f" s += '{key}{fixed[attribute]}'")
            continue
        lines.append(f" v = o.{attribute}")
        write = f"write_{attribute}(v, {at}, problems)"
        if isinstance(member, Leaf):
            zero = f"v.__class__ is ({member.zero}).__class__ and not v"
            lines += [
                f" if {member.accept}:",
                f"  {'' if member.keep else 'if v: '}s += f'{key}{member.write}'",
                f" elif not ({zero}): mismatch({at}, {member.expected!r}, v, problems)",
            ]
        elif member.codec:
            lines += [
                f" if v.__class__ is cls_{attribute}:",
                f"  s += '{key}' + writer_{attribute}(v, {at}, problems)",
                f" {'else' if member.keep else 'elif v is not None'}: {write}",
            ]
        elif member.keep:
            lines.append(f" s += '{key}' + {write}")
        else:
            lines += [" if v is not None:", f"  w = {write}", f"  if v: s += '{key}' + w"]
    lines.append(" if o.extra: s += write_extra(o.extra, known, path, problems)")
    return [*lines, " return '{' + s[1:] + '}'"]
