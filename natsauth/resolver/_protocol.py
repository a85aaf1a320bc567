"""What is asked of resolvers, and by whom: all without a connection.

Subjects and behaviour are those of nats-server 2.15.1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsauth.claims.account import AccountClaims
from natsauth.claims.base import clock
from natsauth.claims.generic import GenericClaims
from natsauth.claims.operator import OperatorClaims
from natsauth.claims.permissions import Permission
from natsauth.claims.user import User, UserClaims
from natsauth.creds import Creds
from natsauth.errors import TrustError, UsageError
from natsauth.keys import KeyPair, KeyType
from natsauth.signing import signer_key
from natsauth.token import Token, decode, encode
from natsauth.trust import TrustCode, check_user, trusted_keys

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from natsauth.signing import Signer

PING = "$SYS.REQ.SERVER.PING"
VARZ = "$SYS.REQ.SERVER.PING.VARZ"
UPDATE = "$SYS.REQ.CLAIMS.UPDATE"
UPDATE_ONE = "$SYS.REQ.ACCOUNT.{}.CLAIMS.UPDATE"
LIST = "$SYS.REQ.CLAIMS.LIST"
PACK = "$SYS.REQ.CLAIMS.PACK"
LOOKUP = "$SYS.REQ.ACCOUNT.{}.CLAIMS.LOOKUP"
DELETE = "$SYS.REQ.CLAIMS.DELETE"
SUBJECTS = (PING, VARZ, UPDATE, UPDATE_ONE.format("*"), LIST, PACK, LOOKUP.format("*"), DELETE)
"""All that a client asks, and all that its temporary user may publish to."""
LOOKING = (PING, VARZ, LIST, PACK, LOOKUP.format("*"))
"""All that a client asks that only looks."""

_ERRNO = re.compile(r"\[Errno -?[0-9]+\] ")
USER_NAME = "natsauth temporary push user"
LIFETIME = 120
"""Seconds that the temporary user lives, as with nsc."""
_MAX_SECONDS = 1 << 31

_PORT = "is it a NATS server, and the right address? 4222 is its usual port"
_HINTS = {
    "authorization violation": "the server trusts another operator, or its system account is "
    "another, or its configuration has an older token of this operator; or the clocks differ",
    "expired": "connect again; lifetime= gives the temporary user more time",
    "permissions violation": "without creds= a temporary user is made that may do what is needed",
    "certificate": "give tls= a context that knows the certificate authority of the server, and "
    "has the certificate that the server asks for",
    "without tls": "let the server require TLS, or connect to a nats:// URL without tls=",
    "aiohttp": 'python -m pip install "natsauth[ws]"',
    "connection refused": "start the server, or correct its address",
    "connect call failed": "start the server, or correct its address",
    "empty response from server": _PORT,
    "no answer in time": _PORT,
    "name or service not known": _PORT,
    "name resolution": _PORT,
    "nodename nor servname": _PORT,
    "protocol violation": _PORT,
}


def temporary_creds(
    system_account: Token[AccountClaims],
    operator: Token[OperatorClaims],
    signer: Signer,
    *,
    inbox: str,
    lifetime: int = LIFETIME,
    read_only: bool = False,
    now: datetime | float | None = None,
) -> Creds:
    """Make a system user that can talk to resolvers and do nothing else.

    It may publish to all of :data:`SUBJECTS`, or to those of :data:`LOOKING`. More kinds would
    protect nothing: who may push an account can replace any, who may look up and list accounts can
    read all of them, and a delete request counts only with the signature of an operator's key.

    Args:
        system_account: The account that it belongs to.
        operator: The operator that the servers trust.
        signer: A signing key of the system account without a scope; or, unless the operator is
            strict, the account's identity key.
        inbox: The subjects that it may subscribe to.
        lifetime: In seconds.
        read_only: Whether it may only look.
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
        pub=Permission(allow=[*(LOOKING if read_only else SUBJECTS)]),
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


def delete_request(
    accounts: Sequence[str],
    operator: OperatorClaims,
    signer: Signer,
    *,
    now: datetime | float | None = None,
) -> bytes:
    """Make the request to delete accounts.

    Args:
        accounts: Public keys of the accounts.
        operator: The operator that the servers trust.
        signer: A signing key of the operator; or, unless it is strict, its identity key.
        now: The moment of signing; the current one if not given.

    Raises:
        TrustError: The servers would not take the signer.
        IssuerError, KeyTextError, SecretError, SignatureError, UsageError: The signer is none, or
            failed; see :func:`natsauth.encode`.
    """
    key = signer_key(signer).public_key
    if key not in trusted_keys(operator):
        strict = operator.nats.strict_signing_key_usage
        raise TrustError(
            f"{key} may not delete accounts of operator {operator.sub}",
            hint="sign with a signing key of the operator"
            + ("; it is strict, so that its identity key signs nothing else" if strict else ""),
        )
    claims = GenericClaims(sub=key, nats={"accounts": [*accounts]})
    return encode(claims, signer, now=now).encoded.encode()


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
    reason = _ERRNO.sub("", reason)
    if isinstance(error, ConnectionRefusedError) or reason.startswith("Connect call failed"):
        reason = "connection refused"
    if isinstance(error, TimeoutError):
        reason = "no answer in time"
    hints = (hint for part, hint in _HINTS.items() if part in reason.lower())
    return reason or type(error).__name__, next(hints, "")
