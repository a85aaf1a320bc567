"""Which key signs what, by the rules of strict operators and scoped signing keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth.claims import AccountClaims, OperatorClaims, UserClaims, UserScope
from natsauth.claims.signing_keys import public_key_of
from natsauth.errors import SecretError, TrustError
from natsauth.keys import KeyPair
from natsauth.signing import signer_key
from natsauth.store.base import USER

if TYPE_CHECKING:
    from natsauth.authority._draft import Draft
    from natsauth.authority._tree import Tree
    from natsauth.signing import Signer


def account_signers(operator: OperatorClaims) -> list[str]:
    """Return the public keys that may sign accounts, the identity last: it is best kept offline."""
    signing = [*(operator.nats.signing_keys or ())]
    return signing if operator.nats.strict_signing_key_usage else [*signing, operator.sub]


def user_signers(account: AccountClaims, *, strict: bool) -> list[str]:
    """Return the public keys that may sign users, the identity last: it is best kept offline."""
    signing = [public_key_of(key) for key in account.nats.signing_keys]
    return signing if strict else [*signing, account.sub]


def _operator_signers(operator: OperatorClaims, *, strict: bool) -> list[str]:
    """Return the keys that may sign the operator itself: one that is strict spares its identity."""
    signing = [*(operator.nats.signing_keys or ())]
    return [*signing, operator.sub] if strict else [operator.sub, *signing]


def signers(tree: Tree, draft: Draft[Any]) -> list[str]:
    """Return the public keys that may sign a draft, in the order of preference."""
    claims, path = draft.claims, draft.path
    if isinstance(claims, OperatorClaims):
        before = draft.token.claims.nats if draft.token else claims.nats
        return _operator_signers(
            claims, strict=not draft.is_new and before.strict_signing_key_usage
        )
    operator = tree.draft(path[0]).claims
    if isinstance(claims, AccountClaims):
        return account_signers(operator)
    allowed = user_signers(_account(tree, draft), strict=operator.nats.strict_signing_key_usage)
    if isinstance(claims, UserClaims):
        return allowed
    scoped = _scoped(tree, draft)  # which sign users and nothing else
    return [key for key in allowed if key not in scoped]


def choose_signer(tree: Tree, draft: Draft[Any]) -> Signer:
    """Return who signs a draft.

    That is whoever was named; else a key that was given for this, the present issuer, or the first
    key at hand. A scoped key must be named, or be the present issuer.

    Raises:
        TrustError: The signer that was named may not sign this.
        SecretError: No key that may sign is at hand.
    """
    allowed = signers(tree, draft)
    if draft.signer is not None:
        return _named(tree, draft, draft.signer, allowed)
    present = draft.token.claims.iss if draft.token else ""
    scoped = _scoped(tree, draft)
    order = [
        *(key for key in allowed if key in tree.given),
        *(key for key in allowed if key == present),
        *(key for key in allowed if key not in scoped),
    ]
    for key in order:
        pair = tree.find_key(key)
        if isinstance(pair, KeyPair):
            return pair
    what = f"{draft.claims.kind} {draft.path[-1]!r:.80}"
    if not order:
        raise SecretError(
            f"nobody may sign {what}: identity keys sign nothing under a strict operator, and "
            "there is no signing key",
            hint="add a signing key, or name a scoped one as the signer",
        )
    names = ", ".join(dict.fromkeys(order))
    raise SecretError(
        f"no key that may sign {what} is at hand, it takes one of {names}",
        hint="give the key pair, or add its seed to the store",
    )


def _named(tree: Tree, draft: Draft[Any], wanted: Signer | str, allowed: list[str]) -> Signer:
    if isinstance(wanted, str):
        scope = _account(tree, draft).nats.scope(wanted) if len(draft.path) == USER else None
        key = scope.key if scope else wanted
    else:
        key = signer_key(wanted).public_key
    if key not in allowed:
        raise TrustError(
            f"{key!r:.80} may not sign {draft.claims.kind} {draft.path[-1]!r:.80}",
            hint=f"those that may are {', '.join(allowed) or 'none'}",
        )
    if not isinstance(wanted, str):
        return wanted
    pair = tree.find_key(key)
    if isinstance(pair, KeyPair):
        return pair
    raise SecretError(
        f"the seed of {key} is not at hand", hint="give the key pair, or add its seed"
    )


def _scoped(tree: Tree, draft: Draft[Any]) -> set[str]:
    if len(draft.path) < USER:
        return set()
    keys = _account(tree, draft).nats.signing_keys
    return {key.key for key in keys if isinstance(key, UserScope)}


def _account(tree: Tree, draft: Draft[Any]) -> AccountClaims:
    claims: AccountClaims = tree.draft(*draft.path[:-1]).claims
    return claims
