"""What commands say: data on standard output, messages on standard error.

With ``--json`` standard output is one JSON document: the data, or where a command has none, the
report of what it did, a list of objects with ``status`` and ``message``.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, TextIO

import click

from natsauth._redact import without_seeds
from natsauth.cli._tables import Table, harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


class ExitCode(IntEnum):
    """How the command ended."""

    DONE = 0
    FAILED = 1
    """Something that was asked for was not done."""
    USAGE = 2
    """The command line is wrong; nothing was done."""
    PARTIAL = 3
    """Some servers or entries were done and others were not."""
    FINDINGS = 4
    """What was looked at is not good: forged, expired, invalid, different."""
    BUG = 70
    """An error in natsauth itself."""
    INTERRUPTED = 130
    """Ctrl-C."""


class Status(StrEnum):
    """How a step went."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


_TAGS = {
    Status.OK: ("[ OK ]", "green"),
    Status.WARNING: ("[WARN]", "yellow"),
    Status.ERROR: ("[ERR ]", "red"),
}
_SEVERITY = [*Status]
_WOULD = {
    "added": "add",
    "changed": "change",
    "created": "create",
    "delete": "delete",
    "deleted": "delete",
    "disabled": "disable",
    "edited": "edit",
    "enabled": "enable",
    "generated and stored": "generate and store",
    "generated": "generate",
    "removed": "remove",
    "renamed": "rename",
    "revoked": "revoke",
    "set": "set",
    "skipped": "skip",
    "skipping": "skip",
}
"""How the messages of steps start, and what they say where nothing was done yet."""
_WOULD_BE = re.compile(r" (deleted|re-signed|turned into signing key)$")
"""How others end."""
_DONE = re.compile(rf"^(?:{'|'.join(_WOULD)})\b")
_INDENT = " " * 7


class Report:
    """One step, and the steps it consists of.

    Args:
        message: What was done, for people; see :func:`quoted` and :func:`path_text`.
        status: How it went; with details, how the worst of them did.
        facts: The same for programs: members of the step's JSON object.
    """

    def __init__(self, message: str, status: Status = Status.OK, **facts: Any) -> None:
        self.message = harmless(without_seeds(message))
        self.details: list[Report] = []
        self._status = status
        self._facts = facts

    @property
    def status(self) -> Status:
        """How the step went."""
        statuses = [detail.status for detail in self.details] or [self._status]
        return max(statuses, key=_SEVERITY.index)

    def ok(self, message: str, **facts: Any) -> Report:
        """Add a detail that went well, and return it."""
        return self.add(Report(message, Status.OK, **facts))

    def warning(self, message: str, **facts: Any) -> Report:
        """Add a detail that somebody should look at, and return it."""
        return self.add(Report(message, Status.WARNING, **facts))

    def error(self, message: str, **facts: Any) -> Report:
        """Add a detail that went wrong, and return it."""
        return self.add(Report(message, Status.ERROR, **facts))

    def add(self, detail: Report) -> Report:
        """Add a detail, and return it."""
        self.details.append(detail)
        return detail

    def planned(self) -> Report:
        """Return the step as one that would be done: ``would delete …`` for ``deleted …``."""
        message = _DONE.sub(lambda done: f"would {_WOULD[done[0]]}", self.message)
        message = _WOULD_BE.sub(r" would be \1", message)
        plan = Report(message, self._status, **self._facts)
        plan.details = [detail.planned() for detail in self.details]
        return plan

    def lines(self, indent: str = "") -> Iterator[tuple[str, Status, str]]:
        """Yield indent, status and text of each line, as nsc words them."""
        yield indent, self.status, f"{self.message}:" if self.details else self.message
        for detail in self.details:
            yield from detail.lines(indent + _INDENT)

    def to_json(self) -> dict[str, Any]:
        """Return the step as a JSON object."""
        document = {"status": self.status, "message": self.message, **self._facts}
        if self.details:
            document["details"] = [detail.to_json() for detail in self.details]
        return document


class Output:
    """Where a command shows its data and tells what it did.

    Attributes:
        json: Whether ``--json`` was given.
    """

    def __init__(self) -> None:
        self.json = False
        self._steps = Report("")
        self._shown = False

    def show(
        self, value: Any, text: str | Table | Sequence[Table], *, show_seeds: bool = False
    ) -> None:
        """Show the data that was asked for.

        Args:
            value: It as JSON, for ``--json``.
            text: It for people. Tables are followed by an empty line, as nsc prints them.
            show_seeds: Whether seeds were asked for; otherwise each that stands in it is covered.
        """
        if self.json:
            text = json_text(value)
        elif not isinstance(text, str):
            tables = [text] if isinstance(text, Table) else text
            bold = _in_colour(sys.stdout)
            text = "\n".join(table.render(bold=bold) for table in tables)
        self._shown = True
        click.echo(text if show_seeds else without_seeds(text), color=True)

    def ok(self, message: str, **facts: Any) -> None:
        """Report a step that went well; the arguments are those of :class:`Report`."""
        self.report(Report(message, Status.OK, **facts))

    def warning(self, message: str, **facts: Any) -> None:
        """Report a step that somebody should look at."""
        self.report(Report(message, Status.WARNING, **facts))

    def error(self, message: str, **facts: Any) -> None:
        """Report a step that went wrong: the command goes on, and ends with exit code 1."""
        self.report(Report(message, Status.ERROR, **facts))

    def report(self, step: Report) -> None:
        """Report a step with all of its details."""
        self._steps.add(step)
        if not self.json:
            _print_step(step)

    def note(self, message: str, *, hint: str = "", colour: str | None = None) -> None:
        """Say something beside the report, on standard error alone.

        Args:
            message: What there is to say.
            hint: What may help; it stands in a line of its own.
            colour: That of the word before the message, on a terminal.
        """
        _print_line("natsauth:", message, fg=colour)
        if hint:
            _print_line("hint:", hint, dim=True)

    def fail(self, message: str, *, hint: str = "", **facts: Any) -> None:
        """Say why the command ends here."""
        self.note(message, hint=hint, colour="red")
        if hint:
            facts["hint"] = without_seeds(hint)
        if not self._shown:
            self._steps.error(message, **facts)

    @contextmanager
    def progress(self, label: str, length: int) -> Iterator[Callable[[int], None]]:
        """Show a bar on a terminal while something takes long.

        Args:
            label: What is going on.
            length: How many steps there are.

        Yields:
            The function to call after some steps, with their number.
        """
        if self.json or not sys.stderr.isatty():
            yield lambda _steps: None
            return
        with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
            yield bar.update

    def finish(self) -> ExitCode:
        """Give the report, unless it was given step by step, and return how the command ended."""
        steps = self._steps.details
        if self.json and not self._shown:
            click.echo(without_seeds(json_text([step.to_json() for step in steps])))
        elif self.json:
            for step in steps:
                _print_step(step)
        return ExitCode.FAILED if self._steps.status is Status.ERROR else ExitCode.DONE


def json_text(value: Any) -> str:
    """Return JSON in nsc's form: names in order, one space of indent, ``<>&`` as they are.

    What a terminal would obey is escaped. One line break ends it, printing adds the empty line.
    """
    import json

    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=str)
    return "\n".join([*map(escaped, text.split("\n")), ""])


def escaped(line: str) -> str:
    """Return a line of JSON in which what a terminal would obey is escaped."""
    if line.isprintable():
        return line
    return "".join([c if c.isprintable() else _escaped(c) for c in line])


def quoted(name: str) -> str:
    """Return a name in double quotes, as nsc's messages have it."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def path_text(path: str | Path) -> str:
    """Return a path in backticks, with ``~`` for the home directory, as nsc's messages have it."""
    text, home = str(path), os.path.expanduser("~")  # noqa: PTH111 - Path.home() may raise
    if text == home or text.startswith(home.rstrip(os.sep) + os.sep):
        text = f"~{text[len(home.rstrip(os.sep)) :]}"
    return f"`{text}`"


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _print_line(word: str, text: str, **style: Any) -> None:
    shown = click.style(word, **style) if _in_colour(sys.stderr) else word
    click.echo(f"{shown} {harmless(without_seeds(text))}", err=True, color=True)


def _print_step(step: Report) -> None:
    colour = _in_colour(sys.stderr)
    for indent, status, text in step.lines():
        tag, name = _TAGS[status]
        shown = click.style(tag, name) if colour else tag
        click.echo(f"{indent}{shown} {text}", err=True, color=True)


def _in_colour(stream: TextIO | None) -> bool:
    return (
        stream is not None
        and stream.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )
