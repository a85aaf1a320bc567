"""Files against a real file system; what cannot be had everywhere is said where it is made up."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from natsauth import _files
from natsauth._files import read_file, write_file
from natsauth.errors import FileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A name in a directory that has nothing else."""
    return tmp_path / "user.creds"


@contextmanager
def unprivileged() -> Iterator[Path]:
    """Lend a directory of somebody to whom permissions apply, for root may do everything."""
    with tempfile.TemporaryDirectory() as name:
        user = os.geteuid() or NOBODY
        os.chown(name, user, -1)
        was = os.geteuid()
        os.seteuid(user)
        try:
            yield Path(name)
        finally:
            os.seteuid(was)
            Path(name).chmod(0o700)


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let the kernel refuse to write more bytes to a file, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def entries(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.iterdir())


# Writing


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
def test_a_new_file_is_its_owners_alone_whatever_the_umask(
    path: Path, umask: int, *, overwrite: bool
) -> None:
    before = os.umask(umask)
    try:
        write_file(path, b"\x00secret\r\n", overwrite=overwrite)
    finally:
        os.umask(before)
    assert path.read_bytes() == b"\x00secret\r\n"
    assert S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_nlink == 1
    assert entries(path) == ["user.creds"]


def test_content_is_on_the_disk_before_it_gets_its_name(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        fsync(descriptor)
        status = os.fstat(descriptor)
        synced.append((oct(status.st_mode), status.st_ino, path.exists()))
        if len(synced) == 1:
            assert status.st_size == 9

    monkeypatch.setattr(os, "fsync", watched)
    write_file(path, b"a secret!")
    directory = path.parent.stat()
    assert synced == [
        ("0o100600", path.stat().st_ino, False),
        (oct(directory.st_mode), directory.st_ino, True),
    ]


def test_an_existing_file_stays_unless_it_is_to_be_overwritten(path: Path) -> None:
    path.write_bytes(b"old")
    path.chmod(0o644)
    with pytest.raises(FileError, match=r"user\.creds': File exists") as caught:
        write_file(path, b"new")
    assert caught.value.errno == errno.EEXIST
    assert caught.value.hint == "overwrite=True replaces it"
    assert (path.read_bytes(), entries(path)) == (b"old", ["user.creds"])
    write_file(path, b"new", overwrite=True)
    assert (path.read_bytes(), entries(path)) == (b"new", ["user.creds"])
    assert S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("target", ["other.creds", "nowhere"])
def test_a_symbolic_link_is_replaced_and_not_followed(path: Path, target: str) -> None:
    other = path.with_name("other.creds")
    other.write_bytes(b"other")
    path.symlink_to(target)
    with pytest.raises(FileError, match="File exists"):
        write_file(path, b"new")
    assert path.is_symlink()
    write_file(path, b"new", overwrite=True)
    assert not path.is_symlink()
    assert (path.read_bytes(), other.read_bytes()) == (b"new", b"other")
    assert not path.with_name("nowhere").exists()


def test_names_relative_or_as_long_as_may_be(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    name = "x" * 255
    write_file(name, b"1")
    write_file(Path("user.creds"), b"2")
    assert (read_file(name, limit=1), read_file("user.creds", limit=1)) == (b"1", b"2")


def test_of_many_writers_one_wins(path: Path) -> None:
    def write(number: int) -> int | None:
        try:
            write_file(path, b"%d" % number * 5000)
        except FileError as error:
            return error.errno
        return 0

    with ThreadPoolExecutor(16) as threads:
        outcomes = list(threads.map(write, range(48)))
    assert set(outcomes) == {0, errno.EEXIST}
    assert outcomes.count(0) == 1
    assert path.read_bytes() == b"%d" % outcomes.index(0) * 5000
    assert entries(path) == ["user.creds"]


def test_a_reader_sees_the_old_file_or_the_new_one(path: Path) -> None:
    versions = {b"old" * 40_000, b"newer" * 40_000}
    write_file(path, b"old" * 40_000)
    done = Event()

    def keep_writing() -> None:
        while not done.is_set():
            for version in versions:
                write_file(path, version, overwrite=True)

    writer = Thread(target=keep_writing)
    writer.start()
    try:
        seen = {read_file(path, limit=1 << 20) for _ in range(300)}
    finally:
        done.set()
        writer.join()
    assert seen <= versions
    assert entries(path) == ["user.creds"]


def test_a_killed_writer_leaves_a_whole_file(path: Path) -> None:
    code = (
        "import sys; from natsauth._files import write_file\n"
        "for round in range(1_000_000):\n"
        "    write_file(sys.argv[1], b'%d' % (round % 10) * 2_000_000, overwrite=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, path]) as writer:
        try:
            deadline = time.monotonic() + 20
            while not path.exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(0.1)
        finally:
            writer.kill()
    assert writer.returncode == -signal.SIGKILL
    content = path.read_bytes()
    assert content == content[:1] * 2_000_000


# Writing that fails


def test_a_full_disk_leaves_no_file(path: Path) -> None:
    with file_size_limit(100), pytest.raises(FileError, match="cannot write ") as caught:
        write_file(path, b"x" * 5000)
    assert caught.value.errno == errno.EFBIG
    assert entries(path) == []


def test_a_full_disk_leaves_the_old_file(path: Path) -> None:
    path.write_bytes(b"old")
    with file_size_limit(100), pytest.raises(FileError, match="File too large"):
        write_file(path, b"x" * 5000, overwrite=True)
    assert (path.read_bytes(), entries(path)) == (b"old", ["user.creds"])


def test_no_descriptor_stays_open(path: Path) -> None:
    before = sorted(Path("/dev/fd").iterdir())
    write_file(path, b"new")
    for _ in range(2):
        with pytest.raises(FileError):
            write_file(path, b"newer")
        with pytest.raises(FileError):
            read_file(path, limit=1)
        with pytest.raises(FileError):
            read_file(path.parent, limit=1)
    assert sorted(Path("/dev/fd").iterdir()) == before


def test_an_interruption_leaves_no_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_file(path, b"new")
    assert entries(path) == []


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("none/x", errno.ENOENT),
        ("file/x", errno.ENOTDIR),
        ("directory", errno.EISDIR),
        ("directory/", errno.EISDIR),
        (".", errno.EISDIR),
        ("fifo", errno.EINVAL),
        ("loop/x", errno.ELOOP),
        ("x" * 256, errno.ENAMETOOLONG),
        ("a\0b", None),
        ("\ud800", None),
    ],
)
def test_a_path_that_cannot_be_written(
    tmp_path: Path, name: str, code: int | None, *, overwrite: bool
) -> None:
    furnish(tmp_path)
    before = entries(tmp_path / "any")
    with pytest.raises(FileError) as caught:
        write_file(tmp_path / name, b"new", overwrite=overwrite)
    assert f"cannot write {str(tmp_path / name)!r}: " in str(caught.value)
    assert (caught.value.errno, caught.value.hint) == (code, "")
    assert entries(tmp_path / "any") == before
    assert (tmp_path / "fifo").is_fifo()


def furnish(directory: Path) -> None:
    (directory / "directory").mkdir()
    (directory / "file").touch()
    (directory / "loop").symlink_to("loop")
    os.mkfifo(directory / "fifo")


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_directory_that_must_not_be_changed(*, overwrite: bool) -> None:
    with unprivileged() as directory:
        path = directory / "user.creds"
        path.touch()
        directory.chmod(0o500)
        with pytest.raises(FileError, match="Permission denied") as caught:
            write_file(path, b"new", overwrite=overwrite)
        assert caught.value.errno == errno.EACCES
        assert (path.read_bytes(), entries(path)) == (b"", ["user.creds"])


def test_a_directory_that_must_not_be_listed_will_do() -> None:
    with unprivileged() as directory:
        directory.chmod(0o300)
        write_file(directory / "user.creds", b"new")
        assert (directory / "user.creds").read_bytes() == b"new"


# No file system without hard links can be had everywhere, so link() is made to say what FAT says.


@pytest.fixture
def no_hard_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_source: Path, _target: Path) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("no_hard_links")
def test_without_hard_links_a_new_file_is_written(path: Path) -> None:
    write_file(path, b"new")
    assert (path.read_bytes(), entries(path)) == (b"new", ["user.creds"])
    assert S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.usefixtures("no_hard_links")
def test_without_hard_links_an_existing_file_stays(path: Path) -> None:
    path.write_bytes(b"old")
    with pytest.raises(FileError, match="File exists"):
        write_file(path, b"new")
    assert (path.read_bytes(), entries(path)) == (b"old", ["user.creds"])


def test_without_hard_links_a_failure_leaves_no_empty_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(source: Path, _target: Path) -> None:
        source.unlink()  # so that moving it fails, too
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", lose)
    with pytest.raises(FileError, match="No such file or directory"):
        write_file(path, b"new")
    assert entries(path) == []


# Reading


@pytest.mark.parametrize("content", [b"", b"x", b"\xff\r\n\0" * 25])
def test_a_file_is_read_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    link = path.with_name("link")
    link.symlink_to(path)
    assert read_file(path, limit=100) == content
    assert read_file(str(link), limit=100) == content


def test_a_file_beyond_the_limit(path: Path) -> None:
    path.write_bytes(b"x" * 101)
    assert read_file(path, limit=101) == b"x" * 101
    with pytest.raises(FileError, match=r"user\.creds': it has more than 100 bytes") as caught:
        read_file(path, limit=100)
    assert caught.value.errno == errno.EFBIG


def test_of_a_huge_file_no_more_than_the_limit_is_read(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a sparse file of a terabyte
    with pytest.raises(FileError, match="more than 100 bytes"):
        read_file(path, limit=100)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("none", errno.ENOENT),
        ("file/x", errno.ENOTDIR),
        ("directory", errno.EISDIR),
        ("fifo", errno.EINVAL),  # has no writer: opening it could wait for ever
        ("/dev/zero", errno.EINVAL),
        ("/dev/null", errno.EINVAL),
        ("loop", errno.ELOOP),
        ("x" * 256, errno.ENAMETOOLONG),
        ("a\0b", None),
        ("\ud800", None),
    ],
)
@pytest.mark.timeout(10)
def test_a_path_that_cannot_be_read(tmp_path: Path, name: str, code: int | None) -> None:
    furnish(tmp_path)
    with pytest.raises(FileError) as caught:
        read_file(tmp_path / name, limit=100)
    assert f"cannot read {str(tmp_path / name)!r}: " in str(caught.value)
    assert (caught.value.errno, caught.value.hint) == (code, "")


def test_a_file_that_must_not_be_read() -> None:
    with unprivileged() as directory:
        path = directory / "user.creds"
        path.touch(mode=0)
        with pytest.raises(FileError, match="Permission denied") as caught:
            read_file(path, limit=100)
        assert caught.value.errno == errno.EACCES


@pytest.mark.timeout(10)
def test_a_file_that_has_nothing_to_tell_yet(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A kernel's file such as /proc/kmsg counts as a regular one. Reading that takes the log away
    # from others, so a FIFO whose writer is silent stands in.
    monkeypatch.setattr(_files, "_require_regular", lambda _mode: None)
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)
    try:
        assert read_file(path, limit=100) == b""
    finally:
        os.close(writer)


@pytest.mark.parametrize("bad", [b"user.creds", None, 3, ["user.creds"]])
def test_what_is_no_path(bad: str) -> None:
    with pytest.raises(UsageError, match="expected a file name, got "):
        read_file(bad, limit=100)
    with pytest.raises(UsageError, match="expected a file name, got "):
        write_file(bad, b"new")
