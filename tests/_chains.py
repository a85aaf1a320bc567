"""Chains that tests share: an operator, an account with two signing keys, and users of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth.claims import (
    Account,
    AccountClaims,
    Operator,
    OperatorClaims,
    User,
    UserClaims,
    UserPermissionLimits,
    UserScope,
)
from natsauth.keys import KeyPair, KeyType
from natsauth.token import encode

if TYPE_CHECKING:
    from natsauth.token import Token

NOW = 1_700_000_000
ROOT, ROOT_SIGNING, FOREIGN = (KeyPair.generate(KeyType.OPERATOR) for _ in range(3))
OWNER, PLAIN, SCOPED, STRANGER = (KeyPair.generate(KeyType.ACCOUNT) for _ in range(4))
USER = KeyPair.generate(KeyType.USER)


def operator(*, strict: bool = False, **body: Any) -> Token[OperatorClaims]:
    body = {"signing_keys": [ROOT_SIGNING.public_key], "strict_signing_key_usage": strict, **body}
    claims = OperatorClaims(sub=ROOT.public_key, nats=Operator(**body))
    return encode(claims, ROOT, now=NOW)


def account(
    signer: KeyPair = ROOT_SIGNING, *, exp: int = 0, nbf: int = 0, **body: Any
) -> Token[AccountClaims]:
    template = UserPermissionLimits(bearer_token=True)
    keys = [PLAIN.public_key, UserScope(key=SCOPED.public_key, role="team", template=template)]
    nats = Account(**{"signing_keys": keys, **body})
    claims = AccountClaims(sub=OWNER.public_key, exp=exp, nbf=nbf, nats=nats)
    return encode(claims, signer, now=NOW)


def user(
    signer: KeyPair = PLAIN, *, exp: int = 0, nbf: int = 0, scoped: bool = False, **body: Any
) -> Token[UserClaims]:
    nats = User(**{"issuer_account": OWNER.public_key, **body})
    if scoped:
        nats.clear()
    return encode(UserClaims(sub=USER.public_key, exp=exp, nbf=nbf, nats=nats), signer, now=NOW)
