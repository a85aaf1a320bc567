"""Tables of the entries below a path: operators, accounts or users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.cli._tables import Table
from natsauth.errors import NatsAuthError
from natsauth.store.base import KINDS
from natsauth.token import decode

if TYPE_CHECKING:
    from natsauth.cli._session import Session
    from natsauth.cli._tree import Workspace


def show_entries(session: Session, work: Workspace, *above: str, current: str = "") -> None:
    """Show names and public keys of what is below a path, in nsc's table or as its JSON.

    Each token is read and its signature verified, as nsc does; one that is bad is shown as such in
    its row, is left out of the JSON, and makes the command end with exit code 1.

    Args:
        session: Where it is shown.
        work: The store.
        above: The names of the operator and the account.
        current: The name of the current entry, which stands out.
    """
    kind = KINDS[len(above) + 1]
    title, found, rows = f"{kind.title()}s", [], []
    for name in work.store.names(*above):
        try:
            claims = decode(work.store.read(*above, name)).claims
        except NatsAuthError as error:
            rows.append((name, f"error loading jwt - {error.args[0]}"))
            where = work.store.where(*above, name)
            session.output.error(f"{where}: {error.args[0]}", kind=kind, path=(*above, name))
            continue
        shown = name if claims.name == name else f"{name} ({claims.name})"
        rows.append((shown, claims.sub))
        found.append({"name": name, "public_key": claims.sub})
    table = Table(title, "Name", "Public Key") if rows else Table(title)
    for row in rows:
        table.row(*row, bold=row[0] == current)
    if not rows:
        table.row("No entries defined")
    if not (rows or above):
        session.output.note(f"there is no operator in {work.store.where()!r}")
    session.output.show(found, table)
