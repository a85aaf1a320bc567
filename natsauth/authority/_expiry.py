"""What expires, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from natsauth.creds import Creds
from natsauth.errors import CredsError, NotFoundError
from natsauth.store.base import KINDS, USER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.authority._draft import Path
    from natsauth.authority._tree import Tree


@dataclass(frozen=True, slots=True)
class Expiry:
    """Something that expires.

    Attributes:
        kind: ``operator``, ``account``, ``user`` or ``creds``.
        path: The names of operator, account and user.
        public_key: The public key of the entry.
        exp: When, in Unix seconds.
        seconds_left: How long until then; negative once it has expired.
    """

    kind: str
    path: tuple[str, ...]
    public_key: str
    exp: int
    seconds_left: int

    @property
    def expired(self) -> bool:
        """Whether it has expired."""
        return self.seconds_left <= 0


def expirations(tree: Tree, now: int) -> Iterator[Expiry]:
    """Go through everything in the store that ever expires."""
    for path in _paths(tree):
        claims = tree.read(*path).claims
        if claims.exp:
            yield Expiry(KINDS[len(path)], path, claims.sub, claims.exp, claims.exp - now)
        if len(path) == USER and (exp := _creds_expiry(tree, path)):
            yield Expiry("creds", path, claims.sub, exp, exp - now)


def _paths(tree: Tree, above: Path = ()) -> Iterator[Path]:
    for name in tree.store.names(*above):
        path = (*above, name)
        yield path
        if len(path) < USER:
            yield from _paths(tree, path)


def _creds_expiry(tree: Tree, path: Path) -> int:
    try:
        return Creds.parse(tree.store.creds(*path)).token.claims.exp
    except (NotFoundError, CredsError):
        return 0
