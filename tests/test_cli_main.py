"""What holds for every command: how errors show, and which characters standard output takes."""

from __future__ import annotations

import io
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from natsauth.cli import main
from natsauth.cli.main import commands

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Have the command line fail; return the directory that it finds in use."""
    (tmp_path / "file").touch()
    monkeypatch.setattr(sys, "argv", ["natsauth", "demo", "--keep", str(tmp_path)])
    return tmp_path


def failure() -> str:
    """Return what the command line says as it fails with exit code 1."""
    with pytest.raises(SystemExit) as stopped:
        main()
    assert isinstance(stopped.value.code, str)  # which the interpreter prints, and exits with 1
    return stopped.value.code


def test_every_command_has_a_help_of_its_own() -> None:
    assert set(commands.commands) == {"demo"}
    for command in commands.commands.values():
        assert command.help
        assert command.help.endswith(".")


def test_an_error_of_natsauth_is_one_line(failing: Path) -> None:
    assert failure() == f"natsauth: {failing} is not empty (hint: name a new directory)"


def test_an_error_of_the_system_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["natsauth", "demo"])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert failure().startswith("natsauth: [Errno 2] No such file or directory: ")


@pytest.mark.usefixtures("failing")
def test_output_that_its_encoding_has_no_characters_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True) as output:
        monkeypatch.setattr(sys, "stdout", output)
        failure()
        output.write("grün ✓ \udcff\n")
        buffer = output.buffer
        assert isinstance(buffer, io.BytesIO)
        assert buffer.getvalue().endswith(b"gr\\xfcn \\u2713 \\udcff\n")


@pytest.mark.usefixtures("failing")
def test_output_that_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    assert "is not empty" in failure()
    assert "natsauth demo: " in output.getvalue()
