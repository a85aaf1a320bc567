"""Verdicts of natsauth.trust beside those of a real server, which logs its reasons."""

from __future__ import annotations

import base64
import json
import socket
import time
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from natsauth.claims import (
    Account,
    AccountClaims,
    Operator,
    OperatorClaims,
    OperatorLimits,
    Permission,
    User,
    UserClaims,
    UserPermissionLimits,
    UserScope,
)
from natsauth.keys import KeyPair, KeyType
from natsauth.testing import NatsServer
from natsauth.token import Token, decode, encode
from natsauth.trust import TrustCode, check_account, check_user
from tests._tokens import forge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.live

HOUR = 3600
INVALID_ACCOUNT = "Account JWT lookup error: account validation failed"
INVALID_USER = "User JWT no longer valid"
REASONS = {
    TrustCode.ACCOUNT_SELF_SIGNED: INVALID_ACCOUNT,
    TrustCode.ACCOUNT_STRICT: INVALID_ACCOUNT,
    TrustCode.ACCOUNT_ISSUER: INVALID_ACCOUNT,
    TrustCode.ACCOUNT_EXPIRED: INVALID_ACCOUNT,
    TrustCode.ACCOUNT_NOT_YET_VALID: INVALID_ACCOUNT,
    TrustCode.USER_ISSUER_ACCOUNT: "Account JWT lookup error",
    TrustCode.USER_STRICT: "User JWT issuer is not known",
    TrustCode.USER_ISSUER: "User JWT issuer is not known",
    TrustCode.USER_NOT_EMPTY: "User JWT is not valid: scoped users require no permissions",
    TrustCode.USER_BEARER: "Account does not allow bearer tokens",
    TrustCode.USER_REVOKED: "User authentication revoked",
    TrustCode.USER_EXPIRED: INVALID_USER,
    TrustCode.USER_NOT_YET_VALID: INVALID_USER,
}


def key(role: KeyType) -> KeyPair:
    return KeyPair.generate(role)


@dataclass
class Realm:
    """An operator, and a server that trusts it and finds accounts as files in a directory."""

    identity: KeyPair
    signing: KeyPair
    operator: Token[OperatorClaims]
    server: NatsServer
    accounts: Path

    def add(self, account: Token[AccountClaims]) -> None:
        (self.accounts / f"{account.claims.sub}.jwt").write_text(account.encoded)

    def account(self, owner: KeyPair, **body: Any) -> Token[AccountClaims]:
        claims = AccountClaims(sub=owner.public_key, nats=Account(**body))
        account = encode(claims, self.signing)
        self.add(account)
        return account

    def connect(
        self, user: Token[UserClaims], who: KeyPair, *, to_the_end: bool = False
    ) -> tuple[bool, str]:
        """Return whether the server takes a user, and what it logs of that.

        Either until its first answer, or until it closes the connection.
        """
        before = len(self.server.log)
        address = urlsplit(self.server.url)
        with (
            socket.create_connection((address.hostname, address.port), timeout=10) as client,
            client.makefile("rb") as lines,
        ):
            info = json.loads(lines.readline().removeprefix(b"INFO "))
            signature = base64.urlsafe_b64encode(who.sign(info["nonce"].encode())).rstrip(b"=")
            options = {"jwt": user.encoded, "sig": signature.decode(), "verbose": False}
            client.sendall(f"CONNECT {json.dumps(options)}\r\nPING\r\n".encode())
            answer = lines.readline()
            if to_the_end:
                lines.read()
        assert answer
        # Other errors come to those who were taken, such as that their time is over.
        return b"Authorization Violation" not in answer, self.server.log[before:]

    def compare(
        self, user: Token[UserClaims], account: Token[AccountClaims], who: KeyPair
    ) -> TrustCode | None:
        """Return the verdict, once the server has given the same for the same reason."""
        report = check_user(user, account, self.operator)
        taken, log = self.connect(user, who)
        assert taken is bool(report), (report, log)
        if report.reason:
            assert REASONS[report.reason] in log, report
        return report.reason


@pytest.fixture(scope="module", params=[False, True], ids=["lenient", "strict"])
def realm(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Realm]:
    directory = tmp_path_factory.mktemp("realm")
    identity, signing, system = key(KeyType.OPERATOR), key(KeyType.OPERATOR), key(KeyType.ACCOUNT)
    body = Operator(
        signing_keys=[signing.public_key],
        strict_signing_key_usage=request.param,
        system_account=system.public_key,
    )
    operator = encode(OperatorClaims(sub=identity.public_key, nats=body), identity)
    system_account = encode(AccountClaims(sub=system.public_key), signing)
    config = directory / "server.conf"
    config.write_text(
        f"debug: true\noperator: {operator.encoded}\n"
        "resolver: { type: full, dir: './jwt', timeout: '50ms' }\n"
        f"resolver_preload: {{ {system.public_key}: {system_account.encoded} }}\n"
    )
    with NatsServer(config, directory=directory) as server:
        yield Realm(identity, signing, operator, server, directory / "jwt")


def is_strict(realm: Realm) -> bool:
    return realm.operator.claims.nats.strict_signing_key_usage


def test_who_may_sign_a_user(realm: Realm) -> None:
    identity, plain, scoped, strange = (key(KeyType.ACCOUNT) for _ in range(4))
    other = key(KeyType.ACCOUNT)
    realm.account(other, signing_keys=[strange.public_key])
    account = realm.account(
        identity, signing_keys=[plain.public_key, UserScope(key=scoped.public_key, role="team")]
    )
    accepted = set()
    signers = {"identity": identity, "plain": plain, "scoped": scoped, "strange": strange}
    owners = {
        "none": "",
        "own": identity.public_key,
        "other": other.public_key,
        "signing key": plain.public_key,
    }
    for signer, owner, empty in product(signers, owners, (False, True)):
        who = key(KeyType.USER)
        claims = UserClaims(sub=who.public_key, nats=User(issuer_account=owners[owner]))
        if empty:
            claims.nats.clear()
        user = encode(claims, signers[signer])
        if (signer, owner) == ("strange", "other"):  # good, but elsewhere
            assert check_user(user, account, realm.operator).reason is TrustCode.USER_ACCOUNT
            assert realm.connect(user, who)[0]
        elif check_user(user, account, realm.operator).reason is TrustCode.USER_ACCOUNT:
            assert not realm.connect(user, who)[0]
        elif realm.compare(user, account, who) is None:
            accepted.add((signer, owner, empty))
    of_identity = {("identity", owner, e) for owner in ("none", "own") for e in (False, True)}
    assert accepted == {
        ("plain", "own", False),
        ("plain", "own", True),
        ("scoped", "own", True),
        *(() if is_strict(realm) else of_identity),
    }


def test_the_identity_key_as_one_of_the_signing_keys(realm: Realm) -> None:
    identity, who = key(KeyType.ACCOUNT), key(KeyType.USER)
    user = encode(UserClaims(sub=who.public_key), identity)
    account = realm.account(identity, signing_keys=[identity.public_key])
    assert realm.compare(user, account, who) is None
    account = realm.account(
        identity2 := key(KeyType.ACCOUNT),
        signing_keys=[UserScope(key=identity2.public_key, role="all")],
    )
    user = encode(UserClaims(sub=who.public_key), identity2)
    expected = TrustCode.USER_NOT_EMPTY if is_strict(realm) else None
    assert realm.compare(user, account, who) is expected


def test_a_role_named_like_a_plain_signing_key(realm: Realm) -> None:
    identity, plain, scoped, who = *(key(KeyType.ACCOUNT) for _ in range(3)), key(KeyType.USER)
    account = realm.account(
        identity,
        signing_keys=[UserScope(key=scoped.public_key, role=plain.public_key), plain.public_key],
    )
    claims = UserClaims(sub=who.public_key, nats=User(issuer_account=identity.public_key))
    assert realm.compare(encode(claims, plain), account, who) is None


@pytest.mark.parametrize(
    ("body", "empty"),
    [
        ({}, True),
        ({"subs": 0, "bearer_token": False, "times_location": "", "src": None}, True),
        ({"pub": {}, "sub": {"allow": None}, "resp": None, "tags": ["a"], "unknown": 1}, True),
        ({"subs": -1}, False),
        ({"data": -1}, False),
        ({"payload": -1}, False),
        ({"pub": {"allow": []}}, False),
        ({"pub": {"allow": ["a"]}}, False),
        ({"pub": {"deny": ["a"]}}, False),
        ({"sub": {"allow": ["a"]}}, False),
        ({"sub": {"deny": []}}, False),
        ({"resp": {}}, False),
        ({"src": []}, False),
        ({"src": ""}, False),
        ({"times": []}, False),
        ({"times_location": "UTC"}, False),
        ({"allowed_connection_types": []}, False),
        ({"bearer_token": True}, False),
    ],
    ids=str,
)
def test_what_users_of_a_scoped_key_may_hold(
    realm: Realm, body: dict[str, Any], *, empty: bool
) -> None:
    identity, scoped, who = key(KeyType.ACCOUNT), key(KeyType.ACCOUNT), key(KeyType.USER)
    account = realm.account(identity, signing_keys=[UserScope(key=scoped.public_key, role="")])
    nats = {"type": "user", "version": 2, "issuer_account": identity.public_key, **body}
    user = decode(forge({"sub": who.public_key, "nats": nats}, scoped), UserClaims)
    expected = None if empty else TrustCode.USER_NOT_EMPTY
    assert realm.compare(user, account, who) is expected


@pytest.mark.parametrize(
    ("signer", "expected"),
    [
        ("signing", None),
        ("identity", TrustCode.ACCOUNT_STRICT),
        ("foreign", TrustCode.ACCOUNT_ISSUER),
        ("itself", TrustCode.ACCOUNT_SELF_SIGNED),
        ("another account", TrustCode.ACCOUNT_ISSUER),
    ],
)
def test_who_may_sign_an_account(realm: Realm, signer: str, expected: TrustCode | None) -> None:
    owner, plain, who = key(KeyType.ACCOUNT), key(KeyType.ACCOUNT), key(KeyType.USER)
    signers = {
        "signing": realm.signing,
        "identity": realm.identity,
        "foreign": key(KeyType.OPERATOR),
        "itself": owner,
        "another account": key(KeyType.ACCOUNT),
    }
    body = Account(signing_keys=[plain.public_key])
    account = encode(AccountClaims(sub=owner.public_key, nats=body), signers[signer])
    realm.add(account)
    claims = UserClaims(sub=who.public_key, nats=User(issuer_account=owner.public_key))
    if signer == "identity" and not is_strict(realm):
        expected = None
    assert realm.compare(encode(claims, plain), account, who) is expected
    assert check_account(account, realm.operator).reason is expected


def test_the_subject_of_an_account_is_the_key_it_is_looked_up_by(realm: Realm) -> None:
    owner, plain, who = key(KeyType.ACCOUNT), key(KeyType.ACCOUNT), key(KeyType.USER)
    nats = {"type": "account", "version": 2, "signing_keys": [plain.public_key]}
    nats["limits"] = {"subs": -1, "payload": -1, "conn": -1}
    account = decode(forge({"sub": "somebody", "nats": nats}, realm.signing), AccountClaims)
    assert check_account(account, realm.operator).reason is TrustCode.ACCOUNT_SUBJECT
    (realm.accounts / f"{owner.public_key}.jwt").write_text(account.encoded)
    claims = UserClaims(sub=who.public_key, nats=User(issuer_account=owner.public_key))
    taken, log = realm.connect(encode(claims, plain), who)
    assert not taken
    assert INVALID_ACCOUNT in log
    claims.nats.issuer_account = "somebody"
    assert not realm.connect(encode(claims, plain), who)[0]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({"exp": HOUR}, None),
        ({"exp": -HOUR}, TrustCode.USER_EXPIRED),
        ({"nbf": HOUR}, TrustCode.USER_NOT_YET_VALID),
        ({"nbf": -HOUR}, None),
        ({"exp": -HOUR, "nbf": HOUR}, TrustCode.USER_EXPIRED),
    ],
    ids=str,
)
def test_the_times_of_a_user(
    realm: Realm, times: dict[str, Any], expected: TrustCode | None
) -> None:
    owner, plain, who = key(KeyType.ACCOUNT), key(KeyType.ACCOUNT), key(KeyType.USER)
    account = realm.account(owner, signing_keys=[plain.public_key])
    now = int(time.time())
    claims = UserClaims(
        sub=who.public_key,
        nats=User(issuer_account=owner.public_key),
        **{name: now + offset for name, offset in times.items()},
    )
    assert realm.compare(encode(claims, plain), account, who) is expected


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({"exp": HOUR}, None),
        ({"exp": -HOUR}, TrustCode.ACCOUNT_EXPIRED),
        ({"nbf": HOUR}, TrustCode.ACCOUNT_NOT_YET_VALID),
        ({"nbf": -HOUR}, None),
    ],
    ids=str,
)
def test_the_times_of_an_account(
    realm: Realm, times: dict[str, Any], expected: TrustCode | None
) -> None:
    owner, plain, who = key(KeyType.ACCOUNT), key(KeyType.ACCOUNT), key(KeyType.USER)
    now = int(time.time())
    claims = AccountClaims(
        sub=owner.public_key,
        nats=Account(signing_keys=[plain.public_key]),
        **{name: now + offset for name, offset in times.items()},
    )
    account = encode(claims, realm.signing)
    realm.add(account)
    user = UserClaims(sub=who.public_key, nats=User(issuer_account=owner.public_key))
    assert realm.compare(encode(user, plain), account, who) is expected


def start_of_a_second() -> int:
    time.sleep(1.001 - time.time() % 1)
    return int(time.time())


def test_the_second_in_which_a_user_expires(realm: Realm) -> None:
    owner, plain, who = key(KeyType.ACCOUNT), key(KeyType.ACCOUNT), key(KeyType.USER)
    account = realm.account(owner, signing_keys=[plain.public_key])
    body = User(issuer_account=owner.public_key)
    now = start_of_a_second()
    user = encode(UserClaims(sub=who.public_key, exp=now, nats=body), plain)
    assert check_user(user, account, realm.operator, now=now)
    assert realm.connect(user, who)[0]
    assert int(time.time()) == now
    user = encode(UserClaims(sub=who.public_key, nbf=start_of_a_second(), nats=body), plain)
    assert realm.compare(user, account, who) is None


def test_the_second_in_which_an_account_expires(realm: Realm) -> None:
    owner, plain, who = key(KeyType.ACCOUNT), key(KeyType.ACCOUNT), key(KeyType.USER)
    claims = UserClaims(sub=who.public_key, nats=User(issuer_account=owner.public_key))
    user, body = encode(claims, plain), Account(signing_keys=[plain.public_key])
    now = start_of_a_second()
    account = encode(AccountClaims(sub=owner.public_key, exp=now, nats=body), realm.signing)
    realm.add(account)
    taken, log = realm.connect(user, who)
    assert int(time.time()) == now
    assert not taken
    assert "Account JWT has expired" in log
    report = check_user(user, account, realm.operator, now=now)
    assert report.reason is TrustCode.ACCOUNT_EXPIRED


def test_times_before_1970(realm: Realm) -> None:
    owner, plain, who = key(KeyType.ACCOUNT), key(KeyType.ACCOUNT), key(KeyType.USER)
    account = realm.account(owner, signing_keys=[plain.public_key])
    claims = UserClaims(sub=who.public_key, exp=-1, nats=User(issuer_account=owner.public_key))
    user = encode(claims, plain)
    assert check_user(user, account, realm.operator).reason is TrustCode.USER_EXPIRED
    # The server's validation lets it pass, its timer does not.
    assert "User Authentication Expired" in realm.connect(user, who, to_the_end=True)[1]

    owner = key(KeyType.ACCOUNT)
    body = Account(signing_keys=[plain.public_key])
    account = encode(AccountClaims(sub=owner.public_key, exp=-1, nats=body), realm.signing)
    realm.add(account)
    claims = UserClaims(sub=who.public_key, nats=User(issuer_account=owner.public_key))
    taken, log = realm.connect(encode(claims, plain), who)
    assert not taken
    assert "Account JWT has expired" in log
    assert check_account(account, realm.operator).reason is TrustCode.ACCOUNT_EXPIRED


@pytest.mark.parametrize(
    ("revocations", "revoked"),
    [
        ({"user": 0}, True),
        ({"user": -1}, False),
        ({"user": HOUR}, True),
        ({"*": 0}, True),
        ({"*": -1}, False),
        ({"user": -1, "*": 0}, True),
        ({"user": 0, "*": -1}, True),
        ({"user": -2, "*": -1}, False),
        ({"another": HOUR}, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("bearer", [False, True])
def test_revocations(
    realm: Realm, revocations: dict[str, int], *, revoked: bool, bearer: bool
) -> None:
    owner, plain, who = key(KeyType.ACCOUNT), key(KeyType.ACCOUNT), key(KeyType.USER)
    names = {"user": who.public_key, "another": key(KeyType.USER).public_key}
    now = int(time.time())
    account = realm.account(
        owner,
        signing_keys=[plain.public_key],
        revocations={names.get(name, name): now + at for name, at in revocations.items()},
    )
    body = User(issuer_account=owner.public_key, bearer_token=bearer)
    user = encode(UserClaims(sub=who.public_key, nats=body), plain, now=now)
    expected = TrustCode.USER_REVOKED if revoked else None
    assert realm.compare(user, account, who) is expected


@pytest.mark.parametrize(("revocation", "revoked"), [(0, True), (-1, False)])
def test_revocation_of_a_user_without_time_of_issue(
    realm: Realm, revocation: int, *, revoked: bool
) -> None:
    owner, plain, who = key(KeyType.ACCOUNT), key(KeyType.ACCOUNT), key(KeyType.USER)
    account = realm.account(
        owner, signing_keys=[plain.public_key], revocations={who.public_key: revocation}
    )
    nats = {"type": "user", "version": 2, "issuer_account": owner.public_key, "subs": -1}
    user = decode(forge({"sub": who.public_key, "nats": nats}, plain), UserClaims)
    expected = TrustCode.USER_REVOKED if revoked else None
    assert realm.compare(user, account, who) is expected


@pytest.mark.parametrize("disallowed", [False, True])
@pytest.mark.parametrize("bearer", [False, True])
@pytest.mark.parametrize("scoped", [False, True])
def test_bearers(realm: Realm, *, disallowed: bool, bearer: bool, scoped: bool) -> None:
    owner, plain, scope, who = *(key(KeyType.ACCOUNT) for _ in range(3)), key(KeyType.USER)
    template = UserPermissionLimits(bearer_token=bearer, pub=Permission(allow=["a"]))
    account = realm.account(
        owner,
        signing_keys=[plain.public_key, UserScope(key=scope.public_key, template=template)],
        limits=OperatorLimits(disallow_bearer=disallowed),
    )
    claims = UserClaims(
        sub=who.public_key, nats=User(issuer_account=owner.public_key, bearer_token=bearer)
    )
    if scoped:
        claims.nats.clear()
    user = encode(claims, scope if scoped else plain)
    expected = TrustCode.USER_BEARER if bearer and disallowed else None
    assert realm.compare(user, account, who) is expected


def test_the_first_of_many_reasons_is_that_of_the_server(realm: Realm) -> None:
    owner, scope, who = key(KeyType.ACCOUNT), key(KeyType.ACCOUNT), key(KeyType.USER)
    now = int(time.time())
    template = UserPermissionLimits(bearer_token=True)
    claims = AccountClaims(
        sub=owner.public_key,
        exp=now - HOUR,
        nats=Account(
            limits=OperatorLimits(disallow_bearer=True),
            signing_keys=[UserScope(key=scope.public_key, template=template)],
            revocations={"*": now + HOUR},
        ),
    )
    user_claims = UserClaims(
        sub=who.public_key, exp=now - HOUR, nats=User(issuer_account=owner.public_key)
    )
    reasons = []

    def judge() -> None:
        account = encode(claims, realm.signing)
        realm.add(account)
        reason = realm.compare(encode(user_claims, scope), account, who)
        reasons.append(reason)

    judge()
    user_claims.exp = 0
    judge()
    claims.exp = 0
    judge()
    user_claims.nats.clear()
    judge()
    # The server has loaded the account by now, so that changes to it need another one.
    for change in ("limits", "revocations"):
        owner = key(KeyType.ACCOUNT)
        claims.sub = user_claims.nats.issuer_account = owner.public_key
        setattr(claims.nats, change, getattr(Account(), change))
        judge()
    assert reasons == [
        TrustCode.USER_EXPIRED,
        TrustCode.ACCOUNT_EXPIRED,
        TrustCode.USER_NOT_EMPTY,
        TrustCode.USER_BEARER,
        TrustCode.USER_REVOKED,
        None,
    ]
