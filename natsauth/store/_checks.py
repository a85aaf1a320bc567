"""What every store checks in what it is given, and the words for what it has not."""

from __future__ import annotations

from re import compile as regex
from typing import TYPE_CHECKING

from natsauth.errors import ExistsError, KeyTextError, NotFoundError, StoreDataError, UsageError
from natsauth.keys import KeyPair, KeyType, parse_public
from natsauth.store.base import ACCOUNT, KINDS, OPERATOR, USER
from natsauth.xkeys import CurveKeyPair

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsauth.keys import SecretKey

_MAX_BYTES = 255 - len(".creds")
_SEPARATORS = regex(r"[/\\\0\ud800-\udfff]").search


def check_path(path: tuple[str, ...], *, least: int = OPERATOR, most: int = USER) -> None:
    """Check that a path is of names, and that it has as many as it should.

    Raises:
        UsageError: It is not, or has not.
    """
    for name in path:
        if not isinstance(name, str):
            raise UsageError(f"a name is text, got {type(name).__name__}")
    if not least <= len(path) <= most:
        kinds = " or ".join(KINDS[least : most + 1])
        raise UsageError(f"expected the path of {kinds}, got {len(path)} names")


def possible(path: tuple[str, ...]) -> bool:
    """Tell whether an entry may have a path: its files have names, and are where they belong."""
    return not any(
        _SEPARATORS(name) or name.strip() in ("", ".", "..") or len(name.encode()) > _MAX_BYTES
        for name in path
    )


def identity(path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the path under which an entry is known: nsc cuts off spaces around a user's name."""
    return (*path[:ACCOUNT], path[ACCOUNT].strip()) if len(path) == USER else path


def encoded(text: str) -> bytes:
    """Return the bytes of what is to be kept.

    Raises:
        UsageError: It is no text.
        StoreDataError: It is none that can be written.
    """
    if not isinstance(text, str):
        raise UsageError(f"expected text, got {type(text).__name__}")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise StoreDataError("text with lone surrogates cannot be kept") from None


def key_pair(seed: str) -> SecretKey:
    """Return the key pair of a seed of any role.

    Raises:
        KeyTextError: The text is not a seed.
        UsageError: It is no text.
    """
    if not isinstance(seed, str):
        raise UsageError(f"expected the text of a seed, got {type(seed).__name__}")
    curve = seed.strip().startswith(f"S{KeyType.CURVE.letter}")
    return (CurveKeyPair if curve else KeyPair).from_seed(seed)


def is_key(text: str) -> bool:
    """Tell whether a text is a public key of any role.

    Raises:
        UsageError: It is no text.
    """
    if not isinstance(text, str):
        raise UsageError(f"expected the text of a public key, got {type(text).__name__}")
    try:
        parse_public(text)
    except KeyTextError:
        return False
    return True


def check_case(name: str, others: Iterable[str]) -> None:
    """Check that no other account has a new account's name but for its letter case, as nsc does.

    Raises:
        ExistsError: One has.
    """
    for other in others:
        if other.lower() == name.lower() and other != name:
            raise ExistsError(
                f"the account name {name!r} differs from {other!r} in letter case alone",
                hint="choose another name",
            )


def no_entry(path: tuple[str, ...], place: object) -> NotFoundError:
    """Return the error that there is no entry with a path."""
    return NotFoundError(f"there is no {KINDS[len(path)]} {_shown(path)} in {place}")


def no_creds(path: tuple[str, ...], place: object) -> NotFoundError:
    """Return the error that a user has no creds."""
    return NotFoundError(f"there are no creds of {_shown(path)} in {place}")


def no_seed(public_key: str, place: object) -> NotFoundError:
    """Return the error that a public key has no seed here."""
    return NotFoundError(f"there is no seed of {public_key!r:.80} in {place}")


def _shown(path: tuple[str, ...]) -> str:
    return repr("/".join(path))[:200]
