"""Which key signs what, by the rules of strict operators and scoped signing keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth.authority._draft import keys_of
from natsauth.claims import AccountClaims, OperatorClaims, UserClaims, UserScope
from natsauth.errors import SecretError, TrustError
from natsauth.keys import KeyPair, KeyType, is_public_key
from natsauth.signing import signer_key
from natsauth.store.base import USER

if TYPE_CHECKING:
    from natsauth.authority._draft import Draft
    from natsauth.authority._tree import Tree
    from natsauth.signing import Signer


def signers(tree: Tree, draft: Draft[Any]) -> list[str]:
    """Return the public keys that may sign a draft, in the order of preference.

    Identity keys come last, as they are best kept offline.
    """
    claims = draft.claims
    if isinstance(claims, OperatorClaims):
        stored = draft.stored
        identity, *signing = keys_of(claims)
        # An operator that is strict by now spares its identity; else it signs itself, as in nsc.
        strict = stored is not None and stored.nats.strict_signing_key_usage
        return [*signing, identity] if strict else [identity, *signing]
    operator = tree.draft(draft.path[0]).claims
    parent = operator if isinstance(claims, AccountClaims) else _account(tree, draft)
    identity, *signing = keys_of(parent)
    allowed = signing if operator.nats.strict_signing_key_usage else [*signing, identity]
    if isinstance(claims, AccountClaims | UserClaims):
        return allowed
    scoped = _scoped(tree, draft)  # which sign users and nothing else
    return [key for key in allowed if key not in scoped]


def is_foreign(tree: Tree, draft: Draft[Any], *, self_signed: bool = False) -> bool:
    """Tell whether what is stored was signed by none of this tree, neither before nor after.

    Args:
        tree: Where it belongs.
        draft: What is stored, and what is to become of it.
        self_signed: Whether this includes what was signed by its own key alone.
    """
    stored = draft.stored
    if stored is None:
        return False
    parent = tree.draft(*draft.path[:-1]) if len(draft.path) > 1 else draft
    family = {*keys_of(parent.claims), *keys_of(parent.stored or parent.claims)}
    return stored.iss not in family and (self_signed or stored.iss != stored.sub)


def choose_signer(tree: Tree, draft: Draft[Any], what: str = "") -> Signer:
    """Return who signs a draft.

    That is whoever was named; else a key that was given for this, the present issuer, or the first
    key at hand. A scoped key must be named, or be the present issuer.

    Args:
        tree: Where it belongs.
        draft: What is to be signed.
        what: How errors call that; by its kind and name if not given.

    Raises:
        TrustError: The signer that was named may not sign this.
        SecretError: No key that may sign is at hand.
        StoreDataError: The store holds something else in the place of a seed.
    """
    allowed = signers(tree, draft)
    if draft.signer is not None:
        return _named(tree, draft, draft.signer, allowed)
    # The present issuer goes on, but for an operator that became strict and spares its identity.
    present = draft.claims.iss if len(draft.path) > 1 else ""
    scoped = _scoped(tree, draft)
    usual = [key for key in allowed if key not in scoped]
    order = [
        *(key for key in usual if key in tree.given),
        *(key for key in allowed if key == present),
        *usual,
    ]
    for key in order:
        pair = tree.find_key(key)
        if isinstance(pair, KeyPair):
            return pair
    what = what or f"{draft.claims.kind} {draft.path[-1]!r:.80}"
    if not order:
        raise SecretError(
            f"nobody may sign {what}: identity keys sign nothing under a strict operator, and "
            "there is no signing key",
            hint=f"add a signing key to {draft.path[-2]!r:.80}, or name a scoped one as the signer",
        )
    names = ", ".join(dict.fromkeys(order))
    raise SecretError(
        f"no key that may sign {what} is at hand, it takes one of {names}",
        hint="give the key pair, or add its seed to the store; a scoped one must be named",
    )


def _named(tree: Tree, draft: Draft[Any], wanted: Signer | str, allowed: list[str]) -> Signer:
    if isinstance(wanted, str):
        key = _key_of_role(tree, draft, wanted) if len(draft.path) == USER else wanted
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


def _key_of_role(tree: Tree, draft: Draft[Any], wanted: str) -> str:
    """Return the public key that has a role; one that is given as such is returned as it is.

    Raises:
        TrustError: It is neither.
    """
    account = _account(tree, draft).nats
    if wanted and (scope := account.scope(wanted)):
        return scope.key
    if any(is_public_key(wanted, kind) for kind in KeyType):
        return wanted
    from difflib import get_close_matches

    roles = [key.role for key in account.signing_keys if isinstance(key, UserScope) and key.role]
    near = get_close_matches(wanted, roles, n=1)
    raise TrustError(
        f"account {draft.path[-2]!r:.80} has no role {wanted!r:.80}",
        hint=f"did you mean {near[0]!r:.80}?"
        if near
        else f"it has {', '.join(roles) or 'none: a scoped signing key has one'}",
    )


def _scoped(tree: Tree, draft: Draft[Any]) -> set[str]:
    if len(draft.path) < USER:
        return set()
    keys = _account(tree, draft).nats.signing_keys
    return {key.key for key in keys if isinstance(key, UserScope)}


def _account(tree: Tree, draft: Draft[Any]) -> AccountClaims:
    claims: AccountClaims = tree.draft(*draft.path[:-1]).claims
    return claims
