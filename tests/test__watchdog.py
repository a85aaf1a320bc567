from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from natsauth import _watchdog
from natsauth._server import NatsServer
from natsauth._watchdog import _describe, kill_servers, new_mark
from natsauth.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def sleeper(mark: str) -> subprocess.Popen[bytes]:
    """Start something with a mark in its command line, as servers have."""
    code = "import time; print(flush=True); time.sleep(60)"
    command = [sys.executable, "-c", code, "--ports_file_dir", mark, "--ports_file_dir", "/x y "]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()  # so that it is no copy of this process any more
    process.stdout.close()
    return process


@pytest.fixture
def processes() -> Iterator[tuple[subprocess.Popen[bytes], ...]]:
    """Run three servers, with the marks ``a``, ``ab`` and ``b``."""
    started = tuple(sleeper(mark) for mark in ("mark-a", "mark-ab", "mark-b"))
    yield started
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "server.conf"
    path.write_text("max_payload: 4096")
    return path


@pytest.fixture
def watchdog(monkeypatch: pytest.MonkeyPatch) -> Iterator[_watchdog._Watchdog]:
    """Have a watchdog of one's own."""
    own = _watchdog._Watchdog()
    monkeypatch.setattr(_watchdog, "_WATCHDOG", own)
    yield own
    _watchdog._end(own._running)


def run(*messages: str) -> None:
    """Run a watchdog to its end, as if its process had died after these messages."""
    subprocess.run(
        [sys.executable, "-I", "-S", _watchdog.__file__],
        check=True,
        input="".join(f"{message}\n" for message in messages),
        text=True,
    )


def crash(watchdog: _watchdog._Watchdog) -> None:
    """Kill the process of a watchdog, and leave it to be found dead."""
    [process] = watchdog._running
    os.kill(process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


def eventually(done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not done() and time.monotonic() < deadline:
        time.sleep(0.01)
    return done()


def test_it_kills_the_servers_with_its_marks_alone(
    processes: tuple[subprocess.Popen[bytes], ...],
) -> None:
    run("+ server mark-a", "+ server mark-b", "- server mark-b", "- server none")
    assert processes[0].wait(10) == -signal.SIGKILL
    assert [process.poll() for process in processes[1:]] == [None, None]


def test_it_removes_what_is_to_go(tmp_path: Path) -> None:
    for name in ("kept", "gone"):
        (tmp_path / name / "jwt").mkdir(parents=True)
    run(f"+ {_describe(tmp_path / 'gone')}")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_it_removes_at_once_what_its_process_could_not(
    tmp_path: Path, watchdog: _watchdog._Watchdog
) -> None:
    """As one without file handles cannot look into a directory."""
    directory = tmp_path / "full"
    (directory / "jwt").mkdir(parents=True)
    _watchdog.watch(directory)
    _watchdog.forget(directory)
    assert eventually(lambda: not directory.exists())
    assert watchdog._running


@pytest.mark.parametrize("name", ['a "b"\n ü', "blank ", "\udcff", "-rf"])
def test_names_of_directories_may_be_strange(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("LC_ALL", "POSIX")
    monkeypatch.setenv("PYTHONUTF8", "0")
    directory = tmp_path / name
    directory.mkdir()
    run(f"+ {_describe(directory)}")
    assert [*tmp_path.iterdir()] == []


def test_processes_are_found_without_proc(
    tmp_path: Path,
    processes: tuple[subprocess.Popen[bytes], ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on macOS."""
    monkeypatch.setattr(_watchdog, "_PROC", tmp_path / "none")
    kill_servers(["mark-a"])
    assert processes[0].wait(10) == -signal.SIGKILL
    assert [process.poll() for process in processes[1:]] == [None, None]


def test_marks_differ() -> None:
    assert new_mark() != new_mark()


RUNNER = """
import sys, time
from natsauth import _watchdog
from natsauth._server import NatsServer
server = NatsServer(sys.argv[1], directory=sys.argv[2])
print(server.pid, _watchdog._WATCHDOG._running[0].pid, flush=True)
time.sleep(60)
"""


def runner(config: Path, directory: Path, **more: str) -> tuple[subprocess.Popen[str], int, int]:
    """Run a program with a server, and return the ids of this and of its watchdog."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(config), str(directory)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, **more},
    )
    assert process.stdout
    with process.stdout:
        server, watchdog = map(int, process.stdout.readline().split())
    return process, server, watchdog


@pytest.mark.live
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_server_ends_with_a_process_that_is_killed(
    config: Path, tmp_path: Path, how: signal.Signals
) -> None:
    process, server, _ = runner(config, tmp_path)
    # To the whole group, as terminals do; the watchdog is in one of its own.
    os.killpg(process.pid, how)
    assert process.wait(10) == -how
    assert eventually(lambda: not is_running(server))


@pytest.mark.live
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_outlives_what_ends_all_processes_of_a_job(
    config: Path, tmp_path: Path, how: signal.Signals
) -> None:
    process, server, watchdog = runner(config, tmp_path)
    os.kill(watchdog, how)
    process.kill()
    process.wait()
    assert eventually(lambda: not is_running(server))
    assert eventually(lambda: not is_running(watchdog))


@pytest.mark.live
@pytest.mark.parametrize("name", ["blank ", "ü"])
def test_a_server_ends_wherever_it_runs(config: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    strange = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    process, server, _ = runner(config, tmp_path / name, **strange)
    process.kill()
    process.wait()
    assert eventually(lambda: not is_running(server))


@pytest.mark.live
def test_the_server_of_another_process_in_the_same_directory_stays(
    config: Path, tmp_path: Path
) -> None:
    with NatsServer(config, directory=tmp_path) as other:
        process, server, watchdog = runner(config, tmp_path)
        process.kill()
        process.wait()
        assert eventually(lambda: not is_running(watchdog))
        assert not is_running(server)
        assert is_running(other.pid)


def is_running(pid: int) -> bool:
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True)
    return listed.stdout.strip()[:1] not in (b"", b"Z")  # nobody may take note of an orphan's end


@pytest.mark.live
def test_a_killed_watchdog_is_replaced_by_one_that_knows_all(
    config: Path, tmp_path: Path, watchdog: _watchdog._Watchdog
) -> None:
    directory = tmp_path / "temporary"
    directory.mkdir()
    _watchdog.watch(directory)
    with NatsServer(config, directory=tmp_path) as ended:
        first = NatsServer(config, directory=tmp_path)
        crash(watchdog)
    second = NatsServer(config, directory=tmp_path)
    assert not is_running(ended.pid)
    _watchdog._end(watchdog._running)  # which is how the end of the process looks
    assert [first._process.wait(10), second._process.wait(10)] == [-signal.SIGKILL] * 2
    assert not directory.exists()


@pytest.mark.live
def test_a_killed_watchdog_does_not_end_a_program_that_does_not_ignore_sigpipe(
    config: Path, tmp_path: Path, watchdog: _watchdog._Watchdog
) -> None:
    with NatsServer(config, directory=tmp_path):
        crash(watchdog)
        before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        try:
            with NatsServer(config, directory=tmp_path) as server:
                crash(watchdog)
        finally:
            signal.signal(signal.SIGPIPE, before)
    assert not is_running(server.pid)


def test_without_an_interpreter_the_error_is_documented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, watchdog: _watchdog._Watchdog
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(FileError, match=r"the watchdog .* cannot be started: .*python'"):
        _watchdog.watch(tmp_path)
    assert not watchdog._running
    assert not watchdog._watched


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_lets_go_of_it(
    tmp_path: Path, processes: tuple[subprocess.Popen[bytes], ...]
) -> None:
    """Or the child would keep it from seeing the end of the parent."""
    code = (
        "import os, sys, time; from natsauth import _watchdog\n"
        "_watchdog.watch('mark-a')\n"
        "if os.fork() == 0: open(sys.argv[1], 'w').close(); time.sleep(60)\n"
        "time.sleep(60)\n"
    )
    child = tmp_path / "child"
    parent = subprocess.Popen([sys.executable, "-c", code, str(child)], start_new_session=True)
    try:
        assert eventually(child.exists)
        parent.kill()
        assert processes[0].wait(10) == -signal.SIGKILL
    finally:
        os.killpg(parent.pid, signal.SIGKILL)
        parent.wait()
