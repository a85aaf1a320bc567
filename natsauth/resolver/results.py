"""What the servers of a cluster answered, each for itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from natsauth.errors import ResolverError, ResolverTimeoutError

_TAKES_PUSHES = "only servers with a resolver of type full or cache answer"


class PushReason(StrEnum):
    """The stable name of each reason for which a push has not reached every server."""

    REFUSED = "refused"
    """A server answered with an error, or with what is no answer."""
    NO_RESPONDERS = "no_responders"
    """No server has a resolver that takes pushes."""
    MISSING = "missing"
    """A server did not answer in time."""


@dataclass(frozen=True, slots=True)
class ServerReply:
    """The answer of one server to a push.

    Attributes:
        server_name: The server's name, or an empty string where the answer has none.
        server_id: The server's public key, which is a new one after each start; or empty.
        ok: Whether the server took the account.
        code: 200 or 500, or 0 where the answer has none.
        message: The server's words. ``jwt update cache skipped`` of a cache means that it will ask
            for the account once it needs it.
    """

    server_name: str
    server_id: str
    ok: bool
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class PushResult:
    """What became of one pushed account: true if every server took it.

    Attributes:
        account: The account's public key.
        name: Its name.
        replies: The answers, in the order of the servers' names.
        missing: The names of the servers that are known to be there and did not answer.
        no_responders: Whether the server said that there is nobody to answer.
    """

    account: str
    name: str
    replies: tuple[ServerReply, ...]
    missing: tuple[str, ...] = ()
    no_responders: bool = False

    def __bool__(self) -> bool:
        """Tell whether a server answered, all answers are good, and no server is missing."""
        return self.reason is None

    @property
    def reason(self) -> PushReason | None:
        """Why not every server took the account, or ``None``; a refusal comes first."""
        if not all(reply.ok for reply in self.replies):
            return PushReason.REFUSED
        if self.no_responders:
            return PushReason.NO_RESPONDERS
        return PushReason.MISSING if self.missing or not self.replies else None

    def raise_for_errors(self) -> None:
        """Do nothing if every server took the account.

        Raises:
            ResolverTimeoutError: A server did not answer, and none refused.
            ResolverError: A server refused the account, or none takes pushes; all is named.
        """
        if self:
            return
        text = f"account {self.account} ({self.name!r:.80}) was not taken by every server: "
        if self.no_responders:
            raise ResolverError(f"{text}none takes pushes", hint=_TAKES_PUSHES)
        problems = [f"{r.server_name} says {r.message!r}" for r in self.replies if not r.ok]
        if self.missing or not problems:
            problems.append(f"no answer from {', '.join(self.missing) or 'any'}")
        text += "; ".join(problems)
        if self.reason is PushReason.MISSING:
            raise ResolverTimeoutError(text, hint=_TAKES_PUSHES)
        raise ResolverError(text)


@dataclass(frozen=True, slots=True)
class ServerAccounts:
    """The accounts that the resolver of one server has.

    Attributes:
        server_name: The server's name.
        server_id: The server's public key, which is a new one after each start.
        accounts: Public keys of the accounts; expired ones are left out.
    """

    server_name: str
    server_id: str
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountListing:
    """The accounts that each server has.

    Attributes:
        servers: A list for each server, in the order of their names.
        missing: The names of the servers that are known to be there and did not answer.
    """

    servers: tuple[ServerAccounts, ...]
    missing: tuple[str, ...]
