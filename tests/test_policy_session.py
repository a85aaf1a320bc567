from __future__ import annotations

from typing import Any

import pytest

from natsauth import (
    Account,
    AccountClaims,
    OperatorLimits,
    Permission,
    User,
    UserClaims,
)
from natsauth.errors import UsageError
from natsauth.policy import Reason, Session, Verdict, evaluate
from tests._policy import ACCOUNT, USER, subscribing

SECOND = 10**9


def answering(**resp: int) -> Session:
    session = evaluate({"resp": resp}).session()
    assert session.subscribe("svc.>")
    return session


def test_a_request_may_be_answered_once() -> None:
    session = answering()
    assert session.publish("r").reason is Reason.NOT_ALLOWED
    (delivery,) = session.incoming("svc.a", reply="r")
    assert delivery
    assert delivery.to.subject == "svc.>"
    assert session.publish("r").reason is Reason.RESPONSE
    assert session.publish("r").reason is Reason.RESPONSE_USED_UP
    assert session.publish("r").reason is Reason.NOT_ALLOWED
    session.incoming("svc.a", reply="r")
    assert session.publish("r")


def test_a_second_delivery_uses_the_leave() -> None:
    session = answering()
    session.subscribe("svc.a")
    assert len(session.incoming("svc.a", reply="r")) == 2
    assert not session.publish("r")


def test_a_third_delivery_opens_it_again() -> None:
    session = answering()
    for _ in range(3):
        session.incoming("svc.a", reply="r")
    assert session.publish("r")
    assert not session.publish("r")


def test_leave_ends_after_its_time() -> None:
    session = answering(max=-1, ttl=SECOND)
    session.incoming("svc.a", reply="r", at=100)
    assert session.publish("r", at=101)
    assert session.publish("r")
    assert session.publish("r", at=101.5).reason is Reason.RESPONSE_EXPIRED
    assert session.publish("r", at=100).reason is Reason.NOT_ALLOWED


def test_a_later_delivery_does_not_prolong_it() -> None:
    session = answering(max=9, ttl=SECOND)
    session.incoming("svc.a", reply="r", at=0)
    session.incoming("svc.a", reply="r", at=0.8)
    assert not session.publish("r", at=1.2)


def test_without_limits_leave_never_ends() -> None:
    session = answering(max=-1, ttl=-1)
    session.incoming("svc.a", reply="r")
    assert all(session.publish("r", at=moment) for moment in range(0, 10**9, 10**7))


def test_an_answer_may_be_a_request_itself() -> None:
    session = evaluate({"resp": {}, "sub": {"allow": ["svc", "_INBOX.>"]}}).session()
    session.subscribe("svc")
    session.subscribe("_INBOX.me")
    session.incoming("svc", reply="them")
    assert session.publish("them", reply="_INBOX.me")
    session.incoming("_INBOX.me", reply="more")
    assert session.publish("more")


def test_an_answer_overrides_a_deny_but_not_the_servers_own_rules() -> None:
    session = evaluate({"resp": {"max": -1}, "pub": {"deny": [">"]}}).session()
    session.subscribe("svc")
    for reply in ("r", "$NRG.x", "_GR_.x"):
        session.incoming("svc", reply=reply)
    assert session.publish("r")
    assert session.publish("r", reply="_R_.x").reason is Reason.RESERVED_REPLY
    assert session.publish("$NRG.x").reason is Reason.SYSTEM_SUBJECT
    assert session.publish("_GR_.x").reason is Reason.SYSTEM_SUBJECT


def test_what_may_be_published_anyway_uses_nothing() -> None:
    session = evaluate({"resp": {}, "pub": {"allow": ["r"]}}).session()
    session.subscribe("svc")
    session.incoming("svc", reply="r")
    assert [session.publish("r").reason for _ in range(3)] == [Reason.ALLOWED] * 3


def test_what_is_withheld_or_not_subscribed_to_opens_nothing() -> None:
    session = evaluate({"resp": {}, "sub": {"deny": ["svc.a"]}}).session()
    assert session.subscribe("svc.*").verdict is Verdict.FILTERED
    (delivery,) = session.incoming("svc.a", reply="r")
    assert not delivery
    assert delivery.decision.reason is Reason.WITHHELD
    assert session.incoming("other", reply="r") == ()
    assert not session.publish("r")


def test_without_resp_nothing_is_answered() -> None:
    session = evaluate({"pub": {"allow": ["x"]}}).session()
    session.subscribe("svc")
    session.incoming("svc", reply="r")
    assert not session.publish("r")


def test_of_a_queue_group_one_gets_it() -> None:
    session = subscribing().session()
    for subject, queue in (("a", "q"), ("*", "q"), ("a", "r"), ("a", None)):
        session.subscribe(subject, queue=queue)
    assert [d.to.queue for d in session.incoming("a")] == ["q", "r", None]


def test_unsubscribing_ends_one_subscription() -> None:
    session = answering()
    session.subscribe("svc.>", queue="")
    session.incoming("svc.a", reply="r")
    assert session.unsubscribe("svc.>")
    assert session.unsubscribe("svc.>")
    assert not session.unsubscribe("svc.>")
    assert session.incoming("svc.a") == ()


def test_leave_outlives_the_subscription() -> None:
    session = answering()
    session.incoming("svc.a", reply="r")
    session.unsubscribe("svc.>")
    assert session.publish("r")


def test_the_filter_stays_once_it_is_on() -> None:
    session = subscribing(deny=["s.a"]).session()
    assert session.subscribe("_INBOX.x")
    assert session.deliver("s.a", to="_INBOX.x").reason is Reason.FILTER_OFF
    assert session.subscribe("s.*").verdict is Verdict.FILTERED
    assert session.deliver("s.a", to="_INBOX.x").reason is Reason.WITHHELD
    session.unsubscribe("s.*")
    assert not session.deliver("s.a", to="_INBOX.x")
    assert session.deliver("s.b", to="_INBOX.x").reason is Reason.JETSTREAM_ONLY


@pytest.mark.parametrize(
    ("subject", "queue", "starts"),
    [
        (">", None, True),
        ("_INBOX.>", None, False),
        ("s.a", "r", True),  # with a queue even a subject without wildcards
        ("s.b", "r", False),
        ("s..*", None, False),
        ("s.>.*", None, True),  # invalid, but looked at before that is found
        ("s.*", "_sys_", True),  # refused after it was looked at
    ],
)
def test_what_starts_the_filter(subject: str, queue: str | None, starts: bool) -> None:  # noqa: FBT001
    session = subscribing(deny=["s.a q", "x"]).session()
    inbox = session.subscribe("_INBOX.x", queue="q")
    session.subscribe(subject, queue=queue)
    assert bool(session.deliver("s.a", to=inbox)) is not starts


def test_a_refused_subscription_starts_no_filter() -> None:
    session = subscribing(allow=["_INBOX.>"], deny=["s.a"]).session()
    inbox = session.subscribe("_INBOX.x")
    assert not session.subscribe("s.*")
    assert session.deliver("s.a", to=inbox)


def test_jetstream_messages_open_leave_to_acknowledge() -> None:
    session = answering()
    inbox = session.subscribe("_INBOX.x")
    session.deliver("orders.new", to=inbox, reply="$JS.ACK.s.c.1", at=5)
    assert session.publish("$JS.ACK.s.c.1")


@pytest.mark.parametrize("moment", ["1", True, float("nan"), float("inf"), 10**400, [1]])
def test_moments_are_seconds(moment: Any) -> None:
    session = answering()
    with pytest.raises(UsageError, match="expected a moment in seconds"):
        session.publish("a", at=moment)


def test_a_refused_connection_gets_nothing() -> None:
    session = subscribing(allow=["a..b"]).session()
    assert session.subscribe("a").reason is Reason.CONNECTION_REFUSED
    assert session.incoming("a", reply="r") == ()
    assert session.publish("a").error == "Authorization Violation"


def limited(user: int = -1, account: int = -1, **body: Any) -> Session:
    """Start the session of a user with so many subscriptions and bytes, as its account."""
    claims = UserClaims(sub=USER, nats=User(subs=user, payload=user, **body))
    limits = OperatorLimits(subs=account, payload=account)
    return evaluate(claims, AccountClaims(sub=ACCOUNT, nats=Account(limits=limits))).session()


@pytest.mark.parametrize(
    ("user", "account", "limit"), [(2, -1, 2), (-1, 2, 2), (5, 1, 1), (1, 5, 1), (1, -3, 0)]
)
def test_so_many_subscriptions_may_be_open(user: int, account: int, limit: int) -> None:
    session = limited(user, account)
    for number in range(limit):
        assert session.subscribe(f"a.{number}")
    for _ in range(2):
        refused = session.subscribe("b")
        assert (refused.verdict, refused.reason) == (Verdict.DENY, Reason.SUBSCRIPTION_LIMIT)
        assert refused.error == "maximum subscriptions exceeded"
        assert f"the connection has {limit} subscriptions" in refused.explain()
    if limit:
        session.unsubscribe("a.0")
        assert session.subscribe("b")
        assert not session.subscribe("a.0")


def test_permissions_come_before_the_limit_and_syntax_after_it() -> None:
    session = limited(1, sub=Permission(deny=["x.y"]))
    assert session.subscribe("a..b").error == "Invalid Subject"
    assert session.subscribe("a")
    assert session.subscribe("x.y").reason is Reason.DENIED
    assert session.subscribe("a..b").reason is Reason.SUBSCRIPTION_LIMIT
    assert session.subscribe("a", queue="_sys_").reason is Reason.SYSTEM_QUEUE
    # What the limit refuses has started the filter nevertheless.
    assert session.deliver("x.y", to="a").reason is Reason.FILTER_OFF
    assert session.subscribe("x.*").reason is Reason.SUBSCRIPTION_LIMIT
    assert session.deliver("x.y", to="a").reason is Reason.WITHHELD


@pytest.mark.parametrize(
    ("user", "account", "size", "fits"),
    [
        (5, -1, 5, True),
        (5, -1, 6, False),
        (9, 3, 4, False),
        (-1, 3, 3, True),
        (0, -1, 0, True),
        (0, -1, 1, False),
        (-2, -1, 0, False),
        (-1, -1, 1 << 40, True),
    ],
)
def test_so_large_may_messages_be(user: int, account: int, size: int, *, fits: bool) -> None:
    decision = limited(user, account).publish("a", size=size)
    assert bool(decision) is fits
    assert decision.error == ("" if fits else "Maximum Payload Violation")


def test_the_size_comes_before_permissions() -> None:
    session = limited(5, pub=Permission(deny=["x"]))
    assert session.publish("x", size=5).reason is Reason.DENIED
    assert session.publish("x", size=6).reason is Reason.PAYLOAD_LIMIT
    assert session.publish("x y", size=6).reason is Reason.UNSENDABLE
    assert "more than 5 bytes are too much" in session.publish("x", size=6).explain()
    assert "even empty ones" in limited(-2).publish("x").explain()


@pytest.mark.parametrize("size", [-1, 1.0, True, "1", None])
def test_a_size_is_a_number_of_bytes(size: Any) -> None:
    with pytest.raises(UsageError, match="number of bytes"):
        limited().publish("a", size=size)
