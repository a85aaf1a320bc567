"""``natsauth generate nkey``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from natsauth.cli._commands import Mistake, command
from natsauth.cli._keys import generated

if TYPE_CHECKING:
    from natsauth.cli._session import Session


_ROLES = ("operator", "account", "user", "curve", "server", "cluster")


@command("nkey", "natsauth generate nkey --account", "natsauth generate nkey -o -a -u --json")
@click.option("-o", "--operator", is_flag=True, help="A key of an operator.")
@click.option("-a", "--account", is_flag=True, help="A key of an account.")
@click.option("-u", "--user", is_flag=True, help="A key of a user.")
@click.option("-x", "--curve", is_flag=True, help="A curve key, which seals.")
@click.option("--server", is_flag=True, help="A key of a server.")
@click.option("--cluster", is_flag=True, help="A key of a cluster.")
@click.pass_obj
def nkey(session: Session, /, **wanted: bool) -> None:
    """Make key pairs.

    The seed, which is a secret, and the public key are printed, a line each; an empty line follows.
    """
    pairs = [generated(role) for role in _ROLES if wanted[role]]
    if not pairs:
        hint = f"there are --{', --'.join(_ROLES)}"
        raise Mistake("No role is named.", click.get_current_context(), hint=hint)
    document = [
        {"public_key": pair.public_key, "role": pair.type, "seed": pair.reveal_seed()}
        for pair in pairs
    ]
    lines = [f"{pair.reveal_seed()}\n{pair.public_key}\n" for pair in pairs]
    session.output.show(document, "\n".join(lines), show_seeds=True)
