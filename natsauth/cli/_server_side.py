"""What a running server has, and says, about somebody whose creds are at hand."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from secrets import token_hex
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from natsauth.claims.permissions import STANDARD, WEBSOCKET
from natsauth.claims.signing_keys import public_key_of
from natsauth.cli._diagnosis import State, Verdict, diagnose
from natsauth.cli._servers import connect, tls_context
from natsauth.cli._surroundings import Note
from natsauth.errors import NatsAuthError, ResolverConnectionError, ResolverError
from natsauth.policy import CheckCode
from natsauth.resolver._addresses import parse_servers
from natsauth.resolver._connection import connected
from natsauth.resolver._protocol import VARZ

if TYPE_CHECKING:
    from collections.abc import Iterator

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
_UNSEEN = (
    "what creds and account do not show: resolver_pinned_accounts and proxies of the server, an "
    "operator in its configuration that is not this one, and an account that it got meanwhile"
)


@dataclass(slots=True)
class ServerSide:
    """What a server did and said.

    Attributes:
        url: Its address.
        connected: Whether it took the creds.
        error: What it said as it refused them, or closed the connection; else empty.
        info: What it says about the user, if the user may ask.
        looked_up: Whether it told which account it has.
        differences: In what it differs from the store, and from what was expected.
    """

    url: str
    connected: bool = False
    error: str = ""
    info: dict[str, Any] | None = None
    looked_up: bool = False
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
        ResolverConnectionError: The server cannot be reached.
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
    before = diagnose(credentials, around, circumstances)
    held, pinned = asyncio.run(_ask(address, transport, credentials, around, before, side))
    if side.looked_up:
        _compare_accounts(side, around.account, held)
        around = replace(around, account=held, is_certain=True)
    diagnosis = diagnose(credentials, around, circumstances)
    if side.error and diagnosis.verdict in (Verdict.ADMITTED, Verdict.UNDECIDED):
        told = frozenset(_told(side, diagnosis, pinned=pinned))
        diagnosis = diagnose(credentials, around, replace(circumstances, told=told))
    _compare_verdicts(side, diagnosis)
    return side, around, diagnosis


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
    try:
        if around.names:
            around.work.context.operator = around.names[0]
        async with connect(
            around.work, url=url, system_account=None, system_user=None, servers=None, **transport
        ) as resolver:
            if diagnosis.user:
                with suppress(ResolverError):  # of those resolvers that do not tell
                    held = await resolver.lookup(diagnosis.user.account)
                    side.looked_up = True
            before = await _pinned_fails(resolver)
            await _attempt(url, transport, credentials, diagnosis, side)
            return held, await _pinned_fails(resolver) > before
    except NatsAuthError as error:
        if side.connected or side.error:
            return held, False
        side.differences.append(
            Note(f"the server was not asked which account it has: {error.args[0]}", error.hint)
        )
    await _attempt(url, transport, credentials, diagnosis, side)
    return None, False


async def _pinned_fails(resolver: ResolverClient) -> int:
    """Return how often servers refused users of accounts that they are not pinned to."""
    session = resolver._session  # noqa: SLF001 - no method of the client asks this
    answers = await session.ask(VARZ, hint="")
    return sum(json.loads(answer)["data"].get("pinned_account_fails", 0) for answer in answers)


async def _attempt(
    url: str,
    transport: dict[str, Any],
    credentials: Credentials,
    diagnosis: Diagnosis,
    side: ServerSide,
) -> None:
    """Connect with the creds, and ask the server who that is.

    Raises:
        ResolverConnectionError: There is no connection, and the server said nothing of the creds.
    """
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
            answers = await connection.questions.ask(_INFO, b"", enough=bool, patience=seconds)
            for answer in answers.received:
                side.info = json.loads(answer)["data"]
    except ResolverConnectionError as error:
        if not (side.connected or (said := _said(error))):
            raise
        side.error = str(error.args[0]).partition(": ")[2] if side.connected else said
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
    """Go through the checks that must have failed at the server, by what else is known."""
    if side.error == _TOO_MANY:
        yield CheckCode.CONNECTION_LIMIT
    elif pinned:
        yield CheckCode.PINNED_ACCOUNTS
    else:
        yield from (item.code for item in diagnosis.of(State.UNKNOWN))


def _compare_accounts(
    side: ServerSide, here: Token[AccountClaims] | None, there: Token[AccountClaims] | None
) -> None:
    if here is None or here == there:
        return
    name = here.claims.name
    if there is None:
        side.differences.append(
            Note(f"servers do not have account {name!r:.80}", f"natsauth push -a {name}")
        )
        return
    mine, its = here.claims, there.claims
    age = "an older" if its.iat < mine.iat else "a newer" if its.iat > mine.iat else "another"
    hint = f"natsauth pull -a {name}" if age == "a newer" else f"natsauth push -a {name}"
    what = "; ".join(_differences(mine, its)) or "the same is in it"
    side.differences.append(
        Note(f"servers have {age} token of account {name!r:.80} than the store: {what}", hint)
    )


def _differences(here: AccountClaims, there: AccountClaims) -> Iterator[str]:
    """Say in what two tokens of an account differ."""
    keys = [{*map(public_key_of, claims.nats.signing_keys)} for claims in (here, there)]
    revoked = [{*(claims.nats.revocations or {}).items()} for claims in (here, there)]
    for what, (mine, its) in (
        ("signing key", [{*map(str, found)} for found in keys]),
        ("revocation", [{f"{key} at {at}" for key, at in found} for found in revoked]),
    ):
        yield from (f"they lack the {what} {one}" for one in sorted(mine - its))
        yield from (f"they have the {what} {one}" for one in sorted(its - mine))
    if here.exp != there.exp:
        yield "exp differs"
    for member in fields(here.nats):
        if member.name == "revocations" or (member.name == "signing_keys" and keys[0] != keys[1]):
            continue
        if getattr(here.nats, member.name) != getattr(there.nats, member.name):
            yield f"nats.{member.name} differs"


def _compare_verdicts(side: ServerSide, diagnosis: Diagnosis) -> None:
    expected = diagnosis.verdict
    if side.verdict is Verdict.ADMITTED and expected in (Verdict.REFUSED, Verdict.CLOSED):
        side.differences.append(
            Note(
                "the server took the connection, although by what is known here it should not",
                _UNSEEN,
            )
        )
    elif side.error and expected in (Verdict.ADMITTED, Verdict.UNDECIDED):
        side.differences.append(
            Note(f"the server said {side.error!r:.80}, although nothing here explains it", _UNSEEN)
        )
    if side.info is not None and diagnosis.user:
        side.differences += map(Note, _surprises(side.info, diagnosis))


def _surprises(info: dict[str, Any], diagnosis: Diagnosis) -> Iterator[str]:
    """Say in what the server takes the user for something else."""
    if diagnosis.user and info.get("account") != diagnosis.user.account:
        yield f"the server has placed the user in account {info.get('account')}"
    if diagnosis.evaluator is None:
        return
    effective = diagnosis.evaluator.effective()
    given = info.get("permissions") or {}
    for name, side in (("publish", effective.pub), ("subscribe", effective.sub)):
        for kind, mine in (("allow", side.allow), ("deny", side.deny)):
            its = (given.get(name) or {}).get(kind) or []
            if sorted(its) != sorted(mine or []):
                yield f"the server has other permissions: {name} {kind} is {its}, expected {mine}"
