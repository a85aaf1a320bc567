"""Tokens against those of Go's jwt/v2 and of jwt.js: the same bytes, the same claims, no more."""

from __future__ import annotations

import dataclasses
import json
from base64 import urlsafe_b64decode
from collections import Counter
from typing import Any

import pytest

from natsauth._wire import WireObject
from natsauth.claims import AccountClaims, GenericClaims, UserClaims, parse_claims
from natsauth.errors import ClaimsError, MalformedTokenError, NatsAuthError, UnsupportedTokenError
from natsauth.keys import KeyPair
from natsauth.token import decode, encode
from tests._tokens import payload_text
from tests._vectors import SPEC, records


def header(token: str) -> Any:
    return json.loads(urlsafe_b64decode(token.partition(".")[0] + "=="))


def without_unknown_members(value: Any) -> Any:
    """Forget what natsauth keeps and Go drops."""
    if isinstance(value, WireObject):
        value.extra = {}
        for field in dataclasses.fields(value):
            without_unknown_members(getattr(value, field.name))
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            without_unknown_members(item)
    return value


def test_tokens_are_those_of_go_byte_for_byte() -> None:
    outcomes: Counter[str] = Counter()
    different = []
    for number, row in enumerate(records("encode.jsonl"), 1):
        claims, signer = parse_claims(row["claims"], row["type"]), KeyPair.from_seed(row["seed"])
        now = json.loads(payload_text(row["token"])).get("iat", 0) if "token" in row else 0
        try:
            written = encode(claims, signer, now=now).encoded
        except NatsAuthError:
            written = ""
        outcomes["token" if written else "refused"] += 1
        if written != row.get("token", ""):
            different.append(number)
    assert different == []
    assert outcomes == {"token": 1_110, "refused": 90}


def test_tokens_of_go_read_as_they_were_written() -> None:
    # But for what reading changes as in Go: the limits of scopes, and flat limits beside tiers.
    texts = [payload_text(row["token"]) for row in records("encode.jsonl") if "token" in row]
    tokens = [row["token"] for row in records("encode.jsonl") if "token" in row]
    changed = ("user_scope", "tiered_limits")
    different = [
        text
        for token, text in zip(tokens, texts, strict=True)
        if decode(token).claims.to_json() != text and not any(name in text for name in changed)
    ]
    assert different == []


def test_nothing_is_read_that_go_refuses_and_nothing_is_refused_without_a_reason() -> None:
    outcomes: Counter[str] = Counter()
    different = []
    for number, row in enumerate(records("decode.jsonl"), 1):
        outcome, fine = compare(row)
        outcomes[outcome] += 1
        if not fine:
            different.append((number, outcome))
    assert different == []
    assert outcomes == {"read": 206, "read as generic": 59, "strict": 60, "refused": 425}


def compare(row: dict[str, Any]) -> tuple[str, bool]:
    """Tell what became of a record of decode.jsonl, and whether it had to."""
    generic = row.get("generic_only", False)
    readable = "error" not in row or (generic and header(row["token"])["alg"] == "ed25519-nkey")
    try:
        claims = without_unknown_members(decode(row["token"]).claims)
    except NatsAuthError as error:
        strict = is_about_leniency(error)
        if readable:
            return "strict", strict and (generic or row.get("lenient", False))
        return "refused", True
    kind = row.get("type", "generic")
    fine = readable and claims.kind == kind and claims.to_dict() == row["claims"]
    return "read as generic" if generic else "read", fine


def is_about_leniency(error: NatsAuthError) -> bool:
    """Tell whether an error names what Go overlooks."""
    reasons = ("white space", "bits that no data sets", "in that letter case", "stands twice")
    return isinstance(error, MalformedTokenError | ClaimsError | UnsupportedTokenError) and any(
        reason in str(error) for reason in reasons
    )


# What spec.json says of Go's Decode, and natsauth does in another way.
STRICT = {
    "header extra + case-insensitive key": "the header writes 'typ' as 'TYP'",
    "case-insensitive JSON names": "in that letter case",
    "duplicate keys merge": "stands twice",
}
READ_AS_GENERIC = {"cluster", "server", "unknown type, v2 sig"}


@pytest.mark.parametrize("row", SPEC["decode"], ids=lambda row: row["name"])
def test_cases_of_decoding(row: dict[str, Any]) -> None:
    if row["name"] in READ_AS_GENERIC:
        claims = decode(row["token"]).claims
        assert isinstance(claims, GenericClaims)
        assert json.loads(row["payload"])["nats"]["type"] == (claims.nats or {})["type"]
    elif row["name"] in STRICT:
        with pytest.raises(NatsAuthError, match=STRICT[row["name"]]):
            decode(row["token"])
    elif row["error"]:
        with pytest.raises(NatsAuthError):
            decode(row["token"])
    else:
        claims = decode(row["token"]).claims
        assert type(claims).__name__ == row["type"]
        if row["name"] == "scope 2^53+1":  # Go reads the numbers of a scope by way of a float
            text = json.dumps(row["claims"]).replace(str(2**53), str(2**53 + 1))
            row["claims"] = json.loads(text)
        if row["claims"] is not None:
            assert without_unknown_members(claims).to_dict() == row["claims"]


def test_a_latency_that_cannot_be_written_is_read() -> None:
    row = next(row for row in SPEC["decode"] if not (row["error"] or row["claims"]))
    claims = decode(row["token"], AccountClaims).claims
    exports = [export for export in claims.nats.exports or () if export]
    assert [export.service_latency.sampling for export in exports if export.service_latency] == [
        200
    ]
    with pytest.raises(ClaimsError, match=r"sampling: expected percentage .* got integer 200"):
        claims.to_json()


@pytest.mark.parametrize("row", SPEC["decode_v1"], ids=lambda row: row["name"])
def test_tokens_of_version_1(row: dict[str, Any]) -> None:
    assert without_unknown_members(decode(row["token"]).claims).to_dict() == row["migrated"]


@pytest.mark.parametrize("row", SPEC["jwtjs_tokens"], ids=lambda row: row["name"])
def test_tokens_of_jwt_js(row: dict[str, Any]) -> None:
    claims = decode(row["token"]).claims
    if row["go_error"]:
        assert (row["name"], type(claims)) == ("generic", GenericClaims)
        assert claims.to_dict() == json.loads(payload_text(row["token"]))
    else:
        assert without_unknown_members(claims).to_dict() == row["go_claims"]


WHITE_SPACE = {"trailing nl", "trailing crlf"}


@pytest.mark.parametrize("row", SPEC["token_text"], ids=lambda row: row["name"])
def test_the_text_of_a_token_is_exact(row: dict[str, Any]) -> None:
    if row["error"] or row["name"] in WHITE_SPACE:
        with pytest.raises(NatsAuthError) as caught:
            decode(row["token"])
        blank = row["token"] != row["token"].strip()
        assert (caught.value.hint == "remove the white space around the token") == blank
    else:
        assert decode(row["token"]).encoded == row["token"]


def test_unknown_members_survive() -> None:
    row = next(row for row in SPEC["decode"] if row["name"] == "unknown fields dropped")
    claims = decode(row["token"], UserClaims).claims
    assert claims.nats.extra == {"zzz": {"a": 1}}
    written = claims.to_dict()
    assert written["nats"].pop("zzz") == {"a": 1}
    assert written == row["claims"]
