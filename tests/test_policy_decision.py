from __future__ import annotations

import pickle

import pytest

from natsauth.policy import Decision, Origin, Reason, Rule, Verdict
from tests._policy import publishing, subscribing


def test_a_decision_says_all_there_is_to_say() -> None:
    decision = publishing(deny=["a"]).publish("a", reply="r")
    assert decision == Decision(
        operation="publish",
        subject="a",
        queue=None,
        reply="r",
        checked="a",
        verdict=Verdict.DENY,
        reason=Reason.DENIED,
        rule=Rule("a", "$.nats.pub.deny[0]", Origin.USER, "a"),
        destinations=(),
        installed=decision.installed,
    )
    assert repr(decision) == "<Decision publish 'a': deny, denied>"


def test_what_is_carried_out_is_true() -> None:
    evaluator = subscribing(allow=["a", "b.*"], deny=["b.x"])
    assert evaluator.subscribe("a")
    assert evaluator.subscribe("b.*").verdict is Verdict.FILTERED
    assert evaluator.subscribe("b.*")
    assert not evaluator.subscribe("z")
    invalid = subscribing().subscribe("c..d")
    assert invalid.verdict is Verdict.INVALID_SUBJECT
    assert not invalid


def test_a_decision_cannot_change() -> None:
    decision = publishing().publish("a")
    with pytest.raises(AttributeError):
        decision.verdict = Verdict.DENY  # type: ignore[misc]


def test_names_are_texts() -> None:
    assert [*map(str, Verdict)] == ["allow", "deny", "filtered", "invalid_subject"]
    assert f"{Reason.NOT_ALLOWED}" == "not_allowed"
    assert pickle.loads(pickle.dumps(Origin.SCOPE)) is Origin.SCOPE  # noqa: S301 - our own
