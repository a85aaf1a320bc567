"""The same claims and tokens, here and in Go's jwt/v2."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, given, settings

from natsauth import KeyPair, KeyType, NatsAuthError, decode, encode, parse_claims, validate
from natsauth.claims import GenericClaims
from natsauth.errors import TokenTooLargeError
from natsauth.validation import EXTRA_CODES
from tests.interop.claims_strategies import Document, documents, signers, spoiled_documents
from tests.interop.token_strategies import (
    HEADER,
    TOKENS,
    canonical,
    damaged_tokens,
    forge,
    forged_tokens,
)
from tests.interop.value_strategies import KEYS

if TYPE_CHECKING:
    from natsauth.claims import Claims
    from tests.interop.foreign import Answer, Program

pytestmark = pytest.mark.interop

EXAMPLES = {
    "operator": 250,
    "account": 900,
    "user": 500,
    "activation": 200,
    "authorization_request": 200,
    "authorization_response": 150,
    "generic": 200,
}
# The members that Go keeps at the top; natsauth writes back what it does not know.
MEMBERS = ("aud", "exp", "jti", "iat", "iss", "name", "nbf", "sub", "nats")


def alike(examples: int) -> settings:
    """Return settings under which every run asks the same questions."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
    )


@pytest.mark.parametrize(("kind", "examples"), EXAMPLES.items())
def test_claims_are_read_validated_and_encoded_alike(go: Program, kind: str, examples: int) -> None:
    @alike(examples)
    @given(document=documents(kind), signer=signers(kind))
    def check(document: Document, signer: KeyPair) -> None:
        compare_encoding(go, kind, document, signer)

    check()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_spoiled_claims_are_refused_alike(go: Program, kind: str) -> None:
    @alike(100)
    @given(document=spoiled_documents(kind), signer=signers(kind))
    def check(document: Document, signer: KeyPair) -> None:
        compare_encoding(go, kind, document, signer)

    check()


def compare_encoding(go: Program, kind: str, document: Document, signer: KeyPair) -> None:
    """Assert equal findings, and equal tokens or refusals on both sides."""
    answer = go.ask(op="encode", type=kind, claims=document, seed=signer.reveal_seed())
    try:
        claims = parse_claims(json.dumps(document), kind)
    except NatsAuthError:
        assert "error" in answer
        return
    assert "validation" in answer, answer["error"]
    compare_findings(answer["validation"], claims)
    try:
        token = encode(claims, signer, now=answer.get("iat"))
    except NatsAuthError:
        assert "error" in answer
        return
    assert token.encoded == answer.get("token"), answer.get("error")
    _, read = compare_decoding(go, token.encoded)
    assert read


def compare_findings(answer: Answer, claims: Claims) -> None:
    report = validate(claims, now=int(time.time()))
    found = [issue for issue in report.issues if issue.code not in EXTRA_CODES]
    if "error" in answer:  # Go panics at a null export beside a limit on wildcards.
        assert any(issue.blocking for issue in found)
        return
    expected = Counter((issue["blocking"], issue["time_check"]) for issue in answer["issues"])
    assert Counter((issue.blocking, issue.time_check) for issue in found) == expected, answer


@alike(1000)
@given(token=forged_tokens())
def test_forged_tokens_are_read_alike(go: Program, token: str) -> None:
    answer, read = compare_decoding(go, token)
    assert read or "error" in answer


@alike(1000)
@given(token=damaged_tokens())
def test_damaged_tokens_are_refused(go: Program, token: str) -> None:
    answer, read = compare_decoding(go, token)
    if not read and "error" not in answer:
        assert canonical(token) in TOKENS


def compare_decoding(go: Program, token: str) -> tuple[Answer, bool]:
    """Assert that we refuse what Go refuses, and else read the same; return whether we read it."""
    answer = go.ask(op="decode", token=token)
    try:
        claims = decode(token).claims
    except NatsAuthError:
        return answer, False
    # Go's Decode refuses generic claims of version 2, which its DecodeGeneric reads.
    found = answer["generic"] if isinstance(claims, GenericClaims) and "error" in answer else answer
    assert "error" not in found, found["error"]
    if "unwritable" in found:
        with pytest.raises(NatsAuthError):
            claims.to_json()
    else:
        document = claims.to_dict()
        assert {name: document[name] for name in MEMBERS if name in document} == found["claims"]
    return answer, True


def user_token(member: bytes) -> str:
    """Sign a user whose payload starts with a member as it is written."""
    issuer = KEYS[KeyType.ACCOUNT][0]
    nats = b'"nats":{"type":"user","version":2}'
    payload = b'{%s,"iss":"%s",%s}' % (member, issuer.public_key.encode(), nats)
    return forge(HEADER, payload, issuer)


# Members as they are written, which Go and natsauth read or refuse alike.
ODDITIES = [
    rb'"name":"\ud800"',
    rb'"name":"\ud83d\ude00"',
    rb'"name":"\x41"',
    b'"name":"\xff\xc3\x28"',
    b'"name":"\x01"',
    b'"name":null',
    b'"exp":null',
    b'"exp":1e3',
    b'"exp":1.0',
    b'"exp":-0',
    b'"exp":01',
    b'"exp":+1',
    b'"exp":NaN',
    b'"exp":Infinity',
    b'"exp":9223372036854775807',
    b'"exp":9223372036854775808',
    b'"exp":"1"',
    b'"exp":true',
    b"'name':'x'",
    b'"name":"x",',
    b'/**/"name":"x"',
    b' \t\r\n"name" : "x"\n',
    b'\xa0"name":"x"',
]


@pytest.mark.parametrize("member", ODDITIES)
def test_odd_json_is_read_alike(go: Program, member: bytes) -> None:
    answer, read = compare_decoding(go, user_token(member))
    assert read == ("error" not in answer)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(user_token(b'"name":"a","name":"b"'), id="a name twice"),
        pytest.param(user_token(b'"Name":"a"'), id="a name in other letter case"),
        pytest.param(TOKENS[0] + "\n", id="a line break"),
        pytest.param(TOKENS[0][:-1] + chr(ord(TOKENS[0][-1]) + 1), id="unused bits"),
    ],
)
def test_leniency_of_go_is_not_shared(go: Program, token: str) -> None:
    answer, read = compare_decoding(go, token)
    assert "claims" in answer
    assert not read


def test_the_longest_token_is_read_and_no_longer_one(go: Program) -> None:
    longest = user_token(b'"name":"' + b"x" * 786_220 + b'"')
    assert len(longest) == 1 << 20
    assert compare_decoding(go, longest)[1]
    longer = user_token(b'"name":"' + b"x" * 786_221 + b'"')
    assert "error" in go.ask(op="decode", token=longer)
    with pytest.raises(TokenTooLargeError):
        decode(longer)
