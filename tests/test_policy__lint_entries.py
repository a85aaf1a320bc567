"""Entries taken apart, and the search for those that cover or meet others."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from natsauth.claims import Account, Export, Permission, Permissions, WeightedMapping
from natsauth.policy import _lint_entries
from natsauth.policy._lint_entries import (
    Entry,
    Grant,
    Home,
    Patterns,
    TooMuchWorkError,
    overlap,
)

ALL = [
    ".".join(tokens)
    for length in (1, 2, 3)
    for tokens in product("ab*>", repeat=length)
    if ">" not in tokens[:-1]
]
LITERAL = [".".join(t) for length in (1, 2, 3, 4) for t in product("abc", repeat=length)]


def matches(pattern: str, subject: str) -> bool:
    """Tell whether a pattern matches a subject without wildcards."""
    want, have = pattern.split("."), subject.split(".")
    if want[-1] == ">":
        want = want[:-1]
        have = have[: len(want)] if len(have) > len(want) else []
        if not have and want:
            return False
    return len(want) == len(have) and all(w in ("*", h) for w, h in zip(want, have, strict=True))


MATCHED = {pattern: {s for s in LITERAL if matches(pattern, s)} for pattern in ALL}


def entry(text: str, *, is_plain: bool = True) -> Entry:
    return Entry(text, text, tuple(text.split(".")), "", is_template=False, is_plain=is_plain)


def grant(**lists: Any) -> Grant:
    made = {way: Permission(**lists.get(way, {})) for way in ("pub", "sub")}
    return Grant(Permissions(pub=made["pub"], sub=made["sub"]), "$")


@pytest.mark.parametrize("pattern", ALL)
def test_what_covers_and_meets_a_pattern(pattern: str) -> None:
    patterns = Patterns(map(entry, ALL))
    tokens = tuple(pattern.split("."))
    covering = {found.text for found in patterns.covering(tokens)}
    overlapping = {found.text for found in patterns.overlapping(tokens)}
    assert covering == {p for p in ALL if MATCHED[pattern] <= MATCHED[p]}
    assert overlapping == {p for p in ALL if MATCHED[pattern] & MATCHED[p]}
    assert overlapping == {p for p in ALL if overlap(tuple(p.split(".")), tokens)}


def test_what_is_not_plain_meets_nothing() -> None:
    patterns = Patterns([entry("a", is_plain=False)])
    assert list(patterns.overlapping(("a",))) == []


def test_of_equal_entries_the_first_is_found() -> None:
    twins = [entry("a")._replace(path=str(n), queue=q) for n, q in enumerate(("", "q", "", "q"))]
    assert [found.path for found in Patterns(twins).covering(("a",))] == ["0", "1"]


def test_the_search_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    patterns = Patterns(map(entry, ALL))
    monkeypatch.setattr(_lint_entries, "_STEPS", 5)
    few = Patterns(map(entry, ALL))
    assert len(list(patterns.overlapping((">",)))) == len(ALL)
    with pytest.raises(TooMuchWorkError):
        list(few.overlapping((">",)))
    with pytest.raises(TooMuchWorkError):
        next(few.covering(("a",)))


@pytest.mark.parametrize(
    ("text", "is_plain", "queue"),
    [
        ("a.b", True, ""),
        ("a.b q", True, "q"),
        ("a.>", True, ""),
        ("a.>.b", False, ""),
        ("a..b", False, ""),
        ("a\tq", False, ""),
        ("a b c", False, "b c"),
        ("", False, ""),
        ("u.{{name()}}", True, ""),
    ],
)
def test_an_entry(text: str, *, is_plain: bool, queue: str) -> None:
    [found] = grant(sub={"allow": [text]}).sub_allow
    assert (found.is_plain, found.queue, found.text) == (is_plain, queue, text)
    assert found.path == "$.sub.allow[0]"
    [found] = grant(pub={"deny": [text]}).pub_deny
    assert found.is_plain is (is_plain and not queue)


def test_entries_of_a_list_with_templates() -> None:
    permissions = Permissions(sub=Permission(allow=["u.{{name()}}", "w q", "w"], deny=["w q"]))
    made = Grant(permissions, "$", is_template=True)
    assert [(e.is_template, e.is_plain) for e in made.sub_allow] == [
        (True, False),
        (False, False),
        (False, True),
    ]
    assert made.sub_deny[0].is_plain


def test_the_widest_subscription_of_an_entry() -> None:
    assert entry("a.*").widest == ("a", ">")
    assert entry("*").widest == (">",)
    assert entry("*.a").widest == ("*", "a")


@pytest.mark.parametrize(
    ("pub", "as_read", "limited"),
    [
        (Permission(), True, False),
        (Permission(allow=[]), True, False),
        (Permission(allow=[], deny=["a"]), True, True),
        (Permission(allow=[], deny=["a"]), False, False),
        (Permission(deny=["a"]), True, False),
        (Permission(allow=["a"]), False, True),
    ],
)
def test_whether_publishing_is_limited(pub: Permission, *, as_read: bool, limited: bool) -> None:
    assert Grant(Permissions(pub=pub), "$", as_read=as_read).limits_pub is limited


def test_what_may_be_published() -> None:
    made = grant(pub={"allow": ["a.>", "b"], "deny": ["a.b"]})
    assert made.may_publish("a.c")
    assert made.may_publish("a.>")  # not all of it is denied
    assert not made.may_publish("a.b")
    assert not made.may_publish(">")
    assert made.may_publish_some((">",))
    assert not made.may_publish_some(("c", ">"))
    assert grant().may_publish(">")


def test_the_account_around_permissions() -> None:
    account = Account(
        mappings={"a.*": [WeightedMapping(subject="b.$1")], "x..y": None},
        exports=[None, Export(subject="svc.*", type="service"), Export(subject="s", type="stream")],
    )
    home = Home(account, as_read=False)
    assert [found.text for found in home.mappings.overlapping(("a", "b"))] == ["a.*"]
    assert [found.text for found in home.services.overlapping((">",))] == ["svc.*"]
    assert home.targets("a.*")[0].subject == "b.$1"
    assert home.targets("x..y") == []
    assert not home.has_jetstream
    assert not home.defaults.is_set
