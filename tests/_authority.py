"""What the tests of the authority share: stores, ones that fail, and a small tree to edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from natsauth.authority import Authority
from natsauth.claims import Permission, UserPermissionLimits
from natsauth.errors import FileError, NotFoundError
from natsauth.keys import KeyPair, KeyType
from natsauth.store import DirectoryStore, MemoryStore
from natsauth.token import decode
from natsauth.trust import check_account, check_user
from natsauth.validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path

    from natsauth.authority import AccountNode, OperatorNode
    from natsauth.store import Store
    from natsauth.token import Token
    from natsauth.trust import TrustCode

    MakeStore = Callable[[Path], Store]

NOW = 1_790_000_000
"""The moment of tests whose clock stands still."""
STORES: dict[str, MakeStore] = {
    "memory": lambda _: MemoryStore(),
    "directory": lambda path: DirectoryStore(path / "stores", keys=path / "keys"),
}
in_each_store = pytest.mark.parametrize("make", STORES.values(), ids=STORES)


def key(role: KeyType) -> KeyPair:
    return KeyPair.generate(role)


def small_tree(store: Store) -> tuple[Authority, OperatorNode, AccountNode]:
    """Make an operator "op" with the accounts "SYS" and "app".

    "app" has a plain signing key, one of the role "team", and the users "alice" and "bob", of whom
    bob has the role.
    """
    authority = Authority(store)
    operator = authority.operators.add("op", signing_keys=1, system_account=True)
    account = operator.accounts.add("app", signing_keys=1)
    template = UserPermissionLimits(pub=Permission(allow=["team.>"]))
    account.signing_keys.add_role("team", template)
    account.users.add("alice")
    account.users.add("bob", signer="team")
    authority.commit(now=NOW)
    return authority, operator, account


def tokens(store: Store, *above: str) -> dict[tuple[str, ...], str]:
    """Return all tokens of a store, by path."""
    found = {}
    for name in store.names(*above):
        path = (*above, name)
        found[path] = store.read(*path)
        if len(path) < 3:
            found |= tokens(store, *path)
    return found


def content(store: Store) -> dict[Any, str]:
    """Return all that a store has: tokens, creds, seeds."""
    found: dict[Any, str] = {**tokens(store)}
    for path in [path for path in found if len(path) == 3]:
        try:
            found["creds", path] = store.creds(*path)
        except NotFoundError:
            continue
    return found | {key: store.seed(key) for key in store.public_keys()}


def check_tree(store: Store, now: int | None = None, *, but: tuple[TrustCode, ...] = ()) -> None:
    """Check that all can be read, is valid, and has a chain that servers trust."""
    for path, text in tokens(store).items():
        token: Token[Any] = decode(text)
        assert validate(token.claims, now=now), path
        above: list[Token[Any]] = [
            decode(store.read(*path[:end])) for end in range(len(path) - 1, 0, -1)
        ]
        if len(path) == 2:
            assert check_account(token, *above, now=now), path
        if len(path) == 3:
            found = check_user(token, *above, now=now).findings
            assert [finding for finding in found if finding.code not in but] == [], path


class DiskFullError(FileError):
    """What a failing store raises."""


class FailingStore(MemoryStore):
    """A store that takes a number of changes and then fails, once or for ever.

    Attributes:
        left: How many changes it still takes.
        once: Whether it takes any number of them once it has failed.
        failure: What it raises; by default that the disk is full.
        log: What was changed, in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.left = 1 << 30
        self.once = False
        self.failure: BaseException | None = None
        self.log: list[str] = []

    def _change(self, what: str) -> None:
        if self.left == 0:
            self.left = 1 << 30 if self.once else 0
            raise self.failure or DiskFullError("the disk is full")
        self.left -= 1
        self.log.append(what)

    def write(self, token: str, *path: str) -> None:
        self._change(f"token {'/'.join(path)}")
        super().write(token, *path)

    def delete(self, *path: str) -> None:
        self._change(f"delete {'/'.join(path)}")
        super().delete(*path)

    def add_seed(self, seed: str) -> None:
        self._change(f"seed {KeyPair.from_seed(seed).public_key}")
        super().add_seed(seed)

    def delete_seed(self, public_key: str) -> None:
        self._change(f"delete seed {public_key}")
        super().delete_seed(public_key)

    def write_creds(self, text: str, *path: str) -> None:
        self._change(f"creds {'/'.join(path)}")
        super().write_creds(text, *path)

    def move_creds(self, old: tuple[str, ...], new: tuple[str, ...]) -> None:
        self._change(f"move creds {'/'.join(old)} {'/'.join(new)}")
        super().move_creds(old, new)

    def delete_creds(self, *path: str) -> None:
        self._change(f"delete creds {'/'.join(path)}")
        super().delete_creds(*path)


def failures(run: Callable[[FailingStore], None]) -> Iterator[FailingStore]:
    """Go through the stores that are left where a run fails at its first change, its second, ...

    The last one is that of the run that succeeds.
    """
    left = -1
    while True:
        left += 1
        store = FailingStore()
        store.left = left
        try:
            run(store)
        except DiskFullError:
            store.left = 1 << 30
            yield store
        else:
            yield store
            return


def add_tags(root: Path, who: int, count: int) -> None:
    """Add tags to the account "app" of a directory, each in a transaction: a process of its own."""
    authority = Authority(STORES["directory"](root))
    for number in range(count):
        with authority.transaction():
            nats = authority.operators["op"].accounts["app"].claims.nats
            nats.tags = [*(nats.tags or ()), f"{who}-{number}"]


def edit_until_killed(root: Path, start: int, done: Connection) -> None:
    """Make users and tags with ever higher numbers, and tell which are there: such a process."""
    authority = Authority(STORES["directory"](root))
    number = start
    while True:
        number += 1
        with authority.transaction():
            account = authority.operators["op"].accounts["app"]
            account.claims.nats.tags = [*(account.claims.nats.tags or ()), f"{number}"]
            account.users.ensure(f"{number}")
            for name in [name for name in account.users if int(name) < number - 3]:
                account.users[name].delete(creds=True, seeds=True, revoke=False)
        done.send(number)
