"""A commit: all drafts are judged and signed before the first byte is written."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from natsauth._wire import INT64
from natsauth.authority._guards import check_lockout
from natsauth.authority._seeds import leaving_seeds
from natsauth.authority._signers import choose_signer, is_foreign
from natsauth.authority._undo import Undo
from natsauth.claims import AccountClaims, ActivationClaims, UserClaims
from natsauth.claims.base import ANY
from natsauth.creds import Creds
from natsauth.errors import (
    ClaimsError,
    ConflictError,
    FileError,
    NotFoundError,
    Problem,
    StoreError,
    TrustError,
    ValidationError,
)
from natsauth.keys import KeyPair
from natsauth.signing import signer_key
from natsauth.store.base import USER
from natsauth.token import Token, encode
from natsauth.trust import TIME_CODES, check_account, check_user
from natsauth.validation import validate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from natsauth.authority._draft import Draft, Path
    from natsauth.authority._tree import Tree
    from natsauth.trust import TrustCode

_GO_ON = (
    "what was written until then is whole; "
    "the same commit, or ensure() in another, goes on from there"
)


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
        public_key: The public key of the entry; empty if it could not be read.
        token: What is stored now; ``None`` where the entry was deleted.
        creds: Whether the creds of the user were written, too.
        revoked: Whether the account refuses the tokens of the deleted user, once it is pushed.
        kept_seeds: Public keys whose seeds were to go, and stay: another entry has these keys, too.
    """

    action: Action
    kind: str
    path: tuple[str, ...]
    public_key: str
    token: Token[Any] | None = None
    creds: bool = False
    revoked: bool = False
    kept_seeds: tuple[str, ...] = ()


def commit(tree: Tree, now: int, *, allow_lockout: bool, dry_run: bool = False) -> list[Change]:
    """Sign and store every draft that was edited; the caller holds the lock of the store.

    A dry run judges and signs the same, stores nothing, and drops the drafts.

    Raises:
        ConflictError: An entry was changed by somebody else since it was read.
        LockoutError, ValidationError, TrustError, SecretError: A draft is refused.
        ClaimsError: A field of a draft holds what its type cannot.
        TokenError: A token would be too large, or a foreign signer failed.
        StoreError, FileError: The store cannot be read or written. New and edited entries are
            stored all or not at all. What was renamed or deleted until then is whole, and a commit
            of the same drafts goes on from there.
    """
    pending = [draft for draft in tree.drafts.values() if draft.is_pending]
    pending.sort(key=lambda draft: (draft.deleted, len(draft.path), draft.path))
    for draft in pending:
        _check_unchanged(tree, draft)
    tokens = {draft.path: sign(tree, draft, now) for draft in pending if draft.is_edited}
    check_trust(tree, tokens, now)
    if not allow_lockout:
        check_lockout(tree, pending, tokens, now)
    creds = {path: _creds(tree, token) for path, token in tokens.items() if len(path) == USER}
    work = [(draft, tokens.get(draft.path), creds.get(draft.path, "")) for draft in pending]
    dropped, kept = leaving_seeds(tree, pending, tokens)
    changes = [_change(tree, draft, token, creds, kept) for draft, token, creds in work]
    if dry_run:
        tree.forget()
        return changes
    _store_new(tree, [(d, token, text) for d, token, text in work if token and not d.new_name])
    with _resumable():
        for draft, token, _ in work:
            if token is not None and draft.new_name:
                _rename(tree, draft, token)
        # What is deleted goes last: until then, whatever failed can be done again.
        for key in dropped:
            with suppress(NotFoundError):
                tree.store.delete_seed(key)
        tree.dropped.clear()
        for draft in pending:
            if draft.deleted:
                _delete(tree, draft)
    return changes


def _store_new(tree: Tree, work: list[tuple[Draft[Any], Token[Any], str]]) -> None:
    """Store new keys, and tokens with their creds: all of them, or none.

    Raises:
        StoreError, FileError: The store cannot be written; it is as it was, or the hint says more.
    """
    undo = Undo(tree.store)
    try:
        # Seeds first, creds next: of a token that is stored, nothing is missing.
        for key in tree.made.values():
            undo.add_seed(key)
        for draft, token, creds in work:
            if creds:
                undo.write_creds(creds, draft.path)
            undo.write(token.encoded, draft.path)
    except BaseException as error:
        if undo.take_back():
            raise
        for draft, token, _ in work:
            with suppress(FileError, StoreError):
                if _stored(tree, draft.path) == token.encoded:
                    draft.settle(token)
        if isinstance(error, FileError | StoreError):
            error.hint = error.hint or _GO_ON
        raise
    for draft, token, _ in work:
        draft.settle(token)
    tree.made.clear()


@contextmanager
def _resumable() -> Iterator[None]:
    """Have an error of the store say how to go on, unless it says something else."""
    try:
        yield
    except (FileError, StoreError) as error:
        error.hint = error.hint or _GO_ON
        raise


def _check_unchanged(tree: Tree, draft: Draft[Any]) -> None:
    stored, what = _stored(tree, draft.path), f"{draft.claims.kind} {draft.path[-1]!r:.80}"
    known = draft.token.encoded if draft.token else draft.unreadable
    if stored != known and not (draft.deleted and not stored):
        raise ConflictError(
            f"{what} was {'changed' if stored else 'deleted'} by somebody else since it was read",
            hint="discard(), read it again and repeat the edit, best within a transaction()",
        )
    if draft.new_name:
        _check_users(tree, draft)
        path = (*draft.path[:-1], draft.new_name)
        # It may be our own, of a commit that was interrupted.
        if _stored(tree, path) and tree.read(*path).claims.sub != draft.public_key:
            raise ConflictError(
                f"the name {draft.new_name!r:.80} was taken by somebody else meanwhile",
                hint="discard(), and choose another name",
            )


def _stored(tree: Tree, path: Path) -> str:
    try:
        return tree.store.read(*path)
    except NotFoundError:
        return ""


def sign(tree: Tree, draft: Draft[Any], now: int) -> Token[Any]:
    """Sign a draft, once its claims are valid and its signer may.

    Raises:
        ValidationError, TrustError, SecretError, ClaimsError, TokenError: It is refused.
    """
    claims, what = draft.claims, f"{draft.claims.kind} {draft.path[-1]!r:.80}"
    if claims.sub != draft.public_key:
        raise ClaimsError(
            [Problem("$.sub", f"{what} is {draft.public_key}, which cannot change")],
            hint="add another one, and delete this one",
        )
    if errors := validate(claims, now=now).errors:
        raise ValidationError(f"{what}: {'; '.join(map(str, errors))}")
    if not draft.resign and is_foreign(tree, draft):
        raise TrustError(
            f"{what} is signed by a key that is none of its operator's or account's",
            hint="reissue() signs it anew all the same, if it is really yours",
        )
    if not draft.resign and _is_revoked(tree, draft):
        raise TrustError(
            f"{what} is revoked, and what is signed now would count again",
            hint="reissue() it, if it is to be trusted again; else delete() it",
        )
    signer = choose_signer(tree, draft)
    if isinstance(claims, UserClaims | ActivationClaims):
        account = tree.draft(*draft.path[:-1]).claims.sub
        claims.nats.issuer_account = "" if signer_key(signer).public_key == account else account
    return encode(claims, signer, now=_issued_at(tree, draft, now))


def _is_revoked(tree: Tree, draft: Draft[Any]) -> bool:
    """Tell whether the account refuses what is stored of a user."""
    if not isinstance(draft.stored, UserClaims):
        return False
    account: AccountClaims = tree.draft(*draft.path[:-1]).claims
    return account.nats.is_revoked(draft.public_key, draft.stored.iat)


def _issued_at(tree: Tree, draft: Draft[Any], now: int) -> int:
    """Return the moment of signing, or a later one if the token would not count otherwise.

    Raises:
        ClaimsError: There is none that is later.
    """
    # Servers keep the one with the greater iat, so that no two of an entry may be equal.
    moment = max(now, draft.stored.iat + 1) if draft.stored else now
    if isinstance(draft.claims, UserClaims):
        revocations = tree.draft(*draft.path[:-1]).claims.nats.revocations or {}
        revoked = max(revocations.get(key, 0) for key in (ANY, draft.public_key))
        # Issued anew, it counts again; anybody else waits for the end of what is to come.
        if draft.resign or revoked <= moment:
            moment = max(moment, revoked + 1)
    if moment > INT64[1]:
        what = f"{draft.claims.kind} {draft.path[-1]!r:.80}"
        raise ClaimsError(
            [Problem("$.iat", f"{what} has to be issued after second {moment - 1}")],
            hint="delete it, and add it anew with the same key; or clear its revocation",
        )
    return moment


def check_trust(
    tree: Tree,
    tokens: dict[Path, Token[Any]],
    now: int,
    *,
    passing: Collection[TrustCode] = TIME_CODES,
    known: Mapping[Path, Token[Any]] | None = None,
) -> None:
    """Have the server's own rules judge new tokens, beside those that stay.

    Args:
        tree: Where they belong.
        tokens: The new tokens, by path.
        now: The moment.
        passing: Codes of what does not matter; times are for validate() and the guards to judge.
        known: What is stored, as far as it was read in this moment.

    Raises:
        TrustError: A server would not take one.
    """
    present = {**(known or {}), **tokens}

    def latest(*path: str) -> Token[Any]:
        if path not in present:
            present[path] = tree.read(*path)
        return present[path]

    for path, token in tokens.items():
        if isinstance(token.claims, AccountClaims):
            report = check_account(token, latest(path[0]), now=now)
        elif isinstance(token.claims, UserClaims):
            report = check_user(token, latest(*path[:2]), latest(path[0]), now=now)
        else:
            continue
        report.without(passing).raise_for_errors()


def _creds(tree: Tree, token: Token[UserClaims]) -> str:
    """Return the creds of a user whose seed is at hand, which are written as nsc does."""
    key = tree.find_key(token.claims.sub)
    return Creds.create(token, key).format() if isinstance(key, KeyPair) else ""


def _change(
    tree: Tree, draft: Draft[Any], token: Token[Any] | None, creds: str, kept: dict[str, Path]
) -> Change:
    """Return what is going to be done to an entry."""
    above = [tree.drafts[draft.path[: end + 1]] for end in range(len(draft.path))]
    path = tuple(entry.new_name or entry.path[-1] for entry in above)
    if draft.deleted:
        action = Action.DELETED
    elif draft.new_name:
        action = Action.RENAMED
    else:
        action = Action.CREATED if draft.is_new else Action.UPDATED
    revoked = draft.deleted and _is_revoked(tree, draft)
    seeds = tuple(key for key, owner in kept.items() if owner == draft.path)
    return Change(
        action, draft.claims.kind, path, draft.public_key, token,
        creds=bool(creds), revoked=revoked, kept_seeds=seeds,
    )  # fmt: skip


def _check_users(tree: Tree, account: Draft[Any]) -> None:
    """Read the users of an account that is to be renamed, lest that ends at one of them.

    Raises:
        StoreDataError, FileError: One cannot be read.
    """
    for name in tree.names(*account.path):
        user = tree.drafts.get((*account.path, name))
        if user is None or not user.is_new:
            tree.store.read(*account.path, name)


def _rename(tree: Tree, draft: Draft[Any], token: Token[Any]) -> None:
    """Give an account and all that is below its new name; the old entry goes last."""
    store, old, new = tree.store, draft.path, (*draft.path[:-1], draft.new_name)
    store.write(token.encoded, *new)
    if new != old:
        for name in tree.names(*old):
            store.write(store.read(*old, name), *new, name)
        store.move_creds(old, new)
        store.delete(*old)
        tree.move(old, new)
    draft.settle(token)


def _delete(tree: Tree, draft: Draft[Any]) -> None:
    store, path = tree.store, draft.path
    if draft.drop_creds:
        store.delete_creds(*path)
    with suppress(NotFoundError):  # somebody else was faster
        store.delete(*path)
    for below in [other for other in tree.drafts if other[: len(path)] == path]:
        tree.drop(below)
