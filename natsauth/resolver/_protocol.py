"""What is asked of resolvers, by whom, and what is better not sent: all without a connection.

A server answers ``jwt updated`` to accounts that it will never serve: those of another operator,
self-signed or expired ones. :func:`preflight` therefore finds beforehand what would be of no use.
Subjects and behaviour are those of nats-server 2.15.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from natsauth.claims.account import AccountClaims
from natsauth.claims.base import clock
from natsauth.claims.operator import OperatorClaims
from natsauth.claims.permissions import Permission
from natsauth.claims.user import User, UserClaims
from natsauth.creds import Creds
from natsauth.errors import (
    ClaimTypeError,
    ResolverError,
    TrustError,
    UsageError,
)
from natsauth.keys import KeyPair, KeyType
from natsauth.token import Token, decode, encode
from natsauth.trust import TrustCode, check_account, check_user
from natsauth.validation import validate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from natsauth.signing import Signer

PING = "$SYS.REQ.SERVER.PING"
UPDATE = "$SYS.REQ.CLAIMS.UPDATE"
LIST = "$SYS.REQ.CLAIMS.LIST"
LOOKUP = "$SYS.REQ.ACCOUNT.{}.CLAIMS.LOOKUP"

USER_NAME = "natsauth temporary push user"
LIFETIME = 120
"""Seconds that the temporary user lives, as with nsc."""
_MAX_SECONDS = 1 << 31
_SCHEMES = ("nats", "tls", "ws", "wss")

_HINTS = {
    "authorization violation": "the server trusts another operator, or its system account is "
    "another; or the clocks differ",
    "expired": "connect again; lifetime= gives the temporary user more time",
    "permissions violation": "without creds= a temporary user is made that may do what is needed",
    "certificate": "give tls= a context that knows the certificate authority of the server",
    "connect call failed": "start the server, or correct its address",
}


def parse_servers(servers: str | Sequence[str]) -> list[str]:
    """Return the URLs of servers; as with nsc, one text may hold several between commas.

    Raises:
        UsageError: They are no texts.
        ResolverError: There is none, or one is no address that NATS clients connect to.
    """
    texts: list[Any]
    if isinstance(servers, str) or not isinstance(servers, Iterable):
        texts = [servers]
    else:
        texts = [*servers]
    if not all(isinstance(text, str) for text in texts):
        kinds = ", ".join(type(text).__name__ for text in texts[:5])  # a URL may hold a password
        raise UsageError(f"expected the URLs of servers as text, got {kinds}")
    urls = [url for text in texts for part in text.split(",") if (url := part.strip())]
    if not urls:
        raise ResolverError("there is no server to connect to")
    return [_server_url(url) for url in urls]


def _server_url(text: str) -> str:
    url = text if "://" in text else f"nats://{text}"
    try:
        parts = urlsplit(url)
        if parts.scheme in _SCHEMES and parts.hostname and parts.port != 0:
            return url
    except ValueError:
        pass
    # What stands before "@" may be a password, and what stands for the port the half of one.
    host, _, port = text.rpartition("://")[2].rpartition("@")[2].partition(":")
    shown = f"{host}:{port}" if port.isdecimal() else host
    schemes = ", ".join(_SCHEMES)
    raise ResolverError(
        f"{shown!r:.80} is no address of a server, or has no good port",
        hint=f"as in nats://127.0.0.1:4222; the schemes are {schemes}",
    )


def temporary_creds(
    system_account: Token[AccountClaims],
    operator: Token[OperatorClaims],
    signer: Signer,
    *,
    inbox: str,
    lifetime: int = LIFETIME,
    now: datetime | float | None = None,
) -> Creds:
    """Make a system user that can talk to resolvers and do nothing else.

    Args:
        system_account: The account that it belongs to.
        operator: The operator that the servers trust.
        signer: A signing key of the system account without a scope; or, unless the operator is
            strict, the account's identity key.
        inbox: The subjects that it may subscribe to.
        lifetime: In seconds.
        now: The moment from which on it lives; the current one if not given.

    Raises:
        TrustError: The servers would not take the user: by the signer, or by the account.
        IssuerError, KeyTextError, SecretError, SignatureError, UsageError: The signer is no
            account key, or failed; see :func:`natsauth.encode`.
    """
    moment = clock(now)
    account = decode(system_account, AccountClaims).claims.sub
    designated = decode(operator, OperatorClaims).claims.nats.system_account
    if designated not in ("", account):
        raise TrustError(
            f"account {account} is not the system account of the operator, which is {designated}",
            hint="give the token of the operator's system account",
        )
    key = KeyPair.generate(KeyType.USER)
    body = User(
        issuer_account=account,
        pub=Permission(allow=[PING, UPDATE, LIST, LOOKUP.format("*")]),
        sub=Permission(allow=[inbox]),
    )
    claims = UserClaims(sub=key.public_key, name=USER_NAME, exp=moment + lifetime, nats=body)
    user = encode(claims, signer, now=moment)
    report = check_user(user, system_account, operator, now=moment)
    if any(finding.code is TrustCode.USER_NOT_EMPTY for finding in report.findings):
        raise TrustError(
            f"the signing key {user.claims.iss} of the system account has a scope, which alone "
            "would say what the temporary user may do",
            hint="sign with a signing key without a scope, or connect with creds of a system user",
        )
    report.raise_for_errors()
    return Creds.create(user, key)


def preflight(
    tokens: Iterable[Token[AccountClaims]],
    operator: Token[OperatorClaims],
    *,
    max_payload: int,
    now: datetime | float | None = None,
) -> list[AccountClaims]:
    """Check all accounts before the first is sent, and return their claims.

    Args:
        tokens: The accounts.
        operator: The operator that the servers trust.
        max_payload: Bytes that a server takes in one message.
        now: The moment; the current one if not given.

    Raises:
        ResolverError: A server would refuse an account, or store but never serve it. Every reason
            of every account is named.
        UsageError: One is no token.
    """
    moment = clock(now)
    accounts, messages, hints = [], [], []
    for token in tokens:
        try:
            report = check_account(token, operator, now=moment)
        except ClaimTypeError:
            claims = decode(token).claims
            messages.append(f"{claims.kind} {claims.sub!r:.80} is no account")
            continue
        account = decode(token, AccountClaims).claims
        accounts.append(account)
        messages += [finding.message for finding in report.findings]
        hints += [finding.hint for finding in report.findings]
        name, size = f"account {account.sub!r:.80}", len(token.encoded)
        messages += [f"{name}: {issue}" for issue in validate(account, now=moment).errors]
        if size > max_payload:
            messages.append(f"{name}: the token has {size} bytes, the server takes {max_payload}")
            hints.append("raise max_payload in the configuration of the servers")
    if messages:
        text = "; ".join(messages)
        raise ResolverError(f"nothing was sent: {text}", hint=hints[0] if hints else "")
    return accounts


def seconds(name: str, value: timedelta | float) -> float:
    """Return the value of an option in seconds.

    Raises:
        UsageError: It is no duration, not positive, or longer than 68 years.
    """
    from datetime import timedelta

    number: Any = value.total_seconds() if isinstance(value, timedelta) else value
    right_type = isinstance(number, int | float) and not isinstance(number, bool)
    if not (right_type and 0 < number < _MAX_SECONDS):
        raise UsageError(f"{name} is a timedelta or seconds, more than 0, got {value!r:.80}")
    return float(number)


def explain(error: Exception | None) -> tuple[str, str]:
    """Return why there is no connection, or no more, in words, and the likely cure if there is one.

    Args:
        error: What nats-py has to say about it.
    """
    text = str(error or "it was closed")
    reason = text.removeprefix("nats: ")
    if reason != text:
        reason = reason.strip("'")  # around the words of a server
    if isinstance(error, TimeoutError):
        reason = "no answer in time"
    hints = (hint for part, hint in _HINTS.items() if part in reason.lower())
    return reason or type(error).__name__, next(hints, "")
