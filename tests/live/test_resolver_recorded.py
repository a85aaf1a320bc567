"""Every reply in push.json, from servers of today, and what natsauth makes of the same tokens."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from nats.errors import NoRespondersError

from natsauth.claims import (
    Account,
    AccountClaims,
    Export,
    ExternalAuthorization,
    GenericClaims,
    Import,
    JetStreamLimits,
    MsgTrace,
    OperatorLimits,
    Permission,
    Permissions,
    UserScope,
    WeightedMapping,
)
from natsauth.errors import ResolverError
from natsauth.keys import KeyPair, KeyType
from natsauth.resolver import PushEffect
from natsauth.resolver._answers import parse_reply
from natsauth.resolver._protocol import DELETE, UPDATE, UPDATE_ONE
from natsauth.token import Token, encode
from tests._tokens import forge
from tests._vectors import VECTORS
from tests.live import _realm
from tests.live._realm import Realm, key, user

if TYPE_CHECKING:
    from tests.live._servers import StartServer
    from tests.live.conftest import Connect

pytestmark = [pytest.mark.live, pytest.mark.asyncio]
nothing_is_left = _realm.nothing_is_left

RECORDED = json.loads((VECTORS / "push.json").read_text(encoding="utf-8"))["cases"]
RESOLVERS = {
    "full": "{ type: full, dir: './jwt', timeout: '50ms', allow_delete: true }",
    "full strict": "{ type: full, dir: './jwt', timeout: '50ms' }",
    "cache (account not loaded)": "{ type: cache, dir: './jwt', ttl: '1h' }",
    "MEM (account not loaded)": "MEMORY",
}
ANY_ACCOUNT, ANY_USER = key(KeyType.ACCOUNT).public_key, key(KeyType.USER).public_key
FOREIGN = key(KeyType.OPERATOR)
IMPORT = Import(subject="a", account=ANY_ACCOUNT, type="stream")


def limits(**numbers: Any) -> OperatorLimits:
    return OperatorLimits(**numbers)


# Named as in push.json.
BODIES: dict[str, dict[str, Any]] = {
    "imports over limit": {"limits": limits(imports=0), "imports": [IMPORT]},
    "exports over limit": {
        "limits": limits(exports=0),
        "exports": [Export(subject="a", type="stream")],
    },
    "wildcard export, wildcards=false, exports=-1": {
        "limits": limits(wildcards=False),
        "exports": [Export(subject="a.*", type="stream")],
    },
    "wildcard export, wildcards=false, exports=5": {
        "limits": limits(wildcards=False, exports=5),
        "exports": [Export(subject="a.*", type="stream")],
    },
    "signing key not a key": {"signing_keys": ["foo"]},
    "scope key not a key": {"signing_keys": [UserScope(key="foo")]},
    "default_permissions pub queue": {
        "default_permissions": Permissions(pub=Permission(allow=["a q"]))
    },
    "mapping weight>100": {"mappings": {"a": [WeightedMapping(subject="b", weight=101)]}},
    "mapping total>100": {
        "mappings": {"a": [WeightedMapping(subject=s, weight=60) for s in ("b", "c")]}
    },
    "auth_users not a user key": {"authorization": ExternalAuthorization(auth_users=["foo"])},
    "allowed_accounts w/o auth_users": {
        "authorization": ExternalAuthorization(allowed_accounts=[ANY_ACCOUNT])
    },
    "xkey invalid": {"authorization": ExternalAuthorization(auth_users=[ANY_USER], xkey="foo")},
    "js and tiered both": {
        "limits": limits(disk_storage=1, tiered_limits={"R1": JetStreamLimits(disk_storage=1)})
    },
    "tier with blank name": {
        "limits": limits(tiered_limits={"": JetStreamLimits(disk_storage=1)})
    },
    "cluster_traffic bad": {"cluster_traffic": "foo"},
    "trace dest wildcard": {"trace": MsgTrace(dest="a.*")},
    "revocation key nonsense": {"revocations": {"foo": 1}},
    "import from unknown account": {"imports": [IMPORT]},
    "overlapping exports": {
        "exports": [Export(subject=s, type="stream") for s in ("a.>", "a.b")]
    },
    "null export": {"exports": [None]},
    "description too long": {"description": "x" * 8193},
    "limits {} (all zero)": {
        "limits": limits(
            subs=0, data=0, payload=0, imports=0, exports=0, wildcards=False, conn=0, leaf=0
        )
    },
}  # fmt: skip
# A server stores these, and never serves them.
USELESS = {
    "known account: expired",
    "known account: nbf in future",
    "known account, signed by FOREIGN operator",
    "unknown account, signed by FOREIGN operator",
    "known account, SELF-signed",
}
# What follows in a name is another subject for one of these.
PLAIN = (
    "new valid account",
    "same JWT again",
    "update of known account",
    "restore",
    "known account, signed by operator signing key",
    "known account: older iat than stored",
    "old subject form",
    "id in subject differs",
)
UNKNOWN_SCOPE = {
    "type": "account",
    "version": 2,
    "signing_keys": [{"kind": "robot_scope", "key": ANY_ACCOUNT}],
}


def token(realm: Realm, owner: KeyPair, name: str) -> Token[Any] | None:
    """Return the token of a recorded case for a new account, if it has one that can be made."""
    kind, now = name.removeprefix("known account: "), int(time.time())
    times: dict[str, dict[str, Any]] = {
        "expired": {"exp": now - 60},
        "nbf in future": {"nbf": now + 60},
    }
    bodies = {
        **BODIES,
        "import from itself": {
            "imports": [Import(subject="a", account=owner.public_key, type="stream")]
        },
    }
    signers = {
        "signed by operator identity key": realm.identity,
        "known account, signed by FOREIGN operator": FOREIGN,
        "unknown account, signed by FOREIGN operator": FOREIGN,
        "known account, SELF-signed": owner,
    }
    if name == "user JWT":
        return user(owner).token
    if not name.startswith(PLAIN) and not {name, kind} & (bodies | times | signers).keys():
        return None
    body = Account(**bodies.get(kind, {}))
    claims = AccountClaims(sub=owner.public_key, nats=body, **times.get(kind, {}))
    when = 1_700_000_000 if kind == "older iat than stored" else None
    return encode(claims, signers.get(name, realm.signing), now=when)


def delete_request(realm: Realm, name: str) -> bytes:
    """Return the delete request of a recorded case."""
    signer, accounts = realm.identity, [ANY_ACCOUNT]
    if name in ("delete: by operator signing key", "delete: not self signed"):
        signer = realm.signing
    elif name == "delete: by foreign":
        signer = FOREIGN
    elif name == "delete: system account":
        accounts = [realm.system.public_key]
    elif name == "delete: bad id":
        accounts = ["foo"]
    subject = ANY_ACCOUNT if name == "delete: not self signed" else signer.public_key
    return encode(GenericClaims(sub=subject, nats={"accounts": accounts}), signer).encoded.encode()


def request(realm: Realm, name: str) -> tuple[str, bytes]:
    """Return the subject and the payload of a recorded case."""
    if name.startswith("delete: "):
        return DELETE, delete_request(realm, name)
    owner = key(KeyType.ACCOUNT)
    raw = {"garbage": b"garbage", "empty": b""}
    if name == "known account: scope unknown kind":
        forged = forge({"sub": owner.public_key, "nats": UNKNOWN_SCOPE}, realm.signing)
        return UPDATE, forged.encode()
    if name in raw:
        return UPDATE, raw[name]
    made = token(realm, owner, name)
    assert made, name
    if "old subject form" in name:
        subject = f"$SYS.ACCOUNT.{owner.public_key}.CLAIMS.UPDATE"
    elif "id in subject differs" in name:
        subject = UPDATE_ONE.format(ANY_ACCOUNT)
    elif "$SYS" in name or "per-account subject" in name:
        subject = UPDATE_ONE.format(owner.public_key)
    else:
        subject = UPDATE
    return subject, made.encoded.encode()


def known_part(message: str) -> str:
    """Return what is the same whatever the keys are, up to the words of the validation."""
    return re.sub(r"request by \S+ failed", "request by … failed", message).split("[")[0]


@pytest.mark.parametrize("resolver", RESOLVERS)
async def test_every_reply(start_server: StartServer, connect: Connect, resolver: str) -> None:
    realm = Realm(strict=resolver == "full strict")
    server = start_server(realm.config(RESOLVERS[resolver]))
    cases = [case for case in RECORDED if case["resolver"] == resolver]
    assert len(cases) > 40
    async with connect(server.url, **realm.system_user().nats_py()) as (system, _):
        for case in cases:
            name, recorded = case["name"], case["reply"]
            subject, payload = request(realm, name)
            if recorded.startswith("no responders"):
                with pytest.raises(NoRespondersError):
                    await system.request(subject, payload, timeout=5)
                continue
            # One server was asked for less time than it takes to look for an imported account.
            expected = {"code": 200, "message": "jwt updated"}
            if recorded != "(no reply)":
                expected = json.loads(recorded)
            answer = parse_reply((await system.request(subject, payload, timeout=5)).data)
            assert answer.code == expected["code"], name
            text = str(expected.get("message") or expected["description"])
            assert known_part(answer.message) == known_part(text), name
            assert answer.ok is (
                answer.code == 200 and answer.effect is not PushEffect.NOT_LOADED
            ), name


@pytest.mark.parametrize("resolver", ["full", "full strict"])
async def test_what_natsauth_sends(start_server: StartServer, resolver: str) -> None:
    realm = Realm(strict=resolver == "full strict")
    server = start_server(realm.config(RESOLVERS[resolver]))
    seen = set()
    async with realm.connect(server.url) as client:
        for case in (case for case in RECORDED if case["resolver"] == resolver):
            owner, name = key(KeyType.ACCOUNT), case["name"]
            pushed = token(realm, owner, name)
            if pushed is None:
                continue
            seen.add(name)
            if ('"code": 500' not in case["reply"] and name not in USELESS) or "subject" in name:
                result = await client.push(pushed, confirm=True)
                assert result, name
                assert result.confirmed
                assert result.replies[0].message == "jwt updated"
                assert await client.lookup(owner.public_key) == pushed
            else:
                with pytest.raises(ResolverError, match=f"nothing was sent: .*{pushed.claims.sub}"):
                    await client.push(pushed)
                assert await client.lookup(owner.public_key) is None
                forced = await client.push(pushed, force=True)
                assert bool(forced) is (name in USELESS), name
    assert {name.removeprefix("known account: ") for name in seen} > BODIES.keys()
    assert seen > USELESS
