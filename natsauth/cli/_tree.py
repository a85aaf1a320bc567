"""The store that a command works on, and the operator, account and user that it means."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from natsauth.authority import Authority
from natsauth.cli._output import Report, Status
from natsauth.errors import LockoutError, NotFoundError
from natsauth.keys import PublicKey, SecretKey
from natsauth.store import Context, DirectoryStore, Locations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.authority import AccountNode, Node, OperatorNode, UserNode
    from natsauth.cli._session import Session
    from natsauth.signing import Signer


class Workspace:
    """What nsc's files say: the store, and what is current in it.

    Args:
        session: The options that name the directories and the key to sign with.

    Attributes:
        authority: The tree over the store.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        key = session.private_key
        keys = [key] if isinstance(key, SecretKey) else []
        self.authority = Authority(self.store, keys=keys)

    @cached_property
    def locations(self) -> Locations:
        """The directories of configuration, stores and keys."""
        session = self._session
        return Locations.find(
            all_dirs=session.all_dirs,
            config_dir=session.config_dir,
            data_dir=session.data_dir,
            keystore_dir=session.keystore_dir,
        )

    @cached_property
    def store(self) -> DirectoryStore:
        """The store."""
        return DirectoryStore(self.locations.stores, keys=self.locations.keys)

    @cached_property
    def context(self) -> Context:
        """The current operator and account: what there is one of is current by itself."""
        return Context.find(self.locations).settled(self.store)

    def operator(self, name: str | None = None) -> OperatorNode:
        """Return an operator by name or public key, or the current one.

        Raises:
            NotFoundError: There is none, or none is current.
        """
        operators = self.authority.operators
        if name:
            return operators.find(name)
        if self.context.operator:
            return operators[self.context.operator]
        if not len(operators):
            raise NotFoundError(
                f"there is no operator in {str(self.locations.stores)!r}",
                hint="natsauth add operator NAME makes one; -H or --data-dir names another place",
            )
        raise NotFoundError(
            f"which operator is meant? There are {_listed(operators)}",
            hint="natsauth select operator NAME makes one the current one",
        )

    def account(self, name: str | None = None) -> AccountNode:
        """Return an account of the current operator by name or public key, or the current one.

        Raises:
            NotFoundError: There is none, or none is current.
        """
        accounts = self.operator().accounts
        if name:
            return accounts.find(name)
        if self.context.account in accounts:
            return accounts[self.context.account]
        if not len(accounts):
            raise NotFoundError("the operator has no account", hint="natsauth add account NAME")
        raise NotFoundError(
            f"which account is meant? There are {_listed(accounts)}",
            hint="name it, or make it the current one: natsauth select account NAME",
        )

    def user(self, account: AccountNode, name: str | None = None) -> UserNode:
        """Return a user of an account by name or public key, or its only one.

        Raises:
            NotFoundError: There is none, or there are several.
        """
        users = account.users
        if name:
            return users.find(name)
        if len(users) == 1:
            [user] = users.values()
            return user
        found = f"There are {_listed(users)}" if len(users) else "It has none"
        raise NotFoundError(
            f"which user of account {account.name!r:.80} is meant? {found}", hint="name it"
        )

    def name_of(self, key: str) -> str:
        """Return the name of the account of a public key, or the key if none has it."""
        try:
            return self.operator().accounts.find(key).name
        except NotFoundError:
            return key

    def select(self, *, operator: str = "", account: str = "") -> None:
        """Make an operator, or an account of it, the current one, as nsc does."""
        self.context.operator = operator or self.context.operator
        self.context.account = account
        self.context.save(self.locations)

    @property
    def signer(self) -> Signer | str | None:
        """What ``-K`` names: a key pair, or the public key or role of one."""
        key: Any = self._session.private_key  # one that signs nothing is refused where it would
        return key.public_key if isinstance(key, PublicKey) else key

    def sign(self, node: Node[Any]) -> None:
        """Have an entry signed by what ``-K`` names, if it was given."""
        if (signer := self.signer) is not None:
            node.sign_with(signer)


class Edit(Workspace):
    """A workspace whose edits are committed together, and reported after that."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.steps: list[Report] = []

    def did(self, message: str, **facts: Any) -> None:
        """Note what was done, to be reported once it is stored."""
        self.steps.append(Report(message, **facts))

    def warn(self, message: str, **facts: Any) -> None:
        """Note what somebody should look at."""
        self.steps.append(Report(message, Status.WARNING, **facts))

    def edited(self, node: Node[Any], verb: str = "edited", of: str = "") -> None:
        """Note that an entry was added, edited or deleted, in nsc's words."""
        self.sign(node)
        self.did(
            f'{verb} {node.claims.kind} "{node.name}"{of}',
            action=verb,
            kind=node.claims.kind,
            path=node.path,
            public_key=node.public_key,
        )


_LOCKOUT_CURE = "put that right first, as with natsauth reissue; --force goes ahead all the same"


@contextmanager
def editing(session: Session, *, force: bool = False, dry_run: bool = False) -> Iterator[Edit]:
    """Hold the lock of the store, commit the edits at the end, and report them.

    Args:
        session: The session.
        force: Whether a change may go ahead that would lock people out.
        dry_run: Whether all is judged, and nothing stored.
    """
    edit = Edit(session)
    try:
        with edit.authority.transaction(allow_lockout=force, dry_run=dry_run):
            yield edit
    except LockoutError as error:
        raise LockoutError(*error.args, hint=_LOCKOUT_CURE) from error
    for step in edit.steps:
        session.output.report(step)
    if dry_run:
        session.output.note("nothing was changed: this was a dry run")


def _listed(names: Any) -> str:
    shown = list(names)
    return ", ".join(shown[:5]) + (f" and {len(shown) - 5} more" if len(shown) > 5 else "")  # noqa: PLR2004
