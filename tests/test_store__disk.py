from __future__ import annotations

import errno
import os
from pathlib import Path
from stat import S_IMODE

import pytest

from natsauth.errors import FileError
from natsauth.store import _disk
from tests._store import unprivileged


def test_directories_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        for _ in range(2):
            _disk.make_directory(tmp_path / "a/b/c")
    finally:
        os.umask(before)
    assert [S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b", "a/b/c")] == [
        0o700
    ] * 3


def test_a_directory_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(0o755)
    _disk.make_directory(tmp_path / "a")
    assert S_IMODE((tmp_path / "a").stat().st_mode) == 0o755


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, code in (("file", errno.ENOTDIR), ("file/a/b", errno.ENOTDIR)):
        with pytest.raises(FileError, match=f"cannot make '{tmp_path / name}'") as caught:
            _disk.make_directory(tmp_path / name)
        assert caught.value.errno == code


def test_what_exists(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    assert _disk.exists(tmp_path)
    assert _disk.exists(str(tmp_path / "file"))
    for name in ("none", "file/x", "link", "x" * 256):
        assert not _disk.exists(tmp_path / name)
    with pytest.raises(FileError, match=r"cannot read .*loop"):
        _disk.exists(tmp_path / "loop")


def test_what_the_system_does_not_say() -> None:
    with unprivileged() as directory:
        (directory / "a").mkdir(0)
        for call in (_disk.exists, _disk.remove):
            with pytest.raises(FileError, match="Permission denied"):
                call(directory / "a/b")
        with pytest.raises(FileError, match="cannot list"):
            _disk.names_in(directory / "a")


def test_a_directory_is_removed_only_if_it_is_empty(tmp_path: Path) -> None:
    for name in ("a/x.jwt", "b/x.jwt", "b/y.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name in ("a", "b", "none"):
        _disk.remove_all(tmp_path / name, ".jwt")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["b", "y.txt"]


def test_a_lock_needs_a_directory(tmp_path: Path) -> None:
    with (
        pytest.raises(FileError, match=r"cannot lock .*none/lock") as caught,
        _disk.locked(tmp_path / "none/lock"),
    ):
        pass
    assert caught.value.errno == errno.ENOENT


def test_an_error_within_the_lock_stays_what_it_is(tmp_path: Path) -> None:
    before = sorted(Path("/dev/fd").iterdir())
    with pytest.raises(FileNotFoundError) as caught, _disk.locked(tmp_path / "lock"):
        (tmp_path / "none").read_text()
    assert not isinstance(caught.value, FileError)
    assert sorted(Path("/dev/fd").iterdir()) == before


def test_no_descriptor_stays_open_if_the_wait_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_descriptor: int, _operation: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fcntl.flock", interrupt)
    before = sorted(Path("/dev/fd").iterdir())
    with pytest.raises(KeyboardInterrupt), _disk.locked(tmp_path / "lock"):
        pass
    assert sorted(Path("/dev/fd").iterdir()) == before
