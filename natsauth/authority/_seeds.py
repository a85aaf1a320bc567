"""Which seeds a commit deletes: those of what goes, though none that what stays needs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from natsauth.authority._draft import keys_of
from natsauth.errors import ClaimsError, StoreDataError, TokenError
from natsauth.store.base import USER
from natsauth.token import peek_unverified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.authority._draft import Draft, Path
    from natsauth.authority._tree import Tree
    from natsauth.token import Token


def leaving_seeds(
    tree: Tree, pending: list[Draft[Any]], tokens: dict[Path, Token[Any]]
) -> tuple[dict[str, Path], dict[str, Path]]:
    """Return whose seeds go, and whose would, but that an entry which stays has the key, too.

    Anybody can name a key in a token, so that it is nobody's alone. What cannot be read names none.

    Args:
        tree: Where the entries belong.
        pending: What is changed.
        tokens: What is to be stored, by path.

    Returns:
        Both as the path of the entry that is changed, by public key.
    """
    gone = {draft.path for draft in pending if draft.drop_seeds}
    wanted, needed = dict(tree.dropped), set[str]()
    if not gone and not wanted:
        return {}, {}
    for path in dict.fromkeys([*_stored(tree), *tokens]):
        above = next((path[:end] for end in range(1, USER + 1) if path[:end] in gone), None)
        if above:
            with suppress(StoreDataError):
                wanted |= dict.fromkeys(keys_of(tree.read(*path).claims), above)
        elif path in tokens:
            needed.update(keys_of(tokens[path].claims))
        else:
            with suppress(TokenError, ClaimsError):
                needed.update(keys_of(peek_unverified(tree.store.read(*path))))
    kept = {key: wanted.pop(key) for key in needed & {*wanted}}
    return wanted, kept


def _stored(tree: Tree, above: Path = ()) -> Iterator[Path]:
    for name in tree.store.names(*above):
        yield (*above, name)
        if len(above) + 1 < USER:
            yield from _stored(tree, (*above, name))
