"""Rules of lint about claims as a whole: time, size, members that no server reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.policy._lint_report import LintCode, LintFinding, Severity
from natsauth.validation.common import member

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth._wire import WireObject
    from natsauth.claims import Claims, Permissions

_DAY = 86_400
_LONG_DAYS = 366
_CONTROL_LINE = 4096
_CONNECT_CHARS = 350
"""What clients send beside the token: a signature of 86 characters, names, versions, options."""
_MEANT = frozenset(
    {
        "permissions", "permission", "publish", "subscribe", "pub", "sub", "allow", "deny", "resp",
        "responses", "allow_responses", "allow_response", "pub_allow", "pub_deny", "sub_allow",
        "sub_deny", "allow_pub", "allow_sub", "deny_pub", "deny_sub", "max", "max_msgs", "ttl",
        "expires", "src", "times", "subs", "payload", "bearer", "bearer_token",
        "default_permissions", "allowed_connections", "allowed_connection_types",
        "connection_types", "limits", "template",
    }
)  # fmt: skip
"""Names that mean a restriction somewhere: in the claims, in a server's configuration, in nsc."""


def expiry(claims: Claims, now: int, *, is_bearer: bool) -> Iterator[LintFinding]:
    """Find users that live for long.

    Args:
        claims: The user's.
        now: The moment, in Unix seconds.
        is_bearer: Whether the token alone connects.
    """
    hint = "set exp, and issue it anew in time"
    if claims.exp < 0:
        message = "servers close every connection at once, for a moment before 1970 is over"
        yield LintFinding(
            LintCode.NEGATIVE_EXPIRY, Severity.ERROR, "$.exp", message, "0 stands for no expiry"
        )
    elif not claims.exp and is_bearer:
        message = "whoever gets hold of this token is in for good: it needs no key, and never "
        message += "expires"
        yield LintFinding(LintCode.BEARER_NO_EXPIRY, Severity.WARNING, "$.exp", message, hint)
    elif not claims.exp:
        message = "never expires: only a revocation ends it"
        yield LintFinding(LintCode.NO_EXPIRY, Severity.INFO, "$.exp", message, hint)
    elif claims.exp - now > _LONG_DAYS * _DAY:
        message = f"lives for another {(claims.exp - now) // _DAY} days"
        severity = Severity.WARNING if is_bearer else Severity.INFO
        yield LintFinding(LintCode.LONG_LIFE, severity, "$.exp", message, hint)


def connect_size(size: int) -> Iterator[LintFinding]:
    """Find tokens that do not fit into what a client may send to connect.

    Args:
        size: The characters of a user's token.
    """
    if size <= _CONTROL_LINE - _CONNECT_CHARS:
        return
    message = f"a token of {size} characters makes CONNECT longer than max_control_line, which is "
    message += f"{_CONTROL_LINE} unless a server's configuration raises it"
    hint = "move the permissions into the template of a scoped signing key, or raise it everywhere"
    severity = Severity.ERROR if size > _CONTROL_LINE else Severity.WARNING
    yield LintFinding(LintCode.CONNECT_SIZE, severity, "$", message, hint)


def ignored_members(path: str, *objects: tuple[str, WireObject | None]) -> Iterator[LintFinding]:
    """Find members that no server reads.

    Args:
        path: Where the objects stand.
        objects: Each with its name in that place.
    """
    for name, item in objects:
        for extra in (item.extra or ()) if item is not None else ():
            at = member(path + name, extra)
            if extra.casefold().replace("-", "_") in _MEANT:
                message = "servers ignore this member, so it restricts nothing"
                hint = "the names are pub, sub and resp in $.nats; allow and deny in pub and sub; "
                hint += "max and ttl in resp"
                yield LintFinding(LintCode.IGNORED_MEMBER, Severity.ERROR, at, message, hint)
            else:
                message = "a member that servers up to 2.15.1 do not know, and ignore"
                hint = "remove it, unless it is meant for other readers or newer servers"
                yield LintFinding(LintCode.IGNORED_MEMBER, Severity.INFO, at, message, hint)


def permission_objects(permissions: Permissions) -> list[tuple[str, WireObject | None]]:
    """Return permissions and the objects in them, by name."""
    return [
        ("", permissions),
        (".pub", permissions.pub),
        (".sub", permissions.sub),
        (".resp", permissions.resp),
    ]
