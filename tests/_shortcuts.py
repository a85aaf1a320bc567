"""What the tests of the thin API share."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.errors import NatsAuthError
from natsauth.keys import KeyPair, KeyType
from natsauth.shortcuts import encode_user
from tests._tokens import ACCOUNT, CURVE, IAT, OPERATOR, OTHER_ACCOUNT, USER, payload_text, shown

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNING_KEY = OTHER_ACCOUNT  # of ACCOUNT
OTHER_OPERATOR = KeyPair(KeyType.OPERATOR, bytes([7]) * 32)
SEEDS = [pair.reveal_seed() for pair in (OPERATOR, ACCOUNT, USER, OTHER_ACCOUNT, CURVE)]
NOW: Any = {"iat": IAT}
MOMENT = datetime.fromtimestamp(IAT, UTC)


def forms(pair: KeyPair) -> list[Any]:
    """Return all that may be given for a key that signs."""
    seed = pair.reveal_seed()
    return [pair, pair.to_nkeys(), seed, f" {seed}\n", seed.encode(), bytearray(seed.encode())]


def public_forms(pair: KeyPair) -> list[Any]:
    """Return all that may be given for a key that does not."""
    return [*forms(pair), pair.public, pair.public_key, pair.public_key.encode()]


def payload(token: str) -> dict[str, Any]:
    """Return the payload as any other program reads it, without its hash."""
    members: dict[str, Any] = json.loads(payload_text(token))
    del members["jti"]
    return members


def nats(token: str) -> dict[str, Any]:
    body: dict[str, Any] = payload(token)["nats"]
    return body


def user(claims: Any = None, options: Any = None, *, issuer: Any = ACCOUNT) -> str:
    return encode_user("user-id", USER, issuer, claims, options)


def refused(call: Callable[[], object]) -> NatsAuthError:
    """Return the error of a call, once it is sure that it tells no secret."""
    with pytest.raises(NatsAuthError) as caught:
        call()
    report = shown(caught.value)
    assert not any(seed in report for seed in SEEDS)
    return caught.value
