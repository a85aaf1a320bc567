"""Tokens of version 1, read as version 2.

Version 1 has ``type``, ``tags`` and ``issuer_account`` at the top of the payload instead of in
``nats``, and fewer members. What version 2 has no place for is dropped, as in Go's jwt/v2; the
claims keep ``version`` 1 until they are encoded again.
"""

from __future__ import annotations

from typing import Any

from natsauth._codec import Problems, members, mismatch, read_extra
from natsauth._wire import WireObject, integer, objects, read_document, text, wire
from natsauth.claims.base import MEMBERS
from natsauth.claims.permissions import UNLIMITED, TimeRange
from natsauth.errors import ClaimsError


@wire
class _DroppedUser(WireObject):
    """What version 2 has no place for. It is checked, for Go refuses what is wrong in it."""

    max: int = integer()


@wire
class _DroppedActivation(_DroppedUser):
    payload: int = integer()
    src: str = text()
    times: list[TimeRange] | None = objects(TimeRange)


_DROPPED: dict[str, type[WireObject]] = {"user": _DroppedUser, "activation": _DroppedActivation}
_MOVED = frozenset({"type", "tags", "issuer_account"})
_LIMITS = frozenset(
    {"subs", "data", "payload", "imports", "exports", "wildcards", "disallow_bearer", "conn"}
    | {"leaf"}
)
_BODIES = {
    "operator": frozenset(
        {"signing_keys", "account_server_url", "operator_service_urls", "system_account"}
    ),
    "account": frozenset({"imports", "exports", "limits", "signing_keys", "revocations"}),
    "user": frozenset(
        {"pub", "sub", "resp", "src", "times", "times_location", "subs", "data", "payload"}
        | {"bearer_token"}
    ),
    "activation": frozenset({"subject", "type"}),
}
MIGRATED = frozenset(_BODIES)
"""The kinds that version 1 has."""


def migrate(payload: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the payload of a version 1 token in the form of version 2.

    Raises:
        ClaimsError: A member has the wrong type, or a known name in other letter case.
    """
    problems: Problems = []
    migrated = _pick(payload, MEMBERS | _MOVED, (), problems)
    body = _pick(migrated.get("nats"), _BODIES[kind], ((), "nats"), problems)
    if kind in _DROPPED:
        dropped = _DROPPED[kind]
        names = {name for _, name, _ in members(dropped)}
        nats = payload.get("nats") or {}
        read_document(dropped, {n: nats[n] for n in names if n in nats}, ((), "nats"))
    if kind == "user":
        body = {**UNLIMITED, **{name: item for name, item in body.items() if item is not None}}
    elif kind == "account":
        path = (((), "nats"), "limits")
        body["limits"] = _pick(body.get("limits"), _LIMITS, path, problems)
        body["signing_keys"] = _strings(body.get("signing_keys"), problems)
    elif kind == "activation" and "type" in body:
        body["kind"] = body.pop("type")
    moved = {name: migrated.pop(name) for name in _MOVED if name in migrated}
    if kind in ("operator", "account"):
        issuer_account = moved.pop("issuer_account", None)
        if not isinstance(issuer_account, str | None):
            mismatch(((), "issuer_account"), "string", issuer_account, problems)
    if problems:
        raise ClaimsError(problems)
    return {**migrated, "nats": {**body, **moved, "version": 1}}


def _pick(value: Any, known: frozenset[str], path: Any, problems: Problems) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        mismatch(path, "object", value, problems)
        return {}
    read_extra(value, known, path, problems)
    return {name: item for name, item in value.items() if name in known}


def _strings(value: Any, problems: Problems) -> Any:
    """Refuse scoped signing keys, which version 1 does not have."""
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if not isinstance(item, str | None):
            mismatch(((((), "nats"), "signing_keys"), index), "string", item, problems)
    return value
