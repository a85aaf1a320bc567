"""What one run of the command line has: its output, and the options that every command takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.cli._output import Output

if TYPE_CHECKING:
    from pathlib import Path

    import click

    from natsauth.cli._keys import Key


class Session:
    """One run of the command line; click's context carries it, and ``click.pass_obj`` gives it.

    Attributes:
        output: Where data and messages go.
        private_key: The key to sign with, or the role of one; the command chooses if ``None``.
        all_dirs: The directory of configuration, stores and keys together, if given.
        config_dir: The directory of the configuration, if given.
        data_dir: The directory of the stores, if given.
        keystore_dir: The directory of keys and creds, if given.
    """

    def __init__(self, output: Output | None = None) -> None:
        self.output = output or Output()
        self.private_key: Key | None = None
        self.all_dirs: Path | None = None
        self.config_dir: Path | None = None
        self.data_dir: Path | None = None
        self.keystore_dir: Path | None = None


def session_of(ctx: click.Context) -> Session:
    """Return the session of a context."""
    return ctx.ensure_object(Session)
