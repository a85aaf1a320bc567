"""``natsauth demo``."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.text import Text

from natsauth.cli._commands import command
from natsauth.demo import Step, run

if TYPE_CHECKING:
    from natsauth.cli._session import Session

# Both would end the process at once, with the server running on. Windows knows no SIGHUP.
_ENDS = {signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}


@command("demo", "natsauth demo", "natsauth demo --keep ./demo")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the files in a new or empty directory.",
)
@click.pass_obj
def demo(session: Session, keep: Path | None) -> None:
    """Secure a real nats-server from nothing, and prove that it holds."""
    steps: list[Step] = []
    console = Console(highlight=False, soft_wrap=True, quiet=session.output.json)
    mark = "ok" if console.options.ascii_only else "✓"

    def narrate(step: Step) -> None:
        steps.append(step)
        time = f"{step.milliseconds:4.0f} ms"
        console.print(Text.assemble((mark, "green"), " ", (time, "dim"), "  ", step.text))
        if step.words:
            console.print(Text(f"{'':{len(mark)}} {'':7}  {step.words}", "dim"))

    console.print(Text("natsauth demo: a secured nats-server from nothing", "bold"))
    start = perf_counter()
    with ExitStack() as stack:
        for number in _ENDS:
            stack.callback(signal.signal, number, signal.signal(number, _interrupt))
        stack.callback(signal.signal, signal.SIGINT, signal.getsignal(signal.SIGINT))
        directory = keep
        if directory is None:
            temporary = TemporaryDirectory(prefix="natsauth-demo-")
            directory = Path(stack.enter_context(temporary))
        # Called first of all these: nothing interrupts the removal of the seeds.
        stack.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)
        run(directory, narrate)
    console.print(Text(f"Everything held, in {perf_counter() - start:.1f} s.", "bold"))
    if keep:
        console.print(Text("Where the files are, nats-server -c nats.conf starts it again."))
        console.print(Text(f"The files are in {keep}"))
    if session.output.json:
        session.output.show([step._asdict() for step in steps], "")


def _interrupt(_number: int, _frame: object) -> None:
    """Have another signal do what Ctrl-C does: asyncio then ends in order."""
    signal.raise_signal(signal.SIGINT)
