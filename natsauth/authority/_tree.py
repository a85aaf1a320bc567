"""The drafts of a store: what was read, what is new, and the keys at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth._envelope import split
from natsauth.authority._draft import Draft, keys_of
from natsauth.claims import AccountClaims, OperatorClaims, UserClaims, parse_claims
from natsauth.claims.base import VERSION, Claims
from natsauth.errors import (
    ClaimsError,
    ExistsError,
    KeyRoleError,
    KeyTextError,
    NotFoundError,
    StoreDataError,
    TokenError,
    UsageError,
)
from natsauth.keys import KeyPair, KeyType, SecretKey
from natsauth.store.base import ACCOUNT, KINDS, check_name
from natsauth.token import Token, decode, peek_unverified
from natsauth.xkeys import CurveKeyPair

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsauth.authority._draft import Path
    from natsauth.store.base import Store

_CLASSES: tuple[type[Claims], ...] = (Claims, OperatorClaims, AccountClaims, UserClaims)


class Tree:
    """All that one authority has read and changed and not committed yet.

    Args:
        store: Where it comes from.
        keys: Key pairs that sign although they are not in the store.

    Attributes:
        given: Those keys, by public key.
        made: New keys, which a commit stores.
        drafts: What was read or made, by path.
        dropped: Signing keys whose seeds a commit deletes, with the path of whose they were.
        taken: The names that are in use below a path, kept while they only become more.
    """

    def __init__(self, store: Store, keys: Iterable[SecretKey]) -> None:
        self.store = store
        self.given = {pair.public_key: pair for pair in map(key_pair, keys)}
        self.made: dict[str, SecretKey] = {}
        self.dropped: dict[str, Path] = {}
        self.drafts: dict[Path, Draft[Any]] = {}
        self.taken: dict[Path, dict[str, str]] = {}

    def committed(self) -> Tree:
        """Return a tree without edits, which reads everything anew."""
        return Tree(self.store, self.given.values())

    def names(self, *above: str) -> list[str]:
        """Return the names below a path, new ones included, in byte order.

        Raises:
            NotFoundError: There is no entry with that path.
        """
        parent = self.drafts.get(above)
        names = set(() if parent and parent.is_new else self.store.names(*above))
        for path, draft in self.drafts.items():
            if path[:-1] == above and draft.deleted:
                names.discard(path[-1])
            elif path[:-1] == above and draft.is_new:
                names.add(path[-1])
        return sorted(names, key=str.encode)

    def draft(self, *path: str) -> Draft[Any]:
        """Return the draft of an entry, read from the store at the first use.

        Raises:
            NotFoundError: There is none, or it is deleted, or what it is below.
            StoreDataError: It cannot be read.
        """
        if len(path) > 1:
            self.draft(*path[:-1])
        draft = self.drafts.get(path)
        if draft is None:
            token = self.read(*path)
            claims = peek_unverified(token.encoded)  # verified by then, and a copy of its own
            draft = self.drafts[path] = Draft(path, claims, token)
        if draft.deleted:
            raise NotFoundError(f"the {KINDS[len(path)]} {path[-1]!r:.80} is deleted")
        return draft

    def read(self, *path: str) -> Token[Any]:
        """Return the verified token of an entry of the store.

        Raises:
            NotFoundError: There is none.
            StoreDataError: It is corrupt, of another kind, or of version 1.
        """
        text = self.store.read(*path)
        try:
            if split(text)[-1] != VERSION:
                raise StoreDataError(
                    f"{self.store.where(*path)} is of version 1",
                    hint="upgrade the store with nsc 2 first",
                )
            return decode(text, _CLASSES[len(path)])
        except (TokenError, ClaimsError) as error:
            raise StoreDataError(
                f"{self.store.where(*path)} holds no {KINDS[len(path)]}: {error.args[0]}",
                hint="restore it from a backup, or delete it and pull it from a server",
            ) from error

    def add(self, path: Path, claims: Claims) -> Draft[Any]:
        """Take in the draft of a new entry, with a copy of the claims.

        Raises:
            ExistsError: The name is taken; for an account also by one in other letter case.
            NotFoundError: What it is to be below is deleted.
            StoreNameError, UsageError: It is no name.
            ClaimsError: A field holds what its type cannot.
        """
        if len(path) > 1:
            self.draft(*path[:-1])
        self.check_free(path)
        draft = Draft(path, parse_claims(claims.to_json(), claims.kind))
        self.drafts[path] = draft
        self._taken(path[:-1])[fold(path)] = path[-1]
        return draft

    def check_free(self, path: Path, own: str = "") -> None:
        """Refuse a name that is taken, or will be, or will not be any more.

        Args:
            path: The path of the entry to be.
            own: The name that the entry has by now, which it may keep.

        Raises:
            ExistsError: It is, or differs from another account's in letter case alone.
            StoreNameError, UsageError: It is no name.
        """
        name, kind = check_name(path[-1]), KINDS[len(path)]
        present = self._taken(path[:-1]).get(fold(path))
        if present is not None and not present == own == name:
            raise ExistsError(
                f"there is {'a' if kind == 'user' else 'an'} {kind} {present!r:.80} already",
                hint="choose another name"
                if own
                else "choose another name, or ensure() it; "
                "that of a deleted entry is free after a commit",
            )

    def _taken(self, above: Path) -> dict[str, str]:
        """Return the names that are in use below a path, or will be; by what they differ in."""
        if above not in self.taken:
            names = {*self.names(*above)}
            for path, draft in self.drafts.items():
                if path[:-1] == above:
                    names |= {path[-1], draft.new_name or path[-1]}
            self.taken[above] = {fold((*above, name)): name for name in names}
        return self.taken[above]

    def bury(self, path: Path, *, creds: bool) -> None:
        """Have the next commit delete an entry that cannot be read."""
        draft: Draft[Any] = Draft(path, _CLASSES[len(path)](), unreadable=self.store.read(*path))
        draft.deleted, draft.drop_creds = True, creds
        self.drafts[path] = draft

    def drop(self, path: Path) -> None:
        """Forget a draft, and the new keys of an entry that will never be."""
        draft = self.drafts.pop(path)
        self.taken.clear()
        if draft.is_new:
            for key in keys_of(draft.claims):
                self.made.pop(key, None)

    def move(self, old: Path, new: Path) -> None:
        """Give the drafts of an entry and of all below it their new paths."""
        for path in [path for path in self.drafts if path[: len(old)] == old]:
            draft = self.drafts.pop(path)
            draft.path = (*new, *path[len(new) :])
            self.drafts[draft.path] = draft
        self.taken.clear()

    def forget(self) -> None:
        """Drop every draft and new key."""
        self.drafts.clear()
        self.made.clear()
        self.dropped.clear()
        self.taken.clear()

    def key(self, public_key: str) -> SecretKey:
        """Return the key pair of a public key: given, new, or out of the store.

        Raises:
            NotFoundError: It is not at hand.
            StoreDataError: The store holds something else in its place.
        """
        if key := self.given.get(public_key) or self.made.get(public_key):
            return key
        kind = CurveKeyPair if public_key.startswith(KeyType.CURVE.letter) else KeyPair
        try:
            pair = kind.from_seed(self.store.seed(public_key))
        except (KeyTextError, KeyRoleError):
            pair = None
        if pair is None or pair.public_key != public_key:
            raise StoreDataError(
                f"what the store keeps as the seed of {public_key!r:.80} is another text",
                hint="put the right seed there",
            )
        return pair

    def find_key(self, public_key: str) -> SecretKey | None:
        """Return the key pair of a public key, or ``None``.

        Raises:
            StoreDataError: The store holds something else in its place.
        """
        try:
            return self.key(public_key)
        except NotFoundError:
            return None

    def keep(self, key: SecretKey) -> None:
        """Have a key stored with the next commit."""
        self.made[key.public_key] = key


def fold(path: Path) -> str:
    """Return what a name must differ in from those beside it: of accounts not in letter case."""
    return path[-1].lower() if len(path) == ACCOUNT else path[-1]


def key_pair(key: object) -> SecretKey:
    """Return what was given as a key pair.

    Raises:
        UsageError: It is none.
    """
    if not isinstance(key, SecretKey):
        raise UsageError(f"expected a KeyPair, got {type(key).__name__}")
    return key
