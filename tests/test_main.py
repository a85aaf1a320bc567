"""The command, started as users start it."""

from __future__ import annotations

import re
import runpy
import sys
import tomllib
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

import pytest

import natsauth
from natsauth.__main__ import main
from natsauth.cli._output import ExitCode
from natsauth.cli._registry import entries
from tests._command import ROOT, Machine, run

if TYPE_CHECKING:
    from pathlib import Path

MODULE = [sys.executable, "-m", "natsauth"]


@pytest.fixture(params=["module", "command"])
def natsauth_command(request: pytest.FixtureRequest, tmp_path: Path) -> list[str | Path]:
    """Return the start of a command: the module, or the script that an installer makes of it."""
    if request.param == "module":
        return [*MODULE]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    module, function = project["scripts"]["natsauth"].split(":")
    script = tmp_path / "natsauth"
    script.write_text(f"import sys\nfrom {module} import {function}\nsys.exit({function}())\n")
    return [sys.executable, script]


def test_the_version(natsauth_command: list[str | Path]) -> None:
    done = run(*natsauth_command, "--version", PYTHONPATH=str(ROOT))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"natsauth, version {natsauth.__version__}\n"


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_help_names_every_command(natsauth_command: list[str | Path], option: str) -> None:
    done = run(*natsauth_command, option, PYTHONPATH=str(ROOT))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: ")
    for name, entry in entries().items():
        assert re.search(rf"^  {name} +{re.escape(entry.summary)}$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("mistake", ["demos", "--demo"])
def test_a_mistake_in_the_command_is_exit_code_2(
    natsauth_command: list[str | Path], mistake: str
) -> None:
    done = run(*natsauth_command, mistake, PYTHONPATH=str(ROOT))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: ")
    assert mistake in done.stderr


@pytest.mark.parametrize(
    ("missing", "argument", "reason"),
    [
        ("click", "--version", "the command line needs click"),
        ("rich", "demo", "this command needs rich"),
    ],
)
def test_without_the_extra_it_says_how_to_get_it(
    missing: str, argument: str, reason: str, tmp_path: Path
) -> None:
    done = Machine(tmp_path, [missing]).natsauth(argument)
    assert (done.returncode, done.stdout) == (1, "")
    hint = 'python -m pip install "natsauth[cli]"'
    assert done.stderr == f"natsauth: {reason}\nhint: {hint}\n"


def test_with_the_extra_alone_all_but_the_demo_is_there(tmp_path: Path) -> None:
    done = Machine(tmp_path, ["nats"]).natsauth("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"natsauth, version {natsauth.__version__}\n"


def test_another_missing_module_is_not_hidden(tmp_path: Path) -> None:
    done = Machine(tmp_path, ["nacl"]).natsauth("list", "operators")
    assert done.returncode == ExitCode.BUG
    assert "ModuleNotFoundError: No module named 'nacl'\n" in done.stderr


# The same once more in this process, where coverage sees it


def forget(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    for name in [*sys.modules]:
        if name.startswith(packages):
            monkeypatch.delitem(sys.modules, name)


def test_the_module_runs_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    forget(monkeypatch, "natsauth.__main__")
    monkeypatch.setattr(sys, "argv", ["natsauth", "--version"])
    # pytest's own finder, which looks after packages with a plugin, cannot run modules.
    monkeypatch.setattr(sys, "meta_path", [PathFinder, *sys.meta_path])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_module("natsauth", run_name="__main__")
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"natsauth, version {natsauth.__version__}\n"


def test_a_missing_module_is_told_or_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    forget(monkeypatch, "natsauth.cli")
    with monkeypatch.context() as machine:
        machine.setitem(sys.modules, "click", None)
        with pytest.raises(SystemExit, match="the command line needs click"):
            main()
    with monkeypatch.context() as machine:
        machine.setitem(sys.modules, "natsauth.cli", None)
        with pytest.raises(ModuleNotFoundError):
            main()
