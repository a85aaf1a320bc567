"""The verdicts that a real server gave, recorded in vectors/connect.json, and what lies beside."""

from __future__ import annotations

import json
import re
from datetime import datetime
from time import time
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.claims import UserClaims
from natsauth.creds import Creds
from natsauth.errors import ClaimTypeError, UsageError
from natsauth.keys import KeyPair, KeyType
from natsauth.policy.admission import CheckCode, CheckStatus
from natsauth.policy.connection import Connection, admit
from natsauth.token import decode
from tests._connections import UNLIMITED, Root, Scene
from tests._vectors import VECTORS

if TYPE_CHECKING:
    from natsauth.policy.admission import Admission

CASES: list[dict[str, Any]] = json.loads((VECTORS / "connect.json").read_text("utf-8"))["cases"]
ROOTS = {strict: Root(strict=strict) for strict in (False, True)}


def replay(case: dict[str, Any]) -> Admission:
    at = datetime.fromisoformat(case["connect"]["at"])
    root = ROOTS[case["strict_signing_key_usage"]]
    scene = Scene(case, root, int(at.timestamp()))
    pinned = re.search(r"resolver_pinned_accounts: *(.*)", case["server_conf"])
    accounts = scene.resolved(json.loads(pinned[1])) if pinned else None
    return scene.admit(at, pinned_accounts=[accounts] if isinstance(accounts, str) else accounts)


def recorded(line: str | None) -> str:
    """Return a log line with the keys as the recording has them."""
    return re.sub(r"\bU[A-Z2-7]{55}", "<U>", re.sub(r"\bA[A-Z2-7]{55}", "<A>", line or ""))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_recorded_connections(case: dict[str, Any]) -> None:
    admission = replay(case)
    assert bool(admission) is (case["expected"] == "accept"), admission
    assert admission.error == (case["error"] or "")
    if after := case.get("after_connect"):
        assert admission.closing
        assert (admission.closing.error, recorded(admission.closing.log)) == (after, case["log"])
    else:
        assert recorded(admission.log) == recorded(case["log"])


NOW = 1_795_437_121
ROOT = ROOTS[False]


def ask(at: float = NOW, *, strict: bool = False, **case: Any) -> Admission:
    return Scene(case, ROOTS[strict], NOW).admit(at)


def test_a_connection_that_is_taken() -> None:
    admission = ask(user_nats={"pub": {"allow": ["a"]}})
    assert admission
    assert {check.status for check in admission.checks} == {CheckStatus.PASSED}
    assert [check.code for check in admission.checks] == [*CheckCode]
    assert admission.evaluator
    assert admission.evaluator.publish("a")
    assert not admission.evaluator.publish("b")


def test_what_is_judged_where() -> None:
    admission = ask(
        user_std={"exp": {"rel": -5}}, user_nats={"src": ["10.0.0.0/8"]}, connect={"sig": "bad"}
    )
    assert admission.reason is CheckCode.CLAIMS
    assert [check.code for check in admission.failing] == [
        CheckCode.CLAIMS, CheckCode.SIGNATURE, CheckCode.SOURCE,
    ]  # fmt: skip
    assert [check.status for check in admission.failing] == [
        CheckStatus.FAILED, CheckStatus.NOT_REACHED, CheckStatus.NOT_REACHED,
    ]  # fmt: skip
    assert admission.evaluator is None
    assert admission.closing is None


def test_what_cannot_be_judged() -> None:
    admission = ask(token="garbage")
    unknown = [check.code for check in admission.checks if check.holds is None]
    assert unknown == [
        code for code in CheckCode if code not in ("proxy_signature", "token", "account_field")
    ]
    assert [check.code for check in admission.failing] == [CheckCode.TOKEN]
    without = ask(unknown_account=True)
    assert without.reason is CheckCode.ACCOUNT_LOOKUP
    assert [check.code for check in without.failing] == [CheckCode.ACCOUNT_LOOKUP]
    expired = ask(account_std={"exp": {"rel": -1}})
    assert [check.code for check in expired.checks if check.holds is None] == [
        CheckCode.ACCOUNT_ISSUER, CheckCode.ACCOUNT_EXPIRED,
    ]  # fmt: skip


def test_a_token_that_only_the_server_reads_is_told() -> None:
    [_, token, *_] = ask(text="{}\n").checks
    assert token.status is CheckStatus.PASSED
    assert "although decode() does not" in token.message


def scene(**case: Any) -> Scene:
    return Scene(case, ROOT, NOW)


def test_what_the_resolver_has() -> None:
    here = scene()
    account = here.accounts[here.account_key.public_key]
    operator, connection = ROOT.operator, Connection(at=NOW)
    assert admit(here.user, account=account, operator=operator, connection=connection)
    user = decode(here.user, UserClaims)
    assert admit(user, account=account, operator=operator, connection=connection)
    for none in (None, {}, ROOT.system_account, {"x": account}):
        refused = admit(here.user, account=none, operator=operator, connection=connection)
        assert refused.log == "Account JWT lookup error: account missing"
    other = {here.account_key.public_key: ROOT.system_account}
    refused = admit(here.user, account=other, operator=operator, connection=connection)
    assert refused.log == "Account JWT lookup error: account validation failed"


def test_several_operators() -> None:
    here, both = scene(), [ROOTS[True].operator, ROOT.operator]
    connection = Connection(at=NOW)
    assert admit(here.user, account=here.accounts, operator=both, connection=connection)
    strict = Scene({}, ROOTS[True], NOW)
    refused = admit(strict.user, account=strict.accounts, operator=both, connection=connection)
    assert refused.reason is CheckCode.USER_ISSUER
    # The system account is known by itself only where there is one operator.
    pinned: dict[str, Any] = {
        "pinned_accounts": [here.account_key.public_key],
        "connection": connection,
    }
    system = scene(signer="system_account")
    assert admit(system.user, account=system.accounts, operator=ROOT.operator, **pinned)
    refused = admit(system.user, account=system.accounts, operator=both, **pinned)
    assert refused.reason is CheckCode.PINNED_ACCOUNTS


def test_creds_sign_if_they_hold_a_key() -> None:
    at = int(time())
    here = Scene({"user_nats": {"bearer_token": True}}, ROOT, at)
    for key in (here.user_key, None):
        creds = Creds.create(here.user, key)
        assert admit(creds, account=here.accounts, operator=ROOT.operator)
    empty = {"type": "user", "version": 2, "issuer_account": "$ACC"}
    here = Scene({"signer": "scoped_key", "user_nats": empty}, ROOT, at)
    refused = admit(Creds.create(here.user, None), account=here.accounts, operator=ROOT.operator)
    assert refused.log == "Signature missing"


def test_versions_of_the_server() -> None:
    case = {"user_nats": {"type": "user", "version": 2, "issuer_account": "$ACC"}}
    here = scene(signer="scoped_key", scoped_template={"proxy_required": True}, **case)
    assert here.admit(NOW).reason is CheckCode.SCOPE_PROXY_REQUIRED
    assert here.admit(NOW, server="2.15.1").reason is CheckCode.SCOPE_PROXY_REQUIRED
    assert here.admit(NOW, server="2.15.0")
    assert here.admit(NOW, server="2.12.8")


def test_an_auth_callout_service() -> None:
    stranger = KeyPair.generate(KeyType.USER).public_key
    here = scene(account_nats={"authorization": {"auth_users": [stranger]}})
    assert here.admit(NOW).reason is CheckCode.AUTH_CALLOUT
    assert here.admit(NOW, callout=True)
    assert scene(account_nats={"authorization": {"auth_users": ["$USER"]}}).admit(NOW)


def test_leaf_nodes_have_a_limit_of_their_own() -> None:
    limits = {**UNLIMITED, "conn": 0, "leaf": 2}
    for kind in ("LEAFNODE", "LEAFNODE_WS"):
        for present, taken in ((1, True), (2, False)):
            connect = {"type": kind, "open": present}
            assert bool(ask(account_nats={"limits": limits}, connect=connect)) is taken


@pytest.mark.parametrize(
    "options",
    [
        {"type": "tcp"},
        {"type": None},
        {"address": "nohost"},
        {"address": ""},
        {"address": "\ud800"},
        {"address": "1.2.3.4 "},
        {"address": "10.0.0.0/8"},
        {"address": "a" * 10**5},
        {"address": 5},
        {"address": b"127.0.0.1"},
        {"at": "now"},
        {"at": float("nan")},
        {"at": float("inf")},
        {"at": -1},
        {"at": 1 << 40},
        {"at": datetime(2026, 1, 1)},  # noqa: DTZ001 - the case
        {"signed": 1},
        {"server_zone": "No/Where"},
        {"server_zone": "Local"},
        {"server_zone": 5},
        {"proxied": None},
        {"proxy_trusted": "yes"},
        {"names_account": 1},
        {"connections": -1},
        {"connections": True},
        {"connections": 1.5},
    ],
    ids=str,
)
def test_what_no_connection_can_be(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Connection(**options)


def test_a_type_may_be_in_any_letter_case() -> None:
    assert Connection(type="websocket") == Connection(type="WEBSOCKET")


def test_an_address_with_a_zone_is_in_no_network() -> None:
    case: dict[str, Any] = {"user_nats": {"src": ["::/0"]}, "connect": {"ip": "fe80::1%1"}}
    admission = ask(**case)
    assert admission.reason is CheckCode.SOURCE
    assert admission.log == "Bad src Ip fe80::1%1"
    assert ask(connect={"ip": "fe80::1%1"})


def test_the_token_of_the_operator_is_asked_for() -> None:
    here, claims = scene(), ROOT.operator.claims
    for operator in (claims, ROOT.operator.encoded, None):
        with pytest.raises(UsageError) as caught:
            admit(here.user, account=here.accounts, operator=operator)  # type: ignore[arg-type]
        assert caught.value.hint == "give the Token that encode() or decode() returned"


def test_bad_arguments() -> None:
    here = scene()
    good: dict[str, Any] = {
        "user": here.user,
        "account": here.accounts,
        "operator": ROOT.operator,
        "connection": Connection(at=NOW),
    }
    bad: Any
    for name, bad in [
        ("user", None), ("user", b""), ("user", 5), ("account", "x"), ("account", {"x": "x"}),
        ("operator", None), ("operator", []), ("operator", ROOT.operator.encoded),
        ("operator", [here.user]), ("connection", {}), ("server", "x"), ("server", None),
        ("server", "1.0.0"), ("pinned_accounts", "A"), ("pinned_accounts", [[]]),
        ("callout", None),
    ]:  # fmt: skip
        with pytest.raises(UsageError):
            admit(**{**good, name: bad})
    with pytest.raises(ClaimTypeError):
        admit(**{**good, "account": ROOT.operator})


def test_the_users_of_the_system_account_speak_to_the_servers() -> None:
    system: dict[str, Any] = {"signer": "system_account", "user_nats": {"issuer_account": "$SYS"}}
    for case, allowed in ((system, True), (dict[str, Any](), False)):
        evaluator = ask(**case).evaluator
        assert evaluator
        assert bool(evaluator.publish("$NRG.x")) is allowed


def test_a_strict_operator_leaves_users_of_the_identity_key_to_its_scope() -> None:
    scope = {"kind": "user_scope", "key": "$ACC", "role": "", "template": {}}
    scope["template"] = {"pub": {"allow": ["x"]}, "subs": -1}
    case: dict[str, Any] = {"account_nats": {"signing_keys": [scope]}}
    case["user_nats"] = {"type": "user", "version": 2}
    evaluator = ask(strict=True, **case).evaluator
    assert evaluator
    assert evaluator.publish("x")
    assert not evaluator.publish("y")


def test_mqtt_clients_are_not_told_of_too_many_connections() -> None:
    case: dict[str, Any] = {
        "user_nats": {"bearer_token": True},
        "connect": {"type": "MQTT", "open": 1},
    }
    admission = ask(**case, account_nats={"limits": {"conn": 1}})
    assert (admission.reason, admission.error) == (CheckCode.CONNECTION_LIMIT, "")
