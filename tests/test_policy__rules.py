from __future__ import annotations

import pytest

from natsauth.policy import Origin, Rule
from natsauth.policy._rules import (
    RuleList,
    Written,
    allowed_to_publish,
    denied_to_publish,
    to_subscribe,
)


def compiled(*entries: str) -> RuleList:
    return RuleList(Written(entries, "$.nats.sub.deny", Origin.USER), to_subscribe)


def text(rule: Rule | None) -> str | None:
    return rule and rule.text


def test_an_entry_of_sub_is_a_subject_and_perhaps_a_queue() -> None:
    assert to_subscribe("a.b") == ("a.b", ["a", "b"], "")
    for entry in ("a q", "a\tq", "\u2003a\xa0q\x85", " a  q "):
        assert to_subscribe(entry) == ("a", ["a"], "q")
    for entry in ("", "\t", "a q r", "a.>.b", "a q..r", ".a", "a >.q"):
        assert to_subscribe(entry) is None


def test_an_entry_of_pub_is_a_subject() -> None:
    assert allowed_to_publish("a.>") == ("a.>", ["a", ">"], "")
    assert allowed_to_publish("a\tq") is None
    assert denied_to_publish("a\tq") == ("a", ["a"], "")
    assert denied_to_publish("a\xa0q") == ("a\xa0q", ["a\xa0q"], "")
    assert denied_to_publish("a.>.b") is None


def test_rules_say_where_they_stand() -> None:
    rules = compiled("a.>.b", "x\tq")
    assert rules.rules == [Rule("x q", "$.nats.sub.deny[1]", Origin.USER, "x\tq")]
    assert rules.ignored == [Rule("a.>.b", "$.nats.sub.deny[0]", Origin.USER, "a.>.b")]
    places = [("{{name()}}", "$.there[7]", Origin.SCOPE)]
    placed = RuleList(Written(["bob"], "$.there", Origin.SCOPE, places), to_subscribe)
    assert placed.rules == [Rule("bob", "$.there[7]", Origin.SCOPE, "{{name()}}")]


def test_plain_entries_and_those_with_a_queue_are_asked_apart() -> None:
    rules = compiled("a.* q", "a.>", "a.b r.*", "c s")
    tokens = ["a", "b"]
    assert text(rules.plain(tokens)) == "a.>"
    assert text(rules.queued(tokens)) == "a.* q"
    assert text(rules.of_queue(tokens, "q")) == "a.* q"
    assert text(rules.of_queue(tokens, "r.x")) == "a.b r.*"
    assert rules.of_queue(tokens, "s") is None
    assert text(rules.first(tokens, "q")) == "a.* q"
    assert text(rules.first(tokens, "z")) == text(rules.first(tokens, None)) == "a.>"
    assert rules.has_queues
    assert not compiled("a").has_queues
    assert compiled("a").queued(["a"]) is None


def test_overlaps_count_for_the_queue_group_that_asks() -> None:
    rules = compiled("a.b q", "a.c", "x.y")
    assert text(rules.overlap(["a", "*"], "q")) == "a.b q"
    assert text(rules.overlap(["a", "*"], "r")) == text(rules.overlap(["a", ">"], None)) == "a.c"
    assert rules.overlap(["b", "*"], "q") is None


@pytest.mark.parametrize(
    ("entry", "subject", "expected"),
    [
        ("a.b q", "a.*", True),
        ("a.b", "a.b", True),
        ("b", "a.*", False),
        ("*x.>", "y.*", True),
        ("y.*", "*x.>", True),
        ("a.b", "a.>.b", True),  # as Go compares a literal with it
        ("a.*.b", "a.>.b", True),
        ("a.*", "a..*", False),
    ],
)
def test_what_the_server_takes_for_an_overlap(entry: str, subject: str, expected: bool) -> None:  # noqa: FBT001
    assert compiled(entry).may_overlap(subject, subject.split(".")) is expected


def test_old_servers_overlook_a_final_star() -> None:
    rules = compiled("*", "b.c")
    assert text(rules.plain(["b"])) == "*"
    assert rules.plain_overlooking(["b"]) is None
    assert text(rules.plain_overlooking(["c"])) == "*"
