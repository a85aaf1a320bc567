"""User claims: who connects, and what they may do."""

from __future__ import annotations

from typing import ClassVar

from natsauth._wire import integer, nested, strings, text, wire
from natsauth.claims.base import VERSION, Claims
from natsauth.claims.permissions import UserPermissionLimits
from natsauth.keys import KeyType


@wire
class User(UserPermissionLimits):
    """The body of user claims. A new one is unlimited and may do everything.

    Attributes:
        issuer_account: Public key of the account, when a signing key of it signs.
        tags: Free labels; scope templates read ``name:value`` ones.
        type: Always ``user``.
        version: Always 2 once encoded.
    """

    issuer_account: str = text()
    tags: list[str] | None = strings()
    type: str = text("user")
    version: int = integer(VERSION)


@wire
class UserClaims(Claims):
    """A user of an account. Signed by the account's identity key or one of its signing keys."""

    kind: ClassVar[str] = "user"
    issuers: ClassVar[frozenset[KeyType]] = frozenset({KeyType.ACCOUNT})
    subject_role: ClassVar[KeyType | None] = KeyType.USER

    nats: User = nested(User)

    @property
    def account(self) -> str:
        """Public key of the account the user belongs to."""
        return self.nats.issuer_account or self.iss
