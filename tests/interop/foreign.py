"""The programs in go/ and js/: built in a copy, and asked over pipes, one JSON line each way.

And nsc, which is run for each command.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import IO

_SOURCES = Path(__file__).parent
_ANSWER_SECONDS = 30
_BUILD_SECONDS = 100
_NSC_SECONDS = 250
_NSC = "github.com/nats-io/nsc/v2"
_NSC_VERSION = "v2.12.0"
# Of the tag in its repository, for the checksum database of Go need not know this module.
_NSC_SUM = "h1:YCs8axEfQkbVLZDuYF4V6aJvPrDmlKJe8mWV+Rgqrzo="
_NSC_MOD_SUM = "h1:t9++ulcLFythYtRTC/2k4Mg324JTxrvpCddW/XP7j2A="

Answer = dict[str, Any]


class Program:
    """A foreign program that is running."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._log = log
        self._lines: queue.Queue[str] = queue.Queue()
        # A thread of its own reads, so that a batch cannot fill both pipes and stand still.
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._reader.start()

    def ask(self, **request: Any) -> Answer:
        """Return the answer to one request."""
        return self.ask_many([request])[0]

    def ask_many(self, requests: Iterable[Mapping[str, Any]]) -> list[Answer]:
        """Return the answers to several requests, in their order."""
        lines = [json.dumps(request) + "\n" for request in requests]
        assert self._process.stdin
        self._process.stdin.writelines(lines)
        self._process.stdin.flush()
        return [self._answer() for _ in lines]

    def end(self) -> None:
        """Kill the program; the ``with`` of its process closes the pipes."""
        self._process.kill()
        self._reader.join()

    def _read(self, stdout: IO[str]) -> None:
        for line in stdout:
            self._lines.put(line)
        self._lines.put("")

    def _answer(self) -> Answer:
        try:
            line = self._lines.get(timeout=_ANSWER_SECONDS)
        except queue.Empty:
            self._process.kill()
            raise TimeoutError(f"no answer within {_ANSWER_SECONDS} seconds") from None
        if not line:
            raise EOFError(f"the program ended: {self._log.read_text()[-2000:]}")
        answer: Answer = json.loads(line)
        return answer


@contextmanager
def running(command: Sequence[str], directory: Path) -> Iterator[Program]:
    """Start a program that was built, and kill it at the end whatever happens."""
    log = directory / "stderr.txt"
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            command,
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            encoding="utf-8",
        ) as process,
    ):
        program = Program(process, log)
        try:
            yield program
        finally:
            program.end()


def bench(command: Sequence[str], directory: Path) -> dict[str, float]:
    """Return the microseconds that a built program's library takes for each benchmark."""
    result: dict[str, float] = json.loads(_run([*command, "bench"], directory).stdout)
    return result


def build_go(directory: Path) -> list[str]:
    """Build the Go program in an empty directory, and return the command that starts it."""
    _need("go", "Go")
    shutil.copytree(_SOURCES / "go", directory, dirs_exist_ok=True)
    _download(["go", "mod", "download"], directory)
    # -mod=mod writes the go.sum that is not part of the project.
    result = _run(["go", "build", "-mod=mod", "-o", "interop", "."], directory)
    assert result.returncode == 0, result.stderr
    return [str(directory / "interop")]


def build_nsc(directory: Path) -> Path:
    """Build nsc in an empty directory, of the very modules that it names, and return its place."""
    _need("go", "Go")
    module = f"{_NSC} {_NSC_VERSION}"
    (directory / "go.mod").write_text(f"module nsc\n\ngo 1.25.0\n\nrequire {module}\n")
    (directory / "go.sum").write_text(f"{module} {_NSC_SUM}\n{module}/go.mod {_NSC_MOD_SUM}\n")
    source = json.loads(_download(["go", "mod", "download", "-json", _NSC], directory))["Dir"]
    build = ["go", "build", "-o", str(directory / "nsc"), "."]
    _download(build, Path(source), seconds=_NSC_SECONDS)  # it takes parts of nats-server in
    return directory / "nsc"


def build_js(directory: Path) -> list[str]:
    """Install the Node program in an empty directory, and return the command that starts it."""
    _need("node", "Node")
    _need("npm", "npm")
    shutil.copytree(_SOURCES / "js", directory, dirs_exist_ok=True)
    _download(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"], directory)
    return ["node", str(directory / "main.mjs")]


def _need(tool: str, name: str) -> None:
    if shutil.which(tool) is None:
        _unavailable(f"{name} is not installed; the interop tests compare with its library")


def _download(command: Sequence[str], directory: Path, *, seconds: float = _BUILD_SECONDS) -> str:
    result = _run(command, directory, seconds=seconds)
    if result.returncode:
        _unavailable(f"{' '.join(command)} failed: {(result.stderr or result.stdout)[-2000:]}")
    return result.stdout


def _run(
    command: Sequence[str], directory: Path, *, seconds: float = _BUILD_SECONDS
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=directory,
        capture_output=True,
        encoding="utf-8",
        timeout=seconds,
        check=False,
    )


def _unavailable(reason: str) -> None:
    if os.environ.get("NATSAUTH_REQUIRE_INTEROP") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
