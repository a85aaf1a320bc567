"""Key pairs and public keys against Go's nkeys, and what never shows a secret."""

from __future__ import annotations

import base64
import copy
import logging
import pickle
from typing import TYPE_CHECKING, Any

import nkeys
import pytest

from natsauth import _strkey
from natsauth.errors import (
    FileError,
    KeyRoleError,
    KeyTextError,
    NatsAuthError,
    SecretError,
    SignatureError,
    UsageError,
)
from natsauth.keys import (
    KeyPair,
    KeyType,
    PublicKey,
    SecretKey,
    is_public_key,
    parse_public,
    verify,
)
from natsauth.xkeys import CurveKeyPair
from tests._tokens import ACCOUNT, CURVE, OPERATOR, SIGNERS, USER, shown
from tests._vectors import SPEC, records

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROLES = {str(role): role for role in KeyType} | {"x25519": KeyType.CURVE}
SIGNING_ROLES = [role for role in KeyType if role is not KeyType.CURVE]
RAW = bytes([3]) * 32
SEED = USER.reveal_seed()

signing_rows = pytest.mark.parametrize(
    "row", [row for row in SPEC["keys"] if row["role"] != "x25519"], ids=lambda row: row["seed"][:4]
)
every_role = pytest.mark.parametrize("role", KeyType)
every_signing_role = pytest.mark.parametrize("role", SIGNING_ROLES)


@signing_rows
def test_key_pairs_are_those_of_go(row: dict[str, Any]) -> None:
    pair = KeyPair.from_seed(row["seed"])
    assert (pair.public_key, pair.type) == (row["public"], ROLES[row["role"]])
    assert (pair.reveal_seed(), pair.reveal_private_key()) == (row["seed"], row["private"])
    assert KeyPair.from_raw_seed(pair.type, bytes([row["raw_seed_byte"]]) * 32) == pair


def test_signatures_are_those_of_go() -> None:
    row = SPEC["nonce_signature"]
    signature = KeyPair.from_seed(row["seed"]).sign(row["message"].encode())
    assert base64.urlsafe_b64encode(signature).rstrip(b"=").decode() == row["sig_b64url"]


def test_public_keys_are_read_as_by_go_but_only_in_canonical_form() -> None:
    only_in_go = set()
    for row in records("nkeys.jsonl"):
        key, roles = row["key"], [ROLES[name] for name in row["public_of"]]
        read = [role for role in KeyType if is_public_key(key, role)]
        if read == roles:
            continue
        assert read == []
        only_in_go.add(why_no_public_key(key))
    assert only_in_go == {"length", "low bits"}


def why_no_public_key(key: str) -> str:
    if len(key) != _strkey.PUBLIC_CHARS:
        return "length"
    return "low bits" if base64.b32decode(key + "=" * (-len(key) % 8))[0] & 7 else "no reason"


def test_seeds_are_read_as_by_go_but_only_of_32_bytes() -> None:
    only_in_go = set()
    for row in records("nkeys.jsonl"):
        pair = restored(row["key"])
        if "seed_error" in row:
            assert pair is None, row
        elif pair is None:
            only_in_go.add(len(row["key"]))
        else:
            assert (pair.public_key, pair.reveal_private_key()) == (row["public"], row["private"])
    assert _strkey.SEED_CHARS not in only_in_go
    assert only_in_go


def restored(seed: str) -> KeyPair | CurveKeyPair | None:
    try:
        return CurveKeyPair.from_seed(seed) if seed.startswith("SX") else KeyPair.from_seed(seed)
    except KeyTextError:
        return None


@every_role
def test_a_role_has_a_letter_and_a_prefix(role: KeyType) -> None:
    key = PublicKey(role, RAW)
    assert key.public_key[0] == role.letter
    assert role.prefix == "ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(role.letter) << 3
    assert parse_public(key.public_key) == (role, RAW)
    assert [other for other in KeyType if is_public_key(key.public_key, other)] == [role]


@every_signing_role
def test_a_generated_pair_works_and_is_new(role: KeyType) -> None:
    first, second = KeyPair.generate(role), KeyPair.generate(role)
    assert first != second
    assert KeyPair.from_seed(first.reveal_seed(), expect=role) == first
    first.verify(b"data", first.sign(b"data"))


@pytest.mark.parametrize(
    "text", [f" {SEED}\r\n", SEED.encode(), bytearray(f"{SEED}\n", "ascii")], ids=type
)
def test_a_seed_may_be_bytes_with_white_space_around(text: str | bytes | bytearray) -> None:
    assert KeyPair.from_seed(text) == USER


NO_SEEDS = [
    *("", SEED[:-1], SEED.lower(), f"{SEED}\n\n{SEED}", SEED[:29] + "\n" + SEED[29:]),
    *(USER.public_key, USER.reveal_private_key(), "S" * 58, "SU" + "A" * 56, "\ud800" * 58),
    "é".encode() * 29,
]


@pytest.mark.parametrize("text", NO_SEEDS)
def test_what_is_no_seed_is_refused(text: str | bytes) -> None:
    with pytest.raises(KeyTextError):
        KeyPair.from_seed(text)


@pytest.mark.parametrize("letter", ["M", "V", "P", "S", "Z", "B"])
def test_a_seed_of_an_unknown_role_is_refused(letter: str) -> None:
    seed = _strkey.encode_seed((ord(letter) - ord("A")) << 3, RAW)
    with pytest.raises(KeyTextError, match="names no role"):
        KeyPair.from_seed(seed)


def test_the_expected_role_is_demanded() -> None:
    assert KeyPair.from_seed(SEED, expect=KeyType.USER) == USER
    with pytest.raises(KeyRoleError, match="expected a seed of role account, got one of role user"):
        KeyPair.from_seed(SEED, expect=KeyType.ACCOUNT)
    assert PublicKey.parse(USER.public_key, expect=KeyType.USER) == USER.public
    for key in (USER.public_key, USER.public):
        with pytest.raises(KeyRoleError, match="expected a public account key, got a public user"):
            PublicKey.parse(key, expect=KeyType.ACCOUNT)


@pytest.mark.parametrize("make", [KeyPair.from_seed, PublicKey.parse])
def test_a_role_is_a_key_type(make: Callable[..., object]) -> None:
    text = SEED if make == KeyPair.from_seed else USER.public_key
    for wrong in ("user", "U", 160, True):
        with pytest.raises(UsageError):
            make(text, expect=wrong)


def test_a_curve_key_signs_nothing() -> None:
    makers: list[Callable[[], object]] = [
        lambda: KeyPair.generate(KeyType.CURVE),
        lambda: KeyPair.from_raw_seed(KeyType.CURVE, RAW),
        lambda: KeyPair.from_seed(CURVE.reveal_seed()),
    ]
    for make in makers:
        with pytest.raises(KeyRoleError, match="a curve key cannot sign") as caught:
            make()
        assert "CurveKeyPair" in caught.value.hint
    with pytest.raises(KeyRoleError, match="cannot verify"):
        CURVE.public.verify(b"data", bytes(64))


def test_a_signature_is_verified_by_the_right_key_over_the_right_data() -> None:
    signature = USER.sign(b"data")
    USER.verify(b"data", signature)
    wrong = [
        (b"Data", signature),
        (b"data", signature[:-1] + b"\xff"),
        (b"data", ACCOUNT.sign(b"data")),
    ]
    for data, other in wrong:
        with pytest.raises(SignatureError, match="does not verify"):
            USER.public.verify(data, other)
    assert USER.sign(b"data") == signature


@pytest.mark.parametrize("size", [0, 1, 63, 65, 128])
def test_a_signature_has_64_bytes(size: int) -> None:
    with pytest.raises(SignatureError, match=f"a signature has 64 bytes, got {size}"):
        verify(USER.public.raw, b"data", bytes(size))


def test_a_signature_is_not_moved_into_the_data() -> None:
    # crypto_sign_open() reads signature and data as one text; the cut is at byte 64.
    signature = USER.sign(b"data")
    with pytest.raises(SignatureError):
        USER.public.verify(b"ata", signature + b"d")
    with pytest.raises(SignatureError):
        USER.public.verify(signature[-1:] + b"data", signature[:-1])


def test_weak_public_keys_verify_nothing() -> None:
    for raw in (bytes(32), b"\x01" + bytes(31), b"\xff" * 32):
        with pytest.raises(SignatureError):
            PublicKey(KeyType.USER, raw).verify(b"data", bytes(64))


WRONG: list[Any] = [None, 5, 1.5, "text", [], [1, 2], [300], (1,), {}, ..., True, range(3)]


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_only_bytes_are_signed_and_verified(wrong: Any) -> None:
    uses: list[Callable[[], object]] = [
        lambda: USER.sign(wrong),
        lambda: USER.verify(wrong, bytes(64)),
        lambda: USER.verify(b"data", wrong),
        lambda: USER.public.verify(b"data", wrong),
    ]
    for use in uses:
        with pytest.raises(UsageError):
            use()


@pytest.mark.parametrize("like", [bytearray, memoryview])
def test_bytes_like_data_is_signed_and_verified_as_bytes(like: Callable[[bytes], Any]) -> None:
    signature = USER.sign(b"data")
    USER.public.verify(like(b"data"), like(signature))
    assert USER.sign(like(b"data")) == signature
    assert PublicKey(KeyType.USER, like(USER.public.raw)) == USER.public
    assert KeyPair(KeyType.USER, like(RAW)) == USER


@pytest.mark.parametrize("wrong", [w for w in WRONG if not isinstance(w, str)], ids=repr)
def test_keys_are_text(wrong: Any) -> None:
    for read in (KeyPair.from_seed, PublicKey.parse):
        with pytest.raises(UsageError):
            read(wrong)


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_raw_keys_are_bytes(wrong: Any) -> None:
    makers: list[Callable[[], object]] = [
        lambda: KeyPair(KeyType.USER, wrong),
        lambda: PublicKey(KeyType.USER, wrong),
        lambda: KeyPair(wrong, RAW),
        lambda: KeyPair.generate(wrong),
        lambda: PublicKey(wrong, RAW),
    ]
    for make in makers:
        with pytest.raises(UsageError):
            make()


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_raw_keys_have_32_bytes(size: int) -> None:
    for make in (KeyPair.from_raw_seed, PublicKey):
        with pytest.raises(KeyTextError, match=f"expected 32 bytes, got {size}"):
            make(KeyType.USER, bytes(size))


@pytest.mark.parametrize("text", [SEED, "S" * 56, USER.public_key + "A", "", " " + USER.public_key])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(KeyTextError):
        PublicKey.parse(text)
    assert not is_public_key(text, KeyType.USER)


def test_a_private_key_is_no_public_key() -> None:
    for head in (_strkey.PRIVATE_PREFIX, _strkey.SEED_PREFIX, 12 << 3):
        text = _strkey.encode(bytes([head]), RAW)
        with pytest.raises(KeyTextError, match=f"no role has the letter '{text[0]}'") as caught:
            PublicKey.parse(text)
        assert ("keep it secret" in caught.value.hint) == (text[0] == "S")


def test_public_keys_are_values() -> None:
    key = PublicKey.parse(USER.public_key.encode())
    assert (str(key), repr(key)) == (USER.public_key, f"PublicKey('{USER.public_key}')")
    assert PublicKey.parse(key) is key
    assert {key, PublicKey(KeyType.USER, key.raw)} == {key}
    assert key != PublicKey(KeyType.ACCOUNT, key.raw)
    assert key != USER.public_key
    assert copy.deepcopy(key) == pickle.loads(pickle.dumps(key)) == key  # noqa: S301


def test_key_pairs_are_equal_when_their_public_keys_are() -> None:
    again = KeyPair.from_seed(SEED)
    assert {again, USER} == {USER}
    assert again != ACCOUNT
    assert again != again.public
    assert again != SEED


def test_the_same_pair_for_the_nkeys_package() -> None:
    pair = USER.to_nkeys()
    assert isinstance(pair, nkeys.KeyPair)
    assert pair.public_key.decode() == USER.public_key
    assert pair.sign(b"data") == USER.sign(b"data")


def test_a_pair_shows_its_public_half_alone(caplog: pytest.LogCaptureFixture) -> None:
    assert repr(USER) == str(USER) == f"<KeyPair {USER.public_key}>"
    logging.getLogger(__name__).warning("%s %r", USER, [USER, {"key": USER}])
    assert SEED not in caplog.text
    assert not hasattr(USER, "__dict__")


@pytest.mark.parametrize("pair", [USER, CURVE], ids=["signing", "curve"])
@pytest.mark.parametrize(
    "way",
    [copy.copy, copy.deepcopy, pickle.dumps, lambda pair: pickle.dumps([pair], protocol=0)],
    ids=["copy", "deepcopy", "pickle", "old pickle"],
)
def test_a_pair_is_neither_copied_nor_pickled(
    pair: SecretKey, way: Callable[[object], object]
) -> None:
    with pytest.raises(SecretError, match="neither pickled nor copied") as caught:
        way(pair)
    assert pair.reveal_seed() not in shown(caught.value)


CORRUPT = SEED[:-4] + "AAAA"


@pytest.mark.parametrize(
    "use",
    [
        lambda: PublicKey.parse(SEED),
        lambda: PublicKey.parse(SEED.encode()),
        lambda: parse_public(SEED),
        lambda: PublicKey.parse(USER.reveal_private_key()),
        lambda: KeyPair.from_seed(CORRUPT),
        lambda: KeyPair.from_seed(CORRUPT.lower()),
        lambda: KeyPair.from_seed(f"seed: {SEED}"),
        lambda: KeyPair.from_seed(SEED.encode() + b"\xff"),
        lambda: KeyPair.from_seed(SEED, expect=KeyType.ACCOUNT),
        lambda: CurveKeyPair.from_seed(SEED),
        lambda: KeyPair.from_seed([SEED]),  # type: ignore[arg-type]
        lambda: KeyPair.generate(SEED),  # type: ignore[arg-type]
        lambda: KeyPair.from_raw_seed(SEED, KeyType.USER),  # type: ignore[arg-type]
        lambda: KeyPair.from_raw_seed(RAW, KeyType.USER),  # type: ignore[arg-type]
        lambda: KeyPair.from_raw_seed(KeyType.USER, RAW + b"\n"),
        lambda: KeyPair.from_raw_seed(KeyType.USER, SEED),  # type: ignore[arg-type]
        lambda: PublicKey(RAW, KeyType.USER),  # type: ignore[arg-type]
        lambda: USER.sign([SEED]),  # type: ignore[arg-type]
    ],
)
def test_no_error_shows_a_secret(use: Callable[[], object]) -> None:
    with pytest.raises(NatsAuthError) as caught:
        use()
    text = shown(caught.value)
    for secret in (SEED, CORRUPT, CORRUPT.lower(), USER.reveal_private_key(), repr(RAW)[2:-1]):
        assert secret not in text


@every_signing_role
def test_a_wiped_pair_refuses_every_use(role: KeyType) -> None:
    pair = KeyPair.from_seed(SIGNERS[role].reveal_seed())
    signature = pair.sign(b"data")
    pair.wipe()
    uses: list[Callable[[], object]] = [
        pair.reveal_seed,
        pair.reveal_private_key,
        pair.to_nkeys,
        lambda: pair.sign(b"data"),
        lambda: pair.verify(b"data", signature),
    ]
    for use in uses:
        with pytest.raises(SecretError, match=f"{pair.public_key} was wiped"):
            use()
    assert repr(pair) == f"<KeyPair {pair.public_key} wiped>"
    assert pair == SIGNERS[role]
    pair.public.verify(b"data", signature)
    pair.wipe()


def test_what_is_asked_for_a_role_may_be_anything() -> None:
    assert is_public_key(OPERATOR.public_key, KeyType.OPERATOR)
    wrong: Any
    for wrong in (None, 5, [], b"O", OPERATOR):
        assert not is_public_key(wrong, KeyType.OPERATOR)


def test_the_base_of_both_pairs_restores_none() -> None:
    with pytest.raises(NotImplementedError):
        SecretKey.from_seed(SEED)


def test_a_seed_is_written_for_its_owner_and_read_back(tmp_path: Path) -> None:
    for pair, name in ((USER, "user.nk"), (CURVE, "curve.nk")):
        file = tmp_path / name
        pair.write(file)
        assert file.read_text() == pair.reveal_seed()
        assert file.stat().st_mode & 0o777 == 0o600
        assert type(pair).read(file) == pair
        assert type(pair).read(str(file), expect=pair.type) == pair
        with pytest.raises(FileError, match="exists"):
            pair.write(file)
        pair.write(file, overwrite=True)
    with pytest.raises(KeyRoleError):
        KeyPair.read(tmp_path / "user.nk", expect=KeyType.ACCOUNT)
    with pytest.raises(FileError):
        KeyPair.read(tmp_path / "none.nk")


def test_what_stands_in_place_of_a_seed_is_recognised() -> None:
    private = USER.reveal_private_key()
    for text, kind in ((USER.public_key, "a public key"), (private, "a private key")):
        with pytest.raises(KeyTextError) as caught:
            KeyPair.from_seed(text)
        assert kind in caught.value.hint
    with pytest.raises(KeyTextError) as caught:
        PublicKey.parse(SEED)
    assert "a seed has 58" in caught.value.hint
