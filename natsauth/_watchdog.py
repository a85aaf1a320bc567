"""A process that cleans up after this one, should it die without a chance to do so itself.

It is started with the first server, holds the other end of a pipe, and is told which directories
servers run in. When the pipe closes, this process has ended, be it by ``kill -9``: the servers that
still run in these directories are killed then, and the directories that were to go are removed.

Servers are known by their command line, which ends with their directory. Process ids alone would
not do: they are used again.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import weakref
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO

MARK: Final = "--ports_file_dir"
"""The last flag of a server that is watched; its directory follows, and nothing else."""
_PROC = Path("/proc")
_PATIENCE: Final = 10.0
_POLL_SECONDS: Final = 0.02


class _Watchdog:
    """The watchdog of this process. A forked child gets one of its own."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def tell(self, verb: str, directory: Path) -> None:
        """Tell it something, and start it before if need be."""
        message = json.dumps([verb, str(directory)]).encode() + b"\n"
        with self._lock:
            if self._process is None:
                self._process = _start()
                weakref.finalize(self, _end, self._process, os.getpid())
            # Somebody may have killed it, which is no reason to fail: it is the second line.
            with suppress(OSError, ValueError):
                _pipe(self._process).write(message)

    def leave(self) -> None:
        """Let go of what belongs to the parent, in a child that was just forked."""
        self._lock = Lock()
        if self._process is not None:
            # As long as anybody holds the pipe, the watchdog takes the parent for alive.
            _pipe(self._process).close()
            self._process.returncode = 0  # it is no child of this process
            self._process = None


def watch(directory: Path, *, remove: bool = False) -> None:
    """Have the servers in a directory killed if this process dies, and perhaps the directory go."""
    _WATCHDOG.tell("remove" if remove else "watch", directory)


def forget(directory: Path) -> None:
    """Take one :func:`watch` back, since what it was for has ended in good order."""
    _WATCHDOG.tell("forget", directory)


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - no shell, and our own arguments
        [sys.executable, "-I", "-S", __file__],
        bufsize=0,
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # what ends the process group of this process leaves it alive
    )


def _pipe(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None  # noqa: S101 - it was asked for
    return process.stdin


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() == owner:
        _pipe(process).close()
        process.wait()


_WATCHDOG = _Watchdog()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_WATCHDOG.leave)


def main() -> None:
    """Read what to watch until the pipe closes, then clean up."""
    watched: list[str] = []
    leaving: list[str] = []
    for line in sys.stdin.buffer:
        verb, directory = json.loads(line)
        if verb != "forget":
            (leaving if verb == "remove" else watched).append(directory)
        else:
            held = leaving if directory in leaving else watched
            with suppress(ValueError):
                held.remove(directory)
    kill_servers(watched)
    for directory in leaving:
        shutil.rmtree(directory, ignore_errors=True)


def kill_servers(directories: Iterable[str]) -> None:
    """Kill the servers that run in some directories, and wait until they are gone."""
    endings = tuple(f" {MARK} {directory}" for directory in directories)
    deadline = time.monotonic() + _PATIENCE
    while endings and time.monotonic() < deadline:
        pids = [pid for pid, command in _processes() if command.endswith(endings)]
        if not pids:
            return
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)


def _processes() -> list[tuple[int, str]]:
    """Return the id and the command line of every process that can be seen."""
    found = []
    if (_PROC / "self" / "cmdline").exists():
        for process in _PROC.glob("[0-9]*"):
            with suppress(OSError):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ")
                found.append((int(process.name), os.fsdecode(command).rstrip(" ")))
        return found
    listed = subprocess.run(
        ["/bin/ps", "-axww", "-o", "pid=,command="], check=False, capture_output=True
    )
    for line in os.fsdecode(listed.stdout).splitlines():
        pid, _, words = line.strip().partition(" ")
        found.append((int(pid), words.rstrip()))
    return found


if __name__ == "__main__":
    main()
