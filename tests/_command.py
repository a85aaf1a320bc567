"""The command line in an interpreter of its own, also on machines that lack some packages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODULE = ("-m", "natsauth")


def environment(directory: Path, *, lacking: tuple[str, ...] = (), **more: str) -> dict[str, str]:
    """Return the environment of an interpreter started with ``-S``.

    Args:
        directory: A new or empty directory: there the installed packages are linked to, except for
            those that are lacking. Nothing is on PATH but what is in its ``bin``.
        lacking: How the names of the files of some packages start.
        more: Variables that are set too.
    """
    site = directory / "site"
    site.mkdir()
    for place in sys.path:
        if place.endswith("-packages"):
            for item in Path(place).iterdir():
                link = site / item.name
                if not item.name.startswith(lacking) and not link.is_symlink():
                    link.symlink_to(item)
    kept = {name: os.environ[name] for name in ("LANG", "SYSTEMROOT") if name in os.environ}
    path = os.pathsep.join([str(ROOT), str(site)])
    return {**kept, "PYTHONPATH": path, "PATH": str(directory / "bin"), **more}


def run(
    *arguments: str | Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python in the checkout until it ends, as the leader of a process group of its own."""
    flags = ["-S"] if env and "PYTHONPATH" in env else []
    return subprocess.run(
        [sys.executable, *flags, *arguments],
        check=False,
        capture_output=True,
        cwd=ROOT,
        encoding="utf-8",
        env=env,
        timeout=60,
    )
