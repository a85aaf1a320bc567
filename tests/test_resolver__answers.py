from __future__ import annotations

import json
from typing import Any

import pytest

from natsauth.claims import AccountClaims
from natsauth.errors import ResolverError
from natsauth.keys import KeyPair, KeyType
from natsauth.resolver import PushEffect, ServerAccounts, ServerReply
from natsauth.resolver._answers import (
    Roster,
    parse_account,
    parse_accounts,
    parse_packed,
    parse_reply,
    parse_roster,
    parse_trusted,
)
from natsauth.token import encode
from tests._tokens import ACCOUNT, IAT, OPERATOR, OTHER_ACCOUNT, USER, forge
from tests._vectors import VECTORS

SERVER = {"name": "n1", "id": "NABC", "ver": "2.15.1", "feature_flags": {"a": True}}
RECORDED: list[dict[str, Any]] = json.loads((VECTORS / "push.json").read_text(encoding="utf-8"))[
    "cases"
]


def answer(**members: Any) -> bytes:
    return json.dumps({"server": SERVER, **members}).encode()


def test_replies_of_a_real_server() -> None:
    statuses = [json.loads(c["reply"]) for c in RECORDED if c["reply"].startswith("{")]
    assert {status["code"] for status in statuses} == {200, 500}
    for status in statuses:
        ok = "message" in status
        reply = parse_reply(answer(**{"data" if ok else "error": status}))
        message = status["message" if ok else "description"]
        assert (reply.server_name, reply.server_id) == ("n1", "NABC")
        assert (reply.code, reply.message) == (status["code"], message)
        taken = ok and message != "jwt update skipped"
        assert reply.ok is taken
        assert (reply.effect is None) is (not ok or message.startswith("deleted"))


@pytest.mark.parametrize(
    ("message", "effect", "ok"),
    [
        ("jwt updated", PushEffect.STORED, True),
        ("jwt updated cache", PushEffect.CACHED, True),
        ("jwt update cache skipped", PushEffect.ON_DEMAND, True),
        ("jwt update skipped", PushEffect.NOT_LOADED, False),
        ("deleted 1 accounts", None, True),
        ("anything else", None, True),
    ],
)
def test_effects(message: str, effect: PushEffect | None, *, ok: bool) -> None:
    reply = parse_reply(answer(data={"code": 200, "message": message}))
    assert (reply.effect, reply.ok) == (effect, ok)
    assert parse_reply(answer(error={"code": 500, "description": message})).effect is None


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"data": {"code": 200}},
        {"data": {"message": "m"}},
        {"data": {"code": True, "message": "m"}},
        {"data": {"code": "200", "message": "m"}},
        {"data": {"code": 200, "message": 5}},
        {"data": {"code": 200, "description": "m"}},
        {"data": [], "error": "no"},
        {"error": {"code": 500, "message": "m"}},
        {"data": {"code": 200, "message": "m"}, "error": {"code": 200, "description": "m"}},
    ],
)
def test_what_is_no_reply_is_not_ok(status: dict[str, Any]) -> None:
    reply = parse_reply(answer(**status))
    assert reply == ServerReply("n1", "NABC", ok=False, code=0, message="unreadable answer")


def test_codes_other_than_200_are_not_ok() -> None:
    assert not parse_reply(answer(data={"code": 201, "message": "m"})).ok
    assert not parse_reply(answer(error={"code": 200, "description": "m"})).ok


@pytest.mark.parametrize("text", [b"", b"\xff", b"{", b'{"data":1,"data":2}', b"[" * 100_000])
def test_a_reply_that_is_no_json(text: bytes) -> None:
    reply = parse_reply(text)
    assert not reply.ok
    assert reply.message.startswith("unreadable answer: ")


@pytest.mark.parametrize("text", [b"5", b"null", b"[]", b'"x"', b'{"server":5}'])
def test_a_reply_that_is_no_object(text: bytes) -> None:
    assert parse_reply(text) == ServerReply("", "", ok=False, code=0, message="unreadable answer")


def test_a_server_without_a_proper_name() -> None:
    good = {"code": 200, "message": "jwt updated"}
    for server in (None, 5, {"name": 5, "id": None}):
        assert parse_reply(answer(server=server, data=good)) == ServerReply(
            "", "", ok=True, code=200, message="jwt updated", effect=PushEffect.STORED
        )


def test_lists() -> None:
    keys = (ACCOUNT.public_key, OTHER_ACCOUNT.public_key)
    assert parse_accounts(answer(data=[*keys])) == ServerAccounts("n1", "NABC", keys)
    assert parse_accounts(answer(data=[])).accounts == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"{", "unreadable answer of a server: "),
        (b"[]", "a server gave no list of accounts: unreadable answer"),
        (answer(), "n1 gave no list"),
        (answer(data=["A", 5]), "n1 gave no list"),
        (answer(data={"code": 200, "message": "m"}), "n1 gave no list"),
        (answer(error={"code": 500, "description": "no store"}), "n1 gave .*: no store"),
    ],
)
def test_lists_that_are_none(text: bytes, message: str) -> None:
    with pytest.raises(ResolverError, match=message):
        parse_accounts(text)


def ping(name: str, id_: str, active: Any) -> bytes:
    return answer(server={"name": name, "id": id_}, statsz={"active_servers": active})


def test_the_roster() -> None:
    roster = parse_roster([ping("n1", "N1", 2), ping("n2", "N2", 3)])
    assert roster == Roster({"N1": "n1", "N2": "n2"}, 3)
    assert parse_roster([ping("n1", "N1", 1), ping("n2", "N2", 1)]).count == 2
    for active in (None, True, "9", 9.5):
        assert parse_roster([ping("n1", "N1", active)]).count == 1
    assert parse_roster([b"{}"]) == Roster({"": ""}, 1)
    with pytest.raises(ResolverError, match="unreadable answer of a server"):
        parse_roster([ping("n1", "N1", 1), b"\xff"])


@pytest.mark.parametrize(
    ("count", "answered", "missing"),
    [
        (3, {"N1", "N2", "N3"}, ()),
        (3, {"N1", "N3"}, ("n2",)),
        (3, set(), ("n1", "n2", "n3")),
        (3, {"N1", "N2", "N4"}, ()),  # restarted
        (3, {"N1", "N4"}, ("n2",)),
        (3, {"N1", "N2", "N3", "N4"}, ()),
        (5, {"N1", "N2"}, ("n3", "a server without a known name", "a server without a known name")),
        (2, {"N3"}, ("n1",)),
        (1, {"N2"}, ()),
    ],
)  # fmt: skip
def test_who_is_missing(count: int, answered: set[str], missing: tuple[str, ...]) -> None:
    roster = Roster({"N3": "n3", "N1": "n1", "N2": "n2"}, count)
    assert roster.missing(answered) == missing


def test_lookups() -> None:
    token = encode(AccountClaims(sub=ACCOUNT.public_key), OPERATOR, now=IAT)
    assert parse_account(token.encoded.encode(), ACCOUNT.public_key) == token


def forged(kind: str, sub: object) -> str:
    return forge({"sub": sub, "nats": {"type": kind, "version": 2}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "what is no account: a token has three chunks"),
        ("garbage", "what is no account: a token has three chunks"),
        (forged("user", USER.public_key), "what is no account: .*got one of user claims"),
        (forged("account", OTHER_ACCOUNT.public_key), f"the account '{OTHER_ACCOUNT.public_key}'"),
        (forged("account", 5), "what is no account: "),
        (forged("account", ACCOUNT.public_key)[:-2] + "AA", "what is no account: the signature"),
    ],
)
def test_lookups_that_give_something_else(text: str, message: str) -> None:
    with pytest.raises(ResolverError, match=f"gave as {ACCOUNT.public_key} {message}"):
        parse_account(text.encode(), ACCOUNT.public_key)


def test_messages_of_a_pack() -> None:
    key = ACCOUNT.public_key
    assert parse_packed(f"{key}|ey.J|x".encode()) == (key, b"ey.J|x")
    for bad in ("", "|", key, f"{key}|", f"|{key}", f"{USER.public_key}|ey", f"{key}\xff|ey"):
        with pytest.raises(ResolverError, match="not an account's public key and a token"):
            parse_packed(bad.encode("latin-1"))


def test_a_server_may_claim_anything_and_is_believed_little() -> None:
    for active in (10**10, 2**70, 10**4000):
        answer = b'{"server":{"name":"a","id":"N"},"statsz":{"active_servers":%d}}' % active
        roster = parse_roster([answer])
        assert roster.count == 1_000
        assert len(roster.missing({"N"})) == 999
    name = "a\nFAKE \x1b[31m" + "x" * 1_000
    said = {"server": {"name": name}, "error": {"code": 10**50, "description": name}}
    reply = parse_reply(json.dumps(said).encode())
    assert (reply.ok, reply.code) == (False, 0)
    for text in (reply.server_name, reply.message):
        assert text.isprintable()
        assert len(text) <= 200
    with pytest.raises(ResolverError, match="no list of accounts"):
        parse_accounts(b'{"server":{},"data":["\\u001b[31m"]}')


def test_whom_servers_trust() -> None:
    key, other = OPERATOR.public_key, KeyPair.generate(KeyType.OPERATOR).public_key
    body = {"type": "operator", "version": 2, "signing_keys": [other]}
    strict = {**body, "strict_signing_key_usage": True}

    def told(*operators: Any) -> bytes:
        return answer(data={"trusted_operators_claim": operators})

    first = {"iss": key, "sub": key, "nats": body}
    assert parse_trusted([told(first)]) == {"n1": {key, other}}
    assert parse_trusted([told({**first, "nats": strict})]) == {"n1": {other}}
    both = [{"iss": other, "sub": other, "nats": body}, {**first, "nats": strict}]
    assert parse_trusted([told(*both)]) == {"n1": {other}}
    for silent in (b"", b"[]", answer(), answer(data=[]), answer(error={"code": 500}), told()):
        assert parse_trusted([silent]) == {}
    bad: tuple[Any, ...] = (None, 5, [], {"nats": 5}, {"nats": {"signing_keys": 5}})
    for unreadable in bad:
        assert parse_trusted([told(unreadable)]) == {}
        assert parse_trusted([told(first, unreadable)]) == {}
    nameless = json.dumps({"server": {"id": "NX"}, "data": {"trusted_operators_claim": [first]}})
    assert parse_trusted([nameless.encode(), b"{"]) == {"NX": {key, other}}
