"""Revocations: tokens issued up to a moment are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth._codec import Path, Problems, mapping_reader, mapping_writer, or_zero, read_int64
from natsauth._wire import INT64, WireObject, custom, wire
from natsauth.claims.base import ANY, clock, seconds
from natsauth.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime


@wire
class Revocable(WireObject):
    """What an account revokes for its users, and an export for its importers.

    A revocation is a public key, or ``*`` for every key, and the Unix second up to and including
    which tokens of that key are refused.
    """

    if TYPE_CHECKING:
        revocations: dict[str, int] | None

    def revoke(self, key: str, *, at: datetime | float | None = None) -> None:
        """Refuse what a key was issued up to a moment. An earlier moment changes nothing.

        Args:
            key: Public key, or ``*`` for every key.
            at: The moment; now if not given.

        Raises:
            UsageError: The key is not text, or ``at`` no moment.
        """
        if not isinstance(key, str):
            raise UsageError(f"expected a public key or '*', got {type(key).__name__}")
        moment = clock(at)
        revocations = self.revocations = self.revocations or {}
        revocations[key] = max(moment, revocations.get(key, moment))

    def revoke_all(self, *, at: datetime | float | None = None) -> None:
        """Refuse everything issued up to a moment; now if not given."""
        self.revoke(ANY, at=at)

    def clear_revocation(self, key: str) -> None:
        """Forget the revocation of a key, if there is one."""
        if self.revocations:
            self.revocations.pop(key, None)

    def is_revoked(self, key: str, issued_at: datetime | float) -> bool:
        """Tell whether a token of a key is refused.

        Args:
            key: Public key of the token's subject.
            issued_at: The token's ``iat``. A token of the very second is refused too.
        """
        revocations, moment = self.revocations or {}, seconds(issued_at)
        return any(name in revocations and revocations[name] >= moment for name in (ANY, key))

    def compact_revocations(self) -> dict[str, int]:
        """Remove the revocations that the one of ``*`` makes needless.

        Returns:
            What was removed.
        """
        revocations = self.revocations or {}
        if ANY not in revocations:
            return {}
        limit = revocations[ANY]
        needless = {key: at for key, at in revocations.items() if key != ANY and at <= limit}
        for key in needless:
            del revocations[key]
        return needless


def revocation_list() -> Any:
    """Declare a member that maps public keys to Unix seconds."""
    return custom(_read, mapping_writer(_write_int64))


_read_each = mapping_reader(or_zero(read_int64, 0))


def _read(value: Any, path: Path, problems: Problems) -> Any:
    # Hundreds are common, so the good ones are looked at together.
    if value.__class__ is dict and value and set(map(type, value.values())) == {int}:
        low, high = min(value.values()), max(value.values())
        if INT64[0] <= low and high <= INT64[1]:
            return value
    return _read_each(value, path, problems)


def _write_int64(value: Any, path: Path, problems: Problems) -> str:
    return repr(read_int64(value, path, problems))
