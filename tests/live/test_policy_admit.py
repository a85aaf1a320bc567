"""Verdicts of natsauth.policy.admit beside those of a real server: taken or not, and its log."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from natsauth.keys import KeyPair, KeyType
from natsauth.policy.admission import Admission, CheckCode
from natsauth.testing import NatsServer
from tests._connections import UNLIMITED, Root, Scene
from tests._tokens import OLD_HEADER
from tests.live._client import RawClient, mqtt_connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.live

Case = dict[str, Any]
PROXY = KeyPair.generate(KeyType.USER)
STRANGER = KeyPair.generate(KeyType.USER).public_key
FULL = "{ type: full, dir: './jwt', timeout: '50ms' }"
OPEN = '"subs":-1,"data":-1,"payload":-1'
USER = '{"iss":"$ISS","sub":"$SUB","nats":{%s,"type":"user","version":2}}'
BARE = {"type": "user", "version": 2}
SCOPED = {"signer": "scoped_key", "user_nats": {**BARE, "issuer_account": "$ACC"}}


@dataclass
class Site:
    """A server, and its verdict on a case beside that of admit()."""

    root: Root
    server: NatsServer
    accounts: Path
    zone: str

    def compare(self, case: Case, **options: Any) -> Admission:
        """Return the verdict, once the server has given the same for the same reason."""
        scene = Scene({"server_tz": self.zone, **case}, self.root, int(time.time()))
        _publish(self, scene)
        before = len(self.server.log)
        with RawClient.open(self.server.url, source=scene.connect["ip"]) as client:
            admission = scene.admit(time.time(), **options)
            client.send(f"CONNECT {json.dumps(_options(scene, client))}\r\nPING\r\n".encode())
            answer = client.receive()
            if admission.closing and admission.closing.hint:
                answer += client.receive_all()
        log = self.log(before, admission.log)
        taken = b"PONG" in answer or (bool(admission) and b"Authorization" not in answer)
        assert taken is bool(admission), (admission, answer, log)
        error = admission.closing.error if admission.closing and admission.closing.hint else ""
        assert (error or admission.error).encode() in answer
        assert (b"-ERR" in answer) is bool(error or admission.error), (admission, answer)
        assert admission.log in log
        return admission

    def log(self, before: int, line: str) -> str:
        """Return what the server logged; it may answer first, and log then."""
        deadline = time.monotonic() + 2
        while line not in (log := self.server.log[before:]) and time.monotonic() < deadline:
            time.sleep(0.01)
        return log


def _options(scene: Scene, client: RawClient) -> dict[str, Any]:
    connect = scene.connect
    options: dict[str, Any] = {"jwt": scene.user, "verbose": False}
    if connect["sig"] != "missing":
        signer = connect.get("key", "user") if connect["sig"] == "good" else "unknown"
        options["sig"] = client.sign(scene.signers[signer])
    if proxy := connect.get("proxy"):
        options["proxy_sig"] = client.sign(PROXY if proxy == "good" else scene.unknown)
    if connect.get("account"):
        options["account"] = "any"
    return options


def _publish(site: Site, scene: Scene) -> None:
    for key, account in scene.accounts.items():
        (site.accounts / f"{key}.jwt").write_text(account.encoded)


def start(
    directory: Path,
    more: str = "",
    resolver: str = FULL,
    *,
    strict: bool = False,
    zone: str = "UTC",
) -> Site:
    root = Root(strict=strict)
    (directory / "server.conf").write_text(
        f"debug: true\noperator: {root.operator.encoded}\nresolver: {resolver}\n"
        f"resolver_preload: {{ {root.system.public_key}: {root.system_account.encoded} }}\n{more}\n"
    )
    (directory / "jwt").mkdir(exist_ok=True)
    server = NatsServer(directory / "server.conf", directory=directory)
    return Site(root, server, directory / "jwt", zone)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = start(tmp_path_factory.mktemp("site"))
    with site.server:
        yield site


def each(cases: dict[str, tuple[Case, CheckCode | None]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("case", "reason"), cases.values(), ids=cases.keys())


TOKEN = CheckCode.TOKEN
DECODING: dict[str, tuple[Case, CheckCode | None]] = {
    "as issued": ({}, None),
    "none": ({"token": ""}, TOKEN),
    "garbage": ({"token": "a.b.c"}, TOKEN),
    "line break after": ({"text": "{}\r\n\n"}, None),
    "line break before": ({"text": "\n{}"}, TOKEN),
    "blank after": ({"text": "{} "}, TOKEN),
    "algorithm in capitals": ({"header": '{"typ":"jwt","alg":"ED25519-NKEY"}'}, None),
    "algorithm of version 1": ({"header": '{"typ":"JWT","alg":"ed25519"}'}, None),
    "algorithm none": ({"header": '{"typ":"JWT","alg":"none"}'}, TOKEN),
    "algorithm with a suffix": ({"header": '{"typ":"JWT","alg":"ed25519-foo"}'}, TOKEN),
    "typ JWS": ({"header": '{"typ":"JWS","alg":"ed25519-nkey"}'}, TOKEN),
    "names of the header in capitals": ({"header": '{"TYP":"JWT","Alg":"ed25519-nkey"}'}, None),
    "header twice": ({"header": '{"typ":"x","typ":"JWT","alg":"ed25519-nkey"}'}, None),
    "version 1": (
        {"payload": USER.replace('"sub"', '"type":"user","sub"') % OPEN, "old": True}
        | {"header": OLD_HEADER},
        None,
    ),
    "version 1, signed as 2": (
        {"payload": USER.replace('"sub"', '"type":"user","sub"') % OPEN, "header": OLD_HEADER},
        TOKEN,
    ),
    **{
        f"version {version}": ({"payload": USER.replace("2}", f"{version}}}") % OPEN}, TOKEN)
        for version in ("0", "1", "3", "2.0", '"2"')
    },
    "names in capitals": ({"payload": USER % f'{OPEN},"PUB":{{"Allow":["a"]}}'}, None),
    "names in capitals, invalid": (
        {"payload": USER % f'{OPEN},"PUB":{{"Allow":["a..b"]}}'},
        CheckCode.CLAIMS,
    ),
    "names twice": (
        {"payload": USER % f'{OPEN},"pub":{{"allow":["a..b"]}},"pub":{{"allow":["b"]}}'},
        None,
    ),
    "names twice, one wrong": ({"payload": USER % f'"subs":"1",{OPEN}'}, TOKEN),
    "long s": ({"payload": USER % f'{OPEN},"\u017fub":{{"deny":["."]}}'}, CheckCode.CLAIMS),
    "deep extra": ({"payload": USER % f'{OPEN},"x":{"[" * 200}{"]" * 200}'}, None),
    **{
        f"{member}: {value}": ({"payload": USER % f'{OPEN},"{member}":{value}'}, TOKEN)
        for member, value in [
            ("subs", '"1"'), ("subs", "1.5"), ("resp", '{"ttl":"1s"}'), ("resp", '{"ttl":1e9}'),
            ("resp", '{"max":1.5}'), ("tags", '"a"'), ("pub", '{"allow":"a"}'), ("pub", "[]"),
            ("bearer_token", '"true"'), ("allowed_connection_types", '"STANDARD"'), ("src", "5"),
        ]
    },
    **{
        f"{member}: null": ({"user_nats": {member: None}}, None)
        for member in ("pub", "sub", "resp", "src", "times", "allowed_connection_types")
    },
    "null in a list": ({"user_nats": {"pub": {"allow": ["a", None]}}}, CheckCode.CLAIMS),
    "unknown members": ({"user_nats": {"permissions": {"pub": {"deny": [">"]}}}}, None),
    "issued by the operator": ({"signer": "operator"}, TOKEN),
    "issued by a user": ({"signer": "user"}, TOKEN),
    "no time of issue": ({"user_std": {"iat": 0}}, None),
    "issued in the future": ({"user_std": {"iat": {"rel": 5000}}}, None),
}  # fmt: skip


@each(DECODING)
def test_what_is_a_token(site: Site, case: Case, reason: CheckCode | None) -> None:
    assert site.compare(case).reason is reason


CLAIMS: dict[str, tuple[Case, CheckCode | None]] = {
    "expires later": ({"user_std": {"exp": {"rel": 60}}}, None),
    "expired": ({"user_std": {"exp": {"rel": -5}}}, CheckCode.CLAIMS),
    "expires before 1970": ({"user_std": {"exp": -7}}, None),
    "expires in 293 years": ({"user_std": {"exp": {"rel": 9_300_000_000}}}, None),
    "expires in 600 years": ({"user_std": {"exp": {"rel": 19_000_000_000}}}, None),
    "not yet": ({"user_std": {"nbf": {"rel": 60}}}, CheckCode.CLAIMS),
    "both": ({"user_std": {"nbf": {"rel": 60}, "exp": {"rel": -60}}}, CheckCode.CLAIMS),
    "permissions": (
        {
            "user_nats": {
                "sub": {"allow": ["a..b", ".x", "a q r", "ok", "y. z"], "deny": [""]},
                "pub": {"allow": ["a q", "a q..r", "\t.\u00e9\u0007\u2028 x", '"\\']},
            }
        },
        CheckCode.CLAIMS,
    ),
    "everything else": (
        {
            "user_nats": {
                "times": [{"start": "", "end": ""}, {"start": "1:2:3", "end": "24:00:00"}],
                "times_location": "No/Where",
                "src": ["1", "::/129", " 127.0.0.1/32", "127.0.0.01/32"],
                "issuer_account": "foo",
            }
        },
        CheckCode.CLAIMS,
    ),
    "zone with dots": ({"user_nats": {"times_location": "../x"}}, CheckCode.CLAIMS),
    "zone with a slash": ({"user_nats": {"times_location": "/x"}}, CheckCode.CLAIMS),
    "zone with a null": ({"user_nats": {"times_location": "a\0b"}}, CheckCode.CLAIMS),
    "zone in lower case": ({"user_nats": {"times_location": "europe/paris"}}, CheckCode.CLAIMS),
    "zone of a directory": ({"user_nats": {"times_location": "Europe/"}}, CheckCode.CLAIMS),
    "zone of another file": ({"user_nats": {"times_location": "zone.tab"}}, CheckCode.CLAIMS),
    "zone": ({"user_nats": {"times_location": "Europe/Paris"}}, None),
}


@each(CLAIMS)
def test_claims(site: Site, case: Case, reason: CheckCode | None) -> None:
    assert site.compare(case).reason is reason


LOOKUP = CheckCode.ACCOUNT_LOOKUP
MAPPINGS = {"a.*": [{"subject": "b.$3", "weight": 100}]}
GARBAGE = {"name": "a", "subject": "a", "account": "$SYS", "token": "x", "type": "stream"}
ACCOUNTS: dict[str, tuple[Case, CheckCode | None]] = {
    "signed by a stranger": ({"account_signer": "foreign"}, LOOKUP),
    "signed by itself": ({"account_signer": "account"}, LOOKUP),
    "signed by the identity key": ({"account_signer": "operator"}, None),
    "expired": ({"account_std": {"exp": {"rel": -5}}}, LOOKUP),
    "not yet": ({"account_std": {"nbf": {"rel": 60}}}, LOOKUP),
    "expires before 1970": ({"account_std": {"exp": -5}}, CheckCode.ACCOUNT_EXPIRED),
    "of another subject": ({"account_std": {"sub": "$OTHER"}}, LOOKUP),
    "of no subject": ({"account_std": {"sub": "x"}}, LOOKUP),
    "invalid": ({"account_nats": {"default_permissions": {"pub": {"allow": ["."]}}}}, LOOKUP),
    "bad activation": ({"account_nats": {"imports": [GARBAGE]}}, LOOKUP),
    "mapping to nothing": ({"account_nats": {"mappings": MAPPINGS}}, None),
    "no limits": ({"account_nats": {"limits": {}}}, CheckCode.CONNECTION_LIMIT),
    "conn 0": ({"account_nats": {"limits": {**UNLIMITED, "conn": 0}}}, CheckCode.CONNECTION_LIMIT),
    "conn -2": (
        {"account_nats": {"limits": {**UNLIMITED, "conn": -2}}},
        CheckCode.CONNECTION_LIMIT,
    ),
    "conn 1": ({"account_nats": {"limits": {**UNLIMITED, "conn": 1}}}, None),
    "conn beyond 32 bits": ({"account_nats": {"limits": {**UNLIMITED, "conn": 5 << 30}}}, None),
    "subs 0": ({"account_nats": {"limits": {**UNLIMITED, "subs": 0}}}, None),
    "subs of the user 0": ({"user_nats": {"subs": 0}}, None),
    "subs of the user -3": ({"user_nats": {"subs": -3}}, None),
    "subs of the user 1": ({"user_nats": {"subs": 1}}, None),
    "limits left out": ({"user_nats": BARE}, None),
    "revoked": ({"account_nats": {"revocations": {"$USER": {"rel": 0}}}}, CheckCode.REVOCATION),
    "all revoked": ({"account_nats": {"revocations": {"*": {"rel": 9}}}}, CheckCode.REVOCATION),
    "revoked before": (
        {"account_nats": {"revocations": {"*": {"rel": -1}, "$USER": {"rel": -2}}}},
        None,
    ),
    "bearers disallowed": (
        {"account_nats": {"limits": {**UNLIMITED, "disallow_bearer": True}}}
        | {"user_nats": {"bearer_token": True}},
        CheckCode.BEARER,
    ),
    "serves the callout": ({"account_nats": {"authorization": {"auth_users": ["$USER"]}}}, None),
}


@each(ACCOUNTS)
def test_accounts(site: Site, case: Case, reason: CheckCode | None) -> None:
    assert site.compare(case).reason is reason


NO_SCOPE = CheckCode.SCOPED_USER_EMPTY
DAY = [{"start": "00:00:00", "end": "23:59:59.5"}]
TEMPLATES: list[tuple[dict[str, Any], CheckCode | None]] = [
    ({"src": ["bad"]}, CheckCode.SOURCE),
    ({"src": ["127.0.0.0/8", "bad"]}, None),
    ({"src": ["bad", "127.0.0.0/8"]}, CheckCode.SOURCE),
    ({"src": "127.0.0.0/8"}, None),
    ({"times": [*DAY, {"start": "zz", "end": "1:1:1"}]}, CheckCode.TIMES),
    ({"times_location": "No/Where"}, None),
    ({"times": DAY, "times_location": "No/Where"}, CheckCode.TIMES),
    ({"times": DAY, "times_location": "Europe/Paris"}, None),
    ({"subs": 0}, None),
    ({"subs": 5.0}, None),
    ({"bearer_token": True}, None),
    ({"allowed_connection_types": ["MQTT"]}, CheckCode.CONNECTION_TYPE),
    ({"pub": {"allow": ["a q", "{{name()}}", "{{tag(x)}}"]}}, None),
    ({"pub": {"deny": ["{{tag(x)}}"]}}, CheckCode.SCOPE_TEMPLATE),
    ({"sub": {"allow": ["{{nope()}}"]}}, CheckCode.SCOPE_TEMPLATE),
    ({"proxy_required": True}, CheckCode.SCOPE_PROXY_REQUIRED),
]
SCOPES: dict[str, tuple[Case, CheckCode | None]] = {
    **{
        f"user {body}": (
            {**SCOPED, "user_nats": {**SCOPED["user_nats"], **body}},  # type: ignore[dict-item]
            reason,
        )
        for body, reason in [
            ({}, None), ({"pub": {}}, None), ({"resp": None}, None), ({"subs": 0}, None),
            ({"proxy_required": False}, None), ({"times_location": ""}, None),
            ({"tags": ["a"]}, None), ({"subs": -1}, NO_SCOPE), ({"src": ""}, NO_SCOPE),
            ({"src": []}, NO_SCOPE), ({"times": []}, NO_SCOPE), ({"resp": {}}, NO_SCOPE),
            ({"sub": {"deny": []}}, NO_SCOPE), ({"allowed_connection_types": []}, NO_SCOPE),
            ({"bearer_token": True}, NO_SCOPE),
            ({"proxy_required": True}, CheckCode.PROXY_REQUIRED),
        ]
    },
    **{f"template {t}": ({**SCOPED, "scoped_template": t}, reason) for t, reason in TEMPLATES},
}  # fmt: skip


@each(SCOPES)
def test_scopes(site: Site, case: Case, reason: CheckCode | None) -> None:
    assert site.compare(case).reason is reason


def types(*names: str) -> Case:
    return {"user_nats": {"allowed_connection_types": [*names]}}


def src(*networks: str, ip: str = "127.0.0.1") -> Case:
    return {"user_nats": {"src": [*networks]}, "connect": {"ip": ip}}


TYPE, SOURCE, SIGNATURE = CheckCode.CONNECTION_TYPE, CheckCode.SOURCE, CheckCode.SIGNATURE
CONNECTIONS: dict[str, tuple[Case, CheckCode | None]] = {
    "no types": (types(), None),
    "type in lower case": (types("standard"), None),
    "unknown type beside": (types("FOO", "STANDARD", 'b"x'), None),
    "unknown types": (types("foo", "b\u00e4r\u0007"), TYPE),
    "unknown and other types": (types("FOO", "MQTT"), TYPE),
    "other types": (types("WEBSOCKET", "IN_PROCESS"), TYPE),
    "empty type": (types(""), TYPE),
    "bearer": (
        {"user_nats": {"bearer_token": True}, "connect": {"sig": "missing"}},
        None,
    ),
    "bearer, signed wrong": (
        {"user_nats": {"bearer_token": True}, "connect": {"sig": "bad"}},
        None,
    ),
    "signed wrong": ({"connect": {"sig": "bad"}}, SIGNATURE),
    "not signed": ({"connect": {"sig": "missing"}}, SIGNATURE),
    "no key": ({"user_std": {"sub": "somebody"}}, SIGNATURE),
    "empty key": ({"user_std": {"sub": ""}}, SIGNATURE),
    "broken key": ({"user_std": {"sub": "U" * 56}}, SIGNATURE),
    "no key, bearer": ({"user_std": {"sub": "x"}, "user_nats": {"bearer_token": True}}, None),
    "key of an account": ({"user_std": {"sub": "$ACC"}, "connect": {"key": "account"}}, None),
    "everywhere in IPv6": (src("::/0"), SOURCE),
    "mapped address": (src("::ffff:127.0.0.1/128"), None),
    "mapped network": (src("::ffff:127.9.9.9/104"), None),
    "partly mapped network": (src("::ffff:127.0.0.1/95"), SOURCE),
    "host bits": (src("127.0.0.1/24"), None),
    "padded length": (src("127.0.0.1/08"), None),
    "there": (src("10.0.0.0/8", "127.0.0.2/32", ip="127.0.0.2"), None),
    "elsewhere": (src("127.0.0.0/30", ip="127.0.0.4"), SOURCE),
    "names an account": ({"connect": {"account": True}}, CheckCode.ACCOUNT_FIELD),
}


@each(CONNECTIONS)
def test_connections(site: Site, case: Case, reason: CheckCode | None) -> None:
    assert site.compare(case).reason is reason


@pytest.mark.parametrize("strict", [False, True])
def test_who_may_sign_whom(tmp_path: Path, *, strict: bool) -> None:
    site = start(tmp_path, strict=strict)
    signers = ("account", "signing_key", "scoped_key", "unknown", "system_account", "operator")
    taken = set()
    with site.server:
        for signer, owner, empty in product(signers, ("", "$ACC", "$SYS", "foo"), (False, True)):
            if not owner and signer in ("signing_key", "scoped_key", "unknown"):
                continue  # looked up at other servers, in vain and for two seconds
            body = {"issuer_account": owner} | (BARE if empty else {})
            if site.compare({"signer": signer, "user_nats": body}):
                taken.add((signer, owner, empty))
        for signer in ("operator", "operator_signing", "foreign", "account"):
            body = {"issuer_account": "$ACC"}
            site.compare({"account_signer": signer, "signer": "signing_key", "user_nats": body})
        keys = [{"kind": "user_scope", "key": "$ACC", "role": "", "template": {"subs": 3}}]
        site.compare({"account_nats": {"signing_keys": keys}, "user_nats": BARE})
        site.compare({"account_nats": {"signing_keys": ["$ACC"]}})
    of_identity = {("account", o, e) for o, e in product(("", "$ACC"), (False, True))}
    of_system = {("system_account", o, e) for o, e in product(("", "$SYS"), (False, True))}
    assert taken == {
        ("signing_key", "$ACC", False),
        ("signing_key", "$ACC", True),
        ("scoped_key", "$ACC", True),
        *(() if strict else of_identity | of_system),
    }


@pytest.mark.parametrize("signer", ["signing_key", "unknown", "account"])
def test_accounts_that_nobody_has(tmp_path: Path, signer: str) -> None:
    site = start(tmp_path, resolver="MEM")
    with site.server:
        admission = site.compare({"signer": signer, "unknown_account": True})
    assert admission.reason is LOOKUP
    assert admission.log.endswith("account missing")


def test_pinned_accounts(tmp_path: Path) -> None:
    owner = KeyPair.generate(KeyType.ACCOUNT).public_key
    site = start(tmp_path, f"resolver_pinned_accounts: [{owner}]")
    with site.server:
        assert site.compare({}, pinned_accounts=[owner]).reason is CheckCode.PINNED_ACCOUNTS
        assert site.compare({"signer": "system_account"}, pinned_accounts=[owner])


def test_proxies(tmp_path: Path) -> None:
    site = start(tmp_path, f"proxies {{ trusted: [ {{ key: {PROXY.public_key} }} ] }}")
    reasons = []
    with site.server:
        for proxy, required in product((None, "good", "bad"), (False, True)):
            connect = {"connect": {"proxy": proxy}}
            case = {"user_nats": {"proxy_required": required}, **connect}
            reasons.append(site.compare(case).reason)
            template = {"proxy_required": required}
            reasons.append(site.compare({**SCOPED, "scoped_template": template, **connect}).reason)
    refused = [CheckCode.PROXY_REQUIRED, CheckCode.SCOPE_PROXY_REQUIRED]
    assert reasons == [None, None, *refused, *[None] * 4, *[CheckCode.PROXY_SIGNATURE] * 4]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("TZ", zone)
    site = start(tmp_path, zone=zone)
    ranges = {"now": (-60, 60), "later": (60, 120), "over midnight": (-60, -120), "never": (0, 0)}
    ranges |= {"before": (-120, -60), "over midnight, not now": (60, -60)}
    taken = set()
    with site.server:
        for where, (name, ends) in product(("", "Local", "UTC", "Europe/Paris"), ranges.items()):
            now = datetime.now(ZoneInfo(zone if where in ("", "Local") else where))
            start_, end = (f"{now + timedelta(seconds=at):%H:%M:%S}" for at in ends)
            body = {"times": [{"start": start_, "end": end}], "times_location": where}
            if site.compare({"user_nats": body}):
                taken.add(name)
            local = datetime.now(ZoneInfo("Asia/Tokyo"))
            body["times"] = [{"start": f"{local:%H}:00:00", "end": f"{local:%H}:59:59"}]
            site.compare({"user_nats": body})
    assert taken == {"now", "over midnight"}


def test_auth_callout_that_nobody_serves(tmp_path: Path) -> None:
    site = start(tmp_path, "authorization { timeout: 0.3 }")
    callout = {"account_nats": {"authorization": {"auth_users": [STRANGER]}}}
    with site.server:
        assert site.compare(callout).reason is CheckCode.AUTH_CALLOUT
        both = site.compare({**callout, **src("10.0.0.0/8")})
        assert [check.code for check in both.failing] == [SOURCE, CheckCode.AUTH_CALLOUT]


def test_the_account_has_no_room_for_another(site: Site) -> None:
    limits = {**UNLIMITED, "conn": 1}
    scene = Scene({"account_nats": {"limits": limits}}, site.root, int(time.time()))
    _publish(site, scene)
    answers = []
    with RawClient.open(site.server.url) as first, RawClient.open(site.server.url) as second:
        for client in (first, second):
            client.send(f"CONNECT {json.dumps(_options(scene, client))}\r\nPING\r\n".encode())
            answers.append(client.receive())
    verdicts = []
    for present in (0, 1):
        scene.case["connect"] = {"open": present}
        verdicts.append(scene.admit(time.time()))
    assert answers == [b"PONG\r\n", f"-ERR '{verdicts[1].error}'\r\n".encode()]
    assert [bool(verdict) for verdict in verdicts] == [True, False]


def test_the_second_in_which_a_user_expires(site: Site) -> None:
    time.sleep(1.001 - time.time() % 1)
    admission = site.compare({"user_std": {"exp": {"rel": 0}}})
    assert admission.closing
    assert admission.closing.hint


def test_the_first_of_many_reasons_is_that_of_the_server(tmp_path: Path) -> None:
    site = start(tmp_path, f"proxies {{ trusted: [ {{ key: {PROXY.public_key} }} ] }}")
    now = datetime.now(ZoneInfo("UTC"))
    later = f"{now + timedelta(hours=2):%H:%M:%S}"
    template: dict[str, Any] = {
        "pub": {"deny": ["{{tag(x)}}"]},
        "proxy_required": True,
        "bearer_token": True,
        "allowed_connection_types": ["MQTT"],
        "src": ["10.0.0.0/8"],
        "times": [{"start": later, "end": later}],
    }
    limits = {**UNLIMITED, "disallow_bearer": True, "conn": 0}
    case: Case = {
        "signer": "scoped_key",
        "user_nats": {**BARE, "issuer_account": "$ACC", "proxy_required": True, "subs": -1},
        "user_std": {"exp": {"rel": -9}},
        "account_nats": {"limits": limits, "revocations": {"*": {"rel": 9}}},
        "account_signer": "foreign",
        "scoped_template": template,
        "connect": {"proxy": "bad", "sig": "bad", "account": True},
    }
    cures: list[tuple[dict[str, Any], str]] = [
        (case["connect"], "proxy"), (case["user_nats"], "proxy_required"), (case, "user_std"),
        (case, "account_signer"), (case["user_nats"], "subs"), (template, "pub"),
        (template, "proxy_required"), (limits, "disallow_bearer"),
        (template, "allowed_connection_types"), (case["connect"], "sig"),
        (case["account_nats"], "revocations"), (template, "src"), (template, "times"),
        (limits, "conn"), (case["connect"], "account"),
    ]  # fmt: skip
    reasons = []
    with site.server:
        for where, what in cures:
            admission = site.compare(case)
            reasons.append(admission.reason)
            # A bearer signs nothing, so that one reason shows once another is gone.
            left = len(cures) - len(reasons) + 1 - ("bearer_token" in template)
            assert len(admission.failing) == left
            where.pop(what)
            limits.setdefault("conn", -1)
            if what == "disallow_bearer":
                template.pop("bearer_token")
        assert site.compare(case)
    assert reasons == [*dict.fromkeys(reasons)]
    assert reasons == sorted(reasons, key=[*CheckCode].index)
    assert len(reasons) == len(cures)


STREAMS: Case = {"account_nats": {"limits": {**UNLIMITED, "disk_storage": -1, "streams": -1}}}


def test_websockets_leaf_nodes_and_mqtt(tmp_path: Path) -> None:
    more = (
        "server_name: one\njetstream { store_dir: './js' }\n"
        "websocket { listen: '127.0.0.1:-1', no_tls: true }\n"
        "leafnodes { listen: '127.0.0.1:-1' }\nmqtt { listen: '127.0.0.1:-1' }\n"
    )
    site = start(tmp_path, more)
    with site.server:
        found = re.findall(r"Listening for (\w+) .* on (?:\w+://)?(127\S+)", site.server.log)
        urls = {name.lower(): f"nats://{address}" for name, address in found}
        places = {
            "STANDARD": (site.server.url, None),
            "WEBSOCKET": (urls["websocket"], "/"),
            "LEAFNODE": (urls["leafnode"], None),
        }
        for (name, (url, path)), allowed, bearer in product(
            places.items(),
            ([], [*places], ["STANDARD"], ["WEBSOCKET"], ["LEAFNODE"]),
            (True, False),
        ):
            body = {"allowed_connection_types": allowed, "bearer_token": bearer}
            case = {"user_nats": body, "connect": {"type": name}}
            scene = Scene(case, site.root, int(time.time()))
            _publish(site, scene)
            admission = scene.admit(time.time())
            with RawClient.open(url, path=path) as client:
                options = json.dumps({"protocol": 1, "headers": True, **_options(scene, client)})
                client.send(f"CONNECT {options}\r\nPING\r\n".encode())
                answer = client.receive()
            assert bool(admission) is (not allowed or name in allowed)
            assert (b"Authorization Violation" in answer) is not bool(admission), (case, answer)
            assert admission.log in site.log(0, admission.log)
        for allowed, bearer in product(([], ["MQTT"], ["STANDARD"]), (True, False)):
            body = {"allowed_connection_types": allowed, "bearer_token": bearer}
            case = {"user_nats": body, "connect": {"type": "MQTT"}, **STREAMS}
            scene = Scene(case, site.root, int(time.time()))
            _publish(site, scene)
            admission = scene.admit(time.time())
            code = mqtt_connect(urls["mqtt"], scene.user)[3:]
            assert bool(admission) is (bearer and "STANDARD" not in allowed)
            assert (code == b"\x05") is not bool(admission), (case, code)
            assert admission.error == ("" if admission else "CONNACK return code 5")
            assert admission.log in site.log(0, admission.log)


JETSTREAM: list[tuple[Case, bool]] = [
    ({}, False),
    ({"streams": -1, "consumer": -1}, False),
    ({"mem_storage": -1, "streams": -1}, False),
    ({"disk_storage": -1}, True),
    ({"disk_storage": -2, "streams": -2}, True),
    ({"disk_storage": 1, "disk_max_stream_bytes": 1}, True),
    ({"disk_storage": -1, "max_bytes_required": True, "streams": 1}, False),
    ({"mem_storage": -1, "max_bytes_required": True}, False),
    *(({"disk_storage": -1, "streams": limit}, limit > 4) for limit in range(1, 7)),
    ({"tiered_limits": {"R1": {"disk_storage": -1}}}, True),
    ({"tiered_limits": {"R1": {"mem_storage": -1}}}, False),
    ({"tiered_limits": {"R1": {"disk_storage": -1, "streams": 2}}}, False),
    ({"tiered_limits": {"R2": {"disk_storage": -1, "streams": -1}}}, False),
]


def test_mqtt_needs_jetstream(tmp_path: Path) -> None:
    more = "server_name: one\njetstream { store_dir: './js' }\nmqtt { listen: '127.0.0.1:-1' }\n"
    site = start(tmp_path, more)
    with site.server:
        [address] = re.findall(r"Listening for MQTT .* on \w+://(127\S+)", site.server.log)
        for limits, taken in JETSTREAM:
            case = {"user_nats": {"bearer_token": True}, "connect": {"type": "MQTT"}}
            case["account_nats"] = {"limits": {**UNLIMITED, **limits}}
            scene = Scene(case, site.root, int(time.time()))
            _publish(site, scene)
            before, admission = len(site.server.log), scene.admit(time.time())
            answer = mqtt_connect(f"nats://{address}", scene.user)
            assert answer == (b"\x20\x02\x00\x00" if taken else b""), limits
            assert bool(admission) is taken, limits
            assert admission.log in site.log(before, admission.log)
            assert admission.error == ""
