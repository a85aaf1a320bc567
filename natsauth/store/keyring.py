"""The keys directory of nsc: seeds by their public keys, creds by their users.

::

    <keys>/.gitignore
    <keys>/keys/<K>/<XX>/<public key>.nk      K and XX are the key's first three characters
    <keys>/creds/<operator>/<account>/<user>.creds
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from contextlib import suppress
from errno import EEXIST
from typing import TYPE_CHECKING

from natsauth._files import write_file
from natsauth.errors import ExistsError, FileError, KeyTextError, NotFoundError, StoreDataError
from natsauth.store import _disk
from natsauth.store._checks import (
    check_path,
    encoded,
    identity,
    is_key,
    key_pair,
    no_creds,
    no_seed,
    possible,
)
from natsauth.store.base import ACCOUNT, USER

if TYPE_CHECKING:
    from pathlib import Path

# A crash may leave a temporary file, which has a name of ours.
_GITIGNORE = b"**/*.nk\n**/*.creds\n**/.natsauth-*\n"


class KeyRing(ABC):
    """Keeps seeds and creds in files: the half of a :class:`DirectoryStore` that is secret."""

    @property
    @abstractmethod
    def keys(self) -> Path:
        """The directory above ``keys`` and ``creds``."""

    def seed(self, public_key: str) -> str:
        """Return the seed of a public key of any role.

        Raises:
            NotFoundError: It is not here, or the file has the public key alone.
            StoreDataError: The file holds something else, or the key ring is of an old layout.
            FileError: The file cannot be read.
        """
        file = self.key_file(public_key)
        text = _disk.read_text(file)
        if text is None:
            raise self._no_seed(public_key)
        if text.strip() == public_key:
            raise NotFoundError(f"{str(file)!r} holds the public key, not its seed")
        try:
            pair = key_pair(text)
        except KeyTextError:
            pair = None
        if pair is None or pair.public_key != public_key:
            raise StoreDataError(
                f"{str(file)!r} does not hold the seed of that public key",
                hint="put the right seed there, or delete the file",
            )
        return pair.reveal_seed()

    def add_seed(self, seed: str) -> None:
        """Keep a seed; one that is here already stays.

        Raises:
            KeyTextError: It is not a seed.
            ExistsError: Its file exists, and is different.
            FileError: The file cannot be written.
        """
        pair = key_pair(seed)
        text = pair.reveal_seed()
        file = self.key_file(pair.public_key)
        self._make_keys(file.parent)
        try:
            write_file(file, text.encode())
        except FileError as error:
            if error.errno != EEXIST:
                raise
            if (_disk.read_text(file) or "").strip() != text:
                raise ExistsError(
                    f"{str(file)!r} exists already and is different",
                    hint="the new seed was not written",
                ) from None

    def delete_seed(self, public_key: str) -> None:
        """Forget the seed of a public key.

        Raises:
            NotFoundError: It is not here.
            FileError: The file cannot be deleted.
        """
        file = self.key_file(public_key)
        if not _disk.remove(file):
            raise self._no_seed(public_key)
        _disk.remove_empty(file.parent)

    def public_keys(self) -> list[str]:
        """Return the public keys that have a file here, in their order; none of them is read.

        Raises:
            FileError: A directory cannot be read.
        """
        ring = self.keys / "keys"
        return sorted(
            key
            for role in _disk.names_in(ring)
            for shard in _disk.names_in(ring / role)
            for name in _disk.names_in(ring / role / shard)
            if name.endswith(".nk") and name.startswith(role + shard)
            if is_key(key := name[:-3])
        )

    def creds(self, *path: str) -> str:
        """Return the text of the creds of a user.

        Raises:
            NotFoundError: There are none.
            FileError: The file cannot be read.
            StoreDataError: It is not text.
        """
        text = _disk.read_text(self.creds_file(*path))
        if text is None:
            raise no_creds(path, self._place)
        return text

    def write_creds(self, text: str, *path: str) -> None:
        """Write or replace the creds of a user, whole or not at all.

        Raises:
            NotFoundError: Nobody can have such a name.
            FileError: The file cannot be written.
        """
        file = self.creds_file(*path)
        data = encoded(text)
        self._make_keys(file.parent)
        write_file(file, data, overwrite=True)

    def move_creds(self, old: tuple[str, ...], new: tuple[str, ...]) -> None:
        """Move the creds of all users of an account, be they still there, to another account.

        As with nsc that is all of their directory. Files of the other account that have the same
        names are replaced.

        Raises:
            FileError: A file cannot be moved.
        """
        for path in (old, new):
            check_path(path, least=ACCOUNT, most=ACCOUNT)
        if possible(old) and possible(new):
            _disk.move_all(*(self.keys.joinpath("creds", *path) for path in (old, new)))

    def delete_creds(self, *path: str) -> None:
        """Delete the creds of a user, or of everybody below a path; none is fine, too.

        Raises:
            FileError: A file cannot be deleted.
        """
        check_path(path)
        if not possible(path):
            return
        place = self.keys.joinpath("creds", *path[:ACCOUNT])
        if len(path) == USER:
            _disk.remove(self.creds_file(*path))
        elif len(path) == ACCOUNT:
            _disk.remove_all(place, ".creds")
        else:
            with _disk.cleared(place) as names:
                for name in names:
                    _disk.remove_all(place / name, ".creds")

    def key_file(self, public_key: str) -> Path:
        """Return where the seed of a public key is, or would be.

        Raises:
            NotFoundError: The text is not a public key.
        """
        if not is_key(public_key):
            raise no_seed(public_key, self._place)
        shard = f"keys/{public_key[0]}/{public_key[1:3]}"
        return self.keys / shard / f"{public_key}.nk"

    def creds_file(self, *path: str) -> Path:
        """Return where the creds of a user are, or would be.

        Raises:
            NotFoundError: Nothing can have such a name.
        """
        check_path(path, least=USER)
        if not possible(path):
            raise no_creds(path, self._place)
        operator, account, user = identity(path)
        return self.keys / "creds" / operator / account / f"{user}.creds"

    @property
    def _place(self) -> str:
        return repr(str(self.keys))

    def _make_keys(self, directory: Path) -> None:
        """Make a directory below that of the keys, and keep git from taking what will be in it."""
        keys = self.keys
        for place in (keys / "keys", keys / "creds", directory):
            _disk.make_directory(place)
        ignore = keys / ".gitignore"
        if "NSC_NO_GIT_IGNORE" not in os.environ and not _disk.exists(ignore):
            write_file(ignore, _GITIGNORE, overwrite=True)

    def _no_seed(self, public_key: str) -> NotFoundError | StoreDataError:
        # Operators' seeds once were <keys>/<operator>/<operator>.nk, and all others below them.
        now = (self.keys / "keys", self.keys / "creds")
        with suppress(OSError):  # of names that the system does not take
            for pattern in ("*.nk", "*/*.nk"):
                for file in self.keys.glob(pattern):
                    if file.parent not in now:
                        return StoreDataError(
                            f"{self._place} is a key ring of an old layout: {str(file)!r}",
                            hint="'nsc keys migrate' moves the keys to where they belong",
                        )
        return no_seed(public_key, self._place)
