"""What a hub said to leaf nodes, recorded in vectors/leaf.jsonl, and what lies beside."""

from __future__ import annotations

import json
from typing import Any

import pytest

from natsauth import Permission, User, UserClaims, WeightedMapping
from natsauth.errors import UsageError
from natsauth.policy import Evaluator, LeafEvaluator, Reason, Verdict, evaluate
from tests._policy import USER, mapped
from tests._vectors import VECTORS

RECORDS = [*map(json.loads, (VECTORS / "leaf.jsonl").read_text("utf-8").splitlines())]


def leaf(**lists: Any) -> Evaluator:
    return evaluate(lists, leaf=True)


@pytest.mark.parametrize("record", RECORDS)
def test_recorded_leaf_nodes(record: dict[str, Any]) -> None:
    evaluator = leaf(**record["nats"])
    if "error" in record:
        assert evaluator.publish("a").error == record["error"]
        return
    for subject, error in record["publish"].items():
        assert evaluator.publish(subject).error == error, subject
    for asked, error in record["subscribe"].items():
        subject, _, queue = asked.partition(" ")
        assert evaluator.subscribe(subject, queue=queue).error == error, asked
    for asked, messages in {">": record.get("deliver", {}), **record.get("delivered", {})}.items():
        subject, _, queue = asked.partition(" ")
        to = evaluator.subscribe(subject, queue=queue)
        for message, is_there in messages.items():
            # Nobody gets what has an empty token.
            assert (
                bool(evaluator.deliver(message, to=to)) and "" not in message.split(".")
            ) is is_there


def test_a_wildcard_gets_what_the_lists_let_through() -> None:
    evaluator = leaf(sub={"allow": ["a.*", "b.>"], "deny": ["b.x"]})
    assert evaluator.subscribe("a.*").reason is Reason.ALLOWED
    for wild in ("a.>", "*.*", ">", "z.*"):
        decision = evaluator.subscribe(wild)
        if wild in ("a.>", "z.*"):
            assert (decision.verdict, decision.reason) == (Verdict.FILTERED, Reason.PRUNED)
            assert decision.explain() == (
                f"Subscribing to '{wild}' is accepted from a leaf node, but only what an entry of "
                "sub.allow takes comes; it has 'a.*', 'b.>'."
            )
        else:
            assert decision.reason is Reason.FILTERED
            assert decision.rule
            assert decision.rule.text == "b.x"
    assert evaluator.deliver("a.b", to="a.>").reason is Reason.NOT_DENIED
    assert evaluator.deliver("a.b.c", to="a.>").reason is Reason.NOT_ALLOWED
    assert evaluator.deliver("b.x", to=">").reason is Reason.WITHHELD
    assert evaluator.deliver("a.b", to="b.>").reason is Reason.JETSTREAM_ONLY


def test_a_hub_keeps_jetstream_back() -> None:
    evaluator = leaf(sub={"allow": [">"]})
    assert evaluator.effective().sub.deny == ["$JS.API.>", "$KV.>", "$OBJ.>"]
    assert evaluator.publish("$KV.a")
    refused = evaluator.subscribe("$KV.a")
    assert refused.explain() == (
        "Subscribing to '$KV.a' is denied by '$KV.>', which the server adds for leaf nodes. "
        "The server closes the connection of a leaf node for it."
    )
    assert refused.rule
    assert refused.rule.path == ""
    for wild in ("$KV.>", ">"):
        assert evaluator.subscribe(wild).reason is Reason.FILTERED
    assert not evaluator.deliver("$KV.a", to=">")
    assert evaluator.subscribe("$JSC.a")
    system = evaluate({}, leaf=True, system=True)
    assert not system.subscribe("$JSC.a")
    assert not system.subscribe("$NRG.a")
    assert evaluate({}).subscribe("$KV.a")


def test_entries_for_queue_groups_hide_others() -> None:
    hidden = leaf(sub={"deny": ["a", "> q"]})
    assert hidden.subscribe("a").reason is Reason.FILTERED
    assert not hidden.deliver("a", to="a")
    assert hidden.deliver("b", to="b")
    assert not hidden.deliver("b", to=hidden.subscribe("b", queue="q"))
    refused = leaf(sub={"allow": ["a", "> q"]}).subscribe("a", queue="q")
    assert refused.reason is Reason.NOT_ALLOWED
    assert "Entries for queue groups allow a leaf node nothing" in refused.explain()
    for allow, pruned in ((["a.*", "a.> q"], True), (["a.>", "a.b q"], False)):
        decision = leaf(sub={"allow": allow}).subscribe(allow[0])
        assert (decision.reason is Reason.PRUNED) is pruned
    assert "Add 'z'," in leaf(sub={"allow": ["w q"]}).subscribe("z", queue="q").explain()


def test_what_servers_subscribe_to_is_accepted_and_filtered() -> None:
    denied, allowed = leaf(sub={"deny": ["$LDS.>"]}), leaf(sub={"allow": ["a"]})
    for subject in ("$LDS.>", "$LDS.x"):
        assert denied.subscribe(subject).reason is Reason.FILTERED
        assert allowed.subscribe(subject).reason is Reason.PRUNED
        assert leaf().subscribe(subject).verdict is Verdict.ALLOW


def test_a_publish_is_compared_as_text() -> None:
    evaluator = leaf(pub={"allow": ["a.>.b", "c.>"]})
    assert evaluator.publish("a.>.b").rule
    assert evaluator.publish("c..d")
    assert "ignores" not in evaluator.publish("a.x.b").explain()
    assert "No subscriber takes" in evaluator.publish("c.").explain()
    assert "No entry helps" not in evaluator.publish("_GR_.a").explain()


def test_what_is_denied_ends_the_connection() -> None:
    evaluator = leaf(pub={"deny": ["x"]}, sub={"allow": ["a", "w q"]})
    closes = "The server closes the connection of a leaf node for it."
    for decision in (evaluator.publish("x"), evaluator.subscribe("z"), evaluator.subscribe("w")):
        assert not decision
        assert decision.explain().endswith(closes)
    assert closes not in evaluator.deliver("z", to=">").explain()
    assert closes not in evaluator.publish("y").explain()
    refused = evaluator.subscribe("w", queue="q")
    assert refused.error == 'Permissions Violation for Subscription to "w"'
    assert not evaluator.deliver("a", to=refused)


def test_the_account_maps_what_has_been_judged() -> None:
    account = mapped(m__in=[WeightedMapping(subject="out")])
    user = UserClaims(sub=USER, nats=User(pub=Permission(deny=["out"])))
    assert not evaluate(user, account).publish("m.in")
    decision = evaluate(user, account, leaf=True).publish("m.in")
    assert decision
    assert decision.checked == "m.in"


def test_an_auth_callout_bars_no_subject() -> None:
    account = mapped()
    account.nats.authorization.auth_users = [USER]
    user = UserClaims(sub=USER, nats=User())
    assert not evaluate(user, account).publish("$SYS.REQ.USER.AUTH")
    assert evaluate(user, account, leaf=True).publish("$SYS.REQ.USER.AUTH")


def test_there_is_no_session() -> None:
    evaluator = leaf()
    assert isinstance(evaluator, LeafEvaluator)
    with pytest.raises(UsageError, match="have no session"):
        evaluator.session()


def test_what_cannot_be_sent_or_is_no_text() -> None:
    evaluator: Any = leaf(pub={"allow": ["a"]})
    assert evaluator.publish("a b").reason is Reason.UNSENDABLE
    assert evaluator.subscribe("").reason is Reason.UNSENDABLE
    assert evaluator.deliver("a\n", to=">").reason is Reason.UNSENDABLE
    with pytest.raises(UsageError):
        evaluator.publish(5)
    with pytest.raises(UsageError):
        evaluator.subscribe(None)
    for to in (5, None, evaluator.publish("a")):
        with pytest.raises(UsageError):
            evaluator.deliver("a", to=to)
