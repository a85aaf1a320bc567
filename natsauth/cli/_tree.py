"""The store that a command works on, and the operator, account and user that it means."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from natsauth.authority import Authority
from natsauth.cli._hints import in_commands
from natsauth.cli._output import Report, Status
from natsauth.errors import LockoutError, NotFoundError
from natsauth.keys import PublicKey, SecretKey
from natsauth.store import Context, DirectoryStore, Locations
from natsauth.store.base import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.authority import AccountNode, Node, OperatorNode, UserNode
    from natsauth.authority._node import Entries, N
    from natsauth.cli._session import Session
    from natsauth.signing import Signer


class Workspace:
    """What nsc's files say: the store, and what is current in it.

    Args:
        session: The options that name the directories and the key to sign with.
        lenient: Whether a corrupt ``nsc.json`` counts as none.

    Attributes:
        authority: The tree over the store.
    """

    def __init__(self, session: Session, *, lenient: bool = False) -> None:
        self._session = session
        self._lenient = lenient
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
            lenient=self._lenient,
        )

    @cached_property
    def store(self) -> DirectoryStore:
        """The store."""
        return DirectoryStore(self.locations.stores, keys=self.locations.keys)

    @cached_property
    def context(self) -> Context:
        """The current operator and account: what there is one of is current by itself."""
        return Context.find(self.locations, lenient=self._lenient).settled(self.store)

    def operator(self, name: str | None = None) -> OperatorNode:
        """Return an operator by name or public key, or the current one.

        Raises:
            NotFoundError: There is none, or none is current.
        """
        operators = self.authority.operators
        if name:
            return found(operators, name)
        if self.context.operator:
            return operators[self.context.operator]
        if not len(operators):
            raise self.no_operator()
        raise NotFoundError(
            f"which operator is meant? There are {_listed(operators)}",
            hint="natsauth select operator NAME makes one the current one",
        )

    def no_operator(self) -> NotFoundError:
        """Return the error that there is nothing in the store."""
        if self.is_named_by_file:
            other = "nsc.json names that directory, natsauth env -s DIR another one"
        else:
            other = "-H, --data-dir or $XDG_DATA_HOME names another place, as natsauth env shows"
        return NotFoundError(
            f"there is no operator in {self.store.where()!r}",
            hint=f"natsauth add operator NAME makes one; {other}",
        )

    @property
    def is_named_by_file(self) -> bool:
        """Whether no option but ``nsc.json`` says where the stores are."""
        if self._session.all_dirs or self._session.data_dir:
            return False
        file = self.locations.config / "nsc.json"
        root = Context.read(file, lenient=self._lenient).store_root
        return bool(root) and Path(root) == self.locations.stores

    def account(self, name: str | None = None) -> AccountNode:
        """Return an account of the current operator by name or public key, or the current one.

        Raises:
            NotFoundError: There is none, or none is current.
        """
        accounts = self.operator().accounts
        if name:
            return found(accounts, name, self.operator())
        if self.context.account in accounts:
            return accounts[self.context.account]
        if not len(accounts):
            raise NotFoundError("the operator has no account", hint="natsauth add account NAME")
        if len(accounts) == 1:
            [name] = accounts
            raise NotFoundError(
                f"no account is current: there is only the system account {name!r:.80}",
                hint=f"natsauth add account NAME makes one; -a {name} means this one",
            )
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
            return found(users, name, account)
        if len(users) == 1:
            [user] = users.values()
            return user
        if not len(users):
            raise NotFoundError(
                f"account {account.name!r:.80} has no users", hint="natsauth add user NAME"
            )
        raise NotFoundError(
            f"which user of account {account.name!r:.80} is meant? There are {_listed(users)}",
            hint="name it",
        )

    def has_seed(self, public_key: str) -> bool:
        """Tell whether the store has the seed of a key.

        Raises:
            StoreDataError: It has something else in its place.
        """
        try:
            self.store.seed(public_key)
        except NotFoundError:
            return False
        return True

    def name_of(self, key: str) -> str:
        """Return the name of the account of a public key, or the key if none has it."""
        try:
            return self.operator().accounts.find(key).name
        except NotFoundError:
            return key

    def select(self, *, operator: str = "", account: str = "") -> None:
        """Make an operator, or an account of it, the current one, as nsc does.

        Of the operator that is current already the current account stays.
        """
        if account or operator != self.context.operator:
            self.context.account = account
        self.context.operator = operator or self.context.operator
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
        self.waits_for_push = ""
        """The name of an account whose edit protects nobody until servers have it."""
        self.waits_for_removal = ""
        """The public key of an account that is deleted here, though not on servers."""

    def did(self, message: str, **facts: Any) -> None:
        """Note what was done, to be reported once it is stored."""
        self.steps.append(Report(message, **facts))

    def warn(self, message: str, **facts: Any) -> None:
        """Note what somebody should look at."""
        self.steps.append(Report(message, Status.WARNING, **facts))

    def warn_of_servers(self) -> None:
        """Note that servers have to learn of another signing key of the operator, or identity."""
        self.warn(
            "servers have the operator in their configuration: natsauth generate config, and "
            "restart them, before you push what a new key signs"
        )

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


_COMPARED = 1000
"""Of more names, comparing each with a mistyped one would take seconds."""


@contextmanager
def editing(
    session: Session, *, force: bool = False, dry_run: bool = False, founding: bool = False
) -> Iterator[Edit]:
    """Hold the lock of the store, commit the edits at the end, and report them.

    Args:
        session: The session.
        force: Whether a change may go ahead that would lock people out.
        dry_run: Whether all is judged, and nothing stored.
        founding: Whether there need not be any operator yet.

    Raises:
        NotFoundError: There is none; not even a lock is left in its place.
    """
    edit = Edit(session)
    if not (founding or edit.store.names()):
        raise edit.no_operator()
    try:
        with edit.authority.transaction(allow_lockout=force, dry_run=dry_run) as changes:
            yield edit
    except LockoutError as error:
        ctx = click.get_current_context(silent=True)
        able = any(option.name == "force" for option in ctx.command.params) if ctx else False
        raise LockoutError(*error.args, hint=in_commands(error.hint, force=able)) from error
    for key in (key for change in changes for key in change.kept_seeds):
        edit.warn(f"the seed of {key} stays: another entry has this key, too", public_key=key)
    for step in edit.steps:
        session.output.report(step.planned() if dry_run else step)
    if dry_run:
        session.output.note("nothing was changed: this was a dry run")
    elif edit.waits_for_push:
        account = quote(edit.waits_for_push)
        session.output.note(f"servers know of it once it is pushed: natsauth push -a {account}")
    elif key := edit.waits_for_removal:
        session.output.note(
            f"servers that have it keep it until natsauth push --account-removal {key}",
            hint="they delete accounts where natsauth generate config --allow-delete lets them",
        )


def found(nodes: Entries[N], name: str, above: Node[Any] | None = None) -> N:
    """Return the node of a name or public key; where there is none, the nearest is named.

    Raises:
        NotFoundError: There is none.
    """
    try:
        return nodes.find(name)
    except NotFoundError:
        path = (*above.path, name) if above else (name,)
        kind = KINDS[len(path)]
        near = _nearest(name, list(nodes))
        hint = f"did you mean {near!r:.80}?" if near else f"natsauth list {kind}s names them"
        raise NotFoundError(f"there is no {kind} {'/'.join(path)!r:.80}", hint=hint) from None


def _nearest(name: str, names: list[str]) -> str:
    from difflib import get_close_matches

    by_case = [one for one in names if one.lower() == name.lower()]
    return next(iter(by_case or get_close_matches(name, names[:_COMPARED], n=1)), "")


def _listed(names: Any) -> str:
    shown = list(names)
    return ", ".join(shown[:5]) + (f" and {len(shown) - 5} more" if len(shown) > 5 else "")  # noqa: PLR2004 - enough to see
