"""What all claims share: who, by whom, when."""

from __future__ import annotations

from dataclasses import InitVar, field
from time import time
from typing import TYPE_CHECKING, Any, ClassVar

from natsauth._codec import members
from natsauth._wire import INT64, WireObject, integer, text, wire, write_document
from natsauth.errors import ClaimsError, Problem, UsageError

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from natsauth.keys import KeyType

ANY = "*"
"""Stands for every user or account: in revocations and in auth callout's allowed accounts."""
NO_LIMIT = -1
"""Stands for "unlimited" in every limit."""
VERSION = 2
"""The version of the claims that are written."""
FAR = 1 << 37
"""The year 6325 in seconds: a later moment is one in milliseconds."""


def seconds(moment: object) -> int:
    """Return a moment in whole Unix seconds, rounded down as in Go.

    Args:
        moment: An aware datetime, or Unix seconds.

    Raises:
        UsageError: It is neither, or a datetime without time zone, which each machine would
            read differently.
    """
    from datetime import UTC, datetime, timedelta

    if isinstance(moment, datetime):
        if moment.utcoffset() is None:
            raise UsageError("a datetime needs a time zone", hint="as in datetime.now(UTC)")
        # Not by timestamp(): far in the future a float rounds up.
        moment = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    if isinstance(moment, bool) or not isinstance(moment, int | float):
        raise UsageError(f"expected a datetime or Unix seconds, got {type(moment).__name__}")
    if not INT64[0] <= moment <= INT64[1]:
        raise UsageError("Unix seconds are within 64 bits")
    return int(moment // 1)


def clock(now: datetime | float | None = None) -> int:
    """Return the current Unix second, or the given moment in its place."""
    if now is None:
        return int(time())
    return seconds(now)


def is_claims_class(value: object) -> bool:
    """Tell whether something is a class of claims."""
    return isinstance(value, type) and issubclass(value, Claims)


def _moment(name: str, meaning: str) -> property:
    def read(claims: Claims) -> datetime | None:
        from datetime import UTC, datetime, timedelta

        value = getattr(claims, name)
        try:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value) if value else None
        except (OverflowError, TypeError, ValueError):
            raise ClaimsError([Problem(f"$.{name}", "is not a second of the calendar")]) from None

    def write(claims: Claims, moment: datetime | None) -> None:
        setattr(claims, name, 0 if moment is None else seconds(moment))

    return property(read, write, doc=f"{meaning} (``{name}``) in UTC, or ``None`` if 0.")


@wire
class Claims(WireObject):
    """The members that all claims have. Use one of the subclasses.

    Claims are drafts: edit them, then :func:`natsauth.encode` them into a token.

    Attributes:
        aud: Audience; for an authorization response the server's public key.
        exp: Expiry in Unix seconds, inclusive; 0 for never.
        jti: The identity of the token, a hash; made by ``encode``.
        iat: When it was issued, in Unix seconds; set by ``encode``.
        iss: Public key that signed it; set by ``encode``.
        name: A name for people.
        nbf: Not valid before, in Unix seconds; 0 for always.
        sub: Public key the claims are about.
        expires_in: Lifetime from now on; sets ``exp``. Only an argument.
    """

    kind: ClassVar[str]
    """What the JSON calls this kind of claims (``nats.type``)."""
    issuers: ClassVar[frozenset[KeyType]]
    """Roles that may sign this kind."""
    subject_role: ClassVar[KeyType | None] = None
    """The role ``sub`` must have, or ``None`` for any text."""

    aud: str = text()
    exp: int = integer()
    jti: str = text()
    iat: int = integer()
    iss: str = text()
    name: str = text()
    nbf: int = integer()
    sub: str = text()
    expires_in: InitVar[timedelta | None] = field(default=None)

    def __post_init__(self, expires_in: timedelta | None) -> None:
        """Set ``exp`` from ``expires_in``."""
        if expires_in is not None:
            self.expire_in(expires_in)

    expires_at = _moment("exp", "Expiry")
    not_before = _moment("nbf", "The moment before which the claims are not valid")
    issued_at = _moment("iat", "The moment of signing")

    def expire_in(self, lifetime: timedelta, *, now: datetime | float | None = None) -> None:
        """Set ``exp`` to a lifetime from now.

        Raises:
            UsageError: The lifetime is not a timedelta.
            ClaimsError: It is not positive: the claims would expire at once, or never.
        """
        from datetime import timedelta

        if not isinstance(lifetime, timedelta):
            raise UsageError(f"expected a timedelta, got {type(lifetime).__name__}")
        if lifetime < timedelta(seconds=1):
            raise ClaimsError([Problem("$.exp", f"a lifetime is a second or more, got {lifetime}")])
        self.exp = clock(now) + lifetime // timedelta(seconds=1)

    def to_json(self) -> str:
        """Return the claims as compact JSON, byte for byte as Go writes them.

        Raises:
            ClaimsError: A field holds what its type cannot; all such fields are named.
        """
        return write_document(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the claims as the plain objects of their JSON.

        Raises:
            ClaimsError: As :meth:`to_json`.
        """
        from natsauth._json import loads

        document: dict[str, Any] = loads(self.to_json())
        return document


MEMBERS = frozenset(name for _, name, _ in members(Claims)) | {"nats"}
"""The names that stand at the top of a payload."""
