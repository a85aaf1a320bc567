"""The command line in this process, on a store of its own."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from natsauth import decode
from natsauth.cli.main import commands
from natsauth.store import DirectoryStore
from tests._store import NSC_STORE

if TYPE_CHECKING:
    from pathlib import Path


class Workshop:
    """A configuration, stores and keys in a directory, and the commands that work on them.

    Args:
        directory: A new or empty directory.
        copy: Whether nsc's own store is copied there first.
    """

    def __init__(self, directory: Path, *, copy: bool = False) -> None:
        self.path = directory
        self.store = DirectoryStore(directory / "stores", keys=directory / "nkeys")
        if copy:
            shutil.copytree(NSC_STORE / "stores", directory / "stores")
            shutil.copytree(NSC_STORE / "nkeys", directory / "nkeys")
            context = (NSC_STORE / "nsc.json").read_text()
            (directory / "nsc.json").write_text(
                context.replace("@STORES@", str(directory / "stores"))
            )

    def run(self, *words: str | Path, **variables: str) -> Any:
        """Run a command: words, or one text with blanks between them.

        Args:
            words: The command.
            variables: Variables of the environment.
        """
        if len(words) == 1:
            words = tuple(str(words[0]).split())
        places = {"config": self.path, "data": self.store.stores, "keystore": self.store.keys}
        options = [word for name, place in places.items() for word in (f"--{name}-dir", str(place))]
        return CliRunner().invoke(
            commands,
            [*map(str, words), *options],
            prog_name="natsauth",
            env={"NSC_CWD_ONLY": None, **variables},
        )

    def __call__(self, *words: str | Path) -> list[str]:
        """Return the lines that a command shows and says that succeeds, keys and paths masked."""
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return self.masked(result.stdout + result.stderr)

    def masked(self, text: str) -> list[str]:
        """Return the lines of a text, without what differs from run to run."""
        text = text.replace(str(self.path), "PLACE")
        return re.sub(r"\b([OAUX])[A-Z2-7]{55}\b", r"\g<1>...", text).splitlines()

    def json(self, *words: str | Path) -> Any:
        """Return what a command that succeeds prints with ``--json``."""
        words = words if len(words) > 1 else tuple(str(words[0]).split())
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def fails(self, *words: str | Path, code: int = 1) -> str:
        """Return what a command says that fails, and that writes nothing."""
        before = self.files()
        result = self.run(*words)
        assert result.exit_code == code, result.output
        assert self.files() == before
        return str(result.stderr)

    def body(self, *path: str) -> Any:
        """Return the body of the claims of an entry."""
        return self.claims(*path).nats

    def claims(self, *path: str) -> Any:
        """Return the claims of an entry."""
        return decode(self.store.read(*path)).claims

    def files(self) -> dict[str, bytes]:
        """Return the content of all files but that of the lock."""
        return {
            str(file.relative_to(self.path)): file.read_bytes()
            for file in sorted(self.path.rglob("*"))
            if file.is_file() and file.name != ".natsauth.lock"
        }


def expected(name: str) -> str:
    """Return what nsc printed about its own store, without its bold row."""
    text = (NSC_STORE / "expected" / name).read_text()
    return text.replace("\x1b[1m", "").replace("\x1b[0m", "")
