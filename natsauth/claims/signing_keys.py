"""Signing keys of accounts: plain ones, and scoped ones that fix what their users may do."""

from __future__ import annotations

from json.encoder import encode_basestring as quote
from typing import Any

from natsauth._codec import Path, Problems, mismatch, render
from natsauth._wire import WireObject, codec, custom, nested, text, wire
from natsauth.claims.permissions import UNLIMITED, UserPermissionLimits
from natsauth.errors import Problem

USER_SCOPE = "user_scope"
_ROUNDED_UP = (1 << 63) - 512
"""The first integer that Go, by way of float64, takes for one beyond an int64."""


@wire
class UserScope(WireObject):
    """A signing key whose users get permissions and limits from a template.

    Attributes:
        kind: Always ``user_scope``.
        key: Public account key.
        role: A name to find the key by.
        template: What each user of the key gets; ``{{name()}}`` and the like are filled in by
            the server.
        description: Free text.
    """

    kind: str = text(USER_SCOPE, keep=True)
    key: str = text(keep=True)
    role: str = text(keep=True)
    template: UserPermissionLimits = nested(UserPermissionLimits)
    description: str = text(keep=True)


SigningKey = str | UserScope
"""A plain signing key is its public key, a scoped one a :class:`UserScope`."""
_SCOPE = codec(UserScope)


def public_key_of(key: SigningKey) -> str:
    """Return the public key of a plain or scoped signing key."""
    return key.key if isinstance(key, UserScope) else key


def signing_key_list() -> Any:
    """Declare the member ``signing_keys`` of an account."""
    return custom(_read, _write, missing=[])


def _read(value: Any, path: Path, problems: Problems) -> list[SigningKey]:
    if value.__class__ is not list:
        mismatch(path, "list", value, problems)
        return []
    keys: dict[str, SigningKey] = {}
    for index, item in enumerate(value):
        if isinstance(item, str):
            keys[item] = item
        elif isinstance(item, dict):  # what is neither, Go skips
            scope = _read_scope(item, (path, index), problems)
            keys[scope.key] = scope
    return list(keys.values())


def _read_scope(document: dict[str, Any], path: Path, problems: Problems) -> UserScope:
    if document.get("kind") != USER_SCOPE:
        problems.append(Problem(render((path, "kind")), f"expected {USER_SCOPE!r}"))
    document = _through_float(document)
    template = document.get("template")
    if template is None or isinstance(template, dict):
        given = {name: item for name, item in (template or {}).items() if item is not None}
        document = {**document, "template": {**UNLIMITED, **given}}
    scope: UserScope = _SCOPE.read(document, path, problems)
    return scope


def _through_float(value: Any) -> Any:
    """Read numbers as Go reads those of a scope, by way of float64: ``5.0`` is 5.

    Integers stay exact, where Go rounds beyond 2^53; those it rounds out of range stay refused.
    """
    if isinstance(value, dict):
        return {name: _through_float(item) for name, item in value.items()}
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:  # noqa: PLR2004 - Go's bound
        value = int(value)
    if value.__class__ is int and _ROUNDED_UP <= abs(value) <= 1 << 63:
        return 1 << 63
    return value


def _write(value: Any, path: Path, problems: Problems) -> str:
    if not isinstance(value, list | tuple):
        return mismatch(path, "list", value, problems)
    written: dict[str, str] = {}
    for index, item in enumerate(value):
        text = _write_one(item, (path, index), problems)
        key = public_key_of(item)
        if isinstance(key, str):
            written[key] = text
    return f"[{','.join(text for _, text in sorted(written.items()))}]"


def _write_one(item: Any, path: Path, problems: Problems) -> str:
    if isinstance(item, str):
        return quote(item)
    if isinstance(item, UserScope) and item.kind != USER_SCOPE:
        problems.append(Problem(render((path, "kind")), f"expected {USER_SCOPE!r}"))
    return _SCOPE.write(item, path, problems)
