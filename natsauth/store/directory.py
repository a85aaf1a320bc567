"""The store of nsc: directories that nsc reads and writes, too, before, after and in between.

::

    <stores>/<operator>/.nsc
    <stores>/<operator>/<operator>.jwt
    <stores>/<operator>/accounts/<account>/<account>.jwt
    <stores>/<operator>/accounts/<account>/users/<user>.jwt

Seeds and creds are in a tree of their own: see :mod:`natsauth.store.keyring`. Directories have the
mode 0700, files 0600, and a token stands bare in its file. What nsc lacks: a file changes in one
step, from the old content to the new, which is on the disk by then; and who writes can keep others
out meanwhile. nsc itself does not know that lock.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING

from natsauth import _json
from natsauth._files import write_file
from natsauth.errors import FileError, NotFoundError
from natsauth.store import _disk
from natsauth.store._checks import check_case, check_path, encoded, no_entry, possible
from natsauth.store.base import ACCOUNT, OPERATOR, USER, check_name
from natsauth.store.keyring import KeyRing
from natsauth.store.locations import Locations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCK = ".natsauth.lock"


class DirectoryStore(KeyRing):
    """A store in the directories of nsc.

    Nothing is read before it is asked for, nothing is made before the first write, and a token is
    one file. It takes a system with POSIX locks.

    Args:
        stores: The directory of the operators.
        keys: The directory above ``keys`` and ``creds``.

    What is not given is where nsc would look for it; see :meth:`Locations.find`.
    """

    def __init__(self, stores: str | Path | None = None, *, keys: str | Path | None = None) -> None:
        self._given = stores, keys
        self._listed: dict[tuple[str, ...], dict[str, set[str]]] | None = None

    @cached_property
    def locations(self) -> Locations:
        """The directories, which are looked up once.

        Raises:
            FileError, StoreDataError: nsc's own file that names one cannot be read.
        """
        stores, keys = self._given
        return Locations.find(data_dir=stores, keystore_dir=keys)

    @property
    def stores(self) -> Path:
        """The directory of the operators."""
        return self.locations.stores

    @property
    def keys(self) -> Path:
        """The directory above ``keys`` and ``creds``."""
        return self.locations.keys

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep all others, in this process and elsewhere, from holding the lock meanwhile.

        It waits as long as it takes, also for a lock that the same thread holds.

        Raises:
            FileError: The stores directory cannot be made or written.
        """
        _disk.make_directory(self.stores)
        with _disk.locked(self.stores / _LOCK):
            self._listed = {}
            try:
                yield
            finally:
                self._listed = None

    def where(self, *path: str) -> str:
        """Return the name of the token's file, or without a path of the stores directory."""
        try:
            return str(self.token_file(*path) if path else self.stores)
        except NotFoundError:
            return str(self.stores)

    def names(self, *above: str) -> list[str]:
        """Return the names below a path, in byte order: operators, accounts or users.

        Raises:
            NotFoundError: There is no entry with that path.
            FileError: A directory cannot be read.
        """
        check_path(above, least=0, most=ACCOUNT)
        if above:
            self._require(above)
        place = self._below(above)
        if len(above) == ACCOUNT:
            files = (name for name in _disk.names_in(place) if name.endswith(".jwt"))
            found = [name for file in files if (name := file[:-4]) == name.strip()]
        else:
            found = [
                name
                for name in _disk.names_in(place)
                if _disk.exists(f"{place}/{name}/{name.strip()}.jwt")
            ]
        return sorted(name for name in found if possible((name,)))

    def read(self, *path: str) -> str:
        """Return the text of a token, without white space around it.

        Raises:
            NotFoundError: There is no such entry.
            FileError: The file cannot be read.
            StoreDataError: It is not text.
        """
        text = _disk.read_text(self.token_file(*path))
        if text is None:
            raise self._no_entry(path)
        return text.strip()

    def write(self, token: str, *path: str) -> None:
        """Write or replace the text of a token, whole or not at all.

        Raises:
            NotFoundError: There is no entry to put it below.
            StoreNameError: The name is new, and not one that can be kept.
            ExistsError: There is an account whose name differs in letter case alone.
            FileError: The file cannot be written; the store is as it was.
        """
        check_path(path)
        data = encoded(token)
        if len(path) > OPERATOR:
            self._require(path[:-1])
        if not self._has(path):
            check_name(path[-1])
            if len(path) == ACCOUNT:
                self._check_case(path)
        file, about = self.token_file(*path), self.token_file(path[0]).with_name(".nsc")
        is_known = len(path) > OPERATOR or _disk.exists(about)
        try:
            # An operator has a directory for accounts from the start, as nsc expects it.
            _disk.make_directory(self._below(path) if len(path) == OPERATOR else file.parent)
            if not is_known:
                _make_operator(about, path[0])  # so that nsc knows an operator as soon as we do
            write_file(file, data, overwrite=True)
        except FileError:
            with suppress(FileError):
                if not is_known:
                    _disk.remove(about)
                    _disk.remove_empty(self._below(path))
                _disk.remove_empty(file.parent)
            raise

    def delete(self, *path: str) -> None:
        """Delete a token and everything below it; seeds, creds and files of others stay.

        Raises:
            NotFoundError: There is no such entry.
            FileError: A file cannot be deleted.
        """
        file = self.token_file(*path)
        if len(path) < USER:
            self._require(path)
            (_clear_account if len(path) == ACCOUNT else _clear_operator)(file.parent)
        elif not _disk.remove(file):
            raise self._no_entry(path)

    def token_file(self, *path: str) -> Path:
        """Return where the token of an entry is, or would be.

        Raises:
            NotFoundError: Nothing can have such a name.
        """
        check_path(path)
        if not possible(path):
            raise self._no_entry(path)
        name = path[-1].strip()  # nsc trims the names of files, though not those of directories
        place = self._below(path[:-1])
        return place / f"{name}.jwt" if len(path) == USER else place / path[-1] / f"{name}.jwt"

    def __repr__(self) -> str:
        """Return the store as an expression."""
        stores, keys = self._given
        return f"DirectoryStore({stores!r}, keys={keys!r})"

    def _below(self, path: tuple[str, ...]) -> Path:
        """Return the directory of what is below a path."""
        parts = [part for pair in zip(path, ("accounts", "users"), strict=False) for part in pair]
        return self.stores.joinpath(*parts)

    def _has(self, path: tuple[str, ...]) -> bool:
        return possible(path) and _disk.exists(self.token_file(*path))

    def _require(self, path: tuple[str, ...]) -> None:
        if not self._has(path):
            raise self._no_entry(path)

    def _no_entry(self, path: tuple[str, ...]) -> NotFoundError:
        return no_entry(path, repr(str(self.stores)))

    def _check_case(self, path: tuple[str, ...]) -> None:
        """Refuse a new account whose name another one has but for letter case."""
        *above, name = path
        twins = self._accounts(*above).setdefault(name.lower(), set())
        check_case(name, (twin for twin in sorted(twins) if self._has((*above, twin))))
        twins.add(name)

    def _accounts(self, *above: str) -> dict[str, set[str]]:
        """Return the names of an operator's accounts, and perhaps of others, by the lower case.

        Whoever holds the lock has them listed once, for to list 10,000 takes longer than to write
        one.
        """
        listed = {} if self._listed is None else self._listed
        if above not in listed:
            by_case: dict[str, set[str]] = {}
            for name in _disk.names_in(self._below(above)):
                by_case.setdefault(name.lower(), set()).add(name)
            listed[above] = by_case
        return listed[above]


def _make_operator(about: Path, name: str) -> None:
    """Make what nsc knows an operator's directory by."""
    document = {"managed": False, "name": name, "kind": "operator", "version": "1"}
    write_file(about, _json.to_bytes(_json.dumps(document)), overwrite=True)


# A token goes after all below it: or what a crash leaves would be there again, under another entry
# of the name.


def _clear_operator(directory: Path) -> None:
    """Remove the tokens of an operator and all below it, and directories that are empty then."""
    with _disk.cleared(directory) as found:
        if found:
            with _disk.cleared(directory / "accounts") as names:
                for name in names:
                    _clear_account(directory / "accounts" / name)
            _disk.remove(directory / f"{directory.name.strip()}.jwt")
            _disk.remove(directory / ".nsc")


def _clear_account(directory: Path) -> None:
    """Remove the tokens of an account and its users, and directories that are empty then."""
    with _disk.cleared(directory) as found:
        if found:
            _disk.remove_all(directory / "users", ".jwt")
            _disk.remove(directory / f"{directory.name.strip()}.jwt")
