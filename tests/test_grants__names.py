"""What may be filled in."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth.errors import UsageError
from natsauth.grants import _names


@pytest.mark.parametrize("given", ["ORDERS", "a-b_c", "{{name()}}", "é", "$"])
def test_a_name(given: str) -> None:
    assert _names.name("stream", given) == given


@pytest.mark.parametrize(
    "given", ["", "a.b", "*", ">", "a*", "a b", "a/b", "a\\b", "a\n", "\ud800"]
)
def test_what_is_no_name(given: str) -> None:
    with pytest.raises(UsageError, match="is no name of a stream") as caught:
        _names.name("stream", given)
    assert "no dots" in caught.value.hint


def test_one_subject_or_several_each_once() -> None:
    assert _names.subjects("keys", "a.>") == ("a.>",)
    assert _names.subjects("keys", ["b", "a", "b"]) == ("b", "a")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "there are no keys"),
        (3, "expected keys as text or a list of texts, got int"),
        ([3], "expected text in keys, got int"),
        (["a b"], "'a b' in keys holds a blank"),
        (["a..b"], "in keys"),
        (["a.>.b"], "in keys"),
    ],
)
def test_what_are_no_subjects(given: Any, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        _names.subjects("keys", given)
    assert said in caught.value.args[0]


@pytest.mark.parametrize("given", [">", "*.a", "$JS.API.INFO", "$SYS.>", "$KV.b.k", "$SRV.PING"])
def test_other_apis_are_no_subjects_of_an_application(given: str) -> None:
    with pytest.raises(UsageError, match="which has grants of its own"):
        _names.own_subjects("subjects", given)
    assert _names.own_subjects("subjects", ["orders.>", "$mine"]) == ("orders.>", "$mine")


def test_keys_to_read_do_not_end_in_a_star() -> None:
    assert _names.read_keys(["a.*.b", "c.>"]) == ("a.*.b", "c.>")
    with pytest.raises(UsageError, match="servers would let read all keys below"):
        _names.read_keys("a.*")


@pytest.mark.parametrize("given", ["_INBOX.>", "a.*", "", "a b", "$SYS", None])
def test_what_is_no_prefix_of_inboxes(given: Any) -> None:
    with pytest.raises(UsageError, match="inbox"):
        _names.inbox(given)
    assert _names.inbox("_INBOX_{{name()}}") == "_INBOX_{{name()}}"
