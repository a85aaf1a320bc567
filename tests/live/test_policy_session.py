"""Verdicts on what a connection does beside those of a real server: limits, and echo."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests._connections import UNLIMITED, Scene
from tests.live._client import RawClient
from tests.live.test_policy_admit import _options, _publish, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.policy import Session
    from tests.live.test_policy_admit import Case, Site

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = start(tmp_path_factory.mktemp("site"))
    with site.server:
        yield site


def connect(site: Site, case: Case, **options: Any) -> tuple[RawClient, Session]:
    scene = Scene(case, site.root, int(time.time()))
    _publish(site, scene)
    admission = scene.admit(time.time())
    assert admission.evaluator
    client = RawClient.open(site.server.url)
    fields = {**_options(scene, client), "headers": True, "protocol": 1, **options}
    assert say(client, f"CONNECT {json.dumps(fields)}") == ""
    return client, admission.evaluator.session()


def say(client: RawClient, line: str) -> str:
    """Send a line and return the error that it has, if it has one."""
    client.send(f"{line}\r\nPING\r\n".encode())
    received = b""
    while b"PONG" not in received and (chunk := client.receive()):
        received += chunk
    found = re.search(rb"-ERR '(.*)'\r\n", received)
    return found[1].decode() if found else ""


def limits(user: int, account: int) -> Case:
    both = {"subs": user, "payload": user}
    return {
        "user_nats": {**both, "sub": {"deny": ["x.y"]}, "pub": {"deny": ["x"]}},
        "account_nats": {"limits": {**UNLIMITED, "subs": account, "payload": account}},
    }


@pytest.mark.parametrize(("user", "account"), [(2, -1), (-1, 2), (5, 1), (1, 5), (-1, -1)])
def test_subscriptions(site: Site, user: int, account: int) -> None:
    client, session = connect(site, limits(user, account))
    with client:
        subjects = ["a..b", "a", "x.y", "b", "c", "a..b", "x.*", "x.y"]
        for sid, subject in enumerate(subjects):
            said = say(client, f"SUB {subject} {sid}")
            assert said == session.subscribe(subject).error, subject
        said = say(client, "SUB x _sys_ 20")
        assert said == session.subscribe("x", queue="_sys_").error
        assert say(client, "UNSUB 1") == ""
        assert session.unsubscribe("a")
        for sid in (30, 31):
            assert say(client, f"SUB d {sid}") == session.subscribe("d").error


@pytest.mark.parametrize("head", [0, 18])
@pytest.mark.parametrize(
    ("user", "account"), [(20, -1), (-1, 20), (30, 19), (0, 30), (-2, -1), (-1, -1)]
)
def test_payloads(site: Site, user: int, account: int, head: int) -> None:
    case = limits(user, account)
    case["user_nats"]["subs"] = case["account_nats"]["limits"]["subs"] = -1
    headers = "NATS/1.0\r\nA: b\r\n\r\n" if head else ""
    assert len(headers) == head
    for size in (head, head + 1, 19, 20, 21):
        for subject in ("a", "x"):
            client, session = connect(site, case)
            with client:
                verb = f"HPUB {subject} {head}" if head else f"PUB {subject}"
                said = say(client, f"{verb} {size}\r\n{headers}{'x' * (size - head)}")
                assert said == session.publish(subject, size=size).error, (subject, size)


def test_echo_is_what_comes_in(site: Site) -> None:
    case: Case = {"user_nats": {"resp": {"max": 1}, "pub": {"allow": ["a"]}}}
    for echo in (True, False):
        client, session = connect(site, case, echo=echo)
        with client:
            assert say(client, "SUB > 1") == session.subscribe(">").error
            for subject, reply in (("a", "r"), ("r", ""), ("r", "")):
                said = say(client, f"PUB {subject} {reply} 0\r\n")
                decision = session.publish(subject, reply=reply)
                assert said == decision.error
                if decision and echo:
                    session.incoming(subject, reply=reply)
