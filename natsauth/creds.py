"""Creds files: a user's token together with the seed that proves it, which clients log in with.

::

    creds = Creds.create(token, user_key)
    creds.write("service.creds")

    nc = await nats.connect(url, **Creds.read("service.creds").nats_py())

Such a file holds two blocks between BEGIN and END lines, the token before the seed. They are read
by lines: blanks around a line, blank lines, CRLF and whatever stands outside of the blocks do not
matter. Written is, byte for byte, what Go's jwt/v2 and nsc write.
"""

from __future__ import annotations

from itertools import zip_longest
from re import compile as regex
from typing import TYPE_CHECKING, Any, NoReturn

from natsauth import _base64
from natsauth._files import read_file, write_file
from natsauth.claims.user import UserClaims
from natsauth.errors import (
    ClaimsError,
    CredsError,
    KeyRoleError,
    KeyTextError,
    SecretError,
    TokenError,
    UsageError,
)
from natsauth.keys import KeyPair, KeyType, PublicKey
from natsauth.token import Token, decode

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

MAX_BYTES = 2 << 20
"""The largest creds file that is read: twice the largest token."""

_JWT = "NATS USER JWT"
_SEED = "USER NKEY SEED"
_JWT_BLOCK = """\
-----BEGIN NATS USER JWT-----
{}
------END NATS USER JWT------

"""
_SEED_BLOCK = """\
************************* IMPORTANT *************************
NKEY Seed printed below can be used to sign and prove identity.
NKEYs are sensitive and should be treated as secrets.

-----BEGIN USER NKEY SEED-----
{}
------END USER NKEY SEED------

*************************************************************
"""
_COPY = "copy the file whole, with the lines of dashes"
# What no file is called, but what somebody may give in place of a name: creds, a token, a seed.
_CONTENT = regex(r"-----BEGIN|eyJ0eXAi|eyJhbGci|S[ACNOUX][A-Z2-7]{56}").search


class Creds:
    """A user's token and the key that proves it.

    Made by :meth:`create`, :meth:`parse` or :meth:`read`, and always of a verified user token and
    the key pair of its subject. Whether the token has expired is not looked at.

    Two are equal when token and key are. Like a seed, they show in no repr, log, exception or
    pickle: even the token alone lets a bearer in.
    """

    __slots__ = ("_key", "public_key", "token")

    public_key: str
    """The 56 characters of the user's public key: the subject of the token."""
    token: Token[UserClaims]
    """The user's token."""
    _key: KeyPair | None

    def __init__(self) -> None:
        raise UsageError("Creds are made by create(), parse() or read()")

    @classmethod
    def create(cls, token: Token[UserClaims] | str, key: KeyPair | None) -> Self:
        """Join a user's token and key.

        Args:
            token: The token of a user.
            key: The user's key pair. ``None`` will do for a bearer, and for a user without any
                permissions and limits of its own: the scope that gives them may make it a bearer.

        Raises:
            CredsError: The key is not that of the token's subject, or is missing.
            KeyRoleError: The key is not that of a user.
            TokenError, ClaimsError: The token is not that of a user, or is not whole; see
                :func:`natsauth.decode`.
            UsageError: An argument has another type.
        """
        token = decode(token, UserClaims)
        claims = token.claims
        if isinstance(key, KeyPair):
            PublicKey.parse(key.public, expect=KeyType.USER)
            if key.public_key != claims.sub:
                raise CredsError(
                    f"the key {key.public_key} does not prove a token for {claims.sub!r:.80}",
                    hint="use the key pair whose public key is the subject of the token",
                )
        elif key is not None:
            raise UsageError(f"expected a KeyPair or None, got {type(key).__name__}")
        elif not (
            claims.nats.bearer_token or (claims.nats.issuer_account and claims.nats.is_empty())
        ):
            raise CredsError(
                f"the seed of {claims.sub!r:.80} is missing, and the token is not that of a bearer",
                hint="only a user with bearer_token logs in without a seed",
            )
        creds = object.__new__(cls)
        creds.token, creds.public_key, creds._key = token, claims.sub, key
        return creds

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Read the content of a creds file, and verify the token and that the seed fits it.

        Args:
            text: The content, at most 2 MiB, in UTF-8 where it is bytes.

        Raises:
            CredsError: A block is missing or damaged, or token and seed are not those of one user.
                The cause is the error of the token or seed, where it is one of them.
            UsageError: The content is neither text nor bytes.
        """
        blocks = _blocks(_text(text))
        if _JWT not in blocks:
            raise CredsError(
                f"there is no {_JWT} block",
                hint="give the whole content of a creds file; Creds.read() takes the file's name",
            )
        if next(iter(blocks)) != _JWT:
            raise CredsError("the seed stands before the token", hint="clients expect it after")
        try:
            seed = blocks.get(_SEED)
            key = None if seed is None else KeyPair.from_seed(seed, expect=KeyType.USER)
            return cls.create(blocks[_JWT], key)
        except (TokenError, ClaimsError, KeyTextError, KeyRoleError) as error:
            raise CredsError(str(error.args[0]), hint=error.hint) from error

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a creds file; see :meth:`parse`.

        Raises:
            FileError: The file cannot be read, is larger than 2 MiB, or no regular file.
            CredsError: It holds no usable creds, or its content was given in place of its name.
            UsageError: The path is neither text nor a path.
        """
        _check_name(path)
        data = read_file(path, limit=MAX_BYTES)
        try:
            return cls.parse(data)
        except CredsError as error:
            message = f"{str(path)!r}: {error.args[0]}"
            raise CredsError(message, hint=error.hint) from error.__cause__

    def format(self) -> str:
        """Return the content of a creds file, byte for byte as Go writes it.

        Without a key it is the token's block alone.

        Raises:
            SecretError: The key pair was wiped.
        """
        text = _JWT_BLOCK.format(self.jwt)
        return text if self._key is None else text + _SEED_BLOCK.format(self._key.reveal_seed())

    def write(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a creds file that only its owner can read, whole or not at all.

        Args:
            path: Where, in a directory that exists.
            overwrite: Whether a file, or symbolic link, of that name is replaced.

        Raises:
            CredsError: What belongs into the file was given in place of its name.
            FileError: The file cannot be written, or exists; nothing is left behind.
            SecretError: The key pair was wiped.
            UsageError: The path is neither text nor a path.
        """
        _check_name(path)
        write_file(path, self.format().encode(), overwrite=overwrite)

    @property
    def jwt(self) -> str:
        """The text of the token. That of a bearer is a secret."""
        return self.token.encoded

    def sign(self, nonce: bytes) -> bytes:
        """Return the 64 bytes of the signature over a server's nonce.

        natsio takes them as they are:
        ``CallbackAuth(jwt_callback=lambda: creds.jwt, signature_callback=creds.sign)``.

        Raises:
            SecretError: There is no key, or it was wiped.
            UsageError: The nonce is not bytes.
        """
        return self._need_key().sign(nonce)

    def reveal_seed(self) -> str:
        """Return the seed, for the one place that keeps it.

        Raises:
            SecretError: There is no key, or it was wiped.
        """
        return self._need_key().reveal_seed()

    def nats_py(self) -> dict[str, Any]:
        """Return the options with which nats-py connects: ``nats.connect(url, **creds.nats_py())``.

        No file is involved, and a bearer needs no seed. nats-core takes the same two callables,
        as ``jwt=tuple(creds.nats_py().values())``.

        Returns:
            ``user_jwt_cb``, which gives the token, and ``signature_cb``, which signs the server's
            nonce (base64url without padding; empty without a key).
        """
        return {"user_jwt_cb": self.jwt.encode, "signature_cb": self._signature}

    def _signature(self, nonce: str) -> bytes:
        return b"" if self._key is None else _base64.encode(self._key.sign(nonce.encode()))

    def _need_key(self) -> KeyPair:
        if self._key is None:
            raise SecretError(f"the creds of {self.public_key!r:.80} hold no seed")
        return self._key

    def __repr__(self) -> str:
        """Name the user; neither seed nor token is shown."""
        return f"<Creds {self.public_key!r:.80}{'' if self._key else ' without seed'}>"

    def __eq__(self, other: object) -> bool:
        """Tell whether token and key are the same."""
        if not isinstance(other, Creds):
            return NotImplemented
        return (self.token, self._key) == (other.token, other._key)

    def __hash__(self) -> int:
        """Hash as the token does."""
        return hash(self.token)

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        """Refuse pickling and copying: a seed leaves only where it is asked for."""
        raise SecretError(
            "creds are neither pickled nor copied",
            hint="pass the object itself, or format() to a place that keeps secrets",
        )


def _text(content: str | bytes) -> str:
    if not isinstance(content, str | bytes):
        raise UsageError(
            f"expected the content of a creds file, got {type(content).__name__}",
            hint="Creds.read() takes the file's name",
        )
    if len(content) > MAX_BYTES:
        raise CredsError(f"creds have at most {MAX_BYTES} bytes, got {len(content)}")
    try:
        text = content if isinstance(content, str) else content.decode()
    except UnicodeDecodeError:
        raise CredsError("creds are text in UTF-8, and this is not", hint="save it so") from None
    return text.removeprefix("\N{BYTE ORDER MARK}")


def _blocks(text: str) -> dict[str, str]:
    """Return the one line of each block by the block's name, in the order of the text."""
    lines = [line for line in map(str.strip, text.split("\n")) if line]
    marks = [(*mark, row) for row, line in enumerate(lines) if (mark := _mark(line))]
    blocks: dict[str, str] = {}
    for (verb, name, first), (end, closed, last) in zip_longest(
        marks[::2], marks[1::2], fillvalue=("", "", 0)
    ):
        if verb != "BEGIN":
            raise CredsError(f"the {name} block has no BEGIN line", hint=_COPY)
        if (end, closed) != ("END", name):
            raise CredsError(f"the {name} block has no END line", hint=_COPY)
        if name in blocks:
            raise CredsError(f"there are two {name} blocks", hint="keep one user in a file")
        content = lines[first + 1 : last]
        if len(content) != 1:
            raise CredsError(f"the {name} block has {len(content)} lines, expected one")
        blocks[name] = content[0]
    return blocks


def _mark(line: str) -> tuple[str, str] | None:
    """Return verb and name of a BEGIN or END line; Go too asks for three dashes or more."""
    if not (line.startswith("---") and line.endswith("---")):
        return None
    verb, _, name = line.strip("-").strip().partition(" ")
    if verb not in ("BEGIN", "END"):
        return None
    if name not in (_JWT, _SEED):
        # The name is not repeated: in a damaged file it may be anything.
        raise CredsError(
            f"a creds file has the blocks {_JWT} and {_SEED}, and this one another",
            hint="the token and seed of an operator or account are no user's",
        )
    return verb, name


def _check_name(path: object) -> None:
    """Refuse content in place of a name: an error about the file would print it."""
    if _CONTENT(str(path)):
        raise CredsError(
            "expected the name of a creds file, got what belongs into one",
            hint="Creds.parse() takes the content",
        )
