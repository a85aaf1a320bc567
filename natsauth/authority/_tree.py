"""The drafts of a store: what was read, what is new, and the keys at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth._envelope import split
from natsauth.authority._draft import Draft
from natsauth.claims import AccountClaims, OperatorClaims, UserClaims
from natsauth.claims.base import VERSION, Claims
from natsauth.errors import (
    ClaimsError,
    ExistsError,
    NotFoundError,
    StoreDataError,
    TokenError,
    UsageError,
)
from natsauth.keys import KeyPair, KeyType, SecretKey
from natsauth.store.base import KINDS, check_name
from natsauth.token import Token, decode
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
    """

    def __init__(self, store: Store, keys: Iterable[SecretKey]) -> None:
        self.store = store
        self.given = {key.public_key: _key_pair(key) for key in keys}
        self.made: dict[str, SecretKey] = {}
        self.drafts: dict[Path, Draft[Any]] = {}

    def names(self, *above: str) -> list[str]:
        """Return the names below a path, new ones included, in byte order."""
        try:
            stored = self.store.names(*above)
        except NotFoundError:
            if above not in self.drafts:
                raise
            stored = []
        drafts = {path[-1]: draft for path, draft in self.drafts.items() if path[:-1] == above}
        names = {*stored, *drafts} - {name for name, draft in drafts.items() if draft.deleted}
        return sorted(names, key=str.encode)

    def draft(self, *path: str) -> Draft[Any]:
        """Return the draft of an entry, read from the store at the first use.

        Raises:
            NotFoundError: There is none, or it is deleted.
            StoreDataError: It cannot be read.
        """
        draft = self.drafts.get(path)
        if draft is None:
            token = self.read(*path)
            claims = decode(token, _CLASSES[len(path)]).claims  # a copy of its own
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
        """Take in the draft of a new entry.

        Raises:
            ExistsError: The name is taken; for an account also by one in other letter case.
            StoreNameError, UsageError: It is no name.
        """
        name, kind = check_name(path[-1]), KINDS[len(path)]
        fold = str.casefold if kind == "account" else str
        taken = {fold(present): present for present in self.names(*path[:-1])}
        if (present := taken.get(fold(name))) is not None:
            raise ExistsError(
                f"there is {_an(kind)} {present!r:.80} already",
                hint="choose another name, or edit that one",
            )
        self._check_deleted(path)
        draft = self.drafts[path] = Draft(path, claims)
        return draft

    def _check_deleted(self, path: Path) -> None:
        if (draft := self.drafts.get(path)) is not None and draft.deleted and not draft.is_new:
            raise ExistsError(f"{path[-1]!r:.80} is deleted but not committed", hint="commit first")

    def forget(self) -> None:
        """Drop every draft and new key."""
        self.drafts.clear()
        self.made.clear()

    def key(self, public_key: str) -> SecretKey:
        """Return the key pair of a public key: given, new, or out of the store.

        Raises:
            NotFoundError: It is not at hand.
            StoreDataError: The store holds something else in its place.
        """
        if key := self.given.get(public_key) or self.made.get(public_key):
            return key
        kind = CurveKeyPair if public_key.startswith(KeyType.CURVE.letter) else KeyPair
        return kind.from_seed(self.store.seed(public_key))

    def find_key(self, public_key: str) -> SecretKey | None:
        """Return the key pair of a public key, or ``None``."""
        try:
            return self.key(public_key)
        except NotFoundError:
            return None

    def keep(self, key: SecretKey) -> None:
        """Have a key stored with the next commit."""
        self.made[key.public_key] = key


def _key_pair(key: object) -> SecretKey:
    if not isinstance(key, SecretKey):
        raise UsageError(f"expected a KeyPair, got {type(key).__name__}")
    return key


def _an(kind: str) -> str:
    return f"an {kind}" if kind[0] in "ao" else f"a {kind}"
