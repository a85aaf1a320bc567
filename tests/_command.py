"""The command line in an interpreter of its own, also on a machine that lacks some packages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent
_STYLES = {"COLUMNS", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}


def environment(**more: str) -> dict[str, str]:
    """Return the variables of this process without what styles output, and more."""
    kept = {name: value for name, value in os.environ.items() if name not in _STYLES}
    return {**kept, "PYTHONIOENCODING": "utf-8", **more}


def run(*command: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in the checkout.

    Args:
        command: The program and its arguments.
        more: Variables of the environment.
    """
    return subprocess.run(
        command,
        capture_output=True,
        check=False,
        cwd=ROOT,
        encoding="utf-8",
        env=environment(**more),
        timeout=60,
    )


class Machine:
    """A machine on which some packages are not installed, and nothing is on PATH at first.

    Args:
        directory: A new or empty directory.
        lacks: How the names of the files of those packages start.
    """

    def __init__(self, directory: Path, lacks: Sequence[str]) -> None:
        self.path = directory / "bin"
        self._site = directory / "site"
        self.path.mkdir()
        self._site.mkdir()
        items = {item.name: item for place in _site_packages() for item in place.iterdir()}
        for name, item in items.items():
            if not name.startswith(tuple(lacks)):
                (self._site / name).symlink_to(item)

    def natsauth(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run ``python -m natsauth`` there."""
        packages = os.pathsep.join([str(ROOT), str(self._site)])
        # -S leaves the installed packages of this machine out.
        command = [sys.executable, "-S", "-m", "natsauth", *arguments]
        return run(*command, PYTHONPATH=packages, PATH=str(self.path))


def _site_packages() -> list[Path]:
    return [Path(place) for place in sys.path if place.endswith("-packages")]
