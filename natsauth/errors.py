"""Every error natsauth raises, as one tree.

::

    NatsAuthError
    ├── UsageError            (TypeError)    an argument of the wrong Python type
    ├── KeyTextError          (ValueError)   text that is no nkey: alphabet, checksum, length
    ├── KeyRoleError          (ValueError)   a good key of the wrong role
    ├── SecretError           (ValueError)   the secret half is missing, wiped or must not be copied
    ├── SealError             (ValueError)   a sealed message that cannot be made or opened
    ├── TokenError            (ValueError)
    │   ├── TokenTooLargeError               more than 1 MiB
    │   ├── MalformedTokenError              not three chunks of base64url JSON
    │   ├── UnsupportedTokenError            header, version or kind that is not read
    │   ├── SignatureError                   the signature does not verify
    │   ├── IssuerError                      an issuer whose role may not sign this kind
    │   └── ClaimTypeError                   a good token of another kind than asked for
    ├── ClaimsError           (ValueError)   a document that does not fit the claim's fields
    ├── ValidationError       (ValueError)   claims with blocking findings
    ├── TrustError            (ValueError)   a chain operator → account → user that does not hold
    ├── CredsError            (ValueError)   text that is no creds file
    ├── ConfigError           (ValueError)   a configuration the server would refuse
    ├── FileError             (OSError)      a file that cannot be read or written
    ├── StoreError
    │   ├── NotFoundError     (KeyError)     no entry, seed or creds of that name
    │   ├── ExistsError       (ValueError)   a name or key that is taken
    │   ├── StoreNameError    (ValueError)   a name that cannot be kept
    │   ├── StoreDataError    (ValueError)   an entry that cannot be read: corrupt, foreign, too old
    │   └── ConflictError                    somebody else changed the entry in the meantime
    ├── LockoutError          (ValueError)   a change that would lock people out
    └── ResolverError
        ├── ResolverConnectionError (ConnectionError)  no connection to the server
        └── ResolverTimeoutError    (TimeoutError)     no answer in time

An error has a stable :attr:`~NatsAuthError.code` for programs, a message that names the bad value
(never a secret) and what was expected, and, where there is a likely cure, a
:attr:`~NatsAuthError.hint`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from natsauth._redact import without_seeds

if TYPE_CHECKING:
    from collections.abc import Iterable


class ErrorCode(StrEnum):
    """The stable name of each kind of error."""

    ERROR = "error"
    USAGE = "usage"
    KEY_TEXT = "key_text"
    KEY_ROLE = "key_role"
    SECRET = "secret"  # noqa: S105 - a name, not a secret
    SEAL = "seal"
    TOKEN = "token"  # noqa: S105 - a name, not a secret
    TOKEN_TOO_LARGE = "token_too_large"  # noqa: S105 - a name, not a secret
    TOKEN_MALFORMED = "token_malformed"  # noqa: S105 - a name, not a secret
    TOKEN_UNSUPPORTED = "token_unsupported"  # noqa: S105 - a name, not a secret
    SIGNATURE = "signature"
    ISSUER = "issuer"
    CLAIM_TYPE = "claim_type"
    CLAIMS = "claims"
    VALIDATION = "validation"
    TRUST = "trust"
    CREDS = "creds"
    CONFIG = "config"
    FILE = "file"
    STORE = "store"
    NOT_FOUND = "not_found"
    EXISTS = "exists"
    STORE_NAME = "store_name"
    STORE_DATA = "store_data"
    CONFLICT = "conflict"
    LOCKOUT = "lockout"
    RESOLVER = "resolver"
    RESOLVER_CONNECTION = "resolver_connection"
    RESOLVER_TIMEOUT = "resolver_timeout"


class NatsAuthError(Exception):
    """Base of every error of natsauth.

    Attributes:
        code: The stable name of this kind of error.
        hint: The likely cure, or an empty string.
    """

    code: ClassVar[ErrorCode] = ErrorCode.ERROR
    hint: str

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(without_seeds(message))
        self.hint = without_seeds(hint)

    def __str__(self) -> str:
        """Return the message, with the hint where there is one."""
        message = str(self.args[0]) if self.args else ""
        return f"{message} (hint: {self.hint})" if self.hint else message


class UsageError(NatsAuthError, TypeError):
    """An argument has a Python type that the function cannot use."""

    code = ErrorCode.USAGE


class KeyTextError(NatsAuthError, ValueError):
    """The text is not a well-formed nkey."""

    code = ErrorCode.KEY_TEXT


class KeyRoleError(NatsAuthError, ValueError):
    """The key is well-formed, but its role does not fit its use."""

    code = ErrorCode.KEY_ROLE


class SecretError(NatsAuthError, ValueError):
    """A secret is needed but missing or wiped, or would be copied where it must not go."""

    code = ErrorCode.SECRET


class SealError(NatsAuthError, ValueError):
    """A message cannot be sealed or opened."""

    code = ErrorCode.SEAL


class TokenError(NatsAuthError, ValueError):
    """Base of the errors about an encoded token."""

    code = ErrorCode.TOKEN


class TokenTooLargeError(TokenError):
    """The token is longer than 1 MiB."""

    code = ErrorCode.TOKEN_TOO_LARGE


class MalformedTokenError(TokenError):
    """The text is not three chunks of canonical base64url around strict JSON."""

    code = ErrorCode.TOKEN_MALFORMED


class UnsupportedTokenError(TokenError):
    """The header, the version or the kind of the token is not one that is read."""

    code = ErrorCode.TOKEN_UNSUPPORTED


class SignatureError(TokenError):
    """The signature does not verify with the key the token names as its issuer."""

    code = ErrorCode.SIGNATURE


class IssuerError(TokenError):
    """The role of the issuer may not sign claims of this kind."""

    code = ErrorCode.ISSUER


class ClaimTypeError(TokenError):
    """The token is good, but of another kind than the caller asked for."""

    code = ErrorCode.CLAIM_TYPE


class Problem(NamedTuple):
    """One thing wrong in a document: where, and what."""

    path: str
    message: str

    def __str__(self) -> str:
        """Return ``path: message``."""
        return f"{self.path}: {self.message}"


class ClaimsError(NatsAuthError, ValueError):
    """A document or draft does not fit the fields of its claims.

    Attributes:
        problems: Everything that is wrong, in the order of the document.
    """

    code = ErrorCode.CLAIMS
    problems: tuple[Problem, ...]

    def __init__(self, problems: Iterable[Problem], *, hint: str = "") -> None:
        self.problems = tuple(Problem(*map(without_seeds, problem)) for problem in problems)
        super().__init__("; ".join(map(str, self.problems)), hint=hint)

    def __reduce__(self) -> tuple[Any, ...]:
        """Survive the way between processes with the problems as they are."""
        return type(self), (self.problems,), {"hint": self.hint}


class ValidationError(NatsAuthError, ValueError):
    """The claims have findings that block their use."""

    code = ErrorCode.VALIDATION


class TrustError(NatsAuthError, ValueError):
    """The chain from operator over account to user does not hold."""

    code = ErrorCode.TRUST


class CredsError(NatsAuthError, ValueError):
    """The text is not a usable creds file."""

    code = ErrorCode.CREDS


class ConfigError(NatsAuthError, ValueError):
    """The server would refuse this configuration."""

    code = ErrorCode.CONFIG


class FileError(NatsAuthError, OSError):
    """A file cannot be read or written; nothing half-written is left behind."""

    code = ErrorCode.FILE


class StoreError(NatsAuthError):
    """Base of the errors about what a store keeps."""

    code = ErrorCode.STORE


class NotFoundError(StoreError, KeyError):
    """The store has no entry, seed or creds of that name."""

    code = ErrorCode.NOT_FOUND


class ExistsError(StoreError, ValueError):
    """The name or the key is taken."""

    code = ErrorCode.EXISTS


class StoreNameError(StoreError, ValueError):
    """The name is not one that a store can keep."""

    code = ErrorCode.STORE_NAME


class StoreDataError(StoreError, ValueError):
    """An entry of the store cannot be read: it is corrupt, foreign or too old."""

    code = ErrorCode.STORE_DATA


class ConflictError(StoreError):
    """Somebody else changed the entry since it was read; nothing was written."""

    code = ErrorCode.CONFLICT


class LockoutError(NatsAuthError, ValueError):
    """The change would lock people out; nothing was written."""

    code = ErrorCode.LOCKOUT


class ResolverError(NatsAuthError):
    """Base of the errors of talking to a server's resolver."""

    code = ErrorCode.RESOLVER


class ResolverConnectionError(ResolverError, ConnectionError):
    """No connection to the server, or it refused the system user."""

    code = ErrorCode.RESOLVER_CONNECTION


class ResolverTimeoutError(ResolverError, TimeoutError):
    """No server answered in time."""

    code = ErrorCode.RESOLVER_TIMEOUT
