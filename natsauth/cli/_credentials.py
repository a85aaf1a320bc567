"""What somebody connects with: a creds file or a bare token, whatever is wrong with it."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from natsauth import _base64
from natsauth._files import read_file
from natsauth._redact import without_seeds
from natsauth.cli._tokens import token_in
from natsauth.creds import MAX_BYTES
from natsauth.errors import (
    CredsError,
    KeyTextError,
    MalformedTokenError,
    NatsAuthError,
    SecretError,
)
from natsauth.keys import KeyPair

if TYPE_CHECKING:
    from collections.abc import Mapping

_BLOCK = re.compile(r"-{3,} ?BEGIN ([A-Z ]*?) ?-{3,}[ \t]*\r?\n(.*?)\r?\n\s*-{3,} ?END ", re.DOTALL)
DAMAGED = "the seed in the creds is damaged"
_JWT, _SEED = "NATS USER JWT", "USER NKEY SEED"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client would show to a server.

    Attributes:
        token: What it sends as its JWT; anything may stand in it.
        key: What it signs the nonce with, or ``None``.
        problem: What is wrong with the seed, or an empty string.
        is_bare: Whether there is a token alone, so that the seed may be elsewhere.
        file: The name of the creds file, or an empty string.
    """

    token: str
    key: KeyPair | None
    problem: str
    is_bare: bool
    file: str = ""

    def nats_py(self) -> Mapping[str, Any]:
        """Return the options with which nats-py connects, as those of :class:`natsauth.Creds`."""
        return {"user_jwt_cb": self.token.encode, "signature_cb": self._sign}

    def _sign(self, nonce: str) -> bytes:
        return b"" if self.key is None else _base64.encode(self.key.sign(nonce.encode()))


def read_source(source: str) -> str:
    """Return a token that is given itself, or what is in the file of that name; ``-`` is input.

    Raises:
        FileError: The file cannot be read, or is too large.
    """
    if source.startswith("eyJ"):
        return source
    if source == "-":
        if sys.stdin is None:
            raise NatsAuthError("standard input is closed")
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        data = read_file(source, limit=MAX_BYTES)
    return data.decode("utf-8", "replace")


def read_credentials(source: str) -> Credentials:
    """Read what somebody connects with.

    Raises:
        FileError: The file cannot be read.
        MalformedTokenError: It holds no token at all.
        CredsError: There is a seed in the place of the token.
    """
    text = read_source(source)
    blocks = {name: content.strip() for name, content in _BLOCK.findall(text)}
    file = "" if source == "-" or source.startswith("eyJ") else source
    if _JWT not in blocks:
        try:
            return Credentials(token_in(text), None, "", is_bare=True)
        except MalformedTokenError as error:
            raise _no_token(text, repr(file) if file else "standard input", error.hint) from None
    if without_seeds(blocks[_JWT]) != blocks[_JWT]:  # or it would be sent to the server
        raise CredsError(
            "where the creds have their token there is a seed",
            hint="the token stands in the first block, the seed in the second",
        )
    key, problem = None, ""
    if _SEED not in blocks:
        problem = "there is no seed in the creds"
    else:
        try:
            key = KeyPair.from_seed(blocks[_SEED])
        except (KeyTextError, SecretError) as error:
            problem = f"{DAMAGED}: {error.args[0]}"
    return Credentials(blocks[_JWT], key, problem, is_bare=False, file=file)


def _no_token(text: str, where: str, hint: str) -> MalformedTokenError:
    """Return the error about what holds no token."""
    if not text.strip():
        return MalformedTokenError(
            f"{where} is empty", hint="a creds file holds a token and a seed"
        )
    if f"BEGIN {_JWT}" in text:
        hint = "the END line of the token is missing: copy the file once more, as a whole"
        return MalformedTokenError(f"{where} holds no token: it is cut off", hint=hint)
    return MalformedTokenError(f"{where} holds no token", hint=hint)
