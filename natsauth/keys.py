"""Key pairs that sign, and public keys of every role.

An nkey is an Ed25519 key whose text names its role: ``O`` operator, ``A`` account, ``U`` user,
``N`` server, ``C`` cluster. Curve keys (``X``) seal instead of signing: see
:mod:`natsauth.xkeys`. The cryptography is libsodium's, through PyNaCl.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from os import urandom
from typing import TYPE_CHECKING, NoReturn

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import CryptoError

from natsauth import _strkey
from natsauth._files import read_file, write_file
from natsauth._strkey import as_bytes, as_text, key_bytes
from natsauth.errors import (
    KeyRoleError,
    KeyTextError,
    SecretError,
    SignatureError,
    UsageError,
)

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    import nkeys

SIGNATURE_BYTES = 64
_SEED_FILE_BYTES = 4096


class KeyType(StrEnum):
    """The role of a key. The first letter of its public text names it."""

    OPERATOR = "operator"
    ACCOUNT = "account"
    USER = "user"
    SERVER = "server"
    CLUSTER = "cluster"
    CURVE = "curve"

    @property
    def letter(self) -> str:
        """The first letter of public keys of this role."""
        return _LETTERS[self]

    @property
    def prefix(self) -> int:
        """The first byte of public keys of this role: the letter's base32 digit times 8."""
        return _PREFIXES[self]


_LETTERS = {
    KeyType.OPERATOR: "O",
    KeyType.ACCOUNT: "A",
    KeyType.USER: "U",
    KeyType.SERVER: "N",
    KeyType.CLUSTER: "C",
    KeyType.CURVE: "X",
}
_PREFIXES = {role: (ord(letter) - ord("A")) << 3 for role, letter in _LETTERS.items()}
_ROLES = {prefix: role for role, prefix in _PREFIXES.items()}


class PublicKey:
    """A public key: who somebody is, and the means to check what they signed."""

    __slots__ = ("public_key", "raw", "type")

    public_key: str
    """The 56 characters of the key."""
    raw: bytes
    """Its 32 bytes."""
    type: KeyType
    """The role."""

    def __init__(self, type: KeyType, raw: bytes) -> None:  # noqa: A002 - the field's own word
        self.type = _key_type(type)
        self.raw = key_bytes(raw, "public key")
        self.public_key = _strkey.encode(bytes((type.prefix,)), self.raw)

    @classmethod
    def parse(cls, text: str | bytes | PublicKey, *, expect: KeyType | None = None) -> PublicKey:
        """Read a public key.

        Args:
            text: The 56 characters.
            expect: The role it must have, if any.

        Raises:
            KeyTextError: The text is not a public key in canonical form.
            KeyRoleError: The key has another role than expected.
        """
        if isinstance(text, PublicKey):
            key = text
        else:
            role, raw = parse_public(as_text(text, "public key"))
            key = cls(role, raw)
        if expect is not None and key.type is not _key_type(expect):
            raise KeyRoleError(f"expected a public {expect} key, got a public {key.type} key")
        return key

    def verify(self, data: bytes, signature: bytes) -> None:
        """Check that the owner of this key signed the data.

        Args:
            data: The signed bytes.
            signature: The 64 bytes of the Ed25519 signature.

        Raises:
            SignatureError: They did not.
            KeyRoleError: This is a curve key, which signs nothing.
        """
        if self.type is KeyType.CURVE:
            raise KeyRoleError("a curve key cannot verify signatures")
        verify(self.raw, as_bytes(data), as_bytes(signature))

    def __repr__(self) -> str:
        """Return the key as an expression."""
        return f"PublicKey({self.public_key!r})"

    def __str__(self) -> str:
        """Return the 56 characters."""
        return self.public_key

    def __eq__(self, other: object) -> bool:
        """Tell whether it is the same key."""
        return self.public_key == other.public_key if isinstance(other, PublicKey) else False

    def __hash__(self) -> int:
        """Hash as the text does."""
        return hash(self.public_key)


class SecretKey:
    """What key pairs of both kinds share: a seed, shown to nobody who did not ask for it."""

    __slots__ = ("_raw_seed", "_secret", "public")

    public: PublicKey
    """The public half."""
    _raw_seed: bytes | None
    _secret: bytes | None

    @classmethod
    def from_seed(cls, seed: str | bytes | bytearray, *, expect: KeyType | None = None) -> Self:
        """Restore a key pair from its seed.

        Args:
            seed: The 58 characters, as text or bytes; white space around them is ignored, so
                that the content of a seed file can be given as it is.
            expect: The role it must have, if any.

        Raises:
            KeyTextError: The text is not a seed in canonical form.
            KeyRoleError: The seed has another role than expected, or belongs to the other class.
        """
        prefix, raw = _strkey.decode_seed(as_text(seed, "seed").strip())
        role = _ROLES.get(prefix)
        if role is None:
            raise KeyTextError("invalid seed: it names no role")
        if expect is not None and role is not _key_type(expect):
            raise KeyRoleError(f"expected a seed of role {expect}, got one of role {role}")
        return cls._restore(role, raw)

    @classmethod
    def _restore(cls, role: KeyType, raw: bytes) -> Self:
        """Make the pair of a decoded seed, or refuse the role."""
        raise NotImplementedError

    @property
    def public_key(self) -> str:
        """The 56 characters of the public half."""
        return self.public.public_key

    @property
    def type(self) -> KeyType:
        """The role."""
        return self.public.type

    def reveal_seed(self) -> str:
        """Return the seed, for the one place that keeps it.

        Raises:
            SecretError: The key pair was wiped.
        """
        return _strkey.encode_seed(self.type.prefix, self._need(self._raw_seed))

    def reveal_private_key(self) -> str:
        """Return the private key form (``P…``).

        It is 108 characters with seed and public key, or of a curve key 56 with the seed alone.

        Raises:
            SecretError: The key pair was wiped.
        """
        return _strkey.encode(bytes((_strkey.PRIVATE_PREFIX,)), self._need(self._secret))

    @classmethod
    def read(cls, path: str | Path, *, expect: KeyType | None = None) -> Self:
        """Restore a key pair from a file that holds its seed.

        Raises:
            FileError: The file cannot be read.
            KeyTextError, KeyRoleError: As :meth:`from_seed`.
        """
        return cls.from_seed(read_file(path, limit=_SEED_FILE_BYTES), expect=expect)

    def write(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the seed to a file that only its owner can read, atomically.

        Raises:
            FileError: The file exists and is not to be overwritten, or cannot be written.
            SecretError: The key pair was wiped.
        """
        write_file(path, self.reveal_seed().encode(), overwrite=overwrite)

    def wipe(self) -> None:
        """Forget the secret. From now on every use but reading the public key is refused.

        Python cannot promise that no copy is left in memory; what this object held is released.
        """
        self._raw_seed = self._secret = None

    def _need(self, secret: bytes | None) -> bytes:
        if secret is None:
            raise SecretError(f"the key pair of {self.public_key} was wiped")
        return secret

    def __repr__(self) -> str:
        """Return the public half; the secret is never shown."""
        wiped = "" if self._secret else " wiped"
        return f"<{type(self).__name__} {self.public_key}{wiped}>"

    def __eq__(self, other: object) -> bool:
        """Tell whether the public halves are the same."""
        return self.public == other.public if isinstance(other, SecretKey) else False

    def __hash__(self) -> int:
        """Hash as the public half does."""
        return hash(self.public)

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        """Refuse pickling and copying: a seed leaves only through ``reveal_seed()``."""
        raise SecretError(
            "a key pair is neither pickled nor copied",
            hint="pass the object itself, or reveal_seed() to a place that keeps secrets",
        )


class KeyPair(SecretKey):
    """An Ed25519 key pair that signs.

    Two pairs are equal when their public keys are. The seed shows in no repr, log, exception or
    pickle; :meth:`reveal_seed` alone gives it.
    """

    __slots__ = ()

    def __init__(self, type: KeyType, raw_seed: bytes) -> None:  # noqa: A002 - as in PublicKey
        if _key_type(type) is KeyType.CURVE:
            raise KeyRoleError(
                "a curve key cannot sign", hint="use CurveKeyPair, which seals and opens"
            )
        self._raw_seed = key_bytes(raw_seed, "raw seed")
        raw_public, self._secret = crypto_sign_seed_keypair(self._raw_seed)
        self.public = PublicKey(type, raw_public)

    @classmethod
    def generate(cls, type: KeyType) -> Self:  # noqa: A002 - as in PublicKey
        """Make a new key pair of a role from the system's randomness.

        Raises:
            KeyRoleError: The role is ``CURVE``; use :class:`CurveKeyPair`.
        """
        return cls(type, urandom(_strkey.KEY_BYTES))

    @classmethod
    def from_raw_seed(cls, type: KeyType, raw_seed: bytes) -> Self:  # noqa: A002 - as in PublicKey
        """Make the key pair of 32 secret bytes.

        Raises:
            KeyTextError: They are not 32.
            KeyRoleError: The role is ``CURVE``; use :class:`CurveKeyPair`.
        """
        return cls(type, raw_seed)

    @classmethod
    def _restore(cls, role: KeyType, raw: bytes) -> Self:
        return cls(role, raw)

    def sign(self, data: bytes) -> bytes:
        """Return the 64 bytes of the Ed25519 signature over the data.

        Raises:
            SecretError: The key pair was wiped.
        """
        data = data if data.__class__ is bytes else as_bytes(data)
        return crypto_sign(data, self._secret or self._need(None))[:SIGNATURE_BYTES]

    def verify(self, data: bytes, signature: bytes) -> None:
        """Check that this pair signed the data.

        Raises:
            SignatureError: It did not.
            SecretError: The key pair was wiped; its :attr:`public` half still verifies.
        """
        self._need(self._secret)
        self.public.verify(data, signature)

    def to_nkeys(self) -> nkeys.KeyPair:
        """Return the same key pair as an object of the ``nkeys`` package, for other libraries.

        Raises:
            SecretError: The key pair was wiped.
        """
        import nkeys

        return nkeys.from_seed(self.reveal_seed().encode())


@lru_cache(maxsize=1024)
def parse_public(text: str) -> tuple[KeyType, bytes]:
    """Return role and 32 raw bytes of a public key; the same few issuers come again and again.

    Raises:
        KeyTextError: The text is not a public key in canonical form.
    """
    data = _strkey.decode(text, _strkey.PUBLIC_CHARS, "public key")
    role = _ROLES.get(data[0])
    if role is None:
        hint = "this is a seed; keep it secret" if text.startswith("S") else ""
        raise KeyTextError(f"invalid public key: no role has the letter {text[0]!r}", hint=hint)
    return role, data[1:]


def is_public_key(text: object, role: KeyType) -> bool:
    """Tell whether the text is a public key of the role."""
    try:
        return isinstance(text, str) and parse_public(text)[0] is role
    except KeyTextError:
        return False


def verify(raw_public: bytes, data: bytes, signature: bytes) -> None:
    """Check an Ed25519 signature with 32 raw public bytes.

    Raises:
        SignatureError: It does not verify.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise SignatureError(f"a signature has {SIGNATURE_BYTES} bytes, got {len(signature)}")
    try:
        crypto_sign_open(signature + data, raw_public)
    except CryptoError:
        raise SignatureError("the signature does not verify") from None


def _key_type(value: KeyType) -> KeyType:
    if not isinstance(value, KeyType):
        raise UsageError(f"expected a KeyType, got {type(value).__name__}")
    return value
