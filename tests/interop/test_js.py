"""The same users and creds files, here and in the JavaScript library @nats-io/jwt."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from natsauth import Creds, KeyType, UserClaims, decode, encode, parse_claims
from natsauth.errors import TokenError
from tests.interop.claims_strategies import Document, documents
from tests.interop.value_strategies import KEYS

if TYPE_CHECKING:
    from tests.interop.foreign import Program

pytestmark = pytest.mark.interop

ACCOUNT, SIGNING_KEY = KEYS[KeyType.ACCOUNT][:2]
USER = KEYS[KeyType.USER][0]

BODIES: list[dict[str, Any]] = [
    {},
    {"pub": {"allow": ["orders.>", "a&b"], "deny": []}, "sub": {"allow": ["_INBOX.>"]}},
    {"resp": {"max": 1, "ttl": 60_000_000_000}, "bearer_token": True, "tags": ["a"]},
    {"subs": 0, "data": 1024, "payload": 2**53, "allowed_connection_types": ["MQTT"]},
    {"src": ["10.0.0.0/8"], "times": [{"start": "01:00:00", "end": "02:00:00"}]},
]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"exp": 4_102_444_800, "nbf": 1, "aud": "somebody"},
    {"signer": SIGNING_KEY},
    {"signer": SIGNING_KEY, "scopedUser": True},
]


def mint(js: Program, name: str, body: dict[str, Any], options: dict[str, Any]) -> str:
    """Have the JavaScript library sign a user, by the account itself or by its signing key."""
    issuer = ACCOUNT.reveal_seed()
    if "signer" in options:
        issuer = ACCOUNT.public_key
        options = options | {"signer": options["signer"].reveal_seed()}
    answer = js.ask(
        op="encode_user",
        name=name,
        user=USER.public_key,
        issuer=issuer,
        claims=body,
        options=options,
    )
    assert "token" in answer, answer
    return str(answer["token"])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("options", OPTIONS)
def test_users_minted_by_javascript_are_read(
    js: Program, body: dict[str, Any], options: dict[str, Any]
) -> None:
    token = decode(mint(js, "svc <1>", body, options), UserClaims)
    claims = token.claims
    signer = options.get("signer")
    limits = {} if "scopedUser" in options else {"subs": -1, "data": -1, "payload": -1}
    account = {"issuer_account": ACCOUNT.public_key} if signer else {}
    assert (
        claims.to_dict()
        == parse_claims(
            {
                "aud": options.get("aud", "NATS"),
                "exp": options.get("exp", 0),
                "nbf": options.get("nbf", 0),
                "name": "svc <1>",
                "sub": USER.public_key,
                "iss": (signer or ACCOUNT).public_key,
                "iat": claims.iat,
                "jti": claims.jti,
                "nats": {**limits, **body, **account, "type": "user", "version": 2},
            },
            "user",
        ).to_dict()
    )


def test_latin_1_of_javascript_is_read_as_replacement_characters(js: Program) -> None:
    # jwt.js writes U+0080 to U+00FF as single bytes, which is no UTF-8; Go reads it like this too.
    assert decode(mint(js, "café", {}, {})).claims.name == "caf\N{REPLACEMENT CHARACTER}"


@settings(max_examples=200, derandomize=True, deadline=None)
@given(document=documents("user"))
def test_our_users_are_read_by_javascript(js: Program, document: Document) -> None:
    claims = parse_claims(json.dumps(document | {"sub": USER.public_key}), "user")
    token = encode(claims, ACCOUNT)
    answer = js.ask(op="decode", token=token.encoded)
    assert answer["claims"] == as_javascript_reads(token.encoded)


def as_javascript_reads(token: str) -> Any:
    """Return the payload as jwt.js gives it: bytes taken for Latin-1, every number a float."""
    payload = token.split(".")[1]
    text = urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode("latin-1")
    return json.loads(text, parse_int=lambda digits: int(Decimal(repr(float(digits)))))


def test_damaged_tokens_are_refused_by_both(js: Program) -> None:
    token = encode(UserClaims(sub=USER.public_key), ACCOUNT).encoded
    assert "claims" in js.ask(op="decode", token=token)
    header, payload, signature = token.split(".")
    for damaged in (f"{header}.{payload}", f"{header}.{payload}x.{signature}"):
        assert "error" in js.ask(op="decode", token=damaged)
        with pytest.raises(TokenError):
            decode(damaged)


def test_creds_files_are_read_on_the_other_side(js: Program) -> None:
    creds = Creds.create(encode(UserClaims(sub=USER.public_key), ACCOUNT), USER)
    made = js.ask(op="creds", token=creds.jwt, seed=USER.reveal_seed())["text"]
    assert Creds.parse(made) == creds
    assert js.ask(op="parse_creds", text=creds.format()) == {
        "token": creds.jwt,
        "seed": USER.reveal_seed(),
        "account": ACCOUNT.public_key,
    }
