from __future__ import annotations

import pytest

from natsauth.errors import TrustError
from natsauth.trust import TIME_CODES, TrustCode, TrustFinding, TrustReport
from natsauth.trust.report import make_report
from tests._chains import USER

FINDINGS = (
    TrustFinding(TrustCode.USER_EXPIRED, "it expired", "issue another"),
    TrustFinding(TrustCode.USER_ISSUER, "a stranger signed", "sign again"),
)


def test_the_codes_are_stable() -> None:
    assert {str(code) for code in TrustCode} == {
        "account_subject",
        "account_self_signed",
        "account_strict",
        "account_issuer",
        "account_expired",
        "account_not_yet_valid",
        "user_account",
        "user_issuer_account",
        "user_strict",
        "user_issuer",
        "user_not_empty",
        "user_bearer",
        "user_revoked",
        "user_expired",
        "user_not_yet_valid",
        "policy",
    }


def test_a_report_is_frozen() -> None:
    report = TrustReport((TrustFinding(TrustCode.USER_ISSUER, "message", "hint"),))
    with pytest.raises(AttributeError):
        report.findings = ()  # type: ignore[misc]


def test_a_report_is_true_without_findings() -> None:
    assert TrustReport()
    assert str(TrustReport()) == "the chain holds"
    assert TrustReport().reason is None
    TrustReport().raise_for_errors()


def test_a_report_names_every_finding() -> None:
    report = TrustReport(FINDINGS)
    assert not report
    assert str(report) == "it expired\na stranger signed"
    assert report.reason is TrustCode.USER_EXPIRED
    with pytest.raises(TrustError, match="it expired; a stranger signed") as caught:
        report.raise_for_errors()
    assert caught.value.hint == "issue another"


def test_reasons_can_be_left_out() -> None:
    assert TrustReport(FINDINGS).without(TIME_CODES).findings == FINDINGS[1:]
    assert TrustReport(FINDINGS).without([*TrustCode])


def test_seeds_are_not_told() -> None:
    seed = USER.reveal_seed()
    report = make_report([TrustFinding(TrustCode.USER_ISSUER, f"signed by {seed}", "")])
    assert seed not in str(report)
