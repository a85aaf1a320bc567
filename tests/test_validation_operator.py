"""Operators."""

from __future__ import annotations

from typing import Any

from natsauth.claims import Operator, OperatorClaims
from natsauth.validation import IssueCode, validate
from tests._tokens import ACCOUNT, IAT, OPERATOR
from tests._validation import errors, issues


def _operator(**body: Any) -> OperatorClaims:
    return OperatorClaims(sub=OPERATOR.public_key, nats=Operator(**body))


def test_a_good_one() -> None:
    assert issues(_operator()) == ()
    claims = _operator(
        signing_keys=[OPERATOR.public_key],
        account_server_url="nats://localhost:4222",
        operator_service_urls=["", "tls://h", "WSS://h:443"],
        system_account=ACCOUNT.public_key,
        assert_server_version="2.10.0",
        tags=["A"],
    )
    assert issues(claims) == ()


def test_a_bad_one() -> None:
    claims = _operator(
        signing_keys=[OPERATOR.public_key, ACCOUNT.public_key],
        account_server_url="/hello",
        operator_service_urls=["nats://h", "nats://u@h", "nats://h/", "http://h", "nats://h:x"],
        system_account=OPERATOR.public_key,
        assert_server_version="2.10",
    )
    assert errors(claims) == [
        (IssueCode.ACCOUNT_SERVER_URL, "$.nats.account_server_url"),
        *(
            (IssueCode.OPERATOR_SERVICE_URL, f"$.nats.operator_service_urls[{i}]")
            for i in (1, 2, 3, 4)
        ),
        (IssueCode.SIGNING_KEY, "$.nats.signing_keys[1]"),
        (IssueCode.SYSTEM_ACCOUNT, "$.nats.system_account"),
        (IssueCode.SERVER_VERSION, "$.nats.assert_server_version"),
    ]


def test_a_url_does_not_tell_its_password() -> None:
    claims = _operator(operator_service_urls=["nats://u:hunter2@h"])
    (issue,) = issues(claims)
    assert "hunter2" not in issue.message


def test_times_come_first() -> None:
    claims = _operator(account_server_url="x")
    claims.exp = IAT - 1
    assert validate(claims, now=IAT).reason is IssueCode.EXPIRED
