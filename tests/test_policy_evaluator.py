from __future__ import annotations

from typing import Any

import pytest

from natsauth import (
    AccountClaims,
    Creds,
    KeyPair,
    KeyType,
    OperatorClaims,
    Permission,
    Permissions,
    User,
    UserClaims,
    UserPermissionLimits,
    UserScope,
    WeightedMapping,
    encode,
)
from natsauth.errors import ClaimsError, ClaimTypeError, UsageError
from natsauth.policy import Allowed, Reason, Verdict, evaluate
from tests._policy import ACCOUNT, USER, mapped, publishing, scoped, subscribing

OWNER, SIGNER, PERSON = (
    KeyPair.generate(kind) for kind in (KeyType.ACCOUNT, KeyType.ACCOUNT, KeyType.USER)
)
OPERATOR = KeyPair.generate(KeyType.OPERATOR)
ONLY_A = Permissions(pub=Permission(allow=["a"]))


def claims() -> UserClaims:
    return UserClaims(sub=PERSON.public_key, nats=User(pub=Permission(allow=["a"])))


@pytest.mark.parametrize(
    "user",
    [
        claims(),
        encode(claims(), OWNER),
        Creds.create(encode(claims(), OWNER), PERSON),
        claims().nats,
        ONLY_A,
        {"pub": {"allow": ["a"]}},
        {"pub": {"allow": ["a"]}, "subs": -1},
    ],
    ids=lambda user: type(user).__name__,
)
def test_users_are_given_in_many_ways(user: Any) -> None:
    evaluator = evaluate(user)
    assert evaluator.publish("a")
    assert not evaluator.publish("b")
    assert evaluator.effective() == ONLY_A


def test_an_account_is_given_as_token_or_claims() -> None:
    account = AccountClaims(sub=OWNER.public_key)
    account.nats.default_permissions.deny_pub("secret")
    user = encode(UserClaims(sub=PERSON.public_key), OWNER)
    for owner in (account, encode(account, OPERATOR)):
        assert not evaluate(user, owner).publish("secret")
    assert evaluate(user).publish("secret")


def test_the_text_of_a_token_counts() -> None:
    token = encode(claims(), OWNER)
    token.claims.nats.allow_pub("b")
    assert not evaluate(token).publish("b")


def test_a_scope_of_real_tokens() -> None:
    account = AccountClaims(sub=OWNER.public_key)
    template = UserPermissionLimits(sub=Permission(allow=["u.{{name()}}.>"]))
    account.nats.add_signing_key(UserScope(key=SIGNER.public_key, template=template))
    user = UserClaims(sub=PERSON.public_key, name="bob")
    user.nats.clear()
    user.nats.issuer_account = OWNER.public_key
    evaluator = evaluate(encode(user, SIGNER), encode(account, OPERATOR))
    decision = evaluator.subscribe("u.bob.x")
    assert decision
    assert decision.rule
    assert decision.rule.path == "$.nats.signing_keys[0].template.sub.allow[0]"
    assert not evaluator.subscribe("u.al.x")


def test_a_scoped_user_alone_is_not_judged() -> None:
    user, _ = scoped(UserPermissionLimits())
    with pytest.raises(UsageError, match="the account with the scope is missing") as caught:
        evaluate(user)
    assert caught.value.hint == "give the account as the second argument"


@pytest.mark.parametrize("user", [None, 1, "eyJ0", b"", [], object(), AccountClaims()])
def test_other_types_are_no_users(user: Any) -> None:
    with pytest.raises(UsageError):
        evaluate(user)


@pytest.mark.parametrize("account", [1, "A", {}, UserClaims(), []])
def test_other_types_are_no_accounts(account: Any) -> None:
    with pytest.raises(UsageError, match="AccountClaims"):
        evaluate(claims(), account)


def test_all_claims_are_no_permissions() -> None:
    with pytest.raises(UsageError, match="all claims of a user"):
        evaluate({"sub": USER, "nats": {"pub": {"allow": ["a"]}}})


def test_tokens_of_another_kind_are_refused() -> None:
    token: Any = encode(OperatorClaims(sub=OPERATOR.public_key, name="o"), OPERATOR)
    with pytest.raises(ClaimTypeError):
        evaluate(token)
    with pytest.raises(ClaimTypeError):
        evaluate(claims(), token)


@pytest.mark.parametrize(
    ("given", "name", "hint"),
    [
        ({"publish": {"deny": [">"]}}, "'publish' of permissions", "did you mean 'pub'?"),
        ({"subscribe": {}}, "'subscribe' of permissions", "did you mean 'sub'?"),
        ({"allow_responses": True}, "'allow_responses' of permissions", "expected pub, sub, resp"),
        ({"permissions": {}}, "'permissions' of permissions", "expected pub, sub, resp"),
        ({"pub": {"alow": ["a"]}}, "'alow' of pub", "did you mean 'allow'?"),
        ({"sub": {"denied": ["a"]}}, "'denied' of sub", "did you mean 'deny'?"),
        ({"resp": {"max_msgs": 1}}, "'max_msgs' of resp", "did you mean 'max'?"),
        ({"resp": {"expires": 1}}, "'expires' of resp", "expected max, ttl"),
    ],
)
def test_members_that_no_server_reads_are_refused(
    given: dict[str, Any], name: str, hint: str
) -> None:
    with pytest.raises(UsageError, match=f"unknown member {name}, which servers ignore") as caught:
        evaluate(given)
    assert caught.value.hint == hint


def test_the_body_of_a_user_may_be_given() -> None:
    user = UserClaims(sub=USER, nats=User(tags=["a"], pub=Permission(allow=["a"])))
    body = user.to_dict()["nats"]
    assert {"tags", "subs", "type", "version"} < body.keys()
    assert evaluate(body).effective() == ONLY_A


@pytest.mark.parametrize(
    "given",
    [
        {"pub": []},
        {"pub": {"allow": "a"}},
        {"resp": {"max": 1.5}},
        {"resp": []},
        {"PUB": {"deny": [">"]}},  # which servers read, and others might not
        {1: 2},
        {"pub": {1: 2}},
        {"pub": {"allow": {"a"}}},
        Permissions(pub=Permission(allow=[1])),  # type: ignore[list-item]
        Permissions(pub=None),  # type: ignore[arg-type]
        UserClaims(sub=USER, nats=User(resp=7)),  # type: ignore[arg-type]
    ],
)
def test_what_no_server_reads_is_refused(given: Any) -> None:
    with pytest.raises(ClaimsError):
        evaluate(given)


def test_odd_claims_get_a_verdict() -> None:
    assert evaluate({"sub": {"deny": [None]}}).publish("a").reason is Reason.CONNECTION_REFUSED
    assert not evaluate(Permissions(pub=Permission(allow=["\ud800"]))).publish("a")


@pytest.mark.parametrize("text", [None, 1, b"a", ["a"], object()])
def test_subjects_are_text(text: Any) -> None:
    evaluator = evaluate({})
    for call in (
        lambda: evaluator.publish(text),
        lambda: evaluator.subscribe(text),
        lambda: evaluator.deliver(text, to="a"),
        lambda: evaluator.deliver("a", to=text),
        lambda: evaluator.allowed([text]),
    ):
        with pytest.raises(UsageError, match="expected text"):
            call()
    if text is not None:
        with pytest.raises(UsageError, match="expected text"):
            evaluator.publish("a", reply=text)
        with pytest.raises(UsageError, match="expected text"):
            evaluator.subscribe("a", queue=text)


@pytest.mark.parametrize("subject", ["", " ", "a b", "a\tb", "a\r\nPUB", "a\n", "\ud800"])
def test_what_cannot_be_sent_is_no_subject(subject: str) -> None:
    evaluator = evaluate({})
    for decision in (
        evaluator.publish(subject),
        evaluator.subscribe(subject),
        evaluator.deliver(subject, to=">"),
        evaluator.publish("a", reply=subject or "\n"),
        evaluator.subscribe("a", queue=subject or "\n"),
    ):
        assert decision.verdict is Verdict.INVALID_SUBJECT
        assert decision.reason is Reason.UNSENDABLE
        assert not decision
        assert decision.error == ""


@pytest.mark.parametrize(
    "subject", ["\x00", "a\x00b", "é", "a\vb", "a\x85b", "\U0001f600", "x" * 9999]
)
def test_anything_else_can_be_sent(subject: str) -> None:
    assert evaluate({}).publish(subject)
    assert evaluate({}).subscribe(subject)
    assert publishing(["*"]).publish(subject)
    assert not publishing(["b"]).publish(subject)


def test_an_empty_queue_or_reply_is_none() -> None:
    assert subscribing(["a"]).subscribe("a", queue="")
    assert not subscribing(["a q"]).subscribe("a", queue="")
    assert evaluate({}).publish("a", reply="")


@pytest.mark.parametrize(
    ("subject", "reply", "reason"),
    [
        ("_GR_.x", None, Reason.SYSTEM_SUBJECT),
        ("$NRG.x", None, Reason.SYSTEM_SUBJECT),
        ("_GR_.", None, Reason.UNRESTRICTED),
        ("_GR_", None, Reason.UNRESTRICTED),
        ("$NRG", None, Reason.UNRESTRICTED),
        ("_R_.x", None, Reason.UNRESTRICTED),
        ("a", "_R_.", Reason.RESERVED_REPLY),
        ("a", "_R_.x", Reason.RESERVED_REPLY),
        ("a", "$JS.ACK.x", Reason.RESERVED_REPLY),
        ("a", "$JS.ACK.", Reason.UNRESTRICTED),
        ("a", "_GR_.x", Reason.RESERVED_REPLY),
        ("a", "_GR_.", Reason.UNRESTRICTED),
        ("$NRG.x", "_R_.x", Reason.SYSTEM_SUBJECT),
    ],
)
def test_the_servers_own_subjects(subject: str, reply: str | None, reason: Reason) -> None:
    assert evaluate({}).publish(subject, reply=reply).reason is reason


def test_what_the_subscription_does_not_take_comes_from_jetstream_alone() -> None:
    evaluator = evaluate({"sub": {"allow": ["x.*", "_INBOX.>"], "deny": ["y.b"]}})
    decision = evaluator.deliver("y.a", to="x.*")
    assert decision
    assert decision.reason is Reason.JETSTREAM_ONLY
    assert "only JetStream delivers it there" in decision.explain()
    assert "An ordinary message never comes." in decision.explain()
    assert evaluator.deliver("x.a", to="x.*").reason is Reason.NOT_DENIED
    assert evaluator.deliver("y.b", to="x.*").reason is Reason.FILTER_OFF


def test_the_system_account_may_publish_to_its_own() -> None:
    assert evaluate({}, system=True).publish("$NRG.x")
    assert not evaluate({}, system=True).publish("_GR_.x")
    assert evaluate({}, server="2.10.26").publish("$NRG.x")


def test_a_mapping_is_applied_before_the_check() -> None:
    account = mapped(m__in=[WeightedMapping(subject="m.out")])
    for entry, allowed in (("m.in", False), ("m.out", True)):
        user = UserClaims(sub=USER, iss=ACCOUNT, nats=User(pub=Permission(allow=[entry])))
        evaluator = evaluate(user, account)
        decision = evaluator.publish("m.in")
        assert bool(decision) is allowed
        assert (decision.subject, decision.checked, decision.destinations) == ("m.in", "m.out", ())
        assert evaluator.subscribe("m.in").checked == "m.in"


def test_a_publish_is_denied_if_one_destination_is() -> None:
    account = mapped(m=[WeightedMapping(subject="a", weight=50)])
    user = UserClaims(sub=USER, iss=ACCOUNT, nats=User(pub=Permission(deny=["a"])))
    decision = evaluate(user, account).publish("m")
    assert not decision
    assert decision.checked == "a"
    assert [(d.checked, bool(d)) for d in decision.destinations] == [("a", False), ("m", True)]
    user.nats.pub = Permission()
    assert evaluate(user, account).publish("m")


def test_a_delivery_goes_to_one_subscription_alone() -> None:
    evaluator = subscribing(allow=["a.>", "b"], deny=["a.x"])
    everything = evaluator.subscribe("a.>")
    assert everything.verdict is Verdict.FILTERED
    assert evaluator.deliver("a.x", to=everything).reason is Reason.WITHHELD
    assert evaluator.deliver("a.y", to="a.>").reason is Reason.NOT_DENIED
    assert evaluator.deliver("a.x", to="b").reason is Reason.FILTER_OFF
    refused = evaluator.deliver("a.y", to="c")
    assert not refused
    assert refused.reason is Reason.SUBSCRIPTION_REFUSED


def test_a_decision_about_something_else_is_no_subscription() -> None:
    evaluator = evaluate({})
    with pytest.raises(UsageError, match="got one about a publish"):
        evaluator.deliver("a", to=evaluator.publish("a"))


def test_what_is_allowed_of_some_subjects() -> None:
    evaluator = evaluate({"pub": {"allow": ["a"]}, "sub": {"deny": ["a"]}})
    assert evaluator.allowed(iter(["a", "b", "*", "a b"])) == Allowed(("a",), ("b", "*"))
    with pytest.raises(UsageError, match="got str"):
        evaluator.allowed("a.b")
    with pytest.raises(UsageError, match="got int"):
        evaluator.allowed(7)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("server", "allowed"), [("2.15.1", True), ("2.12.4", True), ("2.12.3", False)]
)
def test_old_servers_overlook_a_final_star(server: str, allowed: bool) -> None:  # noqa: FBT001
    given = {"pub": {"allow": ["b.b", "*", "a.b.a"]}}
    assert bool(evaluate(given, server=server).publish("b")) is allowed


def test_old_servers_let_a_queue_deny_win() -> None:
    given = {"sub": {"deny": ["a", "a q"]}}
    assert not evaluate(given).subscribe("a", queue="r")
    assert evaluate(given, server="2.12.6").subscribe("a", queue="r")
    assert not evaluate(given, server="2.12.6").subscribe("a", queue="q")
    assert not evaluate(given, server="2.12.6").subscribe("a")


def test_old_servers_filter_less() -> None:
    given = {"sub": {"deny": ["a q", "*.b"]}}
    assert evaluate(given).subscribe("*", queue="q").verdict is Verdict.FILTERED
    assert evaluate(given, server="2.14.3").subscribe("*", queue="q").verdict is Verdict.ALLOW
    for server, verdict in (("2.12.7", Verdict.FILTERED), ("2.12.6", Verdict.ALLOW)):
        assert evaluate(given, server=server).subscribe("a.*").verdict is verdict
        assert evaluate(given, server=server).subscribe("*.*").verdict is Verdict.FILTERED
    for server in ("2.11.11", "2.14.3"):
        assert not evaluate(given, server=server).deliver("x.b", to=">")
        assert evaluate(given, server=server).deliver("x.c", to=">")


def test_an_evaluator_shows_its_permissions() -> None:
    assert repr(publishing(["a"])) == (
        "<Evaluator of Permissions(pub=Permission(allow=['a']), sub=Permission())>"
    )
