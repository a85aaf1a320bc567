"""What goes to which stream, as text and as JSON, in colour and without."""

from __future__ import annotations

import io
import json
import os
import pty
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.cli._output import (
    ExitCode,
    Output,
    Report,
    Status,
    json_text,
    path_text,
    quoted,
)
from natsauth.cli._tables import Table
from tests._tokens import USER

if TYPE_CHECKING:
    from pathlib import Path

Capture = pytest.CaptureFixture[str]
SEED = USER.reveal_seed()


class Terminal(io.StringIO):
    """Text that a terminal is told."""

    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Have both streams be one terminal."""
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "stderr", screen)
    return screen


def pushed() -> Report:
    report = Report("push to servers")
    account = report.ok("push A", account="A")
    account.ok("pushed to one", server="one")
    account.warning("pushed to two", server="two")
    return report


def test_the_report_is_on_standard_error_as_nsc_words_it(capsys: Capture) -> None:
    output = Output()
    output.ok('added account "A"', name="A")
    output.warning("careful")
    output.report(pushed())
    assert output.finish() is ExitCode.DONE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        '[ OK ] added account "A"\n'
        "[WARN] careful\n"
        "[WARN] push to servers:\n"
        "       [WARN] push A:\n"
        "              [ OK ] pushed to one\n"
        "              [WARN] pushed to two\n"
    )


def test_with_json_the_report_is_data(capsys: Capture) -> None:
    output = Output()
    output.json = True
    output.ok("added", public_key="A")
    output.report(pushed())
    assert capsys.readouterr() == ("", "")
    assert output.finish() is ExitCode.DONE
    shown = capsys.readouterr()
    assert shown.err == ""
    assert json.loads(shown.out) == [
        {"status": "ok", "message": "added", "public_key": "A"},
        {
            "status": "warning",
            "message": "push to servers",
            "details": [
                {
                    "status": "warning",
                    "message": "push A",
                    "account": "A",
                    "details": [
                        {"status": "ok", "message": "pushed to one", "server": "one"},
                        {"status": "warning", "message": "pushed to two", "server": "two"},
                    ],
                }
            ],
        },
    ]


def test_an_error_in_the_report_is_exit_code_1(capsys: Capture) -> None:
    output = Output()
    output.ok("one")
    output.error("two")
    output.ok("three")
    assert output.finish() is ExitCode.FAILED
    assert capsys.readouterr().err == "[ OK ] one\n[ERR ] two\n[ OK ] three\n"


def test_the_worst_detail_is_the_status() -> None:
    report = Report("all")
    statuses = [report.status]
    report.warning("a").ok("detail")
    statuses.append(report.status)
    report.warning("b")
    statuses.append(report.status)
    report.error("c")
    statuses.append(report.status)
    assert statuses == [Status.OK, Status.OK, Status.WARNING, Status.ERROR]


def test_data_is_on_standard_output(capsys: Capture) -> None:
    table = Table("T")
    output = Output()
    output.show({"a": 1}, [table, table])
    output.show({"a": 1}, "text")
    shown = capsys.readouterr()
    assert shown.out == f"{table.render()}\n{table.render()}\ntext\n"
    assert shown.err == ""


def test_with_json_data_is_the_one_document_and_the_report_beside_it(capsys: Capture) -> None:
    output = Output()
    output.json = True
    output.ok("found")
    output.show({"b": [], "a": "<&>é"}, "text")
    output.finish()
    shown = capsys.readouterr()
    assert shown.out == '{\n "a": "<&>é",\n "b": []\n}\n\n'
    assert shown.err == "[ OK ] found\n"


def test_a_failure_is_a_line_with_a_hint(capsys: Capture) -> None:
    output = Output()
    output.fail("no such account", hint="there is SYS", code="not_found")
    assert capsys.readouterr() == ("", "natsauth: no such account\nhint: there is SYS\n")
    output.json = True
    output.finish()
    assert json.loads(capsys.readouterr().out) == [
        {
            "status": "error",
            "message": "no such account",
            "hint": "there is SYS",
            "code": "not_found",
        }
    ]


def test_a_failure_after_data_adds_no_second_document(capsys: Capture) -> None:
    output = Output()
    output.json = True
    output.show([], "")
    output.fail("too late")
    output.finish()
    assert capsys.readouterr() == ("[]\n\n", "natsauth: too late\n")


@pytest.mark.parametrize("as_json", [False, True])
def test_seeds_show_only_where_they_were_asked_for(as_json: bool, capsys: Capture) -> None:  # noqa: FBT001 - a case
    output = Output()
    output.json = as_json
    output.note(f"a {SEED}", hint=SEED)
    output.ok(f"b {SEED}", fact=SEED)
    output.finish()
    output.show([SEED], SEED)
    output.fail(SEED, hint=SEED)
    shown = capsys.readouterr()
    assert SEED not in shown.out + shown.err
    assert "(a seed)" in shown.out
    output.show([SEED], SEED, show_seeds=True)
    assert SEED in capsys.readouterr().out


def test_no_message_moves_the_cursor(capsys: Capture) -> None:
    output = Output()
    output.ok("name \x1b[2J\n[ OK ] forged")
    output.fail("name \x1b[2J", hint="\r")
    assert capsys.readouterr().err == (
        "[ OK ] name \\x1b[2J\\n[ OK ] forged\nnatsauth: name \\x1b[2J\nhint: \\r\n"
    )


def test_colours_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    table = Table("T", "A")
    table.row("me", bold=True)
    output = Output()
    output.show([], table)
    output.error("failed")
    output.note("by the way")
    output.fail("oh", hint="do")
    assert "\nnatsauth: by the way\n" in screen.getvalue().replace("\x1b[0m", "")
    assert screen.getvalue().endswith("\x1b[31mnatsauth:\x1b[0m oh\n\x1b[2mhint:\x1b[0m do\n")
    assert "\x1b[1mme\x1b[0m" in screen.getvalue()
    assert "\x1b[31m[ERR ]\x1b[0m failed\n" in screen.getvalue()


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colours_where_none_are_wanted(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    Output().error("failed")
    assert screen.getvalue() == "[ERR ] failed\n"


def test_progress_shows_on_a_terminal_alone(capsys: Capture) -> None:
    with Output().progress("pushing", 2) as advance:
        advance(2)
    assert capsys.readouterr() == ("", "")


def read_all(descriptor: int) -> str:
    data = b""
    with suppress(OSError):  # the end, for a terminal that is gone
        while more := os.read(descriptor, 10_000):
            data += more
    os.close(descriptor)
    return data.decode()


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as screen:
        monkeypatch.setattr(sys, "stderr", screen)
        with Output().progress("pushing", 2) as advance:
            advance(1)
            advance(1)
    shown = read_all(ours)
    assert "pushing" in shown
    assert "100%" in shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": {}}, '{\n "a": {},\n "b": 1\n}\n'),
        (["\x1b", "é\u2028", "\x9b\x7f"], '[\n "\\u001b",\n "é\\u2028",\n "\\u009b\\u007f"\n]\n'),
        ("\U000e0001", '"\\udb40\\udc01"\n'),
    ],
)
def test_json_is_in_order_and_harmless(value: Any, text: str) -> None:
    assert json_text(value) == text
    assert json.loads(text) == value


def test_names_and_paths_as_in_the_messages_of_nsc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert quoted('a "b" \\') == r'"a \"b\" \\"'
    assert path_text(tmp_path / "x") == f"`~{os.sep}x`"
    assert path_text(tmp_path) == "`~`"
    assert path_text(f"{tmp_path}2/x") == f"`{tmp_path}2/x`"


@pytest.mark.parametrize(
    ("done", "plan"),
    [
        ('deleted account "B"', 'would delete account "B"'),
        ("generated user creds file `x`", "would generate user creds file `x`"),
        ('account "a" re-signed', 'account "a" would be re-signed'),
        ("there is no seed", "there is no seed"),
        ("settled", "settled"),
    ],
)
def test_a_step_that_is_only_planned(done: str, plan: str) -> None:
    assert Report(done).planned().message == plan


def test_a_plan_keeps_status_facts_and_details() -> None:
    step = Report("deleted x", kind="user")
    step.warning("removed y")
    assert step.planned().to_json() == {
        "details": [{"message": "would remove y", "status": "warning"}],
        "kind": "user",
        "message": "would delete x",
        "status": "warning",
    }
