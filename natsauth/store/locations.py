"""Where nsc keeps its files, and which operator and account it works on.

Both are found as nsc finds them, in the same variables, directories and files.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from natsauth import _json
from natsauth._files import file_errors, write_file
from natsauth.errors import (
    ClaimsError,
    FileError,
    NotFoundError,
    StoreDataError,
    TokenError,
    UsageError,
)
from natsauth.store import _disk

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Self

    from natsauth.store.base import Store

_FILE = "nsc.json"


@dataclass(frozen=True)
class Locations:
    """The three directories of nsc.

    Attributes:
        config: Where ``nsc.json`` is.
        stores: The directory of the operators.
        keys: The directory above ``keys`` and ``creds``.
    """

    config: Path
    stores: Path
    keys: Path

    @classmethod
    def find(
        cls,
        environ: Mapping[str, str] = os.environ,
        *,
        all_dirs: str | Path | None = None,
        config_dir: str | Path | None = None,
        data_dir: str | Path | None = None,
        keystore_dir: str | Path | None = None,
        lenient: bool = False,
    ) -> Self:
        """Find the directories as nsc does.

        Each is what is given; else what a variable names: ``NSC_HOME`` the configuration,
        ``NKEYS_PATH`` the keys; else the default below ``XDG_CONFIG_HOME`` and ``XDG_DATA_HOME``,
        or ``~/.nsc`` and ``~/.nkeys`` of old where only those exist. Before its default, the stores
        are those that the current directory is in or right above, then what ``nsc.json`` names.
        With ``NSC_CWD_ONLY`` that file does not count, and the stores are in the current directory.

        Args:
            environ: The variables, ``HOME`` among them.
            all_dirs: ``nsc -H``: all three in one.
            config_dir: ``nsc --config-dir``.
            data_dir: ``nsc --data-dir``.
            keystore_dir: ``nsc --keystore-dir``.
            lenient: Whether a corrupt ``nsc.json`` counts as none.

        Raises:
            FileError: ``nsc.json`` cannot be read.
            StoreDataError: ``nsc.json`` is corrupt.
            UsageError: A directory is neither text nor a path.
        """
        home = environ.get("HOME") or "~"
        xdg_config = environ.get("XDG_CONFIG_HOME") or f"{home}/.config"
        xdg_data = environ.get("XDG_DATA_HOME") or f"{home}/.local/share"
        config = _absolute(
            all_dirs
            or config_dir
            or environ.get("NSC_HOME")
            or _default(f"{xdg_config}/nats/nsc", f"{home}/.nsc", _FILE)
        )
        stores = (
            all_dirs
            or data_dir
            or _current_stores(config, environ, lenient=lenient)
            or _default(f"{xdg_data}/nats/nsc/stores", f"{home}/.nsc/nats")
        )
        keys = (
            all_dirs
            or keystore_dir
            or environ.get("NKEYS_PATH")
            or _default(f"{xdg_data}/nats/nsc/keys", f"{home}/.nkeys")
        )
        return cls(config=config, stores=_absolute(stores), keys=_absolute(keys))


@dataclass
class Context:
    """What ``nsc.json`` says: the store, and the operator and account that commands mean.

    Attributes:
        store_root: The directory of the operators.
        operator: The name of the current operator, or empty.
        account: The name of its current account, or empty.
        extra: What else the file holds, and keeps.
    """

    store_root: str = ""
    operator: str = ""
    account: str = ""
    # Without this name nsc would not know where its own updates are.
    extra: dict[str, Any] = field(default_factory=lambda: {"github_updates": "nats-io/nsc"})

    @classmethod
    def read(cls, file: str | Path, *, lenient: bool = False) -> Self:
        """Read ``nsc.json``; an empty context where there is no such file.

        Args:
            file: The file.
            lenient: Whether a corrupt file counts as none.

        Raises:
            FileError: It cannot be read.
            StoreDataError: It is corrupt.
        """
        try:
            return cls._read(file)
        except StoreDataError:
            if not lenient:
                raise
            return cls()

    @classmethod
    def _read(cls, file: str | Path) -> Self:
        text = _disk.read_text(file)
        try:
            document = {} if text is None else _json.loads(text)
        except _json.JsonError as error:
            raise _corrupt(file, str(error)) from None
        if not isinstance(document, dict):
            raise _corrupt(file, f"expected an object, got {_json.type_name(document)}")
        context = cls()
        for name, value in document.items():
            if name not in _NAMES:
                context.extra[name] = value
            elif isinstance(value, str):
                setattr(context, name, value)
            else:
                got = _json.type_name(value)
                raise _corrupt(file, f"{name}: expected string, got {got}")
        return context

    @classmethod
    def find(
        cls,
        locations: Locations,
        environ: Mapping[str, str] = os.environ,
        *,
        lenient: bool = False,
    ) -> Self:
        """Find what nsc would work on: what ``nsc.json`` says, unless the current directory does.

        Args:
            locations: The directories.
            environ: The variables.
            lenient: Whether a corrupt ``nsc.json`` counts as none.

        Raises:
            FileError: ``nsc.json`` cannot be read.
            StoreDataError: It is corrupt.
        """
        file = locations.config / _FILE
        context = cls() if _cwd_only(environ) else cls.read(file, lenient=lenient)
        here = _here()
        if here and here.stores == locations.stores:
            context.operator = here.operator or context.operator
            context.account = here.account or context.account
        context.store_root = str(locations.stores)
        return context

    def settled(self, store: Store) -> Self:
        """Return the context with what there is: of one operator or account alone, that one.

        Names of what is not in the store become empty. Unlike in nsc, the system account is never
        current for being alone: whoever deletes the last account means no users of that one.

        Raises:
            FileError, StoreDataError: The store cannot be read.
        """
        operator = _settled(self.operator, store)
        account = _settled(self.account, store, operator) if operator else ""
        if account != self.account and _is_system_account(store, operator, account):
            account = ""
        return replace(self, operator=operator, account=account)

    def save(self, locations: Locations, environ: Mapping[str, str] = os.environ) -> None:
        """Write ``nsc.json``, whole or not at all; nothing with ``NSC_CWD_ONLY``.

        Raises:
            FileError: It cannot be written.
            StoreDataError: Something in it is no JSON.
            UsageError: ``extra`` is no dict.
        """
        if _cwd_only(environ):
            return
        if not isinstance(self.extra, dict):
            raise UsageError(f"extra: expected a dict, got {type(self.extra).__name__}")
        file = locations.config / _FILE
        known = {name: getattr(self, name) for name in _NAMES}
        try:
            data = _json.to_bytes(_json.dumps(known | self.extra))
        except _json.JsonError as error:
            raise StoreDataError(f"{str(file)!r} cannot hold that: {error}") from None
        _disk.make_directory(locations.config)
        write_file(file, data, overwrite=True)


_NAMES = ("store_root", "operator", "account")


def _corrupt(file: str | Path, problem: str) -> StoreDataError:
    hint = "repair or delete it; natsauth select operator NAME makes a new one"
    return StoreDataError(f"{str(file)!r} is corrupt: {problem}", hint=hint)


class _Here(NamedTuple):
    """What a place in a store means."""

    stores: Path
    operator: str = ""
    account: str = ""


def _here() -> _Here | None:
    """Return what the current directory means: a store below it counts before one above it."""
    from pathlib import Path

    try:
        here = Path.cwd()
        if not _operator(here) and any(map(_operator, here.iterdir())):
            return _Here(here)
    except OSError:
        return None
    for place in (here, *here.parents):
        if operator := _operator(place):
            below = here.relative_to(place).parts
            account = below[1] if below[:1] == ("accounts",) and len(below) > 1 else ""
            return _Here(place.parent, operator, account)
    return None


def _operator(directory: Path) -> str:
    """Return the name of the operator that a directory is of, or an empty string."""
    try:
        about = _json.loads(_disk.read_text(directory / ".nsc") or "{}")
    except (FileError, StoreDataError, _json.JsonError):
        return ""
    if not isinstance(about, dict) or about.get("kind") != "operator":
        return ""
    return name if isinstance(name := about.get("name"), str) else ""


def _current_stores(config: Path, environ: Mapping[str, str], *, lenient: bool) -> str | Path:
    """Return the stores that are in use, or an empty string where none ever were."""
    if here := _here():
        return here.stores
    return "." if _cwd_only(environ) else Context.read(config / _FILE, lenient=lenient).store_root


def _settled(name: str, store: Store, *above: str) -> str:
    if name:
        try:
            store.read(*above, name)
        except NotFoundError:
            pass
        else:
            return name
    names = store.names(*above)
    return names[0] if len(names) == 1 else ""


def _is_system_account(store: Store, operator: str, account: str) -> bool:
    """Tell whether an operator, by what its token says, has an account as its system account."""
    from natsauth.claims import OperatorClaims
    from natsauth.token import peek_unverified

    try:
        above = peek_unverified(store.read(operator))
        key = peek_unverified(store.read(operator, account)).sub
        return isinstance(above, OperatorClaims) and above.nats.system_account == key
    except (NotFoundError, TokenError, ClaimsError):
        return False  # no account is there, or whoever uses the token says what is wrong with it


def _cwd_only(environ: Mapping[str, str]) -> bool:
    return "NSC_CWD_ONLY" in environ


def _default(new: str, old: str, mark: str = "") -> str:
    """Return the default directory, or that of old where only there something is."""
    # exists() is False where one may not look, as in nsc; Path.exists() raises an error.
    there = [os.path.exists(_absolute(place) / mark) for place in (new, old)]  # noqa: PTH110
    return old if there == [False, True] else new


def _absolute(place: str | Path) -> Path:
    from pathlib import Path

    with file_errors("find", place) as path:
        # Where there is no home, this leaves the text as it is; Path.expanduser() raises an error.
        return Path(os.path.expanduser(path)).absolute()  # noqa: PTH111
