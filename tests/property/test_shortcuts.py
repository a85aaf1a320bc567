"""What holds for every body of the thin API: all of it is in the token, or there is none."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import fields
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from natsauth.claims import Account, Activation, Operator, User
from natsauth.claims.parse import parse_claims
from natsauth.errors import NatsAuthError
from natsauth.shortcuts import (
    decode,
    encode_account,
    encode_activation,
    encode_operator,
    encode_user,
)
from tests._tokens import ACCOUNT, IAT, OPERATOR, OTHER_ACCOUNT, USER

MEMBERS = sorted(
    {item.name for cls in (User, Account, Operator, Activation) for item in fields(cls)} - {"extra"}
)
WITHIN = ["allow", "deny", "max", "ttl", "start", "end", "subject", "type", "conn", "kind", "key"]
names = st.sampled_from([*MEMBERS, *WITHIN, "alow", "Pub"]) | st.text(max_size=5)
subjects = st.lists(st.sampled_from(["a", "a.>", "*", "", "$1"]), max_size=3)
keys = st.sampled_from([ACCOUNT.public_key, OTHER_ACCOUNT.public_key, USER.public_key])
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | subjects | keys
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
)
bodies = st.dictionaries(names, values, max_size=4)

permissions = st.fixed_dictionaries({}, optional={"allow": subjects, "deny": subjects})
user_bodies = st.fixed_dictionaries(
    {},
    optional={
        "pub": permissions,
        "sub": permissions,
        "resp": st.fixed_dictionaries({"max": st.integers(-1, 9), "ttl": st.integers(0, 1 << 40)}),
        "subs": st.integers(-1, 99),
        "data": st.none(),
        "src": st.lists(st.sampled_from(["10.0.0.0/8", "::1/128"]), max_size=2),
        "bearer_token": st.booleans(),
        "issuer_account": st.just(OTHER_ACCOUNT.public_key),
        "tags": st.lists(st.text(max_size=5), max_size=2),
    },
)


def mint(kind: str, body: dict[str, Any], options: Any = None) -> str:
    if kind == "operator":
        return encode_operator("n", OPERATOR, body, options)
    if kind == "account":
        return encode_account("n", ACCOUNT, body, options)
    if kind == "activation":
        return encode_activation("n", OTHER_ACCOUNT, ACCOUNT, "stream", body, options)
    return encode_user("n", USER, ACCOUNT, body, options)


@given(
    kind=st.sampled_from(["operator", "account", "activation", "user"]),
    body=bodies,
    options=st.none() | st.dictionaries(st.sampled_from(["exp", "aud", "signer", "x"]), scalars),
)
def test_every_body_is_in_the_token_or_refused(
    kind: str, body: dict[str, Any], options: dict[str, Any] | None
) -> None:
    before = deepcopy(body)
    try:
        token = mint(kind, body, options)
    except NatsAuthError:
        return
    finally:
        assert repr(body) == repr(before)  # NaN does not equal itself
    claims = decode(token)
    assert claims.kind == kind
    written = claims.to_dict()["nats"]
    assert {name for name, value in body.items() if value} - {"src"} <= set(written)


@given(user_bodies)
def test_a_good_body_is_read_as_from_json_with_limits_filled_in(body: dict[str, Any]) -> None:
    unlimited = {"subs": -1, "data": -1, "payload": -1}
    given = {name: value for name, value in body.items() if value is not None}
    expected = parse_claims({"nats": {**unlimited, **given, "type": "user", "version": 2}}, "user")
    claims = decode(encode_user("n", USER, ACCOUNT, body, {"iat": IAT}))
    assert claims.to_dict()["nats"] == expected.to_dict()["nats"]


@given(user_bodies)
def test_a_scoped_user_is_empty_or_refused(body: dict[str, Any]) -> None:
    harmless = {"issuer_account", "tags"}
    limits = {name for name, value in body.items() if value not in (None, 0, False, -1, {})}
    try:
        claims = decode(encode_user("n", USER, ACCOUNT, body, {"scoped_user": True}))
    except NatsAuthError:
        assert limits - harmless
    else:
        assert limits <= harmless
        assert "subs" not in claims.to_dict()["nats"]
