"""The signing keys of an operator or an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth.claims import UserPermissionLimits, UserScope
from natsauth.claims.signing_keys import public_key_of
from natsauth.errors import ExistsError, NotFoundError, UsageError
from natsauth.keys import KeyPair, KeyType, PublicKey, is_public_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.authority._node import Node
    from natsauth.authority._tree import Tree


class SigningKeys:
    """The public signing keys in the claims of an operator or account, in their order."""

    def __init__(self, tree: Tree, node: Node[Any], role: KeyType) -> None:
        self._tree = tree
        self._node = node
        self._role = role

    def __iter__(self) -> Iterator[str]:
        """Go through the public keys."""
        return map(public_key_of, self._body.signing_keys or ())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._body.signing_keys or ())

    def __contains__(self, key: object) -> bool:
        """Tell whether a public key is one of them."""
        return any(key == present for present in self)

    def generate(self) -> KeyPair:
        """Make a new one; its seed is stored with the next commit."""
        key = KeyPair.generate(self._role)
        self.add(key)
        return key

    def add(self, key: KeyPair | PublicKey | str) -> str:
        """Add one, and return its public key.

        Args:
            key: A public key; or a key pair, whose seed is stored with the next commit.

        Raises:
            KeyTextError, KeyRoleError, UsageError: It is no key of the right role.
        """
        public = self._public(key)
        if public not in self:
            self._body.add_signing_key(public)
        return public

    def remove(self, *keys: str, seeds: bool = False) -> None:
        """Remove some by their public keys.

        Args:
            keys: The public keys.
            seeds: Whether their seeds go, too, with the next commit. Nobody can bring them back.

        Raises:
            NotFoundError: One of them is none; nothing is removed.
        """
        if unknown := [key for key in keys if key not in self]:
            node = self._node
            raise NotFoundError(
                f"{node.claims.kind} {node.name!r:.80} has no signing key {unknown[0]!r:.80}",
                hint=f"it has {', '.join(self) or 'none'}",
            )
        self._body.remove_signing_key(*keys)
        if seeds:
            self._tree.dropped |= dict.fromkeys(keys, self._node.path)

    def ensure(self, count: int) -> None:
        """Make as many new ones as are lacking.

        Raises:
            UsageError: The count is no integer.
        """
        check_count(count)
        for _ in range(count - len(self)):
            self.generate()

    @property
    def _body(self) -> Any:
        return self._node.claims.nats

    def _public(self, key: KeyPair | PublicKey | str) -> str:
        public = key.public if isinstance(key, KeyPair) else key
        found = PublicKey.parse(public, expect=self._role).public_key
        if isinstance(key, KeyPair):
            self._tree.keep(key)
        return found


class AccountSigningKeys(SigningKeys):
    """The signing keys of an account, plain and scoped."""

    def add_role(
        self,
        role: str,
        template: UserPermissionLimits | None = None,
        *,
        key: KeyPair | PublicKey | str | None = None,
        description: str = "",
    ) -> UserScope:
        """Add a scoped signing key: its users get what the template says, and nothing else.

        Args:
            role: A name to find it by, as in ``sign_with("team")``.
            template: Permissions and limits; everything without limits if not given. Servers fill
                in ``{{name()}}`` and the like.
            key: Public key or key pair; a new one if not given. A plain signing key becomes one of
                that role.
            description: Free text.

        Raises:
            ExistsError: The role is taken.
            UsageError: The role is a public key, by which another one would be found.
            KeyTextError, KeyRoleError, UsageError: The key is no account key.
        """
        check_role(role)
        if self._body.scope(role) is not None:
            raise ExistsError(f"there is a signing key of role {role!r:.80} already")
        public = self._public(KeyPair.generate(self._role) if key is None else key)
        scope = UserScope(
            key=public,
            role=role,
            template=UserPermissionLimits() if template is None else template,
            description=description,
        )
        self._body.add_signing_key(scope)
        return scope


def check_role(role: str) -> None:
    """Check the role of a signing key.

    Raises:
        UsageError: It is a public key, as a name must not be either.
    """
    if is_public_key(role, KeyType.ACCOUNT):
        raise UsageError(f"the role {role!r:.80} is a public key", hint="choose another role")


def check_count(count: int) -> None:
    """Check the number of signing keys that is asked for.

    Raises:
        UsageError: It is no integer.
    """
    if not isinstance(count, int):
        raise UsageError(f"signing_keys is a number, got {type(count).__name__}")
