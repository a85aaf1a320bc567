"""Who is in a sandbox: an operator, its accounts and users."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from natsauth.authority import Authority
from natsauth.claims import Account, Operator, Permissions
from natsauth.errors import ExistsError, NatsAuthError, NotFoundError, UsageError
from natsauth.store import MemoryStore
from natsauth.testing._support import account_body, meant, only, user_body
from natsauth.token import peek_unverified

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from natsauth.authority import AccountNode, OperatorNode, UserNode
    from natsauth.claims import AccountClaims, UserClaims
    from natsauth.creds import Creds
    from natsauth.token import Token


class Identities(ABC):
    """The identities of a sandbox, which are there whether or not its servers run.

    Args:
        authority: Where they are; in memory, with a new operator and account, if not given.
        operator: Which operator.
        account: The account that users are added to.
        jetstream: Whether new accounts have JetStream.
    """

    def __init__(
        self,
        authority: Authority | None,
        *,
        operator: str | None,
        account: str | None,
        jetstream: bool,
    ) -> None:
        self._has_jetstream = jetstream
        if authority is None:
            authority = Authority(MemoryStore())
            body = Operator(strict_signing_key_usage=True)
            operator, account = operator or "sandbox", account or "app"
            node = authority.operators.add(operator, body, signing_keys=1, system_account=True)
            node.accounts.add(account, account_body(jetstream), signing_keys=1)
            authority.commit()
        elif not isinstance(authority, Authority):
            raise UsageError(f"expected an Authority, got {type(authority).__name__}")
        self.authority = authority
        self._operator = operator or only("operator", [*authority.operators])
        self._account = account

    @property
    def operator(self) -> OperatorNode:
        """The operator."""
        return self.authority.operators[self._operator]

    @property
    def system_account(self) -> AccountNode:
        """The system account of the operator."""
        return self.operator.system_account

    @property
    def account(self) -> AccountNode:
        """The account that users are added to.

        Raises:
            NotFoundError: There is none of the name.
            UsageError: There are several, and none was named.
        """
        operator = self.operator
        if self._account is None:
            system = self.system_account.name
            others = [name for name in operator.accounts if name != system]
            self._account = only("account", others)
        return operator.accounts[self._account]

    def add_user(
        self,
        name: str,
        permissions: Permissions | Mapping[str, Any] | None = None,
        *,
        account: str | None = None,
        role: str | None = None,
        expires_in: timedelta | None = None,
    ) -> Creds:
        """Add a user, and return its creds. Servers take it at once.

        Args:
            name: Its name.
            permissions: What it may do: everything if not given, or what the role says. As JSON
                they have ``pub``, ``sub`` and ``resp``. A :class:`~natsauth.User` has limits, too.
            account: The name of its account; :attr:`account` if not given.
            role: The role of a scoped signing key of the account, which is to sign.
            expires_in: Its lifetime; without end if not given.

        Raises:
            ExistsError: The name is taken.
            NotFoundError: There is no such account.
            UsageError, ClaimsError: The permissions are none.

        It also raises what :meth:`natsauth.authority.Authority.commit` does.
        """
        owner = self._owner(account)
        body = user_body(permissions)
        try:
            node = owner.users.add(name, body, signer=role, expires_in=expires_in)
        except ExistsError as error:
            where = f", account={account!r:.80}" if account else ""
            error.hint = (
                f"take another name; sandbox.creds({name!r:.80}{where}) are those of that one"
            )
            raise
        self._commit_new(node)
        return node.creds()

    def add_account(self, name: str, body: Account | None = None) -> AccountNode:
        """Add an account with a signing key, and push it.

        Args:
            name: Its name.
            body: Limits and all else; unlimited if not given, with JetStream if the servers have
                it.

        It raises what :meth:`natsauth.authority.Accounts.add` and :meth:`commit` do.
        """
        body = account_body(self._has_jetstream) if body is None else body
        try:
            node = self.operator.accounts.add(name, body, signing_keys=1)
        except ExistsError as error:
            error.hint = "take another name; sandbox.operator.accounts has those that are there"
            raise
        self._commit_new(node)
        return node

    @abstractmethod
    def commit(self) -> None:
        """Sign what was edited, and have running servers know of it."""

    def creds(self, name: str, *, account: str | None = None) -> Creds:
        """Return the creds of a user by its name.

        Raises:
            NotFoundError: There is no such user or account, it is not committed yet, or its seed is
                not at hand.
        """
        owner = self._owner(account)
        try:
            user = owner.users[name]
        except NotFoundError as error:
            error.hint = meant(name, owner.users) or self._elsewhere(name)
            raise
        if user.name not in self.authority.store.names(*owner.path):
            raise NotFoundError(f"{user!r} is not committed yet", hint="sandbox.commit()")
        return user.creds()

    def check_committed(self, user: Token[UserClaims]) -> None:
        """Refuse a user if edits of it or of its account are not committed.

        Raises:
            UsageError: There are such edits.
        """
        owner = self.operator.accounts.find_key(user.claims.account)
        nodes: list[UserNode | AccountNode] = [owner]
        if (own := owner.users.get(user.claims.name)) and own.public_key == user.claims.sub:
            nodes.append(own)
        for node in nodes:
            if node.claims.to_json() != peek_unverified(node.token.encoded).to_json():
                raise UsageError(f"{node!r} has edits without a commit", hint="sandbox.commit()")

    def account_of(self, user: Token[UserClaims]) -> Token[AccountClaims] | None:
        """Return the stored token of the account of a user, if it is one of the operator's."""
        try:
            return self.operator.accounts.find_key(user.claims.account).token
        except NotFoundError:
            return None

    def _owner(self, account: str | None) -> AccountNode:
        """Return the account of a name, or the one that users are added to."""
        if account is None:
            return self.account
        accounts = self.operator.accounts
        try:
            return accounts[account]
        except NotFoundError as error:
            error.hint = meant(account, accounts)
            raise

    def _elsewhere(self, name: str) -> str:
        """Return how to get the creds of a user of another account, or how to add one."""
        for account, node in self.operator.accounts.items():
            if name in [*node.users]:
                return f"give sandbox.creds({name!r:.80}, account={account!r:.80})"
        return f"sandbox.add_user({name!r:.80}, …) adds one"

    def _commit_new(self, node: UserNode | AccountNode) -> None:
        """Commit a new entry, and forget it if it is refused, so that others can still be added."""
        try:
            self.commit()
        except NatsAuthError:
            if node.name not in self.authority.store.names(*node.path[:-1]):
                node.delete()
            raise
