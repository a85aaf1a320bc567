"""Activation claims: leave for one account to import a private export of another."""

from __future__ import annotations

from typing import ClassVar

from natsauth._wire import WireObject, choice, integer, nested, strings, text, wire
from natsauth.claims.base import VERSION, Claims
from natsauth.errors import ClaimsError, Problem
from natsauth.keys import KeyType
from natsauth.subjects import literal_prefix


@wire
class Activation(WireObject):
    """The body of activation claims.

    Attributes:
        subject: What may be imported.
        kind: ``stream`` or ``service``.
        issuer_account: Public key of the exporting account, when a signing key of it signs.
        tags: Free labels.
        type: Always ``activation``.
        version: Always 2 once encoded.
    """

    subject: str = text()
    kind: str = choice("stream", "service")
    issuer_account: str = text()
    tags: list[str] | None = strings()
    type: str = text("activation")
    version: int = integer(VERSION)


@wire
class ActivationClaims(Claims):
    """An activation token for the account ``sub``. Signed by the exporting account."""

    kind: ClassVar[str] = "activation"
    issuers: ClassVar[frozenset[KeyType]] = frozenset({KeyType.ACCOUNT, KeyType.OPERATOR})
    subject_role: ClassVar[KeyType | None] = KeyType.ACCOUNT

    nats: Activation = nested(Activation)

    def hash_id(self) -> str:
        """Return the identity of the grant: 52 base32 characters and ``====``.

        It hashes the issuer, the subject and the imported subject up to its first wildcard.

        Raises:
            ClaimsError: One of the three is missing.
        """
        from base64 import b32encode
        from hashlib import sha256

        parts = {"$.iss": self.iss, "$.sub": self.sub, "$.nats.subject": self.nats.subject}
        if missing := [Problem(path, "is empty") for path, part in parts.items() if not part]:
            raise ClaimsError(missing)
        text = f"{self.iss}.{self.sub}.{literal_prefix(self.nats.subject)}"
        return b32encode(sha256(text.encode("utf-8", "replace")).digest()).decode("ascii")
