"""Operators of the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth.authority._account import AccountNode, Accounts
from natsauth.authority._draft import Draft
from natsauth.authority._node import Entries, Node
from natsauth.authority._signers import choose_signer
from natsauth.authority._signing_keys import SigningKeys, check_count
from natsauth.authority._system import SYSTEM_ACCOUNT, SYSTEM_USER, monitoring_exports
from natsauth.claims import Account, AccountClaims, Operator, OperatorClaims
from natsauth.errors import NotFoundError
from natsauth.keys import KeyPair, KeyType, is_public_key
from natsauth.trust import trusted_keys

if TYPE_CHECKING:
    from natsauth.keys import PublicKey
    from natsauth.signing import Signer


class OperatorNode(Node[OperatorClaims]):
    """An operator: the root of a tree."""

    __slots__ = ()

    @property
    def accounts(self) -> Accounts:
        """The accounts of the operator, by name."""
        return Accounts(self._tree, self.path)

    @property
    def signing_keys(self) -> SigningKeys:
        """Its signing keys."""
        return SigningKeys(self._tree, self, KeyType.OPERATOR)

    @property
    def system_account(self) -> AccountNode:
        """The system account.

        Raises:
            NotFoundError: There is none.
        """
        key = self.claims.nats.system_account
        if not key:
            raise NotFoundError(
                f"operator {self.name!r:.80} has no system account",
                hint="ensure_system_account() makes one",
            )
        found = self.accounts.get(SYSTEM_ACCOUNT)
        return found if found and found.public_key == key else self.accounts.find_key(key)

    def ensure_system_account(self) -> AccountNode:
        """Return the system account, made as nsc does if there is none.

        A new one is called ``SYS``; it has a signing key, monitoring exports and a user ``sys``.
        One that is there gets such a user if it has none at all.

        Raises:
            ExistsError: There is another account of that name.
            NotFoundError: The operator names an account that is kept elsewhere.
        """
        body, key = self.claims.nats, None
        try:
            node = self.system_account
        except NotFoundError:
            if body.system_account:  # of a bootstrap that was cut off
                key = self._tree.key(body.system_account)
            assert key is None or isinstance(key, KeyPair)  # noqa: S101 - of an account
            account = Account(exports=monitoring_exports())
            node = self.accounts.ensure(SYSTEM_ACCOUNT, account, key=key, signing_keys=1)
            body.system_account = node.public_key
        if not node.users:
            node.users.add(SYSTEM_USER)
        return node

    def signer(self) -> Signer:
        """Return a key pair at hand that signs accounts and requests to delete them.

        Raises:
            SecretError: There is none.
        """
        draft = Draft((*self.path, ""), AccountClaims())
        return choose_signer(self._tree, draft, f"accounts of operator {self.name!r:.80}")

    def require_signing_keys(self, *, required: bool = True) -> None:
        """Have identity keys sign neither accounts nor users any more, or again."""
        self.claims.nats.strict_signing_key_usage = required

    def reissue_all(self) -> list[Node[Any]]:
        """Have all accounts and users signed anew by the next commit.

        Users that are revoked by now stay revoked, and whatever has a strange issuer stays strange:
        to trust one of these, reissue it by itself.

        Returns:
            The accounts and users that stay as they are; with an account stay its users.

        Raises:
            StoreDataError: One of them cannot be read.
        """
        left_out: list[Node[Any]] = []
        for account in self.accounts.values():
            if account.is_foreign:
                left_out.append(account)
            else:
                account.reissue()
                left_out += account.reissue_users()
        return left_out

    def reissue_identity(
        self, key: KeyPair | None = None, *, keep_signing: bool = False
    ) -> list[str]:
        """Give the operator another identity key with the next commit, which signs it.

        Servers trust the operator that their configuration names: they take accounts that the new
        keys sign only when they got the new token of the operator, and were restarted.

        Accounts are signed anew that the old identity signed, or a former one whose seed is here:
        so another run mends what is left where one was cut off. Strange ones stay strange.

        Args:
            key: The new key pair; one is made if not given.
            keep_signing: Whether the old key goes on as a signing key, so that what it signed
                holds.

        Returns:
            The names of the accounts that are signed anew.

        Raises:
            KeyRoleError: The key is no operator key.
            StoreDataError: An account cannot be read, or the seed of who signed one.
        """
        old = self.public_key
        pair = key or KeyPair.generate(KeyType.OPERATOR)
        self.signing_keys.add(pair)  # which has its role checked, and its seed stored
        self.signing_keys.remove(pair.public_key)
        if keep_signing:
            self.signing_keys.add(old)
        self.claims.sub = self._draft.public_key = pair.public_key
        self.sign_with(pair)
        self.reissue()
        accounts = [node for node in self.accounts.values() if self._has_left(node, old)]
        for node in accounts:
            node.reissue()
        return [node.name for node in accounts]

    def _has_left(self, account: AccountNode, old: str) -> bool:
        """Tell whether an account was signed by this operator, and is not by what it is now."""
        issuer = account.token.claims.iss
        if issuer in trusted_keys(self.claims):
            return False
        is_operator = is_public_key(issuer, KeyType.OPERATOR)
        return issuer == old or (is_operator and self._tree.find_key(issuer) is not None)


class Operators(Entries[OperatorNode]):
    """The operators of a store, by name."""

    def _node(self, draft: Draft[Any]) -> OperatorNode:
        return OperatorNode(self._tree, draft)

    def add(
        self,
        name: str,
        body: Operator | None = None,
        *,
        key: KeyPair | PublicKey | str | None = None,
        signing_keys: int = 0,
        system_account: bool = False,
    ) -> OperatorNode:
        """Add an operator.

        Args:
            name: Its name.
            body: URLs, strictness and all else, of which a copy is taken; the defaults if not
                given.
            key: Its key pair, whose seed is stored; or its public key; a new pair if not given.
            signing_keys: How many signing keys are made for it.
            system_account: Whether a system account is made, as nsc does.

        Raises:
            ExistsError: The name is taken.
            StoreNameError: It is no name.
            KeyTextError, KeyRoleError, UsageError: The key is no operator key.
            ClaimsError: A field of the body holds what its type cannot.
            NotFoundError: The body names a system account that is kept elsewhere, though one is
                to be made.
        """
        check_count(signing_keys)
        claims = OperatorClaims(nats=Operator() if body is None else body)
        node = self._add(name, claims, KeyType.OPERATOR, key)
        node.signing_keys.ensure(signing_keys)
        if system_account:
            node.ensure_system_account()
        return node

    def ensure(
        self,
        name: str,
        body: Operator | None = None,
        *,
        key: KeyPair | PublicKey | str | None = None,
        signing_keys: int = 0,
        system_account: bool = False,
    ) -> OperatorNode:
        """Return the operator of a name, with what is asked for at least, or add it.

        An operator that is there keeps its body.

        Raises:
            ExistsError: The operator is there with another key.
            StoreNameError, KeyTextError, KeyRoleError, UsageError, ClaimsError, NotFoundError: As
                :meth:`add`.
        """
        node = self._get_same(name, key)
        if node is None:
            return self.add(
                name, body, key=key, signing_keys=signing_keys, system_account=system_account
            )
        node.signing_keys.ensure(signing_keys)
        if system_account:
            node.ensure_system_account()
        return node
