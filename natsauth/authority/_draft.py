"""A draft: the claims of one entry while they are edited, and the token they come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from natsauth.claims.base import Claims
from natsauth.claims.signing_keys import public_key_of
from natsauth.token import peek_unverified

if TYPE_CHECKING:
    from natsauth.signing import Signer
    from natsauth.token import Token

    Path = tuple[str, ...]
    """The names of an entry: operator, account, user."""

C = TypeVar("C", bound=Claims)


@dataclass(slots=True, eq=False)
class Draft(Generic[C]):
    """What is to become of one entry.

    Attributes:
        path: Where it is in the store, or will be.
        claims: What is edited.
        token: What is stored; ``None`` for a new entry.
        unreadable: The text that is stored, where it is no token; such an entry can only go.
        signer: Who is to sign, if that was said: a signer, or the public key or role of one.
        resign: Whether it is signed again even without a change.
        deleted: Whether it is to go.
        drop_seeds: Whether its seeds go with it.
        drop_creds: Whether its creds go with it.
        new_name: What it is to be called from now on, if it is renamed.
        public_key: Whom it is about, whatever becomes of the claims.
    """

    path: Path
    claims: C
    token: Token[C] | None = None
    unreadable: str = ""
    signer: Signer | str | None = None
    resign: bool = False
    deleted: bool = False
    drop_seeds: bool = False
    drop_creds: bool = False
    new_name: str = ""
    public_key: str = field(init=False)
    _before: str = field(default="", init=False, repr=False)

    def __post_init__(self) -> None:
        self._before = self.claims.to_json()
        self.public_key = self.claims.sub

    @property
    def stored(self) -> C | None:
        """The claims that are stored, of which nobody else has this copy."""
        return cast("C", peek_unverified(self.token.encoded)) if self.token else None

    @property
    def is_new(self) -> bool:
        """Tell whether nothing of it is stored yet."""
        return self.token is None

    @property
    def is_edited(self) -> bool:
        """Tell whether a token is to be made of it.

        Raises:
            ClaimsError: A field holds what its type cannot.
        """
        if self.deleted:
            return False
        told = self.is_new or self.resign or bool(self.new_name)
        return self.claims.to_json() != self._before or told

    @property
    def is_pending(self) -> bool:
        """Tell whether a commit has anything to do with it.

        Raises:
            ClaimsError: A field holds what its type cannot.
        """
        return self.deleted or self.is_edited

    def settle(self, token: Token[Any]) -> None:
        """Take the token that was stored for what the draft comes from."""
        self.token, self.signer, self.resign, self.new_name = token, None, False, ""
        self.claims.iss, self.claims.iat = token.claims.iss, token.claims.iat
        self.claims.jti = token.claims.jti
        self._before = self.claims.to_json()


def keys_of(claims: Any) -> list[str]:
    """Return the public keys of an operator, account or user: the identity, the signing keys."""
    signing = getattr(claims.nats, "signing_keys", None) or ()
    return [claims.sub, *map(public_key_of, signing)]
