"""``natsauth why``: what stands behind "Authorization Violation"."""

from __future__ import annotations

import re
import sys
from itertools import chain
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from natsauth.claims.permissions import CONNECTION_TYPES
from natsauth.cli._commands import Mistake, command
from natsauth.cli._credentials import read_credentials
from natsauth.cli._diagnosis import Circumstances, Verdict, diagnose
from natsauth.cli._output import ExitCode
from natsauth.cli._servers import transport_options
from natsauth.cli._surroundings import look_around, surroundings_options
from natsauth.cli._tables import harmless
from natsauth.cli._values import at as moment
from natsauth.cli._values import many
from natsauth.cli._why_report import Report
from natsauth.keys import KeyType, is_public_key
from natsauth.policy import Connection
from natsauth.policy._reading import read_user

if TYPE_CHECKING:
    from natsauth.cli._server_side import ServerSide
    from natsauth.cli._session import Session

_START = re.compile(r" *(?:- |[0-9]+\. )?(?:(log:|cure:|run:) *)?")
_NARROW = 40
_TRANSPORT = ("timeout", "tls_first", "ca_cert", "client_cert", "client_key")
_ELSEWHERE = ("kind", "at", "connections", "proxy", "names_account")
"""What is said of a connection that somebody else makes."""
_CODES = {
    Verdict.ADMITTED: ExitCode.DONE,
    Verdict.REFUSED: ExitCode.FINDINGS,
    Verdict.CLOSED: ExitCode.FINDINGS,
    Verdict.UNDECIDED: ExitCode.PARTIAL,
}


def _account_key(text: str) -> str:
    """Read the public key of an account."""
    if is_public_key(text, KeyType.ACCOUNT):
        return text
    raise click.BadParameter(f"expected the public key of an account, got {text!r:.60}")


@command(
    "why",
    "natsauth why service.creds",
    "natsauth why service.creds --operator my_operator.jwt --account my_account.jwt",
    "natsauth why service.creds --server nats://127.0.0.1:4222",
    "natsauth why service.creds --type WEBSOCKET --address 10.0.0.7 --json",
)
@click.argument("creds")
@surroundings_options
@click.option("-s", "--server", metavar="URL", help="Ask this server, too, and connect to it.")
@click.option(
    "--type",
    "kind",
    type=click.Choice(CONNECTION_TYPES, case_sensitive=False),
    default="STANDARD",
    help="How the client connects.",
)
@click.option("--address", metavar="IP", help="From which address, as the server sees it.")
@click.option("--at", type=moment, metavar="WHEN", help="When: now by default.")
@click.option(
    "--server-zone", default="UTC", metavar="ZONE", help="The server's time zone; UTC by default."
)
@click.option(
    "--connections", type=click.IntRange(0), default=0, help="How many the account has already."
)
@many(
    "--pinned",
    type=_account_key,
    metavar="KEY,…",
    help="Public keys in the server's resolver_pinned_accounts.",
)
@click.option(
    "--proxy", type=click.Choice(["trusted", "untrusted"]), help="The client comes over a proxy."
)
@click.option("--names-account", is_flag=True, help="The client names an account in CONNECT.")
@click.option("--all", "everything", is_flag=True, help="Name the checks that pass, too.")
@transport_options
@click.pass_obj
def why(
    session: Session,
    /,
    creds: str,
    operators: tuple[str, ...],
    account: str | None,
    server: str | None,
    *,
    everything: bool,
    **given: Any,
) -> None:
    """Find why a server refuses creds: every reason, each with its cure.

    CREDS is a creds file, a file with a token, a token, or - for standard input. Operator and
    account are those that are named, or those of the store. A client is told "Authorization
    Violation" whatever the reason, and the server's log has it with debug: true.

    Exit code 0 means that a server takes them, 4 that it does not, 3 that nothing refuses them but
    not all is known that a server goes by, and 1 that a file cannot be read, or the server could
    not be asked.
    """
    credentials = read_credentials(creds)
    user = read_user(credentials.token).claims
    around = look_around(session, user, operators=operators, account=account, file=credentials.file)
    circumstances = _circumstances(given, server)
    side: ServerSide | None = None
    if server is None:
        diagnosis = diagnose(credentials, around, circumstances)
    else:
        from natsauth.cli._server_side import ask

        transport = {name: given[name] for name in _TRANSPORT}
        side, around, diagnosis = ask(server, transport, credentials, around, circumstances)
    found = Report(diagnosis, around, side)
    lines = map(harmless, found.lines(everything=everything))
    session.output.show(found.to_json(), "\n".join(chain.from_iterable(map(_wrapped, lines))))
    if side and side.failure:
        raise side.failure
    click.get_current_context().exit(_CODES[found.verdict])


def _wrapped(line: str) -> list[str]:
    """Return a line as several, where a terminal has no room for it; but no command."""
    start = _START.match(line)
    if not sys.stdout.isatty() or not start or start[1] == "run:":
        return [line]
    width, indent = max(get_terminal_size().columns, _NARROW), " " * start.end()
    return wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) or [line]


def _circumstances(given: dict[str, Any], server: str | None) -> Circumstances:
    """Return how somebody connects, as the options say.

    Raises:
        Mistake: They say so although a server is connected to, as this machine does it.
    """
    ctx = click.get_current_context()
    for name in _ELSEWHERE if server else ():
        if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT:
            option = "--type" if name == "kind" else f"--{name.replace('_', '-')}"
            hint = "--server connects in its own way: over TCP or a WebSocket, and now"
            raise Mistake(f"--server and {option} exclude each other.", ctx, hint=hint)
    connection = Connection(
        type=given["kind"],
        address=given["address"],
        at=given["at"],
        server_zone=given["server_zone"],
        proxied=given["proxy"] is not None,
        proxy_trusted=given["proxy"] != "untrusted",
        connections=given["connections"],
        names_account=given["names_account"],
    )
    return Circumstances(connection, tuple(given["pinned"]) or None)
