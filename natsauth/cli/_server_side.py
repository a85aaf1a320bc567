"""What a running server has, and says, about somebody whose creds are at hand."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from secrets import token_hex
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from natsauth._json import JsonError, loads
from natsauth.claims.permissions import STANDARD, WEBSOCKET
from natsauth.claims.signing_keys import public_key_of
from natsauth.cli._diagnosis import NO_SUBSCRIPTIONS, State, Verdict, diagnose
from natsauth.cli._server_notes import compare_accounts, compare_verdicts
from natsauth.cli._servers import connect, tls_context
from natsauth.cli._surroundings import Note, operators_of
from natsauth.errors import NatsAuthError, ResolverConnectionError, ResolverError
from natsauth.policy import CheckCode
from natsauth.resolver._addresses import parse_servers
from natsauth.resolver._connection import connected
from natsauth.resolver._protocol import VARZ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.authority import OperatorNode
    from natsauth.claims import AccountClaims
    from natsauth.cli._credentials import Credentials
    from natsauth.cli._diagnosis import Circumstances, Diagnosis
    from natsauth.cli._surroundings import Surroundings
    from natsauth.creds import Creds
    from natsauth.resolver import ResolverClient
    from natsauth.token import Token

_INFO = "$SYS.REQ.USER.INFO"
_TOO_MANY = "maximum account active connections exceeded"
_SAID = re.compile(r"nats: '(.*)'", re.DOTALL)
"""How nats-py gives what a server said."""


_STRANGER = "nothing says that it is a server of an operator of the store"
_ASK_FOR = "-o NAME says of which one, and a system user of it asks"
_GIVE = "-a FILE gives the account, --data-dir DIR a store that has it"
_CLOSING = (
    NO_SUBSCRIPTIONS,
    "User Authentication Expired",
    "Account Authentication Expired",
)
"""What a server says as it closes a connection that it has taken."""
_ENDED = re.compile("clos|EOF|reset|unexpected end|broken pipe", re.IGNORECASE)
_PATIENCE, _PAUSE = 5, 0.1


@dataclass(slots=True)
class ServerSide:
    """What a server did and said.

    Attributes:
        url: Its address.
        connected: Whether it took the creds.
        error: What it said as it refused them, or closed the connection; else empty.
        info: What it says about the user, if the user may ask.
        looked_up: Whether it told which account it has.
        failure: Why the creds could not be shown to it, if so.
        is_stranger: Whether it did not know a system user of the operator either.
        differences: In what it differs from the store, and from what was expected.
    """

    url: str
    connected: bool = False
    error: str = ""
    info: dict[str, Any] | None = None
    looked_up: bool = False
    failure: NatsAuthError | None = None
    is_stranger: bool = False
    differences: list[Note] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """What the server did."""
        if not self.error:
            return Verdict.ADMITTED
        return Verdict.CLOSED if self.connected else Verdict.REFUSED


def ask(
    url: str,
    transport: dict[str, Any],
    credentials: Credentials,
    around: Surroundings,
    circumstances: Circumstances,
) -> tuple[ServerSide, Surroundings, Diagnosis]:
    """Connect to a server with the creds, look up what it has, and judge by that.

    Args:
        url: Its address.
        transport: The options of the connection.
        credentials: Who connects.
        around: Operator and account as they are known here.
        circumstances: How.

    Returns:
        What the server did, what is known by then, and the verdict by that.

    Raises:
        ResolverError: The address is none, or nats-py is not installed.
        FileError: A certificate cannot be read.
    """
    [address, *_] = parse_servers(url)
    parts = urlsplit(address)
    is_websocket = parts.scheme in ("ws", "wss")
    connection = replace(
        circumstances.connection,
        type=WEBSOCKET if is_websocket else STANDARD,
        address=circumstances.connection.address or _own_address(address),
    )
    circumstances = replace(circumstances, connection=connection)
    side = ServerSide(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")
    around.server = _server_options(address, side.url, transport, around)
    before = diagnose(credentials, around, circumstances)
    held, pinned = asyncio.run(_ask(address, transport, credentials, around, before, side))
    if side.failure:
        return side, around, before
    if side.looked_up:
        around = _with_account(side, around, held, before)
    diagnosis = diagnose(credentials, around, circumstances)
    if side.error and diagnosis.verdict in (Verdict.ADMITTED, Verdict.UNDECIDED):
        told = frozenset(_told(side, diagnosis, pinned=pinned))
        diagnosis = diagnose(credentials, around, replace(circumstances, told=told))
    compare_verdicts(side, around, diagnosis)
    return side, around, diagnosis


def _with_account(
    side: ServerSide,
    around: Surroundings,
    held: Token[AccountClaims] | None,
    before: Diagnosis,
) -> Surroundings:
    """Return what is known once servers have told which account they have."""
    here = around.account
    if here and before.user and before.user.account != here.claims.sub:
        return around  # they were asked for that of the token, which is another
    compare_accounts(side, around, held, before)
    if here and not held and before.fails(CheckCode.ACCOUNT_LOOKUP):
        return around  # they have none as they would not take it, which here is told
    return replace(around, account=held, is_certain=True)


async def _ask(
    url: str,
    transport: dict[str, Any],
    credentials: Credentials,
    around: Surroundings,
    diagnosis: Diagnosis,
    side: ServerSide,
) -> tuple[Token[AccountClaims] | None, bool]:
    """Return the account that servers have, and whether they refused one that is not pinned."""
    held: Token[AccountClaims] | None = None
    operator = _operator_to_ask(url, around, diagnosis)
    try:
        if operator is None:
            has_some = len(around.work.authority.operators)
            raise ResolverError(_STRANGER, hint=_ASK_FOR if has_some else _GIVE)
        around.work.context.operator = operator.name
        async with connect(
            around.work,
            url=url,
            system_account=None,
            system_user=None,
            servers=None,
            read_only=True,
            **transport,
        ) as resolver:
            _trust(around, operator)
            if diagnosis.user:
                with suppress(ResolverError):  # of those resolvers that do not tell
                    held = await resolver.lookup(diagnosis.user.account)
                    side.looked_up = True
            before = await _pinned_fails(resolver)
            await _attempt(url, transport, credentials, diagnosis, side)
            return held, await _pinned_fails(resolver) > before
    except NatsAuthError as error:
        if side.connected or side.error or side.failure:
            return held, False
        hint = "" if "--system-user" in error.hint else error.hint  # which is an option of push
        side.is_stranger = "trusts another operator" in error.hint
        note = Note(f"the server was not asked which account it has: {error.args[0]}", hint)
    await _attempt(url, transport, credentials, diagnosis, side)
    if not side.failure:  # which says the same
        side.differences.append(note)
    return None, False


def _trust(around: Surroundings, operator: OperatorNode) -> None:
    """Note that the server has let in a system user of an operator, and so trusts that."""
    own = operator.token.claims.sub
    if own not in {token.claims.sub for token in around.operators}:
        if around.names:
            around.owner, around.names = around.names[0], ()
        around.operators = [operator.token]


def _operator_to_ask(url: str, around: Surroundings, diagnosis: Diagnosis) -> OperatorNode | None:
    """Return the operator of whom a system user may be shown to a server.

    Whoever gets its signature of a nonce can pass it on, and is a system user elsewhere: so it is
    one that was named, or whose server it is by its own claims, or who stands behind the creds.
    """
    if around.asked:
        return around.work.operator(around.asked)
    mine, user, account = "", diagnosis.user, around.account
    if around.names and user and account:
        keys = {account.claims.sub, *map(public_key_of, account.claims.nats.signing_keys)}
        mine = around.names[0] if user.iss in keys else ""
    its = {node.name: node for node in operators_of(around.work) if _is_server_of(url, node)}
    if mine and (mine in its or not its):
        return around.work.operator(mine)
    return next(iter(its.values()), None)


def _server_options(
    address: str, url: str, transport: dict[str, Any], around: Surroundings
) -> tuple[str, ...]:
    """Return the options by which a push goes to this server, too."""
    urls = []
    if around.names:
        with suppress(ResolverError):
            claims = around.work.operator(around.names[0]).claims
            urls = parse_servers(claims.nats.account_server_url)
    place = () if urls == [address] else ("-u", url)
    files = {name: transport[name] for name in ("ca_cert", "client_cert", "client_key")}
    given = [(f"--{name.replace('_', '-')}", file) for name, file in files.items() if file]
    first = ("--tls-first",) if transport["tls_first"] else ()
    return (*place, *first, *chain.from_iterable(given))


def _is_server_of(url: str, operator: OperatorNode) -> bool:
    body = operator.claims.nats
    for text in (body.account_server_url, *(body.operator_service_urls or ())):
        with suppress(ResolverError):
            if url in parse_servers(text):
                return True
    return False


def data_of(answer: bytes) -> dict[str, Any]:
    """Return what a server answers as ``data``; empty where it answers something else."""
    try:
        found = loads(answer)
    except JsonError:
        return {}
    data = found.get("data") if isinstance(found, dict) else None
    return data if isinstance(data, dict) else {}


async def _pinned_fails(resolver: ResolverClient) -> int:
    """Return how often servers refused users of accounts that they are not pinned to."""
    session = resolver._session  # noqa: SLF001 - no method of the client asks this
    answers = await session.ask(VARZ, hint="")
    counts = [data_of(answer).get("pinned_account_fails") for answer in answers]
    return sum(count for count in counts if isinstance(count, int))


async def _attempt(
    url: str,
    transport: dict[str, Any],
    credentials: Credentials,
    diagnosis: Diagnosis,
    side: ServerSide,
) -> None:
    """Connect with the creds, and ask the server who that is."""
    seconds = transport["timeout"].total_seconds()
    names = ("ca_cert", "client_cert", "client_key")
    inbox = _inbox(diagnosis)
    try:
        async with connected(
            [url],
            cast("Creds", credentials),  # of which only nats_py() is used
            inbox=inbox,
            seconds=seconds,
            tls=tls_context(*(transport[name] for name in names)),
            tls_first=transport["tls_first"],
        ) as connection:
            side.connected = True
            for _ in range(_PATIENCE if diagnosis.at_once else 1):  # its answer may come first
                answers = await connection.questions.ask(_INFO, b"", enough=bool, patience=seconds)
                for answer in answers.received:
                    side.info = data_of(answer) or None
                if diagnosis.at_once:
                    await asyncio.sleep(_PAUSE)
    except ResolverConnectionError as error:
        said = _said(error)
        if side.connected:
            said = said or str(error.args[0]).partition(": ")[2] or str(error.args[0])
        # Whether nats-py notes the end before it is through with connecting is a matter of luck.
        if _ENDED.search(said or str(error.args[0])) and diagnosis.at_once:
            said = diagnosis.error
        side.connected = side.connected or said in _CLOSING
        side.error = said
        side.failure = None if said else error
    except ResolverError:  # the user may not ask
        return


def _said(error: BaseException | None) -> str:
    """Return what the server said at the root of an error, or an empty string."""
    while error is not None:
        if match := _SAID.fullmatch(str(error)):
            return match[1]
        error = error.__cause__
    return ""


def _inbox(diagnosis: Diagnosis) -> str:
    """Return a subject for answers, one that the user may subscribe to if there is one."""
    inbox = f"_INBOX.{token_hex(8)}.*"
    if diagnosis.evaluator and not diagnosis.evaluator.subscribe(inbox):
        allowed = diagnosis.evaluator.effective().sub.allow or ()
        inboxes = [f"{entry[:-1]}{token_hex(8)}.*" for entry in allowed if entry.endswith(".>")]
        return next(filter(diagnosis.evaluator.subscribe, inboxes), inbox)
    return inbox


def _own_address(url: str) -> str | None:
    """Return the address from which this machine reaches a server."""
    parts = urlsplit(url)
    with suppress(OSError):
        [(family, _, _, _, place), *_] = socket.getaddrinfo(parts.hostname, parts.port or 4222)
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(place)  # which sends nothing
            address: str = probe.getsockname()[0]
            return address
    return None


def _told(side: ServerSide, diagnosis: Diagnosis, *, pinned: bool) -> Iterator[CheckCode]:
    """Go through the checks that must have failed at the server, by what else is known.

    Where all is known but for one check, it is that; otherwise it is one of those not known.
    """
    unknown = [item.code for item in diagnosis.of(State.UNKNOWN)]
    if side.error == _TOO_MANY:
        yield CheckCode.CONNECTION_LIMIT
    elif pinned:
        yield CheckCode.PINNED_ACCOUNTS
    elif side.looked_up and len(unknown) == 1 and not side.connected:
        yield from unknown
