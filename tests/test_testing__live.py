"""What is asked of servers is in test_testing__grants.py, beside what is not."""

from __future__ import annotations

import pytest

from natsauth.policy import evaluate
from natsauth.testing._live import _common


@pytest.mark.parametrize(
    ("pattern", "other", "common"),
    [
        ("a.b", "a.*", "a.b"),
        ("*.b", "a.*", "a.b"),
        ("a.>", ">", "a.x"),
        ("a.*.c", "a.>", "a.x.c"),
        ("a.>", "a.b.c", "a.b.c"),
        ("*", "*", "x"),
    ],
)
def test_a_subject_that_both_take(pattern: str, other: str, common: str) -> None:
    assert _common(pattern, other) == common
    user = evaluate({"sub": {"allow": [pattern]}})
    assert user.subscribe(common)
    assert evaluate({"sub": {"allow": [other]}}).subscribe(common)
