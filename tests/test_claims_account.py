"""Account claims: signing keys, what is shared, mappings, and the order on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth.claims import (
    Account,
    AccountClaims,
    Export,
    ExternalAuthorization,
    Import,
    UserScope,
    WeightedMapping,
    parse_claims,
)
from natsauth.errors import ClaimsError
from natsauth.keys import KeyPair, KeyType
from natsauth.token import decode, encode
from tests._tokens import ACCOUNT, FULL, IAT, OPERATOR, OTHER_ACCOUNT, USER, forge, full
from tests._vectors import SPEC


def test_a_new_account_is_that_of_go() -> None:
    token = next(row["token"] for row in SPEC["encode_v2"] if row["name"] == "account min")
    claims = AccountClaims(sub=ACCOUNT.public_key, name="A")
    assert encode(claims, OPERATOR, now=IAT).encoded == token


def test_what_makes_an_account() -> None:
    assert (AccountClaims.kind, AccountClaims.subject_role) == ("account", KeyType.ACCOUNT)
    assert AccountClaims.issuers == {KeyType.ACCOUNT, KeyType.OPERATOR}


def test_signing_keys_are_plain_or_scoped_and_each_stands_once() -> None:
    account = Account()
    scope = UserScope(key="A2", role="r")
    account.add_signing_key("A1", scope)
    account.add_signing_key("A1", "A3")
    assert account.signing_keys == ["A1", scope, "A3"]
    account.add_signing_key("A2", UserScope(key="A1"))
    assert account.signing_keys == [UserScope(key="A1"), "A2", "A3"]
    assert [account.has_signing_key(key) for key in ("A1", "A2", "A3", "A4", "")] == [True] * 3 + [
        False
    ] * 2
    account.remove_signing_key("A1", "A3", "nowhere")
    assert account.signing_keys == ["A2"]
    account.remove_signing_key("A2")
    assert account.signing_keys == []


def test_a_scope_is_found_by_key_or_role() -> None:
    scopes = [UserScope(key="A2", role="first"), UserScope(key="A3", role="second")]
    account = Account(signing_keys=["A1", *scopes])
    assert [account.scope(text) for text in ("A2", "second", "A3")] == [
        scopes[0],
        scopes[1],
        scopes[1],
    ]
    assert [account.scope(text) for text in ("A1", "third", "A4")] == [None, None, None]


def test_a_public_key_is_no_role() -> None:
    plain, scoped, none = (KeyPair.generate(KeyType.ACCOUNT).public_key for _ in range(3))
    scopes = [UserScope(key=OTHER_ACCOUNT.public_key, role=text) for text in (scoped, plain, none)]
    first = UserScope(key=scoped)
    account = Account(signing_keys=[*scopes, plain, first])
    assert [account.scope(text) for text in (scoped, plain, none)] == [first, None, None]


def test_an_export_is_found_by_what_it_covers() -> None:
    stream = Export(subject="orders.>", type="stream")
    service = Export(subject="orders.*", type="service")
    account = Account(exports=[None, Export(subject="x"), stream, service])
    assert account.find_export("orders.new") is stream
    assert account.find_export("orders.new", "service") is service
    assert account.find_export("orders.new.eu", "stream") is stream
    assert account.find_export("orders.new.eu", "service") is None
    assert account.find_export("orders") is None
    assert account.find_export("orders.>", "stream") is stream
    assert Account().find_export("orders") is None


def test_an_import_is_found_by_its_subject_and_account() -> None:
    first = Import(subject="orders.>", account="A1")
    second = Import(subject="orders.>", account="A2")
    account = Account(imports=[None, first, second])
    assert account.find_import("orders.>") is first
    assert account.find_import("orders.>", "A2") is second
    assert account.find_import("orders.>", "A3") is None
    assert account.find_import("orders.new") is None
    assert Account().find_import("orders.>") is None


def test_a_mapping_replaces_the_one_before() -> None:
    account = Account()
    account.add_mapping("a", WeightedMapping(subject="b", weight=50), WeightedMapping(subject="c"))
    before = account.mappings
    account.add_mapping("a", WeightedMapping(subject="d"))
    account.add_mapping("e")
    assert account.mappings == {"a": [WeightedMapping(subject="d")], "e": []}
    assert before is not account.mappings


def test_auth_callout_is_turned_on_by_its_users() -> None:
    account = Account()
    account.enable_external_authorization("U1", "U2", "U1")
    account.enable_external_authorization("U3", "")
    assert account.authorization == ExternalAuthorization(auth_users=["U1", "U2", "U3"])


def test_the_order_on_the_wire_is_that_of_the_subjects() -> None:
    account = Account(
        imports=[Import(subject="b"), Import(subject="a")], exports=[Export(subject="c")]
    )
    ordered = account.in_wire_order()
    assert [item.subject for item in ordered.imports or () if item] == ["a", "b"]
    assert ordered.exports is account.exports
    assert [item.subject for item in account.imports or () if item] == ["b", "a"]
    assert Account().in_wire_order() == Account()


UNORDERED: list[Any] = [
    *(5, "ab", [5, 6], ["x", "y"], {"a": 1, "b": 2}, [Export(), 5], [Export(), Export], True),
]


@pytest.mark.parametrize("name", ["imports", "exports"])
@pytest.mark.parametrize("wrong", UNORDERED)
def test_what_cannot_be_put_in_order_is_named(name: str, wrong: Any) -> None:
    claims = AccountClaims(sub=ACCOUNT.public_key, nats=Account(**{name: wrong}))
    with pytest.raises(ClaimsError, match=rf"\$\.nats\.{name}"):
        encode(claims, ACCOUNT)


def test_flat_limits_beside_tiers_are_dropped_by_decoding_alone() -> None:
    claims = full("account")
    assert isinstance(claims, AccountClaims)
    assert claims.nats.limits.has_flat_jetstream()
    token = encode(claims, FULL["account"][1], now=IAT)
    assert '"mem_storage":8' in claims.to_json()
    assert not token.claims.nats.limits.has_flat_jetstream()
    assert list(token.claims.nats.limits.tiered_limits or ()) == ["R1", "R3"]
    again = encode(token.claims, OPERATOR, now=IAT).encoded
    assert again == next(r["token"] for r in SPEC["encode_v2"] if r["name"] == "account full reenc")


@pytest.mark.parametrize(
    ("nats", "path"),
    [
        ({"mappings": {"a": [{"weight": 256}]}}, "$.nats.mappings.a[0].weight"),
        ({"mappings": {"a.b": 5}}, "$.nats.mappings['a.b']"),
        ({"mappings": []}, "$.nats.mappings"),
        ({"imports": [{}, {"share": 1}]}, "$.nats.imports[1].share"),
        ({"exports": [{"type": "Stream"}]}, "$.nats.exports[0].type"),
        ({"exports": [{"type": None}]}, "$.nats.exports[0].type"),
        ({"authorization": {"auth_users": [5]}}, "$.nats.authorization.auth_users[0]"),
        ({"trace": {"sampling": "x"}}, "$.nats.trace.sampling"),
        ({"limits": {"tiered_limits": {"R1": []}}}, "$.nats.limits.tiered_limits.R1"),
        ({"revocations": {"*": 1.5}}, "$.nats.revocations['*']"),
        ({"default_permissions": {"resp": {"max": True}}}, "$.nats.default_permissions.resp.max"),
    ],
)
def test_problems_are_named_by_their_path(nats: dict[str, Any], path: str) -> None:
    for read in (
        lambda: parse_claims({"nats": nats}, "account"),
        lambda: decode(forge({"nats": {"type": "account", "version": 2, **nats}}, OPERATOR)),
    ):
        with pytest.raises(ClaimsError) as caught:
            read()
        assert [problem.path for problem in caught.value.problems] == [path]


def test_missing_and_empty_lists_of_targets_differ() -> None:
    claims = parse_claims('{"nats":{"mappings":{"b":null,"a":[]}}}', "account")
    assert isinstance(claims, AccountClaims)
    assert claims.nats.mappings == {"b": None, "a": []}
    assert '"mappings":{"a":[],"b":null}' in claims.to_json()
    assert '"mappings"' not in parse_claims({"nats": {"mappings": {}}}, "account").to_json()


def test_any_key_stands_in_an_account_unchecked() -> None:
    # Whether keys have the right roles is for validation.
    claims = AccountClaims(sub=ACCOUNT.public_key)
    claims.nats.add_signing_key(USER.public_key, OTHER_ACCOUNT.public_key)
    assert decode(encode(claims, ACCOUNT).encoded).claims.nats.signing_keys == sorted(  # type: ignore[attr-defined]
        [USER.public_key, OTHER_ACCOUNT.public_key]
    )


def test_one_target_is_added_changed_and_removed() -> None:
    account = Account()
    for target in (
        WeightedMapping(subject="b", weight=60),
        WeightedMapping(subject="c", weight=40),
        WeightedMapping(subject="c", weight=30, cluster="east"),
        WeightedMapping(subject="b", weight=50),
    ):
        account.map_to("a", target)
    assert [(t.subject, t.weight, t.cluster) for t in (account.mappings or {})["a"] or ()] == [
        ("b", 50, ""),
        ("c", 40, ""),
        ("c", 30, "east"),
    ]
    assert not account.remove_mapping("a", "c", "west")
    assert account.remove_mapping("a", "c", "east")
    assert not account.remove_mapping("a", cluster="east")
    assert account.remove_mapping("a", "c")
    assert account.mappings == {"a": [WeightedMapping(subject="b", weight=50)]}
    assert account.remove_mapping("a", "b")
    assert account.mappings is None
    assert not account.remove_mapping("a")


def test_all_targets_of_a_subject_are_removed_at_once() -> None:
    account = Account()
    near, far = WeightedMapping(subject="b"), WeightedMapping(subject="c", cluster="far")
    account.add_mapping("a", near, far)
    account.add_mapping("x", near)
    assert account.remove_mapping("a", cluster="far")
    assert account.mappings == {"a": [near], "x": [near]}
    assert account.remove_mapping("a")
    assert account.mappings == {"x": [near]}
    account.add_mapping("empty")
    assert account.remove_mapping("empty")
    assert account.mappings == {"x": [near]}
