"""Permission lists: the rules of Go, and what servers take for something else."""

from __future__ import annotations

import pytest

from natsauth.claims import Permission, Permissions
from natsauth.validation import IssueCode
from tests._validation import account, errors, issues, user, warnings


@pytest.mark.parametrize(
    "entry", ["a", "a.*", "a.>", ">", "a*", "é", "$SYS.>", "{{name()}}", "a.b>.c", "_INBOX.>"]
)
def test_good_subjects(entry: str) -> None:
    both = Permission(allow=[entry], deny=[entry])
    assert issues(user(pub=both, sub=both)) == ()


@pytest.mark.parametrize(
    ("entry", "codes"),
    [
        ("", [IssueCode.SUBJECT_EMPTY]),
        (".a", [IssueCode.SUBJECT_OUTER_DOT]),
        ("a..b", [IssueCode.SUBJECT_DOUBLE_DOT]),
        ("a b c", [IssueCode.PERMISSION_TOO_MANY_PARTS]),
        (" a", [IssueCode.SUBJECT_EMPTY]),
        ("a q.", [IssueCode.SUBJECT_OUTER_DOT]),
    ],
)
def test_broken_subjects(entry: str, codes: list[IssueCode]) -> None:
    assert errors(user(sub=Permission(allow=["good", entry]))) == [
        (code, "$.nats.sub.allow[1]") for code in codes
    ]


def test_queues_are_for_subscribing() -> None:
    assert errors(user(sub=Permission(allow=["a q"], deny=["b q"]))) == []
    assert errors(user(pub=Permission(allow=["a q"], deny=["b", "c q"]))) == [
        (IssueCode.PERMISSION_QUEUE, "$.nats.pub.allow[0]"),
        (IssueCode.PERMISSION_QUEUE, "$.nats.pub.deny[1]"),
    ]


def test_the_order_is_that_of_go() -> None:
    broken = Permission(allow=["", "."], deny=[""])
    paths = [path for _, path in errors(user(pub=broken, sub=broken))]
    assert paths == [
        "$.nats.sub.allow[0]", "$.nats.sub.allow[1]", "$.nats.sub.deny[0]",
        "$.nats.pub.allow[0]", "$.nats.pub.allow[1]", "$.nats.pub.deny[0]",
    ]  # fmt: skip


def test_default_permissions_have_the_same_rules() -> None:
    claims = account(default_permissions=Permissions(pub=Permission(deny=["a q"])))
    at = "$.nats.default_permissions.pub.deny[0]"
    assert errors(claims) == [(IssueCode.PERMISSION_QUEUE, at)]


def test_an_empty_allow_list_allows_everything() -> None:
    claims = user(pub=Permission(allow=[]), sub=Permission(allow=[], deny=["a"]))
    assert warnings(claims) == [
        (IssueCode.ALLOW_EMPTY, "$.nats.sub.allow"),
        (IssueCode.ALLOW_EMPTY, "$.nats.pub.allow"),
    ]
    beside_deny, alone = (issue.message for issue in issues(claims))
    assert "everything that deny leaves" in beside_deny
    assert "deny" not in alone


def test_an_empty_deny_list_says_what_it_does() -> None:
    assert warnings(user(pub=Permission(deny=[]), sub=Permission(allow=["a"], deny=[]))) == []


@pytest.mark.parametrize("entry", ["a.>.b", ">.a", ">.>"])
def test_a_full_wildcard_stands_last(entry: str) -> None:
    both = Permission(allow=[entry], deny=[entry])
    found = issues(user(pub=both))
    assert [issue.path for issue in found] == ["$.nats.pub.allow[0]", "$.nats.pub.deny[0]"]
    assert {issue.code for issue in found} == {IssueCode.WILDCARD_NOT_LAST}
    assert "allows nothing" in found[0].message
    assert "denies nothing" in found[1].message


def test_a_queue_name_is_no_place_for_wildcards() -> None:
    assert warnings(user(sub=Permission(allow=["a >.b"]))) == []


@pytest.mark.parametrize("blank", list("\t\n\v\f\r"))
def test_other_white_space_than_the_space_is_told(blank: str) -> None:
    claims = user(sub=Permission(allow=["a q", f"a{blank}q"]))
    assert warnings(claims) == [(IssueCode.WHITE_SPACE, "$.nats.sub.allow[1]")]
