"""The connection to the servers of an operator, as the options of ``push`` and ``pull`` say."""

from __future__ import annotations

import ssl
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from natsauth.cli._options import options
from natsauth.cli._values import duration
from natsauth.errors import FileError, NotFoundError, SecretError
from natsauth.resolver import ResolverClient

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from natsauth.authority import AccountNode, OperatorNode
    from natsauth.creds import Creds

_FILE = click.Path(dir_okay=False)


def _seconds(text: str) -> timedelta:
    return timedelta(seconds=int(text)) if text.isdecimal() else duration(text)


server_options = options(
    click.option(
        "-u", "--account-jwt-server-url", "url", metavar="URL",
        help="The servers, with commas between; by default what the operator says.",
    ),
    click.option("--system-account", metavar="NAME", help="The system account, if not the usual."),
    click.option("--system-user", metavar="NAME", help="Connect as this user of it."),
    click.option("--timeout", type=_seconds, default="5", metavar="SECONDS",
                 help="How long to wait without any answer; by default 5 seconds."),
    click.option("--servers", type=click.IntRange(1), metavar="COUNT",
                 help="How many servers are to answer; as many as there are by default."),
    click.option("--tls-first", is_flag=True, help="TLS handshake before everything else."),
    click.option("--ca-cert", type=_FILE, envvar="NATS_CA", help="Certificate authority."),
    click.option("--client-cert", type=_FILE, envvar="NATS_CERT", help="Certificate to show."),
    click.option("--client-key", type=_FILE, envvar="NATS_KEY", help="Key of that certificate."),
)  # fmt: skip


def connect(
    operator: OperatorNode,
    *,
    url: str | None,
    system_account: str | None,
    system_user: str | None,
    timeout: timedelta,
    servers: int | None,
    tls_first: bool,
    ca_cert: str | None,
    client_cert: str | None,
    client_key: str | None,
) -> AbstractAsyncContextManager[ResolverClient]:
    """Connect to the servers, with a temporary system user unless one is named.

    Raises:
        NatsAuthError: As :meth:`ResolverClient.connect`, or nobody is at hand to connect as.
        FileError: A certificate cannot be read.
    """
    system = operator.accounts.find(system_account) if system_account else operator.system_account
    return ResolverClient.connect(
        url,
        operator.token,
        timeout=timeout,
        expected_servers=servers,
        tls=_tls(ca_cert, client_cert, client_key),
        tls_first=tls_first,
        **_who(system, system_user),
    )


def _who(system: AccountNode, user: str | None) -> dict[str, Any]:
    """Return who connects: the user that is named, a temporary one, or one that is at hand."""
    if user:
        return {"creds": system.users.find(user).creds()}
    try:
        return {"system_account": system.token, "signer": system.signer()}
    except SecretError:
        if creds := _stored_creds(system):
            return {"creds": creds}
        raise


def _stored_creds(system: AccountNode) -> Creds | None:
    for user in system.users.values():
        try:
            return user.creds()
        except NotFoundError:
            continue
    return None


def _tls(ca_cert: str | None, cert: str | None, key: str | None) -> ssl.SSLContext | None:
    if not (ca_cert or cert):
        return None
    try:
        context = ssl.create_default_context(cafile=ca_cert)
        if cert:
            context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(filter(None, (ca_cert, cert, key)))
        raise FileError(
            f"cannot use {files} for TLS: {error.strerror or error}",
            hint="PEM files are needed: --ca-cert, --client-cert and --client-key",
        ) from None
    return context
