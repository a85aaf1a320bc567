"""Connections as tests write them down: what differs from a user that everybody takes.

A case has the form of the records in vectors/connect.json; every member may be missing::

    {"user_nats": {"src": ["10.0.0.0/8"]}, "signer": "scoped_key", "connect": {"ip": "127.0.0.2"}}

In what is signed ``$ACC``, ``$SYS`` and the like are public keys, ``{"rel": 5}`` is a moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from natsauth.claims import AccountClaims, OperatorClaims
from natsauth.keys import KeyPair, KeyType
from natsauth.policy.admission import CheckCode, CheckStatus
from natsauth.policy.connection import Connection, admit
from natsauth.token import Token, decode
from tests._tokens import HEADER, forge

if TYPE_CHECKING:
    from datetime import datetime

    from natsauth.policy.admission import Admission

SIGNED = {"good": True, "bad": False, "missing": None}
UNLIMITED_USER = {"subs": -1, "data": -1, "payload": -1}
UNLIMITED = {**UNLIMITED_USER, "imports": -1, "exports": -1, "conn": -1, "leaf": -1} | {
    "wildcards": True
}


@dataclass
class Root:
    """An operator with its system account."""

    strict: bool = False
    identity: KeyPair = field(default_factory=partial(KeyPair.generate, KeyType.OPERATOR))
    signing: KeyPair = field(default_factory=partial(KeyPair.generate, KeyType.OPERATOR))
    system: KeyPair = field(default_factory=partial(KeyPair.generate, KeyType.ACCOUNT))

    def __post_init__(self) -> None:
        body = {
            "type": "operator",
            "version": 2,
            "signing_keys": [self.signing.public_key],
            "strict_signing_key_usage": self.strict,
            "system_account": self.system.public_key,
        }
        self.operator: Token[OperatorClaims] = decode(
            forge({"sub": self.identity.public_key, "nats": body}, self.identity), OperatorClaims
        )
        body = {"type": "account", "version": 2, "limits": UNLIMITED}
        claims = {"sub": self.system.public_key, "name": "SYS", "nats": body}
        self.system_account: Token[AccountClaims] = decode(
            forge(claims, self.signing), AccountClaims
        )


@dataclass
class Scene:
    """One connection: fresh keys of an account and a user, and their tokens by a case.

    Attributes:
        case: What is asked about.
        root: The operator.
        now: The moment that the tokens are written for.
    """

    case: dict[str, Any]
    root: Root
    now: int
    account_key: KeyPair = field(default_factory=partial(KeyPair.generate, KeyType.ACCOUNT))
    plain: KeyPair = field(default_factory=partial(KeyPair.generate, KeyType.ACCOUNT))
    scoped: KeyPair = field(default_factory=partial(KeyPair.generate, KeyType.ACCOUNT))
    unknown: KeyPair = field(default_factory=partial(KeyPair.generate, KeyType.ACCOUNT))
    foreign: KeyPair = field(default_factory=partial(KeyPair.generate, KeyType.OPERATOR))
    user_key: KeyPair = field(default_factory=partial(KeyPair.generate, KeyType.USER))

    def __post_init__(self) -> None:
        self.signers = {
            "account": self.account_key,
            "signing_key": self.plain,
            "scoped_key": self.scoped,
            "unknown": self.unknown,
            "system_account": self.root.system,
            "operator": self.root.identity,
            "operator_signing": self.root.signing,
            "foreign": self.foreign,
            "user": self.user_key,
        }
        keys = {"$ACC": self.account_key, "$SYS": self.root.system, "$USER": self.user_key}
        keys |= {"$SK": self.plain, "$SCOPED": self.scoped, "$OTHER": self.unknown}
        self._names = {name: key.public_key for name, key in keys.items()}
        self.user = self._user()
        self.accounts = {
            self.account_key.public_key: self._account(),
            self.root.system.public_key: self.root.system_account,
        }
        if self.case.get("unknown_account"):
            del self.accounts[self.account_key.public_key]

    @property
    def connect(self) -> dict[str, Any]:
        """How the client connects."""
        given: dict[str, Any] = self.case.get("connect", {})
        return {"type": "STANDARD", "sig": "good", "ip": "127.0.0.1", **given}

    def admit(self, at: datetime | float, **options: Any) -> Admission:
        """Ask about the connection."""
        connect = self.connect
        connection = Connection(
            type=connect["type"],
            address=connect["ip"],
            at=at,
            signed=SIGNED[connect["sig"]],
            server_zone=self.case.get("server_tz", "UTC"),
            proxied=connect.get("proxy") is not None,
            proxy_trusted=connect.get("proxy") == "good",
            names_account=connect.get("account", False),
            connections=connect.get("open", 0),
        )
        return admit(
            self.user,
            account=self.accounts,
            operator=self.root.operator,
            connection=connection,
            **options,
        )

    def resolved(self, value: Any) -> Any:
        """Return a value of a case with keys and moments filled in."""
        if isinstance(value, dict):
            if value.keys() == {"rel"}:
                return self.now + value["rel"]
            return {self._names.get(k, k): self.resolved(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.resolved(item) for item in value]
        return self._names.get(value, value) if isinstance(value, str) else value

    def _user(self) -> str:
        if "token" in self.case:
            return str(self.case["token"])
        default = {"type": "user", "version": 2, **UNLIMITED_USER}
        nats = self.case.get("user_nats", {})
        nats = nats if "type" in nats or "version" in nats else {**default, **nats}
        std = {"sub": self.user_key.public_key, "iat": self.now, **self.case.get("user_std", {})}
        signer = self.signers[self.case.get("signer", "account")]
        payload: Any = self.case.get("payload") or {**std, "nats": nats}
        if isinstance(payload, dict):
            payload = self.resolved(payload)
        else:  # text that no dict can be, such as one with a name twice
            payload = payload.replace("$ISS", signer.public_key)
            payload = payload.replace("$SUB", self.user_key.public_key)
        header = self.case.get("header", HEADER)
        token = forge(payload, signer, header=header, old=self.case.get("old", False))
        return str(self.case.get("text", "{}")).format(token)

    def _account(self) -> Token[AccountClaims]:
        scope: dict[str, Any] = {"kind": "user_scope", "key": self.scoped.public_key, "role": "r"}
        scope["template"] = self.case.get("scoped_template") or {}
        nats = {
            "type": "account",
            "version": 2,
            "limits": UNLIMITED,
            "signing_keys": [self.plain.public_key, scope],
            **self.case.get("account_nats", {}),
        }
        std = {
            "sub": self.account_key.public_key,
            "name": "ACC",
            **self.case.get("account_std", {}),
        }
        document = self.resolved({**std, "nats": nats})
        signer = self.signers[self.case.get("account_signer", "operator_signing")]
        return decode(forge(document, signer), AccountClaims)


def admitted(case: dict[str, Any], root: Root, now: int) -> Admission:
    """Ask about the connection of a case at the moment that its tokens are written for."""
    scene = Scene(case, root, now)
    return scene.admit(now, pinned_accounts=scene.resolved(case.get("pinned")))


def assert_fails(admission: Admission, code: CheckCode, message: str, log: str, hint: str) -> None:
    """Assert which check fails first, and what is told of it."""
    assert admission.reason is code
    failed = admission.failed
    assert failed
    assert failed.status is CheckStatus.FAILED
    assert message in failed.message
    assert log in failed.log
    assert bool(log) is bool(failed.log)
    assert hint in failed.hint


def assert_holds(admission: Admission, code: CheckCode, message: str) -> None:
    """Assert that the connection is taken, and what is told of one check."""
    assert admission, admission
    [check] = [check for check in admission.checks if check.code is code]
    assert message in check.message
    assert check.holds
