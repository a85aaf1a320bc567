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
from natsauth.policy._trie import takes
from natsauth.testing import NatsServer
from tests._connections import UNLIMITED_USER, Scene
from tests._tokens import forge
from tests.live._client import RawClient
from tests.live.differential.strategies import asks, permissions
from tests.live.test_policy_admit import BARE, _options, _publish, start

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
SUBJECTS = [
    "$KV.a",
    "$JS.API.x",
    "$OBJ.>",
    "$LDS.x",
    "$MQTT.x",
    "$SYS.x",
    "a..b",
    "a.",
    ".a",
    "a.>.b",
]
"""Subjects that hubs treat otherwise than clients' servers."""
UNSENT = ("$NRG.", "$GR.", "_GR_.")
"""What no client publishes."""
ROUTED = [*(f"cccccc.ssssss.{rest}" for rest in ("a", "b", "", "_R_.x", "$JS.ACK.x"))]
ROUTED += ["cccccc.sssss.a", "ccccéc.sssss.a", "a"]
"""What follows ``_GR_.`` in what came through a gateway, and what does not look like it."""
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
    # What the hub keeps back, of whatever permissions.
    (
        {"sub": {"allow": [">", "$KV.a"]}},
        "$JS.API.x $KV.a $OBJ.a",
        "$JS.API.x $KV.a $OBJ.a/q $JS.API.> $KV.* > *.* *.> $JSC.x $NRG.x $JS.x",
        "$JS.API.x $KV.a $OBJ.a.b $JSC.x a.b",
    ),
    # Lists in which entries for queue groups hide others.
    ({"sub": {"deny": ["a", "> q"]}}, "a", "a a/q a/r b b/q b/r >/q *", "a b"),
    ({"sub": {"deny": ["a.b", "*.b q"]}}, "a", "a.b c.b c.b/q *.b a.>", "a.b c.b"),
    ({"sub": {"deny": ["*.b", "a.b q"]}}, "a", "a.b c.b c.b/q", "a.b c.b"),
    ({"sub": {"deny": ["*", "a q.*"]}}, "a", "a b a/q.x", "a b"),
    ({"sub": {"deny": ["a", "* q"]}}, "a", "a b b/q */q", "a b"),
    ({"sub": {"allow": ["a", "> q"]}}, "a", "a a/q b/q > a.*", "a b"),
    ({"sub": {"allow": ["a.*", "b.>", "a.> q", "b.c q"]}}, "a", "a.* a.b b.* b.c b.>", "a.b b.c"),
    # Texts that no client's server looks at.
    (
        {"pub": {"allow": ["*.>.c", ">.>", "b.>", "*.d", "e.*.f", "g.*"]}},
        "*.>.c a.>.c a.b.c *.b.c >.x >.>.y a.> > b. b.. b..c .d a.d e..f e.f g. g.. g.h . a..",
        "a",
        "a",
    ),
    (
        {"pub": {"deny": ["a.>.b", "b.>", "*.d", "$MQTT.>"]}},
        "a.>.b a.x.b a.>.c b. b..c .d .e $MQTT. $MQTT.. $MQTT.x. $JS.ACK.",
        "a",
        "a",
    ),
    ({"pub": {"deny": [">"]}}, "a. .a a..b . $JS.ACK. _R_. _R_.a $MQTT.x. a *", "a", "a"),
    # What servers subscribe to among themselves.
    (
        {"sub": {"deny": ["*.>"]}},
        "a",
        "$LDS.> $LDS.x $GR.x $GR.> _GR_.x $LDS.. $LDS.>.x",
        "$LDS.x a.b",
    ),
    ({"sub": {"allow": ["a"]}}, "a", "$LDS.> $LDS.x $LDS.* _GR_.>", "$LDS.x a"),
    (
        {"pub": {"allow": ["a", "é"], "deny": ["a.b"]}},
        " ".join(f"_GR_.{rest}" for rest in ROUTED),
        "a",
        "a",
    ),
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
            leaf = stack.enter_context(self.connect(scene))
            for subject in publish:
                leaf.send(f"LMSG {subject} 0\r\n\r\n".encode())
                said, seen = _barrier(leaf), _barrier(observer)
                decision = evaluator.publish(subject)
                is_seen = bool(decision) and "" not in subject.split(".")
                assert (b"MSG " in seen) is is_seen, (nats, decision)
                assert _error(said) == decision.error, (nats, decision)
                leaf = leaf if decision else stack.enter_context(self.connect(scene))
            for subject, queue in [*subscribe, (">", "")]:
                # One at a time, so that nothing is subscribed to twice.
                leaf = stack.enter_context(self.connect(scene))
                leaf.send(f"LS+ {subject}{f' {queue} 1' if queue else ''}\r\n".encode())
                said, to = _barrier(leaf), evaluator.subscribe(subject, queue=queue)
                assert _error(said) == to.error, (nats, to)
                for message in deliver if to else ():
                    observer.send(f"PUB {message} 0\r\n\r\n".encode())
                    _barrier(observer)
                    decision = evaluator.deliver(message, to=to)
                    is_there = takes(subject, message) and bool(decision)
                    assert (b"LMSG " in _barrier(leaf)) is is_there, (nats, to, decision)
                leaf.socket.close()

    def connect(self, scene: Scene) -> RawClient:
        leaf = self._dial(scene)
        leaf.send(b"LS+ $KV.>\r\n")  # a wildcard, with which the hub starts to filter
        assert _error(_barrier(leaf)) == ""
        return leaf

    def _refused(self, scene: Scene) -> bytes:
        with self._dial(scene) as leaf:
            return _barrier(leaf)

    def _dial(self, scene: Scene) -> RawClient:
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


def test_the_system_account_of_another_domain(hub: Hub) -> None:
    case = {"user_nats": {**BARE, **UNLIMITED_USER}, "signer": "system_account"}
    scene = Scene({**case, "connect": {"type": "LEAFNODE"}}, hub.site.root, int(time.time()))
    evaluator = scene.admit(time.time()).evaluator
    assert evaluator
    for subject in ("$JSC.x", "$NRG.x", "$JS.API.x", "$KV.x", "$OBJ.x", "$SYS.x", "$JS.x"):
        with hub.connect(scene) as leaf:
            leaf.send(f"LS+ {subject}\r\n".encode())
            assert _error(_barrier(leaf)) == evaluator.subscribe(subject).error


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
            subjects = ["s.a", "s.x", "z", "w", "s.d", "$KV.a", "p.a", "p.x", "p.q.r", last]
            received, deadline = b"", time.monotonic() + 10
            while f"MSG {last} ".encode() not in received and time.monotonic() < deadline:
                for subject in subjects:
                    sender.send(f"PUB {subject} 0\r\n\r\n".encode())
                _barrier(sender)
                time.sleep(0.05)  # for the way from one server to the other
                received += _barrier(receiver)
            seen = {found.decode() for found in re.findall(rb"MSG (\S+) 1", received)}
            assert seen == {subject for subject in subjects if is_passed(subject)}


@pytest.mark.slow
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_what_any_permissions_let_a_leaf_node_do(hub: Hub, data: st.DataObject) -> None:
    nats = data.draw(permissions())
    subjects = st.sampled_from(SUBJECTS) | asks(nats)
    published, delivered = st.lists(subjects, max_size=4), st.lists(subjects, max_size=4)
    subscribed = st.lists(st.tuples(subjects, st.sampled_from(["", "", "q", "q.x"])), max_size=4)
    hub.ask(
        nats,
        data.draw(published),
        data.draw(subscribed),
        [subject for subject in data.draw(delivered) if not subject.startswith(UNSENT)],
    )
