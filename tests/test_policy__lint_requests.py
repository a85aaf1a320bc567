"""Rules about requests, answers and JetStream. What servers do is compared in tests/live."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth.claims import Account, Export, OperatorLimits
from natsauth.policy.lint import LintCode, lint
from tests._lint import found

JETSTREAM = Account(limits=OperatorLimits(mem_storage=-1))


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        ({}, []),
        ({"sub": {"allow": ["a"]}}, [("$.sub", "info")]),
        ({"sub": {"allow": ["_INBOX.me.>"]}}, []),
        ({"sub": {"allow": ["my.inbox.>"]}}, []),
        ({"sub": {"allow": [">"]}}, []),
        ({"sub": {"allow": ["*"]}}, []),
        ({"sub": {"deny": ["_INBOX.>"]}}, [("$.sub", "info")]),
        ({"sub": {"deny": ["_INBOX.a"]}}, []),
        ({"sub": {"allow": ["a"]}, "pub": {"deny": [">"]}}, []),
        ({"sub": {"allow": ["a"]}, "resp": {}}, []),
        ({"sub": {"allow": ["a"]}, "pub": {"allow": ["b"]}}, [("$.sub", "info")]),
        (
            {"sub": {"allow": ["a"]}, "pub": {"allow": ["b", "$JS.API.INFO"]}},
            [("$.pub.allow[1]", "warning")],
        ),
        (
            {"sub": {"deny": [">"]}, "pub": {"allow": ["$SYS.REQ.USER.INFO"]}},
            [("$.pub.allow[0]", "warning")],
        ),
    ],
)
def test_an_inbox(permissions: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found(LintCode.INBOX_MISSING, permissions) == expected


SERVICE = Account(exports=[Export(subject="svc.*", type="service")])
STREAM = Account(exports=[Export(subject="svc.*", type="stream")])


@pytest.mark.parametrize(
    ("permissions", "account", "severity"),
    [
        ({"sub": {"allow": ["svc.a"]}, "pub": {"allow": ["log"]}}, SERVICE, "warning"),
        ({"sub": {"allow": ["svc.a"]}, "pub": {"allow": ["log"]}}, STREAM, ""),
        ({"sub": {"allow": ["svc.a"]}, "pub": {"allow": ["_INBOX.>"]}}, SERVICE, "warning"),
        ({"sub": {"allow": ["svc.a"]}, "pub": {"allow": ["_R_.>"]}}, SERVICE, ""),
        ({"sub": {"allow": ["svc.a"]}, "pub": {"allow": ["log"]}, "resp": {}}, SERVICE, ""),
        ({"sub": {"allow": ["svc.a"]}}, SERVICE, ""),
        ({"sub": {"allow": ["svc.a"]}, "pub": {"deny": [">"]}}, SERVICE, "warning"),
        ({"sub": {"allow": ["other"]}, "pub": {"allow": ["log"]}}, SERVICE, ""),
        ({"sub": {"allow": ["a q"]}, "pub": {"allow": ["log"]}}, None, "info"),
        ({"sub": {"allow": ["a"]}, "pub": {"allow": ["_INBOX.>"]}}, None, "info"),
        ({"sub": {"allow": ["a"]}, "pub": {"allow": ["log"]}}, None, ""),
        ({"sub": {"deny": ["a"]}, "pub": {"allow": ["log"]}}, None, ""),
    ],
)
def test_answers(permissions: dict[str, Any], account: Account | None, severity: str) -> None:
    expected = [("$.pub", severity)] if severity else []
    assert found(LintCode.RESPONSES_MISSING, permissions, account) == expected


@pytest.mark.parametrize(
    ("pub", "alone", "severity"),
    [
        ({}, True, ""),
        ({"allow": ["a"]}, False, ""),
        ({"deny": [">"]}, True, "info"),
        ({"deny": [">", "a"]}, True, "warning"),
        ({"allow": ["a"], "deny": ["b"]}, False, "warning"),
    ],
)
def test_leave_to_answer(pub: dict[str, list[str]], *, alone: bool, severity: str) -> None:
    permissions = {"pub": pub, "resp": {"max": 1}}
    assert found(LintCode.RESP_ALONE, permissions) == ([("$.resp", "info")] if alone else [])
    expected = [("$.resp", severity)] if severity else []
    assert found(LintCode.RESP_OVERRIDES_DENY, permissions) == expected


@pytest.mark.parametrize(
    ("allow", "deny", "severity"),
    [
        ("$JS.API.>", ["audit.>"], "warning"),
        ("$JS.>", ["audit.>"], "warning"),
        ("$JS.API.CONSUMER.>", ["audit.>"], "warning"),
        ("$JS.API.CONSUMER.CREATE.*", ["audit.>"], "warning"),
        ("$JS.API.CONSUMER.CREATE.ORDERS.>", ["audit.>"], "info"),
        ("$JS.API.CONSUMER.MSG.NEXT.AUDIT.c", ["audit.>"], "warning"),
        ("$JS.API.CONSUMER.MSG.NEXT.ORDERS.c", ["audit.>"], "info"),
        ("$JS.API.STREAM.CREATE.ORDERS", ["audit.>"], "warning"),
        ("$JS.API.DIRECT.GET.ORDERS.>", ["audit.>"], "info"),
        ("$JS.API.DIRECT.GET.{{name()}}", ["audit.>"], "info"),
        ("$JS.API.CONSUMER.INFO.*.*", ["audit.>"], ""),
        ("$JS.API.STREAM.LIST", ["audit.>"], ""),
        ("$JS.API.>", [], ""),
        ("$JS.API.>", [">"], ""),
        ("$JS.API.>", ["$JS.x", "_INBOX.y"], ""),
        ("orders", ["audit.>"], ""),
    ],
)
def test_jetstream_around_a_deny(allow: str, deny: list[str], severity: str) -> None:
    permissions = {"pub": {"allow": [allow]}, "sub": {"deny": deny}}
    expected = [("$.pub.allow[0]", severity)] if severity else []
    assert found(LintCode.JETSTREAM_AROUND_DENY, permissions) == expected
    permissions["pub"]["deny"] = ["$JS.>"]
    assert found(LintCode.JETSTREAM_AROUND_DENY, permissions) == []


@pytest.mark.parametrize(
    ("pub", "account", "severity"),
    [
        ({}, None, "info"),
        ({}, JETSTREAM, "warning"),
        ({}, Account(), ""),
        ({"allow": [">"]}, JETSTREAM, "warning"),
        ({"allow": ["orders"]}, JETSTREAM, ""),
        ({"deny": ["$JS.API.>"]}, JETSTREAM, ""),
    ],
)
def test_who_may_publish_everything_may_use_jetstream(
    pub: dict[str, list[str]], account: Account | None, severity: str
) -> None:
    permissions = {"pub": pub, "sub": {"deny": ["audit.>"]}}
    expected = [("$.pub", severity)] if severity else []
    assert found(LintCode.JETSTREAM_AROUND_DENY, permissions, account) == expected


@pytest.mark.parametrize(
    ("allow", "is_found"),
    [
        ("$JS.API.>", True),
        ("$JS.API.STREAM.>", True),
        ("$JS.API.STREAM.DELETE.*", True),
        ("$JS.API.STREAM.DELETE.ORDERS", False),
        ("$JS.API.CONSUMER.>", False),
    ],
)
def test_all_streams(allow: str, *, is_found: bool) -> None:
    expected = [("$.pub.allow[0]", "info")] if is_found else []
    permissions = {"pub": {"allow": [allow]}}
    assert found(LintCode.JETSTREAM_EVERYTHING, permissions) == expected


@pytest.mark.parametrize(
    ("allow", "words"),
    [
        ("$JS.API.>", "may read, change and delete every stream"),
        ("$JS.API.STREAM.DELETE.*", "may delete every stream of the account"),
        ("$JS.API.STREAM.DELETE.>", "may delete every stream of the account"),
    ],
)
def test_what_is_done_to_all_streams(allow: str, words: str) -> None:
    messages = [f.message for f in lint({"pub": {"allow": [allow]}}).findings]
    assert [message.startswith(words) for message in messages].count(True) == 1
