"""The same keys, signatures, sealed messages and creds files, here and in Go's nkeys and jwt/v2."""

from __future__ import annotations

import json
from base64 import b32decode, b32encode, b64decode, b64encode
from binascii import crc_hqx
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from natsauth import (
    Creds,
    CurveKeyPair,
    KeyPair,
    KeyType,
    NatsAuthError,
    PublicKey,
    UserClaims,
    encode,
    parse_claims,
)
from tests.interop.claims_strategies import Document, documents
from tests.interop.value_strategies import CURVE_KEYS, KEYS

if TYPE_CHECKING:
    from tests.interop.foreign import Program

pytestmark = pytest.mark.interop

PAIRS = [pair for pairs in KEYS.values() for pair in pairs]
SIGNER = KEYS[KeyType.ACCOUNT][0]
USER, OTHER_USER = KEYS[KeyType.USER][:2]
SENDER, RECIPIENT, STRANGER = CURVE_KEYS

alike = settings(max_examples=400, derandomize=True, deadline=None)


@pytest.mark.parametrize("pair", [*PAIRS, *CURVE_KEYS], ids=lambda pair: pair.public_key[:4])
def test_keys_of_every_role(go: Program, pair: KeyPair | CurveKeyPair) -> None:
    assert go.ask(op="keys", seed=pair.reveal_seed()) == {
        "public": pair.public_key,
        "private": pair.reveal_private_key(),
    }
    assert go.ask(op="public", key=pair.public_key) == {"roles": [pair.type], "valid": True}


# The first bytes of genuine public keys and seeds.
HEADS = [b32decode(pair.public_key[:8])[:1] for pair in PAIRS]
HEADS += [b32decode(pair.reveal_seed()[:8])[:2] for pair in PAIRS]


@st.composite
def key_texts(draw: st.DrawFn) -> str:
    """Draw the text of a key that was damaged, or made with any prefix, length and checksum."""
    if draw(st.booleans()):
        pair = draw(st.sampled_from([*PAIRS, *CURVE_KEYS]))
        text = draw(st.sampled_from([pair.public_key, pair.reveal_seed()]))
        start = draw(st.integers(0, len(text)))
        added = draw(st.text(st.sampled_from("ABCSUXZ27=1ué"), max_size=3))
        return text[:start] + added + text[start + draw(st.integers(0, 3)) :]
    head = draw(st.sampled_from(HEADS) | st.binary(min_size=1, max_size=2))
    data = head + bytes(draw(st.sampled_from([32, 31, 33, 16, 64, 0])))
    data += crc_hqx(data, 0).to_bytes(2, "little")
    return b32encode(data).decode().rstrip("=")


@alike
@given(text=key_texts())
def test_public_keys_are_taken_alike(go: Program, text: str) -> None:
    answer = go.ask(op="public", key=text)
    try:
        key = PublicKey.parse(text)
    except NatsAuthError:
        assert not answer["valid"] or not is_canonical(text)
    else:
        assert answer == {"roles": [key.type], "valid": True}


@alike
@given(text=key_texts())
def test_seeds_are_taken_alike(go: Program, text: str) -> None:
    answer = go.ask(op="keys", seed=text)
    kind = CurveKeyPair if text.startswith("SX") else KeyPair
    try:
        pair = kind.from_seed(text)
    except NatsAuthError:
        assert "error" in answer or not is_canonical(text)
    else:
        assert answer.get("public") == pair.public_key


def is_canonical(text: str) -> bool:
    """Tell whether there is no other text for the same bytes; Go takes other texts too."""
    data = b32decode(text + "=" * (-len(text) % 8))
    return b32encode(data).decode().rstrip("=") == text


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.public_key[:4])
def test_signatures_are_equal_and_verify(go: Program, pair: KeyPair) -> None:
    data = pair.public_key.encode() + bytes(range(256))
    signature = pair.sign(data)
    answer = go.ask(op="sign", seed=pair.reveal_seed(), data=base64(data))
    assert b64decode(answer["signature"]) == signature
    request = {"op": "verify", "key": pair.public_key, "signature": base64(signature)}
    assert go.ask(**request, data=base64(data)) == {}
    assert "error" in go.ask(**request, data=base64(data[1:]))


@pytest.mark.parametrize("message", [b"", b"x", b"hello xkeys", bytes(70_000)], ids=len)
def test_sealed_messages_open_on_the_other_side(go: Program, message: bytes) -> None:
    sealed = go.ask(
        op="seal", seed=SENDER.reveal_seed(), key=RECIPIENT.public_key, data=base64(message)
    )
    assert RECIPIENT.open(b64decode(sealed["data"]), SENDER.public_key) == message
    opened = go.ask(
        op="open",
        seed=RECIPIENT.reveal_seed(),
        key=SENDER.public_key,
        data=base64(SENDER.seal(message, RECIPIENT.public_key)),
    )
    assert b64decode(opened["data"]) == message


@alike
@given(
    at=st.integers(0, 55),
    flip=st.integers(0, 255),
    end=st.integers(0, 56),
    sender=st.sampled_from([SENDER, STRANGER]),
)
def test_damaged_sealed_messages_open_nowhere(
    go: Program, at: int, flip: int, end: int, sender: CurveKeyPair
) -> None:
    sealed = bytearray(SENDER.seal(b"hello xkeys!", RECIPIENT.public_key))
    sealed[at] ^= flip
    answer = go.ask(
        op="open",
        seed=RECIPIENT.reveal_seed(),
        key=sender.public_key,
        data=base64(sealed[:end]),
    )
    try:
        opened = RECIPIENT.open(bytes(sealed[:end]), sender.public_key)
    except NatsAuthError:
        assert "error" in answer
    else:
        assert b64decode(answer["data"]) == opened == b"hello xkeys!"


@settings(alike, max_examples=100)
@given(document=documents("user"))
def test_creds_files_are_equal(go: Program, document: Document) -> None:
    claims = parse_claims(json.dumps(document | {"sub": USER.public_key}), "user")
    assert isinstance(claims, UserClaims)
    creds = Creds.create(encode(claims, SIGNER), USER)
    text: str = go.ask(op="creds", token=creds.jwt, seed=USER.reveal_seed())["text"]
    assert creds.format() == text
    assert Creds.parse(text) == creds


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("tail", ["", "\n\n# more\n"], ids=["cut", "longer"])
def test_edited_creds_are_read_alike(go: Program, end: str, tail: str) -> None:
    creds = Creds.create(encode(UserClaims(sub=USER.public_key), SIGNER), USER)
    blocks, _, _ = creds.format().rpartition("\n\n***")
    edited = (blocks + tail).replace("\n", end)
    assert go.ask(op="parse_creds", text=edited) == {
        "token": creds.jwt,
        "seed": USER.reveal_seed(),
    }
    assert Creds.parse(edited) == creds


def test_creds_of_somebody_else_are_made_nowhere(go: Program) -> None:
    token = encode(UserClaims(sub=USER.public_key), SIGNER)
    for pair in (OTHER_USER, SIGNER):
        assert "error" in go.ask(op="creds", token=token.encoded, seed=pair.reveal_seed())
        with pytest.raises(NatsAuthError):
            Creds.create(token, pair)


def base64(data: bytes | bytearray) -> str:
    return b64encode(data).decode()
