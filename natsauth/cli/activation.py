"""``natsauth generate activation``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from natsauth._files import write_file
from natsauth.cli._commands import Mistake, command
from natsauth.cli._exchange import account_key, pick
from natsauth.cli._options import account_option, moment_text
from natsauth.cli._output import path_text
from natsauth.cli._tokens import armoured
from natsauth.cli._tree import Workspace
from natsauth.cli._values import when

if TYPE_CHECKING:
    from natsauth.cli._session import Session


@command(
    "activation",
    "natsauth generate activation -a news -t orders --subject news.private -o activation.jwt",
    "natsauth generate activation -a news -t AB… --expiry 30d --json",
)
@account_option
@click.option("-s", "--subject", default="", help="What may be imported; by default all of it.")
@click.option(
    "-t",
    "--target-account",
    "target",
    required=True,
    metavar="ACCOUNT",
    help="The account that may import it: a name or a public key.",
)
@click.option(
    "-o", "--output-file", default="--", metavar="FILE", help="Where it goes; -- is the screen."
)
@click.option("--expiry", type=when, default="0", metavar="WHEN", help="Valid until; 30d, 1y, …")
@click.pass_obj
def activation(
    session: Session,
    /,
    account: str | None,
    subject: str,
    target: str,
    output_file: str,
    expiry: int,
) -> None:
    """Sign the leave for another account to import a private export."""
    work = Workspace(session)
    node, now = work.account(account), int(datetime.now(UTC).timestamp())
    exports = node.claims.nats.exports or ()
    if not subject:
        private = [export for export in exports if export and export.token_req]
        subject = pick(node, "private export", private, "").subject
    if 0 < expiry <= now:
        raise Mistake("The activation would be expired.", hint="--expiry 30d")
    lifetime = timedelta(seconds=expiry - now) if expiry else None
    key = account_key(work, target)
    token = node.activate(subject, key, expires_in=lifetime, signer=work.signer, now=now)
    export = node.claims.nats.find_export(subject)
    name = export.name if export else subject
    session.output.ok(
        f'generated "{name}" activation for account "{key}"',
        hash_id=token.claims.hash_id(),
        public_key=key,
        subject=subject,
        token=token.encoded,
    )
    if expiry:
        session.output.ok(f"token expires {moment_text(expiry)}")
    if output_file == "--":
        document = {"hash_id": token.claims.hash_id(), "token": token.encoded}
        session.output.show(document, armoured(token.encoded, "activation"))
    else:
        write_file(output_file, armoured(token.encoded, "activation").encode(), overwrite=True)
        session.output.ok(f"wrote activation token to {path_text(output_file)}", file=output_file)
