"""What holds for every body of the thin API: all of it is in the token, or there is none."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from natsauth.claims.parse import parse_claims
from natsauth.errors import NatsAuthError
from natsauth.keys import KeyType, PublicKey
from natsauth.shortcuts import (
    decode,
    encode_account,
    encode_activation,
    encode_operator,
    encode_user,
)
from natsauth.token import encode
from tests._tokens import ACCOUNT, IAT, OPERATOR, OTHER_ACCOUNT, USER
from tests.interop.claims_strategies import documents, spoiled_documents
from tests.interop.value_strategies import json_values

if TYPE_CHECKING:
    from collections.abc import Callable

SUBJECTS = {"operator": OPERATOR, "account": ACCOUNT, "user": USER, "activation": OTHER_ACCOUNT}
UNLIMITED = dict.fromkeys(("subs", "data", "payload"), -1)
ACCOUNT_LIMITS = {**UNLIMITED, "imports": -1, "exports": -1, "conn": -1, "leaf": -1}
kinds = st.sampled_from(list(SUBJECTS))
drawn = kinds.flatmap(
    lambda kind: st.tuples(st.just(kind), documents(kind) | spoiled_documents(kind))
)

NAMES = ["pub", "sub", "Pub", "pubs", "allow", "subs", "limits", "conn", "exports", "signing_keys"]
bodies = st.dictionaries(st.sampled_from(NAMES), json_values, max_size=3)
choices = st.dictionaries(st.sampled_from(["exp", "aud", "signer", "expires"]), json_values)


def mint(kind: str, body: Any, options: Any = None) -> str:
    if kind == "operator":
        return encode_operator("n", OPERATOR, body, options)
    if kind == "account":
        return encode_account("n", ACCOUNT, body, options)
    if kind == "activation":
        return encode_activation("n", OTHER_ACCOUNT, ACCOUNT, "stream", body, options)
    return encode_user("n", USER, ACCOUNT, body, options)


def mint_by_classes(kind: str, body: dict[str, Any]) -> str:
    """Do what ``mint`` is to do, in the words of its documentation."""
    nats = {name: value for name, value in body.items() if value is not None}
    if kind == "user":
        nats = UNLIMITED | nats
    elif kind == "account" and isinstance(nats.get("limits", {}), dict):
        limits = {name: n for name, n in nats.get("limits", {}).items() if n is not None}
        nats["limits"] = {**ACCOUNT_LIMITS, "wildcards": True, **limits}
    claims: Any = parse_claims(
        {"sub": SUBJECTS[kind].public_key, "name": "n", "nats": nats, "iat": IAT}, kind
    )
    if kind == "activation":
        claims.nats.kind = "stream"
    if named := getattr(claims.nats, "issuer_account", ""):
        PublicKey.parse(named, expect=KeyType.ACCOUNT)
    return encode(claims, OPERATOR if kind == "operator" else ACCOUNT, now=IAT).encoded


def made(call: Callable[[], str]) -> str | None:
    """Return a token, or None where there is to be none."""
    try:
        return call()
    except NatsAuthError:
        return None


@given(drawn)
def test_the_token_is_that_of_the_claims_classes(kind_and_document: tuple[str, Any]) -> None:
    kind, document = kind_and_document
    body = document.get("nats")
    if not isinstance(body, dict):
        assert body is None or made(lambda: mint(kind, body)) is None
        return
    before = deepcopy(body)
    token = made(lambda: mint(kind, body, {"iat": IAT}))
    assert token == made(lambda: mint_by_classes(kind, body))
    assert body == before


@given(kinds, json_values | bodies, st.none() | choices)
def test_no_json_leads_to_an_undocumented_error(kind: str, body: Any, chosen: Any) -> None:
    token = made(lambda: mint(kind, body, chosen))
    assert token is None or decode(token).kind == kind


@given(documents("user"))
def test_a_scoped_user_is_empty_or_refused(document: dict[str, Any]) -> None:
    body = document.get("nats", {})
    token = made(lambda: mint("user", body, {"scoped_user": True}))
    if token is not None:
        claims: Any = decode(token)
        assert claims.nats.is_empty()
        asked = {name for name, value in body.items() if value not in (None, "", 0, -1, False, {})}
        assert asked <= {"issuer_account", "tags"}
