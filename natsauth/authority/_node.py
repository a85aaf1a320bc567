"""What the entries of the tree have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from natsauth.authority._signers import is_foreign
from natsauth.errors import ExistsError, NotFoundError, StoreDataError, UsageError
from natsauth.keys import KeyPair, KeyType, PublicKey, is_public_key
from natsauth.store.base import KINDS, USER

if TYPE_CHECKING:
    from natsauth.authority._draft import Draft, Path
    from natsauth.authority._tree import Tree
    from natsauth.claims.base import Claims
    from natsauth.keys import SecretKey
    from natsauth.signing import Signer
    from natsauth.token import Token

C = TypeVar("C", bound="Claims")


class Node(Generic[C]):
    """An entry of the tree: what is stored, and the draft of what it is to become.

    Where edits were dropped, by ``discard()`` or at the start of a transaction, a node goes on with
    what is stored by then; the ``claims`` that it gave before are of no effect any more.
    """

    __slots__ = ("_entry", "_tree")

    def __init__(self, tree: Tree, draft: Draft[C]) -> None:
        self._tree = tree
        self._entry = draft

    @property
    def _draft(self) -> Draft[C]:
        path = self._entry.path
        if self._entry.deleted or self._tree.drafts.get(path) is not self._entry:
            self._entry = self._tree.draft(*path)
        return self._entry

    @property
    def name(self) -> str:
        """The name in the store. That in the claims is for people, and nearly always the same."""
        return self.path[-1]

    @property
    def path(self) -> Path:
        """The names of the operator, the account and the user."""
        return self._entry.path

    @property
    def claims(self) -> C:
        """The draft: edit it, then commit.

        Raises:
            NotFoundError: The entry is deleted, or was new and is discarded.
        """
        return self._draft.claims

    @property
    def public_key(self) -> str:
        """The public key of the identity, which never changes."""
        return self._draft.public_key

    @property
    def token(self) -> Token[C]:
        """What is stored, without the edits since.

        Raises:
            NotFoundError: It is new and not committed yet.
        """
        if self._draft.token is None:
            raise NotFoundError(f"{self!r} is not committed yet", hint="commit() signs it")
        return self._draft.token

    @property
    def key(self) -> SecretKey:
        """The key pair of the identity.

        Raises:
            NotFoundError: Its seed is not at hand.
            StoreDataError: The store holds something else in its place.
        """
        return self._tree.key(self.public_key)

    @property
    def is_foreign(self) -> bool:
        """Whether what is stored has a strange issuer: no key of its operator or account.

        So has an account that signed itself, until its operator signs it.
        """
        return is_foreign(self._tree, self._draft, self_signed=True)

    def sign_with(self, signer: Signer | str) -> None:
        """Say who is to sign, when the next commit has something to sign.

        Args:
            signer: A signer, or the public key of one whose seed is at hand; for a user also the
                role of a scoped signing key. Whether it may sign is found out by the commit.
        """
        self._draft.signer = signer

    def reissue(self) -> None:
        """Have the entry signed anew by the next commit, even without a change."""
        self._draft.resign = True

    def delete(self, *, seeds: bool = False, creds: bool = False) -> None:
        """Delete the entry and all below it with the next commit.

        Servers know nothing of this: see :meth:`natsauth.resolver.ResolverClient.prune`.

        Args:
            seeds: Whether the seeds of its keys go, too. Nobody can bring them back.
            creds: Whether its creds go, too.

        Raises:
            NotFoundError: It is deleted already.
        """
        draft, path = self._draft, self._draft.path
        for below in [other for other in self._tree.drafts if other[: len(path)] == path]:
            if draft.is_new or below != path:
                self._tree.drop(below)
        draft.deleted, draft.drop_seeds, draft.drop_creds = True, seeds, creds

    def __repr__(self) -> str:
        """Describe the entry."""
        return f"<{type(self).__name__} {'/'.join(self.path)} {self._entry.public_key}>"


N = TypeVar("N", bound=Node[Any])


class Entries(Mapping[str, N]):
    """The entries below a path, by name. One is read when it is asked for."""

    def __init__(self, tree: Tree, above: Path = ()) -> None:
        self._tree = tree
        self._above = above

    @abstractmethod
    def _node(self, draft: Draft[Any]) -> N:
        """Make the node of a draft."""

    def __getitem__(self, name: str) -> N:
        """Return the entry of a name.

        Raises:
            NotFoundError: There is none.
            StoreDataError: It cannot be read.
        """
        if not isinstance(name, str):
            raise NotFoundError(f"a name is text, got {type(name).__name__}")
        return self._node(self._tree.draft(*self._path(name)))

    def __iter__(self) -> Iterator[str]:
        """Go through the names, in byte order."""
        return iter(self._tree.names(*self._above))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._tree.names(*self._above))

    def token(self, name: str) -> Token[Any]:
        """Return what is stored under a name, without keeping it: for going through very many.

        Raises:
            NotFoundError: There is none.
            StoreDataError: It cannot be read.
        """
        return self._tree.read(*self._above, name)

    def find(self, name_or_key: str) -> N:
        """Return the entry of a public key or a name.

        What is a public key is first of all that, whatever somebody's name may be.

        Raises:
            NotFoundError: There is none.
            StoreDataError: It cannot be read; or a public key is not found, and an entry that may
                have it cannot be read.
        """
        try:
            return self.find_key(name_or_key)
        except NotFoundError:
            return self[name_or_key]

    def find_key(self, public_key: str) -> N:
        """Return the entry of a public key, for which entries are read until it is found.

        Raises:
            NotFoundError: There is none.
            StoreDataError: It is not found, and an entry that may have it cannot be read.
        """
        kind, unreadable = KINDS[len(self._above) + 1], None
        for name in self if is_public_key(public_key, KeyType(kind)) else ():
            try:
                node = self[name]
            except StoreDataError as error:
                unreadable = unreadable or error
                continue
            if node.public_key == public_key:
                return node
        raise unreadable or NotFoundError(f"there is no {kind} of the key {public_key!r:.80}")

    def delete_unreadable(self, name: str, *, creds: bool = False) -> None:
        """Delete an entry that cannot be read, and all below it, with the next commit.

        As nobody knows whose it is, nothing of it is revoked, and its own seeds stay.

        Args:
            name: Its name.
            creds: Whether its creds go, too.

        Raises:
            NotFoundError: There is none.
            StoreDataError: What it is below cannot be read either.
            UsageError: It can be read.
        """
        path = self._path(name)
        if len(path) > 1:
            self._tree.draft(*path[:-1])
        try:
            self._tree.draft(*path)
        except StoreDataError:
            self._tree.bury(path, creds=creds)
        else:
            raise UsageError(f"{name!r:.80} can be read", hint="delete() of its node deletes it")

    def _path(self, name: str) -> Path:
        # Stores know a user by the name without the white space around it, as nsc does.
        return (*self._above, name.strip() if len(self._above) + 1 == USER else name)

    def _add(
        self, name: str, claims: Claims, role: KeyType, key: KeyPair | PublicKey | str | None
    ) -> N:
        if not isinstance(name, str):
            raise UsageError(f"a name is text, got {type(name).__name__}")
        if key is None:
            key = KeyPair.generate(role)
        claims.sub = PublicKey.parse(public_key(key), expect=role).public_key
        path = self._path(name)
        claims.name = path[-1]
        node = self._node(self._tree.add(path, claims))
        if isinstance(key, KeyPair):
            self._tree.keep(key)
        return node

    def _get_same(self, name: str, key: KeyPair | PublicKey | str | None) -> N | None:
        """Return the entry of a name, if there is one.

        Raises:
            ExistsError: Its key is another one.
        """
        node = self.get(name)
        if node is not None and key is not None and node.public_key != public_key(key):
            kind = KINDS[len(node.path)]
            raise ExistsError(f"{kind} {name!r:.80} has the key {node.public_key}")
        return node


def public_key(key: KeyPair | PublicKey | str) -> str:
    """Return the text of a public key, or of that of a pair.

    Raises:
        UsageError: It is none.
    """
    if isinstance(key, str):
        return key
    if isinstance(key, KeyPair | PublicKey):
        return key.public_key
    raise UsageError(f"expected a KeyPair or a public key, got {type(key).__name__}")
