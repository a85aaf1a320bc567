"""The group of all commands, and how errors are shown."""

from __future__ import annotations

import sys
from io import TextIOWrapper

import click

from natsauth import __version__
from natsauth.cli.demo import demo
from natsauth.errors import NatsAuthError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="natsauth")
def commands() -> None:
    """NATS decentralized authentication, without nsc."""


commands.add_command(demo)


def main() -> None:
    """Run the command line; an error is a line on standard error and exit code 1."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error is
    try:
        commands()
    except (NatsAuthError, OSError) as error:
        sys.exit(f"natsauth: {error}")
