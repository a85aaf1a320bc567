"""Files that hold secrets: read with a limit, written for their owner alone, whole or not at all.

Only regular files are read and replaced. A pipe could make the reader wait for ever, a device has
no end, and a temporary file renamed over ``/dev/null`` would be the end of that.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from errno import EFBIG, EINVAL, EISDIR
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING

from natsauth.errors import FileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def read_file(path: str | Path, *, limit: int) -> bytes:
    """Read a regular file.

    Args:
        path: Where it is; a symbolic link is followed.
        limit: How many bytes it may have; no more than one above is ever read.

    Raises:
        FileError: There is no such file, it is larger, or it cannot be read; ``errno`` is kept.
        UsageError: The path is neither text nor a path.
    """
    with file_errors("read", path) as place, open(place, "rb", opener=_open_at_once) as file:
        _require_regular(os.fstat(file.fileno()).st_mode)
        data = file.read(limit + 1) or b""  # None where a kernel's file has nothing to tell yet
        if len(data) > limit:
            raise OSError(EFBIG, f"it has more than {limit} bytes")
        return data


def write_file(path: str | Path, data: bytes, *, overwrite: bool = False) -> None:
    """Write a file of mode 0600 that appears under its name only when it is complete.

    The content goes to a temporary file beside it, reaches the disk, and gets the name in one
    step; a crash leaves the old file or the new one. Only where the file system has no hard links
    may a crash of a first writing leave an empty file.

    Args:
        path: Where it is to be, in a directory that exists.
        data: All of its content.
        overwrite: Whether a file of that name is replaced, along with its owner and mode; a
            symbolic link is replaced too, not followed.

    Raises:
        FileError: It cannot be written, or exists; ``errno`` is kept. Nothing is left behind.
        UsageError: The path is neither text nor a path.
    """
    with file_errors("write", path) as place:
        with suppress(FileNotFoundError):
            _require_regular(place.stat().st_mode)
        _write(place, data, overwrite=overwrite)


def _write(path: Path, data: bytes, *, overwrite: bool) -> None:
    from pathlib import Path
    from tempfile import mkstemp

    descriptor, name = mkstemp(prefix=".natsauth-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            temporary.chmod(0o600)  # of which the umask may have taken away some
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            temporary.replace(path)
        else:
            _publish(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_directory(path.parent)


def _publish(temporary: Path, path: Path) -> None:
    """Give a file its name in one step, unless something has that name."""
    try:
        path.hardlink_to(temporary)
    except OSError:
        # The name is taken, as touch() says again, or there are no hard links, as on FAT: then an
        # empty file reserves the name, and ours is moved over it.
        path.touch(exist_ok=False)
        try:
            temporary.replace(path)
        except OSError:
            path.unlink()
            raise


def _sync_directory(path: Path) -> None:
    # Best effort, for the file is there and whole: neither a directory that may be entered but
    # not listed nor Windows lets its names be flushed.
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _open_at_once(path: str, flags: int) -> int:
    # Opening a FIFO would wait for its writer. (Windows has neither FIFOs nor the flag.)
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _require_regular(mode: int) -> None:
    if S_ISDIR(mode):
        raise OSError(EISDIR, os.strerror(EISDIR))
    if not S_ISREG(mode):
        raise OSError(EINVAL, "it is not a regular file")


@contextmanager
def file_errors(verb: str, path: str | Path) -> Iterator[Path]:
    """Turn what the system says into an error that names the file."""
    from pathlib import Path

    try:
        place = Path(path)
    except TypeError:
        raise UsageError(f"expected a file name, got {type(path).__name__}") from None
    try:
        yield place
    except (OSError, ValueError) as error:  # ValueError: no name of a file, as with a NUL in it
        reason = getattr(error, "strerror", None) or error
        hint = "overwrite=True replaces it" if isinstance(error, FileExistsError) else ""
        failure = FileError(f"cannot {verb} {str(path)!r}: {reason}", hint=hint)
        failure.errno = getattr(error, "errno", None)
        raise failure from error
