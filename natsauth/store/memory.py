"""A store that keeps nothing beyond its process: for tests, and for services that need no files."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock, RLock
from typing import TYPE_CHECKING, NoReturn

from natsauth.errors import SecretError
from natsauth.store._checks import (
    check_case,
    check_path,
    encoded,
    identity,
    is_key,
    key_pair,
    no_creds,
    no_entry,
    no_seed,
    possible,
)
from natsauth.store.base import ACCOUNT, USER, check_name

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = "memory"

Path = tuple[str, ...]


class MemoryStore:
    """A store in memory. Threads may share it; it is neither pickled nor copied."""

    def __init__(self) -> None:
        self._exclusive = Lock()
        self._guard = RLock()
        self._tokens: dict[Path, str] = {}
        self._below: dict[Path, set[str]] = {(): set()}
        self._seeds: dict[str, str] = {}
        self._creds: dict[Path, str] = {}

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep all other threads from holding the lock meanwhile.

        It waits as long as it takes, also for a lock that the same thread holds.
        """
        with self._exclusive:
            yield

    def where(self, *_path: str) -> str:
        """Return ``memory``."""
        return _HERE

    def names(self, *above: str) -> list[str]:
        """Return the names below a path, in byte order: operators, accounts or users.

        Raises:
            NotFoundError: There is no entry with that path.
        """
        check_path(above, least=0, most=ACCOUNT)
        with self._guard:
            self._require(above)
            return sorted(self._below[above])

    def read(self, *path: str) -> str:
        """Return the text of a token, without white space around it.

        Raises:
            NotFoundError: There is no such entry.
        """
        check_path(path)
        with self._guard:
            self._require(identity(path))
            return self._tokens[identity(path)]

    def write(self, token: str, *path: str) -> None:
        """Write or replace the text of a token.

        Raises:
            NotFoundError: There is no entry to put it below.
            StoreNameError: The name is not one that can be kept.
            ExistsError: There is an account whose name differs in letter case alone.
        """
        check_path(path)
        encoded(token)
        above, name = path[:-1], identity(path)[-1]
        with self._guard:
            self._require(above)
            if (*above, name) not in self._tokens:
                check_name(path[-1])
                if len(path) == ACCOUNT:
                    check_case(name, self._below[above])
                self._below[above].add(name)
            self._tokens[*above, name] = token.strip()
            self._below.setdefault((*above, name), set())

    def delete(self, *path: str) -> None:
        """Delete a token and everything below it; seeds and creds stay.

        Raises:
            NotFoundError: There is no such entry.
        """
        check_path(path)
        path = identity(path)
        with self._guard:
            self._require(path)
            self._below[path[:-1]].remove(path[-1])
            self._forget(path)

    def seed(self, public_key: str) -> str:
        """Return the seed of a public key of any role.

        Raises:
            NotFoundError: It is not here.
        """
        with self._guard:
            if not is_key(public_key) or public_key not in self._seeds:
                raise no_seed(public_key, _HERE)
            return self._seeds[public_key]

    def add_seed(self, seed: str) -> None:
        """Keep a seed; one that is here already stays.

        Raises:
            KeyTextError: It is not a seed.
        """
        pair = key_pair(seed)
        with self._guard:
            self._seeds[pair.public_key] = pair.reveal_seed()

    def delete_seed(self, public_key: str) -> None:
        """Forget the seed of a public key.

        Raises:
            NotFoundError: It is not here.
        """
        with self._guard:
            self.seed(public_key)
            del self._seeds[public_key]

    def public_keys(self) -> list[str]:
        """Return the public keys whose seeds are here, in their order."""
        with self._guard:
            return sorted(self._seeds)

    def creds(self, *path: str) -> str:
        """Return the text of the creds of a user.

        Raises:
            NotFoundError: There are none.
        """
        check_path(path, least=USER)
        with self._guard:
            if identity(path) not in self._creds:
                raise no_creds(path, _HERE)
            return self._creds[identity(path)]

    def write_creds(self, text: str, *path: str) -> None:
        """Write or replace the creds of a user.

        Raises:
            NotFoundError: Nobody can have such a name.
        """
        check_path(path, least=USER)
        encoded(text)
        if not possible(path):
            raise no_creds(path, _HERE)
        with self._guard:
            self._creds[identity(path)] = text

    def move_creds(self, old: tuple[str, ...], new: tuple[str, ...]) -> None:
        """Move the creds of all users of an account, be they still there, to another account."""
        for path in (old, new):
            check_path(path, least=ACCOUNT, most=ACCOUNT)
        with self._guard:
            for user in [user for user in self._creds if user[:ACCOUNT] == old]:
                self._creds[*new, user[-1]] = self._creds.pop(user)

    def delete_creds(self, *path: str) -> None:
        """Delete the creds of a user, or of everybody below a path; none is fine, too."""
        check_path(path)
        path = identity(path)
        with self._guard:
            for user in [user for user in self._creds if user[: len(path)] == path]:
                del self._creds[user]

    def __repr__(self) -> str:
        """Tell how much there is, and nothing of what it is."""
        return f"<MemoryStore of {len(self._tokens)} tokens and {len(self._seeds)} seeds>"

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        """Refuse pickling and copying: a seed leaves only where it is asked for."""
        raise SecretError(
            "a store in memory is neither pickled nor copied",
            hint="pass the object itself, or keep what it has in a DirectoryStore",
        )

    def _require(self, path: Path) -> None:
        if path and path not in self._tokens:
            raise no_entry(path, _HERE)

    def _forget(self, path: Path) -> None:
        del self._tokens[path]
        for name in self._below.pop(path):
            self._forget((*path, name))
