"""Whether a server takes a connection, with the result of each of its checks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from natsauth.errors import TrustError

if TYPE_CHECKING:
    from datetime import datetime

    from natsauth.policy.evaluator import Evaluator

VIOLATION = "Authorization Violation"
"""What a client is told, whatever the reason."""


class CheckCode(StrEnum):
    """The stable name of each check, in the order in which a server makes them."""

    PROXY_SIGNATURE = "proxy_signature"
    """The proxy, if there is one, is trusted."""
    TOKEN = "token"  # noqa: S105 - a name, not a secret
    """The client shows the token of a user, and it is whole."""
    PROXY_REQUIRED = "proxy_required"
    """Who must come over a proxy does."""
    CLAIMS = "claims"
    """The user's claims are valid, and the time is between ``nbf`` and ``exp``."""
    PINNED_ACCOUNTS = "pinned_accounts"
    """The server serves the user's account."""
    ACCOUNT_LOOKUP = "account_lookup"
    """The resolver has the account; the operator stands behind it, it is valid and in time."""
    ACCOUNT_ISSUER = "account_issuer"
    """A key of a trusted operator signed the account that was loaded."""
    USER_ISSUER = "user_issuer"
    """A key of the account signed the user."""
    SCOPED_USER_EMPTY = "scoped_user_empty"
    """The user of a scoped signing key has no permissions and limits of its own."""
    SCOPE_TEMPLATE = "scope_template"
    """The scope's template can be filled in for the user."""
    SCOPE_PROXY_REQUIRED = "scope_proxy_required"
    """Who must come over a proxy by its scope does. Servers before 2.15.1 do not ask."""
    ACCOUNT_EXPIRED = "account_expired"
    """The account has not expired since it was loaded."""
    BEARER = "bearer"
    """The account allows bearers, or the user is none."""
    CONNECTION_TYPE = "connection_type"
    """The user may connect in this way."""
    SIGNATURE = "signature"
    """The client signed the nonce with the user's key, or is a bearer."""
    REVOCATION = "revocation"
    """The account has not revoked the user."""
    SOURCE = "source"
    """The user may connect from this address."""
    TIMES = "times"
    """The user may connect at this time of the day."""
    CONNECTION_LIMIT = "connection_limit"
    """The account may have another connection."""
    AUTH_CALLOUT = "auth_callout"
    """The account's auth callout service lets the user in, if there is one."""
    ACCOUNT_FIELD = "account_field"
    """The client names no account in CONNECT."""
    JETSTREAM = "jetstream"
    """The account can store in JetStream what MQTT clients need; no others are asked for it."""


class CheckStatus(StrEnum):
    """What became of a check at the server."""

    PASSED = "passed"
    FAILED = "failed"
    """It is the one for which the server refuses the connection."""
    NOT_REACHED = "not_reached"
    """The server refuses the connection before it."""


class Check(NamedTuple):
    """One check of a server.

    Attributes:
        code: Its stable name.
        status: What became of it at the server.
        holds: Whether it passes where it stands alone: of a check that was not reached, too.
            ``None`` if that cannot be told, such as whether an account that nobody has expired.
        message: What was found, in plain words.
        log: The server's log line, without the time and the number of the connection; empty if
            there is none. Most are logged with ``debug: true`` alone.
        hint: The cure, or an empty string.
    """

    code: CheckCode
    status: CheckStatus
    holds: bool | None
    message: str
    log: str
    hint: str

    @property
    def would_fail(self) -> bool:
        """Whether it fails, or would if the server came to it."""
        return self.holds is False


class Closing(NamedTuple):
    """How a connection that was taken ends by itself.

    Attributes:
        at: The moment.
        error: What the client is told.
        log: The server's log line.
        hint: The cure, if it ends at once.
    """

    at: datetime
    error: str
    log: str
    hint: str


@dataclass(frozen=True, slots=True)
class Admission:
    """The verdict on a connection: true if the server takes it.

    Attributes:
        checks: Every check, in the order of the server.
        closing: When and how the server closes a connection that it takes, if that is known: as the
            user or its account expires, as the part of the day ends, or at once where the limits
            allow no subscription at all. ``None`` of one that it refuses.
        error: What the client is told, or an empty string.
        evaluator: What the user may do once connected; ``None`` if it is refused.
    """

    checks: tuple[Check, ...]
    closing: Closing | None
    error: str
    evaluator: Evaluator | None

    def __bool__(self) -> bool:
        """Tell whether the server takes the connection."""
        return self.failed is None

    def __repr__(self) -> str:
        """Name the verdict, and the check that fails."""
        return f"<Admission: {f'refused, {self.reason}' if self.failed else 'taken'}>"

    def __str__(self) -> str:
        """Return what :meth:`explain` does."""
        return self.explain()

    @property
    def failed(self) -> Check | None:
        """The check for which the server refuses the connection, or ``None``."""
        return next((c for c in self.checks if c.status is CheckStatus.FAILED), None)

    @property
    def failing(self) -> tuple[Check, ...]:
        """Every check that fails or would fail: all that is to be cured."""
        return tuple(check for check in self.checks if check.would_fail)

    @property
    def reason(self) -> CheckCode | None:
        """The code of the check for which the server refuses the connection, or ``None``."""
        return self.failed.code if self.failed else None

    @property
    def log(self) -> str:
        """The first line that the server logs of a reason, or an empty string.

        A line does not always mean a refusal: unknown connection types beside known ones have one.
        """
        reached = (c.log for c in self.checks if c.status is not CheckStatus.NOT_REACHED)
        return next(filter(None, reached), "")

    @property
    def expires(self) -> datetime | None:
        """When the server closes the connection by itself; ``None`` if not, or if it is refused."""
        return self.closing.at if self.closing else None

    def explain(self) -> str:
        """Return the verdict in plain words: each failing check with its cure."""
        if self.failed:
            return "\n".join(["The server refuses the connection.", *map(_told, self.failing)])
        if not self.closing:
            return "The server takes the connection."
        at = f"{self.closing.at:%Y-%m-%d %H:%M:%S} UTC"
        cure = f" Cure: {self.closing.hint}." if self.closing.hint else ""
        return f"The server takes the connection and closes it at {at}: {self.closing.error}.{cure}"

    def raise_for_errors(self) -> None:
        """Do nothing if the server takes the connection.

        Raises:
            TrustError: It does not; every failing check is named, with the cure of the first.
        """
        if self.failed:
            messages = "; ".join(check.message for check in self.failing)
            raise TrustError(messages, hint=self.failed.hint)


def _told(check: Check) -> str:
    cure = f" Cure: {check.hint}." if check.hint else ""
    return f"- {check.code}: {check.message}.{cure}"
