"""Writing to a store so that it can be taken back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from natsauth.errors import FileError, NotFoundError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsauth.authority._draft import Path
    from natsauth.keys import SecretKey
    from natsauth.store.base import Store


class Undo:
    """Writes to a store, and knows what was there before.

    Args:
        store: The store, whose lock the caller holds.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._steps: list[Callable[[], None]] = []

    def add_seed(self, key: SecretKey) -> None:
        """Keep the seed of a key."""
        store, public_key = self._store, key.public_key
        if not _text(store.seed, (public_key,)):
            self._steps.append(partial(store.delete_seed, public_key))
        store.add_seed(key.reveal_seed())

    def write(self, token: str, path: Path) -> None:
        """Write or replace the text of a token."""
        store = self._store
        self._remember(store.read, store.write, store.delete, path)
        store.write(token, *path)

    def write_creds(self, text: str, path: Path) -> None:
        """Write or replace the creds of a user."""
        store = self._store
        self._remember(store.creds, store.write_creds, store.delete_creds, path)
        store.write_creds(text, *path)

    def _remember(
        self,
        read: Callable[..., str],
        write: Callable[..., None],
        delete: Callable[..., None],
        path: Path,
    ) -> None:
        before = _text(read, path)

        def put_back() -> None:
            if _text(read, path) == before:  # it is the very step that failed
                return
            if before:
                write(before, *path)
            else:
                delete(*path)

        self._steps.append(put_back)

    def take_back(self) -> bool:
        """Take everything back, the last first, and tell whether that succeeded."""
        whole = True
        for step in reversed(self._steps):
            try:
                step()
            except NotFoundError:
                continue  # the very step that failed
            except (FileError, StoreError):
                whole = False
        self._steps.clear()
        return whole


def _text(read: Callable[..., str], path: Path) -> str:
    """Return what is there, or an empty text."""
    try:
        return read(*path)
    except NotFoundError:
        return ""
