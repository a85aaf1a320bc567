"""Which subjects contain which."""

from __future__ import annotations

import itertools
import time

import pytest

from natsauth.subjects import is_contained_in
from natsauth.validation.overlaps import containments, members

SECONDS = 20.0  # these take one at most, but a comparison of every pair takes minutes


def found(subjects: list[str]) -> dict[str, list[str]]:
    return {
        subjects[index]: [subjects[other] for other in members(others)]
        for index, others in containments(subjects)
    }


def test_no_subject_at_all() -> None:
    assert found([]) == {}
    assert found(["a"]) == {}


def test_wildcards_contain() -> None:
    assert found(["a.b", "a.*", "a.>", "b.a", ">"]) == {
        "a.*": ["a.b", "a.>"],
        "a.>": ["a.b", "a.*"],
        ">": ["a.b", "a.*", "a.>", "b.a"],
    }


def test_a_full_wildcard_needs_a_token_in_its_place() -> None:
    assert found(["a", "a.>", "a.b.c"]) == {"a.>": ["a.b.c"]}


def test_wildcards_inside_are_literal() -> None:
    assert found(["a.>.b", "a.x.b", "a*", "ab", "*.>.b"]) == {"*.>.b": ["a.>.b"]}


def test_every_pair_of_all_short_subjects() -> None:
    tokens = ["a", "b", "*", ">", ""]
    subjects = [".".join(s) for n in (1, 2, 3) for s in itertools.product(tokens, repeat=n)]
    expected = {
        pattern: [s for s in subjects if s != pattern and is_contained_in(s, pattern)]
        for pattern in subjects
    }
    assert found(subjects) == {pattern: those for pattern, those in expected.items() if those}


def test_members_are_in_ascending_order() -> None:
    assert list(members(0)) == []
    assert list(members(1 << 200 | 1 << 3 | 1)) == [0, 3, 200]


PREFIXES = [".".join(pattern) for pattern in itertools.product("a*", repeat=12)]


@pytest.mark.parametrize(
    ("subjects", "containing"),
    [
        ([f"foo.{n}" for n in range(50_000)], 0),
        ([f"a{n % 300}.b{n // 300}" for n in range(60_000)], 0),
        ([f"{p}.b" for p in PREFIXES] + [f"{'a.' * 12}x{n}" for n in range(4096)], 4095),
        (["*." * n + ">" for n in range(900)], 899),
        (["a." * 50_000 + "b", "a." * 50_000 + "*"], 1),
    ],
    ids=["many", "grid", "patterns", "nested", "long"],
)
def test_hard_lists_take_little_time(subjects: list[str], containing: int) -> None:
    start = time.process_time()
    assert sum(1 for _ in containments(subjects)) == containing
    assert time.process_time() - start < SECONDS
