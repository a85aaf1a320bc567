"""What is known of each check, by what is known around a user."""

from __future__ import annotations

import time
from typing import Any

import pytest

from natsauth.cli._credentials import Credentials
from natsauth.cli._diagnosis import Circumstances, Diagnosis, State, Verdict, diagnose
from natsauth.cli._session import Session
from natsauth.cli._surroundings import Surroundings
from natsauth.cli._tree import Workspace
from natsauth.policy import CheckCode, Connection
from tests._causes import SCOPED
from tests._connections import UNLIMITED, Root, Scene

ROOT = Root()
HERE = Connection()
Case = dict[str, Any]


def found(
    case: Case | None = None,
    known: str = "operator account",
    connection: Connection = HERE,
    told: tuple[CheckCode, ...] = (),
    *,
    is_certain: bool = False,
) -> Diagnosis:
    """Diagnose a case of which the operator and the account are known, or only one of them."""
    scene = Scene(case or {}, ROOT, int(time.time()))
    around = Surroundings(Workspace(Session()), is_certain=is_certain)
    if "operator" in known:
        around.operators = [scene.root.operator]
    if "account" in known:
        around.account = scene.accounts[scene.account_key.public_key]
    who = Credentials(scene.user, scene.user_key, "", is_bare=False)
    return diagnose(who, around, Circumstances(connection, told=frozenset(told)))


def unknown(diagnosis: Diagnosis) -> set[CheckCode]:
    return {item.code for item in diagnosis.of(State.UNKNOWN)}


def test_all_is_known() -> None:
    diagnosis = found()
    assert diagnosis.verdict is Verdict.ADMITTED
    assert {item.code for item in diagnosis.of(State.PASSED)} == set(CheckCode)
    assert diagnosis.evaluator
    assert (diagnosis.error, diagnosis.log, diagnosis.failed) == ("", "", None)


def test_an_account_that_is_not_known_leaves_open_what_it_decides() -> None:
    diagnosis = found(known="operator")
    assert diagnosis.verdict is Verdict.UNDECIDED
    assert {CheckCode.ACCOUNT_LOOKUP, CheckCode.REVOCATION, CheckCode.BEARER} < unknown(diagnosis)
    assert CheckCode.SIGNATURE not in unknown(diagnosis)
    assert CheckCode.SOURCE not in unknown(diagnosis)
    assert diagnosis.evaluator is None


def test_what_the_user_alone_decides_is_told_without_an_account() -> None:
    diagnosis = found({"user_nats": {"allowed_connection_types": ["MQTT"]}}, "operator")
    assert diagnosis.failed
    assert diagnosis.failed.code is CheckCode.CONNECTION_TYPE
    by_role = found(SCOPED, "operator")
    assert CheckCode.CONNECTION_TYPE in unknown(by_role)


def test_no_account_at_all_is_a_reason_where_that_is_certain() -> None:
    diagnosis = found(known="operator", is_certain=True)
    assert diagnosis.failed
    assert diagnosis.failed.code is CheckCode.ACCOUNT_LOOKUP
    assert diagnosis.refusal is diagnosis.failed


def test_an_operator_that_is_not_known_leaves_open_whom_it_trusts() -> None:
    diagnosis = found(known="account")
    assert unknown(diagnosis) == {
        CheckCode.ACCOUNT_LOOKUP, CheckCode.ACCOUNT_ISSUER, CheckCode.USER_ISSUER,
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["MQTT", "STANDARD"])
def test_jetstream_is_a_question_for_mqtt_alone(kind: str) -> None:
    bearer = {"user_nats": {"bearer_token": True}}
    without = found(bearer, "operator", Connection(type=kind))
    assert (CheckCode.JETSTREAM in unknown(without)) is (kind == "MQTT")
    diagnosis = found(bearer, connection=Connection(type=kind))
    assert diagnosis.fails(CheckCode.JETSTREAM) is (kind == "MQTT")
    assert diagnosis.error == ""
    assert ("JetStream not enabled" in diagnosis.log) is (kind == "MQTT")


def test_what_a_server_has_told_fails() -> None:
    limits = {"account_nats": {"limits": {**UNLIMITED, "conn": 3}}}
    diagnosis = found(limits, told=(CheckCode.CONNECTION_LIMIT,))
    assert diagnosis.failed
    assert "3 connections" in diagnosis.failed.message
    pinned = found(told=(CheckCode.PINNED_ACCOUNTS,))
    assert pinned.failed
    assert pinned.failed.code is CheckCode.PINNED_ACCOUNTS


@pytest.mark.parametrize(
    ("case", "because"),
    [
        ({"user_nats": {"subs": 0}}, "nats.subs of the user is 0: not one subscription"),
        (
            {**SCOPED, "scoped_template": {"subs": 0}},
            "subs of its role 'r' is 0: not one subscription",
        ),
        ({"user_std": {"exp": -5}}, "exp of the user is -5: its time is over"),
    ],
)
def test_what_is_closed_at_once_has_a_reason(case: Case, because: str) -> None:
    diagnosis = found(case)
    assert diagnosis.verdict is Verdict.CLOSED
    assert diagnosis.because.startswith(because)
    assert diagnosis.error


def test_what_is_not_valid_is_judged_once() -> None:
    diagnosis = found({"user_nats": {"src": ["x"]}})
    codes = [item.code for item in diagnosis.of(State.FAILED, State.WOULD_FAIL)]
    assert codes == [CheckCode.CLAIMS]
