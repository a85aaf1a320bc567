"""Tokens of version 1, read as version 2."""

from __future__ import annotations

import json
from typing import Any

import pytest

from natsauth.claims import (
    AccountClaims,
    ActivationClaims,
    GenericClaims,
    OperatorClaims,
    UserClaims,
)
from natsauth.claims.v1 import MIGRATED
from natsauth.errors import ClaimsError, SignatureError
from natsauth.token import decode, encode
from tests._tokens import ACCOUNT, HEADER, IAT, OLD_HEADER, OPERATOR, USER, forge

SIGNER = {"operator": OPERATOR, "account": OPERATOR, "user": ACCOUNT, "activation": ACCOUNT}
kinds = pytest.mark.parametrize("kind", sorted(MIGRATED))


def read(kind: str, nats: Any = None, **top: Any) -> Any:
    document = {"sub": "x", "type": kind, **({} if nats is None else {"nats": nats}), **top}
    return decode(forge(document, SIGNER[kind], header=OLD_HEADER, old=True)).claims


@kinds
def test_the_kind_and_the_tags_move_into_the_body(kind: str) -> None:
    for nats in (None, {}, {"tags": ["in the body"], "version": 7}):
        claims = read(
            kind, nats, tags=["At", "Top"], name="n", exp=5, aud="a", jti="j", iat=6, nbf=7
        )
        assert (claims.nats.type, claims.nats.version, claims.nats.tags) == (kind, 1, ["At", "Top"])
        assert (claims.name, claims.exp, claims.aud, claims.jti) == ("n", 5, "a", "j")
        assert (claims.iat, claims.nbf, claims.sub) == (6, 7, "x")


@kinds
def test_what_version_2_has_no_place_for_is_dropped(kind: str) -> None:
    claims = read(kind, {"max": 5, "identity": [], "description": "d"}, x={"y": 1})
    assert claims.extra == claims.nats.extra == {}
    assert "description" not in claims.to_dict()["nats"]


@kinds
def test_encoded_again_it_is_version_2(kind: str) -> None:
    claims = read(kind, {})
    claims.sub = {"operator": OPERATOR, "user": USER}.get(kind, ACCOUNT).public_key
    token = encode(claims, SIGNER[kind], now=IAT)
    assert token.claims.nats.version == 2
    assert claims.nats.version == 1
    assert "type" not in json.loads(claims.to_json())


@kinds
@pytest.mark.parametrize("header", [HEADER, OLD_HEADER])
def test_the_payload_alone_is_signed(kind: str, header: str) -> None:
    document = {"sub": "x", "type": kind, "nats": {}}
    assert decode(forge(document, SIGNER[kind], header=header, old=True)).claims.kind == kind
    with pytest.raises(SignatureError):
        decode(forge(document, SIGNER[kind], header=header))


@pytest.mark.parametrize("kind", ["operator", "account", "user"])
def test_a_version_1_in_the_body_makes_it_version_1(kind: str) -> None:
    document = {"sub": "x", "nats": {"type": kind, "version": 1}}
    claims: Any = decode(forge(document, SIGNER[kind], old=True)).claims
    assert (claims.kind, claims.nats.version, claims.nats.type) == (kind, 1, "")
    with pytest.raises(SignatureError):
        decode(forge(document, SIGNER[kind]))


def test_an_operator() -> None:
    nats = {
        "signing_keys": ["O1", None],
        "account_server_url": "http://h",
        "operator_service_urls": ["nats://h"],
        "system_account": "A",
        "strict_signing_key_usage": True,
        "assert_server_version": "2.10.0",
    }
    claims = read("operator", nats, issuer_account="A")
    assert isinstance(claims, OperatorClaims)
    assert claims.nats.signing_keys == ["O1", ""]
    assert (claims.nats.account_server_url, claims.nats.system_account) == ("http://h", "A")
    assert claims.nats.operator_service_urls == ["nats://h"]
    assert (claims.nats.strict_signing_key_usage, claims.nats.assert_server_version) == (False, "")


def test_an_account() -> None:
    nats = {
        "limits": {"subs": 5, "conn": 6, "mem_storage": 7, "tiered_limits": {"R1": {}}},
        "signing_keys": ["A2", "A1"],
        "revocations": {"*": 5},
        "imports": [{"subject": "a"}],
        "exports": [None],
        "mappings": {"a": []},
        "default_permissions": {"pub": {"allow": ["a"]}},
    }
    claims = read("account", nats, issuer_account="A")
    assert isinstance(claims, AccountClaims)
    limits = claims.nats.limits
    assert (limits.subs, limits.conn, limits.mem_storage, limits.tiered_limits) == (5, 6, 0, None)
    assert (claims.nats.signing_keys, claims.nats.revocations) == (["A2", "A1"], {"*": 5})
    assert [item.subject for item in claims.nats.imports or () if item] == ["a"]
    assert (claims.nats.exports, claims.nats.mappings) == ([None], None)
    assert claims.nats.default_permissions.pub.allow is None
    assert read("account", {}).nats.limits.is_empty()
    assert read("account", {"limits": None, "signing_keys": None}).nats.limits.is_empty()


def test_a_user() -> None:
    nats = {
        "pub": {"allow": ["a"]},
        "src": "10.0.0.0/8,::1/128",
        "subs": None,
        "data": 5,
        "bearer_token": True,
        "issuer_account": "ignored",
        "allowed_connection_types": ["MQTT"],
        "proxy_required": True,
    }
    claims = read("user", nats, issuer_account="A")
    assert isinstance(claims, UserClaims)
    user = claims.nats
    assert (user.issuer_account, claims.account) == ("A", "A")
    assert (user.subs, user.data, user.payload) == (-1, 5, -1)
    assert (user.pub.allow, user.src, user.bearer_token) == (["a"], ["10.0.0.0/8", "::1/128"], True)
    assert (user.allowed_connection_types, user.proxy_required) == (None, False)
    assert read("user", {"issuer_account": "ignored"}).nats.issuer_account == ""


def test_an_activation() -> None:
    claims = read("activation", {"subject": "foo", "type": "service", "max": 5}, issuer_account="A")
    assert isinstance(claims, ActivationClaims)
    grant = claims.nats
    assert (grant.subject, grant.kind, grant.type, grant.issuer_account) == (
        "foo",
        "service",
        "activation",
        "A",
    )
    assert read("activation", {"subject": "foo"}).nats.kind == ""


def test_a_free_body_of_version_1() -> None:
    for document in ({"type": "mine", "nats": {"a": 1}}, {"type": "mine"}, {}, {"nats": None}):
        claims = decode(forge({"sub": "x", **document}, header=OLD_HEADER, old=True)).claims
        assert isinstance(claims, GenericClaims)
        assert claims.nats == document.get("nats")
        assert claims.extra == ({"type": "mine"} if "type" in document else {})


@pytest.mark.parametrize(
    ("kind", "nats", "path"),
    [
        ("user", {"subs": "x"}, "$.nats.subs"),
        ("user", {"PUB": {}}, "$.nats.PUB"),
        ("account", {"limits": []}, "$.nats.limits"),
        ("account", {"limits": {"SUBS": 5}}, "$.nats.limits.SUBS"),
        ("account", {"limits": {"subs": "x"}}, "$.nats.limits.subs"),
        (
            "account",
            {"signing_keys": ["A", {"kind": "user_scope", "key": "A"}]},
            "$.nats.signing_keys[1]",
        ),
        ("account", {"signing_keys": [5]}, "$.nats.signing_keys[0]"),
        ("account", {"signing_keys": {}}, "$.nats.signing_keys"),
        ("activation", {"type": "Stream"}, "$.nats.kind"),
        ("operator", {"signing_keys": "x"}, "$.nats.signing_keys"),
    ],
)
def test_problems_are_named_by_their_path(kind: str, nats: dict[str, Any], path: str) -> None:
    with pytest.raises(ClaimsError) as caught:
        read(kind, nats)
    assert [problem.path for problem in caught.value.problems] == [path]


@kinds
@pytest.mark.parametrize(
    ("top", "path"),
    [
        ({"tags": "x"}, "$.nats.tags"),
        ({"tags": [5]}, "$.nats.tags[0]"),
        ({"exp": "x"}, "$.exp"),
        ({"Tags": []}, "$.Tags"),
        ({"Issuer_Account": "A"}, "$.Issuer_Account"),
    ],
)
def test_problems_at_the_top_are_named_by_their_path(
    kind: str, top: dict[str, Any], path: str
) -> None:
    with pytest.raises(ClaimsError) as caught:
        read(kind, {}, **top)
    assert [problem.path for problem in caught.value.problems] == [path]


@kinds
def test_the_account_that_is_signed_for_is_text(kind: str) -> None:
    with pytest.raises(
        ClaimsError, match=r"^\$(\.nats)?\.issuer_account: expected string, got list$"
    ):
        read(kind, {}, issuer_account=["A"])


@pytest.mark.parametrize(
    ("kind", "name", "wrong"),
    [
        ("user", "max", "5"),
        ("activation", "max", 1.5),
        ("activation", "payload", True),
        ("activation", "src", 5),
        ("activation", "times", {"start": "x"}),
    ],
)
def test_what_is_dropped_must_have_its_type_as_for_go(kind: str, name: str, wrong: Any) -> None:
    with pytest.raises(ClaimsError, match=rf"^\$\.nats\.{name}: expected "):
        read(kind, {name: wrong})


@kinds
def test_a_body_is_an_object(kind: str) -> None:
    for wrong in (["x"], "x", 5, True):
        with pytest.raises(ClaimsError, match=r"^\$\.nats: expected object, got "):
            read(kind, wrong)
