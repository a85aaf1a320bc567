"""Whether a server takes a connection, told without one: the checks of nats-server 2.15.1.

::

    admission = admit(creds, account=account, operator=operator)
    for check in admission.failing:
        print(check.message, check.hint)

A server tells a client no more than "Authorization Violation", whatever the reason; its log has
the line that is told here, most often only with ``debug: true``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from natsauth._redact import without_seeds
from natsauth.claims.account import AccountClaims
from natsauth.claims.base import FAR, seconds
from natsauth.claims.operator import OperatorClaims
from natsauth.claims.permissions import (
    CONNECTION_TYPES,
    LEAFNODE,
    LEAFNODE_WS,
    MQTT,
    MQTT_WS,
    STANDARD,
)
from natsauth.creds import Creds
from natsauth.errors import SecretError, UsageError
from natsauth.policy import _connection_checks, _token_checks
from natsauth.policy._case import Case, Finding, Member, member_of
from natsauth.policy._closing import closing
from natsauth.policy._hours import zone
from natsauth.policy._reading import read_user
from natsauth.policy._versions import LATEST, behaviour
from natsauth.policy.admission import (
    VIOLATION,
    Admission,
    Check,
    CheckCode,
    CheckStatus,
)
from natsauth.policy.evaluator import evaluate
from natsauth.token import Token
from natsauth.trust.chain import claims_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from natsauth.claims.user import UserClaims

_CONNACK = "CONNACK return code 5"
"""What an MQTT client is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How somebody connects.

    Attributes:
        type: One of ``natsauth.claims.CONNECTION_TYPES``, in any letter case.
        address: The IP address that the server sees; ``None`` within its own process.
        at: The moment, between 1970 and the year 6325; the current one if ``None``.
        signed: Whether the user's key signed the nonce: true, false for a signature by another
            key, ``None`` for a client that sends none.
        server_zone: The IANA time zone in which the server runs.
        proxied: Whether the connection comes over a proxy that signs the nonce.
        proxy_trusted: Whether the server trusts that proxy.
        connections: How many connections of this kind, clients or leaf nodes, the account has.
        names_account: Whether the client chooses an account in CONNECT.

    Raises:
        UsageError: There is no such type, address, moment, zone or number.
    """

    type: str = STANDARD
    address: str | None = "127.0.0.1"
    at: datetime | float | None = None
    signed: bool | None = True
    server_zone: str = "UTC"
    proxied: bool = False
    proxy_trusted: bool = True
    connections: int = 0
    names_account: bool = False

    def __post_init__(self) -> None:
        """Refuse what no connection can be."""
        given: object = self.type
        kind = given.upper() if isinstance(given, str) else ""
        if kind not in CONNECTION_TYPES:
            expected = ", ".join(CONNECTION_TYPES)
            raise UsageError(f"expected a type out of {expected}, got {self.type!r:.80}")
        object.__setattr__(self, "type", kind)
        if self.address is not None and not _is_address(self.address):
            raise UsageError(f"expected an IP address as text, got {self.address!r:.80}")
        if not isinstance(self.server_zone, str):
            raise UsageError(f"expected the name of a time zone, got {self.server_zone!r:.80}")
        if type(self.connections) is not int or self.connections < 0:
            raise UsageError(f"expected a number of connections, got {self.connections!r:.80}")
        for name in ("signed", "proxied", "proxy_trusted", "names_account"):
            value = getattr(self, name)
            if not isinstance(value, bool) and not (name == "signed" and value is None):
                raise UsageError(f"expected a bool as {name}, got {value!r:.80}")
        if self.at is not None and not 0 <= seconds(self.at) < FAR:
            raise UsageError(f"expected a moment between 1970 and 6325, got {self.at!r:.80}")
        zone(self.server_zone)

    def moment(self) -> float:
        """Return the moment in Unix seconds, with their fraction."""
        from datetime import UTC, datetime, timedelta
        from time import time

        if self.at is None:
            return time()
        if isinstance(self.at, datetime):
            return (self.at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)
        return self.at


def admit(
    user: Token[UserClaims] | Creds | str,
    *,
    account: Token[AccountClaims] | Mapping[str, Token[AccountClaims]] | None,
    operator: Token[OperatorClaims] | Collection[Token[OperatorClaims]],
    connection: Connection | None = None,
    server: str = LATEST,
    pinned_accounts: Collection[str] | None = None,
    callout: bool = False,
) -> Admission:
    """Tell whether a server takes a connection, and what each of its checks finds.

    Args:
        user: What the client shows: creds, a token, or any text that it sends as its JWT.
        account: The account that the server's resolver has, or several by the public keys under
            which it has them; ``None`` if it has none.
        operator: The operator that the server trusts, or several. The system account of each
            counts as that of the server.
        connection: How the client connects; over TCP from the same machine, just now, with the
            right key if not given.
        server: The version of the server.
        pinned_accounts: Public keys in the server's ``resolver_pinned_accounts``; ``None`` without
            that setting. The operator's system account belongs to them by itself.
        callout: Whether an auth callout service lets the user in, where the account has one.

    Raises:
        UsageError: An argument has another type, or the machine has no time zones to judge by.
        TokenError, ClaimsError: The token of an account or operator is none.
    """
    if connection is None:
        connection = Connection(signed=True if _can_sign(user) else None)
    if not isinstance(connection, Connection):
        raise UsageError(f"expected a Connection, got {type(connection).__name__}")
    if not isinstance(callout, bool):
        raise UsageError(f"expected a bool as callout, got {callout!r:.80}")
    roots = _operators(operator)
    case = Case(
        connection=connection,
        moment=connection.moment(),
        reading=read_user(_text(user)),
        accounts=_accounts(account),
        operators=roots,
        pinned=_pinned(pinned_accounts, roots),
        proxies_in_scopes=behaviour(server).heeds_scope_proxies,
        callout=callout,
    )
    claims = case.reading.claims
    member = member_of(case, claims) if claims else None
    checks = tuple(_judged(case, claims, member))
    failed = next((check for check in checks if check.status is CheckStatus.FAILED), None)
    if failed or not member:
        return Admission(checks, None, _error(case, failed), None)
    system = any(member.account.sub == root.nats.system_account for root in roots)
    evaluator = evaluate(
        member.user,
        member.account,
        server=server,
        system=system,
        strict=member.strict,
        leaf=connection.type in (LEAFNODE, LEAFNODE_WS),
    )
    return Admission(checks, closing(case, member), "", evaluator)


def _is_address(given: object) -> bool:
    from ipaddress import ip_address

    try:
        return isinstance(given, str) and bool(ip_address(given))
    except ValueError:
        return False


_OF_CONNECTION: dict[CheckCode, Callable[[Case], Finding]] = {
    CheckCode.PROXY_SIGNATURE: _connection_checks.proxy_signature,
    CheckCode.TOKEN: _token_checks.token,
    CheckCode.ACCOUNT_FIELD: _connection_checks.account_field,
}
_OF_USER: dict[CheckCode, Callable[[Case, UserClaims], Finding]] = {
    CheckCode.PROXY_REQUIRED: _token_checks.proxy_required,
    CheckCode.CLAIMS: _token_checks.claims,
    CheckCode.PINNED_ACCOUNTS: _token_checks.pinned_accounts,
    CheckCode.ACCOUNT_LOOKUP: _token_checks.account_lookup,
}
_OF_MEMBER: dict[CheckCode, Callable[[Case, Member], Finding | None]] = {
    CheckCode.ACCOUNT_ISSUER: _token_checks.account_issuer,
    CheckCode.USER_ISSUER: _token_checks.user_issuer,
    CheckCode.SCOPED_USER_EMPTY: _token_checks.scoped_user_empty,
    CheckCode.SCOPE_TEMPLATE: _token_checks.scope_template,
    CheckCode.SCOPE_PROXY_REQUIRED: _token_checks.scope_proxy,
    CheckCode.ACCOUNT_EXPIRED: _token_checks.account_expired,
    CheckCode.BEARER: _token_checks.bearer,
    CheckCode.CONNECTION_TYPE: _connection_checks.connection_type,
    CheckCode.SIGNATURE: _connection_checks.signature,
    CheckCode.REVOCATION: _token_checks.revocation,
    CheckCode.SOURCE: _connection_checks.source,
    CheckCode.TIMES: _connection_checks.times,
    CheckCode.CONNECTION_LIMIT: _connection_checks.connection_limit,
    CheckCode.AUTH_CALLOUT: _connection_checks.auth_callout,
    CheckCode.JETSTREAM: _connection_checks.jetstream,
}


def _judged(case: Case, user: UserClaims | None, member: Member | None) -> Iterator[Check]:
    """Go through the checks; those after the first that fails are judged, but not reached."""
    refused = False
    for code in CheckCode:
        if code in _OF_CONNECTION:
            finding: Finding | None = _OF_CONNECTION[code](case)
        elif code in _OF_USER:
            finding = _OF_USER[code](case, user) if user else None
        else:
            finding = _OF_MEMBER[code](case, member) if member else None
        if finding is None:
            message = "not judged, since an earlier check fails"
            yield Check(code, CheckStatus.NOT_REACHED, None, message, "", "")
            continue
        status = CheckStatus.PASSED if finding.holds else CheckStatus.FAILED
        texts = map(without_seeds, finding[1:])
        yield Check(code, CheckStatus.NOT_REACHED if refused else status, finding.holds, *texts)
        refused |= not finding.holds


def _error(case: Case, failed: Check | None) -> str:
    """Return what the client is told of a refusal."""
    is_mqtt = case.connection.type in (MQTT, MQTT_WS)
    if failed and failed.code is CheckCode.JETSTREAM:
        return ""
    if failed and failed.code is CheckCode.CONNECTION_LIMIT:
        return "" if is_mqtt else _connection_checks.TOO_MANY_CONNECTIONS
    return _CONNACK if is_mqtt else VIOLATION


def _text(user: object) -> str:
    if isinstance(user, Creds):
        return user.token.encoded
    if isinstance(user, Token):
        return user.encoded
    if isinstance(user, str):
        return user
    raise UsageError(f"expected creds, a token or its text, got {type(user).__name__}")


def _can_sign(user: object) -> bool:
    try:
        return not isinstance(user, Creds) or bool(user.sign(b"nonce"))
    except SecretError:  # the creds of a bearer
        return False


def _accounts(account: Any) -> dict[str, AccountClaims]:
    if account is None:
        return {}
    if isinstance(account, Mapping):
        return {key: claims_of(token, AccountClaims) for key, token in account.items()}
    claims = claims_of(account, AccountClaims)
    return {claims.sub: claims}


def _operators(operator: Any) -> tuple[OperatorClaims, ...]:
    tokens = [operator] if isinstance(operator, Token) else operator
    if not isinstance(tokens, Collection) or isinstance(tokens, str | bytes) or not tokens:
        raise UsageError(
            f"expected the token of an operator, got {type(operator).__name__}",
            hint="give the Token that encode() or decode() returned",
        )
    return tuple(claims_of(token, OperatorClaims) for token in tokens)


def _pinned(accounts: Any, operators: tuple[OperatorClaims, ...]) -> frozenset[str] | None:
    if accounts is None:
        return None
    if not isinstance(accounts, Collection) or isinstance(accounts, str | bytes):
        raise UsageError(f"expected public keys, got {type(accounts).__name__}")
    if not all(isinstance(key, str) for key in accounts):
        raise UsageError("expected public keys, each a string")
    # The server knows the system account by itself only if it has one operator.
    system = {operators[0].nats.system_account} if len(operators) == 1 and accounts else ()
    return frozenset([*accounts, *system])
