"""The causes of "Authorization Violation", in the order in which nats-server 2.15.1 asks for them.

Each is written down as tests/_connections.py has connections, with what ``natsauth why`` has to be
told beside creds, operator and account.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from natsauth.keys import KeyPair, KeyType
from natsauth.policy import CheckCode
from tests._connections import UNLIMITED

if TYPE_CHECKING:
    from pathlib import Path

    from tests._connections import Scene
    from tests._workshop import Workshop

BARE = {"type": "user", "version": 2}
SCOPED = {"signer": "scoped_key", "user_nats": {**BARE, "issuer_account": "$ACC"}}
NO_TIME = [{"start": "00:00:00", "end": "00:00:00"}]
_BLOCK = "-----BEGIN {0}-----\n{1}\n------END {0}------\n"


@dataclass(frozen=True)
class Cause:
    """One cause.

    Attributes:
        case: The connection.
        reason: The check that fails.
        options: What the command has to be told beside files.
        is_seen: Whether it fails by what is in the files; otherwise it is named as not known.
        config: What makes a server refuse it.
        by_client: Whether any client has it that connects with the creds, whatever it does.
    """

    case: dict[str, Any]
    reason: CheckCode
    options: tuple[str, ...] = ()
    is_seen: bool = True
    config: str = ""
    by_client: bool = True


PROXY = KeyPair.generate(KeyType.USER)
PROXIES = f"proxies: {{ trusted: [ {{ key: {PROXY.public_key} }} ] }}"
CAUSES = {
    "an untrusted proxy": Cause(
        {"connect": {"proxy": "bad"}},
        CheckCode.PROXY_SIGNATURE,
        ("--proxy", "untrusted"),
        config=PROXIES,
        by_client=False,
    ),
    "a token that is none": Cause({"header": '{"typ":"JWT","alg":"none"}'}, CheckCode.TOKEN),
    "a user that must come over a proxy": Cause(
        {"user_nats": {"proxy_required": True}}, CheckCode.PROXY_REQUIRED
    ),
    "an expired user": Cause({"user_std": {"exp": {"rel": -5}}}, CheckCode.CLAIMS),
    "a user that is not valid yet": Cause({"user_std": {"nbf": {"rel": 600}}}, CheckCode.CLAIMS),
    "a bad subject in permissions": Cause(
        {"user_nats": {"pub": {"allow": ["a..b"]}}}, CheckCode.CLAIMS
    ),
    "an account that is not pinned": Cause(
        {},
        CheckCode.PINNED_ACCOUNTS,
        ("--pinned", "$SYS"),
        config="resolver_pinned_accounts: [$SYS]",
    ),
    "an account that nobody has": Cause(
        {"unknown_account": True}, CheckCode.ACCOUNT_LOOKUP, is_seen=False
    ),
    "a signing key in place of the account": Cause(
        {"signer": "signing_key", "user_nats": {"issuer_account": ""}}, CheckCode.ACCOUNT_LOOKUP
    ),
    "an account of another operator": Cause(
        {"account_signer": "foreign"}, CheckCode.ACCOUNT_LOOKUP
    ),
    "an expired account": Cause({"account_std": {"exp": {"rel": -5}}}, CheckCode.ACCOUNT_LOOKUP),
    "a signer that the account does not know": Cause(
        {"signer": "unknown", "user_nats": {"issuer_account": "$ACC"}}, CheckCode.USER_ISSUER
    ),
    "a scoped user with permissions": Cause(
        {"signer": "scoped_key", "user_nats": {"issuer_account": "$ACC"}},
        CheckCode.SCOPED_USER_EMPTY,
    ),
    "a template that the user does not fill": Cause(
        {**SCOPED, "scoped_template": {"pub": {"deny": ["d.{{tag(dept)}}"]}}},
        CheckCode.SCOPE_TEMPLATE,
    ),
    "a scope that wants a proxy": Cause(
        {**SCOPED, "scoped_template": {"proxy_required": True}}, CheckCode.SCOPE_PROXY_REQUIRED
    ),
    "an account that ended once it was loaded": Cause(
        {"account_std": {"exp": -5}}, CheckCode.ACCOUNT_EXPIRED
    ),
    "a bearer that the account forbids": Cause(
        {
            "user_nats": {"bearer_token": True},
            "account_nats": {"limits": {**UNLIMITED, "disallow_bearer": True}},
        },
        CheckCode.BEARER,
    ),
    "another type of connection": Cause(
        {"user_nats": {"allowed_connection_types": ["WEBSOCKET"]}}, CheckCode.CONNECTION_TYPE
    ),
    "a seed of somebody else": Cause({"connect": {"sig": "bad"}}, CheckCode.SIGNATURE),
    "no seed": Cause({"connect": {"sig": "missing"}}, CheckCode.SIGNATURE),
    "a revoked user": Cause(
        {"account_nats": {"revocations": {"$USER": {"rel": 0}}}}, CheckCode.REVOCATION
    ),
    "another address": Cause(
        {"user_nats": {"src": ["10.0.0.0/8"]}}, CheckCode.SOURCE, ("--address", "127.0.0.1")
    ),
    "another time of the day": Cause({"user_nats": {"times": NO_TIME}}, CheckCode.TIMES),
    "too many connections": Cause(
        {"account_nats": {"limits": {**UNLIMITED, "conn": 0}}}, CheckCode.CONNECTION_LIMIT
    ),
    "an auth callout without a service": Cause(
        {"account_nats": {"authorization": {"auth_users": [PROXY.public_key]}}},
        CheckCode.AUTH_CALLOUT,
        is_seen=False,
    ),
    "an account that the client names": Cause(
        {"connect": {"account": True}},
        CheckCode.ACCOUNT_FIELD,
        ("--names-account",),
        by_client=False,
    ),
}
CODES = set(CheckCode) - {CheckCode.ACCOUNT_ISSUER, CheckCode.JETSTREAM}
"""The issuer of an account is looked at twice, and the lookup of the account is before. For want of
JetStream clients of MQTT are refused alone, and these are told nothing."""


def write(directory: Path, scene: Scene) -> list[str]:
    """Write creds, operator and account to files, and return the arguments that name them."""
    creds = _BLOCK.format("NATS USER JWT", scene.user)
    signature = scene.connect["sig"]
    if signature != "missing":
        key = scene.user_key if signature == "good" else KeyPair.generate(KeyType.USER)
        creds += "\n" + _BLOCK.format("USER NKEY SEED", key.reveal_seed())
    (directory / "user.creds").write_text(creds)
    (directory / "operator.jwt").write_text(scene.root.operator.encoded)
    arguments = [str(directory / "user.creds"), "--operator", str(directory / "operator.jwt")]
    if account := scene.accounts.get(scene.account_key.public_key):
        (directory / "account.jwt").write_text(account.encoded)
        arguments += ["--account", str(directory / "account.jwt")]
    return arguments


def commands(shop: Workshop, line: str) -> list[str]:
    """Return the commands of a line, each of which must say where the store is."""
    places = f" --config-dir {shop.path} --data-dir {shop.store.stores}"
    places += f" --keystore-dir {shop.store.keys}"
    parts = line.split(" && ")
    assert all(part.endswith(places) for part in parts)
    return [part.removesuffix(places) for part in parts]


def run(shop: Workshop, line: str, *, servers: bool = True) -> None:
    """Run the commands of a line, with those that need servers if there are some."""
    for command in commands(shop, line):
        if servers or not command.startswith("natsauth push"):
            shop(*shlex.split(command)[1:])
