"""Which subjects of a list contain which, without comparing every pair.

A set of subjects is an integer with a bit for each of them. All patterns are followed token by
token, those that begin alike together, and each token narrows down what they may contain. The work
is a few operations on such integers for each token, whatever the subjects are.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_ONE, _REST = "*", ">"


def containments(subjects: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield which subject contains others, as :func:`~natsauth.subjects.is_contained_in` has it.

    Args:
        subjects: Subjects, all different.

    Yields:
        The index of a subject, and the set of the others that it contains.
    """
    split = [subject.split(".") for subject in subjects]
    here = list(range(len(split)))  # the subjects that have a token at the position
    groups = [(here, _bits(here))]  # patterns that begin alike, and what they may contain
    position = 0
    while groups:
        having = _by_token(split, here, position)
        # A token of a single subject leaves its pattern nothing else to contain.
        sets = {token: _bits(those) for token, those in having.items() if len(those) > 1}
        present = _bits(here)
        here = [index for index in here if len(split[index]) > position + 1]
        ending = present & ~_bits(here)
        narrowed = []
        for patterns, possible in groups:
            for token, those in _by_token(split, patterns, position).items():
                fitting = possible & (present if token == _ONE else sets.get(token, 0))
                longer = [index for index in those if len(split[index]) > position + 1]
                if longer and fitting & ~(1 << longer[0]):
                    narrowed.append((longer, fitting))
                for index in those:
                    if len(split[index]) > position + 1:
                        continue
                    contained = possible & present if token == _REST else fitting & ending
                    if others := contained & ~(1 << index):
                        yield index, others
        groups = narrowed
        position += 1


def members(bits: int) -> Iterator[int]:
    """Yield the indices in a set, in ascending order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _bits(indices: Sequence[int]) -> int:
    """Return the set of indices, which are in ascending order."""
    flags = bytearray(indices[-1] // 8 + 1 if indices else 0)
    for index in indices:
        flags[index // 8] |= 1 << index % 8
    return int.from_bytes(flags, "little")


def _by_token(
    split: Sequence[Sequence[str]], indices: Iterable[int], position: int
) -> dict[str, list[int]]:
    having = defaultdict(list)
    for index in indices:
        having[split[index][position]].append(index)
    return having
