"""``natsauth generate nkey``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from natsauth.cli._commands import Mistake, command
from natsauth.cli._keys import generated
from natsauth.cli._output import path_text

if TYPE_CHECKING:
    from natsauth.cli._keys import Pair
    from natsauth.cli._session import Session


_ROLES = ("operator", "account", "user", "curve", "server", "cluster")


@command(
    "nkey",
    "natsauth generate nkey --account",
    "natsauth generate nkey -o -a -u --json",
    "natsauth generate nkey --curve --store",
)
@click.option("-o", "--operator", is_flag=True, help="A key of an operator.")
@click.option("-a", "--account", is_flag=True, help="A key of an account.")
@click.option("-u", "--user", is_flag=True, help="A key of a user.")
@click.option("-x", "--curve", is_flag=True, help="A curve key, which seals.")
@click.option("--server", is_flag=True, help="A key of a server.")
@click.option("--cluster", is_flag=True, help="A key of a cluster.")
@click.option("-S", "--store", is_flag=True, help="Keep the seed in the key ring, and show none.")
@click.pass_obj
def nkey(session: Session, /, *, store: bool, **wanted: bool) -> None:
    """Make key pairs.

    The seed, which is a secret, and the public key are printed, a line each; an empty line follows.
    """
    pairs = [generated(role) for role in _ROLES if wanted[role]]
    if not pairs:
        hint = f"there are --{', --'.join(_ROLES)}"
        raise Mistake("No role is named.", click.get_current_context(), hint=hint)
    if store:
        _store(session, pairs)
        return
    document = [
        {"public_key": pair.public_key, "role": pair.type, "seed": pair.reveal_seed()}
        for pair in pairs
    ]
    lines = [f"{pair.reveal_seed()}\n{pair.public_key}\n" for pair in pairs]
    session.output.show(document, "\n".join(lines), show_seeds=True)


def _store(session: Session, pairs: list[Pair]) -> None:
    from natsauth.cli._tree import Workspace

    ring, document = Workspace(session).store, []
    for pair in pairs:
        ring.add_seed(pair.reveal_seed())
        place = ring.key_file(pair.public_key)
        session.output.ok(f"{pair.type} key stored {path_text(place)}")
        document.append({"public_key": pair.public_key, "role": pair.type, "file": str(place)})
    session.output.show(document, "\n".join(pair.public_key for pair in pairs))
