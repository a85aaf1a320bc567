"""What a store is: where the tokens, seeds and creds of operators are kept.

An entry has a path: ``(operator,)``, ``(operator, account)`` or ``(operator, account, user)``, by
name. The tree of :mod:`natsauth.authority` knows nothing else of where it is kept, so that a store
is a handful of methods and holds no rules about claims.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from natsauth.errors import KeyTextError, StoreNameError, UsageError
from natsauth.keys import parse_public

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

OPERATOR, ACCOUNT, USER = 1, 2, 3
"""The number of names in the path of each kind of entry."""
KINDS = ("store", "operator", "account", "user")
"""What an entry is called, by the number of names in its path."""
_MAX_NAME_BYTES = 200
"""A file name has 255 bytes at most, and a temporary one is longer than the name."""


class Store(Protocol):
    """Keeps the tokens of a tree, and apart from them its seeds and creds.

    Methods see what others have written by then, never half of it. Whoever reads in order to write
    holds the lock meanwhile.
    """

    def lock(self) -> AbstractContextManager[None]:
        """Keep all others, in this process and elsewhere, from holding the lock meanwhile."""

    def where(self, *path: str) -> str:
        """Return in words for an error where the entry of a path is, or would be."""

    def names(self, *above: str) -> list[str]:
        """Return the names below a path, in byte order: operators, accounts or users.

        Raises:
            NotFoundError: There is no entry with that path.
        """

    def read(self, *path: str) -> str:
        """Return the text of a token, as it was written; it may be anything.

        Raises:
            NotFoundError: There is no such entry.
        """

    def write(self, token: str, *path: str) -> None:
        """Write or replace the text of a token.

        Raises:
            NotFoundError: There is no entry to put it below.
            StoreNameError: The name is not one that can be kept.
        """

    def delete(self, *path: str) -> None:
        """Delete a token and everything below it; seeds and creds stay.

        Raises:
            NotFoundError: There is no such entry.
        """

    def seed(self, public_key: str) -> str:
        """Return the seed of a public key of any role.

        Raises:
            NotFoundError: It is not here.
        """

    def add_seed(self, seed: str) -> None:
        """Keep a seed; one that is here already stays."""

    def delete_seed(self, public_key: str) -> None:
        """Forget the seed of a public key.

        Raises:
            NotFoundError: It is not here.
        """

    def public_keys(self) -> list[str]:
        """Return the public keys whose seeds are here, in their order."""

    def creds(self, *path: str) -> str:
        """Return the text of the creds of a user.

        Raises:
            NotFoundError: There are none.
        """

    def write_creds(self, text: str, *path: str) -> None:
        """Write or replace the creds of a user."""

    def move_creds(self, old: tuple[str, ...], new: tuple[str, ...]) -> None:
        """Move the creds of all users of an account, be they still there, to another account."""

    def delete_creds(self, *path: str) -> None:
        """Delete the creds of a user, or of everybody below a path; none is fine, too."""


def check_name(name: str) -> str:
    """Return a name that every store can keep, on every file system.

    Raises:
        StoreNameError: It is empty, is too long, starts with a dot, holds a slash, a backslash or
            an unprintable character, or is a public key, by which somebody else may be found.
        UsageError: It is no text.
    """
    if not isinstance(name, str):
        raise UsageError(f"a name is text, got {type(name).__name__}")
    problem = ""
    if not name.strip():
        problem = "is empty"
    elif "/" in name or "\\" in name:
        problem = "holds '/' or '\\'"
    elif name.startswith("."):
        problem = "starts with a dot"
    elif not name.isprintable():
        problem = "holds an unprintable character"
    elif len(name.encode()) > _MAX_NAME_BYTES:
        problem = f"has more than {_MAX_NAME_BYTES} bytes"
    elif _is_public_key(name.strip()):
        problem = "is a public key"
    if problem:
        raise StoreNameError(f"the name {name!r:.80} {problem}", hint="choose another name")
    return name


def _is_public_key(text: str) -> bool:
    try:
        parse_public(text)
    except KeyTextError:
        return False
    return True
