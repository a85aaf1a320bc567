from __future__ import annotations

import pytest

from natsauth import (
    AccountClaims,
    KeyPair,
    KeyType,
    Permission,
    Permissions,
    User,
    UserClaims,
    UserPermissionLimits,
    WeightedMapping,
)
from natsauth.policy import Decision, Reason, evaluate
from natsauth.policy._explain import _WORDS
from tests._policy import ACCOUNT, USER, mapped, publishing, scoped, subscribing

VIOLATION = "Permissions Violation for"


def test_every_reason_has_words() -> None:
    assert set(_WORDS) == set(Reason)


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("decision", [publishing().publish("a"), subscribing().subscribe("a")])
def test_a_decision_made_by_hand_has_words_too(reason: Reason, decision: Decision) -> None:
    by_hand = decision._replace(reason=reason)
    assert by_hand.explain()
    assert isinstance(by_hand.error, str)


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (publishing().publish("a"), "allowed: nothing restricts the user's publishing."),
        (
            subscribing(deny=["b"]).subscribe("a"),
            "allowed: no list says what may be, and no entry of $.nats.sub.deny matches.",
        ),
        (publishing(["a.>"]).publish("a.b"), "allowed by 'a.>' ($.nats.pub.allow[0])."),
        (
            subscribing(["a.*"]).subscribe("a.>"),
            (
                "A final '*' admits '>', so everything below comes, however deep; 'a.*.>' in "
                "sub.deny would withhold what is deeper."
            ),
        ),
        (
            publishing(["a"], ["x", "a"]).publish("a"),
            (
                "Publishing to 'a' is denied by 'a' ($.nats.pub.deny[1]). A deny wins over "
                "whatever is allowed; narrow or remove it."
            ),
        ),
        (
            subscribing(deny=["a.*"]).subscribe("a.>"),
            "What is asked for is read literally, so a '*' there takes the '>', too.",
        ),
        (
            publishing([f"x{n}" for n in range(2_000)]).publish("a"),
            (
                "no entry of $.nats.pub.allow matches; it has 'x0', 'x1', 'x2', 'x3', 'x4' and "
                "1,995 more. Add 'a', or a pattern that takes it."
            ),
        ),
        (
            publishing(["a.>.b"]).publish("a"),
            (
                "$.nats.pub.allow has no entry that allows anything. The server ignores 'a.>.b' "
                "there, as no good subject."
            ),
        ),
        (publishing([], ["x"]).publish("a"), "$.nats.pub.allow has no entry that allows anything."),
        (publishing(["a.>"]).publish("a"), "'a.>' takes at least one token more: add 'a' itself."),
        (subscribing(["a"]).subscribe("_INBOX.x.*"), "or '_INBOX.>', which is everybody's."),
        (publishing(["a"]).publish("_INBOX.x"), "give the user resp, the leave to respond."),
        (
            evaluate({"resp": {}, "pub": {"allow": ["a"]}}).publish("r"),
            "resp allows it only to answer a request that came with this reply subject.",
        ),
        (
            evaluate({"resp": {}}).publish("a"),
            (
                "$.nats.resp gives leave to answer requests, and beside that nothing is allowed. "
                "Add 'a' to pub.allow"
            ),
        ),
        (
            publishing(["a"], ["b"]).publish("b"),
            (
                "Add 'b', or a pattern that takes it. Even then: Publishing to 'b' is denied by "
                "'b' ($.nats.pub.deny[0]). A deny wins"
            ),
        ),
        (
            subscribing(["a"], ["b"]).subscribe("b"),
            "Add 'b', or a pattern that takes it. Even then: Subscribing to 'b' is denied by 'b'",
        ),
        (
            subscribing(["b q"], ["b"]).subscribe("b"),
            "Subscribe with the queue, or add 'b'. Even then: Subscribing to 'b' is denied by 'b'",
        ),
        (
            subscribing(["b q"], ["b r"]).subscribe("b", queue="r"),
            "Add 'b r'. Even then: Subscribing to 'b' in the queue group 'r' is denied by 'b r'",
        ),
        (
            evaluate({"resp": {}, "pub": {"deny": ["a"]}}).publish("a"),
            "Add 'a' to pub.allow, or a pattern that takes it. Even then: Publishing to 'a'",
        ),
        (
            publishing(["a"]).publish("b", reply="_R_.x"),
            "Even then: Publishing to 'b' would be allowed, but not with the reply",
        ),
        (
            publishing(["a"]).publish("$NRG.x"),
            "No entry helps: Publishing to '$NRG.x' is denied, whatever is allowed",
        ),
        (
            publishing(["a"]).publish("b.>.c"),
            "An entry of that text would be ignored: add a pattern such as 'b.*.c'.",
        ),
        (publishing(["a"]).publish("b\x0c.c"), "add a pattern such as '*.c'."),
        (publishing(["a"]).publish("a..b"), "No entry takes a subject with an empty token."),
        (subscribing(["a q"]).subscribe("b", queue="q"), "Add 'b q', or a pattern"),
        (subscribing(["a"]).subscribe("b", queue="q"), "Add 'b', or a pattern"),
        (subscribing(["a"]).subscribe("b", queue="_sys_"), "the servers' own anyway."),
        (
            subscribing(["a q"]).subscribe("a"),
            (
                "denied without a queue group: 'a q' ($.nats.sub.allow[0]) allows it to that "
                "group only. Subscribe with the queue, or add 'a'."
            ),
        ),
        (
            subscribing(["a", "a q"]).subscribe("a", queue="r"),
            "Subscribing to 'a' in the queue group 'r' is denied: for this subject 'a q'",
        ),
        (subscribing().subscribe("a", queue="_sys_"), "that group is the servers' own."),
        (publishing().publish("$NRG.x"), "subjects that start with '$NRG.' are for the servers"),
        (publishing().publish("a", reply="_R_.x"), "not with the reply subject '_R_.x'"),
        (
            subscribing(deny=["a.b"]).subscribe("a.*"),
            "is accepted, but what 'a.b' ($.nats.sub.deny[0]) matches is withheld.",
        ),
        (
            subscribing(deny=["a.b"]).deliver("a.b", to="a.*"),
            "Delivering 'a.b' is withheld by 'a.b' ($.nats.sub.deny[0]).",
        ),
        (subscribing(deny=["a.b"]).deliver("a.c", to="a.*"), "no entry of sub.deny matches it."),
        (subscribing(deny=["a.b"]).deliver("a.b", to="c"), "allowed, although 'a.b'"),
        (
            subscribing(deny=["a"]).deliver("a", to="a"),
            "the subscription itself is refused by 'a' ($.nats.sub.deny[0]).",
        ),
        (subscribing(["b"]).deliver("a", to="a"), "the subscription itself is refused."),
        (subscribing().subscribe("a..b"), "a token is empty, or '>' is not the last one."),
        (publishing().publish("a b"), "'a b', its queue or its reply cannot be sent"),
        (publishing(["a b"]).publish("a"), "so that nothing is allowed: $.nats.pub.allow[0]: "),
    ],
)
def test_a_decision_is_explained(decision: Decision, words: str) -> None:
    assert words in decision.explain()


def test_a_scope_is_named_with_what_was_written() -> None:
    template = UserPermissionLimits(
        pub=Permission(allow=["u.{{name()}}"]), sub=Permission(allow=["{{tag(x)}}"])
    )
    evaluator = evaluate(*scoped(template))
    assert evaluator.publish("u.bob").explain() == (
        "Publishing to 'u.bob' is allowed by 'u.bob', written 'u.{{name()}}' "
        "($.nats.signing_keys[1].template.pub.allow[0] of the account, the template of the user's "
        "signing key)."
    )
    assert evaluator.subscribe("a").explain() == (
        "Subscribing to 'a' is denied by '>', which the server adds because "
        "$.nats.signing_keys[1].template.sub.allow of the account comes to nothing with the name "
        "and the tags of this user."
    )


def test_the_account_is_named() -> None:
    account = AccountClaims(sub=ACCOUNT)
    account.nats.default_permissions = Permissions(pub=Permission(deny=["a"]))
    account.nats.enable_external_authorization(USER)
    evaluator = evaluate(UserClaims(sub=USER), account)
    assert "($.nats.default_permissions.pub.deny[0], the defaults of the account)" in (
        evaluator.publish("a").explain()
    )
    assert "the server adds for accounts with an auth callout" in (
        evaluator.publish("$SYS.REQ.USER.AUTH").explain()
    )


def test_mappings_are_told() -> None:
    account = mapped(m=[WeightedMapping(subject="a")], n=[WeightedMapping(subject="a", weight=9)])
    user = UserClaims(sub=USER, nats=User(pub=Permission(deny=["a"])))
    evaluator = evaluate(user, account)
    assert (
        evaluator.publish("m")
        .explain()
        .startswith(
            "The account maps 'm' to 'a', and only that is checked. Publishing to 'a' is denied by"
        )
    )
    assert (
        evaluator.publish("n")
        .explain()
        .startswith(
            "The account maps 'n' to one of 'a' (denied), 'n' (allowed), which the server draws "
            "for each message. Publishing to 'a' is denied by"
        )
    )
    assert evaluator.publish("m").error == f'{VIOLATION} Publish to "a"'


def test_answers_are_explained() -> None:
    session = evaluate({"resp": {"max": 2, "ttl": 1_500_000_000}}).session()
    session.subscribe("a")
    session.incoming("a", reply="r")
    assert "as the answer to a request" in session.publish("r").explain()
    session.publish("r")
    assert "be answered 2 times, and that is used up" in session.publish("r").explain()
    session.incoming("a", reply="r")
    assert "within 1.5 seconds" in session.publish("r", at=2).explain()
    once = evaluate({"resp": {}}).session()
    once.subscribe("a")
    once.incoming("a", reply="r")
    once.publish("r")
    assert "be answered once, and" in once.publish("r").explain()


@pytest.mark.parametrize(
    ("decision", "error"),
    [
        (publishing(["b"]).publish('a"\x01'), VIOLATION + r' Publish to "a\"\x01"'),
        (publishing().publish("a", reply="_R_.x"), f'{VIOLATION} Publish with Reply of "_R_.x"'),
        (subscribing(["b"]).subscribe("a"), f'{VIOLATION} Subscription to "a"'),
        (
            subscribing(["b"]).subscribe("a", queue="q"),
            f'{VIOLATION} Subscription to "a" using queue "q"',
        ),
        (subscribing().subscribe("a..b"), "Invalid Subject"),
        (subscribing(["a b c"]).subscribe("a"), "Authorization Violation"),
        (subscribing(deny=["a"]).deliver("a", to=">"), ""),
        (subscribing(deny=["a"]).subscribe(">"), ""),
        (publishing().publish("a b"), ""),
    ],
)
def test_the_servers_own_words(decision: Decision, error: str) -> None:
    assert decision.error == error


def test_no_seed_is_shown_and_no_text_is_endless() -> None:
    seed = KeyPair.generate(KeyType.USER).reveal_seed()
    assert seed not in publishing([seed]).publish(f"{seed}.x").explain()
    long = "x" * 100_000
    decision = publishing([long] * 9, [f"{long}.y"])
    assert len(decision.publish(long).explain()) < 2_000
    assert len(decision.publish(f"{long}.z").explain()) < 2_000


def test_the_patterns_that_it_names_cure() -> None:
    for subject in ("b.>.c", "b\x0c.c"):
        pattern = publishing(["a"]).publish(subject).explain().split("'")[-2]
        assert publishing([pattern]).publish(subject)
