"""What each grant holds; that it suffices, and is not too much, is proven in tests/live."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from natsauth import grants
from natsauth.claims import Account, AccountClaims, Permission, User, UserScope, parse_claims
from natsauth.claims.user import UserClaims
from natsauth.errors import UsageError
from natsauth.keys import KeyPair, KeyType
from natsauth.policy import Severity, evaluate, lint
from natsauth.token import decode, encode
from natsauth.validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsauth.claims import Permissions

ALL = {
    "kv_read": grants.kv_read("b", inbox="_INBOX_u"),
    "kv_read of keys": grants.kv_read("b", keys=["eu.*.x", "us.>"], inbox="_INBOX_u"),
    "kv_write": grants.kv_write("b", inbox="_INBOX_u"),
    "manage_stream": grants.manage_stream("S", inbox="_INBOX_u"),
    "monitoring": grants.monitoring(inbox="_INBOX_u"),
    "object_store": grants.object_store("f", inbox="_INBOX_u"),
    "object_store to write": grants.object_store("f", write=True, inbox="_INBOX_u"),
    "publish_stream": grants.publish_stream("S", subjects=["s.>"], inbox="_INBOX_u"),
    "pull_consumer": grants.pull_consumer("S", "d", inbox="_INBOX_u"),
    "push_consumer": grants.push_consumer("S", "d", deliver="to.me", inbox="_INBOX_u"),
    "request_reply": grants.request_reply("ask", inbox="_INBOX_u"),
    "service": grants.service("shop"),
}


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_left_open(name: str) -> None:
    evaluator = evaluate(ALL[name])
    for subject in ("other", "_INBOX.x", "$JS.API.STREAM.DELETE.OTHER", "$SYS.REQ.CLAIMS.UPDATE"):
        assert not evaluator.publish(subject)
        assert not evaluator.subscribe(subject)
    assert not evaluator.subscribe(">")


@pytest.mark.parametrize("name", ALL)
def test_claims_with_it_are_valid_and_nothing_to_frown_at(name: str) -> None:
    account, user = KeyPair.generate(KeyType.ACCOUNT), KeyPair.generate(KeyType.USER)
    claims = UserClaims(sub=user.public_key, name="u", nats=User.of(ALL[name]))
    claims.expire_in(timedelta(hours=1))
    assert not validate(claims).issues
    token = encode(claims, account)
    assert decode(token.encoded, UserClaims).claims.nats.pub == ALL[name].pub
    assert {finding.severity for finding in lint(claims).findings} <= {Severity.INFO}


def test_a_template_and_defaults() -> None:
    grant = grants.kv_read("b", keys="{{name()}}.>", inbox="_INBOX_{{subject()}}")
    scope = UserScope(key=KeyPair.generate(KeyType.ACCOUNT).public_key, role="r")
    scope.template = type(scope.template).of(grant)
    body = Account(signing_keys=[scope], default_permissions=grants.kv_read("b"))
    account = KeyPair.generate(KeyType.ACCOUNT)
    claims = AccountClaims(sub=account.public_key, name="a", nats=body)
    read = parse_claims(claims.to_json(), AccountClaims.kind).nats  # type: ignore[attr-defined]  # of that kind
    assert read.scope("r").template.pub == grant.pub
    assert read.default_permissions == grants.kv_read("b")
    user = UserClaims(name="eu", sub=KeyPair.generate(KeyType.USER).public_key, iss=scope.key)
    user.nats.clear()
    user.nats.issuer_account = account.public_key
    evaluator = evaluate(user, claims)
    assert evaluator.publish("$JS.API.DIRECT.GET.KV_b.$KV.b.eu.x")
    assert not evaluator.publish("$JS.API.DIRECT.GET.KV_b.$KV.b.us.x")
    assert evaluator.subscribe(f"_INBOX_{user.sub}.x")


def test_subjects_of_a_stream_are_its_name_if_not_given() -> None:
    grant = grants.publish_stream("ORDERS")
    assert grant.pub == Permission(allow=["ORDERS"])
    assert grant.sub == Permission(allow=["_INBOX.>"])


def test_a_domain_takes_both_forms() -> None:
    # A server of the domain maps its prefix away before it looks at permissions.
    flat = grants.pull_consumer("S", "d").pub.allow or []
    both = grants.pull_consumer("S", "d", domain="hub").pub.allow or []
    prefixed = [
        subject.replace("$JS.API.", "$JS.hub.API.")
        for subject in flat
        if subject.startswith("$JS.API.")
    ]
    assert {*both} == {*flat, *prefixed}
    written = grants.kv_write("b", keys="eu.>", domain="hub").pub.allow or []
    assert "$JS.hub.API.$KV.b.eu.>" in written


def test_acknowledgements_of_both_formats() -> None:
    evaluator = evaluate(grants.pull_consumer("S", "d"))
    assert evaluator.publish("$JS.ACK.S.d.1.2.3.4.5")
    assert evaluator.publish("$JS.ACK._.hash.S.d.1.2.3.4.5")
    assert evaluator.publish("$JS.ACK.hub.hash.S.d.1.2.3.4.5.more")
    assert not evaluator.publish("$JS.ACK.S.e.1.2.3.4.5")
    assert not evaluator.publish("$JS.ACK.1.2.S.d.3.4.5")  # stream 1, consumer 2


def test_a_service_answers_and_nothing_else() -> None:
    evaluator = evaluate(grants.service("shop", endpoints="orders.new"))
    assert not evaluator.subscribe("shop")
    session = evaluator.session()
    assert session.subscribe("orders.new")
    assert not session.publish("_INBOX.x.y")
    session.incoming("orders.new", reply="_INBOX.x.y")
    assert session.publish("_INBOX.x.y")
    assert not session.publish("_INBOX.x.y")


def test_answers_alone() -> None:
    grant = grants.request_reply(inbox="_INBOX_u")
    assert grant.pub == Permission(deny=[">"])
    assert (grant | grants.publish_stream("S")).pub == Permission(allow=["S"])


def test_a_queue_group() -> None:
    evaluator = evaluate(grants.push_consumer("S", "d", deliver="to.us", queue="crew"))
    assert evaluator.subscribe("to.us", queue="crew")
    assert not evaluator.subscribe("to.us")


NAMES: dict[str, Callable[[str], Permissions]] = {
    "stream": grants.manage_stream,
    "consumer": lambda name: grants.pull_consumer("S", name),
    "bucket": grants.kv_read,
    "object store": grants.object_store,
    "service": grants.service,
    "domain": lambda name: grants.kv_read("b", domain=name),
    "queue": lambda name: grants.push_consumer("S", "d", deliver="x", queue=name),
}


@pytest.mark.parametrize("what", NAMES)
@pytest.mark.parametrize(
    "name", ["", "*", ">", "a.b", "a.>", "a b", "a\t", "a\n", "a/b", "a\\b", "a*", "\0", "\ud800"]
)
def test_names_that_are_none(what: str, name: str) -> None:
    with pytest.raises(UsageError, match=f"is no name of a {what}") as caught:
        NAMES[what](name)
    assert "no dots, wildcards" in caught.value.hint


@pytest.mark.parametrize("what", NAMES)
def test_names_that_are_no_text(what: str) -> None:
    if what in ("queue", "domain"):
        value: object = 5
    else:
        value = None
    with pytest.raises(UsageError, match=f"expected the name of a {what}"):
        NAMES[what](value)  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("", "subject is empty"),
        ([], "there are no keys"),
        (["a", ""], "subject is empty"),
        ("a b", "holds a blank"),
        ("a\n", "holds a blank"),
        ("a..b", "empty token"),
        (".a", "dot"),
        ("a.", "dot"),
        (5, "expected keys as text or a list"),
        ([5], "expected text in keys, got int"),
        ([["a"]], "expected keys as text or a list"),
    ],
)
def test_keys_that_are_none(keys: str, said: str) -> None:
    for grant in (grants.kv_read, grants.kv_write):
        with pytest.raises(UsageError, match=said):
            grant("b", keys=keys)


@pytest.mark.parametrize("keys", ["*", "eu.*", ["fine.>", "a.*.*"]])
def test_keys_that_would_open_those_below(keys: str) -> None:
    with pytest.raises(UsageError, match="would let read all keys below") as caught:
        grants.kv_read("b", keys=keys)
    assert "end with '>'" in caught.value.hint
    written = grants.kv_write("b", keys=keys)  # there nothing is below what is published
    assert all(subject.startswith("$") for subject in written.pub.allow or ())


@pytest.mark.parametrize(
    "subject", [">", "*.>", "*.API.STREAM.DELETE.X", "$JS.API.>", "$SYS.>", "$KV.b.>", "$*.>"]
)
def test_subjects_that_open_other_apis(subject: str) -> None:
    makers: list[Callable[[], Permissions]] = [
        lambda: grants.publish_stream("S", subjects=subject),
        lambda: grants.request_reply("fine", subject),
        lambda: grants.service("s", endpoints=[subject]),
    ]
    for made in makers:
        if subject == "$*.>":
            made()  # here the star is an ordinary character
            continue
        with pytest.raises(UsageError, match=r"would open \$"):
            made()


def test_what_a_consumer_delivers_to() -> None:
    for deliver, said in (
        ("a.*", "has wildcards"),
        ("", "empty"),
        ("$JS.API.x", r"would open \$JS"),
    ):
        with pytest.raises(UsageError, match=said):
            grants.push_consumer("S", "d", deliver=deliver)


@pytest.mark.parametrize("inbox", ["", "a b", "_INBOX.>", "*", "a.*.b", ".a", "a..b", "\x7f"])
def test_inboxes_that_are_none(inbox: str) -> None:
    with pytest.raises(UsageError, match="inbox"):
        grants.monitoring(inbox=inbox)
