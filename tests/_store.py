"""What the tests of stores share: nsc's own store, and the troubles that a file system has."""

from __future__ import annotations

import os
import resource
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

NSC_STORE = Path(__file__).parent / "vectors" / "nsc-store"
_NOBODY = 65534
_watchers: list[list[str]] = []
_hooked: list[bool] = []


@contextmanager
def unprivileged() -> Iterator[Path]:
    """Lend a directory of somebody to whom permissions apply, for root may do everything."""
    with tempfile.TemporaryDirectory() as name:
        user = os.geteuid() or _NOBODY
        os.chown(name, user, -1)
        was = os.geteuid()
        os.seteuid(user)
        try:
            yield Path(name)
        finally:
            os.seteuid(was)
            Path(name).chmod(0o700)


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let the kernel refuse to write more bytes to a file, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def opened() -> Iterator[list[str]]:
    """Give the names of the files that are opened meanwhile."""
    if not _hooked:  # a hook stays for ever
        sys.addaudithook(_watch)
        _hooked.append(True)
    names: list[str] = []
    _watchers.append(names)
    try:
        yield names
    finally:
        _watchers.remove(names)


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if event == "open" and not isinstance(args[0], int):
        for names in _watchers:
            names.append(os.fsdecode(args[0]))
