"""The group of all commands, and how errors are shown."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, NoReturn

import click

from natsauth import __version__
from natsauth.cli._commands import Group
from natsauth.cli._hints import in_commands
from natsauth.cli._output import ExitCode, Output
from natsauth.cli._registry import ALIASES, ELSEWHERE, entries
from natsauth.cli._session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class _Root(Group):
    """The command line as a whole: whatever happens in it ends with a message and an exit code."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **more: Any) -> NoReturn:
        """Run the command line and exit; see :class:`~natsauth.cli._output.ExitCode`."""
        output = Output()
        try:
            more |= {"standalone_mode": False, "obj": Session(output)}
            # Help and version give 0, ctx.exit() its code, and commands nothing.
            code = super().main(args, *rest, **more)
            if code != ExitCode.DONE:
                code = max(output.finish(), code or 0)
            click.echo(nl=False)  # flushes
        except Exception as error:  # noqa: BLE001 - told apart there, down to bugs
            if isinstance(error, click.ClickException):  # perhaps before the option was read
                output.json |= not {"-J", "--json"}.isdisjoint(sys.argv if args is None else args)
            code = _explain(error, output)
            _end(output)
        sys.exit(code)


commands = _Root(
    "natsauth",
    "NATS decentralized authentication, without nsc.",
    entries(),
    "natsauth inspect service.creds",
    elsewhere=ELSEWHERE,
    aliases=ALIASES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
click.version_option(__version__, "-v", "--version", prog_name="natsauth")(commands)


def main() -> None:
    """Run the command line."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error is
    try:
        commands.main(prog_name="natsauth")
    finally:
        gc.freeze()  # the process ends: to look for garbage would take an eighth of its time


def _explain(error: Exception, output: Output) -> ExitCode:
    """Say what went wrong, and return how the command ended."""
    from natsauth.errors import NatsAuthError

    match error:
        case NatsAuthError():
            message = str(error.args[0]) if error.args else ""
            output.fail(message, hint=in_commands(error.hint), code=error.code)
        case click.ClickException():
            return _explain_usage(error, output)
        case click.Abort():
            output.fail("interrupted")
            return ExitCode.INTERRUPTED
        case BrokenPipeError():
            pass  # nobody reads on, and whoever stopped knows
        case OSError():
            output.fail(
                ": ".join(map(str, filter(None, [error.filename, error.strerror or error])))
            )
        case ModuleNotFoundError(name="rich" | "nats" as missing):
            extra = "cli" if missing == "rich" else "nats"
            cure = f'python -m pip install "natsauth[{extra}]"'
            output.fail(f"this command needs {missing}", hint=cure)
        case _:
            return _explain_bug(error, output)
    return ExitCode.FAILED


def _end(output: Output) -> None:
    """Write what is left, or nothing where standard output takes no more."""
    try:
        output.finish()
        click.echo(nl=False)
    except OSError:
        with suppress(OSError):  # or the interpreter would try, and fail, once more
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explain_usage(error: click.ClickException, output: Output) -> ExitCode:
    from natsauth.errors import ErrorCode

    ctx = error.ctx if isinstance(error, click.UsageError) else None
    if ctx:
        click.echo(ctx.get_usage(), err=True)
    path = ctx.command_path if ctx else "natsauth"
    hint = getattr(error, "hint", "") or f"{path} --help says more"
    if isinstance(error, click.NoSuchOption):
        near = _near(error.option_name, error.possibilities or ())
        error = click.NoSuchOption(error.option_name, possibilities=near, ctx=ctx)
    output.fail(error.format_message(), hint=hint, code=ErrorCode.USAGE)
    return ExitCode.USAGE


def _near(option: str, names: Iterable[str]) -> list[str]:
    """Return the names that are near without their dashes, which make click think that all are."""
    from difflib import get_close_matches

    words = {name.lstrip("-"): name for name in names}
    return [words[word] for word in get_close_matches(option.lstrip("-"), words)]


def _explain_bug(error: Exception, output: Output) -> ExitCode:
    if os.environ.get("NATSAUTH_DEBUG"):
        from traceback import print_exception

        print_exception(error)
    hint = "this is a bug in natsauth; with NATSAUTH_DEBUG=1 it shows where"
    output.fail(f"{type(error).__name__}: {error}", hint=hint)
    return ExitCode.BUG
