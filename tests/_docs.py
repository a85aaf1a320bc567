"""Runs the examples of a Markdown page as a reader would: block after block, in one directory.

A block between fences says what it is in its first line:

=================  ===============================================================================
``python``         runs, in the names that the blocks before it left
``python no-run``  is only compiled: it needs something that not every machine has
``python a.py``    is saved under that name
``text``           what the ``python`` block before it prints; ``…`` is any text in a line
``text figure``    is read: a drawing, or what never comes out twice the same
``sh``             commands of a terminal; see :meth:`Reader._type`
``console``        what a terminal shows: commands after ``$``, and what they print, errors too;
                   a command goes on after ``&&``
``sh no-run``      commands of another machine or another time
``conf``, ``js``   are read, and so is ``yaml``
``{name}``         directives, for Sphinx to check
=================  ===============================================================================

Public keys in a ``console`` stand for those of the run, each for the same one in the whole page.
Seeds are crossed out.

A page that says ``<!-- continues: other.md -->`` goes on where the other page ends.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

from natsauth._server import find_server
from tests._command import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts),
]
PORT = "4222"
"""The port of the pages, in whose place a free one is used."""
SERVER = "nats-server "
_FENCE = re.compile(r"^(`{3,}|:{3,})([^\n`]*)\n(.*?)^\1[ ]*$", re.MULTILINE | re.DOTALL)
_CONTINUES = re.compile(r"<!-- continues: (\S+) -->")
_COMMAND = re.compile(r"^\$ ((?:.*&&\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_PUBLIC_KEY = re.compile(r"\b([OAUN])[A-Z2-7]{55}\b")
_SEED = re.compile(r"\b(S[OAU])[A-Z2-7]{56}\b")
_START_SECONDS = 10.0
_COMMANDS = """
natsauth() { "$PYTHON" -m natsauth "$@"; }
python() { "$PYTHON" "$@"; }
nats-server() { "$SERVER" "$@"; }
"""
"""What is on PATH where the package is installed, and perhaps not here."""


class Block(NamedTuple):
    """What stands between two fences."""

    kind: str
    text: str
    line: int


def blocks(markdown: str) -> list[Block]:
    """Return the blocks of a page, with the line on which the content of each starts."""
    return [
        Block(found[2].strip(), found[3], markdown.count("\n", 0, found.start(3)) + 1)
        for found in _FENCE.finditer(markdown)
    ]


def prose(markdown: str) -> str:
    """Return a page without its blocks."""
    return _FENCE.sub("", markdown)


def starts_server(page: Path) -> bool:
    """Tell whether a page, or the one that it continues, starts a nats-server."""
    return any(
        (block.kind == "sh" and block.text.startswith(SERVER))
        or (block.kind == "python" and "Sandbox(" in block.text)
        or (block.kind == "console" and "-m pytest" in block.text)
        for part in chain(page)
        for block in blocks(part.read_text("utf-8"))
    )


def chain(page: Path) -> list[Path]:
    """Return a page after those that it continues."""
    before = _CONTINUES.search(page.read_text("utf-8"))
    return [*(chain((page.parent / before[1]).resolve()) if before else ()), page]


class Reader:
    """Somebody who follows a page in a directory: a Python session and a terminal."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._port = _free_port()
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._printed: str | None = None
        self._servers: list[subprocess.Popen[bytes]] = []
        self._keys: dict[str, str] = {}

    def follow(self, page: Path) -> None:
        """Do what the blocks of a page say."""
        for block in blocks(page.read_text("utf-8")):
            self._do(page, block._replace(text=block.text.replace(PORT, str(self._port))))

    def stop(self) -> None:
        """Stop the servers that were started."""
        for server in self._servers:
            server.terminate()
            server.wait(10)

    def _do(self, page: Path, block: Block) -> None:
        place = f"{page}:{block.line}"
        printed, self._printed = self._printed, None
        if block.kind == "python":
            self._printed = self._run(block, place)
        elif block.kind.endswith(".py"):
            (self._directory / block.kind.split()[1]).write_text(block.text, "utf-8")
        elif block.kind == "sh":
            self._type(block.text, place)
        elif block.kind == "console":
            for command, shown in _COMMAND.findall(block.text):
                self._enter(command, shown, place)
        elif block.kind == "text":
            assert printed is not None, f"{place}: no block before this one prints anything"
            assert matches(block.text, printed), f"{place}: it prints\n{printed}"

    def _run(self, block: Block, place: str) -> str:
        output = io.StringIO()
        code = compile("\n" * (block.line - 1) + block.text, place, "exec")
        with redirect_stdout(output):
            exec(code, self._names)  # noqa: S102 - the examples are the project's own
        return output.getvalue()

    def _type(self, text: str, place: str) -> None:
        """Type commands into a terminal.

        A server runs until the end of the page. pip and pytest have had their turn before this
        test, and the demo has a test of its own.
        """
        for command in re.split(r"\n| && ", text.strip()):
            words = shlex.split(command)
            if words[:2] == ["nats-server", "-c"]:
                self._start([str(find_server()), *words[1:]])
            elif words[:3] not in (["python", "-m", "pip"], ["python", "-m", "pytest"]):
                assert words == ["natsauth", "demo"], f"{place}: a command that pages do not use"

    def _enter(self, command: str, shown: str, place: str) -> None:
        """Enter a command into a terminal, and compare what it prints with what the page shows."""
        words = shlex.split(command, comments=True)
        if words[0] == "export":
            for variable, _, value in (word.partition("=") for word in words[1:]):
                os.environ[variable] = os.path.expandvars(value)
            return
        if "jq" in words and not which("jq"):
            return  # natsauth does without it, so that a machine without it is as good
        run = subprocess.run(
            ["bash", "-c", f"set -o pipefail\n{_COMMANDS}\n{command}"],
            check=False,
            cwd=self._directory,
            encoding="utf-8",
            env=environment(
                PYTHONPATH=str(ROOT),
                PYTHON=sys.executable,
                SERVER=str(find_server()),
                # What is not said here pytest-asyncio warns of; and this run may be measured.
                PYTEST_ADDOPTS="-o asyncio_default_fixture_loop_scope=function",
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
        )
        assert run.returncode == 0, f"{place}: {command} fails\n{run.stdout}"
        assert self._matches(shown, run.stdout), f"{place}: {command} prints\n{run.stdout}"

    def _matches(self, shown: str, printed: str) -> bool:
        """Tell whether a terminal shows what a page does, with each key in the place of its own."""
        here, there = [[key[0] for key in _PUBLIC_KEY.finditer(text)] for text in (shown, printed)]
        if not matches(_masked(shown), _masked(printed)):
            return False
        return not here or (
            len(here) == len(there)
            and all(
                self._keys.setdefault(key, own) == own for key, own in zip(here, there, strict=True)
            )
        )

    def _start(self, command: list[str]) -> None:
        with (self._directory / "terminal.log").open("ab") as log:
            server = subprocess.Popen(
                command, cwd=self._directory, stdout=log, stderr=subprocess.STDOUT
            )
        self._servers.append(server)
        deadline = time.monotonic() + _START_SECONDS
        while not _listens(self._port):
            assert server.poll() is None, (self._directory / "terminal.log").read_text()
            assert time.monotonic() < deadline, "nats-server does not listen"
            time.sleep(0.01)


@contextmanager
def reading(directory: Path) -> Iterator[Reader]:
    """Give a reader with a new directory to work in, whose servers stop at the end."""
    before = Path.cwd()
    reader = Reader(directory)
    os.chdir(directory)
    try:
        with (
            patch.dict(os.environ, HOME=str(directory), PWD=str(directory)),
            patch.object(sys, "path", [str(directory), *sys.path]),
        ):
            yield reader
    finally:
        reader.stop()
        os.chdir(before)
        for file in directory.glob("*.py"):
            sys.modules.pop(file.stem, None)


def matches(expected: str, printed: str) -> bool:
    """Tell whether text was printed as a page shows it, where ``…`` is any text within a line."""
    pattern = re.escape(expected.strip()).replace("…", ".*")
    return re.fullmatch(pattern, printed.strip()) is not None


def _masked(text: str) -> str:
    """Return text with the first letters alone of each key."""
    return _SEED.sub(r"\1*", _PUBLIC_KEY.sub(r"\1*", text))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
