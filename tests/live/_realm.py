"""An operator with its accounts, and servers that trust it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest_asyncio

from natsauth.claims import (
    Account,
    AccountClaims,
    Operator,
    OperatorClaims,
    User,
    UserClaims,
)
from natsauth.creds import Creds
from natsauth.keys import KeyPair, KeyType
from natsauth.resolver import ResolverClient
from natsauth.testing._cluster import trust
from natsauth.token import Token, encode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

FULL = "{ type: full, dir: './jwt', timeout: '50ms' }"


@pytest_asyncio.fixture(autouse=True)
async def nothing_is_left() -> AsyncIterator[None]:
    """Find tasks and sockets that a test leaves behind, where a module has this as a name."""
    before = sockets()
    yield
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert sockets() == before


def sockets() -> list[Path]:
    """Return the open sockets of this process."""
    return sorted(file for file in Path("/dev/fd").iterdir() if file.is_socket())


def key(role: KeyType) -> KeyPair:
    return KeyPair.generate(role)


def user(account: KeyPair, **body: Any) -> Creds:
    """Return the creds of a new user, unlimited unless told otherwise."""
    who = key(KeyType.USER)
    return Creds.create(encode(UserClaims(sub=who.public_key, nats=User(**body)), account), who)


@dataclass
class Realm:
    """The keys and tokens of an operator and its system account."""

    strict: bool = True
    identity: KeyPair = field(default_factory=lambda: key(KeyType.OPERATOR))
    signing: KeyPair = field(default_factory=lambda: key(KeyType.OPERATOR))
    system: KeyPair = field(default_factory=lambda: key(KeyType.ACCOUNT))
    system_signing: KeyPair = field(default_factory=lambda: key(KeyType.ACCOUNT))

    def __post_init__(self) -> None:
        body = Operator(
            signing_keys=[self.signing.public_key],
            strict_signing_key_usage=self.strict,
            system_account=self.system.public_key,
        )
        self.operator = encode(
            OperatorClaims(sub=self.identity.public_key, nats=body), self.identity
        )
        self.system_account = self.account(
            self.system, "SYS", signing_keys=[self.system_signing.public_key]
        )

    def account(
        self, owner: KeyPair, name: str = "", *, signer: KeyPair | None = None, **body: Any
    ) -> Token[AccountClaims]:
        claims = AccountClaims(sub=owner.public_key, name=name, nats=Account(**body))
        return encode(claims, signer or self.signing)

    def new_account(self, name: str = "", **body: Any) -> Token[AccountClaims]:
        return self.account(key(KeyType.ACCOUNT), name, **body)

    def system_user(self, **body: Any) -> Creds:
        return user(self.system_signing, issuer_account=self.system.public_key, **body)

    def config(self, resolver: str = FULL, more: str = "") -> str:
        """Return the configuration of a server."""
        return trust(self.operator, self.system_account, resolver, more)

    def connect(
        self, servers: str | list[str] | None, **options: Any
    ) -> AbstractAsyncContextManager[ResolverClient]:
        """Connect with a temporary user, or with the creds that are given."""
        if "creds" not in options:
            options = {
                "system_account": self.system_account,
                "signer": self.system_signing,
                **options,
            }
        return ResolverClient.connect(servers, self.operator, **options)
