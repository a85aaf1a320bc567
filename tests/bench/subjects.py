"""What is measured: the same claims everywhere, and the raw cryptography beneath them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nacl.signing import SigningKey, VerifyKey

from natsauth import (
    Account,
    AccountClaims,
    Export,
    Import,
    KeyPair,
    KeyType,
    Permission,
    User,
    UserClaims,
    decode,
    encode,
)
from natsauth._base64 import decode as base64

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[[], object]

OPERATOR_SEED, ACCOUNT_SEED = b"o" * 32, b"a" * 32
OPERATOR = KeyPair.from_raw_seed(KeyType.OPERATOR, OPERATOR_SEED)
ACCOUNT = KeyPair.from_raw_seed(KeyType.ACCOUNT, ACCOUNT_SEED)
USER = KeyPair.generate(KeyType.USER).public_key


class Pair(NamedTuple):
    """A call of natsauth, and the raw cryptography that it cannot do without."""

    name: str
    call: Call
    raw_name: str
    raw: Call
    limit: float
    """How many times the raw call it may cost."""


def user_claims() -> UserClaims:
    """Return a user with two allow lists."""
    pub = Permission(allow=["users.id.>", "orders.>"])
    sub = Permission(allow=["users.id.>", "_INBOX.>"])
    body = User(pub=pub, sub=sub, issuer_account=ACCOUNT.public_key)
    return UserClaims(sub=USER, name="service", exp=4_102_444_800, nats=body)


def account_claims() -> AccountClaims:
    """Return an account with 20 imports, 20 exports and 200 revocations."""
    others = [KeyPair.generate(KeyType.ACCOUNT).public_key for _ in range(20)]
    body = Account(
        imports=[
            Import(name=f"i{n}", subject=f"in.{n}.>", account=key, type="stream")
            for n, key in enumerate(others)
        ],
        exports=[
            Export(name=f"e{n}", subject=f"out.{n}.*", type="service", response_type="Singleton")
            for n in range(20)
        ],
        revocations={KeyPair.generate(KeyType.USER).public_key: 1_700_000_000 for _ in range(200)},
    )
    return AccountClaims(sub=ACCOUNT.public_key, name="large", nats=body)


def pairs() -> list[Pair]:
    """Return what is compared with PyNaCl alone, over the very same bytes."""
    claims = user_claims()
    user = encode(claims, ACCOUNT).encoded
    account = encode(account_claims(), OPERATOR).encoded
    key, data = SigningKey(ACCOUNT_SEED), user.rpartition(".")[0].encode()
    sign = ("sign", lambda: key.sign(data), 1.5)
    return [
        Pair("mint a user", lambda: encode(claims, ACCOUNT), *sign),
        Pair("build the claims and mint", lambda: encode(user_claims(), ACCOUNT), *sign),
        Pair("decode a user", lambda: decode(user, UserClaims), *_verify(user, ACCOUNT), 1.25),
        Pair("decode a large account", lambda: decode(account), *_verify(account, OPERATOR), 4.0),
    ]


def _verify(token: str, signer: KeyPair) -> tuple[str, Call]:
    data, _, signature = token.encode().rpartition(b".")
    key, raw = VerifyKey(signer.public.raw), base64(signature)
    return "verify", lambda: key.verify(data, raw)
