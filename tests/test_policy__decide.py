from __future__ import annotations

import pytest

from natsauth import Permission, Permissions
from natsauth.errors import UsageError
from natsauth.policy import Decision, Reason, Verdict
from natsauth.policy import _decide as decide
from natsauth.policy._installed import install
from natsauth.policy._versions import LATEST, behaviour

INSTALLED = install(
    Permissions(sub=Permission(deny=["a.b"])), None, None, system=False, behaviour=behaviour(LATEST)
)


def subscribed(subject: str, *, filters: bool = False) -> tuple[Decision, bool]:
    return decide.subscribe(INSTALLED, subject, None, filters=filters)


def test_the_state_comes_back() -> None:
    assert subscribed("x.*") == (decide.subscribe(INSTALLED, "x.*", None)[0], False)
    assert subscribed("x.*", filters=True)[1]
    assert subscribed("a.*")[1]
    assert not subscribed("a.b")[1]
    assert subscribed("a b", filters=True)[1]


def test_a_delivery_is_judged_by_the_state() -> None:
    to, _ = subscribed("inbox")
    on = decide.deliver(INSTALLED, "a.b", to, filters=True)
    off = decide.deliver(INSTALLED, "a.b", to, filters=False)
    assert (on.verdict, off.verdict) == (Verdict.DENY, Verdict.ALLOW)
    assert on.rule == off.rule
    assert off.reason is Reason.FILTER_OFF


def test_a_hot_decision_is_one_like_any_other() -> None:
    decision = decide.publish(INSTALLED, "x", "r")
    assert type(decision) is Decision
    assert decision == Decision(*decision)
    assert decision._replace(reply=None) == decide.publish(INSTALLED, "x", None)
    assert type(subscribed("x")[0]) is Decision


def test_a_subscription_is_a_subject_or_a_decision() -> None:
    to, _ = subscribed("x")
    assert decide.subscription(INSTALLED, to) is to
    assert decide.subscription(INSTALLED, "x") == to
    with pytest.raises(UsageError, match="got one about a publish"):
        decide.subscription(INSTALLED, decide.publish(INSTALLED, "x", None))
