"""Servers with resolvers in this process: they take questions as nats-py does, and answer at once.

What real servers say is for the tests in tests/live; here is what comes of answers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from natsauth.claims import Account, AccountClaims, Operator, OperatorClaims
from natsauth.keys import KeyPair, KeyType
from natsauth.resolver._answers import Roster
from natsauth.resolver._protocol import DELETE, LIST, PACK, PING
from natsauth.resolver._questions import Questions
from natsauth.resolver._session import Session
from natsauth.token import Token, decode, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

IDENTITY, SIGNING = (KeyPair.generate(KeyType.OPERATOR) for _ in range(2))
SYSTEM = KeyPair.generate(KeyType.ACCOUNT).public_key
_BODY = Operator(signing_keys=[SIGNING.public_key], system_account=SYSTEM)
OPERATOR = OperatorClaims(sub=IDENTITY.public_key, nats=_BODY)
NOW = 1_700_000_000


def account(name: str, *, iat: int = NOW, signer: KeyPair = SIGNING, **body: Any) -> Token[Any]:
    """Return an account with a new key."""
    key = KeyPair.generate(KeyType.ACCOUNT).public_key
    return encode(AccountClaims(sub=key, name=name, nats=Account(**body)), signer, now=iat)


def again(token: Token[Any], *, iat: int, signer: KeyPair = SIGNING) -> Token[Any]:
    """Return another token of an account."""
    return encode(AccountClaims(sub=token.claims.sub, name=token.claims.name), signer, now=iat)


@dataclass
class _Message:
    subject: str
    data: bytes
    headers: Mapping[str, str] | None = None


class Resolvers:
    """Servers, each with the accounts that it has.

    Args:
        servers: The tokens of each, by its name; ``None`` for one that never answers.

    Attributes:
        accounts: The same by the public key of each account.
        asked: The subjects of the questions, in their order.
    """

    def __init__(self, **servers: list[Token[Any]] | None) -> None:
        self.accounts = {
            name: None if tokens is None else {t.claims.sub: t.encoded.encode() for t in tokens}
            for name, tokens in servers.items()
        }
        self.asked: list[str] = []
        self._questions = Questions(self, "_INBOX.x.*")

    def session(self, *, max_payload: int = 1 << 20) -> Session:
        """Return a session in which all of them are to answer."""
        roster = Roster({f"N{name}": name for name in self.accounts}, len(self.accounts))
        return Session(self._questions, OPERATOR, SYSTEM, max_payload, 0.05, roster)

    async def publish(self, subject: str, payload: bytes, reply: str) -> None:
        """Take a question, and answer it."""
        self.asked.append(subject)
        answered = False
        for name, accounts in self.accounts.items():
            if accounts is None or (subject == PACK and answered):
                continue
            answered = True
            for data in self._answers(name, accounts, subject, payload):
                await self._questions.on_message(_Message(reply, data))
        if not self.accounts:
            await self._questions.on_message(_Message(reply, b"", {"Status": "503"}))

    def has(self, name: str) -> list[str]:
        """Return the public keys of the accounts that a server has."""
        return [*(self.accounts[name] or {})]

    def _answers(
        self, name: str, accounts: dict[str, bytes], subject: str, payload: bytes
    ) -> list[bytes]:
        if subject == PACK:
            return [*(f"{key}|".encode() + text for key, text in accounts.items()), b""]
        if subject.endswith(".CLAIMS.LOOKUP"):
            return [accounts.get(subject.split(".")[3], b"")]
        said: dict[str, Any] = {"server": {"name": name, "id": f"N{name}"}, "data": {}}
        if subject == PING:
            said["statsz"] = {"active_servers": len(self.accounts)}
        elif subject == LIST:
            said["data"] = [*accounts]
        elif subject.endswith(".CLAIMS.UPDATE"):
            accounts[decode(payload, AccountClaims).claims.sub] = payload
            said["data"] = {"code": 200, "message": "jwt updated"}
        elif subject == DELETE:
            named = decode(payload).claims.to_dict()["nats"]["accounts"]
            gone = [accounts.pop(key) for key in named if key in accounts]
            said["data"] = {"code": 200, "message": f"deleted {len(gone)} accounts"}
        return [json.dumps(said).encode()]
