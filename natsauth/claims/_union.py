"""What two sets of permissions allow together: ``permissions | permissions``."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from natsauth._wire import write_document
from natsauth.claims.permissions import (
    Permission,
    Permissions,
    ResponsePermission,
    UserPermissionLimits,
    add,
)
from natsauth.errors import UsageError

_EVERYTHING = ">"
_ANSWERS, _LEAVE = 1, 120_000_000_000
"""What nats-server takes a 0 of ``max`` and ``ttl`` for; the latter in nanoseconds."""


def union(one: Permissions, other: Permissions) -> Any:
    """Return permissions to do what either allows, and nothing that either denies.

    Where one is of a user or scope, it is returned with its limits.

    Raises:
        UsageError: A side has no ``allow``, so that everything is allowed already; the leave to
            answer differs in a way that no single one covers; both have limits; or there are
            unknown members.
        ClaimsError: A field holds what its type cannot.
    """
    for each in (one, other):
        write_document(each)
        for part in (each, each.pub, each.sub, each.resp):
            if part is not None and part.extra:
                raise UsageError(
                    f"unknown member {min(part.extra)!r:.80}: what it means together is not known"
                )
    limited = [each for each in (one, other) if isinstance(each, UserPermissionLimits)]
    if len(limited) > 1:
        raise UsageError(
            "both sides have limits", hint="join the permissions of one: Permissions(pub=…, sub=…)"
        )
    joined = deepcopy(limited[0]) if limited else Permissions()
    joined.pub = _joined("pub", *((each.pub, each.resp is not None) for each in (one, other)))
    joined.sub = _joined("sub", (one.sub, False), (other.sub, False))
    joined.resp = wider(one.resp, other.resp)
    return joined


def _joined(side: str, *parts: tuple[Permission, bool]) -> Permission:
    """Join one direction; beside each part stands whether no list means nothing, not everything."""
    allow: list[str] = []
    deny: list[str] = []
    for part, is_closed in parts:
        denied = list(part.deny or ())
        if not part.allow and _EVERYTHING in denied:
            denied.remove(_EVERYTHING)  # this is how "nothing" is written
        elif not part.allow and not is_closed:
            direction = "published" if side == "pub" else "subscribed to"
            raise UsageError(
                f"{side}.allow is missing, so that everything may be {direction} already",
                hint=f"name in {side}.allow what is to be allowed, or put '>' in {side}.deny for "
                "nothing, before you join it",
            )
        allow, deny = add(allow, tuple(part.allow or ())), add(deny, tuple(denied))
    if not allow:
        deny = add(deny, (_EVERYTHING,))
    return Permission(allow=allow or None, deny=deny or None)


def wider(
    one: ResponsePermission | None, other: ResponsePermission | None
) -> ResponsePermission | None:
    """Return the leave to answer that covers the other one.

    Raises:
        UsageError: Neither does.
    """
    if one is None or other is None:
        return deepcopy(one or other)
    (count, ttl), (others, other_ttl) = _resolved(one), _resolved(other)
    if count >= others and ttl >= other_ttl:
        return deepcopy(one)
    if count <= others and ttl <= other_ttl:
        return deepcopy(other)
    raise UsageError(
        f"leave for {one.max} answers within {one.ttl} ns and for {other.max} within {other.ttl} "
        "ns: neither covers the other, and both together would be more than either",
        hint="give both the same resp before you join them",
    )


def _resolved(resp: ResponsePermission) -> tuple[float, int]:
    count = float("inf") if resp.max < 0 else resp.max or _ANSWERS
    return count, resp.ttl or _LEAVE
