"""What holds for tokens of every kind, and for what is none."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from nacl.bindings import crypto_sign_open

from natsauth import (
    KeyPair,
    PublicKey,
    Token,
    decode,
    encode,
    parse_claims,
    peek_unverified,
    prepare,
)
from natsauth.errors import NatsAuthError, SignatureError
from tests._tokens import ACCOUNT, FULL, IAT, OTHER_ACCOUNT, SERVER, forge, full
from tests.interop.claims_strategies import KINDS, documents, signers, spoiled_documents

kinds = pytest.mark.parametrize("kind", KINDS)
TOKENS = [encode(full(kind), signer, now=IAT).encoded for kind, (_, signer) in FULL.items()]
junk = st.text(st.characters(exclude_categories=())) | st.binary()


def attempt(document: Any, kind: str, signer: KeyPair) -> Token[Any] | None:
    """Return the token of a document, or None where it is refused."""
    try:
        claims = parse_claims(document, kind)
        before = deepcopy(claims)
    except NatsAuthError:
        return None
    try:
        return encode(claims, signer, now=IAT)
    except NatsAuthError:
        return None
    finally:
        assert claims == before


@kinds
@given(st.data())
def test_what_is_encoded_is_decoded(kind: str, data: st.DataObject) -> None:
    signer = data.draw(signers(kind))
    token = attempt(data.draw(documents(kind)), kind, signer)
    assume(token is not None)
    assert token is not None
    again = decode(token.encoded)
    assert (again, again.claims) == (token, token.claims)
    assert (again.claims.iss, again.claims.iat) == (signer.public_key, IAT)
    assert peek_unverified(token.encoded) == again.claims
    assert encode(again.claims, signer, now=IAT).claims.jti == again.claims.jti


@kinds
@given(st.data())
def test_a_spoiled_document_makes_a_readable_token_or_none(kind: str, data: st.DataObject) -> None:
    token = attempt(data.draw(spoiled_documents(kind)), kind, data.draw(signers(kind)))
    if token is not None:
        assert decode(token.encoded).claims == token.claims


@kinds
@given(st.data())
def test_the_signature_is_over_the_text(kind: str, data: st.DataObject) -> None:
    signer = data.draw(signers(kind))
    token = attempt(data.draw(documents(kind)), kind, signer)
    assume(token is not None)
    assert token is not None
    text, _, signature = token.encoded.encode().rpartition(b".")
    raw = urlsafe_b64decode(signature + b"==")
    assert crypto_sign_open(raw + text, PublicKey.parse(signer.public_key).raw) == text
    unsigned = prepare(token.claims, signer.public_key, now=IAT)
    assert unsigned.data.partition(b".")[0] == text.partition(b".")[0]


@kinds
@given(st.data())
def test_a_forged_document_is_read_as_it_stands_or_refused(kind: str, data: st.DataObject) -> None:
    document = data.draw(spoiled_documents(kind))
    signer = data.draw(signers(kind))
    document = {**document, "iss": signer.public_key}
    if isinstance(document.get("nats"), dict) and data.draw(st.booleans()):
        document["nats"] = {"type": kind, "version": 2, **document["nats"]}
    text = forge(json.dumps(document), signer, old=data.draw(st.booleans()))
    try:
        token = decode(text)
    except NatsAuthError:
        return
    assert token.encoded == text
    assert token.claims.iss == signer.public_key
    assert signer.type in token.claims.issuers


@given(junk)
def test_junk_is_refused(text: str | bytes) -> None:
    for read in (decode, peek_unverified):
        with pytest.raises(NatsAuthError):
            read(text)


@given(st.text(st.characters(exclude_categories=())) | st.binary())
def test_signed_junk_is_refused(payload: str | bytes) -> None:
    data = payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else payload
    with pytest.raises(NatsAuthError):
        decode(forge(data))


@given(st.sampled_from(TOKENS), st.data())
def test_a_changed_token_is_refused(token: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(token) - 1))
    size = data.draw(st.integers(0, 5))
    piece = data.draw(st.text(st.sampled_from("Aw-_.=+ \n\x00é{"), max_size=5))
    changed = token[:place] + piece + token[place + size :]
    assume(changed != token)
    with pytest.raises(NatsAuthError):
        decode(changed)


@given(st.sampled_from(TOKENS), st.sampled_from(TOKENS), st.sampled_from(TOKENS))
def test_chunks_of_different_tokens_make_none(first: str, second: str, third: str) -> None:
    mixed = ".".join([first.split(".", maxsplit=1)[0], second.split(".")[1], third.split(".")[2]])
    if second == third:
        assert decode(mixed).encoded == second
    else:
        with pytest.raises(SignatureError):
            decode(mixed)


@given(st.sampled_from(TOKENS), st.sampled_from([ACCOUNT, OTHER_ACCOUNT, SERVER]))
def test_nobody_signs_for_another(token: str, thief: KeyPair) -> None:
    claims = decode(token).claims
    assume(claims.iss != thief.public_key)
    unsigned = prepare(claims, claims.iss, now=IAT)
    with pytest.raises(SignatureError):
        unsigned.attach(thief.sign(unsigned.data))
