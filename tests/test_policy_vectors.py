"""Verdicts against those that a real nats-server 2.15.1 gave."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from natsauth import Account, AccountClaims, KeyPair, KeyType, UserClaims, parse_claims
from natsauth.errors import ClaimsError
from natsauth.policy import Reason, Verdict, evaluate
from tests._vectors import VECTORS

if TYPE_CHECKING:
    from natsauth.policy import Decision, Evaluator

PERMISSIONS = json.loads((VECTORS / "permissions.json").read_text(encoding="utf-8"))
TEMPLATES = json.loads((VECTORS / "templates.json").read_text(encoding="utf-8"))
ACCOUNT, SIGNER = (KeyPair.generate(KeyType.ACCOUNT).public_key for _ in range(2))
USER = KeyPair.generate(KeyType.USER).public_key
GROUPS: dict[str, list[dict[str, Any]]] = {}
for _case in PERMISSIONS["cases"]:
    GROUPS.setdefault(_case["group"], []).append(_case)


def check_connect(case: dict[str, Any]) -> None:
    """Compare a case in which the server takes or refuses a connection."""
    try:
        decision = evaluate(case["perms"]).publish("a")
    except ClaimsError:
        assert case["expected"] == "connect_denied"
        return
    refused = decision.reason is Reason.CONNECTION_REFUSED
    assert refused == (case["expected"] == "connect_denied")
    assert decision.error == case.get("error", decision.error)


def check_one(case: dict[str, Any]) -> None:
    """Compare a case of one operation."""
    evaluator = evaluate(case["perms"])
    if case["op"] == "pub":
        decision = evaluator.publish(case["subject"], reply=case.get("reply"))
    else:
        decision = evaluator.subscribe(case["subject"], queue=case.get("queue"))
        check_delivery(case, evaluator, decision)
    # The server was asked for a few subjects; what overlaps beside them it could not show.
    unseen = decision.verdict is Verdict.FILTERED and case["expected"] == "allow"
    assert unseen or decision.verdict == case["expected"]
    assert decision.error == case.get("error", "")


def check_delivery(case: dict[str, Any], evaluator: Evaluator, decision: Decision) -> None:
    """Compare what of the probes came, for the evaluator and for a session."""
    session = evaluator.session()
    assert session.subscribe(decision.subject, queue=decision.queue) == decision
    for kind in ("delivered", "withheld"):
        for subject in case.get(kind, ()):
            assert bool(evaluator.deliver(subject, to=decision)) == (kind == "delivered")
            (delivery,) = session.incoming(subject)
            assert bool(delivery) == (kind == "delivered")


def check_session(case: dict[str, Any]) -> None:
    """Compare a case of several steps."""
    session, now = evaluate(case["perms"]).session(), 0.0
    subjects = {}
    for step in case["steps"]:
        got: object = step.get("expected")
        match step["do"]:
            case "sleep":
                now += step["ms"] / 1000
            case "sub":
                subjects[step["sid"]] = (step["subject"], step.get("queue"))
                got = session.subscribe(step["subject"], queue=step.get("queue"), at=now)
            case "unsub":
                subject, queue = subjects[step["sid"]]
                assert session.unsubscribe(subject, queue=queue)
            case "incoming":
                got = sum(
                    map(bool, session.incoming(step["subject"], reply=step.get("reply"), at=now))
                )
            case "pub":
                got = session.publish(step["subject"], reply=step.get("reply"), at=now)
                assert got.error == step.get("error", "")
        if step["do"] in ("sub", "pub"):
            assert bool(got) == (step["expected"] == "allow")
        else:
            assert got == step.get("expected")


@pytest.mark.parametrize("group", GROUPS)
def test_verdicts_are_those_of_the_server(group: str) -> None:
    checks = {"connect": check_connect, "session": check_session}
    for case in GROUPS[group]:
        try:
            checks.get(case["op"], check_one)(case)
        except AssertionError as error:
            error.add_note(json.dumps(case))
            raise


def test_the_vectors_have_each_verdict() -> None:
    found = Counter(case["expected"] for case in PERMISSIONS["cases"])
    assert found == PERMISSIONS["verdict_counts"]
    assert sum(found.values()) == 4_130


def of_template(case: dict[str, Any]) -> tuple[UserClaims, AccountClaims]:
    """Return the user of a scoped signing key and its account, as the vector has them."""
    template = {**case["template"], **case["template_extra"]}
    account: dict[str, Any] = {
        "signing_keys": [{"kind": "user_scope", "key": SIGNER, "template": template}]
    }
    user = {"issuer_account": ACCOUNT, **case["user_nats_extra"]}
    if case["account_tags"] is not None:
        account["tags"] = case["account_tags"]
    if case["user_tags"] is not None:
        user["tags"] = case["user_tags"]
    owner = parse_claims({"sub": ACCOUNT, "name": case["account_name"], "nats": account}, "account")
    claims = parse_claims(
        {"iss": SIGNER, "sub": USER, "name": case["user_name"], "nats": user}, "user"
    )
    assert isinstance(owner, AccountClaims)
    assert isinstance(claims, UserClaims)
    assert isinstance(owner.nats, Account)
    return claims, owner


@pytest.mark.parametrize("case", TEMPLATES["cases"], ids=lambda case: case["name"])
def test_templates_give_what_they_gave_on_the_server(case: dict[str, Any]) -> None:
    evaluator = evaluate(*of_template(case))
    # Networks and times are for admit() to judge.
    other = case["log"].startswith(("Bad src Ip", "Outside connect times"))
    refused = evaluator.publish("a").reason is Reason.CONNECTION_REFUSED
    assert refused == (case["connect"] == "reject" and not other)
    for probe in case["probes"]:
        subject = probe["subject"].replace("$U", USER).replace("$A", ACCOUNT)
        if probe["op"] == "pub":
            decision = evaluator.publish(subject)
        else:
            decision = evaluator.subscribe(subject, queue=probe.get("queue"))
        assert decision.verdict == probe["expected"], probe
