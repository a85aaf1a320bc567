from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from natsauth import _watchdog
from natsauth._server import NatsServer
from natsauth._watchdog import MARK, kill_servers

if TYPE_CHECKING:
    from collections.abc import Iterator


def sleeper(directory: Path) -> subprocess.Popen[bytes]:
    """Start something whose command line ends like that of a server in a directory."""
    code = "import time; print(flush=True); time.sleep(60)"
    command = [sys.executable, "-c", code, MARK, str(directory)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()  # so that it is no copy of this process any more
    process.stdout.close()
    return process


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], ...]]:
    """Run three servers, in ``a``, ``ab`` and ``b``."""
    started = tuple(sleeper(tmp_path / name) for name in ("a", "ab", "b"))
    yield started
    for process in started:
        process.kill()
        process.wait()


def run(*messages: str) -> None:
    """Run a watchdog to its end, as if its process had died after these messages."""
    script = str(Path(_watchdog.__file__))
    subprocess.run(
        [sys.executable, "-I", "-S", script], check=True, input="\n".join(messages), text=True
    )


def said(verb: str, path: Path) -> str:
    return f'["{verb}", "{path}"]'


def test_it_kills_the_servers_of_its_directories_alone(
    tmp_path: Path, processes: tuple[subprocess.Popen[bytes], ...]
) -> None:
    run(
        said("watch", tmp_path / "a"), said("watch", tmp_path / "b"), said("forget", tmp_path / "b")
    )
    assert processes[0].wait(10) == -signal.SIGKILL
    assert [process.poll() for process in processes[1:]] == [None, None]


def test_what_is_watched_twice_is_to_be_forgotten_twice(
    tmp_path: Path, processes: tuple[subprocess.Popen[bytes], ...]
) -> None:
    watch, forget = said("watch", tmp_path / "a"), said("forget", tmp_path / "a")
    run(watch, watch, forget, forget, forget)
    assert processes[0].poll() is None
    run(watch, watch, forget)
    assert processes[0].wait(10) == -signal.SIGKILL


def test_it_removes_what_is_to_go(tmp_path: Path) -> None:
    for name in ("kept", "gone", "forgotten"):
        (tmp_path / name / "jwt").mkdir(parents=True)
    run(
        said("watch", tmp_path / "kept"),
        said("remove", tmp_path / "gone"),
        said("remove", tmp_path / "forgotten"),
        said("forget", tmp_path / "forgotten"),
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["forgotten", "kept"]


def test_names_of_directories_may_be_strange(tmp_path: Path) -> None:
    directory = tmp_path / 'a "b"\n ü'
    directory.mkdir()
    _watchdog.watch(directory)
    _watchdog.forget(directory)
    process = sleeper(directory)
    kill_servers([str(directory)])
    assert process.wait(10) == -signal.SIGKILL


def test_processes_are_found_without_proc(
    tmp_path: Path,
    processes: tuple[subprocess.Popen[bytes], ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on macOS."""
    monkeypatch.setattr(_watchdog, "_PROC", tmp_path / "none")
    kill_servers([str(tmp_path / "a")])
    assert processes[0].wait(10) == -signal.SIGKILL
    assert [process.poll() for process in processes[1:]] == [None, None]


@pytest.mark.live
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_server_ends_with_a_process_that_is_killed(tmp_path: Path, how: signal.Signals) -> None:
    config = tmp_path / "server.conf"
    config.write_text("max_payload: 4096")
    code = (
        "import sys, time; from natsauth._server import NatsServer\n"
        "server = NatsServer(sys.argv[1], directory=sys.argv[2])\n"
        "print(server.pid, flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(config), str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as runner:
        assert runner.stdout
        pid = int(runner.stdout.readline())
        # To the whole group, as terminals do; the watchdog is in one of its own.
        os.killpg(runner.pid, how)
        assert runner.wait(10) == -how
    for _ in range(1000):
        if not is_running(pid):
            return
        subprocess.run(["sleep", "0.01"], check=True)
    pytest.fail(f"{pid} still runs")


def is_running(pid: int) -> bool:
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True)
    return listed.stdout.strip()[:1] not in (b"", b"Z")  # nobody may take note of an orphan's end


@pytest.mark.live
def test_a_killed_watchdog_is_no_reason_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "server.conf"
    config.write_text("max_payload: 4096")
    own = _watchdog._Watchdog()
    monkeypatch.setattr(_watchdog, "_WATCHDOG", own)
    with NatsServer(config, directory=tmp_path):
        assert own._process
        own._process.kill()
        own._process.wait()
    with NatsServer(config, directory=tmp_path) as server:
        assert server.url
