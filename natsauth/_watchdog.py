"""A process that cleans up after this one, should it die without a chance to do so itself.

It is started with the first server, holds the other end of a pipe, and is told which servers run
and which directories are temporary. When the pipe closes, this process has ended, be it by
``kill -9``: servers that still run are killed then, and these directories are removed.

A server is known by a mark, an argument that no other process has. Process ids alone would not do:
they are used again, and nobody knows that of a server which is just being started.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import weakref
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from typing import IO

_PROC = Path("/proc")
_PATIENCE: Final = 10.0
_POLL_SECONDS: Final = 0.02


class _Watchdog:
    """The watchdog of this process. A forked child gets one of its own."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._watched: set[str] = set()
        self._running: list[subprocess.Popen[bytes]] = []  # at most one
        # What was made first is ended last: after the servers that it watches.
        weakref.finalize(self, _end, self._running)

    def watch(self, what: str) -> None:
        """Have something watched, by a new process if there is none or somebody killed it."""
        with self._lock:
            if not self._is_running():
                started = _start()
                _end(self._running)
                self._running.append(started)
                self._tell("+", *self._watched)
            self._watched.add(what)
            self._tell("+", what)

    def forget(self, what: str) -> None:
        with self._lock:
            self._watched.discard(what)
            if self._is_running():
                self._tell("-", what)

    def leave(self) -> None:
        """Let go of what belongs to the parent, in a child that was just forked."""
        self._lock = Lock()
        self._watched.clear()
        for process in self._running:
            # As long as anybody holds the pipe, the watchdog takes the parent for alive.
            _pipe(process).close()
            process.returncode = 0  # it is no child of this process
        self._running.clear()

    def _is_running(self) -> bool:
        # To write to one that is gone would end a program that does not ignore SIGPIPE.
        return any(process.poll() is None for process in self._running)

    def _tell(self, sign: str, *watched: str) -> None:
        lines = "".join(f"{sign} {what}\n" for what in watched)
        for process in self._running:
            # It may be killed at this moment, which is no reason to fail: it is the second line.
            with suppress(OSError):
                _pipe(process).write(lines.encode())


def new_mark() -> str:
    """Return an argument for a server, by which the watchdog knows it."""
    return f"natsauth-{os.urandom(16).hex()}"


def watch(what: str | Path) -> None:
    """Have the server with a mark killed, or a directory removed, if this process dies.

    Raises:
        FileError: The watchdog cannot be started.
    """
    try:
        _WATCHDOG.watch(_describe(what))
    except OSError as error:
        from natsauth.errors import FileError  # not on top: the watchdog itself has no packages

        raise FileError(f"the watchdog of nats-server cannot be started: {error}") from error


def forget(what: str | Path) -> None:
    """Take one :func:`watch` back, since the server has ended, or the directory is to go now."""
    _WATCHDOG.forget(_describe(what))


def _describe(what: str | Path) -> str:
    """Return what to tell the watchdog; its locale may be another than that of this process."""
    if isinstance(what, Path):
        return f"directory {os.fsencode(what).hex()}"
    return f"server {what}"


def _start() -> subprocess.Popen[bytes]:
    with _unheard():
        return subprocess.Popen(  # noqa: S603 - no shell, and our own arguments
            [sys.executable, "-I", "-S", __file__],
            bufsize=0,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


@contextmanager
def _unheard() -> Iterator[None]:
    """Block the signals that end a program, also for those that are started meanwhile.

    What ends all processes of a job must not end the watchdog before it has cleaned up.
    """
    if not hasattr(signal, "pthread_sigmask"):  # as on Windows
        yield
        return
    ending = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _pipe(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None  # noqa: S101 - it was asked for
    return process.stdin


def _end(running: list[subprocess.Popen[bytes]]) -> None:
    while running:
        process = running.pop()
        _pipe(process).close()
        process.wait()


_WATCHDOG = _Watchdog()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_WATCHDOG.leave)


def main() -> None:
    """Read what to watch until the pipe closes, then clean up."""
    watched: dict[str, set[str]] = {"server": set(), "directory": set()}
    for line in sys.stdin:
        sign, kind, name = line.split()
        if sign == "+":
            watched[kind].add(name)
        else:
            watched[kind].discard(name)
            if kind == "directory":  # unless it is gone: who has no file handles cannot remove it
                _remove([name])
    kill_servers(watched["server"])
    _remove(watched["directory"])


def _remove(directories: Iterable[str]) -> None:
    for directory in directories:
        shutil.rmtree(bytes.fromhex(directory), ignore_errors=True)


def kill_servers(marks: Collection[str]) -> None:
    """Kill the servers with some marks, and wait until they are gone."""
    deadline = time.monotonic() + _PATIENCE
    while marks and time.monotonic() < deadline:
        pids = [pid for pid, words in _processes() if not words.isdisjoint(marks)]
        if not pids:
            return
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)


def _processes() -> list[tuple[int, set[str]]]:
    """Return the id and the command line of every process that can be seen."""
    found = []
    if (_PROC / "self" / "cmdline").exists():
        for process in _PROC.glob("[0-9]*"):
            with suppress(OSError):
                command = (process / "cmdline").read_bytes().decode("latin-1")
                found.append((int(process.name), set(command.split("\0"))))
        return found
    ps = ["/bin/ps", "-axww", "-o", "pid=,command="]
    with suppress(OSError):  # as on Windows
        listed = subprocess.run(ps, check=False, capture_output=True)  # noqa: S603 - no shell
        for line in listed.stdout.decode("latin-1").splitlines():
            pid, *words = line.split()
            found.append((int(pid), set(words)))
    return found


if __name__ == "__main__":
    main()
