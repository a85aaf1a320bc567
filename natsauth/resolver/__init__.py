"""Pushing accounts to running servers, and asking those what they have."""

from natsauth.resolver._preflight import Checked
from natsauth.resolver.client import ResolverClient
from natsauth.resolver.inventory import (
    AccountDiff,
    AccountListing,
    DifferentAccount,
    PullResult,
    RejectedAccount,
    ServerAccounts,
    ServerDifference,
)
from natsauth.resolver.results import (
    DeleteResult,
    PruneResult,
    PushEffect,
    PushReason,
    PushResult,
    ServerReply,
)

__all__ = [
    "AccountDiff",
    "AccountListing",
    "Checked",
    "DeleteResult",
    "DifferentAccount",
    "PruneResult",
    "PullResult",
    "PushEffect",
    "PushReason",
    "PushResult",
    "RejectedAccount",
    "ResolverClient",
    "ServerAccounts",
    "ServerDifference",
    "ServerReply",
]
