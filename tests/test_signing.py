"""Signers: our own key pairs, those of others, and those that fail."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import nkeys
import pytest

from natsauth.claims import UserClaims
from natsauth.errors import (
    IssuerError,
    KeyTextError,
    NatsAuthError,
    SealError,
    SecretError,
    SignatureError,
    UsageError,
)
from natsauth.signing import sign, sign_async, signer_key
from natsauth.token import encode, encode_async, prepare
from tests._tokens import ACCOUNT, CURVE, IAT, OTHER_ACCOUNT, USER, shown

if TYPE_CHECKING:
    from collections.abc import Generator

CLAIMS = UserClaims(sub=USER.public_key, name="n")
TOKEN = encode(CLAIMS, ACCOUNT, now=IAT)
WORDS = "the pass phrase is swordfish"


class Vault:
    """Keeps a key elsewhere, and gives what it was told to give in place of a signature."""

    def __init__(self, public_key: Any = ACCOUNT.public_key, answer: Any = None) -> None:
        self.public_key = public_key
        self.answer = answer

    def sign(self, data: bytes, /) -> Any:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return ACCOUNT.sign(data) if self.answer is None else self.answer


class RemoteVault(Vault):
    """Does so over a network."""

    async def sign(self, data: bytes, /) -> Any:
        await asyncio.sleep(0)
        return super().sign(data)


class Later:
    """Is awaitable, but no coroutine."""

    def __await__(self) -> Generator[None, None, bytes]:
        yield
        return ACCOUNT.sign(prepare(CLAIMS, ACCOUNT, now=IAT).data)


@pytest.mark.parametrize(
    "signer",
    [
        nkeys.from_seed(ACCOUNT.reveal_seed().encode()),
        ACCOUNT.to_nkeys(),
        Vault(),
        Vault(ACCOUNT.public_key.encode()),
        Vault(ACCOUNT.public),
        Vault(answer=bytearray(ACCOUNT.sign(prepare(CLAIMS, ACCOUNT, now=IAT).data))),
        Vault(answer=memoryview(ACCOUNT.sign(prepare(CLAIMS, ACCOUNT, now=IAT).data))),
    ],
    ids=["nkeys", "to_nkeys", "str", "bytes", "PublicKey", "bytearray", "memoryview"],
)
def test_a_foreign_signer_makes_the_same_token(signer: Any) -> None:
    assert signer_key(signer) == ACCOUNT.public
    assert encode(CLAIMS, signer, now=IAT) == TOKEN


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "signer", [RemoteVault(), Vault(answer=Later())], ids=["async def", "awaitable"]
)
async def test_a_signature_may_be_awaited(signer: Any) -> None:
    assert await encode_async(CLAIMS, signer, now=IAT) == TOKEN


NO_SIGNERS = [
    *(None, 5, "x", ACCOUNT.public_key, ACCOUNT.reveal_seed(), ACCOUNT.public, CURVE, object()),
    *(
        Vault(None),
        Vault,
        type("Keyless", (), {"sign": len}),
        type("Mute", (), {"public_key": "A"})(),
    ),
]


@pytest.mark.parametrize("wrong", NO_SIGNERS, ids=lambda wrong: type(wrong).__name__)
def test_what_is_no_signer_signs_nothing(wrong: Any) -> None:
    with pytest.raises(UsageError, match="expected a signer, got ") as caught:
        encode(CLAIMS, wrong)
    assert "KeyPair.from_seed()" in caught.value.hint
    assert ACCOUNT.reveal_seed() not in shown(caught.value)


@pytest.mark.parametrize(
    "key", ["", "x", ACCOUNT.reveal_seed(), b"\xff" * 56, ACCOUNT.public_key.lower()]
)
def test_a_signer_has_a_public_key(key: Any) -> None:
    with pytest.raises(KeyTextError) as caught:
        encode(CLAIMS, Vault(key))
    assert ACCOUNT.reveal_seed() not in shown(caught.value)


@pytest.mark.parametrize("key", [5, [ACCOUNT.public_key], ACCOUNT, object()], ids=type)
def test_the_public_key_of_a_signer_is_text(key: Any) -> None:
    with pytest.raises(UsageError):
        encode(CLAIMS, Vault(key))


@pytest.mark.parametrize("key", [USER.public_key, CURVE.public_key])
def test_the_role_of_a_signer_is_checked_before_it_signs(key: str) -> None:
    with pytest.raises(IssuerError):
        encode(CLAIMS, Vault(key, answer=AssertionError("it signed")))


@pytest.mark.parametrize(
    "answer",
    [b"", b"x", bytes(64), bytes(63), ACCOUNT.sign(b"other data"), ACCOUNT.sign(b"") * 2],
)
def test_a_wrong_signature_makes_no_token(answer: bytes) -> None:
    with pytest.raises(SignatureError):
        encode(CLAIMS, Vault(answer=answer))
    with pytest.raises(SignatureError):
        asyncio.run(encode_async(CLAIMS, RemoteVault(answer=answer)))


def test_a_signature_of_another_key_makes_no_token() -> None:
    with pytest.raises(SignatureError):
        encode(CLAIMS, Vault(OTHER_ACCOUNT.public_key))


@pytest.mark.parametrize("answer", ["text" * 16, 5, [0] * 64, Later(), object()], ids=type)
def test_a_signature_is_bytes(answer: Any) -> None:
    with pytest.raises(UsageError, match="expected bytes, got "):
        encode(CLAIMS, Vault(answer=answer))


@pytest.mark.parametrize(
    "error", [RuntimeError(WORDS), OSError(5, WORDS), KeyError(WORDS), StopIteration(WORDS)]
)
def test_a_failure_of_a_signer_is_told_without_its_words(error: Exception) -> None:
    with pytest.raises(
        SecretError, match=f"the signer failed with {type(error).__name__}"
    ) as caught:
        encode(CLAIMS, Vault(answer=error))
    assert WORDS not in str(caught.value) + repr(caught.value)
    assert caught.value.__cause__ is error
    with pytest.raises(SecretError, match="the signer failed with "):
        asyncio.run(encode_async(CLAIMS, RemoteVault(answer=error)))


def test_an_error_of_our_own_stays_what_it_is() -> None:
    error = SealError("the vault is sealed", hint="unseal it")
    with pytest.raises(SealError) as caught:
        sign(Vault(answer=error), b"data")
    assert caught.value is error
    with pytest.raises(SealError) as caught:
        asyncio.run(sign_async(RemoteVault(answer=error), b"data"))
    assert caught.value is error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)], ids=type)
def test_the_end_of_the_program_is_no_failure_of_the_signer(error: BaseException) -> None:
    with pytest.raises(type(error)):
        encode(CLAIMS, Vault(answer=error))


@pytest.mark.asyncio
async def test_cancelling_is_no_failure_of_the_signer() -> None:
    with pytest.raises(asyncio.CancelledError):
        await encode_async(CLAIMS, RemoteVault(answer=asyncio.CancelledError()))


class Unreachable(Vault):
    """Fails as soon as it is asked for its public key."""

    @property
    def public_key(self) -> str:
        raise ConnectionError(WORDS)

    @public_key.setter
    def public_key(self, value: str) -> None:
        """Take the key and forget it."""


def test_a_signer_that_cannot_tell_its_key_has_failed() -> None:
    with pytest.raises(SecretError, match="the signer failed with ConnectionError") as caught:
        encode(CLAIMS, Unreachable())
    assert WORDS not in str(caught.value)


def test_a_wiped_pair_signs_no_token() -> None:
    pair = type(ACCOUNT).from_seed(ACCOUNT.reveal_seed())
    foreign = pair.to_nkeys()
    foreign.wipe()
    pair.wipe()
    with pytest.raises(SecretError, match="was wiped"):
        encode(CLAIMS, pair)
    with pytest.raises((SecretError, UsageError)):  # a wiped pair of nkeys has no public key either
        encode(CLAIMS, foreign)


@pytest.mark.parametrize(
    "signer", [ACCOUNT, Vault(), Vault(answer=5)], ids=["KeyPair", "str", "int"]
)
def test_what_cannot_be_awaited_is_refused(signer: Any) -> None:
    with pytest.raises(NatsAuthError):
        asyncio.run(encode_async(CLAIMS, signer))


def test_no_error_of_an_asynchronous_encoding_comes_late() -> None:
    with pytest.raises(UsageError, match="expected claims, got int"):
        asyncio.run(encode_async(5, RemoteVault()))  # type: ignore[type-var]
    with pytest.raises(UsageError, match="expected a signer, got NoneType"):
        asyncio.run(encode_async(CLAIMS, None))  # type: ignore[arg-type]
