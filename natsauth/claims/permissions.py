"""Who may publish and subscribe to what, and the limits of one user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth._codec import Path, Problems, mismatch, read_strings, write_strings
from natsauth._wire import (
    WireObject,
    custom,
    flag,
    integer,
    nested,
    objects,
    optional,
    strings,
    text,
    wire,
)
from natsauth.claims.base import NO_LIMIT
from natsauth.errors import UsageError

if TYPE_CHECKING:
    from datetime import timedelta
    from typing import Self

STANDARD = "STANDARD"
WEBSOCKET = "WEBSOCKET"
LEAFNODE = "LEAFNODE"
LEAFNODE_WS = "LEAFNODE_WS"
MQTT = "MQTT"
MQTT_WS = "MQTT_WS"
IN_PROCESS = "IN_PROCESS"
CONNECTION_TYPES = (STANDARD, WEBSOCKET, LEAFNODE, LEAFNODE_WS, MQTT, MQTT_WS, IN_PROCESS)
"""The connection types that servers know, for ``allowed_connection_types``."""
UNLIMITED = {"subs": NO_LIMIT, "data": NO_LIMIT, "payload": NO_LIMIT}
"""The numbers of a new user, by their JSON names."""


def nanoseconds(duration: timedelta) -> int:
    """Return a duration in nanoseconds, the unit of every duration in claims.

    Raises:
        UsageError: It is not a timedelta.
    """
    from datetime import timedelta

    if not isinstance(duration, timedelta):
        raise UsageError(f"expected a timedelta, got {type(duration).__name__}")
    return duration // timedelta(microseconds=1) * 1_000


def add(present: list[str] | None, values: tuple[str, ...]) -> list[str]:
    """Return a list with the values that it lacks, each once; empty ones are skipped.

    Raises:
        UsageError: A value is not text.
    """
    for value in values:
        if not isinstance(value, str):
            raise UsageError(f"expected strings, each an argument, got {type(value).__name__}")
    return list(dict.fromkeys([*(present or ()), *filter(None, values)]))


@wire
class Permission(WireObject):
    """Subjects of one direction.

    ``None`` is a missing list, ``[]`` an explicit empty one: a server that reads an explicit empty
    ``allow`` beside a ``deny`` allows nothing. Written are only lists with entries, as in Go.

    Attributes:
        allow: What is allowed; everything, when both lists are missing.
        deny: What is refused, whatever ``allow`` says.
    """

    allow: list[str] | None = strings()
    deny: list[str] | None = strings()

    def remove(self, *subjects: str) -> None:
        """Remove subjects from both lists."""
        self.allow = _without(self.allow, subjects)
        self.deny = _without(self.deny, subjects)


@wire
class ResponsePermission(WireObject):
    """Leave to answer requests on their reply subjects.

    Attributes:
        max: Answers to one request; 0 is one, negative is any number.
        ttl: How long after the request, in nanoseconds; 0 is the server's two minutes.
    """

    max: int = integer(keep=True)
    ttl: int = integer(keep=True)


@wire
class Permissions(WireObject):
    """Permissions of both directions.

    Attributes:
        pub: What may be published to.
        sub: What may be subscribed to; ``"subject queue"`` limits to a queue group.
        resp: Leave to answer requests, or ``None``.
    """

    pub: Permission = nested(Permission)
    sub: Permission = nested(Permission)
    resp: ResponsePermission | None = optional(ResponsePermission)

    def __or__(self, other: object) -> Self:
        """Return permissions to do what either allows, and nothing that either denies.

        The lists are joined, each entry once and in order. A deny holds for the whole, so that
        the union never allows more than both together, and perhaps less. One side of both may
        allow nothing, which is written as ``>`` in ``deny`` and no ``allow``; then the other one
        counts. Where one side is a user or template, the union is, too, with the limits of that.

        Raises:
            UsageError: A direction has no ``allow``, so that everything is allowed already; the
                leave to answer differs so that neither covers the other; both sides have limits; or
                there are members that natsauth does not know.
            ClaimsError: A field holds what its type cannot.
        """
        from natsauth.claims._union import union

        if not isinstance(other, Permissions):
            return NotImplemented
        joined: Self = union(self, other)
        return joined

    def allow_pub(self, *subjects: str) -> None:
        """Allow publishing to subjects."""
        self.pub.allow = add(self.pub.allow, subjects)

    def allow_sub(self, *subjects: str) -> None:
        """Allow subscribing to subjects."""
        self.sub.allow = add(self.sub.allow, subjects)

    def allow_pubsub(self, *subjects: str) -> None:
        """Allow both to subjects."""
        self.allow_pub(*subjects)
        self.allow_sub(*subjects)

    def deny_pub(self, *subjects: str) -> None:
        """Refuse publishing to subjects."""
        self.pub.deny = add(self.pub.deny, subjects)

    def deny_sub(self, *subjects: str) -> None:
        """Refuse subscribing to subjects."""
        self.sub.deny = add(self.sub.deny, subjects)

    def deny_pubsub(self, *subjects: str) -> None:
        """Refuse both to subjects."""
        self.deny_pub(*subjects)
        self.deny_sub(*subjects)

    def allow_response(self, count: int = 1, *, within: timedelta | None = None) -> None:
        """Allow answers to requests.

        Args:
            count: Answers to each request; negative for any number.
            within: How long after the request; the server's two minutes if not given.
        """
        ttl = 0 if within is None else nanoseconds(within)
        self.resp = ResponsePermission(max=count, ttl=ttl)

    def remove_subjects(self, *subjects: str) -> None:
        """Remove subjects from all four lists."""
        self.pub.remove(*subjects)
        self.sub.remove(*subjects)


@wire
class TimeRange(WireObject):
    """A part of the day in which a user may be connected.

    Attributes:
        start: ``HH:MM:SS``; after ``end`` for a range over midnight.
        end: ``HH:MM:SS``.
    """

    start: str = text()
    end: str = text()


def _read_cidrs(value: Any, path: Path, problems: Problems) -> list[str] | None:
    if value.__class__ is not str:
        return read_strings(value, path, problems)
    networks = (network.strip() for network in value.lower().split(","))
    return list(dict.fromkeys(filter(None, networks)))


def _write_cidrs(value: Any, path: Path, problems: Problems) -> str:
    if isinstance(value, str):
        return mismatch(path, "list of strings", value, problems)
    return write_strings(value, path, problems)


@wire
class UserPermissionLimits(Permissions):
    """Permissions and limits of a user, or of a scope that gives them to its users.

    Attributes:
        src: Networks in CIDR form to connect from; anywhere if ``None``.
        times: Parts of the day to be connected in; any time if ``None``.
        times_location: IANA time zone of ``times``; the server's own if empty.
        subs: Subscriptions at a time; -1 is unlimited.
        data: Bytes; no server enforces it.
        payload: Bytes of a message; -1 is unlimited.
        bearer_token: Whether the token alone connects, without proof of its key.
        proxy_required: Whether only connections over a trusted proxy are taken.
        allowed_connection_types: Out of :data:`CONNECTION_TYPES`; any if ``None``.
    """

    src: list[str] | None = custom(_read_cidrs, _write_cidrs)
    times: list[TimeRange] | None = objects(TimeRange)
    times_location: str = text()
    subs: int = integer(NO_LIMIT)
    data: int = integer(NO_LIMIT)
    payload: int = integer(NO_LIMIT)
    bearer_token: bool = flag()
    proxy_required: bool = flag()
    allowed_connection_types: list[str] | None = strings()

    @classmethod
    def of(cls, permissions: Permissions) -> Self:
        """Return an unlimited user or template with a copy of permissions, such as grants.

        Raises:
            UsageError: They are no permissions.
        """
        from copy import deepcopy

        if not isinstance(permissions, Permissions):
            raise UsageError(f"expected permissions, got {type(permissions).__name__}")
        pub, sub, resp = deepcopy((permissions.pub, permissions.sub, permissions.resp))
        return cls(pub=pub, sub=sub, resp=resp)

    def is_empty(self) -> bool:
        """Tell whether nothing at all is set, as a scoped signing key demands of its users.

        Missing and explicitly empty lists differ, as they do for the server.
        """
        return not (
            self.pub.allow is not None or self.pub.deny is not None
            or self.sub.allow is not None or self.sub.deny is not None
            or self.resp is not None or self.src is not None or self.times is not None
            or self.allowed_connection_types is not None or self.times_location
            or self.subs or self.data or self.payload or self.bearer_token or self.proxy_required
        )  # fmt: skip

    def clear(self) -> None:
        """Reset every permission and limit to nothing, for a user of a scoped signing key."""
        self.pub, self.sub, self.resp = Permission(), Permission(), None
        self.src = self.times = self.allowed_connection_types = None
        self.times_location = ""
        self.subs = self.data = self.payload = 0
        self.bearer_token = self.proxy_required = False


def _without(present: list[str] | None, values: tuple[str, ...]) -> list[str] | None:
    # A list that loses its last entry becomes a missing one: an empty one would mean something.
    return [item for item in present or () if item not in values] or None
