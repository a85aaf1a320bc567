"""The algebra of subjects: tokens between dots, the wildcards ``*`` and ``>``, references ``$1``.

A lone ``*`` stands for any one token, a lone ``>`` at the end for one or more; anywhere else both
are ordinary characters. The rules are those of Go's jwt/v2, which nsc and the server apply.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_FUNCTION = re.compile(
    r"\{\{\s*(wildcard|partition|split(?:fromleft|fromright)?|slicefrom(?:left|right)|left|right)"
    r"\s*\((.*)\)\s*\}\}",
    re.IGNORECASE,
)
_INTEGER = re.compile(r"([+-]?)0*([0-9]{1,19})")


class SubjectProblem(StrEnum):
    """The stable name of each rule that a subject can break."""

    EMPTY = "subject_empty"
    SPACE = "subject_space"
    OUTER_DOT = "subject_outer_dot"
    DOUBLE_DOT = "subject_double_dot"
    QUEUE = "permission_queue"
    TOO_MANY_PARTS = "permission_too_many_parts"
    SOURCE_EMPTY = "renaming_source_empty"
    FULL_WILDCARD = "renaming_full_wildcard"
    REFERENCE = "renaming_reference"
    WILDCARD_COUNT = "renaming_wildcard_count"


class Finding(NamedTuple):
    """One broken rule: its stable name, and a sentence about it."""

    code: SubjectProblem
    message: str


def subject_problems(subject: str) -> list[Finding]:
    """Return every rule that the subject breaks.

    Only the space is refused as white space; tabs, other controls and non-ASCII are not. A ``>``
    in the middle and a ``*`` beside other characters are literal, hence fine.
    """
    if not subject:
        return [Finding(SubjectProblem.EMPTY, "subject is empty")]
    findings = []
    if " " in subject:
        findings.append(Finding(SubjectProblem.SPACE, f"subject {subject!r} contains a space"))
    if subject.startswith(".") or subject.endswith("."):
        message = f"subject {subject!r} starts or ends with a dot"
        findings.append(Finding(SubjectProblem.OUTER_DOT, message))
    if ".." in subject:
        message = f"subject {subject!r} has an empty token between two dots"
        findings.append(Finding(SubjectProblem.DOUBLE_DOT, message))
    return findings


def permission_problems(entry: str, *, queue_allowed: bool) -> list[Finding]:
    """Return every rule that an entry of an allow or deny list breaks.

    Args:
        entry: A subject, or ``"subject queue"``.
        queue_allowed: Whether a queue name may follow, as in the lists for subscribing.
    """
    if entry.count(" ") > 1:
        message = f"permission {entry!r} has more than a subject, a space and a queue name"
        return [Finding(SubjectProblem.TOO_MANY_PARTS, message)]
    findings = [finding for part in entry.split(" ") for finding in subject_problems(part)]
    if " " in entry and not queue_allowed:
        message = f"permission {entry!r} holds a space; only in what may be subscribed to does one "
        message += "stand before the name of a queue"
        findings.append(Finding(SubjectProblem.QUEUE, message))
    return findings


def renaming_problems(to: str, source: str) -> list[Finding]:
    """Return every rule that an import's local subject breaks.

    As in jwt/v2, a space in ``to`` counts twice, and one reference may serve two wildcards.

    Args:
        to: The local subject; ``*`` and ``$n`` take the tokens of the source's wildcards.
        source: The imported subject.
    """
    findings = subject_problems(to)
    if not source:
        findings.append(Finding(SubjectProblem.SOURCE_EMPTY, "the subject to rename is empty"))
    if " " in to:
        message = f"local subject {to!r} contains a space"
        findings.append(Finding(SubjectProblem.SPACE, message))
    if _ends_open(to) != _ends_open(source):
        message = f"{to!r} and {source!r} must both end in '>' or both not"
        findings.append(Finding(SubjectProblem.FULL_WILDCARD, message))
    wildcards = source.split(".").count("*")
    tokens = to.split(".")
    references = [n for token in tokens if (n := _reference(token)) is not None]
    for n in references:
        if n > wildcards:
            # Only numbers here: this may be said of every token, and the subjects may be long.
            message = f"${n} refers past the {wildcards} wildcards of the subject to rename"
            findings.append(Finding(SubjectProblem.REFERENCE, message))
    filled = tokens.count("*") + sum(n <= wildcards for n in references)
    if filled != wildcards:
        message = f"{to!r} has {filled} '*' or '$n' for the {wildcards} '*' of {source!r}"
        findings.append(Finding(SubjectProblem.WILDCARD_COUNT, message))
    return findings


def out_of_range(destination: str, source: str) -> list[int]:
    """Return the wildcards that a mapping's destination refers to and its source does not have.

    As in nats-server 2.15.1 those are ``$3`` and ``{{wildcard(3)}}``, ``{{partition(10,1,3)}}``,
    ``{{split(3,-)}}`` and the like. What refers to no number is not judged.

    Args:
        destination: Where it is mapped to.
        source: The subject that is mapped.
    """
    wildcards = source.split(".").count("*")
    return [
        number
        for token in destination.split(".")
        for number in _mapping_references(token)
        if number > wildcards or (number < 1 and not has_wildcards(source))
    ]


def _mapping_references(token: str) -> Iterator[int]:
    """Go through the wildcards that a token of a mapping's destination refers to."""
    texts = [token[1:]] if token.startswith("$") else []
    if match := _FUNCTION.fullmatch(token):
        arguments = match[2].split(",")
        texts = arguments[1:] if match[1].lower() == "partition" else arguments[:1]
    for text in texts:
        number = parse_int(text.strip(" "))
        if number is not None:
            yield number


def renamed(to: str) -> str:
    """Return the subject that a local subject covers: each reference ``$n`` becomes ``*``."""
    return ".".join("*" if _reference(token) is not None else token for token in to.split("."))


def has_wildcards(subject: str) -> bool:
    """Tell whether a token of the subject is ``*`` or the last one is ``>``."""
    return "*" in subject.split(".") or _ends_open(subject)


def is_contained_in(subject: str, other: str) -> bool:
    """Tell whether ``other`` covers every subject that ``subject`` covers, as jwt/v2 sees it.

    It compares token by token, so ``a.>`` counts as contained in ``a.*``, and ``>`` in ``*``.
    """
    tokens = subject.split(".")
    pattern = other.split(".")
    if pattern[-1] == ">":
        pattern.pop()
        if len(tokens) <= len(pattern):
            return False
    elif len(tokens) != len(pattern):
        return False
    return all(want in ("*", have) for want, have in zip(pattern, tokens, strict=False))


def literal_prefix(subject: str) -> str:
    """Return what stands before the first wildcard token, the part that an activation's hash uses.

    It is ``_`` where the subject starts with a wildcard, and the whole subject where nothing else
    would remain.
    """
    tokens = subject.split(".")
    end = next((i for i, token in enumerate(tokens) if token in ("*", ">")), len(tokens))
    return (".".join(tokens[:end]) or subject) if end else "_"


def parse_int(text: str) -> int | None:
    """Return the integer that the text spells for Go's ``strconv.Atoi``, or None.

    That is an optional sign and ASCII digits, within 64 bits; ``int()`` takes far more.
    """
    match = _INTEGER.fullmatch(text)
    if not match:
        return None
    number = int(match[1] + match[2])
    return number if -(2**63) <= number < 2**63 else None


def _ends_open(subject: str) -> bool:
    return subject == ">" or subject.endswith(".>")


def _reference(token: str) -> int | None:
    """Return n of a token ``$n``; None for any other token."""
    return parse_int(token[1:]) if token.startswith("$") else None
