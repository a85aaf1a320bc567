"""Checks of the connection itself: the words of each, the server's line and the cure."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth.keys import KeyPair, KeyType
from natsauth.policy import _connection_checks
from natsauth.policy.admission import CheckCode
from natsauth.policy.connection import _OF_CONNECTION, _OF_MEMBER, _OF_USER
from tests._connections import UNLIMITED, Root, admitted, assert_fails, assert_holds

NOW = 1_795_437_121
ROOT = Root()
EMPTY = {"type": "user", "version": 2, "issuer_account": "$ACC"}
SCOPED: dict[str, Any] = {"signer": "scoped_key", "user_nats": EMPTY}
STRANGER = KeyPair.generate(KeyType.USER).public_key
LATE = [{"start": "13:00:00", "end": "14:00:00"}]


def mqtt(jetstream: dict[str, Any]) -> dict[str, Any]:
    limits = {**UNLIMITED, **jetstream}
    return {
        "user_nats": {"bearer_token": True},
        "connect": {"type": "MQTT"},
        "account_nats": {"limits": limits},
    }


FAILING: dict[CheckCode, list[tuple[dict[str, Any], str, str, str]]] = {
    CheckCode.PROXY_SIGNATURE: [
        ({"connect": {"proxy": "bad"}},
         "not that of a trusted key", "proxy is not trusted", "proxies.trusted"),
    ],
    CheckCode.CONNECTION_TYPE: [
        ({"user_nats": {"allowed_connection_types": ["mqtt"]}},
         "'MQTT', not by STANDARD", "Connection type not allowed", "STANDARD"),
        ({"user_nats": {"allowed_connection_types": ["x"]}},
         "'X', not by", 'invalid connection types ["X"]', "STANDARD"),
    ],
    CheckCode.SIGNATURE: [
        ({"connect": {"sig": "missing"}}, "no nonce", "Signature missing", "creds"),
        ({"connect": {"sig": "bad"}}, "is not that of", "Signature not verified", "seed"),
        ({"user_std": {"sub": "x"}}, "no public key", "User nkey not valid: illegal", "sub"),
        ({"connect": {"type": "MQTT"}}, "MQTT", "Signature missing", "bearer_token"),
    ],
    CheckCode.SOURCE: [
        ({"user_nats": {"src": ["10.0.0.0/8"]}},
         "'10.0.0.0/8', not from '127.0.0.1'", "Bad src Ip 127.0.0.1", "src"),
        ({"user_nats": {"src": ["10.0.0.0/8"]}, "connect": {"ip": None}},
         "not from None", "Bad src Ip ", "src"),
    ],
    CheckCode.TIMES: [
        ({"user_nats": {"times": LATE}},
         "'13:00:00' to '14:00:00' in the server's zone UTC", "Outside connect times", "times"),
        ({"user_nats": {"times": LATE, "times_location": "Asia/Tokyo"}},
         "in Asia/Tokyo", "Outside connect times", "times"),
        ({**SCOPED, "scoped_template": {"times": LATE, "times_location": "No/Where"}},
         "in No/Where", "Outside connect times", "times"),
    ],
    CheckCode.CONNECTION_LIMIT: [
        ({"account_nats": {"limits": {**UNLIMITED, "conn": 2}}, "connect": {"open": 2}},
         "2 connections and may have 2", "maximum account active connections", "limits.conn"),
        ({"account_nats": {"limits": {**UNLIMITED, "leaf": -5}}, "connect": {"type": "LEAFNODE"}},
         "may have 0", "maximum account active connections exceeded", "limits.leaf"),
    ],
    CheckCode.AUTH_CALLOUT: [
        ({"account_nats": {"authorization": {"auth_users": [STRANGER]}}},
         "callout", "Authorization callout response not received in time on account", "service"),
    ],
    CheckCode.ACCOUNT_FIELD: [
        ({"connect": {"account": True}}, "names an account", "", "leave"),
    ],
    CheckCode.JETSTREAM: [
        (mqtt({}), "not enabled", "lookup sessions stream for account", "disk_storage"),
        (mqtt({"mem_storage": -1}), "insufficient storage", "create sessions stream for", "disk"),
        (mqtt({"disk_storage": -1, "max_bytes_required": True}),
         "to have max bytes set", "create sessions stream for", "max_bytes_required"),
        (mqtt({"tiered_limits": {"R2": {"disk_storage": -1}}}),
         "no JetStream default or applicable", "create sessions stream for", "push it"),
    ],
}  # fmt: skip
PASSING: dict[CheckCode, list[tuple[dict[str, Any], str]]] = {
    CheckCode.PROXY_SIGNATURE: [({"connect": {"proxy": "good"}}, "a trusted proxy")],
    CheckCode.SIGNATURE: [({"user_nats": {"bearer_token": True}}, "a bearer proves no key")],
    CheckCode.CONNECTION_TYPE: [
        ({"user_nats": {"allowed_connection_types": ["standard", "x"]}}, "STANDARD is allowed"),
    ],
    CheckCode.SOURCE: [
        ({}, "from anywhere"), ({"user_nats": {"src": ["127.0.0.0/8"]}}, "from there"),
    ],
    CheckCode.TIMES: [
        ({}, "any time"),
        ({"user_nats": {"times": LATE, "times_location": "Europe/Paris"}}, "this time"),
    ],
    CheckCode.AUTH_CALLOUT: [
        ({"account_nats": {"authorization": {"auth_users": ["$USER"]}}}, "serves"), ({}, "no auth"),
    ],
    CheckCode.JETSTREAM: [
        ({}, "none of MQTT"),
        (mqtt({"disk_storage": 1}), "has JetStream"),
        (mqtt({"disk_storage": -2, "streams": 5}), "has JetStream"),
        (mqtt({"tiered_limits": {"R3": {"disk_storage": -1}}}), "has JetStream"),
    ],
}  # fmt: skip


def test_each_check_is_tried() -> None:
    checks = {**_OF_CONNECTION, **_OF_USER, **_OF_MEMBER}
    here = {c for c, check in checks.items() if check.__module__ == _connection_checks.__name__}
    assert FAILING.keys() == here


@pytest.mark.parametrize(
    ("code", "case", "message", "log", "hint"),
    [(code, *row) for code, rows in FAILING.items() for row in rows],
)
def test_what_is_told_of_a_failing_check(
    code: CheckCode, case: dict[str, Any], message: str, log: str, hint: str
) -> None:
    assert_fails(admitted(case, ROOT, NOW), code, message, log, hint)


@pytest.mark.parametrize(
    ("code", "case", "message"),
    [(code, *row) for code, rows in PASSING.items() for row in rows],
)
def test_what_is_told_of_a_passing_check(
    code: CheckCode, case: dict[str, Any], message: str
) -> None:
    assert_holds(admitted(case, ROOT, NOW), code, message)


@pytest.mark.parametrize(
    ("limit", "stream"),
    [
        (1, "messages"),
        (2, "QoS2 incoming messages"),
        (3, "QoS2 outgoing PUBREL"),
        (4, "retained messages"),
    ],
)
def test_mqtt_needs_five_streams(limit: int, stream: str) -> None:
    admission = admitted(mqtt({"disk_storage": -1, "streams": limit}), ROOT, NOW)
    assert admission.log.startswith(f'unable to connect: create {stream} stream for account "A')
    assert admission.log.endswith('": maximum number of streams reached (10027)')
    assert admission.error == ""
