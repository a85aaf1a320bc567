"""What validation finds, as findings of lint."""

from __future__ import annotations

import pytest

from natsauth.claims import Permission, Permissions
from natsauth.policy._lint_entries import Grant
from natsauth.policy._lint_issues import adopted
from natsauth.policy._lint_report import Severity
from natsauth.validation import EXTRA_CODES, Issue, IssueCode


def issue(code: IssueCode, path: str = "$.nats.pub.allow") -> Issue:
    return Issue(code, path, "as it was", blocking=False, time_check=False)


@pytest.mark.parametrize("code", sorted(EXTRA_CODES))
def test_every_warning_has_a_cure_of_its_own(code: IssueCode) -> None:
    [finding] = adopted([issue(code)], [])
    assert (finding.code, finding.path, finding.message) == (code, "$.nats.pub.allow", "as it was")
    assert finding.hint
    assert not finding.hint.startswith("correct it: servers refuse")


def test_what_servers_refuse_is_an_error() -> None:
    for code in (IssueCode.SUBJECT_EMPTY, IssueCode.EXPIRED):
        [finding] = adopted([issue(code)], [])
        assert finding.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("deny", "as_read", "is_closed"),
    [(["a"], True, True), (["a"], False, False), ([], True, False)],
)
def test_what_an_empty_list_means(deny: list[str], *, as_read: bool, is_closed: bool) -> None:
    permissions = Permissions(pub=Permission(allow=[], deny=deny))
    grant = Grant(permissions, "$.nats", as_read=as_read)
    [finding] = adopted([issue(IssueCode.ALLOW_EMPTY)], [grant])
    assert ("allows nothing" in finding.message) is is_closed
    [finding] = adopted([issue(IssueCode.ALLOW_EMPTY, "$.nats.sub.allow")], [grant])
    assert finding.message == "as it was"
