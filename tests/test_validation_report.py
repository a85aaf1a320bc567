"""The report: its verdict, its parts, and the names of its codes."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import pytest

from natsauth.errors import ValidationError
from natsauth.subjects import SubjectProblem
from natsauth.validation import EXTRA_CODES, Issue, IssueCode, ValidationReport

ERROR = Issue(IssueCode.TIER_NAME, "$.a", "is bad", blocking=True, time_check=False)
TIME = Issue(IssueCode.EXPIRED, "$.exp", "is over", blocking=False, time_check=True)
WARNING = Issue(IssueCode.IMPORT_TO, "$.b", "is old", blocking=False, time_check=False)


def test_an_empty_report_is_good() -> None:
    report = ValidationReport()
    assert report
    assert report.issues == report.errors == report.warnings == ()
    assert report.reason is None
    report.raise_for_errors()


def test_warnings_are_no_reason() -> None:
    report = ValidationReport((WARNING,))
    assert report
    assert report.reason is None
    assert report.warnings == (WARNING,)
    report.raise_for_errors()


@pytest.mark.parametrize("issue", [ERROR, TIME])
def test_what_blocks_and_the_wrong_time_are_reasons(issue: Issue) -> None:
    report = ValidationReport((WARNING, issue))
    assert not report
    assert report.reason is issue.code
    assert report.warnings == (WARNING,)


def test_time_is_not_among_the_errors() -> None:
    report = ValidationReport((TIME, ERROR))
    assert report.errors == (ERROR,)
    assert report.warnings == ()
    assert report.reason is IssueCode.EXPIRED


def test_raise_for_errors_names_all_but_warnings() -> None:
    with pytest.raises(ValidationError) as caught:
        ValidationReport((ERROR, WARNING, TIME)).raise_for_errors()
    assert str(caught.value) == "$.a: is bad; $.exp: is over"


def test_an_issue_reads_as_path_and_message() -> None:
    assert str(ERROR) == "$.a: is bad"


def test_a_report_is_a_frozen_value() -> None:
    report = ValidationReport((ERROR,))
    with pytest.raises(FrozenInstanceError):
        report.issues = ()  # type: ignore[misc]
    assert report == ValidationReport((ERROR,)) == pickle.loads(pickle.dumps(report))  # noqa: S301


def test_problems_of_subjects_have_codes_of_the_same_name() -> None:
    assert {str(problem) for problem in SubjectProblem} <= {str(code) for code in IssueCode}


def test_warnings_beyond_go_are_apart_from_those_of_go() -> None:
    assert not EXTRA_CODES & {IssueCode.IMPORT_TO, IssueCode.SELF_SIGNED_LIMITS}
