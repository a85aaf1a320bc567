from __future__ import annotations

import pytest

from natsauth.policy._trie import (
    NEVER,
    Trie,
    collide,
    covers,
    is_subject,
    is_wild,
    subject_tokens,
    takes,
)


def trie(*subjects: str) -> Trie:
    made = Trie()
    for index, subject in enumerate(subjects):
        made.add(subject.split("."), index)
    return made


def first(subjects: list[str], asked: str) -> int:
    return trie(*subjects).first(asked.split("."))


@pytest.mark.parametrize(
    ("entry", "asked"),
    [
        ("a", "a"),
        ("a.b", "a.b"),
        ("*", "a"),
        ("*", ">"),  # what is asked is read literally
        ("*", "*"),
        ("a.*", "a.>"),
        ("a.>", "a.>"),
        (">", "a.b.c"),
        ("a.>", "a.b.c"),
        ("a.*.c", "a.b.c"),
        ("*.*", "a.b"),
        ("a*", "a*"),
        ("é.*", "é.\x00"),
    ],
)
def test_an_entry_takes_a_subject(entry: str, asked: str) -> None:
    assert first([entry], asked) == 0


@pytest.mark.parametrize(
    ("entry", "asked"),
    [
        ("a", "b"),
        ("a", "a.b"),
        ("a.b", "a"),
        ("a.>", "a"),
        ("a.b", "a.*"),
        ("a.b", ">"),
        ("*", "a.b"),
        ("a*", "ab"),
        (">", ""),
        (">", "a..b"),
        ("*.*", ".a"),
        (">", "a."),
    ],
)
def test_an_entry_does_not_take_a_subject(entry: str, asked: str) -> None:
    assert first([entry], asked) == NEVER


def test_the_first_entry_of_the_list_counts() -> None:
    entries = ["x", "a.*", "a.b", ">", "a.b"]
    assert first(entries, "a.b") == 1
    assert first(entries[2:], "a.b") == 0
    assert first(["a.b.c", ">", "a.*.c"], "a.b.c") == 0
    assert first(["a.*.d", "*.b.c", "a.>"], "a.b.c") == 1


def test_a_walk_comes_back_from_a_literal_that_leads_nowhere() -> None:
    assert first(["a.b.x", "a.*.c"], "a.b.c") == 1
    assert first(["a.b.c.x", "*.b.*"], "a.b.c") == 1


def test_old_servers_overlook_a_final_star_beside_a_literal() -> None:
    made = trie("b.b", "*", "a.b.a")
    assert made.first(["b"]) == 1
    assert made.first(["b"], star_hides=True) == NEVER
    assert made.first(["c"], star_hides=True) == 1
    assert trie("b", "*").first(["b"], star_hides=True) == 0


@pytest.mark.parametrize(
    ("entries", "asked", "expected"),
    [
        (["a.b"], "a.*", 0),
        (["a.b"], "*.*", 0),
        (["a.b"], ">", 0),
        (["a.b"], "a.>", 0),
        (["a.b"], "a.b", 0),
        (["a.*"], "*.b", 0),
        (["a.>"], "*.b.c", 0),
        (["a.>"], "a.>", 0),
        (["x", "a.b.c", "a.*"], "a.>", 1),
        (["a.b.c", "a.*", "a.x"], "*.*", 1),
        (["a.b"], "a", NEVER),
        (["a"], "a.>", NEVER),
        (["a.b"], "*", NEVER),
        (["a.b"], "b.*", NEVER),
        (["a.b.c"], "*.*", NEVER),
        ([">"], "a..*", NEVER),
        ([], ">", NEVER),
    ],
)
def test_the_first_entry_that_overlaps_a_pattern(
    entries: list[str], asked: str, expected: int
) -> None:
    assert trie(*entries).first_overlap(asked.split(".")) == expected


@pytest.mark.parametrize(
    ("pattern", "subject", "expected"),
    [
        ("q", "q", True),
        ("*", "q", True),
        ("q.*", "q.x", True),
        ("q.>", "q.x.y", True),
        ("q.*", "q.*", True),
        ("q.>", "q.*", True),
        (">", ">", True),
        ("q.>", "q.", True),
        ("q.>", "q..x", True),
        ("q.*", "q", False),
        ("q.*", "q.>", False),
        ("*", ">", False),
        ("q", "*", False),
        ("q.*", "q.", False),
        ("q..*", "q.a.b", False),
        ("*x.*", "a.b", True),  # the server looks at the first character only
        ("q", "q.x", False),
    ],
)
def test_a_pattern_covers_what_the_server_says(pattern: str, subject: str, expected: bool) -> None:  # noqa: FBT001
    assert covers(pattern.split("."), subject.split(".")) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("a.*", "a.b", True),
        ("a.*", "*.b", True),
        ("a.*", "a.>", True),
        ("a.*", "*.*.c", False),
        ("a.>", "*.b.c", True),
        (">", "a", True),
        ("a.>", "a", False),
        ("*x.>", "y.*", True),  # looks wild to the server
        ("a..*", "a.*.*", False),
    ],
)
def test_two_patterns_collide_as_the_server_says(one: str, other: str, expected: bool) -> None:  # noqa: FBT001
    assert collide(one, other) is collide(other, one) is expected


def test_what_is_installed_as_a_subject() -> None:
    assert subject_tokens("a.*.>") == ["a", "*", ">"]
    for good in ("a", ">", "a.>b", "a*.b", "\v", "a\xa0b"):
        assert is_subject(good)
    for bad in ("", ".", "a.", ".a", "a..b", "a.>.b", "a b", "a\tb", "a\nb", "a\rb", "a\fb"):
        assert not is_subject(bad)


@pytest.mark.parametrize("subject", ["a.*", ">", "a.>.b", "*.*"])
def test_wildcards_are_whole_tokens(subject: str) -> None:
    assert is_wild(subject)
    assert not is_wild(subject.replace("*", "x*").replace(">", ">>"))


@pytest.mark.parametrize(
    ("pattern", "subjects"),
    [("a.*", ["a.*", "a.b", "a.>"]), (">", ["a", "a.*", "a.b", "a.>"]), ("a.b", ["a.b"])],
)
def test_a_subscription_takes_what_is_published_literally(
    pattern: str, subjects: list[str]
) -> None:
    asked = ["a", "a.*", "a.b", "a.>", "a."]
    assert [subject for subject in asked if takes(pattern, subject)] == subjects


@pytest.mark.timeout(60)  # what is not bounded takes hours
def test_hostile_lists_and_subjects_cost_no_more_than_their_length() -> None:
    hostile = Trie()
    for number in range(1 << 13):  # every mix of a and * that is 13 long
        hostile.add([("a", "*")[number >> bit & 1] for bit in range(13)], number)
    long = trie(*(".".join("*" * length) for length in range(1, 300)), ".".join("*" * 10_000))
    asked = ["a"] * 10_000
    assert hostile.first(["a"] * 13) == 0
    assert hostile.first(["*"] * 13) == hostile.first_overlap(["*"] * 13) + (1 << 13) - 1
    assert hostile.first(asked) == NEVER
    assert long.first(asked) == 299
    assert long.first_overlap(asked) == 299
