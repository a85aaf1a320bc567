"""A connection that is asked about, and what every check needs to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from natsauth.policy._templates import expand
from natsauth.trust.rules import limits_of, scope_of, trusted_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from natsauth.claims.account import AccountClaims
    from natsauth.claims.operator import OperatorClaims
    from natsauth.claims.permissions import UserPermissionLimits
    from natsauth.claims.signing_keys import UserScope
    from natsauth.claims.user import UserClaims
    from natsauth.policy._reading import Reading
    from natsauth.policy.connection import Connection


class Finding(NamedTuple):
    """What a check found."""

    holds: bool
    message: str
    log: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that a verdict depends on.

    Attributes:
        connection: How somebody connects.
        moment: When, in Unix seconds with their fraction.
        reading: What the server makes of the user's token.
        accounts: What the resolver has, by public key.
        operators: Those that the server trusts.
        pinned: The accounts that the server serves; every one if ``None``.
        proxies_in_scopes: Whether the server heeds ``proxy_required`` of scopes.
        callout: Whether an auth callout service lets the user in.
    """

    connection: Connection
    moment: float
    reading: Reading
    accounts: Mapping[str, AccountClaims]
    operators: tuple[OperatorClaims, ...]
    pinned: frozenset[str] | None
    proxies_in_scopes: bool
    callout: bool

    @property
    def now(self) -> int:
        """The second in which somebody connects."""
        return int(self.moment // 1)


@dataclass(frozen=True, slots=True)
class Member:
    """A user in its account.

    Attributes:
        user: The user.
        account: What the resolver has for the user's account, whether or not it holds.
        strict: Whether identity keys sign no users.
        scope: The scope that gives permissions and limits to the user, or ``None``.
        limits: The permissions and limits that hold for the user.
        problem: Why the scope's template gives the user nothing, or an empty string.
    """

    user: UserClaims
    account: AccountClaims
    strict: bool
    scope: UserScope | None
    limits: UserPermissionLimits
    problem: str


def member_of(case: Case, user: UserClaims) -> Member | None:
    """Return a user in its account, or ``None`` if the resolver does not have that."""
    account = case.accounts.get(user.account)
    if account is None:
        return None
    strict = any(root.nats.strict_signing_key_usage for root in trusting(case, account))
    scope = scope_of(user, account, strict=strict)
    limits = limits_of(user, account, strict=strict)
    problem = expand(scope.template, user, account).problem if scope else ""
    return Member(user, account, strict, scope, limits, problem)


def trusting(case: Case, account: AccountClaims) -> list[OperatorClaims]:
    """Return the operators that stand behind an account; if none does, those that might."""
    trusting = [root for root in case.operators if account.iss in trusted_keys(root)]
    return trusting or [*case.operators]
