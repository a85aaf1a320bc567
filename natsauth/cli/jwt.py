"""``natsauth describe jwt``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from natsauth._files import read_file
from natsauth.cli._commands import command
from natsauth.cli._show import described, show_described
from natsauth.cli._tokens import token_in
from natsauth.cli._tree import Workspace
from natsauth.creds import MAX_BYTES
from natsauth.token import decode

if TYPE_CHECKING:
    from natsauth.cli._session import Session


@command(
    "jwt",
    "natsauth describe jwt --file account.jwt",
    "natsauth describe jwt --file service.creds --field nats.pub",
)
@click.option(
    "-f", "--file", required=True, metavar="FILE", help="A token, also in armour or creds."
)
@described
@click.pass_obj
def describe(session: Session, /, file: str, **how: Any) -> None:
    """Show the token in a file. It must verify; natsauth inspect also shows others."""
    token = decode(token_in(read_file(file, limit=MAX_BYTES).decode("utf-8", "replace")))
    show_described(session, token, name_of=Workspace(session).name_of, **how)
