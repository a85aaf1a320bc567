"""A draft: the claims of one entry while they are edited, and the token they come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from natsauth.claims.base import Claims

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
        signer: Who is to sign, if that was said: a signer, or the public key or role of one.
        resign: Whether it is signed again even without a change.
        deleted: Whether it is to go.
        drop_seeds: Whether its seeds go with it.
        drop_creds: Whether its creds go with it.
        new_name: What it is to be called from now on, if it is renamed.
    """

    path: Path
    claims: C
    token: Token[C] | None = None
    signer: Signer | str | None = None
    resign: bool = False
    deleted: bool = False
    drop_seeds: bool = False
    drop_creds: bool = False
    new_name: str = ""
    _before: str = field(default="", init=False, repr=False)

    def __post_init__(self) -> None:
        self._before = self.claims.to_json()

    @property
    def is_new(self) -> bool:
        """Tell whether nothing of it is stored yet."""
        return self.token is None

    @property
    def is_edited(self) -> bool:
        """Tell whether a token is to be made of it."""
        if self.deleted:
            return False
        return self.is_new or self.resign or self.claims.to_json() != self._before

    @property
    def is_pending(self) -> bool:
        """Tell whether a commit has anything to do with it."""
        return self.is_edited or (self.deleted and not self.is_new)

    def settle(self, token: Token[Any]) -> None:
        """Take the token that was stored for what the draft comes from."""
        self.token, self.signer, self.resign, self.new_name = token, None, False, ""
        self.claims.iss, self.claims.iat = token.claims.iss, token.claims.iat
        self.claims.jti = token.claims.jti
        self._before = self.claims.to_json()
