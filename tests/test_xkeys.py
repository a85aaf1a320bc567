"""Curve keys against Go's nkeys: what is sealed opens there, and only there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from nacl.bindings import crypto_scalarmult_base

from natsauth import xkeys
from natsauth.errors import KeyRoleError, KeyTextError, SealError, SecretError, UsageError
from natsauth.keys import KeyType, PublicKey
from natsauth.xkeys import CurveKeyPair
from tests._tokens import CURVE, USER, shown
from tests._vectors import SPEC

if TYPE_CHECKING:
    from collections.abc import Callable

OTHER = CurveKeyPair(bytes([7]) * 32)
SEALED = bytes.fromhex(SPEC["xkeys"][0]["sealed_hex"])
RAW = bytes([6]) * 32

rows = pytest.mark.parametrize("row", SPEC["xkeys"], ids=lambda row: repr(row["plain"]))


@pytest.mark.parametrize("row", [row for row in SPEC["keys"] if row["role"] == "x25519"])
def test_curve_key_pairs_are_those_of_go(row: dict[str, Any]) -> None:
    pair = CurveKeyPair.from_seed(row["seed"], expect=KeyType.CURVE)
    assert (pair.public_key, pair.type) == (row["public"], KeyType.CURVE)
    assert (pair.reveal_seed(), pair.reveal_private_key()) == (row["seed"], row["private"])
    assert CurveKeyPair.from_raw_seed(bytes([row["raw_seed_byte"]]) * 32) == pair
    assert pair.public.raw == crypto_scalarmult_base(bytes([row["raw_seed_byte"]]) * 32)


@rows
def test_sealed_messages_are_those_of_go(
    row: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    nonce = bytes.fromhex(row["nonce_hex"])
    monkeypatch.setattr(xkeys, "urandom", nonce.ljust)
    sender = CurveKeyPair.from_seed(row["sender_seed"])
    assert sender.seal(row["plain"].encode(), row["recipient_public"]).hex() == row["sealed_hex"]


@rows
def test_messages_sealed_by_go_are_opened(row: dict[str, Any]) -> None:
    sender = CurveKeyPair.from_seed(row["sender_seed"])
    assert OTHER.public_key == row["recipient_public"]
    assert OTHER.open(bytes.fromhex(row["sealed_hex"]), sender.public_key).decode() == row["plain"]


def test_a_message_opens_for_the_recipient_alone() -> None:
    sender, recipient, third = (CurveKeyPair.generate() for _ in range(3))
    sealed = sender.seal(b"data", recipient.public)
    assert len(sealed) == 44 + 4
    assert sealed != sender.seal(b"data", recipient.public)
    assert recipient.open(sealed, sender.public) == b"data"
    for pair, key in ((third, sender), (recipient, third), (sender, sender)):
        with pytest.raises(SealError, match="not sealed by this sender for this key"):
            pair.open(sealed, key.public_key)


def test_big_and_empty_messages_are_sealed() -> None:
    for data in (b"", b"\x00", bytes(1_000_000)):
        assert OTHER.open(CURVE.seal(data, OTHER.public), CURVE.public) == data


def test_every_changed_byte_is_noticed() -> None:
    for place in range(len(SEALED)):
        changed = bytearray(SEALED)
        changed[place] ^= 1
        with pytest.raises(SealError):
            OTHER.open(bytes(changed), CURVE.public)


def test_what_is_too_short_or_of_another_version_is_refused() -> None:
    for size in (0, 3, 4, 28):
        with pytest.raises(SealError, match=f"more than 28 bytes, got {size}"):
            OTHER.open(SEALED[:size], CURVE.public)
    for size in (29, 43, len(SEALED) - 1):
        with pytest.raises(SealError, match="not sealed by this sender"):
            OTHER.open(SEALED[:size], CURVE.public)
    with pytest.raises(SealError, match="version xkv1"):
        OTHER.open(b"xkv2" + SEALED[4:], CURVE.public)


# X25519 gives zero for these, whatever the secret; libsodium refuses them.
WEAK = [bytes(32), b"\x01" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f"]


@pytest.mark.parametrize("raw", WEAK, ids=bytes.hex)
def test_weak_keys_are_refused(raw: bytes) -> None:
    weak = PublicKey(KeyType.CURVE, raw)
    with pytest.raises(SealError, match="cannot be sealed"):
        CURVE.seal(b"data", weak)
    with pytest.raises(SealError, match="not sealed by this sender"):
        OTHER.open(SEALED, weak)


def uses_of(peer: Any) -> list[Callable[[], object]]:
    return [lambda: CURVE.seal(b"data", peer), lambda: CURVE.open(SEALED, peer)]


@pytest.mark.parametrize(
    "peer",
    ["", "X", CURVE.public_key[:-1], CURVE.public_key * 2, CURVE.reveal_seed(), b"\xff" * 56],
)
def test_the_other_side_is_a_key(peer: Any) -> None:
    for use in uses_of(peer):
        with pytest.raises(KeyTextError) as caught:
            use()
        assert CURVE.reveal_seed() not in shown(caught.value)


def test_the_other_side_is_a_curve_key() -> None:
    for peer in (USER.public_key, USER.public):
        for use in uses_of(peer):
            with pytest.raises(KeyRoleError, match="expected a public curve key"):
                use()
    for wrong in (None, 5, CURVE, [CURVE.public_key]):
        for use in uses_of(wrong):
            with pytest.raises(UsageError):
                use()


@pytest.mark.parametrize("wrong", [None, 5, "text", [1], ...], ids=repr)
def test_only_bytes_are_sealed_and_opened(wrong: Any) -> None:
    with pytest.raises(UsageError):
        CURVE.seal(wrong, OTHER.public)
    with pytest.raises(UsageError):
        OTHER.open(wrong, CURVE.public)
    with pytest.raises(UsageError):
        CurveKeyPair(wrong)


def test_raw_seeds_are_32_bytes_of_any_kind() -> None:
    for size in (0, 31, 33):
        with pytest.raises(KeyTextError, match=f"expected 32 bytes, got {size}"):
            CurveKeyPair.from_raw_seed(bytes(size))


@pytest.mark.parametrize("like", [bytearray, memoryview])
def test_bytes_like_data_is_taken_as_bytes(like: Callable[[bytes], Any]) -> None:
    assert OTHER.open(like(CURVE.seal(like(b"data"), OTHER.public)), CURVE.public) == b"data"
    assert CurveKeyPair.from_raw_seed(like(RAW)) == CURVE


def test_the_seed_of_a_signing_key_makes_no_curve_key() -> None:
    with pytest.raises(KeyRoleError, match="expected a seed of role curve, got one of role user"):
        CurveKeyPair.from_seed(USER.reveal_seed())


def test_a_wiped_pair_refuses_every_use() -> None:
    pair = CurveKeyPair.from_seed(CURVE.reveal_seed())
    pair.wipe()
    uses: list[Callable[[], object]] = [
        pair.reveal_seed,
        pair.reveal_private_key,
        lambda: pair.seal(b"data", OTHER.public),
        lambda: pair.open(SEALED, OTHER.public),
    ]
    for use in uses:
        with pytest.raises(SecretError, match=f"{pair.public_key} was wiped"):
            use()
    assert repr(pair) == f"<CurveKeyPair {CURVE.public_key} wiped>"
    assert pair == CURVE
    assert CURVE.reveal_seed() not in repr(CURVE)
