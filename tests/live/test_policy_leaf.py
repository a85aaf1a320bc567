"""Verdicts on leaf nodes beside those of a real hub, which is asked in the bare protocol."""

from __future__ import annotations

import json
import re
import time
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from natsauth.creds import Creds
from natsauth.policy import LeafEvaluator, evaluate
from natsauth.testing import NatsServer
from tests._connections import UNLIMITED_USER, Scene
from tests._tokens import forge
from tests.live._client import RawClient
from tests.live.differential.strategies import asks, permissions
from tests.live.test_policy_admit import _options, _publish, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live.test_policy_admit import Site

pytestmark = pytest.mark.live

LISTS = {
    "pub": {"allow": ["p.>", "a.>.b"], "deny": ["p.x", "p.q.>.z"]},
    "sub": {"allow": ["s.>", "w q"], "deny": ["s.x", "s.d q"]},
}
NOTHING_BUT: dict[str, list[str]] = {"allow": [], "deny": ["x"]}
INTERNAL = ["$MQTT.>", "_R_.>", "$JS.>", "$NRG.>", "$LDS.>", "$GR.>"]
Operations = tuple[dict[str, Any], str, str, str]
# What is published; what is subscribed to, with a queue group after a slash; what is delivered.
OPERATIONS: list[Operations] = [
    (
        LISTS,
        "p.a p.x z a.b a.x.b p.q.r p.q.r.z _R_.x $JS.ACK.x $JS.ACK. $MQTT.x $NRG.x _GR_.x $SYS.x",
        "s.a s.x s.* > z z.* w w/q s.d s.d/q s.x/q $MQTT.x $LDS.x _GR_.x s..a s.>.a s.a/_sys_",
        "s.a s.x z w s.d $MQTT.x _R_.x",
    ),
    (
        {"pub": {"deny": INTERNAL}, "sub": {"deny": INTERNAL}},
        "$NRG.x $MQTT.x _R_.x $JS.ACK.x $JS.x a",
        "$MQTT.x $LDS.x $GR.x _R_.x a..b .a",
        "_R_.x $MQTT.x a $JS.ACK.x",
    ),
    ({"sub": {"allow": ["a.*"]}}, "a", "a.> a.. $MQTT.*", "a.b a.b.c"),
    ({"sub": {"deny": ["a q"]}}, "a", "a/q */q", "a b"),
    ({"pub": NOTHING_BUT, "sub": NOTHING_BUT}, "x z", "x z", "x z"),
    ({"resp": {"max": 1}}, "z", "z", "z"),
    ({}, "$NRG.x _GR_.x a", "a >", "a _R_.x $JS.ACK.a"),
]


class Hub:
    """A server that leaf nodes connect to.

    Args:
        site: The server.

    Attributes:
        url: Where leaf nodes connect.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        [address] = re.findall(r"Listening for leafnode .* on (127\S+)", site.server.log)
        self.url = f"nats://{address}"

    def ask(
        self,
        nats: dict[str, Any],
        publish: list[str],
        subscribe: list[tuple[str, str]],
        deliver: list[str],
        **account: Any,
    ) -> None:
        """Assert that the hub says what is said without one."""
        case: dict[str, Any] = {"user_nats": nats, "connect": {"type": "LEAFNODE"}}
        scene = Scene({**case, "account_nats": account}, self.site.root, int(time.time()))
        _publish(self.site, scene)
        admission = scene.admit(time.time())
        if not admission:
            assert admission.error.encode() in self._refused(scene)
            return
        evaluator = admission.evaluator
        assert isinstance(evaluator, LeafEvaluator)
        with ExitStack() as stack:
            observer = stack.enter_context(_observe(self.site, scene))
            leaf = stack.enter_context(self._leaf(scene))
            for subject in publish:
                leaf.send(f"LMSG {subject} 0\r\n\r\n".encode())
                said, seen = _barrier(leaf), _barrier(observer)
                decision = evaluator.publish(subject)
                is_seen = bool(decision) and "" not in subject.split(".")
                assert (b"MSG " in seen) is is_seen, (nats, decision)
                assert _error(said) == decision.error, (nats, decision)
                leaf = leaf if decision else stack.enter_context(self._leaf(scene))
            for subject, queue in subscribe:
                leaf.send(f"LS+ {subject}{f' {queue} 1' if queue else ''}\r\n".encode())
                said, decision = _barrier(leaf), evaluator.subscribe(subject, queue=queue)
                assert _error(said) == decision.error, (nats, decision)
                # In any case, so that nothing is subscribed to twice.
                leaf = stack.enter_context(self._leaf(scene))
            leaf.send(b"LS+ >\r\n")
            _barrier(leaf)
            for subject in deliver:
                observer.send(f"PUB {subject} 0\r\n\r\n".encode())
                _barrier(observer)
                decision = evaluator.deliver(subject, to=">")
                is_there = bool(decision) and "" not in subject.split(".")
                assert (b"LMSG " in _barrier(leaf)) is is_there, (nats, decision)

    def _leaf(self, scene: Scene) -> RawClient:
        leaf = self._connect(scene)
        assert _error(_barrier(leaf)) == ""
        return leaf

    def _refused(self, scene: Scene) -> bytes:
        with self._connect(scene) as leaf:
            return _barrier(leaf)

    def _connect(self, scene: Scene) -> RawClient:
        leaf = RawClient.open(self.url)
        options = {"protocol": 1, "headers": True, "name": "leaf", **_options(scene, leaf)}
        leaf.send(f"CONNECT {json.dumps(options)}\r\n".encode())
        return leaf


def _observe(site: Site, scene: Scene) -> RawClient:
    """Connect somebody of the same account who may do everything."""
    client, everything = RawClient.open(site.server.url), {"allow": [">"]}
    body = {**UNLIMITED_USER, "type": "user", "version": 2, "pub": everything, "sub": everything}
    claims = {"sub": scene.user_key.public_key, "iat": scene.now, "nats": body}
    options = {"jwt": forge(claims, scene.account_key), "sig": client.sign(scene.user_key)}
    connect = json.dumps({**options, "verbose": False, "echo": False})
    client.send(f"CONNECT {connect}\r\nSUB > 1\r\n".encode())
    _barrier(client)
    return client


def _barrier(client: RawClient) -> bytes:
    """Return what the server has to say, until it answers or closes the connection."""
    received = b""
    with suppress(ConnectionError):
        client.send(b"PING\r\n")
    while b"PONG" not in received and (chunk := client.receive()):
        received += chunk
    return received


def _error(said: bytes) -> str:
    found = re.search(rb"-ERR '(.*)'\r\n", said)
    return found[1].decode() if found else ""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    more = "server_name: hub\nleafnodes { listen: '127.0.0.1:-1' }\n"
    site = start(tmp_path_factory.mktemp("hub"), more)
    with site.server:
        yield Hub(site)


@pytest.mark.parametrize(("nats", "publish", "subscribe", "deliver"), OPERATIONS)
def test_what_a_leaf_node_may_do(
    hub: Hub, nats: dict[str, Any], publish: str, subscribe: str, deliver: str
) -> None:
    asked = [
        (subject, queue)
        for text in subscribe.split()
        for subject, _, queue in [text.partition("/")]
    ]
    hub.ask(nats, publish.split(), asked, deliver.split())


def test_accounts_count_but_for_mappings_and_auth_callouts(hub: Hub) -> None:
    defaults = {"pub": {"deny": ["d"]}, "sub": {"allow": ["s"]}}
    hub.ask({}, ["d", "e"], [("s", ""), ("t", "")], ["s", "t"], default_permissions=defaults)
    callout = {"auth_users": ["$USER"]}
    hub.ask({}, ["$SYS.REQ.USER.AUTH"], [("$SYS.REQ.USER.AUTH", "")], [], authorization=callout)
    mappings = {"in": [{"subject": "out", "weight": 100}]}
    hub.ask({"pub": {"deny": ["out"]}}, ["in", "out"], [], [], mappings=mappings)


def test_a_real_leaf_node_passes_on_just_that(hub: Hub, tmp_path: Path) -> None:
    scene = Scene({"user_nats": LISTS}, hub.site.root, int(time.time()))
    _publish(hub.site, scene)
    Creds.create(scene.user, scene.user_key).write(tmp_path / "leaf.creds")
    remote = f"{{ url: '{hub.url}', credentials: '{tmp_path}/leaf.creds' }}"
    (tmp_path / "leaf.conf").write_text(f"leafnodes {{ remotes: [ {remote} ] }}\n")
    leaf = evaluate(LISTS, leaf=True)
    with (
        NatsServer(tmp_path / "leaf.conf", directory=tmp_path) as server,
        RawClient.open(server.url) as behind,
        _observe(hub.site, scene) as observer,
    ):
        behind.send(b'CONNECT {"echo":false}\r\nSUB > 1\r\n')
        for sender, receiver, last, is_passed in (
            (behind, observer, "p.last", leaf.publish),
            (observer, behind, "s.last", partial(leaf.deliver, to=">")),
        ):
            subjects = ["s.a", "s.x", "z", "w", "s.d", "p.a", "p.x", "p.q.r", last]
            received, deadline = b"", time.monotonic() + 10
            while f"MSG {last} ".encode() not in received and time.monotonic() < deadline:
                for subject in subjects:
                    sender.send(f"PUB {subject} 0\r\n\r\n".encode())
                _barrier(sender)
                time.sleep(0.05)  # for the way from one server to the other
                received += _barrier(receiver)
            seen = {found.decode() for found in re.findall(rb"MSG (\S+) 1", received)}
            assert seen == {subject for subject in subjects if is_passed(subject)}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_what_any_permissions_let_a_leaf_node_do(hub: Hub, data: st.DataObject) -> None:
    nats = data.draw(permissions())
    subjects = st.lists(asks(nats).filter(_is_literal), max_size=4)
    subscribed = st.lists(
        st.tuples(asks(nats).filter(_is_sendable), st.sampled_from(["", "q"])), max_size=4
    )
    hub.ask(nats, data.draw(subjects), data.draw(subscribed), data.draw(subjects))


def _is_sendable(subject: str) -> bool:
    """Leave out what servers have for themselves."""
    return not subject.startswith(("$", "_"))


def _is_literal(subject: str) -> bool:
    """Leave out what nobody publishes."""
    return _is_sendable(subject) and {"*", ">", ""}.isdisjoint(subject.split("."))
