"""What is better not sent.

A server answers ``jwt updated`` to accounts that it will never serve: those of another operator,
self-signed or expired ones. Here is found beforehand what would be of no use, by the rules of
nats-server 2.15.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from natsauth.claims.account import AccountClaims
from natsauth.claims.base import Claims, clock
from natsauth.errors import ResolverError, UsageError
from natsauth.keys import KeyType, PublicKey
from natsauth.token import Token, peek_unverified
from natsauth.trust import account_findings, trusted_keys
from natsauth.validation import validate

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from natsauth.claims.operator import OperatorClaims


_RESTART = (
    "put the operator's present token into the configuration of the servers, and restart them"
)


class Checked(NamedTuple):
    """A token and what was found.

    Attributes:
        token: The token.
        claims: What its text says.
        problems: Why it would be of no use to send it.
        hint: The cure of the first problem.
    """

    token: Token[Any]
    claims: Claims
    problems: tuple[str, ...] = ()
    hint: str = ""


def claims_of(token: Token[Any]) -> Claims:
    """Return what the text of a token says; its ``claims`` are a draft that may have changed.

    Raises:
        UsageError: It is no token.
    """
    if not isinstance(token, Token):
        raise UsageError(
            f"expected a Token of AccountClaims, got {type(token).__name__}",
            hint="decode() verifies the text of a token and makes one",
        )
    return peek_unverified(token.encoded)  # verified when the token was made


def account_key(account: Token[AccountClaims] | PublicKey | str) -> str:
    """Return the public key of an account.

    Raises:
        KeyTextError, KeyRoleError, UsageError: It is none.
    """
    key = claims_of(account).sub if isinstance(account, Token) else account
    return PublicKey.parse(key, expect=KeyType.ACCOUNT).public_key


def account_keys(accounts: Iterable[Token[AccountClaims] | PublicKey | str]) -> list[str]:
    """Return the public keys of accounts, each once, in their order.

    Raises:
        KeyTextError, KeyRoleError, UsageError: One is no account, or they are not several.
    """
    if isinstance(accounts, str) or not isinstance(accounts, Iterable):
        raise UsageError(f"expected several accounts, got {type(accounts).__name__}")
    return [*dict.fromkeys(map(account_key, accounts))]


def check(
    token: Token[AccountClaims],
    operator: OperatorClaims,
    *,
    max_payload: int,
    trusted: Mapping[str, Collection[str]] | None = None,
    force: bool = False,
    now: datetime | float | None = None,
) -> Checked:
    """Check one account before it is sent.

    Args:
        token: The account.
        operator: The operator that the servers trust.
        max_payload: Bytes that a server takes in one message.
        trusted: The keys that may sign accounts by what each server has in its configuration, by
            the server's name.
        force: Whether only that is a problem which keeps the token from being sent.
        now: The moment; the current one if not given.

    Raises:
        UsageError: It is no token.
    """
    claims = claims_of(token)
    name, problems, hints = f"{claims.kind} {claims.sub!r:.80}", [], []
    if not force and not isinstance(claims, AccountClaims):
        problems.append(f"{name} is no account")
    elif not force and isinstance(claims, AccountClaims):
        moment = clock(now)
        for finding in account_findings(claims, operator, moment):
            problems.append(finding.message)
            hints.append(finding.hint)
        known = claims.iss in trusted_keys(operator)
        if strange := [
            n for n, keys in (trusted or {}).items() if known and claims.iss not in keys
        ]:
            problems.append(
                f"{', '.join(sorted(strange))} would not serve {name}: by the operator in the "
                f"server's configuration, {claims.iss} is not to sign it"
            )
            hints.append(_RESTART)
        problems += [f"{name}: {issue}" for issue in validate(claims, now=moment).errors]
    size = len(token.encoded)
    if size > max_payload:
        problems.append(f"{name}: the token has {size} bytes, the server takes {max_payload}")
        hints.append("raise max_payload in the configuration of the servers")
    return Checked(token, claims, tuple(problems), hints[0] if hints else "")


def require_good(accounts: Iterable[Checked]) -> None:
    """Do nothing if all accounts may be sent.

    Raises:
        ResolverError: One may not. Every reason of every account is named.
    """
    bad = [account for account in accounts if account.problems]
    if bad:
        text = "; ".join(problem for account in bad for problem in account.problems)
        hint = next((account.hint for account in bad if account.hint), "")
        raise ResolverError(f"nothing was sent: {text}", hint=hint)
