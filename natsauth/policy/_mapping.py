"""The mappings of an account: to what a published subject is renamed before anything is checked.

Of the targets of a mapping the server draws one by weight, and in other clusters it may have
others; all that may come out are looked at here.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import count, islice, product
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from natsauth.policy._trie import covers, is_subject, is_wild
from natsauth.subjects import parse_int

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from natsauth.claims.account import WeightedMapping

    Piece = Callable[[Sequence[str]], Iterable[str]]
    """What a token of a target may come out as, given the tokens of the subject."""

MAX_TARGETS = 1000
"""How many targets are looked at; ``{{random(…)}}`` may make as many as it likes."""
MAX_CHARACTERS = 1 << 24
"""How many characters the targets have together that are looked at, but for the first one."""
_ALL = 100  # percent, which a weight of 0 stands for
_INT32 = 1 << 31
_FUNCTIONS = (
    "wildcard", "partition", "splitfromleft", "splitfromright", "slicefromleft", "slicefromright",
    "right", "left", "split", "random",
)  # fmt: skip
"""In the order in which the server looks for them in a token."""
_CUTS = ("right", "left")
"""The functions that came last, with nats-server 2.15."""
_BLANKS = r"[\t\n\f\r ]*"  # what \s is to Go
_HEAD = re.compile(
    rf"\{{\{{{_BLANKS}([pP]artition|[wW]ildcard|[sS]plit[fF]rom[lL]eft|[sS]plit[fF]rom[rR]ight"
    r"|[sS]lice[fF]rom[lL]eft|[sS]lice[fF]rom[rR]ight|[lL]eft|[rR]ight|[sS]plit|[rR]andom)"
    rf"{_BLANKS}\("
)
_TAIL = re.compile(rf"\){_BLANKS}\}}\}}")
_COMMA = re.compile(f",{_BLANKS}")
_FUNCTION_MIN = 5  # a shorter token in braces is taken as it is


class _Mapping(NamedTuple):
    """One mapping: the tokens of its source, and to what each target may fill in a subject."""

    source: list[str]
    is_wild: bool
    targets: list[Piece]


class _IgnoredError(Exception):
    """The server leaves the mapping out."""


class Mappings:
    """The mappings of an account, compiled. Those that the server leaves out are left out."""

    __slots__ = ("_mappings",)

    def __init__(
        self, mappings: Mapping[str, list[WeightedMapping] | None], *, cuts_tokens: bool = True
    ) -> None:
        functions = [name for name in _FUNCTIONS if cuts_tokens or name not in _CUTS]
        self._mappings: list[_Mapping] = []
        for source, targets in mappings.items():
            try:
                compiled = _targets(source, targets or (), functions)
            except _IgnoredError:
                continue
            self._mappings.append(_Mapping(source.split("."), is_wild(source), compiled))

    def targets(self, subject: str) -> list[str]:
        """Return every subject that a subject may become, an empty one where it may be dropped.

        Of several mappings that fit the server takes the one that happens to come first.
        """
        found: dict[str, None] = {}
        room = MAX_CHARACTERS
        for become in islice(self._become(subject.split(".")), MAX_TARGETS):
            found[become] = None
            room -= len(become)
            if room < 0:
                break
        return [*found] or [subject]

    def _become(self, tokens: list[str]) -> Iterator[str]:
        for mapping in self._mappings:
            if covers(mapping.source, tokens):
                for known in self._known(mapping, tokens):
                    for target in mapping.targets:
                        yield from target(known)

    def _known(self, mapping: _Mapping, tokens: list[str]) -> list[list[str]]:
        """Return what the server may know of a subject's tokens as it fills in a target.

        It has none where the first mapping that it looks at has the very subject as its source.
        """
        if mapping.is_wild or mapping.source != tokens:
            return [tokens]
        return [[]] if len(self._mappings) == 1 else [[], tokens]


def _targets(
    source: str, given: Sequence[WeightedMapping], functions: Sequence[str]
) -> list[Piece]:
    """Compile the targets of a mapping.

    Raises:
        _IgnoredError: The server leaves the mapping out.
    """
    names = {target.subject for target in given}
    if not is_subject(source) or len(names) < len(given):
        raise _IgnoredError
    compiled: list[Piece] = []
    totals = {"": 0}
    for target in given:
        weight = target.weight or _ALL
        totals[target.cluster] = totals.get(target.cluster, 0) + weight
        if totals[target.cluster] > _ALL:
            raise _IgnoredError
        compiled.append(_transform(source, target.subject, functions))
    if any(total < _ALL for total in totals.values()):
        # What is missing to 100 percent stays as it is; it is dropped if the source is a target.
        rest = _transform(source, _itself(source), functions)
        compiled.append((lambda _: [""]) if source in names else rest)
    return compiled


def _itself(source: str) -> str:
    """Return the target that stands for the source; what looks like a function there is one."""
    numbers = count(1)
    return ".".join(f"${next(numbers)}" if t == "*" else t for t in source.split("."))


def _transform(source: str, target: str, functions: Sequence[str]) -> Piece:
    """Return what fills a subject's tokens into a target.

    Raises:
        _IgnoredError: The server does not take the target.
    """
    wanted, tokens = source.split("."), target.split(".")
    is_open = tokens[-1] == ">"
    if (
        "" in tokens
        or "*" in tokens
        or ">" in tokens[:-1]
        or is_open != (wanted[-1] == ">")
        or any(re.search(r"[\t\n\f\r ]", token) for token in tokens if not _is_function(token))
    ):
        raise _IgnoredError
    wildcards = [index for index, token in enumerate(wanted) if token == "*"]  # noqa: S105
    fixed = tokens[:-1] if is_open else tokens
    pieces = [_piece(token, wildcards, functions, is_wild=is_wild(source)) for token in fixed]

    def fill(subject: Sequence[str]) -> Iterable[str]:
        rest = subject[len(wanted) - 1 :] if is_open else []
        for filled in product(*(piece(subject) for piece in pieces)):
            yield ".".join([*filled, *rest])

    return fill


def _piece(
    token: str, wildcards: Sequence[int], functions: Sequence[str], *, is_wild: bool
) -> Piece:
    """Return what a token of a target comes out as.

    Args:
        token: The token.
        wildcards: Where the ``*`` of the source stand.
        functions: Those that the server has.
        is_wild: Whether the source has any wildcard; without, a few functions only are taken.
    """
    if token.startswith("$") and (number := parse_int(token[1:])) is not None:
        name, arguments = "wildcard", [str(number)]
    elif _is_function(token):
        name, arguments = _call(token, functions)
    else:
        return lambda _: [token]
    if name == "random":
        ceiling = abs(_wrapped(arguments[0])) if len(arguments) == 1 else _refuse()
        return lambda _: _draws(min(ceiling or 1, MAX_TARGETS))
    if name == "partition":
        buckets = _wrapped(arguments[0])
        places = [_number(argument) for argument in arguments[1:]]
        chosen = [_place(place, wildcards) for place in places] if is_wild else []
        return lambda tokens: [_bucket([tokens[i] for i in chosen] or [".".join(tokens)], buckets)]
    if not is_wild or len(arguments) != (1 if name == "wildcard" else 2):
        raise _IgnoredError
    place = _place(_number(arguments[0]), wildcards)
    if name == "wildcard":
        return lambda tokens: [tokens[place]]
    if name == "split":
        if " " in arguments[1]:
            raise _IgnoredError
        return lambda tokens: [_split(tokens[place], arguments[1])]
    size = _number(arguments[1])
    if not -_INT32 <= size < _INT32:
        raise _IgnoredError
    return lambda tokens: [_cut(name, tokens[place].encode(), size)]


def _call(token: str, functions: Sequence[str]) -> tuple[str, list[str]]:
    """Return the function that the server finds in a token, and its arguments.

    They reach as far as they can in a line. Each line is looked at once, however many functions
    begin in it.

    Raises:
        _IgnoredError: There is none.
    """
    found: dict[str, str] = {}
    end = close = -1
    for head in _HEAD.finditer(token):
        start, name = head.end(), head[1].lower()
        if start > end:
            end = (token.find("\n", start) + 1 or len(token) + 1) - 1
            close = token.rfind(")", start, end)
            while close >= start and not _TAIL.match(token, close):
                close = token.rfind(")", start, close)
        if start <= close and name not in found:
            found[name] = token[start:close]
    name = next((name for name in functions if name in found), None) or _refuse()
    return name, _COMMA.split(found[name])


@cache
def _draws(ceiling: int) -> tuple[str, ...]:
    """Return the numbers below a ceiling; one tuple for all, since there may be many of them."""
    return tuple(map(str, range(ceiling)))


def _is_function(token: str) -> bool:
    return len(token) >= _FUNCTION_MIN and token.startswith("{{") and token.endswith("}}")


def _refuse() -> NoReturn:
    raise _IgnoredError


def _number(text: str) -> int:
    number = parse_int(text.strip(" "))
    return _refuse() if number is None else number


def _wrapped(text: str) -> int:
    """Return a number as the server puts it into 32 bits, where it looks at the upper end only."""
    number = _number(text)
    return (number + _INT32) % (2 * _INT32) - _INT32 if number < _INT32 else _refuse()


def _place(number: int, wildcards: Sequence[int]) -> int:
    """Return where a wildcard stands, by its number; below 1 is the first token."""
    if number > len(wildcards):
        raise _IgnoredError
    return wildcards[number - 1] if number > 0 else 0


def _bucket(tokens: Iterable[str], buckets: int) -> str:
    """Return the number of the bucket that tokens fall into, by 32-bit FNV-1a."""
    digest = 0x811C9DC5
    for byte in "".join(tokens).encode():
        digest = (digest ^ byte) * 0x01000193 & 0xFFFFFFFF
    return str(digest % (buckets & 0xFFFFFFFF)) if buckets else "0"


def _split(token: str, separator: str) -> str:
    parts = token.split(separator) if separator else list(token)
    text = ""
    for index, part in enumerate(parts):
        text += part
        if part or index:
            text += "." if parts[index + 1 : index + 2] not in ([], [""]) else ""
    return text


def _cut(name: str, token: bytes, size: int) -> str:
    """Cut one end off a token, or cut it once, or into slices, all counted in bytes."""
    if not 0 < size < len(token):
        return token.decode()
    if name in ("left", "right"):
        parts = [token[:size] if name == "left" else token[-size:]]
    elif name.startswith("split"):
        at = size if name.endswith("left") else len(token) - size
        parts = [token[:at], token[at:]]
    else:
        first = 0 if name.endswith("left") else len(token) % size
        starts = [*([0] if first else []), *range(first, len(token), size)]
        parts = [token[i:j] for i, j in zip(starts, [*starts[1:], len(token)], strict=True)]
    return b".".join(parts).decode(errors="surrogateescape")  # a character may be cut
