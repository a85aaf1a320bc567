"""Accounts of the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth.authority._draft import Draft
from natsauth.authority._node import Entries, Node
from natsauth.authority._sharing import activate, add_import
from natsauth.authority._signers import choose_signer
from natsauth.authority._signing_keys import AccountSigningKeys
from natsauth.authority._user import Users, issue, new_user
from natsauth.claims import Account, AccountClaims, ActivationClaims
from natsauth.claims.base import clock
from natsauth.errors import ExistsError
from natsauth.keys import KeyPair, KeyType
from natsauth.store.base import check_name

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from natsauth.claims import Import, User
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
        return AccountSigningKeys(self._tree, self.claims.nats, KeyType.ACCOUNT)

    def signer(self) -> Signer:
        """Return a key pair at hand that signs users, without a scope.

        Raises:
            SecretError: There is none.
        """
        return choose_signer(self._tree, Draft((*self.path, "of this account"), ActivationClaims()))

    def rename(self, name: str) -> None:
        """Give the account another name with the next commit; users and creds move along.

        Raises:
            ExistsError: The name is taken.
            StoreNameError: It is no name.
        """
        taken = {other.casefold() for other in self._tree.names(*self.path[:-1])} - {
            self.name.casefold()
        }
        if check_name(name).casefold() in taken:
            raise ExistsError(f"there is an account {name!r:.80} already")
        self.claims.name = name
        if self._draft.is_new:
            del self._tree.drafts[self.path]
            self._draft.path = (*self.path[:-1], name)
            self._tree.drafts[self.path] = self._draft
        elif name != self.name:
            self._draft.new_name = name

    def reissue_users(self) -> None:
        """Have all users signed anew by the next commit, as after a change of signing keys."""
        for user in self.users.values():
            user.reissue()

    def mint(
        self,
        name: str,
        body: User | None = None,
        *,
        expires_in: timedelta | None = None,
        key: KeyPair | None = None,
        signer: Signer | str | None = None,
        now: datetime | float | None = None,
    ) -> Creds:
        """Issue a user that is stored nowhere, and return its creds.

        The seed of the account or of one of its signing keys is enough.

        Args:
            name: Its name.
            body: Permissions and limits; see :meth:`Users.add`.
            expires_in: Its lifetime; without end if not given.
            key: Its key pair; a new one if not given.
            signer: Who is to sign: see :meth:`sign_with`.
            now: The moment; the current one if not given.

        Raises:
            ClaimsError: The lifetime is not positive.
            ValidationError: The body has findings that block its use.
            SecretError, TrustError: Nobody who may sign is at hand.
        """
        moment, pair = clock(now), key or KeyPair.generate(KeyType.USER)
        claims = new_user(self._tree, self.path, name, body, signer)
        claims.sub = pair.public_key
        if expires_in is not None:
            claims.expire_in(expires_in, now=moment)
        return issue(self._tree, Draft((*self.path, name), claims, signer=signer), pair, moment)

    def activate(
        self,
        subject: str,
        account: str,
        *,
        expires_in: timedelta | None = None,
        signer: Signer | str | None = None,
        now: datetime | float | None = None,
    ) -> Token[ActivationClaims]:
        """Sign the leave for another account to import a private export.

        Args:
            subject: What it may import.
            account: Public key of the other account.
            expires_in: How long the leave lasts; without end if not given.
            signer: Who is to sign, by default as for users; no scoped signing key may.
            now: The moment; the current one if not given.

        Raises:
            NotFoundError: There is no private export of that subject.
            SecretError, TrustError: Nobody who may sign is at hand.
            ClaimsError: The lifetime is not positive, or ``account`` is no account key.
        """
        return activate(
            self._tree, self._draft, subject, account,
            expires_in=expires_in, signer=signer, now=clock(now),
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
            name: A name for people; of an activation the subject if not given.
            local_subject: The subject in this account, for an activation.

        Raises:
            ExistsError: The subject is imported from that account already.
            TrustError: The activation is not for this account.
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
            body: Limits and all else; unlimited and without JetStream if not given.
            key: Its key pair, whose seed is stored; or its public key; a new pair if not given.
            signing_keys: How many signing keys are made for it.

        Raises:
            ExistsError: The name is taken, be it in other letter case.
            StoreNameError: It is no name.
            KeyTextError, KeyRoleError, UsageError: The key is no account key.
        """
        claims = AccountClaims(name=name, nats=Account() if body is None else body)
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
            StoreNameError, KeyTextError, KeyRoleError, UsageError: As :meth:`add`.
        """
        node = self._get_same(name, key)
        if node is None:
            return self.add(name, body, key=key, signing_keys=signing_keys)
        node.signing_keys.ensure(signing_keys)
        return node
