"""Rules that several kinds of claims share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from natsauth.claims import Account, AccountClaims, Export, GenericClaims
from natsauth.validation import IssueCode, validate
from natsauth.validation.common import member
from tests._tokens import ACCOUNT, IAT, OTHER_ACCOUNT, USER
from tests._validation import account, errors, user, warnings

URL = "https://example.com/"


@pytest.mark.parametrize(
    ("exp", "expired"), [(IAT - 1, True), (IAT, False), (0, False), (-5, False)]
)
def test_expiry_is_inclusive(exp: int, *, expired: bool) -> None:
    report = validate(GenericClaims(exp=exp), now=IAT)
    assert (report.reason is IssueCode.EXPIRED) is expired
    assert bool(report) is not expired
    assert all(issue.time_check and issue.path == "$.exp" for issue in report.issues)


@pytest.mark.parametrize(("nbf", "early"), [(IAT + 1, True), (IAT, False), (0, False), (-5, False)])
def test_the_start_is_inclusive(nbf: int, *, early: bool) -> None:
    report = validate(GenericClaims(nbf=nbf), now=IAT)
    assert (report.reason is IssueCode.NOT_YET_VALID) is early
    assert all(issue.time_check and issue.path == "$.nbf" for issue in report.issues)


def test_no_start_lies_ahead_of_a_clock_before_1970() -> None:
    assert validate(GenericClaims(nbf=-5), now=-10)


def test_now_may_be_a_datetime() -> None:
    claims = GenericClaims(exp=IAT)
    assert validate(claims, now=datetime.fromtimestamp(IAT, UTC))
    assert not validate(claims, now=datetime.fromtimestamp(IAT + 1, UTC))


def test_the_current_moment_counts_by_default() -> None:
    assert validate(GenericClaims(exp=1)).reason is IssueCode.EXPIRED
    assert validate(GenericClaims(exp=2**62))


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("x" * 8192, True),
        ("x" * 8193, False),
        ("é" * 4096, True),
        ("é" * 4097, False),
        ("\ud800", True),
    ],
)
def test_a_description_has_8192_bytes(text: str, *, good: bool) -> None:
    found = errors(account(description=text, exports=[_export(description=text)]))
    code = IssueCode.DESCRIPTION_TOO_LONG
    both = [(code, "$.nats.exports[0].description"), (code, "$.nats.description")]
    assert found == ([] if good else both)


def test_an_info_url_has_8192_bytes() -> None:
    assert errors(account(info_url=URL + "x" * (8192 - len(URL)))) == []
    at = "$.nats.info_url"
    assert errors(account(info_url=URL + "x" * 8192)) == [(IssueCode.INFO_URL_TOO_LONG, at)]
    both = [(IssueCode.INFO_URL_TOO_LONG, at), (IssueCode.INFO_URL, at)]
    assert errors(account(info_url="x" * 8193)) == both


def test_an_info_url_has_scheme_and_host() -> None:
    claims = account(info_url="x", exports=[_export(info_url="http://")])
    assert errors(claims) == [
        (IssueCode.INFO_URL, "$.nats.exports[0].info_url"),
        (IssueCode.INFO_URL, "$.nats.info_url"),
    ]


def test_templates_find_names_of_tags_in_lower_case() -> None:
    tags = ["dept:Sales", "Dept:a", "a", "B"]
    expected = [(IssueCode.TAG_UPPER_CASE, f"$.nats.tags[{index}]") for index in (1, 3)]
    assert warnings(user(tags=tags)) == warnings(account(tags=tags)) == expected


def test_revocations_are_of_keys() -> None:
    good = {"*": 1, USER.public_key: 2}
    assert warnings(account(revocations=good)) == []
    bad = {**good, ACCOUNT.public_key: 3, "bob": 4}
    assert warnings(account(revocations=bad)) == [
        (IssueCode.REVOCATION_KEY, f"$.nats.revocations.{ACCOUNT.public_key}"),
        (IssueCode.REVOCATION_KEY, "$.nats.revocations.bob"),
    ]


def test_revocations_of_exports_are_of_accounts() -> None:
    revocations = {"*": 1, OTHER_ACCOUNT.public_key: 1, "no key": 1}
    claims = AccountClaims(
        sub=ACCOUNT.public_key, nats=Account(exports=[_export(revocations=revocations)])
    )
    at = "$.nats.exports[0].revocations['no key']"
    assert warnings(claims) == [(IssueCode.REVOCATION_KEY, at)]


def test_member_quotes_what_is_no_plain_name() -> None:
    assert member("$.a", "b") == "$.a.b"
    assert member("$.a", "b.c") == "$.a['b.c']"


def _export(**fields: Any) -> Export:
    return Export(subject="a", type="stream", **fields)
