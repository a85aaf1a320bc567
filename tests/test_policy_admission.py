from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from natsauth.errors import TrustError
from natsauth.policy.admission import Admission, Check, CheckCode, CheckStatus, Closing


def check(code: CheckCode, status: CheckStatus, holds: bool | None, log: str = "") -> Check:  # noqa: FBT001 - a field of it
    return Check(code, status, holds, f"{code} found", log, "" if holds else f"cure {code}")


PASSED = check(CheckCode.TOKEN, CheckStatus.PASSED, True)  # noqa: FBT003
NOTED = check(CheckCode.CONNECTION_TYPE, CheckStatus.PASSED, True, "a note")  # noqa: FBT003
FAILED = check(CheckCode.SIGNATURE, CheckStatus.FAILED, False, "a line")  # noqa: FBT003
LATER = check(CheckCode.SOURCE, CheckStatus.NOT_REACHED, False, "not logged")  # noqa: FBT003
UNKNOWN = check(CheckCode.TIMES, CheckStatus.NOT_REACHED, None)


def admission(*checks: Check, closing: Any = None) -> Admission:
    return Admission(checks, closing, "", None)


def test_a_refusal_names_every_failing_check() -> None:
    refused = admission(PASSED, FAILED, LATER, UNKNOWN)
    assert not refused
    assert refused.failed is FAILED
    assert refused.failing == (FAILED, LATER)
    assert refused.reason is CheckCode.SIGNATURE
    assert refused.log == "a line"
    assert refused.expires is None
    assert str(refused) == refused.explain()
    assert repr(refused) == "<Admission: refused, signature>"
    assert refused.explain().splitlines() == [
        "The server refuses the connection.",
        "- signature: signature found. Cure: cure signature.",
        "- source: source found. Cure: cure source.",
    ]
    with pytest.raises(TrustError, match="signature found; source found") as caught:
        refused.raise_for_errors()
    assert caught.value.hint == "cure signature"


def test_an_admission() -> None:
    taken = admission(PASSED, NOTED)
    assert taken
    assert taken.reason is None
    assert taken.failing == ()
    assert taken.log == "a note"
    assert taken.explain() == "The server takes the connection."
    assert repr(taken) == "<Admission: taken>"
    taken.raise_for_errors()


def test_a_connection_that_ends() -> None:
    at = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
    taken = admission(PASSED, closing=Closing(at, "over", "it is over", ""))
    assert taken.expires == at
    assert taken.log == ""
    explained = "The server takes the connection and closes it at 2027-01-02 03:04:05 UTC: over."
    assert taken.explain() == explained
    at_once = admission(PASSED, closing=Closing(at, "over", "it is over", "issue another"))
    assert at_once.explain() == f"{explained} Cure: issue another."


def test_the_codes_are_stable() -> None:
    assert [str(code) for code in CheckCode] == [
        "proxy_signature", "token", "proxy_required", "claims", "pinned_accounts",
        "account_lookup", "account_issuer", "user_issuer", "scoped_user_empty", "scope_template",
        "scope_proxy_required", "account_expired", "bearer", "connection_type", "signature",
        "revocation", "source", "times", "connection_limit", "auth_callout", "account_field",
        "jetstream",
    ]  # fmt: skip
