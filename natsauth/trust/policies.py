"""What an application demands of a user beyond a chain that holds.

A policy has a name, and says why a chain does not meet it. Policies compose::

    policy = all_of(
        maximum_life(timedelta(hours=1)),
        any_of(required_tags("team:billing"), allowed_issuers(BREAK_GLASS_KEY)),
    )
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from natsauth.errors import UsageError
from natsauth.trust.rules import limits_of

if TYPE_CHECKING:
    from datetime import timedelta

    from natsauth.claims.account import AccountClaims
    from natsauth.claims.operator import OperatorClaims
    from natsauth.claims.user import UserClaims


class Chain(NamedTuple):
    """The claims of three tokens that were verified.

    Attributes:
        user: The user.
        account: Its account.
        operator: The operator of the account.
        now: The moment, in Unix seconds.
    """

    user: UserClaims
    account: AccountClaims
    operator: OperatorClaims
    now: int


@dataclass(frozen=True, slots=True)
class Policy:
    """A demand on a chain. Make your own of a name and a function.

    Attributes:
        name: What messages call it.
        problem: Says why a chain does not meet it; an empty string if it does.
    """

    name: str
    problem: Callable[[Chain], str]


def maximum_life(life: timedelta) -> Policy:
    """Demand a token that expires, at most so long after it was issued.

    Args:
        life: The longest time from ``iat`` to ``exp``; from the current moment, if ``iat`` is yet
            to come.

    Raises:
        UsageError: It is no timedelta.
    """
    from datetime import timedelta

    if not isinstance(life, timedelta):
        raise UsageError(f"expected a timedelta, got {type(life).__name__}")
    most = f"{life.total_seconds():.15g}"

    def problem(chain: Chain) -> str:
        if not chain.user.exp:
            return f"the token never expires, and may live for {most} s at most"
        lived = chain.user.exp - min(chain.user.iat, chain.now)
        if lived <= life.total_seconds():
            return ""
        return f"the token lives for {lived} s, and may live for {most} s at most"

    return Policy("maximum_life", problem)


def required_tags(*tags: str) -> Policy:
    """Demand each of some tags of the user, letter by letter as they are written.

    Raises:
        UsageError: There is none, or one is not text.
    """
    wanted = _texts("tags", tags)

    def problem(chain: Chain) -> str:
        missing = wanted - set(chain.user.nats.tags or ())
        return f"the user lacks {_listed(missing)}" if missing else ""

    return Policy("required_tags", problem)


def allowed_issuers(*keys: str) -> Policy:
    """Demand one of some keys as the signer of the user.

    Args:
        *keys: Public keys of accounts, be they identity keys or signing keys.

    Raises:
        UsageError: There is none, or one is not text.
    """
    allowed = _texts("public keys", keys)

    def problem(chain: Chain) -> str:
        issuer = chain.user.iss
        return "" if issuer in allowed else f"the user is signed by {issuer!r:.80}"

    return Policy("allowed_issuers", problem)


def not_bearer() -> Policy:
    """Demand that the user proves its key: neither its token nor its scope makes it a bearer."""

    def problem(chain: Chain) -> str:
        strict = chain.operator.nats.strict_signing_key_usage
        limits = limits_of(chain.user, chain.account, strict=strict)
        return "the user is a bearer" if limits.bearer_token else ""

    return Policy("not_bearer", problem)


def all_of(*policies: Policy) -> Policy:
    """Demand each of some policies.

    Raises:
        UsageError: There is none, or one is no policy.
    """
    check_policies(policies)

    def problem(chain: Chain) -> str:
        return ", ".join(failures(policies, chain))

    return Policy("all_of", problem)


def any_of(*policies: Policy) -> Policy:
    """Demand at least one of some policies.

    Raises:
        UsageError: There is none, or one is no policy.
    """
    check_policies(policies)

    def problem(chain: Chain) -> str:
        failed = failures(policies, chain)
        return ", ".join(failed) if len(failed) == len(policies) else ""

    return Policy("any_of", problem)


def failures(policies: Collection[Policy], chain: Chain) -> list[str]:
    """Return for each policy that a chain does not meet its name and why."""
    judged = ((policy.name, policy.problem(chain)) for policy in policies)
    return [f"{name}: {problem}" for name, problem in judged if problem]


def check_policies(policies: object, *, least: int = 1) -> None:
    """Refuse what is no collection of policies.

    Raises:
        UsageError: There are too few, or one is no policy.
    """
    if not isinstance(policies, Collection):
        hint = "a single policy goes into a tuple" if isinstance(policies, Policy) else ""
        raise UsageError(f"expected policies, got {type(policies).__name__}", hint=hint)
    for policy in policies:
        if not isinstance(policy, Policy):
            hint = "call it, as in not_bearer()" if callable(policy) else ""
            raise UsageError(f"expected a Policy, got {type(policy).__name__}", hint=hint)
    if len(policies) < least:
        raise UsageError("expected at least one policy")


def _texts(what: str, texts: tuple[str, ...]) -> frozenset[str]:
    for text in texts:
        if not isinstance(text, str):
            raise UsageError(f"expected {what}, each a string, got {type(text).__name__}")
    if not texts:
        raise UsageError(f"expected at least one of the {what}")
    return frozenset(texts)


def _listed(texts: Collection[str]) -> str:
    return ", ".join(f"{text!r:.80}" for text in sorted(texts))
