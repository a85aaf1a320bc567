"""Forged and damaged tokens: refused with a documented error, and never read as something else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from natsauth._envelope import MAX_CHARS
from natsauth.claims import CLAIMS, AccountClaims, GenericClaims, OperatorClaims, UserClaims
from natsauth.errors import (
    ClaimsError,
    IssuerError,
    MalformedTokenError,
    NatsAuthError,
    SignatureError,
    TokenTooLargeError,
    UnsupportedTokenError,
)
from natsauth.keys import KeyType
from natsauth.token import decode, encode
from tests._tokens import (
    ACCOUNT,
    CURVE,
    HEADER,
    IAT,
    OLD_HEADER,
    OPERATOR,
    OTHER_ACCOUNT,
    SERVER,
    SIGNERS,
    USER,
    forge,
    shown,
)

BODY: dict[str, Any] = {"sub": USER.public_key, "nats": {"type": "user", "version": 2}}
OLD_BODY: dict[str, Any] = {"sub": USER.public_key, "type": "user", "nats": {}}
FREE_BODY: dict[str, Any] = {"sub": "x", "nats": {"type": "mine"}}
TOKEN = encode(UserClaims(sub=USER.public_key, name="n"), ACCOUNT, now=IAT).encoded
HEAD, PAYLOAD, SIGNATURE = TOKEN.split(".")

HEADERS = [
    *(HEADER, '{"alg":"ed25519-nkey","typ":"JWT"}', ' {"typ" : "jwt", "alg" : "Ed25519-NKEY"}\n'),
    *(
        '{"typ":"jWt","alg":"ED25519","x":[1]}',
        '{"typ":"JWT","alg":"ed25519","kid":"../../x"}',
        OLD_HEADER,
    ),
]


@pytest.mark.parametrize("header", HEADERS)
def test_the_version_of_the_payload_says_what_is_signed(header: str) -> None:
    assert decode(forge(BODY, header=header)).claims.kind == "user"
    assert decode(forge(OLD_BODY, header=header, old=True)).claims.kind == "user"
    for body, old in ((BODY, True), (OLD_BODY, False)):
        with pytest.raises(SignatureError):
            decode(forge(body, header=header, old=old))


@pytest.mark.parametrize("header", HEADERS)
def test_the_header_says_what_is_signed_of_free_claims(header: str) -> None:
    # As for Go's Decode, which reads the signature of version 1 alone, and DecodeGeneric.
    assert decode(forge(FREE_BODY, header=header, old=True)).claims.kind == "generic"
    if "nkey" in header.lower():
        assert decode(forge(FREE_BODY, header=header)).claims.kind == "generic"
    else:
        with pytest.raises(SignatureError):
            decode(forge(FREE_BODY, header=header))


@pytest.mark.parametrize(
    "header",
    [
        *("{}", '{"typ":"JWT"}', '{"alg":"ed25519-nkey"}', '{"typ":null,"alg":null}'),
        *('{"typ":"JWS","alg":"ed25519-nkey"}', '{"typ":1,"alg":"ed25519-nkey"}'),
        *('{"typ":"JWT","alg":"none"}', '{"typ":"JWT","alg":"HS256"}', '{"typ":"JWT","alg":""}'),
        *('{"typ":"JWT","alg":"EdDSA"}', '{"typ":"JWT","alg":["ed25519-nkey"]}'),
        *('{"typ":"JWT","alg":"ed25519-nkey "}', '{"typ":"JWT ","alg":"ed25519-nkey"}'),
        *('{"typ":"JWT","alg":"ed25519-nkey","ALG":"none"}', '{"Typ":"JWT","alg":"ed25519-nkey"}'),
        '{"typ":"JWT","alg":"\u212aey"}',
        '{"typ":"JWT","alg":"%s"}' % ("x" * 100_000),
    ],
)
def test_other_headers_are_refused(header: str) -> None:
    for old in (False, True):
        with pytest.raises(UnsupportedTokenError) as caught:
            decode(forge(BODY, header=header, old=old))
        assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "header", ["[]", "null", '"x"', "5", "", "x", HEADER + "x", HEADER * 2, b"\xff"]
)
def test_a_header_is_a_json_object(header: str | bytes) -> None:
    with pytest.raises(MalformedTokenError, match="the header is not "):
        decode(forge(BODY, header=header))


@pytest.mark.parametrize("header", ['{"typ":"JWT","alg":"none","alg":"ed25519-nkey"}'])
def test_names_in_a_header_stand_once(header: str) -> None:
    with pytest.raises(MalformedTokenError, match="stands twice"):
        decode(forge(BODY, header=header))


@pytest.mark.parametrize(
    "payload", ["[]", "null", '"x"', "5", "", "x", "{", "{}x", b"\xff", b"\xef\xbb\xbf{}"]
)
def test_a_payload_is_a_json_object(payload: str | bytes) -> None:
    with pytest.raises(MalformedTokenError, match="the payload is not "):
        decode(forge(payload))


@pytest.mark.parametrize("role", list(KeyType))
@pytest.mark.parametrize("kind", [*CLAIMS, "mine"])
def test_the_issuer_has_a_role_that_signs_the_kind(kind: str, role: KeyType) -> None:
    cls = CLAIMS.get(kind, GenericClaims)
    body = {"sub": "x", "nats": {"type": kind, "version": 2}}
    if role is KeyType.CURVE:
        body, signer = {"iss": CURVE.public_key, **body}, USER
    else:
        signer = SIGNERS[role]
    if role in cls.issuers:
        assert type(decode(forge(body, signer)).claims) is cls
    else:
        with pytest.raises(
            IssuerError, match=f"claims are signed by .* keys, got a key of role {role}"
        ):
            decode(forge(body, signer))


NO_ISSUERS: list[Any] = [
    *(None, 5, [], {}, "", "x", True, ACCOUNT.public_key.lower(), ACCOUNT.public_key + "\n"),
    *(f" {ACCOUNT.public_key}", ACCOUNT.public_key[:-1], [ACCOUNT.public_key], "P" + "A" * 55),
]


@pytest.mark.parametrize("issuer", NO_ISSUERS, ids=repr)
def test_an_issuer_is_a_public_key(issuer: Any) -> None:
    for body in (BODY, OLD_BODY, FREE_BODY):
        with pytest.raises(SignatureError, match="the issuer cannot have signed"):
            decode(forge({**body, "iss": issuer}, old=body is OLD_BODY))


def test_a_seed_as_issuer_is_not_shown() -> None:
    with pytest.raises(SignatureError) as caught:
        decode(forge({**BODY, "iss": ACCOUNT.reveal_seed()}))
    assert ACCOUNT.reveal_seed() not in shown(caught.value)


def test_only_the_issuer_can_have_signed() -> None:
    token = forge({"iss": OTHER_ACCOUNT.public_key, **BODY})
    with pytest.raises(SignatureError, match="the signature does not verify"):
        decode(token)


def test_every_changed_character_is_noticed() -> None:
    text = TOKEN
    for place, character in enumerate(text):
        for other in {"A", "B", "_", ".", "=", "\n"} - {character}:
            with pytest.raises(NatsAuthError):
                decode(text[:place] + other + text[place + 1 :])
        with pytest.raises(NatsAuthError):
            decode(text[:place] + text[place + 1 :])
        with pytest.raises(NatsAuthError):
            decode(text[:place] + "A" + text[place:])


def test_parts_of_two_tokens_make_none() -> None:
    other = encode(UserClaims(sub=USER.public_key, name="admin"), ACCOUNT, now=IAT)
    for swapped in (
        f"{HEAD}.{other.encoded.split('.')[1]}.{SIGNATURE}",
        f"{HEAD}.{PAYLOAD}.{other.encoded.split('.')[2]}",
        f"{forge(BODY, header=HEADERS[2]).split('.')[0]}.{PAYLOAD}.{SIGNATURE}",
    ):
        with pytest.raises(SignatureError):
            decode(swapped)


TEXTS = [
    *("", ".", "..", "...", "a", "a.b", "a.b.c", HEAD, f"{HEAD}.{PAYLOAD}", f"{HEAD}.{PAYLOAD}."),
    *(f"{TOKEN}.", f".{TOKEN}", f"{TOKEN}.{SIGNATURE}", f"{HEAD}..{SIGNATURE}", f"{TOKEN}\n"),
    *(f" {TOKEN}", f"{TOKEN}\0", f"\ufeff{TOKEN}", f"{HEAD}.{PAYLOAD}==.{SIGNATURE}", f"{TOKEN}=="),
    *(TOKEN.replace(".", "\u3002"), f"{TOKEN}+", f"{HEAD}.{PAYLOAD}.\ud800", f"{HEAD}.{PAYLOAD}.é"),
    *("\uff0e" * 2, f"{HEAD}\n.{PAYLOAD}.{SIGNATURE}", f"{TOKEN}A===", "." * 1_000_000),
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[-9:]))
def test_what_is_not_three_chunks_of_base64_is_refused(text: str) -> None:
    for wrong in (text, text.encode("utf-8", "surrogatepass")):
        with pytest.raises((MalformedTokenError, SignatureError)) as caught:
            decode(wrong)
        assert len(str(caught.value)) < 200


@pytest.mark.parametrize("size", [0, 63, 65])
def test_a_signature_has_64_bytes(size: int) -> None:
    signature = "A" * (-(-size * 8 // 6))
    with pytest.raises(SignatureError, match=f"64 bytes, got {size}"):
        decode(f"{HEAD}.{PAYLOAD}.{signature}")


def test_a_token_of_a_mebibyte_is_read_and_no_longer_one() -> None:
    def padded(size: int) -> str:
        return forge({**BODY, "name": "n" * size})

    size = 786_000 + (MAX_CHARS - len(padded(786_000))) * 3 // 4
    assert MAX_CHARS - 2 <= len(padded(size)) <= MAX_CHARS
    assert len(decode(padded(size)).claims.name) == size
    for longer in (padded(size + 3), "x" * (MAX_CHARS + 1), b"." * 10_000_000):
        with pytest.raises(TokenTooLargeError, match=r"at most 1048576 characters, got \d+"):
            decode(longer)


SCOPE = (
    '{"iss":%s,"nats":{"type":"account","version":2,'
    '"signing_keys":[{"kind":"user_scope","key":"x","template":'
)
HOSTILE = {
    "deep list": '{"iss":%s,"sub":"x","nats":{"type":"user","version":2,"x":' + "[" * 100_000,
    "deep object": '{"iss":%s,"nats":{"type":"account","version":2,"limits":' + '{"a":' * 100_000,
    "many digits": '{"iss":%s,"exp":' + "9" * 5_000 + ',"nats":{"type":"user","version":2}}',
    "negative digits": '{"iss":%s,"exp":-' + "9" * 4_000 + ',"nats":{"type":"user","version":2}}',
    "many digits in a version": '{"iss":%s,"nats":{"type":"user","version":-' + "9" * 4_000 + "}}",
    "many digits in a scope": SCOPE + '{"subs":-' + "9" * 4_000 + "}}]}}",
    "many digits in a free body": '{"iss":%s,"sub":"x","nats":{"x":' + "9" * 4_000 + "}}",
    "infinity in a free body": '{"iss":%s,"sub":"x","nats":{"x":1e999}}',
    "infinity in a scope": SCOPE + '{"subs":1e999}}]}}',
    "NaN": '{"iss":%s,"exp":NaN,"nats":{"type":"user","version":2}}',
    "Infinity": '{"iss":%s,"nats":{"type":"user","version":2,"x":-Infinity}}',
    "NUL": '{"iss":%s,"nats":{"type":"user","version":2}}\0',
    "raw NUL": '{"iss":%s,"name":"\0","nats":{"type":"user","version":2}}',
    "issuer twice": '{"iss":%s,"iss":"x","nats":{"type":"user","version":2}}',
    "issuer twice, escaped": '{"iss":%s,"\\u0069ss":"x","nats":{"type":"user","version":2}}',
    "body twice": '{"iss":%s,"nats":{"type":"user","version":2},"nats":{"bearer_token":true}}',
    "boolean for integer": '{"iss":%s,"exp":true,"nats":{"type":"user","version":2}}',
    "integer for boolean": '{"iss":%s,"nats":{"type":"user","version":2,"bearer_token":1}}',
    "boolean version": '{"iss":%s,"nats":{"type":"user","version":true}}',
    "float version": '{"iss":%s,"nats":{"type":"user","version":2.0}}',
    "string version": '{"iss":%s,"nats":{"type":"user","version":"2"}}',
    "version 3": '{"iss":%s,"nats":{"type":"user","version":3}}',
    "version 0": '{"iss":%s,"nats":{"type":"user","version":0}}',
    "version -1": '{"iss":%s,"nats":{"type":"user","version":-1}}',
    "body is a list": '{"iss":%s,"nats":[{"type":"user","version":2}]}',
    "body is text": '{"iss":%s,"nats":"user"}',
    "list as type": '{"iss":%s,"nats":{"type":["user"],"version":2}}',
    "number as type": '{"iss":%s,"nats":{"type":0,"version":2}}',
    "false as type": '{"iss":%s,"nats":{"type":false}}',
    "object as type": '{"iss":%s,"nats":{"type":{}}}',
    "text as version of a free body": '{"iss":%s,"nats":{"type":"mine","version":""}}',
    "float as version of a free body": '{"iss":%s,"nats":{"type":"mine","version":0.0}}',
    "false as version of a free body": '{"iss":%s,"nats":{"type":"mine","version":false}}',
    "number as type at the top": '{"iss":%s,"type":0,"nats":{"type":"user","version":2}}',
    "false as type at the top": '{"iss":%s,"type":false,"nats":{"type":"user","version":2}}',
    "list as type at the top": '{"iss":%s,"type":[],"nats":{"type":"user","version":2}}',
    "object as type at the top": '{"iss":%s,"type":{"a":1},"nats":{"type":"user","version":2}}',
    "text as tags of a free body": '{"iss":%s,"nats":{"type":"mine","tags":"x"}}',
    "numbers as tags of a free body": '{"iss":%s,"nats":{"type":"mine","tags":[1]}}',
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_payloads_are_refused(name: str) -> None:
    payload = HOSTILE[name] % json.dumps(ACCOUNT.public_key)
    with pytest.raises((MalformedTokenError, ClaimsError, UnsupportedTokenError)) as caught:
        decode(forge(payload))
    assert len(str(caught.value)) < 300
    with pytest.raises(NatsAuthError):
        decode(forge(payload, old=True))


@pytest.mark.parametrize("depth", [100, 300, 400, 490, 600, 800, 900, 950, 980, 2_000, 10_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
@pytest.mark.parametrize("place", ["free body", "unknown member", "scope"])
def test_any_depth_is_read_or_refused(depth: int, opening: str, place: str) -> None:
    deep = opening * depth + "1" + {"[": "]"}.get(opening, "}") * depth
    payload = {
        "free body": '{"iss":%s,"sub":"x","nats":{"x":%s}}',
        "unknown member": '{"iss":%s,"sub":"x","nats":{"type":"user","version":2,"x":%s}}',
        "scope": '{"iss":%s,"sub":"x","nats":{"type":"account","version":2,"signing_keys":'
        '[{"kind":"user_scope","key":"x","x":%s}]}}',
    }[place] % (json.dumps(ACCOUNT.public_key), deep)
    try:
        claims = decode(forge(payload)).claims
    except NatsAuthError as error:
        assert depth > 100, error  # noqa: PT017 - a reasonable depth is read
    else:
        assert claims.kind == {"free body": "generic", "scope": "account"}.get(place, "user")


# Go's reader is blind to letter case, by Unicode's rules: U+017F is an s, U+212A a k.
FOLDED = ["Type", "TYPE", "\u017fub", "I\u017f\u017f", "NATS", "EXP", "nat\u017f", "Name"]


@pytest.mark.parametrize("name", FOLDED)
@pytest.mark.parametrize("body", [BODY, OLD_BODY, FREE_BODY], ids=["new", "old", "free"])
def test_names_that_go_takes_for_known_ones_are_refused(name: str, body: dict[str, Any]) -> None:
    member = {name: {"type": "user"} if name.casefold() == "nats" else "user"}
    for document in ({**body, **member}, {**member, **body}):
        with pytest.raises(ClaimsError, match="in that letter case"):
            decode(forge(document, old=body is OLD_BODY))


@pytest.mark.parametrize("name", ["iss", "nats", "sub"])
def test_a_name_in_other_letter_case_alone_is_refused_for_that(name: str) -> None:
    document = {"iss": ACCOUNT.public_key, **BODY}
    document[name.title()] = document.pop(name)
    with pytest.raises(ClaimsError, match="in that letter case"):
        decode(forge(json.dumps(document)))


@pytest.mark.parametrize(
    "name", ["Type", "VERSION", "Pub", "\u017fub", "bearer_To\u212aen", "Tags"]
)
def test_names_that_go_takes_for_known_ones_are_refused_in_the_body(name: str) -> None:
    body = {**BODY, "nats": {**BODY["nats"], name: None}}
    with pytest.raises(ClaimsError, match="in that letter case"):
        decode(forge(body))


@pytest.mark.parametrize("name", ["Type", "VERSION", "taGS"])
def test_names_that_decide_are_refused_in_a_free_body(name: str) -> None:
    with pytest.raises(ClaimsError, match="in that letter case"):
        decode(forge({"sub": "x", "nats": {"type": "mine", name: "user"}}))


def test_the_kind_decides_what_is_read_and_who_may_sign() -> None:
    # A type at the top makes it version 1, whatever the body says of itself.
    body = {"sub": "x", "type": "operator", "nats": {"type": "user", "version": 2}}
    with pytest.raises(IssuerError):
        decode(forge(body, ACCOUNT, old=True))
    claims = decode(forge(body, OPERATOR, old=True)).claims
    assert isinstance(claims, OperatorClaims)
    with pytest.raises(SignatureError):
        decode(forge(body, OPERATOR))
    for kind in ("User", "USER", "user ", "\u017fer", "account\0"):
        assert type(decode(forge({"sub": "x", "nats": {"type": kind}})).claims) is GenericClaims


@pytest.mark.parametrize("kind", ["cluster", "server"])
def test_kinds_of_old_that_nobody_reads_are_free_claims_in_a_new_header_alone(kind: str) -> None:
    body = {"sub": "x", "nats": {"type": kind}}
    assert type(decode(forge(body, SERVER)).claims) is GenericClaims
    for wrong, header in ((body, OLD_HEADER), ({"sub": "x", "type": kind}, HEADER)):
        with pytest.raises(UnsupportedTokenError, match=f"{kind} claims are no longer read"):
            decode(forge(wrong, SERVER, header=header, old=True))


V1_ACCOUNT = {"iss": ACCOUNT.public_key, "sub": ACCOUNT.public_key}


@pytest.mark.parametrize(
    "nats",
    [
        {"type": "account", "version": 1, "Type": "user"},
        {"type": "account", "version": 1, "Type": "activation"},
        {"type": "account", "version": 1, "Version": 2},
        {"type": "account", "version": 1, "Version": 7},
        {"type": "account", "version": 1, "Tags": 5},
        {"type": "user", "version": 1, "VERSION": 2},
        {"TYPE": 5},
    ],
    ids=str,
)
def test_no_other_letter_case_decides_about_version_1(nats: dict[str, Any]) -> None:
    # Go's reader takes the last of both names, and so reads another kind, or none.
    top = {} if "type" in nats else {"type": "account"}
    for old in (True, False):
        payload = json.dumps({**V1_ACCOUNT, **top, "nats": nats})
        with pytest.raises(ClaimsError, match="in that letter case"):
            decode(forge(payload, old=old))


@pytest.mark.parametrize(
    "member", [{"tags": "x"}, {"tags": 2}, {"version": "2"}, {"Tags": []}], ids=str
)
def test_generic_claims_have_good_members_at_the_top(member: dict[str, Any]) -> None:
    payload = json.dumps({**V1_ACCOUNT, "nats": {"type": "foo", "version": 2}, **member})
    with pytest.raises(ClaimsError):
        decode(forge(payload))


def test_minus_zero_stands_where_a_sign_may() -> None:
    head = f'{{"iss":"{ACCOUNT.public_key}","sub":"x","nats":{{"type":'
    user = decode(forge(f'{head}"user","version":2,"subs":-0,"resp":{{"max":-0,"ttl":1}}}}}}'))
    assert isinstance(user.claims, UserClaims)
    assert repr(user.claims.nats.subs) == "0"
    revoked = decode(forge(f'{head}"account","version":2,"revocations":{{"U":-0}}}}}}'))
    assert isinstance(revoked.claims, AccountClaims)
    assert revoked.claims.nats.revocations == {"U": 0}
    free = decode(forge(f'{head}"my","version":2,"x":-0}}}}'))
    assert '"x":-0' in free.claims.to_json()
    for unsigned in (
        '"mappings":{"a":[{"weight":-0}]}',
        '"exports":[{"account_token_position":-0}]',
    ):
        with pytest.raises(ClaimsError, match="expected integer from 0"):
            decode(forge(f'{head}"account","version":2,{unsigned}}}}}'))
