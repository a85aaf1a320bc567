"""``natsauth demo``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from signal import SIG_IGN, SIGINT, getsignal, signal
from tempfile import TemporaryDirectory
from time import perf_counter

import click
from rich.console import Console
from rich.text import Text

from natsauth.demo import Step, run


@click.command()
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the files in a new or empty directory.",
)
def demo(keep: Path | None) -> None:
    """Secure a real nats-server from nothing, and prove that it holds."""
    console = Console(highlight=False, soft_wrap=True)
    mark = "ok" if console.options.ascii_only else "✓"

    def narrate(step: Step) -> None:
        time = f"{step.milliseconds:4.0f} ms"
        console.print(Text.assemble((mark, "green"), " ", (time, "dim"), "  ", step.text))
        if step.words:
            console.print(Text(f"{'':{len(mark)}} {'':7}  {step.words}", "dim"))

    console.print(Text("natsauth demo: a secured nats-server from nothing", "bold"))
    start = perf_counter()
    if keep is None:
        with ExitStack() as stack:
            stack.callback(signal, SIGINT, getsignal(SIGINT))
            directory = stack.enter_context(TemporaryDirectory(prefix="natsauth-demo-"))
            stack.callback(signal, SIGINT, SIG_IGN)  # an interrupt leaves no seed behind
            run(Path(directory), narrate)
    else:
        run(keep, narrate)
    console.print(Text(f"Everything held, in {perf_counter() - start:.1f} s.", "bold"))
    if keep:
        console.print(Text("Where the files are, nats-server -c nats.conf starts it again."))
        console.print(Text(f"The files are in {keep}"))
