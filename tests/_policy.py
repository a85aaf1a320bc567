"""Users, accounts and permissions for the tests of verdicts."""

from __future__ import annotations

from typing import Any

from natsauth import (
    Account,
    AccountClaims,
    KeyPair,
    KeyType,
    User,
    UserClaims,
    UserPermissionLimits,
    UserScope,
)
from natsauth.policy import Evaluator, evaluate

ACCOUNT = KeyPair.from_raw_seed(KeyType.ACCOUNT, b"a" * 32).public_key
SIGNER = KeyPair.from_raw_seed(KeyType.ACCOUNT, b"s" * 32).public_key
USER = KeyPair.from_raw_seed(KeyType.USER, b"u" * 32).public_key


def scoped(
    template: UserPermissionLimits, *, name: str = "bob", tags: list[str] | None = None
) -> tuple[UserClaims, AccountClaims]:
    """Return a user of a scoped signing key, and its account."""
    body = User(issuer_account=ACCOUNT, tags=tags)
    body.clear()
    user = UserClaims(iss=SIGNER, sub=USER, name=name, nats=body)
    keys: list[str | UserScope] = [
        "A" + "B" * 55,
        UserScope(key=SIGNER, role="r", template=template),
    ]
    return user, AccountClaims(sub=ACCOUNT, name="Acme", nats=Account(signing_keys=keys))


def mapped(**mappings: Any) -> AccountClaims:
    """Return an account with mappings, ``__`` in a name standing for a dot."""
    account = AccountClaims(sub=ACCOUNT, name="Acme")
    for source, targets in mappings.items():
        account.nats.add_mapping(source.replace("__", "."), *targets)
    return account


def publishing(allow: list[str] | None = None, deny: list[str] | None = None) -> Evaluator:
    """Return an evaluator of permissions to publish."""
    return evaluate({"pub": {"allow": allow, "deny": deny}})


def subscribing(allow: list[str] | None = None, deny: list[str] | None = None) -> Evaluator:
    """Return an evaluator of permissions to subscribe."""
    return evaluate({"sub": {"allow": allow, "deny": deny}})
