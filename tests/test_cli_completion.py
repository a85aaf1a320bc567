"""``natsauth completion``."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from natsauth.cli.completion import SHELLS
from natsauth.cli.main import commands
from tests._command import ROOT, environment, run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_a_shell(shell: str) -> None:
    result = CliRunner().invoke(commands, ["completion", shell])
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"_NATSAUTH_COMPLETE={shell}_complete" in result.stdout
    document = CliRunner().invoke(commands, ["completion", shell, "--json"]).stdout
    assert json.loads(document) == {"script": result.stdout[:-1], "shell": shell}


def test_no_shell() -> None:
    result = CliRunner().invoke(commands, ["completion"], prog_name="natsauth")
    assert result.exit_code == 2
    assert "natsauth: Which shell? bash, zsh or fish.\nhint: natsauth completion bash\n" in (
        result.stderr
    )


def test_another_shell() -> None:
    result = CliRunner().invoke(commands, ["completion", "tcsh"])
    assert result.exit_code == 2
    assert "'bash', 'zsh', 'fish'" in result.stderr


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["ins"], ["inspect"]),
        (["generate", "nk"], ["nkey"]),
        (["generate", "nkey", "--ser"], ["--server"]),
    ],
)
def test_words_are_completed(words: list[str], found: list[str]) -> None:
    line = ["natsauth", *words]
    done = run(
        sys.executable,
        "-c",
        "from natsauth.__main__ import main; main()",
        _NATSAUTH_COMPLETE="bash_complete",
        COMP_WORDS=" ".join(line),
        COMP_CWORD=str(len(words)),
        PYTHONPATH=str(ROOT),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split(",", 1)[1] for line in done.stdout.splitlines()] == found


def test_bash_takes_the_script(tmp_path: Path) -> None:
    script = CliRunner().invoke(commands, ["completion", "bash"]).stdout
    (tmp_path / "completion.bash").write_text(script)
    done = subprocess.run(
        ["bash", "-c", f"source '{tmp_path}/completion.bash' && complete -p natsauth"],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env=environment(),
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "_natsauth_completion" in done.stdout
