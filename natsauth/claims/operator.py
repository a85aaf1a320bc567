"""Operator claims: the root of trust."""

from __future__ import annotations

from typing import ClassVar

from natsauth._wire import WireObject, flag, integer, nested, strings, text, wire
from natsauth.claims.base import VERSION, Claims
from natsauth.claims.permissions import add
from natsauth.keys import KeyType


@wire
class Operator(WireObject):
    """The body of operator claims.

    Attributes:
        signing_keys: Public operator keys that sign accounts in place of the identity key.
        account_server_url: Where tools push account tokens.
        operator_service_urls: Where clients connect; without path or credentials.
        system_account: Public key of the system account.
        assert_server_version: Oldest server that may run this operator, ``major.minor.update``.
        strict_signing_key_usage: Whether identity keys may sign neither accounts nor users.
        tags: Free labels.
        type: Always ``operator``.
        version: Always 2 once encoded.
    """

    signing_keys: list[str] | None = strings()
    account_server_url: str = text()
    operator_service_urls: list[str] | None = strings()
    system_account: str = text()
    assert_server_version: str = text()
    strict_signing_key_usage: bool = flag()
    tags: list[str] | None = strings()
    type: str = text("operator")
    version: int = integer(VERSION)

    def add_signing_key(self, *keys: str) -> None:
        """Add public operator keys that are not there yet."""
        self.signing_keys = add(self.signing_keys, keys)

    def remove_signing_key(self, *keys: str) -> None:
        """Remove signing keys; those that are not there are ignored."""
        self.signing_keys = [key for key in self.signing_keys or () if key not in keys] or None


@wire
class OperatorClaims(Claims):
    """An operator. Signed by itself, or by one of its signing keys."""

    kind: ClassVar[str] = "operator"
    issuers: ClassVar[frozenset[KeyType]] = frozenset({KeyType.OPERATOR})
    subject_role: ClassVar[KeyType | None] = KeyType.OPERATOR

    nats: Operator = nested(Operator)
