"""The connection to the servers of an operator, as the options of ``push`` and ``pull`` say."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from natsauth.cli._commands import Mistake
from natsauth.cli._options import options
from natsauth.cli._tree import found
from natsauth.cli._values import duration
from natsauth.errors import (
    FileError,
    NatsAuthError,
    ResolverError,
    ResolverTimeoutError,
    SecretError,
)
from natsauth.keys import KeyPair, KeyType, is_public_key
from natsauth.resolver import ResolverClient
from natsauth.resolver._addresses import parse_servers
from natsauth.trust import check_user

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from natsauth.authority import AccountNode, OperatorNode
    from natsauth.cli._tree import Workspace
    from natsauth.creds import Creds
    from natsauth.signing import Signer

# nats-py logs some of its errors, which get here all the same; where nothing else takes what is
# logged, Python writes it to standard error, tracebacks and all.
logging.getLogger("nats").addHandler(logging.NullHandler())

_FILE = click.Path(dir_okay=False)
_LIFETIME = timedelta(minutes=2)
_CONNECT = timedelta(seconds=5)
_PORTS = {"nats": 4222, "tls": 4222, "ws": 80, "wss": 443}
_CURES = {
    "account_server_url": "-u nats://127.0.0.1:4222 names one; "
    "natsauth edit operator --account-jwt-server-url does so for good",
    "tls_first=": "the server may want the TLS handshake first: --tls-first",
    "give tls=": "--ca-cert names the file of the authority that signed the server's certificate, "
    "--client-cert and --client-key those of the certificate that the server asks for",
    "without tls=": "let the server require TLS, or leave --ca-cert out and say nats://",
    "without creds=": "leave --system-user out, and a user is made that may do what is needed",
    "with creds of": "--system-user names a user of it to connect as",
    "sign the user with": "-K names a signing key of the system account that has no role; "
    "without -K one of the store is taken",
    "lifetime=": "run it once more; what is done already is done",
    "allow_all=": "see with -H or --data-dir that it is the right store; if it is, --allow-all",
    "ensure_system_account": "--system-account names one, "
    "and natsauth edit operator --system-account does so for good",
}
"""What the library advises in terms of Python, by how that is recognized, in terms of options."""


def _seconds(text: str) -> timedelta:
    plain = re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text)
    value = timedelta(seconds=float(text)) if plain else duration(text)
    if not timedelta() < value <= timedelta(days=1):
        raise click.BadParameter(f"expected more than 0 seconds and at most a day, got {text}")
    return value


transport_options = options(
    click.option("--timeout", type=_seconds, default="5", metavar="SECONDS",
                 help="How long to wait without any answer; by default 5 seconds."),
    click.option("--tls-first", is_flag=True, help="TLS handshake before everything else."),
    click.option("--ca-cert", type=_FILE, envvar="NATS_CA", help="Certificate authority."),
    click.option("--client-cert", type=_FILE, envvar="NATS_CERT", help="Certificate to show."),
    click.option("--client-key", type=_FILE, envvar="NATS_KEY", help="Key of that certificate."),
)  # fmt: skip
server_options = options(
    click.option(
        "-u", "--account-jwt-server-url", "url", metavar="URL",
        help="The servers, with commas between; by default what the operator says.",
    ),
    click.option("--system-account", metavar="NAME", help="The system account, if not the usual."),
    click.option("--system-user", metavar="NAME", help="Connect as this user of it."),
    click.option("--servers", type=click.IntRange(1), metavar="COUNT",
                 help="How many servers are to answer; as many as there are by default."),
    transport_options,
)  # fmt: skip


@asynccontextmanager
async def connect(  # noqa: PLR0913 - keywords, which the options give
    work: Workspace,
    *,
    url: str | None,
    system_account: str | None,
    system_user: str | None,
    timeout: timedelta,  # noqa: ASYNC109 - of each request
    servers: int | None,
    tls_first: bool,
    ca_cert: str | None,
    client_cert: str | None,
    client_key: str | None,
    read_only: bool = False,
) -> AsyncIterator[ResolverClient]:
    """Connect to the servers, with a temporary system user unless one is named.

    If it is only to look, the temporary user may do no more.

    Raises:
        NatsAuthError: As :meth:`ResolverClient.connect`, or nobody is at hand to connect as. Its
            hint speaks of options, also where the block raised it.
        FileError: A certificate cannot be read.
        Mistake: ``-K`` names no key that could be of use.
    """
    try:
        operator = work.operator()
        urls = addresses(operator, url)
        tls = tls_context(ca_cert, client_cert, client_key)
        accounts = operator.accounts
        system = (
            found(accounts, system_account, operator) if system_account else operator.system_account
        )
        who = _who(system, operator, system_user, named_key(work, KeyType.ACCOUNT))
        async with ResolverClient.connect(
            urls,
            operator.token,
            timeout=timeout,
            connect_timeout=timeout,
            lifetime=max(_LIFETIME, 12 * timeout),  # a request may take ten times the timeout
            read_only=read_only,
            expected_servers=servers,
            tls=tls,
            tls_first=tls_first,
            **who,
        ) as resolver:
            yield resolver
    except NatsAuthError as error:
        error.hint = next((cure for part, cure in _CURES.items() if part in error.hint), error.hint)
        late = "no answer in time" in error.args[0] and "--tls-first" not in error.hint
        if late or isinstance(error, ResolverTimeoutError):
            error.hint = "; ".join(filter(None, ["--timeout waits longer", error.hint]))
        raise


def addresses(operator: OperatorNode, url: str | None) -> list[str]:
    """Return the addresses of the servers: those that are given, or those of the operator.

    Raises:
        ResolverError: There is none, or one is none that NATS clients connect to.
    """
    text = operator.claims.nats.account_server_url if url is None else url
    for part in text.split(","):
        scheme, _, rest = part.strip().partition("://")
        if scheme.lower() in ("http", "https"):
            shown = f"{scheme}://{rest.rpartition('@')[2]}"
            raise ResolverError(
                f"{shown!r:.80} is an account server that talks HTTP, not NATS",
                hint="-u nats://HOST:4222 names a NATS server; "
                "what an HTTP server gives out is put there by other means",
            )
    return parse_servers(text)


async def unreachable(urls: list[str]) -> list[str]:
    """Return the addresses, without passwords, that nobody listens on."""

    async def probe(url: str) -> str:
        parts = urlsplit(url)
        try:
            async with asyncio.timeout(_CONNECT.total_seconds()):
                port = parts.port or _PORTS[parts.scheme]
                _, writer = await asyncio.open_connection(parts.hostname, port)
        except OSError:  # TimeoutError is one
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        writer.close()
        return ""

    return [url for url in await asyncio.gather(*map(probe, urls)) if url]


def named_key(work: Workspace, role: KeyType) -> Signer | None:
    """Return the key that ``-K`` names, if it has the role.

    Raises:
        Mistake: It is neither a key of an account nor one of an operator.
        NotFoundError: Its seed is not at hand.
    """
    key = work.signer
    public = key if isinstance(key, str) else key and key.public_key
    if public is None:
        return None
    if not any(is_public_key(public, kind) for kind in (KeyType.ACCOUNT, KeyType.OPERATOR)):
        raise Mistake(
            f"-K takes a key of the system account or the operator, and {public!r:.80} is none.",
            click.get_current_context(),
        )
    if not is_public_key(public, role):
        return None
    return KeyPair.from_seed(work.store.seed(key)) if isinstance(key, str) else key


def _who(
    system: AccountNode, operator: OperatorNode, user: str | None, signer: Signer | None
) -> dict[str, Any]:
    """Return who connects: the user that is named, a temporary one, or one that is at hand."""
    if user:
        return {"creds": found(system.users, user, system).creds()}
    try:
        return {"system_account": system.token, "signer": signer or system.signer()}
    except SecretError:
        if creds := _stored_creds(system, operator):
            return {"creds": creds}
    raise SecretError(
        f"nobody is at hand to connect as: the store has neither the seed of a signing key of "
        f"account {system.name!r:.80} without a role, nor that of a user of it",
        hint="-K names a key of it, or a file with its seed; --system-user a user of it",
    )


def _stored_creds(system: AccountNode, operator: OperatorNode) -> Creds | None:
    for name in system.users:
        try:
            user = system.users[name]
            if check_user(user.token, system.token, operator.token):
                return user.creds()
        except NatsAuthError:  # whatever is wrong with it, the next one may do
            continue
    return None


def tls_context(ca_cert: str | None, cert: str | None, key: str | None) -> ssl.SSLContext | None:
    """Return how to connect over TLS, as the options say; ``None`` where they say nothing.

    Raises:
        FileError: A certificate cannot be read.
        Mistake: There is a key without its certificate.
    """
    if key and not cert:
        raise Mistake("--client-key needs --client-cert.", click.get_current_context())
    if not (ca_cert or cert):
        return None
    file = ca_cert
    try:
        context = ssl.create_default_context(cafile=ca_cert)
        if cert:
            file = f"{cert} with {key}" if key else cert
            context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise FileError(
            f"cannot use {file} for TLS: {error.strerror or error}",
            hint="PEM files are needed: --ca-cert, --client-cert and --client-key",
        ) from None
    return context
