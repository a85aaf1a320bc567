"""The few things that a store does with directories: made, listed, emptied and locked."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from errno import ENAMETOOLONG, ENOENT, ENOTDIR
from typing import TYPE_CHECKING

from natsauth._files import file_errors, read_file
from natsauth.errors import FileError, StoreDataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES = 2 << 20
"""The largest file of a store: creds with the largest token."""
ABSENT = frozenset({ENOENT, ENOTDIR, ENAMETOOLONG})
"""What the system says where there is no file of a name."""


def read_text(file: str | Path) -> str | None:
    """Return the text of a file, or ``None`` where there is no such file.

    Raises:
        FileError: It cannot be read.
        StoreDataError: It is not UTF-8.
    """
    try:
        return read_file(file, limit=MAX_BYTES).decode()
    except FileError as error:
        if error.errno in ABSENT:
            return None
        raise
    except UnicodeDecodeError:
        raise StoreDataError(
            f"{str(file)!r} is not text", hint="restore it from a backup, or delete it"
        ) from None


def exists(path: Path | str) -> bool:
    """Tell whether something has a name.

    Raises:
        FileError: The system does not say.
    """
    with file_errors("read", path):
        try:
            os.stat(path)  # noqa: PTH116 - thousands are asked for, as text
        except OSError as error:
            if error.errno in ABSENT:
                return False
            raise
        return True


def names_in(directory: Path) -> list[str]:
    """Return the names in a directory, in any order; none where there is no such directory.

    Raises:
        FileError: It cannot be listed.
    """
    with file_errors("list", directory):
        try:
            return os.listdir(directory)  # noqa: PTH208 - the names are all that is needed
        except OSError as error:
            if error.errno in ABSENT:
                return []
            raise


def make_directory(directory: Path) -> None:
    """Make a directory, and all above it, for their owner alone; one that is there stays.

    Raises:
        FileError: It cannot be made.
    """
    with file_errors("make", directory):
        try:
            _make(directory)
        except FileExistsError:
            raise OSError(ENOTDIR, os.strerror(ENOTDIR)) from None  # nothing to overwrite


def _make(directory: Path) -> None:
    # mkdir(parents=True) gives its mode to the last one only.
    try:
        directory.mkdir(0o700, exist_ok=True)
    except FileNotFoundError:
        _make(directory.parent)
        directory.mkdir(0o700, exist_ok=True)


def remove(file: Path) -> bool:
    """Remove a file, and tell whether it was there.

    Raises:
        FileError: It cannot be removed.
    """
    with file_errors("delete", file):
        try:
            file.unlink()
        except OSError as error:
            if error.errno in ABSENT:
                return False
            raise
        return True


def remove_all(directory: Path, suffix: str) -> None:
    """Remove the files of a suffix, and the directory if nothing else is in it.

    Raises:
        FileError: A file cannot be removed.
    """
    with cleared(directory) as names:
        for name in names:
            if name.endswith(suffix):
                remove(directory / name)


def move_all(source: Path, target: Path) -> None:
    """Give a directory another name; or move what is in it, if there is one of that name.

    Raises:
        FileError: It cannot be moved.
    """
    if exists(target):
        for name in names_in(source):
            with file_errors("move", source / name):
                (source / name).replace(target / name)
        remove_empty(source)
    elif exists(source):
        make_directory(target.parent)
        with file_errors("move", source):
            source.replace(target)


@contextmanager
def cleared(directory: Path) -> Iterator[list[str]]:
    """Give the names in a directory that are to be removed, and remove it if it is empty then.

    Where it is a link there are none, and the link goes: what it leads to is somebody else's.

    Raises:
        FileError: It cannot be listed, or the link cannot be removed.
    """
    if os.path.islink(directory) and os.path.isdir(directory):  # noqa: PTH112, PTH114 - they raise nothing
        remove(directory)
        yield []
    else:
        yield names_in(directory)
        remove_empty(directory)


def remove_empty(*directories: Path) -> None:
    """Remove directories, save those that hold something or must stay for another reason."""
    for directory in directories:
        with suppress(OSError):
            directory.rmdir()


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the exclusive lock on a file, which is made and stays.

    Each lock has an open file of its own, so that it excludes threads as it does processes.

    Raises:
        FileError: The file cannot be opened or locked.
    """
    from fcntl import LOCK_UN, flock

    descriptor = _open_locked(file)
    try:
        yield
    finally:
        flock(descriptor, LOCK_UN)  # closing would not do if a fork has it open, too
        os.close(descriptor)


def _open_locked(file: Path) -> int:
    from fcntl import LOCK_EX, flock

    with file_errors("lock", file):
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            flock(descriptor, LOCK_EX)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor
