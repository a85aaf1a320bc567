"""Pushing accounts to running servers, and asking those what they have."""

from natsauth.resolver.client import ResolverClient
from natsauth.resolver.results import (
    AccountListing,
    PushReason,
    PushResult,
    ServerAccounts,
    ServerReply,
)

__all__ = [
    "AccountListing",
    "PushReason",
    "PushResult",
    "ResolverClient",
    "ServerAccounts",
    "ServerReply",
]
