"""What holds for every command: its help, how errors show, and which characters are written."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from importlib import import_module
from time import sleep
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from natsauth.cli import main
from natsauth.cli._commands import Command, Entry, Group
from natsauth.cli._output import ExitCode
from natsauth.cli._session import Session
from natsauth.cli.main import commands
from natsauth.errors import FileError, NatsAuthError, NotFoundError
from tests._command import ROOT, environment, run
from tests._tokens import USER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEED = USER.reveal_seed()
BUG = "hint: this is a bug in natsauth; with NATSAUTH_DEBUG=1 it shows where\n"


def entries(group: Group, path: str = "") -> Iterator[tuple[str, Entry]]:
    for name, item in group.entries.items():
        if isinstance(item, Group):
            yield from entries(item, f"{path}{name} ")
        else:
            yield path + name, item


ENTRIES = dict(entries(commands))


@pytest.mark.parametrize("path", ENTRIES)
def test_every_command_has_a_summary_a_help_and_an_example(path: str) -> None:
    entry = ENTRIES[path]
    module, _, name = entry.place.partition(":")
    command = getattr(import_module(module), name)
    assert entry.summary.endswith(".")
    assert len(entry.summary) < 80
    assert command.help.rstrip().endswith(".")
    if path != "demo":  # which is older than examples
        assert isinstance(command, Command)
        assert command.examples
        assert all("natsauth " in example for example in command.examples)


def test_every_group_has_an_example() -> None:
    groups = [item for item in commands.entries.values() if isinstance(item, Group)]
    assert groups
    for group in [commands, *groups]:
        assert group.examples
        assert group.summary.endswith(".")


def test_help_loads_neither_commands_nor_cryptography() -> None:
    script = (
        "import sys\n"
        "from natsauth.cli.main import commands\n"
        "try: commands.main(['--help'], prog_name='natsauth')\n"
        "except SystemExit: pass\n"
        "print([*sys.modules], file=sys.stderr)"
    )
    done = run(sys.executable, "-c", script)
    assert done.returncode == 0
    loaded = set(eval(done.stderr))  # noqa: S307 - a list of names
    assert not loaded & {"rich", "nacl", "asyncio", "json", "natsauth.claims", "natsauth.keys"}


def failing(error: BaseException) -> Command:
    def fail() -> None:
        """Fail."""
        raise error

    return Command("fail", callback=fail, help="Fail.", examples=("natsauth fail",))


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return how the command line ends when a command raises an error."""

    def invoke(error: BaseException, *options: str) -> Any:
        monkeypatch.setattr(sys.modules[__name__], "raises", failing(error), raising=False)
        monkeypatch.setitem(commands.entries, "fail", Entry(f"{__name__}:raises", "Fail."))
        return CliRunner().invoke(commands, [*options, "fail"], prog_name="natsauth")

    return invoke


@pytest.mark.parametrize(
    ("error", "message", "code"),
    [
        (NotFoundError("no x", hint="do y"), "natsauth: no x\nhint: do y\n", 1),
        (FileError("cannot read 'x'"), "natsauth: cannot read 'x'\n", 1),
        (NatsAuthError(f"a {SEED}"), "natsauth: a (a seed)\n", 1),
        (OSError(2, "No such file", "x"), "natsauth: x: No such file\n", 1),
        (
            click.ClickException("wrong"),
            "natsauth: wrong\nhint: natsauth --help says more\n",
            2,
        ),
        (KeyboardInterrupt(), "\nnatsauth: interrupted\n", 130),
        (BrokenPipeError(), "", 1),
        (
            ModuleNotFoundError("No module named 'nats'", name="nats"),
            'natsauth: this command needs nats\nhint: python -m pip install "natsauth[nats]"\n',
            1,
        ),
        (
            ValueError(f"oh {SEED}\x1b"),
            f"natsauth: ValueError: oh (a seed)\\x1b\n{BUG}",
            70,
        ),
    ],
)
def test_errors(error: BaseException, message: str, code: int, fail: Any) -> None:
    result = fail(error)
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", message)


def test_errors_as_json(fail: Any) -> None:
    result = fail(NotFoundError("no x", hint="do y"), "--json")
    assert result.stderr == "natsauth: no x\nhint: do y\n"
    assert json.loads(result.stdout) == [
        {"status": "error", "code": "not_found", "message": "no x", "hint": "do y"}
    ]


def test_a_bug_shows_where_it_is_on_request(fail: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NATSAUTH_DEBUG", "1")
    result = fail(ZeroDivisionError("x"))
    assert result.exit_code == ExitCode.BUG
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert "natsauth: ZeroDivisionError: x\n" in result.stderr


@pytest.mark.parametrize(
    ("words", "usage", "message", "hint"),
    [
        (
            ["inspekt"],
            "natsauth",
            "There is no command 'inspekt'.",
            "did you mean natsauth inspect?",
        ),
        (["inspect"], "natsauth inspect", "Missing argument 'SOURCE'.", ""),
        (["inspect", "--nope", "x"], "natsauth inspect", "No such option", ""),
        (
            ["generate", "nkey"],
            "natsauth generate nkey",
            "No role is named.",
            "there are --operator",
        ),
    ],
)
def test_a_mistake_is_exit_code_2(words: list[str], usage: str, message: str, hint: str) -> None:
    result = CliRunner().invoke(commands, words, prog_name="natsauth")
    assert (result.exit_code, result.stdout) == (2, "")
    first, second, third = result.stderr.splitlines()
    assert first.startswith(f"Usage: {usage} ")
    assert second.startswith(f"natsauth: {message}")
    assert third.startswith(f"hint: {hint or f'{usage} --help says more'}")


def test_an_option_without_its_value() -> None:
    result = CliRunner().invoke(commands, ["edit", "account", "a", "--sk"], prog_name="natsauth")
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: natsauth edit account [OPTIONS] [NAME]\n")
    assert result.stderr.endswith(
        "natsauth: Option '--sk' requires an argument.\n"
        "hint: natsauth edit account --help says more\n"
    )


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("create account x", "did you mean natsauth add account?"),
        ("remove user", "did you mean natsauth delete user?"),
        ("show account", "did you mean natsauth describe account?"),
        ("show", "did you mean natsauth describe?"),
        ("rm x", "did you mean natsauth delete?"),
        ("help add", "--help after any command says what it takes, as in natsauth add --help"),
        ("version", "natsauth --version"),
    ],
)
def test_words_of_other_programs(words: str, hint: str) -> None:
    result = CliRunner().invoke(commands, words.split(), prog_name="natsauth")
    assert result.exit_code == 2
    assert result.stderr.endswith(f"hint: {hint}\n")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("validate {}", "natsauth validate -f {}"),
        ("describe jwt {}", "natsauth describe jwt -f {}"),
        ("import account {}", "natsauth import account -j {}"),
        ("import keys here", "natsauth import keys -d here"),
        ("list users x", "natsauth list users -a x"),
    ],
)
def test_a_file_without_its_option(words: str, hint: str, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.touch()
    result = CliRunner().invoke(commands, words.format(file).split(), prog_name="natsauth")
    assert result.exit_code == 2
    assert result.stderr.endswith(f"hint: {hint.format(str(file)[:60])}\n")


@pytest.mark.parametrize("path", ENTRIES)
def test_help_has_a_line_for_each_option_alone(path: str) -> None:
    help_ = CliRunner().invoke(commands, [*path.split(), "--help"], prog_name="natsauth").stdout
    lines = help_.partition("\nOptions:\n")[2].partition("\n\n")[0].splitlines()
    assert lines
    assert [line for line in lines if not line.startswith(("  -", "      "))] == []


@pytest.mark.parametrize(
    "line",
    [
        "-J inspect",
        "ad x --json",
        "import keys --dir /no/such/place --json",
        "sign-user x -a AAAA -J",
        "inspect --nope --json",
    ],
)
def test_a_mistake_as_json_is_still_one_document(line: str) -> None:
    result = CliRunner().invoke(commands, line.split(), prog_name="natsauth")
    assert result.exit_code == 2
    [error] = json.loads(result.stdout)
    assert (error["status"], error["code"]) == ("error", "usage")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("account add x", "did you mean natsauth add account?"),
        ("user", "did you mean natsauth add user?"),
        ("init", "natsauth add operator NAME --sys, then"),
        ("upgrade-jwt", "a store of version 1"),
        ("tool pub", "the program nats"),
        ("generate context", "nats context save"),
        ("push my_account", "natsauth push -a my_account"),
        ("validate a1", "natsauth validate -a a1"),
        ("pull x", "natsauth pull -a x"),
        ("generate creds u1", "natsauth generate creds -n u1"),
        ("generate creds -n u1 a1", "natsauth generate creds -a a1"),
        ("describe account a b", "natsauth describe account --help says more"),
        ("list accounts x", "natsauth list accounts --help says more"),
        ("add account w --conns 5", "natsauth add account --help says more"),
        ("list accounts -K nofile.nk", "natsauth list accounts --help says more"),
    ],
)
def test_a_mistake_has_its_cure(line: str, hint: str) -> None:
    result = CliRunner().invoke(commands, line.split(), prog_name="natsauth")
    assert result.exit_code == 2
    assert f"\nhint: {hint}" in result.stderr
    assert "--json" not in result.stderr


@pytest.mark.parametrize("reported", ["ok", "error"])
def test_the_worst_of_report_and_command_is_the_exit_code(
    reported: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.pass_context
    def end(ctx: click.Context) -> None:
        session = ctx.find_object(Session)
        assert session
        getattr(session.output, reported)("done")
        if reported == "ok":
            ctx.exit(ExitCode.PARTIAL)

    command = Command("end", callback=end, examples=("natsauth end",))
    monkeypatch.setattr(sys.modules[__name__], "ends", command, raising=False)
    monkeypatch.setitem(commands.entries, "end", Entry(f"{__name__}:ends", "End."))
    result = CliRunner().invoke(commands, ["end", "--json"])
    assert result.exit_code == (ExitCode.PARTIAL if reported == "ok" else ExitCode.FAILED)
    assert json.loads(result.stdout) == [{"status": reported, "message": "done"}]


@pytest.mark.parametrize("option", ["-v", "--version"])
def test_the_version_is_no_report(option: str) -> None:
    result = CliRunner().invoke(commands, ["--json", option])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("natsauth, version ")


# Streams that are full, closed, or read by nobody


def shell(line: str) -> subprocess.CompletedProcess[str]:
    return run("bash", "-c", f"exec {sys.executable} -m natsauth {line}")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("option", ["", "--json"])
def test_no_space_left(option: str) -> None:
    done = shell(f"generate nkey -a {option} >/dev/full")
    assert done.returncode == 1
    assert done.stderr == "natsauth: No space left on device\n"


def test_closed_standard_output() -> None:
    done = shell("generate nkey -a >&-")
    assert (done.returncode, done.stderr) == (0, "")


def test_nobody_reads(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        command = [sys.executable, "-m", "natsauth", "generate", "nkey", "-a"]
        done = subprocess.run(
            command,
            check=False,
            cwd=ROOT,
            env=environment(HOME=str(tmp_path)),
            stderr=subprocess.PIPE,
            stdout=pipe,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (1, b"")


def test_ctrl_c() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "natsauth", "inspect", "-"],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write("x" * 1_000_000)  # more than a pipe holds
        process.stdin.flush()  # it is being read, then
        sleep(0.3)
        process.send_signal(signal.SIGINT)
        message = process.stderr.read()
        assert process.wait(60) == ExitCode.INTERRUPTED
    assert message == "\nnatsauth: interrupted\n"


def test_output_that_its_encoding_has_no_characters_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["natsauth", "--version"])
    with io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True) as output:
        monkeypatch.setattr(sys, "stdout", output)
        with pytest.raises(SystemExit, match="0"):
            main()
        output.write("grün ✓ \udcff\n")
        buffer = output.buffer
        assert isinstance(buffer, io.BytesIO)
        assert buffer.getvalue().endswith(b"gr\\xfcn \\u2713 \\udcff\n")


def test_output_that_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.StringIO()
    monkeypatch.setattr(sys, "argv", ["natsauth", "--version"])
    monkeypatch.setattr(sys, "stdout", output)
    with pytest.raises(SystemExit, match="0"):
        main()
    assert output.getvalue().startswith("natsauth, version ")
