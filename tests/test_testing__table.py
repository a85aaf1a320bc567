"""That promises hold and fail is in test_testing__grants.py; here is which of them are none."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth.errors import UsageError
from natsauth.policy import evaluate
from natsauth.testing import assert_grants
from natsauth.testing._table import Promise, promises

UNSENDABLE = "no client can send it"
EXPECTED = "expected True, False, 'allow', 'deny' or 'filtered'"
NO_VERDICTS: list[Any] = ["yes", "alow", "True", None, 1, [], {}]
EMPTY = "a token between two dots or at an end is empty"


def refusal(table: Any) -> UsageError:
    with pytest.raises(UsageError) as caught:
        assert_grants({"x": table}, users={"x": {}})
    return caught.value


def test_a_table_is_read() -> None:
    table = {"publish": {"a.b*": True}, "subscribe": {"a.*.b q": "filtered", ">": False}}
    assert promises("x", table) == [
        Promise("publish", "a.b*", None, expected=True),
        Promise("subscribe", "a.*.b", "q", "filtered"),
        Promise("subscribe", ">", None, expected=False),
    ]


@pytest.mark.parametrize(
    ("operation", "entry", "words"),
    [
        ("publish", "orders.>", "only subscriptions have wildcards"),
        ("publish", "*", "only subscriptions have wildcards"),
        ("publish", "orders.*.new", "only subscriptions have wildcards"),
        ("publish", "carts.1 q", "a publish has no queue group"),
        ("publish", "orders.eu.secret ", "a publish has no queue group"),
        ("publish", "orders..secret", EMPTY),
        ("publish", "orders.", EMPTY),
        ("publish", ".orders", EMPTY),
        ("publish", "", f"the subject is empty, so that {UNSENDABLE}"),
        ("publish", "a\tb", UNSENDABLE),
        ("publish", "\ud800", UNSENDABLE),
        ("subscribe", "orders.>.new", "'>' is not the last token"),
        ("subscribe", "orders..>", EMPTY),
        ("subscribe", "orders.*.status.", EMPTY),
        ("subscribe", "", UNSENDABLE),
        ("subscribe", " q", UNSENDABLE),
        ("subscribe", "a ", "after a blank stands one queue group"),
        ("subscribe", "a q r", "after a blank stands one queue group"),
        ("subscribe", "a  q", "after a blank stands one queue group"),
        ("subscribe", "a q\r", UNSENDABLE),
    ],
)
@pytest.mark.parametrize("expected", [True, False, "deny"])
def test_what_no_client_can_ask_for_is_no_promise(
    operation: str, entry: str, words: str, *, expected: bool | str
) -> None:
    """It would hold whatever the permissions are, or never."""
    message = str(refusal({operation: {"fine": True, entry: expected}}))
    assert message.startswith(f"'x' {operation} {entry!r}: ")
    assert words in message


def test_the_cure_for_a_wildcard_names_a_subject() -> None:
    hint = refusal({"publish": {"orders.*.>": False}}).hint
    assert hint == "name a subject, such as 'orders.x.x', or promise it of subscribe"
    assert refusal({"publish": {"carts.1 q": False}}).hint == "'carts.1' alone"


def test_subscriptions_are_meant_literally() -> None:
    permissions = {"sub": {"allow": ["orders.new"]}}
    table = {"x": {"subscribe": {"orders.>": False, "orders.*": False, "orders.new": True}}}
    assert_grants(table, users={"x": permissions})
    assert not evaluate(permissions).subscribe("orders.>")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([], "the grants of 'x' are of type list, expected a mapping"),
        ({"publsh": {}}, "'x' has 'publsh', expected publish or subscribe"),
        ({"deliver": {}}, "'x' has 'deliver', expected publish or subscribe"),
        ({7: {}}, "'x' has 7, expected publish or subscribe"),
        ({"publish": ["a"]}, "'x' publish: the subjects are of type list, expected a mapping"),
        ({"publish": {1: True}}, "'x' publish: a subject is text, got 1"),
        *(
            (
                {"subscribe": {"a": expected}},
                f"'x' subscribe 'a': {EXPECTED}, got {expected!r}",
            )
            for expected in NO_VERDICTS
        ),
    ],
)
def test_another_shape_is_refused_with_its_place(table: Any, message: str) -> None:
    assert refusal(table).args == (message,)


@pytest.mark.parametrize(
    ("table", "hint"),
    [
        ({"publsh": {}}, "did you mean 'publish'?"),
        ({"pub": {}}, "did you mean 'publish'?"),
        ({"sub": {}}, "did you mean 'subscribe'?"),
        ({"deliver": {}}, 'as in {"alice": {"publish": {"orders.new": True}'),
        ({"publish": ["a"]}, 'as in {"alice": {"publish": {"orders.new": True}'),
        ({"publish": {"a": "alow"}}, "did you mean 'allow'?"),
        ({"publish": {"a": "denied"}}, "did you mean 'deny'?"),
        ({"publish": {"a": "true"}}, "True and False are no text, and no numbers"),
        ({"publish": {"a": 0}}, "True and False are no text, and no numbers"),
        ({"publish": {"a": "yes"}}, ""),
    ],
)
def test_the_hint_says_what_is_likely_meant(table: Any, hint: str) -> None:
    found = refusal(table).hint
    assert found.startswith(hint)
    assert bool(found) == bool(hint)
