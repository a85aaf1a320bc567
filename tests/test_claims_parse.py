"""From JSON to claims of a kind, without a signature."""

from __future__ import annotations

import json
from typing import Any

import pytest

from natsauth.claims import CLAIMS, GenericClaims, UserClaims, parse_claims
from natsauth.errors import ClaimsError, UsageError
from tests._tokens import FULL, USER, full, nested

KINDS = [*CLAIMS, "generic"]
SEED = USER.reveal_seed()


@pytest.mark.parametrize("kind", KINDS)
def test_text_bytes_and_objects_are_read(kind: str) -> None:
    claims = full(kind)
    text = claims.to_json()
    for document in (text, text.encode(), json.loads(text), f" {text}\n"):
        assert parse_claims(document, kind) == claims
    assert type(claims) is CLAIMS.get(kind, GenericClaims)
    assert set(KINDS) == set(FULL)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_document_has_the_zeros_of_go(kind: str) -> None:
    claims: Any = parse_claims("{}", kind)
    assert (claims.sub, claims.exp, claims.extra) == ("", 0, {})
    assert claims == parse_claims(dict.fromkeys(["sub", "exp", "nats", "aud", "iss"]), kind)


def test_claims_share_nothing_with_the_document() -> None:
    document = {"x": {"y": []}, "nats": {"tags": ["a"], "z": {}}}
    claims = parse_claims(document, "user")
    assert isinstance(claims, UserClaims)
    claims.extra["x"]["y"].append(1)
    claims.nats.tags = (claims.nats.tags or []) + ["b"]
    claims.nats.extra["z"]["a"] = 1
    assert document == {"x": {"y": []}, "nats": {"tags": ["a"], "z": {}}}


@pytest.mark.parametrize(
    "kind", ["", "User", "claims", None, 5, [], {}, UserClaims, b"user"], ids=repr
)
def test_there_is_such_a_kind(kind: Any) -> None:
    with pytest.raises(UsageError, match=r"there are no claims of kind .* 'user', .* 'generic'"):
        parse_claims("{}", kind)


@pytest.mark.parametrize(
    "document", [None, 5, [], ("{}",), bytearray(b"{}"), object(), UserClaims()], ids=type
)
def test_a_document_is_text_or_an_object(document: Any) -> None:
    with pytest.raises(UsageError, match="expected JSON text or a dict, got "):
        parse_claims(document, "user")


BAD_TEXT = [
    *(
        "",
        "x",
        "{",
        '{"a":1,"a":2}',
        "{}{}",
        "\ufeff{}",
        '{"exp":NaN}',
        '{"exp":1e999}',
        "[" * 100_000,
    ),
    *('{"exp":' + "9" * 5_000 + "}", "{}\0", SEED),
]


@pytest.mark.parametrize("text", BAD_TEXT, ids=lambda text: text[:12])
@pytest.mark.parametrize("kind", ["user", "generic"])
def test_what_is_not_json_is_refused(text: str, kind: str) -> None:
    for document in (text, text.encode()):
        with pytest.raises(ClaimsError, match=r"^\$: not JSON: ") as caught:
            parse_claims(document, kind)
        assert SEED not in str(caught.value)


@pytest.mark.parametrize("text", ["[]", "null", '"x"', "5", "true"])
def test_the_document_is_an_object(text: str) -> None:
    for kind in KINDS:
        with pytest.raises(ClaimsError, match=r"^\$: expected object, got "):
            parse_claims(text, kind)


BAD_OBJECTS: list[Any] = [
    *(
        {5: 1},
        {5: 1, "a": 1},
        {"x": object()},
        {"x": b""},
        {"x": float("nan")},
        {"x": nested(5_000)},
    ),
    *({"x": 10**5_000}, {10**5_000: 1}, {"x": {1}}),
]


@pytest.mark.parametrize("number", range(len(BAD_OBJECTS)))
def test_objects_that_are_no_json_are_refused(number: int) -> None:
    for kind in ("user", "generic"):
        with pytest.raises(ClaimsError, match=r"^\$: not JSON: "):
            parse_claims(BAD_OBJECTS[number], kind)


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert parse_claims(b'{"name":"\xff\xe9"}', "user").name == "\N{REPLACEMENT CHARACTER}" * 2


def test_names_in_other_letter_case_are_refused() -> None:
    for name in ("Sub", "\u017fub", "NATS"):
        with pytest.raises(ClaimsError, match="in that letter case"):
            parse_claims({name: None}, "user")
    assert parse_claims({"type": "x", "Type": "y"}, "user").extra == {"type": "x", "Type": "y"}
