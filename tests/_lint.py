"""What the tests of lint's rules share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth.claims import Account, AccountClaims
from natsauth.policy.lint import lint

if TYPE_CHECKING:
    from enum import StrEnum


def found(
    code: StrEnum, permissions: dict[str, Any], account: Account | None = None
) -> list[tuple[str, str]]:
    """Return path and severity of the findings of a code in permissions."""
    owner = None if account is None else AccountClaims(nats=account)
    return [(f.path, f.severity) for f in lint(permissions, owner).findings if f.code == code]
