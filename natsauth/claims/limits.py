"""What an operator limits in an account."""

from __future__ import annotations

from typing import ClassVar

from natsauth._codec import members, or_zero
from natsauth._wire import WireObject, codec, flag, integer, mapping, wire
from natsauth.claims.base import NO_LIMIT


@wire
class JetStreamLimits(WireObject):
    """JetStream limits, of an account or of one tier such as ``R3``. 0 storage is none at all.

    Attributes:
        mem_storage: Bytes of memory storage; -1 is unlimited.
        disk_storage: Bytes of file storage; -1 is unlimited.
        streams: Number of streams; -1 is unlimited.
        consumer: Number of consumers; -1 is unlimited.
        max_ack_pending: Unacknowledged messages of a consumer; -1 or 0 is unlimited.
        mem_max_stream_bytes: Bytes of one memory stream; -1 or 0 is unlimited.
        disk_max_stream_bytes: Bytes of one file stream; -1 or 0 is unlimited.
        max_bytes_required: Whether each stream must name its maximum.
    """

    mem_storage: int = integer()
    disk_storage: int = integer()
    streams: int = integer()
    consumer: int = integer()
    max_ack_pending: int = integer()
    mem_max_stream_bytes: int = integer()
    disk_max_stream_bytes: int = integer()
    max_bytes_required: bool = flag()


_TIER = codec(JetStreamLimits)


@wire
class OperatorLimits(WireObject):
    """The limits of an account. A new one is unlimited, and without JetStream.

    Attributes:
        subs: Subscriptions of each connection.
        data: Bytes; no server enforces it.
        payload: Bytes of a message.
        imports: Number of imports.
        exports: Number of exports.
        wildcards: Whether exports may have wildcards.
        disallow_bearer: Whether bearer tokens are refused.
        conn: Connections at a time.
        leaf: Leaf node connections at a time.
        tiered_limits: JetStream limits for each tier, in place of the flat ones.

    The others are those of :class:`JetStreamLimits`. -1 is unlimited throughout.
    """

    subs: int = integer(NO_LIMIT)
    data: int = integer(NO_LIMIT)
    payload: int = integer(NO_LIMIT)
    imports: int = integer(NO_LIMIT)
    exports: int = integer(NO_LIMIT)
    wildcards: bool = flag(default=True)
    disallow_bearer: bool = flag()
    conn: int = integer(NO_LIMIT)
    leaf: int = integer(NO_LIMIT)
    mem_storage: int = integer()
    disk_storage: int = integer()
    streams: int = integer()
    consumer: int = integer()
    max_ack_pending: int = integer()
    mem_max_stream_bytes: int = integer()
    disk_max_stream_bytes: int = integer()
    max_bytes_required: bool = flag()
    tiered_limits: dict[str, JetStreamLimits] | None = mapping(or_zero(_TIER.read, {}), _TIER.write)

    JETSTREAM: ClassVar[tuple[str, ...]] = tuple(name for name, _, _ in members(JetStreamLimits))
    """The flat JetStream limits."""

    def has_flat_jetstream(self) -> bool:
        """Tell whether a JetStream limit is set outside the tiers."""
        return any(getattr(self, name) for name in self.JETSTREAM)

    def has_jetstream(self) -> bool:
        """Tell whether JetStream is enabled: any storage, in a tier or else outside."""
        if self.tiered_limits:
            return any(t.mem_storage or t.disk_storage for t in self.tiered_limits.values())
        return bool(self.mem_storage or self.disk_storage)

    def is_empty(self) -> bool:
        """Tell whether every limit is 0 and no tier is there: a member that was left out."""
        numbers = (
            self.subs,
            self.data,
            self.payload,
            self.imports,
            self.exports,
            self.conn,
            self.leaf,
        )
        return not (
            any(numbers) or self.wildcards or self.disallow_bearer
            or self.has_flat_jetstream() or self.tiered_limits
        )  # fmt: skip

    def prefer_tiers(self) -> None:
        """Drop the flat JetStream limits beside tiers, as Go's decoder does."""
        if self.tiered_limits:
            for name in self.JETSTREAM:
                setattr(self, name, type(getattr(self, name))())
