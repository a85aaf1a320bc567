"""A commit: all drafts are judged and signed before the first byte is written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from natsauth.authority._guards import check_lockout
from natsauth.authority._signers import choose_signer, signers
from natsauth.claims import AccountClaims, ActivationClaims, UserClaims
from natsauth.creds import Creds
from natsauth.errors import ConflictError, NotFoundError, TrustError, ValidationError
from natsauth.keys import KeyPair
from natsauth.store.base import ACCOUNT, USER
from natsauth.token import Token, encode
from natsauth.trust import TrustCode, TrustReport, check_account, check_user
from natsauth.validation import validate

if TYPE_CHECKING:
    from natsauth.authority._draft import Draft, Path
    from natsauth.authority._tree import Tree

# What ends by itself is for validate() and the guards to judge.
_PASSING = (TrustCode.ACCOUNT_EXPIRED, TrustCode.ACCOUNT_NOT_YET_VALID, TrustCode.USER_EXPIRED,
            TrustCode.USER_NOT_YET_VALID)  # fmt: skip


class Action(StrEnum):
    """What a commit did to an entry."""

    CREATED = "created"
    UPDATED = "updated"
    RENAMED = "renamed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a commit did.

    Attributes:
        action: What was done.
        kind: ``operator``, ``account`` or ``user``.
        path: The names of operator, account and user, as they are now.
        public_key: The public key of the entry.
        token: What is stored now; ``None`` where the entry was deleted.
        creds: Whether the creds of the user were written, too.
    """

    action: Action
    kind: str
    path: tuple[str, ...]
    public_key: str
    token: Token[Any] | None = None
    creds: bool = False


def commit(tree: Tree, now: int, *, allow_lockout: bool, dry_run: bool = False) -> list[Change]:
    """Sign and store every draft that was edited; the caller holds the lock of the store.

    A dry run judges and signs the same, stores nothing, and drops the drafts.

    Raises:
        ConflictError: An entry was changed by somebody else since it was read.
        LockoutError, ValidationError, TrustError, SecretError: A draft is refused.
        ClaimsError: A field of a draft holds what its type cannot.
        StoreError, FileError: The store cannot be read or written. What was written until then
            is whole, and a commit of the same drafts goes on from there.
    """
    pending = [tree.drafts[path] for path in sorted(tree.drafts) if tree.drafts[path].is_pending]
    for draft in pending:
        _check_unchanged(tree, draft)
    for draft in pending:
        if not allow_lockout:
            check_lockout(tree, draft, now)
    signed = [(draft, sign(tree, draft, now)) for draft in pending if draft.is_edited]
    check_trust(tree, {draft.path: token for draft, token in signed}, now)
    if dry_run:
        tree.forget()
        return []
    # Seeds first: no token is ever stored whose key is nowhere.
    for key in tree.made.values():
        tree.store.add_seed(key.reveal_seed())
    tree.made.clear()
    changes = [_write(tree, draft, token) for draft, token in signed]
    return changes + [_delete(tree, draft) for draft in pending if draft.deleted]


def _check_unchanged(tree: Tree, draft: Draft[Any]) -> None:
    try:
        stored = tree.store.read(*draft.path)
    except NotFoundError:
        stored = ""
    if stored != (draft.token.encoded if draft.token else ""):
        kind, name = draft.claims.kind, draft.path[-1]
        raise ConflictError(
            f"{kind} {name!r:.80} was changed by somebody else since it was read",
            hint="read it again and repeat the edit; a transaction() keeps others out meanwhile",
        )


def sign(tree: Tree, draft: Draft[Any], now: int) -> Token[Any]:
    """Sign a draft, once its claims are valid and its signer may.

    Raises:
        ValidationError, TrustError, SecretError, ClaimsError: It is refused.
    """
    claims, what = draft.claims, f"{draft.claims.kind} {draft.path[-1]!r:.80}"
    report = validate(claims, now=now)
    if not report:
        raise ValidationError(f"{what}: {'; '.join(map(str, report.errors))}")
    before = draft.token.claims if draft.token else None
    if before and not draft.resign and before.iss not in (*signers(tree, draft), before.sub):
        raise TrustError(
            f"{what} is signed by {before.iss}, which is none of those that may",
            hint="reissue() signs it anew all the same, if it is really yours",
        )
    signer = choose_signer(tree, draft)
    if isinstance(claims, UserClaims | ActivationClaims):
        account = tree.draft(*draft.path[:-1]).claims.sub
        claims.nats.issuer_account = "" if signer.public_key == account else account
    # Servers keep the one with the greater iat, so that no two of an entry may be equal.
    return encode(claims, signer, now=max(now, before.iat + 1) if before else now)


def check_trust(tree: Tree, tokens: dict[Path, Token[Any]], now: int) -> None:
    """Have the server's own rules judge new tokens, beside those that stay.

    Raises:
        TrustError: A server would not take one.
    """
    known = dict(tokens)

    def latest(*path: str) -> Token[Any]:
        if path not in known:
            known[path] = tree.read(*path)
        return known[path]

    for path, token in tokens.items():
        if isinstance(token.claims, AccountClaims):
            report = check_account(token, latest(path[0]), now=now)
        elif isinstance(token.claims, UserClaims):
            report = check_user(token, latest(*path[:2]), latest(path[0]), now=now)
        else:
            continue
        TrustReport(tuple(f for f in report.findings if f.code not in _PASSING)).raise_for_errors()


def _write(tree: Tree, draft: Draft[Any], token: Token[Any]) -> Change:
    action = Action.CREATED if draft.is_new else Action.UPDATED
    old, path = draft.path, draft.path
    if draft.new_name:
        action, path = Action.RENAMED, (*old[:-1], draft.new_name)
    tree.store.write(token.encoded, *path)
    if draft.new_name:
        _move(tree, old, path)
        draft.path = path
    creds = isinstance(token.claims, UserClaims) and _write_creds(tree, path, token)
    draft.settle(token)
    return Change(action, draft.claims.kind, path, token.claims.sub, token, creds)


def _write_creds(tree: Tree, path: Path, token: Token[UserClaims]) -> bool:
    """Write the creds of a user whose seed is at hand, as nsc does."""
    key = tree.find_key(token.claims.sub)
    if not isinstance(key, KeyPair):
        return False
    tree.store.write_creds(Creds.create(token, key).format(), *path)
    return True


def _move(tree: Tree, old: Path, new: Path) -> None:
    """Give an entry's children and creds its new name; the old ones go last."""
    store = tree.store
    for name in store.names(*old) if len(old) == ACCOUNT else ():
        store.write(store.read(*old, name), *new, name)
        try:
            store.write_creds(store.creds(*old, name), *new, name)
        except NotFoundError:
            continue
    store.delete(*old)
    store.delete_creds(*old)
    for path in [path for path in tree.drafts if path[: len(old)] == old]:
        draft = tree.drafts.pop(path)
        draft.path = (*new, *path[len(new) :])
        tree.drafts[draft.path] = draft


def _delete(tree: Tree, draft: Draft[Any]) -> Change:
    store, path = tree.store, draft.path
    keys = _keys_below(tree, path) if draft.drop_seeds else []
    store.delete(*path)
    if draft.drop_creds:
        store.delete_creds(*path)
    for key in keys:
        if key in store.public_keys():
            store.delete_seed(key)
    for below in [other for other in tree.drafts if other[: len(path)] == path]:
        del tree.drafts[below]
    return Change(Action.DELETED, draft.claims.kind, path, draft.claims.sub)


def _keys_below(tree: Tree, path: Path) -> list[str]:
    """Return the public keys of an entry and all below it, signing keys included."""
    claims = tree.read(*path).claims
    keys = [claims.sub]
    if len(path) < USER:
        keys += [str(getattr(key, "key", key)) for key in claims.nats.signing_keys or ()]
        for name in tree.store.names(*path):
            keys += _keys_below(tree, (*path, name))
    return keys
