"""What lint says of servers, beside what a real one does."""

from __future__ import annotations

import base64
import json
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from natsauth.claims import (
    Export,
    Import,
    OperatorLimits,
    Permission,
    Permissions,
    ResponsePermission,
    User,
    UserClaims,
    UserPermissionLimits,
    UserScope,
    WeightedMapping,
)
from natsauth.keys import KeyPair, KeyType
from natsauth.policy.lint import LintCode, Severity, lint
from natsauth.testing import NatsServer
from natsauth.token import Token, decode, encode
from natsauth.validation import IssueCode
from tests._tokens import forge
from tests.live._realm import Realm, key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum
    from pathlib import Path

    from natsauth.claims import AccountClaims

pytestmark = pytest.mark.live

STREAM = {"storage": "memory", "num_replicas": 1}


class Client:
    """A connection, in the server's own protocol."""

    def __init__(self, url: str, token: str, who: KeyPair) -> None:
        address = urlsplit(url)
        self._socket = socket.create_connection((address.hostname, address.port), timeout=10)
        self._lines = self._socket.makefile("rb")
        self._kept: list[str] = []
        self._subscriptions = 0
        nonce = json.loads(self._lines.readline().removeprefix(b"INFO "))["nonce"]
        signature = base64.urlsafe_b64encode(who.sign(nonce.encode())).rstrip(b"=").decode()
        options = {"jwt": token, "sig": signature, "verbose": False, "headers": True}
        self.greeting = self.say(f"CONNECT {json.dumps({**options, 'no_responders': True})}")

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def say(self, *lines: str) -> list[str]:
        """Send lines, and return what comes until the answer to the PING after them."""
        heard: list[str] = []
        try:
            self._socket.sendall("".join(f"{line}\r\n" for line in (*lines, "PING")).encode())
            while line := self._lines.readline():
                if line == b"PONG\r\n":
                    return heard
                if not line.startswith((b"INFO ", b"PING")):
                    heard.append(line.decode().rstrip("\r\n"))
        except ConnectionError:
            pass
        return [*heard, "closed"]

    def subscribe(self, subject: str, queue: str = "") -> bool:
        """Tell whether a subscription is taken."""
        self._subscriptions += 1
        answer = self.say(f"SUB {subject} {queue} {self._subscriptions}")
        assert not answer or "Permissions Violation for Subscription" in answer[0]
        return not answer

    def publish(self, subject: str, reply: str = "", data: str = "") -> bool:
        """Tell whether a message is taken."""
        answer = self.say(f"PUB {subject} {reply} {len(data)}", data)
        errors = [line for line in answer if line.startswith("-ERR")]
        assert all("Permissions Violation for Publish" in error for error in errors)
        self._kept += [line for line in answer if line not in errors]
        return not errors

    def request(self, subject: str, data: str = "") -> str:
        """Return the answer to a request, once it has come."""
        inbox, heard = f"_INBOX.me.{self._subscriptions}", ""
        assert self.subscribe(inbox)
        assert self.publish(subject, inbox, data)
        end = time.monotonic() + 5
        while f"MSG {inbox} " not in heard and time.monotonic() < end:
            heard += self.heard(patience=0.1)
        return heard

    def heard(self, *, patience: float = 0.0) -> str:
        """Return what came since the last time, perhaps after a while."""
        end = time.monotonic() + patience
        while not (lines := self._kept + self.say()) and time.monotonic() < end:
            time.sleep(0.01)
        self._kept = []
        return "\n".join(lines)


@dataclass
class Lab:
    """An operator, and a server that trusts it and finds accounts as files in a directory."""

    realm: Realm
    server: NatsServer
    accounts: Path
    clients: list[Client]

    def account(self, **body: Any) -> tuple[KeyPair, Token[AccountClaims]]:
        owner = key(KeyType.ACCOUNT)
        token = self.realm.account(owner, "lab", **body)
        (self.accounts / f"{owner.public_key}.jwt").write_text(token.encoded)
        return owner, token

    def user(self, owner: KeyPair, name: str = "", **body: Any) -> tuple[Client, Token[UserClaims]]:
        who = key(KeyType.USER)
        token = encode(UserClaims(sub=who.public_key, name=name, nats=User(**body)), owner)
        return self.connect(token.encoded, who), token

    def scoped(
        self, template: UserPermissionLimits, name: str, *tags: str
    ) -> tuple[Client, Token[UserClaims], Token[AccountClaims]]:
        """Connect a user of a scoped signing key."""
        signer, who = key(KeyType.ACCOUNT), key(KeyType.USER)
        scope = UserScope(key=signer.public_key, role="r", template=template)
        owner, account = self.account(signing_keys=[scope])
        claims = UserClaims(sub=who.public_key, name=name)
        claims.nats.clear()
        claims.nats.issuer_account, claims.nats.tags = owner.public_key, [*tags]
        token = encode(claims, signer)
        return self.connect(token.encoded, who), token, account

    def connect(self, token: str, who: KeyPair) -> Client:
        self.clients.append(Client(self.server.url, token, who))
        return self.clients[-1]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Realm, NatsServer, Path]]:
    directory = tmp_path_factory.mktemp("lab")
    realm, config = Realm(strict=False), directory / "server.conf"
    config.write_text(realm.config(more="jetstream: { store_dir: './js' }\ndebug: true"))
    with NatsServer(config, directory=directory) as running:
        yield realm, running, directory / "jwt"


@pytest.fixture
def lab(server: tuple[Realm, NatsServer, Path]) -> Iterator[Lab]:
    made = Lab(*server, [])
    yield made
    for client in made.clients:
        client.close()


def found(code: StrEnum, *subjects: Any) -> Severity:
    """Return the severity of the one finding of a code."""
    [finding] = [item for item in lint(*subjects).findings if item.code == code]
    return finding.severity


def is_clear(code: StrEnum, *subjects: Any) -> bool:
    return code not in [item.code for item in lint(*subjects).findings]


@pytest.mark.parametrize(
    ("entry", "queue", "deny", "subscription", "leaks"),
    [
        ("foo.*", "", [], "foo.>", True),
        ("foo.* q", "q", [], "foo.>", True),
        ("*", "", [], ">", True),
        ("foo.*", "", ["foo.*.>"], "foo.>", False),
        ("foo.*", "", ["foo.*.b"], "foo.>", True),
        ("foo.*", "", ["*.*"], "foo.>", False),
        ("*", "", ["*.>"], ">", False),
        ("foo.>", "", [], "foo.>", None),
    ],
)
def test_a_final_star(
    lab: Lab, entry: str, queue: str, deny: list[str], subscription: str, *, leaks: bool | None
) -> None:
    owner, _ = lab.account()
    client, token = lab.user(owner, sub=Permission(allow=[entry], deny=deny))
    other, _ = lab.user(owner)
    client.subscribe(subscription, queue)
    other.publish("foo.a.b.c")
    assert ("foo.a.b.c" in client.heard()) is (leaks is not False)
    assert is_clear(LintCode.FINAL_STAR, token) is (leaks is not True)


def test_a_star_alone_is_the_whole_account(lab: Lab) -> None:
    owner, _ = lab.account()
    spy, token = lab.user(owner, sub=Permission(allow=["*"]))
    other, _ = lab.user(owner)
    assert found(LintCode.FINAL_STAR, token) is Severity.WARNING
    assert spy.subscribe(">")
    for subject in ("a", "a.b.c", "_INBOX.somebody.1", "$KV.bucket.key"):
        assert other.publish(subject)
        assert subject in spy.heard(patience=5)


@pytest.mark.parametrize("entry", ["foo*", "foo>", "foo.x*", "foo.**"])
def test_wildcards_that_are_none(lab: Lab, entry: str) -> None:
    owner, _ = lab.account()
    meant = entry[:-1] + "bar"
    client, token = lab.user(owner, pub=Permission(allow=[entry]), sub=Permission(allow=[entry]))
    findings = [f for f in lint(token).findings if f.code == LintCode.LITERAL_WILDCARD]
    assert [f.severity for f in findings] == [Severity.WARNING] * 2
    assert not client.publish(meant)
    assert client.publish(entry)
    assert not client.subscribe(meant)
    assert client.subscribe(entry)
    client, token = lab.user(owner, pub=Permission(deny=[entry]), sub=Permission(deny=[entry]))
    findings = [f for f in lint(token).findings if f.code == LintCode.LITERAL_WILDCARD]
    assert [f.severity for f in findings] == [Severity.ERROR] * 2
    assert client.publish(meant)
    assert not client.publish(entry)
    assert client.subscribe(meant)
    assert not client.subscribe(entry)


def test_everything_and_the_inboxes_of_others(lab: Lab) -> None:
    owner, _ = lab.account()
    spy, token = lab.user(owner, sub=Permission(allow=["_INBOX.>"]))
    other, _ = lab.user(owner)
    assert found(LintCode.SHARED_INBOX, token) is Severity.INFO
    assert spy.subscribe("_INBOX.>")
    other.publish("_INBOX.somebody")
    assert "_INBOX.somebody" in spy.heard()
    everything, token = lab.user(owner)
    assert {f.path for f in lint(token).findings if f.code == LintCode.ALLOWS_EVERYTHING} == {
        "$.nats.pub",
        "$.nats.sub",
    }
    assert everything.subscribe(">")
    assert everything.publish("any.thing")
    assert "any.thing" in everything.heard()


def test_system_subjects(lab: Lab) -> None:
    body: dict[str, Any] = {
        "pub": Permission(allow=["$SYS.>"]),
        "sub": Permission(allow=["$SYS.>", "_INBOX.>"]),
    }
    owner, _ = lab.account()
    client, token = lab.user(owner, **body)
    assert [
        (f.path, f.severity) for f in lint(token).findings if f.code == LintCode.SYSTEM_SUBJECTS
    ] == [("$.nats.pub.allow[0]", "warning"), ("$.nats.sub.allow[0]", "info")]
    client.subscribe("_INBOX.>")
    assert client.publish("$SYS.REQ.ACCOUNT.PING.CONNZ", "_INBOX.a")
    assert '"connections":[{' in client.heard(patience=5)

    ruler, _ = lab.user(lab.realm.system, **body)
    assert ruler.subscribe("$SYS.>")
    pushed, _ = lab.account(description="pushed")
    (lab.accounts / f"{pushed.public_key}.jwt").unlink()
    token_text = lab.realm.account(pushed, "pushed").encoded
    assert ruler.publish("$SYS.REQ.CLAIMS.UPDATE", "_INBOX.b", token_text)
    assert token_text in ruler.heard(patience=5)
    deadline = time.monotonic() + 5
    while not (lab.accounts / f"{pushed.public_key}.jwt").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (lab.accounts / f"{pushed.public_key}.jwt").read_text() == token_text


def test_an_inbox_is_not_implied(lab: Lab) -> None:
    owner, _ = lab.account()
    client, token = lab.user(
        owner, pub=Permission(allow=["$JS.API.INFO"]), sub=Permission(allow=["a"])
    )
    assert found(LintCode.INBOX_MISSING, token) is Severity.WARNING
    assert not client.subscribe("_INBOX.a")
    client, token = lab.user(owner, sub=Permission(deny=["_INBOX.>"]))
    assert found(LintCode.INBOX_MISSING, token) is Severity.INFO
    assert not client.subscribe("_INBOX.a")
    assert not client.subscribe("_INBOX.>")


def test_services_of_other_accounts_answer_elsewhere(lab: Lab) -> None:
    owner, exporter = lab.account(exports=[Export(subject="svc", type="service")])
    importer, _ = lab.account(
        imports=[Import(subject="svc", account=owner.public_key, type="service")]
    )
    asking, _ = lab.user(importer)
    asking.subscribe("_INBOX.>")
    for permissions, answers in (
        ({"pub": Permission(allow=["_INBOX.>"])}, False),
        ({"pub": Permission(allow=["_R_.>"])}, True),
        ({"resp": ResponsePermission()}, True),
    ):
        service, token = lab.user(owner, sub=Permission(allow=["svc"]), **permissions)
        assert is_clear(LintCode.RESPONSES_MISSING, token, exporter) is answers
        assert service.subscribe("svc")
        assert asking.publish("svc", "_INBOX.x")
        reply = service.heard(patience=5).split()[3]
        assert reply.startswith("_R_.")
        assert service.publish(reply) is answers
        service.close()


def test_a_queue_group_that_cannot_answer(lab: Lab) -> None:
    owner, _ = lab.account()
    service, token = lab.user(
        owner, pub=Permission(allow=["log"]), sub=Permission(allow=["svc workers"])
    )
    assert found(LintCode.RESPONSES_MISSING, token) is Severity.INFO
    assert service.subscribe("svc", "workers")
    assert not service.publish("_INBOX.x")


def test_leave_to_answer(lab: Lab) -> None:
    owner, _ = lab.account()
    service, token = lab.user(
        owner, resp=ResponsePermission(max=1), pub=Permission(deny=["secret.>"])
    )
    asking, _ = lab.user(owner)
    assert found(LintCode.RESP_OVERRIDES_DENY, token) is Severity.WARNING
    assert found(LintCode.RESP_ALONE, token) is Severity.INFO
    assert not service.publish("anything.else")
    assert service.subscribe("svc")
    assert not service.publish("secret.x")
    assert asking.publish("svc", "secret.x")
    assert service.publish("secret.x")


JETSTREAM = OperatorLimits(mem_storage=-1, streams=-1, consumer=-1)
SECRET = json.dumps({"name": "S", "subjects": ["secret.>"], "allow_direct": True, **STREAM})
ENCODED = base64.b64encode(b"the secret").decode()


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        (
            {
                "$JS.API.CONSUMER.CREATE.S.c": {
                    "stream_name": "S",
                    "config": {"name": "c", "ack_policy": "none", "mem_storage": True},
                },
                "$JS.API.CONSUMER.MSG.NEXT.S.c": {"batch": 1},
            },
            "the secret",
        ),
        ({"$JS.API.DIRECT.GET.S": {"seq": 1}}, "the secret"),
        ({"$JS.API.STREAM.MSG.GET.S": {"seq": 1}}, ENCODED),
        (
            {"$JS.API.STREAM.CREATE.T": {"name": "T", "sources": [{"name": "S"}], **STREAM}},
            '"name":"T"',
        ),
    ],
    ids=["consumer", "direct", "get", "create"],
)
def test_jetstream_brings_what_is_denied(lab: Lab, requests: dict[str, Any], expected: str) -> None:
    owner, account = lab.account(limits=JETSTREAM)
    admin, _ = lab.user(owner)
    assert '"error"' not in admin.request("$JS.API.STREAM.CREATE.S", SECRET)
    assert '"seq":1' in admin.request("secret.a", "the secret")
    spy, token = lab.user(
        owner, pub=Permission(allow=[*requests]), sub=Permission(deny=["secret.>"])
    )
    assert [
        f.path for f in lint(token, account).findings if f.code == LintCode.JETSTREAM_AROUND_DENY
    ] == [f"$.nats.pub.allow[{index}]" for index in range(len(requests))]
    assert not spy.subscribe("secret.a")
    answers = [spy.request(subject, json.dumps(body)) for subject, body in requests.items()]
    assert expected in answers[-1]


def test_everything_and_jetstream(lab: Lab) -> None:
    body: dict[str, Any] = {"sub": Permission(deny=["secret.>"])}
    owner, account = lab.account(limits=JETSTREAM)
    spy, token = lab.user(owner, **body)
    assert found(LintCode.JETSTREAM_AROUND_DENY, token, account) is Severity.WARNING
    assert found(LintCode.JETSTREAM_AROUND_DENY, token) is Severity.INFO
    assert '"error"' not in spy.request("$JS.API.STREAM.CREATE.S", SECRET)
    assert '"seq":1' in spy.request("secret.a", "the secret")
    assert ENCODED in spy.request("$JS.API.STREAM.MSG.GET.S", '{"seq": 1}')

    owner, account = lab.account()
    spy, token = lab.user(owner, **body)
    assert is_clear(LintCode.JETSTREAM_AROUND_DENY, token, account)
    assert '"error"' in spy.request("$JS.API.STREAM.CREATE.S", SECRET)


def test_the_whole_api_deletes_streams(lab: Lab) -> None:
    owner, _ = lab.account(limits=JETSTREAM)
    client, token = lab.user(
        owner, pub=Permission(allow=["$JS.API.>"]), sub=Permission(allow=["_INBOX.me.>"])
    )
    assert found(LintCode.JETSTREAM_EVERYTHING, token) is Severity.INFO
    assert '"error"' not in client.request("$JS.API.STREAM.CREATE.S", SECRET)
    assert '"success":true' in client.request("$JS.API.STREAM.DELETE.S")


def test_who_may_delete_all_streams_may_not_read_them(lab: Lab) -> None:
    owner, _ = lab.account(limits=JETSTREAM)
    admin, _ = lab.user(owner)
    assert '"error"' not in admin.request("$JS.API.STREAM.CREATE.S", SECRET)
    client, token = lab.user(
        owner,
        pub=Permission(allow=["$JS.API.STREAM.DELETE.*"]),
        sub=Permission(allow=["_INBOX.me.>"]),
    )
    [finding] = [f for f in lint(token).findings if f.code == LintCode.JETSTREAM_EVERYTHING]
    assert finding.message == "may delete every stream of the account"
    for request in ("STREAM.UPDATE.S", "STREAM.MSG.GET.S", "DIRECT.GET.S", "CONSUMER.CREATE.S"):
        assert not client.publish(f"$JS.API.{request}")
    assert '"success":true' in client.request("$JS.API.STREAM.DELETE.S")


def test_entries_that_do_nothing(lab: Lab) -> None:
    owner, _ = lab.account()
    client, token = lab.user(
        owner,
        pub=Permission(allow=["a.b", "c"], deny=["a.*", "x.>"]),
        sub=Permission(allow=["s.* q", "t"], deny=["s.a", "s.>"]),
    )
    codes = {(f.code, f.path) for f in lint(token).findings if "den" in f.code}
    assert codes == {
        (LintCode.ALLOW_DENIED, "$.nats.pub.allow[0]"),
        (LintCode.DENY_WITHOUT_EFFECT, "$.nats.pub.deny[1]"),
        (LintCode.ALLOW_DENIED, "$.nats.sub.allow[0]"),
        (LintCode.DENY_SHADOWED, "$.nats.sub.deny[0]"),
    }
    assert not client.publish("a.b")
    assert client.publish("c")
    for subject in ("s.a", "s.b", "s.*", "s.>"):
        assert not client.subscribe(subject, "q")


def test_queue_groups(lab: Lab) -> None:
    owner, _ = lab.account()
    client, token = lab.user(owner, sub=Permission(allow=["a", "a q"]))
    assert found(LintCode.QUEUE_EXCLUSIVE, token) is Severity.WARNING
    assert client.subscribe("a")
    assert client.subscribe("a", "q")
    assert not client.subscribe("a", "r")
    client, token = lab.user(owner, sub=Permission(deny=["a q"]))
    assert found(LintCode.QUEUE_DENY, token) is Severity.INFO
    assert not client.subscribe("a", "q")
    assert client.subscribe("a", "r")
    assert client.subscribe("a")


@pytest.mark.parametrize("weight", [100, 50])
def test_mapped_subjects(lab: Lab, weight: int) -> None:
    mappings = {"m.in": [WeightedMapping(subject="m.out", weight=weight)]}
    owner, account = lab.account(mappings=mappings)
    allowed, token = lab.user(owner, pub=Permission(allow=["m.in"]))
    assert found(LintCode.MAPPED_ALLOW, token, account) is Severity.WARNING
    assert not all(allowed.publish("m.in") for _ in range(40))
    denied, token = lab.user(owner, pub=Permission(deny=["m.in"]))
    assert is_clear(LintCode.MAPPED_DENY, token, account) is (weight < 100)
    taken = [denied.publish("m.in") for _ in range(40)]
    assert all(taken) is (weight == 100)
    for permission in (Permission(allow=["m.in", "m.out"]), Permission(deny=["m.in", "m.out"])):
        client, token = lab.user(owner, pub=permission)
        assert is_clear(LintCode.MAPPED_ALLOW, token, account)
        assert is_clear(LintCode.MAPPED_DENY, token, account)
        assert client.publish("m.in") is bool(permission.allow)


def test_one_permission_turns_the_defaults_off(lab: Lab) -> None:
    defaults = Permissions(
        pub=Permission(allow=["u.>"]), sub=Permission(allow=["u.>"], deny=["u.x"])
    )
    owner, account = lab.account(default_permissions=defaults)
    client, token = lab.user(owner, pub=Permission(allow=["u.a"]))
    assert found(LintCode.DEFAULTS_OFF, token, account) is Severity.WARNING
    assert client.subscribe(">")
    client, token = lab.user(owner)
    assert is_clear(LintCode.DEFAULTS_OFF, token, account)
    assert is_clear(LintCode.ALLOWS_EVERYTHING, token, account)
    assert not client.subscribe(">")
    assert not client.publish("other")


@pytest.mark.parametrize(
    "nats",
    [
        {"permissions": {"pub": {"allow": ["a"]}}},
        {"publish": {"allow": ["a"]}},
        {"pub": {"publish": ["a"]}},
        {"pub_allow": ["a"]},
    ],
    ids=str,
)
def test_members_that_servers_ignore(lab: Lab, nats: dict[str, Any]) -> None:
    owner, _ = lab.account()
    who = key(KeyType.USER)
    unlimited = {"type": "user", "version": 2, "subs": -1, "payload": -1, "data": -1}
    text = forge({"sub": who.public_key, "nats": {**unlimited, **nats}}, owner)
    assert found(LintCode.IGNORED_MEMBER, decode(text)) is Severity.ERROR
    assert lab.connect(text, who).publish("something.else")


def test_templates_outside_of_a_scope(lab: Lab) -> None:
    owner, _ = lab.account()
    client, token = lab.user(owner, "bob", pub=Permission(allow=["u.{{name()}}"]))
    assert found(LintCode.TEMPLATE_OUTSIDE_SCOPE, token) is Severity.WARNING
    assert not client.publish("u.bob")
    assert client.publish("u.{{name()}}")


@pytest.mark.parametrize(
    ("name", "tags", "code", "taken"),
    [
        ("bob", ["dept:a"], None, {"u.bob", "d.a"}),
        (">", ["dept:a"], LintCode.TEMPLATE_WILDCARD, {"u.bob", "u.a.b", "d.a"}),
        ("*", ["dept:a"], LintCode.TEMPLATE_WILDCARD, {"u.bob", "d.a"}),
        ("bob", ["dept:a", "dept:*"], LintCode.TEMPLATE_WILDCARD, {"u.bob", "d.a", "d.b"}),
        ("a.b", ["dept:a"], LintCode.TEMPLATE_TOKENS, {"u.a.b", "d.a"}),
        ("bob", [], LintCode.TEMPLATE_VALUE, {"u.bob"}),
        ("a b", ["dept:a"], LintCode.TEMPLATE_VALUE, {"d.a"}),
    ],
)
def test_what_a_user_makes_of_a_template(
    lab: Lab, name: str, tags: list[str], code: LintCode | None, taken: set[str]
) -> None:
    template = UserPermissionLimits(pub=Permission(allow=["u.{{name()}}", "d.{{tag(dept)}}"]))
    client, token, account = lab.scoped(template, name, *tags)
    own = [f.code for f in lint(token, account).findings if f.code.startswith("template")]
    assert own == ([code] if code else [])
    asked = ("u.bob", "u.a.b", "d.a", "d.b", "x")
    assert {subject for subject in asked if client.publish(subject)} == taken


def test_a_tag_in_upper_case_is_not_found(lab: Lab) -> None:
    for function, taken in (("TAG(dept)", False), ("tag(dept)", True)):
        template = UserPermissionLimits(pub=Permission(allow=["u", f"d.{{{{{function}}}}}"]))
        client, token, account = lab.scoped(template, "bob", "dept:a")
        hints = [f.hint for f in lint(token, account).findings if f.code == "template_value"]
        assert [hint.startswith("write tag(…) in lower case") for hint in hints] == (
            [] if taken else [True]
        )
        assert client.publish("d.a") is taken


@pytest.mark.parametrize(
    "template",
    [
        Permission(deny=["d.{{tag(dept)}}"]),
        Permission(allow=["u.{{foo()}}"]),
        Permission(allow=["{{tag(x)}}.{{ tag(x) }}.{{  tag(x)}}"]),
    ],
    ids=["tag", "function", "product"],
)
def test_a_user_that_a_template_shuts_out(lab: Lab, template: Permission) -> None:
    tags = [f"x:{number}" for number in range(17)]
    limits = UserPermissionLimits(pub=template)
    client, token, account = lab.scoped(limits, "bob", *tags)
    assert found(LintCode.TEMPLATE_REFUSED, token, account) is Severity.ERROR
    assert "Authorization Violation" in client.greeting[0]


def test_users_that_are_closed_at_once(lab: Lab) -> None:
    owner, account = lab.account()
    who = key(KeyType.USER)
    claims = UserClaims(sub=who.public_key)
    claims.nats.clear()
    claims.nats.issuer_account = owner.public_key
    token = encode(claims, owner)
    assert found(IssueCode.LIMIT_ALLOWS_NOTHING, token, account) is Severity.ERROR
    client = lab.connect(token.encoded, who)
    assert "maximum subscriptions exceeded" in str(client.greeting) + client.heard(patience=5)
    claims = UserClaims(sub=who.public_key, exp=-1)
    token = encode(claims, owner)
    assert found(LintCode.NEGATIVE_EXPIRY, token) is Severity.ERROR
    client = lab.connect(token.encoded, who)
    assert "User Authentication Expired" in str(client.greeting) + client.heard(patience=5)


def test_an_empty_list_as_it_was_written(lab: Lab) -> None:
    owner, _ = lab.account()
    who = key(KeyType.USER)
    nats = {"type": "user", "version": 2, "subs": -1, "payload": -1}
    for permission, closed in (({"allow": [], "deny": ["b"]}, True), ({"allow": []}, False)):
        text = forge({"sub": who.public_key, "nats": {**nats, "pub": permission}}, owner)
        [finding] = [f for f in lint(decode(text)).findings if f.code == IssueCode.ALLOW_EMPTY]
        assert ("allows nothing" in finding.message) is closed
        assert lab.connect(text, who).publish("a") is not closed


@pytest.mark.parametrize(("entry", "severity"), [("a.>.b", "error"), ("a\tq", "warning")])
def test_a_malformed_deny(lab: Lab, entry: str, severity: str) -> None:
    owner, _ = lab.account()
    client, token = lab.user(owner, sub=Permission(deny=[entry]))
    code = IssueCode.WILDCARD_NOT_LAST if severity == "error" else IssueCode.WHITE_SPACE
    assert found(code, token) == severity
    assert client.subscribe("a.x.b")
    assert client.subscribe("a")


@pytest.mark.parametrize(("subjects", "severity"), [(60, None), (105, "warning"), (140, "error")])
def test_tokens_too_long_for_connect(lab: Lab, subjects: int, severity: str | None) -> None:
    owner, _ = lab.account()
    allow = [f"subject.number.{number:05}" for number in range(subjects)]
    client, token = lab.user(owner, pub=Permission(allow=allow))
    if severity is None:
        assert is_clear(LintCode.CONNECT_SIZE, token)
        assert not client.greeting
    else:
        assert found(LintCode.CONNECT_SIZE, token) == severity
        refused = "maximum control line exceeded" in str(client.greeting)
        assert refused is (severity == "error")
