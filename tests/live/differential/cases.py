"""What is asked of a server and of natsauth.policy alike: a connection, and what it does.

A case is JSON, so that one that was found can be kept. In it ``"$USER"`` and the like stand for
public keys, ``{"rel": seconds}`` for that long after the moment of the connection, and
``{"clock": seconds}`` for the time of the day in UTC then.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from natsauth.claims import AccountClaims, Operator, OperatorClaims
from natsauth.claims.permissions import UNLIMITED
from natsauth.keys import KeyPair, KeyType
from natsauth.token import encode

if TYPE_CHECKING:
    from typing import Self

    from natsauth.token import Token

Json = dict[str, Any]

OPEN = {"imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1} | UNLIMITED
EVERYTHING = {name: {"allow": [">"]} for name in ("pub", "sub")}
"""Permissions that no account's defaults replace."""
_HEADER = {"typ": "JWT", "alg": "ed25519-nkey"}


@dataclass(frozen=True)
class Case:
    """One connection.

    Attributes:
        user: Claims of the user; :meth:`Keys.mint` fills in what every token needs.
        signer: Who signs the user; or the text that the client sends as its token.
        account: Claims of the account, or ``None`` if the resolver has none.
        account_signer: Who signs the account.
        strict: Whether the operator wants its signing keys used.
        connect: How the client connects: ``signed`` ("good", "bad" or "missing"), ``address``.
        steps: What happens then: the client ``publish``es (``subject``, perhaps ``reply``),
            ``subscribe``s and ``unsubscribe``s (perhaps ``queue``); something is ``incoming`` from
            another client; or all ``wait`` for some ``ms``.
    """

    user: Json = field(default_factory=dict)
    signer: str = "$ACCOUNT"
    account: Json | None = field(default_factory=dict)
    account_signer: str = "$OPERATOR_SIGNING"
    strict: bool = False
    connect: Json = field(default_factory=dict)
    steps: list[Json] = field(default_factory=list)

    def as_json(self) -> Json:
        """Return what differs from the case of a user that may do everything."""
        usual = Case()
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in values.items() if value != getattr(usual, name)}

    @classmethod
    def of_permissions(cls, permissions: Json, *steps: Json) -> Self:
        """Return the case of a user with some permissions."""
        return cls({"nats": permissions}, steps=list(steps))


class Minted(NamedTuple):
    """A case with keys and times in their places.

    Attributes:
        case: The case.
        at: The moment, in whole seconds.
        user: What the client sends as its token.
        account_key: The account's key.
        account: The account's token, or ``None``.
        observer: The token of somebody of the account who may do everything.
        steps: The case's steps.
    """

    case: Case
    at: int
    user: str
    account_key: str
    account: str | None
    observer: str
    steps: list[Json]


class Keys:
    """Operators, accounts and users by their names in cases."""

    def __init__(self) -> None:
        names = {
            KeyType.OPERATOR: ("OPERATOR", "OPERATOR_SIGNING", "STRANGE_OPERATOR"),
            KeyType.ACCOUNT: ("ACCOUNT", "PLAIN", "SCOPED", "STRANGER", "SYSTEM"),
            KeyType.USER: ("USER", "OBSERVER"),
        }
        free = {f"${n}": KeyPair.generate(role) for role in names for n in names[role]}
        strict = {name: KeyPair.generate(KeyType.OPERATOR) for name in [*free][:2]}
        self._pairs = {False: free, True: free | strict}
        self.operators: list[Token[OperatorClaims]] = [self._operator(s) for s in self._pairs]
        system = AccountClaims(sub=self.pair("$SYSTEM").public_key)
        self.system_account = encode(system, self.pair("$OPERATOR_SIGNING"))

    def pair(self, name: str, *, strict: bool = False) -> KeyPair:
        """Return a key, of two operators the strict one's or the other's."""
        return self._pairs[strict][name]

    def mint(self, case: Case, at: int) -> Minted:
        """Mint the tokens of a case, whose account gets a new key."""
        account = KeyPair.generate(KeyType.ACCOUNT)
        for pairs in self._pairs.values():
            pairs["$ACCOUNT"] = account
        observer = replace(case, user={"sub": "$OBSERVER", "nats": EVERYTHING}, signer="$PLAIN")
        return Minted(
            case,
            at,
            self._user(case, at),
            self.pair("$ACCOUNT").public_key,
            self._account(case, at),
            self._user(observer if case.strict else replace(observer, signer="$ACCOUNT"), at),
            self.in_place(case.steps, case, at),
        )

    def by_name(self, value: Any, case: Case) -> Any:
        """Put names in the place of keys again."""
        text = json.dumps(value)
        for name, pair in self._pairs[case.strict].items():
            text = text.replace(pair.public_key, name)
        return json.loads(text)

    def _user(self, case: Case, at: int) -> str:
        if case.signer not in self._pairs[False]:
            return case.signer
        nats: Json = {"type": "user", "version": 2}
        if case.signer != "$SCOPED":
            nats |= UNLIMITED
        if case.signer != "$ACCOUNT":
            nats["issuer_account"] = "$ACCOUNT"
        claims = {"sub": "$USER", "name": "u"} | case.user
        claims["nats"] = nats | case.user.get("nats", {})
        return self._token(claims, case.signer, case, at)

    def _account(self, case: Case, at: int) -> str | None:
        if case.account is None:
            return None
        nats = {"type": "account", "version": 2, "limits": OPEN}
        claims = {"sub": "$ACCOUNT", "name": "A"} | case.account
        claims["nats"] = nats | case.account.get("nats", {})
        return self._token(claims, case.account_signer, case, at)

    def _token(self, claims: Json, signer: str, case: Case, at: int) -> str:
        document = self.in_place({"iss": signer, "iat": at} | claims, case, at)
        signed = ".".join(base64url(json.dumps(part).encode()) for part in (_HEADER, document))
        return f"{signed}.{base64url(self.pair(signer, strict=case.strict).sign(signed.encode()))}"

    def in_place(self, value: Any, case: Case, at: int) -> Any:
        """Put keys and moments in the place of their names."""
        text = json.dumps(value)
        # The longest first, for one name begins another one.
        for name in sorted(self._pairs[False], key=len, reverse=True):
            text = text.replace(name, self.pair(name, strict=case.strict).public_key)
        return json.loads(text, object_hook=lambda item: _moment(item, at))

    def _operator(self, strict: bool) -> Token[OperatorClaims]:  # noqa: FBT001
        body = Operator(
            signing_keys=[self.pair("$OPERATOR_SIGNING", strict=strict).public_key],
            strict_signing_key_usage=strict,
            system_account=self.pair("$SYSTEM").public_key,
        )
        identity = self.pair("$OPERATOR", strict=strict)
        return encode(OperatorClaims(sub=identity.public_key, nats=body), identity)


def base64url(data: bytes) -> str:
    """Encode as tokens and signatures do."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _moment(item: Json, at: int) -> Any:
    match item:
        case {"rel": seconds}:
            return at + seconds
        case {"clock": seconds}:
            return f"{datetime.fromtimestamp(at + seconds, UTC):%H:%M:%S}"
    return item
