"""Pages in a real browser."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from tests._command import environment

if TYPE_CHECKING:
    from pathlib import Path

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
in_browser = pytest.mark.skipif(
    BROWSER is None and os.environ.get("NATSAUTH_REQUIRE_INTEROP") != "1",
    reason="there is no chromium on PATH: apt-get install chromium",
)


def opened(file: Path, **state: str) -> str:
    """Return a page once its script has run; the browser has nothing to complain about.

    Args:
        file: The page, in a directory where the browser may leave files.
        state: What stands in the address after ``#``.
    """
    assert BROWSER
    command = [
        BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
        "--virtual-time-budget=5000", f"--user-data-dir={file.parent / 'profile'}",
        "--dump-dom", f"{file.as_uri()}#{urlencode(state)}",
    ]  # fmt: skip
    run = subprocess.run(
        command,
        capture_output=True,
        check=True,
        encoding="utf-8",
        env=environment(HOME=str(file.parent)),
        timeout=90,
    )
    assert "CONSOLE" not in run.stderr
    return run.stdout
