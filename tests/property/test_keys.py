"""What holds for keys of every kind."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress

import nkeys
from hypothesis import given
from hypothesis import strategies as st

from natsauth import CurveKeyPair, KeyPair, KeyType, PublicKey, _strkey
from natsauth.errors import KeyTextError, NatsAuthError, SealError, SignatureError

raws = st.binary(min_size=32, max_size=32)
roles = st.sampled_from([role for role in KeyType if role is not KeyType.CURVE])
pairs = st.builds(KeyPair, roles, raws)
curve_pairs = st.builds(CurveKeyPair, raws)
alphabet = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567abz0189= \né\ud800")


@given(roles, raws)
def test_a_pair_comes_back_from_its_seed(role: KeyType, raw: bytes) -> None:
    pair = KeyPair.from_raw_seed(role, raw)
    again = KeyPair.from_seed(pair.reveal_seed(), expect=role)
    assert again == pair
    assert again.reveal_seed() == pair.reveal_seed()
    assert PublicKey.parse(pair.public_key) == pair.public
    assert again.reveal_private_key() == pair.reveal_private_key()
    assert PublicKey(role, pair.public.raw) == pair.public


@given(pairs, st.binary())
def test_another_package_makes_the_same_signatures(pair: KeyPair, data: bytes) -> None:
    other = nkeys.from_seed(pair.reveal_seed().encode())
    assert other.public_key.decode() == pair.public_key
    signature = pair.sign(data)
    assert other.sign(data) == signature
    assert other.verify(data, signature)


@given(pairs, st.binary(), st.data())
def test_a_signature_is_for_its_data_and_key_alone(
    pair: KeyPair, data: bytes, draw: st.DataObject
) -> None:
    signature = pair.sign(data)
    pair.verify(data, signature)
    other_data = draw.draw(st.binary())
    other_pair = draw.draw(pairs)
    place = draw.draw(st.integers(0, 63))
    changed = bytearray(signature)
    changed[place] ^= draw.draw(st.integers(1, 255))
    wrong = [
        (pair, data, bytes(changed)),
        (pair, other_data, signature),
        (other_pair, data, signature),
    ]
    for who, what, how in wrong:
        if (who.public.raw, what, how) != (pair.public.raw, data, signature):
            with suppress(SignatureError):
                who.verify(what, how)
                raise AssertionError


@given(st.text(alphabet, max_size=60) | st.text(alphabet, min_size=56, max_size=58) | st.binary())
def test_every_text_is_a_key_or_an_error(text: str | bytes) -> None:
    for read in (KeyPair.from_seed, CurveKeyPair.from_seed, PublicKey.parse):
        with suppress(NatsAuthError):
            read(text)
            raise AssertionError  # random text has no checksum


@given(st.binary(max_size=40))
def test_of_all_bytes_with_a_checksum_only_keys_are_keys(data: bytes) -> None:
    checked = data + binascii.crc_hqx(data, 0).to_bytes(2, "little")
    text = base64.b32encode(checked).decode().rstrip("=")
    try:
        key = PublicKey.parse(text)
    except KeyTextError:
        assert len(data) != 33 or data[0] not in {role.prefix for role in KeyType}
    else:
        assert (str(key), key.raw, key.type.prefix) == (text, data[1:], data[0])


@given(pairs, st.integers(0, 57), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_one_changed_character_is_always_noticed(pair: KeyPair, place: int, other: str) -> None:
    seed, public = pair.reveal_seed(), pair.public_key
    if seed[place] != other:
        with suppress(KeyTextError):
            _strkey.decode_seed(seed[:place] + other + seed[place + 1 :])
            raise AssertionError
    if place < len(public) and public[place] != other:
        with suppress(KeyTextError):
            PublicKey.parse(public[:place] + other + public[place + 1 :])
            raise AssertionError


@given(curve_pairs, curve_pairs, st.binary())
def test_what_is_sealed_is_opened(
    sender: CurveKeyPair, recipient: CurveKeyPair, data: bytes
) -> None:
    sealed = sender.seal(data, recipient.public_key)
    assert len(sealed) == len(data) + 44
    assert recipient.open(sealed, sender.public_key) == data
    # X25519 is symmetric: the sender can open it too, with the recipient as the other side.
    assert sender.open(sealed, recipient.public_key) == data


@given(curve_pairs, st.binary(max_size=100))
def test_no_bytes_open_by_chance(pair: CurveKeyPair, data: bytes) -> None:
    for sealed in (data, b"xkv1" + data, b"xkv1" + bytes(24) + data):
        with suppress(SealError):
            pair.open(sealed, pair.public)
            raise AssertionError


@given(curve_pairs)
def test_a_curve_pair_comes_back_from_its_seed(pair: CurveKeyPair) -> None:
    again = CurveKeyPair.from_seed(pair.reveal_seed(), expect=KeyType.CURVE)
    assert again == pair
    assert again.reveal_private_key() == pair.reveal_private_key()
