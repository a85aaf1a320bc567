"""The compiled form of a permission list: a trie over the tokens of its subjects.

An entry's ``*`` takes any one token, its ``>`` one or more. An asked subject is read literally, as
nats-server does: its ``*`` and ``>`` are tokens like any other, so that ``foo.*`` takes ``foo.>``.
A walk enters each node at most once, so that it never costs more than the list is long.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NEVER: Final = (1 << 30) - 1
"""Larger than the index of any entry, and small enough for Python to compare fast."""
_BLANK = re.compile(r"[\t\n\f\r ]").search


def subject_tokens(text: str) -> list[str] | None:
    """Return the tokens of a text that the server installs as a subject, else ``None``."""
    if _BLANK(text):
        return None
    tokens = text.split(".")
    if "" in tokens or (">" in text and ">" in tokens[:-1]):
        return None
    return tokens


def is_subject(text: str) -> bool:
    """Tell whether the server installs a text as the subject of an entry."""
    return subject_tokens(text) is not None


def is_wild(text: str) -> bool:
    """Tell whether a token of a subject or queue name is ``*`` or ``>``, wherever it stands."""
    return ("*" in text or ">" in text) and not {"*", ">"}.isdisjoint(text.split("."))


def takes(pattern: str, subject: str) -> bool:
    """Tell whether a subscription to a pattern gets what is published to a subject."""
    trie = Trie()
    trie.add(pattern.split("."), 0)
    return trie.first(subject.split(".")) == 0


def covers(pattern: Sequence[str], tokens: Sequence[str]) -> bool:
    """Tell whether a pattern covers a subject, itself perhaps a pattern.

    So the server compares queue names, and subjects with the sources of mappings. A token of the
    pattern that only starts with ``*`` takes any literal one, too, and ``>`` an empty one.
    """
    for index, want in enumerate(pattern):
        if index == len(tokens) or not want:
            return False
        if want == ">":
            return True
        have = tokens[index]
        if have in ("", ">") or (have == "*" != want):
            return False
        if want[0] != "*" and want != have:
            return False
    return len(tokens) == len(pattern)


def collide(one: str, other: str) -> bool:
    """Tell whether the server sees a subject that two patterns have in common.

    Where both have wildcards, a token that only starts with one counts as one.
    """
    if one == other:
        return True
    first, second = one.split("."), other.split(".")
    if not is_wild(one) or not is_wild(other):
        pattern, tokens = (first, second) if is_wild(one) else (second, first)
        return is_wild(".".join(pattern)) and covers(pattern, tokens)
    shorter, longer = sorted((first, second), key=len)
    if len(shorter) < len(longer) and ">" not in shorter:
        return False
    return all(
        a and b and (a == b or a[0] in "*>" or b[0] in "*>")
        for a, b in zip(first, second, strict=False)
    )


class _Node:
    """What the entries have in common up to a token.

    Attributes:
        children: The nodes of literal tokens.
        star: The node of ``*``, or ``None``.
        end: The first entry that ends here.
        rest: The first entry whose next token is ``>``.
        leaf: The first entry that ends with the next token, which is not ``>``.
        below: The first entry that goes on after this node.
    """

    __slots__ = ("below", "children", "end", "leaf", "rest", "star")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = _NONE
        self.star: _Node | None = None
        self.end = self.rest = self.leaf = self.below = NEVER


_NONE: dict[str, _Node] = {}
"""What nodes without literal children share; most have none."""


class Trie:
    """Entries of a list, each with its index in it; of equal ones the first counts."""

    __slots__ = ("_root",)

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, tokens: Iterable[str], index: int) -> None:
        """Add the entry with the next index.

        Args:
            tokens: The tokens of its subject, none empty, ``>`` only as the last one.
            index: Larger than that of every entry before.
        """
        node = parent = self._root
        for token in tokens:
            parent = node
            if index < parent.below:  # noqa: PLR1730 - see first()
                parent.below = index
            if (child := parent.children.get(token)) is not None:
                node = child
            elif token == "*":  # noqa: S105 - a token of a subject
                node = parent.star = parent.star or _Node()
            elif token == ">":  # noqa: S105
                parent.rest = min(parent.rest, index)
                return
            else:
                if parent.children is _NONE:
                    parent.children = {}
                node = parent.children[token] = _Node()
        if index < parent.leaf:  # noqa: PLR1730
            parent.leaf = index
        if index < node.end:  # noqa: PLR1730
            node.end = index

    def first(self, tokens: Sequence[str], *, star_hides: bool = False) -> int:
        """Return the index of the first entry that takes a subject, or :data:`NEVER`.

        Args:
            tokens: The tokens of the subject, read literally; with an empty one nothing takes it.
            star_hides: Whether a final ``*`` is overlooked where some entry, of that length or
                longer, has the subject's last token in its place; old servers did.
        """
        best = NEVER
        if "" in tokens:
            return best
        count = len(tokens)
        node, depth = self._root, 0
        pending = []  # where a walk turned to a literal, and * is still to be tried
        # Comparisons in place of min(): a call costs more than all else in a step.
        while True:
            while depth < count:
                if node.rest < best:  # noqa: PLR1730
                    best = node.rest
                child, star = node.children.get(tokens[depth]), node.star
                depth += 1
                if child is None:
                    if star is None:
                        break
                    node = star
                else:
                    if star is not None and not (star_hides and depth == count):
                        pending.append((star, depth))
                    node = child
            else:
                if node.end < best:  # noqa: PLR1730
                    best = node.end
            if not pending:
                return best
            node, depth = pending.pop()

    def first_overlap(self, tokens: Sequence[str]) -> int:  # noqa: C901 - calls cost more than steps
        """Return the index of the first entry that takes some subject that a pattern takes, too.

        Args:
            tokens: The tokens of the pattern.
        """
        best = NEVER
        if "" in tokens:
            return best
        last = tokens[-1]
        count = len(tokens) - 1
        node, depth = self._root, 0
        pending: list[tuple[_Node, int]] = []
        child: _Node | None
        while True:
            while depth < count:
                if node.rest < best:  # noqa: PLR1730
                    best = node.rest
                token, star = tokens[depth], node.star
                depth += 1
                if token == "*":  # noqa: S105 - a token of a subject
                    for child in node.children.values():
                        pending.append((child, depth))  # noqa: PERF401 - a call of its own in 3.11
                elif (child := node.children.get(token)) is not None:
                    if star is None:
                        node = child
                        continue
                    pending.append((child, depth))
                if star is None:
                    break
                node = star
            else:
                best = _last_overlap(node, last, best)
            if not pending:
                return best
            node, depth = pending.pop()


def _last_overlap(node: _Node, token: str, best: int) -> int:
    """Return the first entry, up to the best so far, that takes something the last token takes."""
    if token == ">":  # noqa: S105 - a token of a subject
        return min(best, node.below)
    if node.rest < best:  # noqa: PLR1730 - see first()
        best = node.rest
    if token == "*":  # noqa: S105
        return min(best, node.leaf)
    child, star = node.children.get(token), node.star
    if star is not None and star.end < best:
        best = star.end
    if child is not None and child.end < best:
        best = child.end
    return best
