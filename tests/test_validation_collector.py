"""How issues are collected: their kinds, keys that may be seeds, texts that may be long."""

from __future__ import annotations

import pytest

from natsauth.keys import KeyType
from natsauth.validation import Issue, IssueCode
from natsauth.validation.collector import Collector, key_problem, shown
from tests._tokens import ACCOUNT, CURVE, USER


def test_each_kind_of_issue() -> None:
    collector = Collector()
    collector.error(IssueCode.TIER_NAME, "$.a", "a")
    collector.warning(IssueCode.IMPORT_TO, "$.b", "b")
    collector.time_check(IssueCode.EXPIRED, "$.c", "c")
    assert collector.issues == [
        Issue(IssueCode.TIER_NAME, "$.a", "a", blocking=True, time_check=False),
        Issue(IssueCode.IMPORT_TO, "$.b", "b", blocking=False, time_check=False),
        Issue(IssueCode.EXPIRED, "$.c", "c", blocking=False, time_check=True),
    ]


def test_a_subject_has_an_issue_for_each_broken_rule() -> None:
    collector = Collector()
    collector.subject("$.a", ".a..b c")
    collector.subject("$.b", "a.b")
    assert [(issue.code, issue.path) for issue in collector.issues] == [
        (IssueCode.SUBJECT_SPACE, "$.a"),
        (IssueCode.SUBJECT_OUTER_DOT, "$.a"),
        (IssueCode.SUBJECT_DOUBLE_DOT, "$.a"),
    ]


def test_a_key_of_the_role_is_good() -> None:
    collector = Collector()
    collector.key(IssueCode.XKEY, "$.x", CURVE.public_key, KeyType.CURVE)
    collector.optional_key(IssueCode.XKEY, "$.x", CURVE.public_key, KeyType.CURVE)
    collector.optional_key(IssueCode.XKEY, "$.x", "", KeyType.CURVE)
    assert collector.issues == []


def test_only_an_optional_key_may_be_empty() -> None:
    collector = Collector()
    collector.key(IssueCode.XKEY, "$.x", "", KeyType.CURVE)
    collector.optional_key(IssueCode.XKEY, "$.y", ACCOUNT.public_key, KeyType.CURVE)
    assert [issue.path for issue in collector.issues] == ["$.x", "$.y"]


def test_a_key_of_another_role_is_named_by_its_role() -> None:
    problem = key_problem(USER.public_key, KeyType.ACCOUNT)
    assert problem == "expected a public account key, got a public user key"


@pytest.mark.parametrize("text", [ACCOUNT.reveal_seed(), ACCOUNT.reveal_seed()[:-2], "secret"])
def test_what_is_no_key_is_not_repeated(text: str) -> None:
    problem = key_problem(text, KeyType.ACCOUNT)
    assert problem
    assert text not in problem


def test_a_long_text_is_cut_in_messages() -> None:
    assert shown("a\n") == r"'a\n'"
    assert shown("x" * 80) == repr("x" * 80)
    assert shown("x" * 81) == repr("x" * 80) + "…"
