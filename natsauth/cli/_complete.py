"""Names out of the store, for the shell to complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.cli._session import session_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import click

    Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def stored_names(kind: str = "") -> Complete:
    """Return what completes names of entries, for ``shell_complete``.

    It reads names alone, no tokens, and offers nothing where the store cannot be read.

    Args:
        kind: ``operator``, ``account`` or ``user``; by default what the command is called, and
            nothing where it adds one, whose name is new.
    """

    def complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
        from natsauth.errors import NatsAuthError

        wanted = kind or ctx.command.name or ""
        if not kind and ctx.parent and ctx.parent.command.name == "add":
            return []
        try:
            return [name for name in _names(ctx, wanted) if name.startswith(incomplete)]
        except (NatsAuthError, OSError):
            return []

    return complete


def _names(ctx: click.Context, kind: str) -> list[str]:
    """Return the names of all entries of a kind, below what the line names or what is current."""
    from natsauth.store import Context, DirectoryStore, Locations
    from natsauth.store.base import KINDS

    session = session_of(ctx)
    places = Locations.find(
        all_dirs=session.all_dirs,
        config_dir=session.config_dir,
        data_dir=session.data_dir,
        keystore_dir=session.keystore_dir,
    )
    store = DirectoryStore(places.stores, keys=places.keys)
    current = Context.find(places)
    current.operator = ctx.params.get("operator") or current.operator
    current.account = ctx.params.get("account") or current.account
    current = current.settled(store)
    above = [current.operator, current.account][: KINDS.index(kind) - 1]
    return store.names(*above) if all(above) else []
