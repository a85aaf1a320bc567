"""Users of the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth.authority._commit import check_trust, sign
from natsauth.authority._draft import Draft
from natsauth.authority._node import Entries, Node
from natsauth.claims import Permissions, User, UserClaims
from natsauth.claims.base import clock
from natsauth.creds import Creds
from natsauth.keys import KeyPair, KeyType
from natsauth.signing import signer_key

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from natsauth.authority._draft import Path
    from natsauth.authority._tree import Tree
    from natsauth.keys import PublicKey
    from natsauth.signing import Signer
    from natsauth.token import Token


class UserNode(Node[UserClaims]):
    """A user of an account.

    A commit that signs it writes its creds, too, where its seed is at hand.
    """

    __slots__ = ()

    @property
    def is_revoked(self) -> bool:
        """Whether the account, as it is stored, refuses what is stored of the user."""
        account, user = self._tree.draft(*self.path[:-1]).stored, self._draft.stored
        return bool(account and user and account.nats.is_revoked(self.public_key, user.iat))

    def creds(
        self, *, expires_in: timedelta | None = None, now: datetime | float | None = None
    ) -> Creds:
        """Return creds to connect with, for the user as it is stored at that moment.

        Args:
            expires_in: How long they live, though no longer than the user. If given, a token of
                their own is signed, which is not stored; else they hold the stored one.
            now: The moment; the current one if not given.

        Raises:
            NotFoundError: The user's seed is not at hand, or the user is not committed yet.
            ClaimsError: The lifetime is not positive.
            SecretError: Nobody who may sign is at hand.
            TrustError: No server would take the user: it is revoked, has expired, or the like.
        """
        key: Any = self.key
        tree, moment = self._tree.committed(), clock(now)
        claims = tree.draft(*self.path).claims
        token = _read(tree)[self.path]
        if expires_in is None:
            return Creds.create(token, key)
        check_trust(tree, {self.path: token}, moment, passing=(), known=_read(tree))
        claims.expire_in(expires_in, now=moment)
        claims.exp = min(claims.exp, token.claims.exp or claims.exp)
        # No earlier than the stored token, for that may be just after a revocation.
        moment = max(moment, token.claims.iat)
        return issue(tree, Draft(self.path, claims, signer=self._draft.signer), key, moment)

    def revoke(self, *, now: datetime | float | None = None) -> None:
        """Have the account refuse every token that the user has so far.

        One that is issued later is good again: see :meth:`reissue`.

        Args:
            now: The moment; the current one if not given.
        """
        moment = clock(now)
        if self._draft.token is not None:
            moment = max(moment, self.token.claims.iat)
        account = self._tree.draft(*self.path[:-1]).claims
        account.nats.revoke(self.public_key, at=moment)

    def delete(self, *, seeds: bool = False, creds: bool = False, revoke: bool = True) -> None:
        """Delete the user with the next commit, and revoke its tokens.

        Args:
            seeds: Whether its seed goes, too. Nobody can bring it back.
            creds: Whether its creds go, too.
            revoke: Whether the account is to refuse its tokens from then on, once it is pushed.
        """
        if revoke and self._draft.token is not None:
            self.revoke()
        super().delete(seeds=seeds, creds=creds)


class Users(Entries[UserNode]):
    """The users of an account, by name."""

    def _node(self, draft: Draft[Any]) -> UserNode:
        return UserNode(self._tree, draft)

    def add(
        self,
        name: str,
        body: User | Permissions | None = None,
        *,
        key: KeyPair | PublicKey | str | None = None,
        signer: Signer | str | None = None,
        expires_in: timedelta | None = None,
    ) -> UserNode:
        """Add a user.

        Args:
            name: Its name.
            body: Permissions and limits, or permissions alone, of which a copy is taken;
                everything without limits if not given, or nothing of its own where a scoped
                signing key is to sign.
            key: Its key pair, whose seed is stored; or its public key; a new pair if not given.
            signer: Who is to sign: see :meth:`~natsauth.authority.Node.sign_with`.
            expires_in: Its lifetime; without end if not given.

        Raises:
            ExistsError: The name is taken.
            StoreNameError: It is no name.
            KeyTextError, KeyRoleError, UsageError: The key is no user key, or the signer is none.
            ClaimsError: The lifetime is not positive, or a field of the body holds what its type
                cannot.
        """
        claims = new_user(self._tree, self._above, name, body, signer)
        if expires_in is not None:
            claims.expire_in(expires_in)
        node = self._add(name, claims, KeyType.USER, key)
        if signer is not None:
            node.sign_with(signer)
        return node

    def ensure(
        self,
        name: str,
        body: User | Permissions | None = None,
        *,
        key: KeyPair | PublicKey | str | None = None,
        signer: Signer | str | None = None,
        expires_in: timedelta | None = None,
    ) -> UserNode:
        """Return the user of a name as it is, or add it with these arguments.

        Raises:
            ExistsError: The user is there with another key.
            StoreNameError, KeyTextError, KeyRoleError, UsageError, ClaimsError: As :meth:`add`.
        """
        present = self._get_same(name, key)
        if present is not None:
            return present
        return self.add(name, body, key=key, signer=signer, expires_in=expires_in)


def new_user(
    tree: Tree,
    account: Path,
    name: str,
    body: User | Permissions | None,
    signer: Signer | str | None,
) -> UserClaims:
    """Return the claims of a new user, without permissions where a role gives them."""
    if body is not None:
        own: Any = User.of(body) if type(body) is Permissions else body
        return UserClaims(name=name, nats=own)
    empty = User()
    named = signer_key(signer).public_key if signer and not isinstance(signer, str) else signer
    if named and tree.draft(*account).claims.nats.scope(named):
        empty.clear()
    return UserClaims(name=name, nats=empty)


def issue(tree: Tree, draft: Draft[UserClaims], key: KeyPair | None, now: int) -> Creds:
    """Return creds with a token that is stored nowhere.

    Raises:
        ValidationError, TrustError, SecretError, ClaimsError: It would be of no use.
    """
    token = sign(tree, draft, now)
    check_trust(tree, {draft.path: token}, now, known=_read(tree))
    return Creds.create(token, key)


def _read(tree: Tree) -> dict[Path, Token[Any]]:
    """Return what a tree without edits has read."""
    return {path: draft.token for path, draft in tree.drafts.items() if draft.token}
