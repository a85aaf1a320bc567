"""The report of lint."""

from __future__ import annotations

from natsauth.policy._lint_report import LintCode, LintFinding, LintReport, Severity
from natsauth.validation import IssueCode

BAD = LintFinding(LintCode.TEMPLATE_REFUSED, Severity.ERROR, "$.a", "bad", "cure")
ODD = LintFinding(LintCode.FINAL_STAR, Severity.WARNING, "$.b", "odd", "cure")
FINE = LintFinding(LintCode.NO_EXPIRY, Severity.INFO, "$.exp", "fine", "cure")


def test_a_report() -> None:
    report = LintReport((BAD, ODD, FINE))
    assert not report
    assert (report.errors, report.warnings) == ((BAD,), (ODD,))
    assert str(report) == "error: $.a: bad\nwarning: $.b: odd\ninfo: $.exp: fine"


def test_a_report_without_errors() -> None:
    assert LintReport((ODD, FINE))
    assert str(LintReport()) == "nothing found"


def test_no_code_is_that_of_another_issue() -> None:
    assert {*LintCode}.isdisjoint(IssueCode)
