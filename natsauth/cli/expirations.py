"""``natsauth expirations``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from natsauth.cli._commands import command
from natsauth.cli._findings import span
from natsauth.cli._output import path_text
from natsauth.cli._tables import Table
from natsauth.cli._tree import Workspace
from natsauth.cli._values import when
from natsauth.creds import Creds
from natsauth.errors import CredsError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.authority import UserNode
    from natsauth.claims import Claims
    from natsauth.cli._output import Output
    from natsauth.cli._session import Session


@command(
    "expirations",
    "natsauth expirations --within 1w --skip",
    "natsauth expirations --json | jq '.report[] | select(.expired)'",
)
@click.option(
    "-e", "--within", type=when, default="1M", metavar="WHEN", help="What is soon: 1w, 3M, a date."
)
@click.option("--skip", is_flag=True, help="Show only what has expired, or does so soon.")
@click.pass_obj
def expirations(session: Session, /, within: int, *, skip: bool) -> None:
    """Show when operator, accounts, users and creds files expire."""
    now = int(datetime.now(UTC).timestamp())
    entries = _entries(Workspace(session), session.output)
    rows = [_row(name, claims, now, within) for name, claims in entries]
    if skip:
        rows = [row for row in rows if row["expired"] or row["expires_soon"]]
    soon = f" ({_distance(within, now)})" if within else ""
    table = Table(f"Expiration Report{soon}", "Expired", "Resource", "Expiration")
    for row in rows:
        state = "Yes" if row["expired"] else "Soon" if row["expires_soon"] else "No"
        shown = f"{row['expiration_date']} - {row['when']}" if row["expiry"] else row["when"]
        table.row(state, row["resource"], shown)
    session.output.show({"expiration_threshold": _date(within), "report": rows}, table)


def _entries(work: Workspace, output: Output) -> Iterator[tuple[str, Claims]]:
    """Go through everything that may expire, with what it is called."""
    operator = work.operator()
    yield operator.name, operator.token.claims
    for account in operator.accounts.values():
        yield "/".join(account.path), account.token.claims
        for user in account.users.values():
            yield "/".join(user.path), user.token.claims
            yield from _creds(work, user, output)


def _creds(work: Workspace, user: UserNode, output: Output) -> Iterator[tuple[str, Claims]]:
    file = str(work.store.creds_file(*user.path))
    try:
        yield file, Creds.parse(work.store.creds(*user.path)).token.claims
    except NotFoundError:
        return
    except CredsError as error:
        output.warning(f"{path_text(file)} holds no creds: {error.args[0]}", file=file)


def _row(name: str, claims: Claims, now: int, within: int) -> dict[str, Any]:
    exp = claims.exp
    return {
        "expiration_date": _date(exp) if exp else "",
        "expired": 0 < exp < now,
        "expires_soon": 0 < exp < within,
        "expiry": exp,
        "id": claims.sub,
        "resource": name,
        "when": _distance(exp, now) if exp else "Never",
    }


def _date(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return f"second {seconds}"  # beyond the year 9999


def _distance(seconds: int, now: int) -> str:
    left = seconds - now
    return (f"In {span(left)}" if left >= 0 else f"{span(-left)} ago").title()
