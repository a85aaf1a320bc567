"""Tokens as text: in armour, as JSON, and a member of that."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth import AccountClaims, Creds, UserClaims, encode
from natsauth.claims import Account, UserScope
from natsauth.cli._output import json_text
from natsauth.cli._tokens import armoured, field, field_text, payload_of, token_in
from natsauth.errors import MalformedTokenError, NatsAuthError
from natsauth.token import peek_unverified
from tests._tokens import ACCOUNT, USER, forge
from tests._vectors import records

RECORDS = records("describe.jsonl")
TOKEN = encode(UserClaims(sub=USER.public_key), ACCOUNT).encoded


def named(member: str) -> pytest.MarkDecorator:
    found = [pytest.param(r, id=r["name"]) for r in RECORDS if member in r]
    assert found
    return pytest.mark.parametrize("record", found)


@named("json")
def test_the_payload_is_printed_as_nsc_does(record: dict[str, Any]) -> None:
    assert f"{json_text(payload_of(record['token']))}\n" == record["json"]


@named("armoured")
def test_the_armour_is_that_of_nsc(record: dict[str, Any]) -> None:
    token = record["token"]
    assert armoured(token, peek_unverified(token).kind) == record["armoured"]
    assert token_in(record["armoured"]) == token


@named("value")
def test_a_field_is_printed_as_nsc_does(record: dict[str, Any]) -> None:
    assert f"{field_text(_field(record))}\n" == record["value"]


def _field(record: dict[str, Any]) -> Any:
    """Return the field of a recorded token, where what its kind never has is refused."""
    token = record["token"]
    return field(payload_of(token), record["field"], type(peek_unverified(token)))


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"\n {TOKEN}\r\n",
        f"\N{BYTE ORDER MARK}{TOKEN}",
        Creds.create(TOKEN, USER).format(),
        armoured(TOKEN, "user").replace("\n", "\r\n"),
        f"said before\n{armoured(TOKEN, 'authorization_request')}said after",
    ],
)
def test_a_token_is_found(text: str) -> None:
    assert token_in(text) == TOKEN


@pytest.mark.parametrize(
    "text", ["", "a.b", "a.b.c.d", USER.reveal_seed(), f"{TOKEN} {TOKEN}", "ä.b.c", "-----BEGIN"]
)
def test_where_there_is_no_token(text: str) -> None:
    with pytest.raises(MalformedTokenError, match="holds no token"):
        token_in(text)


PAYLOAD = {"a": {"b": [1, {"c": "<x>"}]}, "n": None}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.b[1].c", r'"\u003cx\u003e"'),
        ("a.b[0]", "1"),
        ("a", r'{"b":[1,{"c":"\u003cx\u003e"}]}'),
        ("a.x", "null"),
        ("x", "null"),
        ("n", "null"),
    ],
)
def test_fields(path: str, text: str) -> None:
    assert field_text(field(PAYLOAD, path)) == text


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("subb", "did you mean sub?"),
        ("nats.signing_key", "did you mean signing_keys?"),
        ("nats.limits.con", "did you mean conn?"),
        ("nats.default_permissions.pub.alow", "did you mean allow?"),
        ("xyzzy", "--json shows all fields there are"),
    ],
)
def test_a_field_that_no_token_of_the_kind_has(path: str, hint: str) -> None:
    with pytest.raises(NatsAuthError, match="no token of this kind has the field") as error:
        field(AccountClaims(sub="A").to_dict(), path, AccountClaims)
    assert error.value.hint == hint


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("aud", None),
        ("nats.info_url", None),
        ("nats.limits.mem_storage", None),
        ("nats.revocations.U", None),
        ("nats.mappings.a", None),
        ("nats.signing_keys[0].anything", None),
        ("nats.new", 1),
    ],
)
def test_a_field_that_a_token_of_the_kind_may_have(path: str, value: Any) -> None:
    scope = UserScope(key=ACCOUNT.public_key, role="r")
    account = Account(
        signing_keys=[scope], revocations={"*": 1}, mappings={"b": []}, extra={"new": 1}
    )
    payload = AccountClaims(sub=ACCOUNT.public_key, nats=account).to_dict()
    assert field(payload, path, AccountClaims) == value


def test_a_field_without_quotes() -> None:
    assert field_text("a\x1b<b>", raw=True) == r"a\x1b<b>"
    assert field_text(["a"], raw=True) == '["a"]'
    with pytest.raises(NatsAuthError, match="does not have that field"):
        field_text(None, raw=True)


def test_what_a_terminal_would_obey_is_escaped_in_a_field() -> None:
    name = "\x9b31m\u202e\x7fü\U000e0001"
    assert field_text(field({"name": name}, "name")) == r'"\u009b31m\u202e\u007fü\udb40\udc01"'


@pytest.mark.parametrize("path", ["", ".", "a.", "[0]", "a[", "a[x]", "a[-1]", "a..b", "a.b[]"])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(NatsAuthError, match="is no path to a field"):
        field(PAYLOAD, path)


@pytest.mark.parametrize("path", ["a.b[2]", "a[0]", "a.b.c", "a.b[0].c", "x.y", "n[0]"])
def test_a_path_that_leads_nowhere(path: str) -> None:
    with pytest.raises(NatsAuthError, match="on the way of"):
        field(PAYLOAD, path)


def test_what_is_absent_from_a_payload_stays_so() -> None:
    payload = {"sub": USER.public_key, "iat": 1, "nats": {"type": "user", "version": 2}}
    assert payload_of(forge(payload)) == {**payload, "iss": ACCOUNT.public_key}
