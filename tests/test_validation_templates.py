"""Scope templates, against what nats-server was seen to do with their users."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth.claims import Permission, TimeRange, UserPermissionLimits, UserScope
from natsauth.validation import IssueCode
from natsauth.validation.templates import template_functions
from tests._tokens import OTHER_ACCOUNT
from tests._validation import account, warnings

AT = "$.nats.signing_keys[0].template"


def found(**template: Any) -> list[tuple[str, str]]:
    scope = UserScope(key=OTHER_ACCOUNT.public_key, template=UserPermissionLimits(**template))
    return [(code, path.removeprefix(AT)) for code, path in warnings(account(signing_keys=[scope]))]


def in_lists(entry: str) -> set[str]:
    """Return the codes that an entry has in each of the four lists, where they are the same."""
    everywhere = [
        {code for code, _ in found(**{way: permission})}
        for way in ("pub", "sub")
        for permission in (Permission(allow=[entry]), Permission(deny=[entry]))
    ]
    assert everywhere == everywhere[:1] * 4
    return everywhere[0]


def test_a_new_template_is_good() -> None:
    assert found() == []


@pytest.mark.parametrize(
    "entry",
    [
        "u.{{name()}}.>", "{{subject()}}.{{account-subject()}}.{{account-name()}}",
        "d.{{tag(dept)}}", "d.{{account-tag(org)}}", "x{{ NAME() }}y", "{{tag(a:b)}}.{{tag(Dept)}}",
        # no templates
        "{{}}", "{{name()", "{name()}", "a.{{b}.c}}",
    ],
)  # fmt: skip
def test_good_entries(entry: str) -> None:
    assert in_lists(entry) == set()


@pytest.mark.parametrize(
    "entry", ["{{foo()}}", "{{name}}", "{{name( )}}", "{{{name()}}}", "a.{{tag(x}}", "{{}{{x}}"]
)
def test_unknown_functions(entry: str) -> None:
    assert in_lists(entry) == {IssueCode.TEMPLATE_FUNCTION}


@pytest.mark.parametrize(
    "entry", ["{{TAG(x)}}", "{{Account-Tag(x)}}", "{{tag( x)}}", "{{tag(x )}}"]
)
def test_tags_that_are_never_found(entry: str) -> None:
    assert in_lists(entry) == {IssueCode.TEMPLATE_TAG}


@pytest.mark.parametrize("entry", ["u.{{name()}} q", "u.{{name()}}\tq", "u. {{tag(x)}}"])
def test_no_queues_in_templates(entry: str) -> None:
    assert in_lists(entry) == {IssueCode.TEMPLATE_QUEUE}


@pytest.mark.parametrize("entry", ["{{name()}}.", "a..{{name()}}", "{{name()}}.>.b"])
def test_subjects_that_are_never_good(entry: str) -> None:
    assert in_lists(entry) == {IssueCode.TEMPLATE}


def test_entries_beside_a_template_are_plain_subjects() -> None:
    entries = ["u.{{name()}}", "w q", "a.>.b", "c..d", "", "good"]
    expected = [
        (IssueCode.TEMPLATE_QUEUE, ".sub.deny[1]"),
        *((IssueCode.TEMPLATE, f".sub.deny[{index}]") for index in (2, 3, 4)),
    ]
    assert found(sub=Permission(deny=entries)) == expected


def test_lists_without_templates_have_the_rules_of_users() -> None:
    template = {
        "pub": Permission(allow=["a q", "{{name()}}"], deny=["a.>.b", "a q"]),
        "sub": Permission(allow=["a q", "a\tq", ".a"], deny=[]),
    }
    assert found(**template) == [
        (IssueCode.WHITE_SPACE, ".sub.allow[1]"),
        (IssueCode.TEMPLATE, ".sub.allow[2]"),
        (IssueCode.TEMPLATE_QUEUE, ".pub.allow[0]"),
        (IssueCode.WILDCARD_NOT_LAST, ".pub.deny[0]"),
        (IssueCode.TEMPLATE, ".pub.deny[1]"),
    ]


def test_everything_else_has_the_rules_of_users() -> None:
    template = {
        "pub": Permission(allow=[]),
        "src": ["10.0.0.0/8", "bad"],
        "times": [TimeRange(start="99", end="01:00:00")],
        "times_location": "Nowhere/X",
        "allowed_connection_types": ["TCP"],
    }
    assert found(**template) == [
        (IssueCode.ALLOW_EMPTY, ".pub.allow"),
        (IssueCode.TEMPLATE, ".src[1]"),
        (IssueCode.TEMPLATE, ".times[0].start"),
        (IssueCode.TEMPLATE, ".times_location"),
        (IssueCode.CONNECTION_TYPE, ".allowed_connection_types[0]"),
    ]


def test_zero_is_lost_on_the_way_to_the_server() -> None:
    assert found(subs=0, payload=-2, data=0) == [
        (IssueCode.TEMPLATE_LIMIT_ZERO, ".subs"),
        (IssueCode.LIMIT_ALLOWS_NOTHING, ".payload"),
    ]


@pytest.mark.parametrize(
    ("entry", "text", "functions"),
    [
        ("a.b", "a.b", []),
        ("{{a}}", "x", ["a"]),
        ("u.{{ a }}.{{b}}-c", "u.x.x-c", [" a ", "b"]),
        ("{{{a}}}", "x}", ["{a"]),
        ("{{{{a}}}}", "x}}", ["{{a"]),
        ("{{}}", "{{}}", []),
        ("{{{}}", "x", ["{"]),
        ("}}}{{a}}", "}}}x", ["a"]),
        ("{{a}b}}", "{{a}b}}", []),
        ("{{a} {{b}}", "{{a} x", ["b"]),
        ("{{a}", "{{a}", []),
        ("{a}}", "{a}}", []),
    ],
)
def test_functions_stand_between_two_pairs_of_braces(
    entry: str, text: str, functions: list[str]
) -> None:
    assert template_functions(entry) == (text, functions)
