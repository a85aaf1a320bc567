"""Claims of any other kind, with a free body."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth.claims import GenericClaims, parse_claims
from natsauth.errors import ClaimsError
from natsauth.keys import KeyType
from natsauth.token import decode, encode
from tests._tokens import ACCOUNT, IAT, SERVER, SIGNERS, USER, forge, nested, payload_text


def body(nats: Any) -> dict[str, Any] | None:
    claims = parse_claims({"nats": nats}, "generic")
    assert isinstance(claims, GenericClaims)
    return claims.nats


def test_a_body_is_free() -> None:
    nats: dict[str, Any] = {"type": "mine", "z": [1, 2.5, None, True, {"y": {}}], "a": "<&>"}
    claims = GenericClaims(sub="anybody", nats=nats)
    for pair in SIGNERS.values():
        token = encode(claims, pair, now=IAT)
        assert decode(token.encoded, GenericClaims).claims.nats == {**nats, "version": 2}
    assert payload_text(token.encoded).endswith(
        r'"nats":{"a":"\u003c\u0026\u003e","type":"mine","version":2,"z":[1,2.5,null,true,{"y":{}}]}}'
    )
    assert "version" not in nats


def test_a_version_in_the_body_is_overwritten() -> None:
    for version in (1, 3, "x", None):
        claims = GenericClaims(sub="x", nats={"version": version})
        assert encode(claims, ACCOUNT).claims.nats == {"version": 2}
        assert claims.nats == {"version": version}


def test_no_body_and_an_empty_one_differ() -> None:
    assert '"nats"' not in payload_text(encode(GenericClaims(sub="x", nats=None), ACCOUNT).encoded)
    assert encode(GenericClaims(sub="x"), ACCOUNT).claims.nats == {"version": 2}
    assert decode(forge({"sub": "x"}), GenericClaims).claims.nats is None
    assert body(None) is None
    assert body({}) == {}
    assert GenericClaims(nats=None).to_json() == GenericClaims(nats={}).to_json() == "{}"


@pytest.mark.parametrize(
    ("number", "read"),
    [
        (2**53, 2**53),
        (-(2**53), -(2**53)),
        (2**53 + 1, 2.0**53),
        (12345678901234567890, 12345678901234567168.0),
        (-(10**300), -1e300),
        (1.5, 1.5),
        (True, True),
    ],
)
def test_numbers_are_those_of_go_and_javascript(number: float, read: float) -> None:
    made = body({"x": [number, {"y": number}]})
    assert made == {"x": [read, {"y": read}]}
    assert type(made["x"][0]) is type(read)


@pytest.mark.parametrize("number", [10**309, -(10**400), 10**4_000], ids=["309", "400", "4000"])
def test_a_number_beyond_a_float_is_refused_as_by_go(number: int) -> None:
    with pytest.raises(ClaimsError):
        body({"x": [number]})


@pytest.mark.parametrize("wrong", [[], "x", 5, True])
def test_a_body_is_an_object(wrong: Any) -> None:
    with pytest.raises(ClaimsError, match=r"^\$\.nats: expected object, got "):
        body(wrong)
    if wrong:
        with pytest.raises(ClaimsError, match=r"^\$\.nats: expected object, got "):
            encode(GenericClaims(sub="x", nats=wrong), ACCOUNT)


WRONG: list[Any] = [
    *({5: 1}, {5: 1, "a": 2}, {None: 1}, {"a": {5: 1, "b": 2}}, {"a": object()}, {"a": {1, 2}}),
    *({"a": float("nan")}, {"a": [float("inf")]}, {"a": b"x"}, {"a": nested(5_000)}, {("a",): 1}),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_what_is_no_json_is_refused(number: int) -> None:
    claims = GenericClaims(sub="x", nats=WRONG[number])
    with pytest.raises(ClaimsError, match=r"^\$\.nats"):
        encode(claims, SERVER)
    with pytest.raises(ClaimsError):
        claims.to_json()


def test_what_contains_itself_is_refused() -> None:
    endless: dict[str, Any] = {}
    endless["x"] = endless
    with pytest.raises(ClaimsError, match="nested too deeply"):
        encode(GenericClaims(sub="x", nats=endless), SERVER)


def test_what_makes_them() -> None:
    assert (GenericClaims.kind, GenericClaims.subject_role) == ("generic", None)
    assert GenericClaims.issuers == set(KeyType) - {KeyType.CURVE}
    assert repr(GenericClaims(sub=USER.public_key[:3], nats={"a": 1})) == (
        "GenericClaims(sub='UDW', nats={'a': 1})"
    )
