"""The authority over a store."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from natsauth.authority._commit import Change, commit
from natsauth.authority._expiry import Expiry, expirations
from natsauth.authority._operator import Operators
from natsauth.authority._tree import Tree, key_pair
from natsauth.claims.base import clock
from natsauth.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from natsauth.keys import SecretKey
    from natsauth.store import Store


class Authority:
    """Operators, their accounts and users, over a store.

    Claims are edited as drafts, and signed by :meth:`commit`; or within a :meth:`transaction`,
    which also keeps everybody else out. One authority belongs to one thread at a time.

    Args:
        store: Where everything is kept.
        keys: Key pairs that may sign although the store does not have them. They are preferred.

    Raises:
        UsageError: The store is none, or one of the keys is no key pair.
    """

    def __init__(self, store: Store, *, keys: Iterable[SecretKey] = ()) -> None:
        if not hasattr(store, "lock"):
            raise UsageError(
                f"expected a store, got {type(store).__name__}",
                hint="DirectoryStore(path) is the store in a directory",
            )
        if not isinstance(keys, Iterable):
            raise UsageError(f"keys are a list of key pairs, got {type(keys).__name__}")
        self._tree = Tree(store, keys)
        self._inside = False

    @property
    def store(self) -> Store:
        """Where everything is kept."""
        return self._tree.store

    @property
    def operators(self) -> Operators:
        """The operators, by name."""
        return Operators(self._tree)

    def keep(self, key: SecretKey) -> str:
        """Have a key pair stored with the next commit, and return its public key.

        What makes keys here keeps them by itself; this is for others, such as the curve key of an
        auth callout.

        Raises:
            UsageError: It is no key pair.
        """
        self._tree.keep(key_pair(key))
        return key.public_key

    def commit(
        self, *, allow_lockout: bool = False, now: datetime | float | None = None
    ) -> list[Change]:
        """Sign every draft that was edited, and store it.

        All are judged and signed before the first is written; what was not edited stays as it is.

        Args:
            allow_lockout: Whether a change may go ahead that would lock people out.
            now: The moment of signing; the current one if not given.

        Returns:
            What was done, to operators, accounts and users, and what was deleted at the end.

        Raises:
            ConflictError: An entry was changed by somebody else since it was read.
            LockoutError: A change would lock people out.
            ValidationError, TrustError, SecretError, ClaimsError, TokenError: A draft is refused:
                by its findings, by what servers trust, because nobody who may sign is at hand, or
                because it would be too large.
            StoreError, FileError: The store cannot be read or written. New and edited entries are
                stored all or not at all; what was renamed or deleted is whole, and another commit
                goes on from there.
            UsageError: It is inside of a transaction, or ``now`` is no moment.
        """
        if self._inside:
            raise UsageError("a transaction commits by itself, as it ends")
        with self.store.lock():
            return commit(self._tree, clock(now), allow_lockout=allow_lockout)

    @contextmanager
    def transaction(
        self,
        *,
        allow_lockout: bool = False,
        dry_run: bool = False,
        now: datetime | float | None = None,
    ) -> Iterator[list[Change]]:
        """Hold the lock of the store, read everything fresh, and commit at the end.

        What others edit at the same time waits, and nothing is lost. An exception within drops all
        edits.

        Args:
            allow_lockout: As for :meth:`commit`.
            dry_run: Whether all is judged and signed, and told, but nothing stored.
            now: As for :meth:`commit`.

        Yields:
            A list, which at the end has what :meth:`commit` returns.

        Raises:
            UsageError: There are edits that were not committed, or it is inside of another one.
            ClaimsError: A field of a draft holds what its type cannot.

        At its end it raises what :meth:`commit` does.
        """
        if self._inside or any(draft.is_pending for draft in self._tree.drafts.values()):
            raise UsageError("a transaction starts without edits", hint="commit or discard them")
        changes: list[Change] = []
        with self.store.lock():
            self._tree.forget()
            self._inside = True
            try:
                yield changes
                changes += commit(
                    self._tree, clock(now), allow_lockout=allow_lockout, dry_run=dry_run
                )
            except BaseException:
                self._tree.forget()
                raise
            finally:
                self._inside = False

    def discard(self) -> None:
        """Forget all edits and new keys, and what was read."""
        self._tree.forget()

    def expirations(
        self, within: timedelta | None = None, *, now: datetime | float | None = None
    ) -> list[Expiry]:
        """Return what expires, or has expired, soonest first.

        Args:
            within: How far to look ahead; without end if not given.
            now: The moment; the current one if not given.

        Raises:
            StoreDataError: An entry cannot be read.
            UsageError: ``within`` is no timedelta, or ``now`` no moment.
        """
        if not isinstance(within, timedelta | None):
            raise UsageError(f"expected a timedelta, got {type(within).__name__}")
        found = expirations(self._tree, clock(now))
        if within is not None:
            found = (item for item in found if item.seconds_left <= within.total_seconds())
        return sorted(found, key=lambda item: (item.exp, item.path))
