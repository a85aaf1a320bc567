"""What there is to say of claims, in plain words: what is wrong, and what is easily overlooked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from natsauth.claims import AccountClaims, OperatorClaims, UserClaims, UserScope
from natsauth.errors import ClaimsError
from natsauth.validation import IssueCode, validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.claims import Account, Claims, User

ERROR, WARNING, NOTE = "error", "warning", "note"
_UNITS = (
    ("year", 365 * 86_400),
    ("month", 30 * 86_400),
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
)


class Finding(NamedTuple):
    """One thing to say."""

    level: str
    """``error`` for what makes the claims useless now, ``warning``, or ``note``."""
    code: str
    """Its stable name."""
    path: str
    """Where, as in ``$.nats.pub``."""
    message: str
    """What, in plain words."""


def findings(claims: Claims, now: int) -> list[Finding]:
    """Return what there is to say of claims, what is wrong with them first.

    Args:
        claims: The claims of a token.
        now: The moment of judgement, in Unix seconds.
    """
    return [*_issues(claims, now), *_notes(claims, now)]


def span(seconds: int) -> str:
    """Return a number of seconds in its largest unit, rounded down: ``3 days``."""
    for unit, length in _UNITS:
        if seconds >= length:
            return _counted(seconds // length, unit)
    return _counted(seconds, "second")


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _issues(claims: Claims, now: int) -> Iterator[Finding]:
    try:
        report = validate(claims, now=now)
    except ClaimsError as error:
        for problem in error.problems:
            yield Finding(ERROR, error.code, problem.path, problem.message)
        return
    words = {
        IssueCode.EXPIRED: f"expired {span(now - claims.exp)} ago",
        IssueCode.NOT_YET_VALID: f"not valid yet, but in {span(claims.nbf - now)}",
    }
    for issue in report.issues:
        level = ERROR if issue.blocking or issue.time_check else WARNING
        yield Finding(level, issue.code, issue.path, words.get(issue.code, issue.message))


def _notes(claims: Claims, now: int) -> Iterator[Finding]:
    if claims.exp >= now:
        yield Finding(NOTE, "expires", "$.exp", f"expires in {span(claims.exp - now)}")
    if getattr(claims.nats, "version", None) == 1:  # type: ignore[attr-defined]  # each kind has it
        message = "of version 1, an old form: issue it anew"
        yield Finding(WARNING, "version_1", "$.type", message)
    match claims:
        case UserClaims():
            yield from _user_notes(claims)
        case AccountClaims():
            yield from _account_notes(claims)
        case OperatorClaims() if not claims.nats.strict_signing_key_usage:
            path = "$.nats.strict_signing_key_usage"
            message = "identity keys may sign, too: signing keys are not required"
            yield Finding(NOTE, "not_strict", path, message)


def _user_notes(claims: UserClaims) -> Iterator[Finding]:
    user = claims.nats
    if claims.exp <= 0:
        yield Finding(NOTE, "never_expires", "$.exp", "never expires")
    if user.is_empty() and user.issuer_account:
        message = "has no permissions of its own: the scope of its signing key gives them"
        yield Finding(NOTE, "scoped", "$.nats", message)
        return
    if user.bearer_token:
        message = "a bearer: whoever has the token is in, without a seed"
        yield Finding(WARNING, "bearer", "$.nats.bearer_token", message)
    yield from _permission_notes(user)
    numbers = {"subs": "subscriptions", "payload": "the size of messages"}
    yield from _unlimited("$.nats", {text: getattr(user, n) for n, text in numbers.items()})


def _permission_notes(user: User) -> Iterator[Finding]:
    for name, verb, permission in (
        ("pub", "publish", user.pub),
        ("sub", "subscribe", user.sub),
    ):
        if not permission.allow:
            but = " but what is denied" if permission.deny else ""
            message = f"no list of what is allowed: may {verb} to everything{but}"
            yield Finding(NOTE, "allows_everything", f"$.nats.{name}", message)


def _account_notes(claims: AccountClaims) -> Iterator[Finding]:
    account = claims.nats
    if claims.iss == claims.sub:
        message = "signed by itself: no operator vouches for it"
        yield Finding(WARNING, "self_signed", "$.iss", message)
    yield from _scope_notes(account)
    numbers = {
        "connections": account.limits.conn,
        "leaf node connections": account.limits.leaf,
        "subscriptions": account.limits.subs,
        "the size of messages": account.limits.payload,
    }
    yield from _unlimited("$.nats.limits", numbers)


def _scope_notes(account: Account) -> Iterator[Finding]:
    for index, key in enumerate(account.signing_keys):
        if isinstance(key, UserScope):
            message = f"users signed by {key.key} get what its role {key.role!r:.80} allows"
            yield Finding(NOTE, "scoped", f"$.nats.signing_keys[{index}]", message)


def _unlimited(path: str, numbers: dict[str, int]) -> Iterator[Finding]:
    if names := [name for name, number in numbers.items() if number < 0]:
        yield Finding(NOTE, "unlimited", path, f"no limit on {', '.join(names)}")
