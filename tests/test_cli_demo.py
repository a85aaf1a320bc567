"""The narration of the demo, on terminals and elsewhere."""

from __future__ import annotations

import re
from signal import SIGHUP, SIGINT, SIGTERM, getsignal
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from natsauth.cli.demo import _interrupt
from natsauth.cli.main import commands

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

pytestmark = pytest.mark.live

STEPS = [
    "operator my_operator with a signing key (strict), SYS and its creds",
    "account my_account with a signing key",
    "resolver.conf, and a nats.conf that includes it",
    "a real nats-server started with it",
    "both accounts pushed to nats://127.0.0.1:#",
    "a user of 30 minutes minted with encode_user",
    "connected with nats-py, by the creds",
    "users.id.subject is delivered",
    "subscribing to users.prohibited.subject is refused:",
    'permissions violation for subscription to "users.prohibited.subject"',
    "publishing to users.prohibited.subject is refused:",
    'permissions violation for publish to "users.prohibited.subject"',
]


def demo(*arguments: str | Path, charset: str = "utf-8", **env: str) -> Result:
    unset = dict.fromkeys(("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"))
    runner = CliRunner(charset, env={**unset, **env})
    return runner.invoke(commands, ["demo", *map(str, arguments)])


def test_the_narration_is_a_heading_the_steps_and_a_summary() -> None:
    result = demo()
    assert (result.exit_code, result.stderr) == (0, "")
    heading, *lines, summary = result.stdout.splitlines()
    assert heading == "natsauth demo: a secured nats-server from nothing"
    assert re.fullmatch(r"Everything held, in \d+\.\d s\.", summary)
    told = [re.sub(r"^✓ +\d+ ms  | {11}", "", line) for line in lines]
    assert [re.sub(r":\d+$", ":#", line) for line in told] == STEPS


def test_every_line_fits_a_narrow_terminal_and_the_texts_are_aligned() -> None:
    result = demo(COLUMNS="40")
    lines = result.stdout.splitlines()[1:-1]
    assert len(lines) == len(STEPS)  # nothing is wrapped by us, whatever the width
    for line in lines:
        assert len(line) <= 80
        assert re.match(r"✓ [ \d]{4} ms  \S| {11}\S", line)
    assert "\x1b" not in result.stdout


def test_neither_files_nor_signal_handlers_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    handlers = [getsignal(number) for number in (SIGINT, SIGTERM, SIGHUP)]
    assert demo().exit_code == 0
    assert list(tmp_path.iterdir()) == []
    assert [getsignal(number) for number in (SIGINT, SIGTERM, SIGHUP)] == handlers


def test_other_signals_interrupt_as_well() -> None:
    with pytest.raises(KeyboardInterrupt):
        _interrupt(SIGTERM, None)


def test_kept_files_are_named_as_they_are(tmp_path: Path) -> None:
    directory = tmp_path / "[b]not bold[/]" / "ü"
    result = demo("--keep", directory)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == f"The files are in {directory}"
    assert (directory / "resolver.conf").is_file()


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    result = demo("--keep", file)
    assert result.exit_code == 2
    assert "is a file" in result.stderr
    assert result.stdout == ""


def test_an_output_of_ascii_gets_no_tick() -> None:
    result = demo(charset="ascii")
    assert result.exit_code == 0
    for line in result.stdout.splitlines()[1:-1]:
        assert re.match(r"ok [ \d]{4} ms  \S| {12}\S", line)


def test_colours_only_where_they_are_wanted() -> None:
    green, bold = "\x1b[32m✓\x1b[0m", "\x1b[1mnatsauth demo"
    coloured = demo(FORCE_COLOR="1", TERM="xterm").stdout
    assert green in coloured
    assert bold in coloured
    plain = demo(FORCE_COLOR="1", TERM="xterm", NO_COLOR="1").stdout
    assert green not in plain
    assert "\x1b[3" not in plain
