"""``natsauth generate creds``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from natsauth.cli._commands import Mistake, command
from natsauth.cli._complete import stored_names
from natsauth.cli._options import account_option, replace_option, write_armoured
from natsauth.cli._output import path_text
from natsauth.cli._tree import Workspace
from natsauth.cli._values import duration, when

if TYPE_CHECKING:
    from natsauth.cli._session import Session


@command(
    "creds",
    "natsauth generate creds -a my_account -n alice > alice.creds",
    "natsauth generate creds -a my_account -n alice --lifetime 30m -o alice.creds",
)
@account_option
@click.option(
    "-n",
    "--name",
    metavar="NAME",
    shell_complete=stored_names("user"),
    help="The user; the only one by default.",
)
@click.option(
    "-o", "--output-file", default="--", metavar="FILE", help="Where they go; -- is the screen."
)
@replace_option
@click.option("--lifetime", type=duration, help="How long they live: 30s, 15m, 12h, 7d.")
@click.option("--expiry", type=when, default="0", metavar="WHEN", help="Until when they live.")
@click.pass_obj
def creds(
    session: Session,
    /,
    *,
    account: str | None,
    name: str | None,
    output_file: str,
    force: bool,
    lifetime: timedelta | None,
    expiry: int,
) -> None:
    """Print the creds of a user: its token with its seed, which is a secret.

    With --lifetime or --expiry a token of their own is signed, which is kept nowhere else.
    """
    if lifetime and expiry:
        raise Mistake("--lifetime and --expiry exclude each other.")
    work, now = Workspace(session), int(datetime.now(UTC).timestamp())
    user = work.user(work.account(account), name)
    if expiry:
        lifetime = timedelta(seconds=expiry - now)
    if lifetime:
        work.sign(user)
    made = user.creds(expires_in=lifetime, now=now)
    if output_file == "--":
        document = {
            "creds": made.format(),
            "expiry": made.token.claims.exp,
            "public_key": made.public_key,
        }
        session.output.show(document, made.format(), show_seeds=True)
    else:
        write_armoured(output_file, made.format(), force=force)
        session.output.ok(
            f"wrote credentials to {path_text(output_file)}",
            expiry=made.token.claims.exp,
            file=output_file,
            kind="creds",
            path=user.path,
            public_key=made.public_key,
        )
