"""What the servers of a cluster have, and how that compares with what they ought to have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from natsauth.claims.account import AccountClaims
    from natsauth.token import Token


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
    """The accounts that each server has: true if every server answered.

    Attributes:
        servers: A list for each server, in the order of their names.
        missing: The names of the servers that are known to be there and did not answer.
    """

    servers: tuple[ServerAccounts, ...]
    missing: tuple[str, ...]

    def __bool__(self) -> bool:
        """Tell whether every server answered."""
        return not self.missing

    @property
    def accounts(self) -> frozenset[str]:
        """The public keys of the accounts that any server has."""
        return frozenset(account for server in self.servers for account in server.accounts)


@dataclass(frozen=True, slots=True)
class RejectedAccount:
    """What a server gave as an account, and is none that its operator has signed.

    Attributes:
        account: The public key under which it came; an empty string where that is none.
        problem: What is wrong with it.
    """

    account: str
    problem: str


@dataclass(frozen=True, slots=True)
class PullResult:
    """The accounts that servers gave: true if all that was asked for came, and was good.

    Attributes:
        accounts: The accounts. Each is signed by a key of the operator that the servers trust;
            its time may have passed, or be still to come.
        rejected: What is not to be trusted.
        unknown: Public keys of accounts that were asked for and that no server has.
    """

    accounts: tuple[Token[AccountClaims], ...]
    rejected: tuple[RejectedAccount, ...] = ()
    unknown: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether all that was asked for came, and was good."""
        return not (self.rejected or self.unknown)


@dataclass(frozen=True, slots=True)
class ServerDifference:
    """How the accounts that one server has differ from those that were given.

    Attributes:
        server_name: The server's name.
        server_id: The server's public key, which is a new one after each start.
        absent: Public keys of accounts that were given and that it does not have.
        extra: Public keys of accounts that it has and that were not given.
    """

    server_name: str
    server_id: str
    absent: tuple[str, ...]
    extra: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DifferentAccount:
    """An account of which servers have another token than the one given.

    A server does not say who it is when it gives an account. So which ones differ is known only
    where that are all that have the account.

    Attributes:
        account: The account's public key.
        servers: The names of the servers that have the account.
        count: How many of them have another token.
    """

    account: str
    servers: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class AccountDiff:
    """How the accounts that servers have differ from those that were given: true if in nothing.

    Attributes:
        servers: What each server lacks and has beyond, in the order of their names.
        same: Public keys of the accounts of which all servers that have them gave the very token.
        different: The accounts of which a server has another token.
        untold: Public keys of accounts of which fewer servers gave a token than have one: caches
            give none.
        missing: The names of the servers that are known to be there and did not say what they have.
    """

    servers: tuple[ServerDifference, ...]
    same: tuple[str, ...]
    different: tuple[DifferentAccount, ...]
    untold: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether every server has the very tokens, and no more."""
        return not (
            self.missing
            or self.different
            or self.untold
            or any(server.absent or server.extra for server in self.servers)
        )
