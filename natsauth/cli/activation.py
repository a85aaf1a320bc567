"""``natsauth generate activation``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from natsauth.cli._commands import Mistake, command
from natsauth.cli._exchange import account_key, pick
from natsauth.cli._options import (
    account_option,
    lifetime,
    moment_text,
    replace_option,
    write_armoured,
)
from natsauth.cli._output import path_text
from natsauth.cli._tokens import armoured
from natsauth.cli._tree import Workspace
from natsauth.subjects import is_contained_in

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
@replace_option
@lifetime
@click.pass_obj
def activation(
    session: Session,
    /,
    *,
    account: str | None,
    subject: str,
    target: str,
    output_file: str,
    force: bool,
    start: int | None,
    expiry: int | None,
) -> None:
    """Sign the leave for another account to import a private export."""
    work = Workspace(session)
    node, now = work.account(account), int(datetime.now(UTC).timestamp())
    exports = node.claims.nats.exports or ()
    if not subject:
        every = [export for export in exports if export and export.token_req]
        subject = pick(node, "private export", every, "").subject
    if expiry and expiry <= max(now, start or 0):
        raise Mistake("The activation would never be valid.", hint="--expiry 30d")
    lasting = timedelta(seconds=expiry - now) if expiry else None
    key = account_key(work, target)
    token = node.activate(
        subject, key, expires_in=lasting, not_before=start, signer=work.signer, now=now
    )
    text = armoured(token.encoded, "activation")
    if output_file != "--":
        write_armoured(output_file, text, force=force)
    private = [e for e in exports if e and e.token_req and is_contained_in(subject, e.subject)]
    facts = {"hash_id": token.claims.hash_id(), "token": token.encoded}
    message = f'generated "{private[0].name}" activation for account "{key}"'
    session.output.ok(message, public_key=key, subject=subject, **facts)
    if start:
        session.output.ok(f"token valid {moment_text(start)}")
    if expiry:
        session.output.ok(f"token expires {moment_text(expiry)}")
    if output_file == "--":
        session.output.show(facts, text)
    else:
        session.output.ok(f"wrote activation token to {path_text(output_file)}", file=output_file)
