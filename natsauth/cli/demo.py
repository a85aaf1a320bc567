"""``natsauth demo``."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console

from natsauth.demo import Step, run


@click.command()
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the files in a new or empty directory.",
)
def demo(keep: Path | None) -> None:
    """Set up authentication from nothing, on a real nats-server, and prove that it holds."""
    console = Console(highlight=False)

    def narrate(step: Step) -> None:
        console.print(f"[green]✓[/] [dim]{step.milliseconds:6.0f} ms[/]  {step.text}")

    if keep is None:
        with TemporaryDirectory(prefix="natsauth-demo-") as directory:
            run(Path(directory), narrate)
    else:
        run(keep, narrate)
        console.print(f"The files are in {keep}")
