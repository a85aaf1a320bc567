"""Accounts of the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth.authority._draft import Draft
from natsauth.authority._node import Entries, Node, public_key
from natsauth.authority._sharing import activate, add_import
from natsauth.authority._signers import choose_signer
from natsauth.authority._signing_keys import AccountSigningKeys, check_count
from natsauth.authority._user import UserNode, Users, issue, new_user
from natsauth.claims import Account, AccountClaims, ActivationClaims
from natsauth.claims.base import clock
from natsauth.errors import ExistsError, NotFoundError, StoreDataError, UsageError
from natsauth.keys import KeyPair, KeyType

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from natsauth.authority._draft import Path
    from natsauth.claims import Import, Permissions, User
    from natsauth.creds import Creds
    from natsauth.keys import PublicKey
    from natsauth.signing import Signer
    from natsauth.token import Token


class AccountNode(Node[AccountClaims]):
    """An account of an operator."""

    __slots__ = ()

    @property
    def users(self) -> Users:
        """The users of the account, by name."""
        return Users(self._tree, self.path)

    @property
    def signing_keys(self) -> AccountSigningKeys:
        """Its signing keys, plain and scoped."""
        return AccountSigningKeys(self._tree, self, KeyType.ACCOUNT)

    def signer(self) -> Signer:
        """Return a key pair at hand that signs users, without a scope.

        Raises:
            SecretError: There is none.
        """
        draft = Draft((*self.path, ""), ActivationClaims())  # which no scoped key signs
        return choose_signer(self._tree, draft, f"users of account {self.name!r:.80}")

    def rename(self, name: str) -> None:
        """Give the account another name with the next commit; users and creds move along.

        If that was cut off before, it goes on from there.

        Raises:
            ExistsError: The name is taken.
            StoreNameError, UsageError: It is no name.
        """
        draft, new = self._draft, (*self.path[:-1], name)
        if (not draft.new_name or name != draft.new_name) and not self._is_cut_off(new):
            self._tree.check_free(new, own=self.name)
        draft.claims.name = name
        if draft.is_new:
            self._tree.move(self.path, new)
        else:
            draft.new_name = name if name != self.name else ""
            self._tree.taken.clear()

    def _is_cut_off(self, path: Path) -> bool:
        """Tell whether an account is but this one, by a rename that did not come to its end."""
        try:
            twin = self._tree.draft(*path)
        except (NotFoundError, StoreDataError):
            return False
        if twin is self._draft or twin.is_new or twin.new_name:
            return False
        mine = self._draft.stored
        return mine is not None and (mine.sub, mine.nats) == (twin.public_key, twin.claims.nats)

    def reissue_users(self) -> list[UserNode]:
        """Have all users signed anew by the next commit, as after a change of signing keys.

        Those that are revoked by now stay revoked, and those of a strange issuer stay strange: to
        trust one of these, reissue it by itself.

        Returns:
            The users that stay as they are.

        Raises:
            StoreDataError: One of them cannot be read.
        """
        left_out = []
        for user in self.users.values():
            if user.is_revoked or user.is_foreign:
                left_out.append(user)
            else:
                user.reissue()
        return left_out

    def mint(
        self,
        name: str,
        body: User | Permissions | None = None,
        *,
        expires_in: timedelta | None = None,
        key: KeyPair | None = None,
        signer: Signer | str | None = None,
        now: datetime | float | None = None,
    ) -> Creds:
        """Issue a user that is stored nowhere, and return its creds.

        The seed of the account or of one of its signing keys is enough. What counts is the account
        as it is stored at that moment, without the edits since.

        Args:
            name: Its name.
            body: Permissions and limits; see :meth:`Users.add`.
            expires_in: Its lifetime; without end if not given.
            key: Its key pair; a new one if not given.
            signer: Who is to sign: see :meth:`sign_with`.
            now: The moment; the current one if not given.

        Raises:
            ClaimsError: The lifetime is not positive, or a field holds what its type cannot.
            ValidationError: The body has findings that block its use.
            SecretError, TrustError: Nobody who may sign is at hand.
            TokenError: The token would be too large, or a foreign signer failed.
            NotFoundError: The account is not committed yet.
            KeyTextError, UsageError: The key is no KeyPair, or the signer is none.
        """
        moment, pair = clock(now), KeyPair.generate(KeyType.USER) if key is None else key
        if not isinstance(pair, KeyPair):
            raise UsageError(f"expected a KeyPair, got {type(pair).__name__}")
        tree, path = self._tree.committed(), (*self.path, name)
        claims = new_user(tree, self.path, name, body, signer)
        claims.sub = pair.public_key
        if expires_in is not None:
            claims.expire_in(expires_in, now=moment)
        return issue(tree, Draft(path, claims, signer=signer), pair, moment)

    def activate(
        self,
        subject: str,
        account: str,
        *,
        expires_in: timedelta | None = None,
        not_before: datetime | float | None = None,
        signer: Signer | str | None = None,
        now: datetime | float | None = None,
    ) -> Token[ActivationClaims]:
        """Sign the leave for another account to import a private export.

        Args:
            subject: What it may import.
            account: Public key of the other account.
            expires_in: How long the leave lasts; without end if not given.
            not_before: From when on it holds; from now on if not given.
            signer: Who is to sign, by default as for users; no scoped signing key may.
            now: The moment; the current one if not given.

        Raises:
            NotFoundError: There is no private export of that subject.
            SecretError, TrustError: Nobody who may sign is at hand.
            ClaimsError: The lifetime is not positive, or ``account`` is no account key.
            TokenError: A foreign signer failed.
            KeyTextError, UsageError: The signer is none.
        """
        return activate(
            self._tree, self._draft, subject, account,
            expires_in=expires_in, not_before=not_before, signer=signer, now=clock(now),
        )  # fmt: skip

    def add_import(
        self,
        source: Import | Token[ActivationClaims],
        *,
        name: str = "",
        local_subject: str = "",
    ) -> Import:
        """Add an import, public or from an activation token.

        Args:
            source: The import; or the activation, from which it is made.
            name: A name for people, of an import from an activation; the subject if not given.
            local_subject: The subject in this account, of such an import.

        Raises:
            ExistsError: The subject is imported from that account already.
            TrustError: The activation is not for this account.
            UsageError: It is neither of the two; or an import, which has these names in itself.
        """
        return add_import(self.claims, source, name=name, local_subject=local_subject)


class Accounts(Entries[AccountNode]):
    """The accounts of an operator, by name."""

    def _node(self, draft: Draft[Any]) -> AccountNode:
        return AccountNode(self._tree, draft)

    def add(
        self,
        name: str,
        body: Account | None = None,
        *,
        key: KeyPair | PublicKey | str | None = None,
        signing_keys: int = 0,
    ) -> AccountNode:
        """Add an account.

        Args:
            name: Its name.
            body: Limits and all else, of which a copy is taken; unlimited and without JetStream if
                not given.
            key: Its key pair, whose seed is stored; or its public key; a new pair if not given.
            signing_keys: How many signing keys are made for it.

        Raises:
            ExistsError: The name is taken, be it in other letter case; or another account has the
                key.
            StoreNameError: It is no name.
            KeyTextError, KeyRoleError, UsageError: The key is no account key.
            ClaimsError: A field of the body holds what its type cannot.
        """
        check_count(signing_keys)
        if key is not None:
            self._check_key(key)
        claims = AccountClaims(nats=Account() if body is None else body)
        node = self._add(name, claims, KeyType.ACCOUNT, key)
        node.signing_keys.ensure(signing_keys)
        return node

    def ensure(
        self,
        name: str,
        body: Account | None = None,
        *,
        key: KeyPair | PublicKey | str | None = None,
        signing_keys: int = 0,
    ) -> AccountNode:
        """Return the account of a name, with that many signing keys at least, or add it.

        An account that is there keeps its body.

        Raises:
            ExistsError: The account is there with another key, or in other letter case.
            StoreNameError, KeyTextError, KeyRoleError, UsageError, ClaimsError: As :meth:`add`.
        """
        node = self._get_same(name, key)
        if node is None:
            return self.add(name, body, key=key, signing_keys=signing_keys)
        node.signing_keys.ensure(signing_keys)
        return node

    def _check_key(self, key: KeyPair | PublicKey | str) -> None:
        """Refuse an identity that is there under another name: servers would take them for one."""
        wanted = public_key(key)
        for node in self.values():
            if node.public_key == wanted:
                raise ExistsError(f"account {node.name!r:.80} has the key {wanted} already")
