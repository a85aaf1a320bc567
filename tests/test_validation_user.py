"""Users: from where, when and how they connect."""

from __future__ import annotations

import pytest

from natsauth.claims import CONNECTION_TYPES, Permission, TimeRange, parse_claims
from natsauth.validation import IssueCode
from tests._tokens import ACCOUNT, USER
from tests._validation import errors, issues, user, warnings

DAY = TimeRange(start="08:00:00", end="18:00:00")


def test_a_new_user_is_good() -> None:
    assert issues(user()) == ()
    assert issues(user(issuer_account=ACCOUNT.public_key, src=[], tags=["a:B"])) == ()


def test_source_networks() -> None:
    claims = user(src=["10.0.0.1/8", "::1/128", "10.0.0.1", ""])
    assert errors(claims) == [
        (IssueCode.SOURCE_NETWORK, "$.nats.src[2]"),
        (IssueCode.SOURCE_NETWORK, "$.nats.src[3]"),
    ]


def test_times_of_day() -> None:
    claims = user(times=[DAY, TimeRange(start="08:00", end="18:00:00"), TimeRange(start="1:00:00")])
    assert errors(claims) == [
        (IssueCode.TIME_RANGE, "$.nats.times[1].start"),
        (IssueCode.TIME_RANGE, "$.nats.times[2].end"),
    ]


def test_time_zones() -> None:
    assert errors(user(times_location="Europe/Berlin")) == []
    assert errors(user(times_location="Local", times=[DAY])) == []
    at = "$.nats.times_location"
    assert errors(user(times_location="Mars/Olympus")) == [(IssueCode.TIME_ZONE, at)]


@pytest.mark.usefixtures("no_time_zones")
def test_time_zones_without_a_database() -> None:
    at = "$.nats.times_location"
    assert warnings(user(times_location="Europe/Berlin")) == [(IssueCode.TIME_ZONE_UNCHECKED, at)]
    assert errors(user(times_location="../x")) == [(IssueCode.TIME_ZONE, at)]


def test_the_issuer_account_is_an_account() -> None:
    claims = user(issuer_account=USER.public_key)
    assert errors(claims) == [(IssueCode.ISSUER_ACCOUNT, "$.nats.issuer_account")]


def test_connection_types_that_servers_know() -> None:
    known = [*CONNECTION_TYPES, "mqtt"]
    assert warnings(user(allowed_connection_types=known)) == []
    claims = user(allowed_connection_types=["STANDARD", "TCP", ""])
    assert warnings(claims) == [
        (IssueCode.CONNECTION_TYPE, "$.nats.allowed_connection_types[1]"),
        (IssueCode.CONNECTION_TYPE, "$.nats.allowed_connection_types[2]"),
    ]


@pytest.mark.parametrize("limit", [0, -2])
def test_limits_that_leave_nothing(limit: int) -> None:
    claims = user(subs=limit, payload=limit, data=limit)
    assert warnings(claims) == [
        (IssueCode.LIMIT_ALLOWS_NOTHING, "$.nats.subs"),
        (IssueCode.LIMIT_ALLOWS_NOTHING, "$.nats.payload"),
    ]


def test_limits_that_a_token_leaves_out() -> None:
    claims = parse_claims({"sub": USER.public_key, "nats": {"payload": 5}}, "user")
    assert warnings(claims) == [(IssueCode.LIMIT_ALLOWS_NOTHING, "$.nats.subs")]


def test_a_user_of_a_scope_has_no_limits_of_its_own() -> None:
    claims = user(issuer_account=ACCOUNT.public_key)
    claims.nats.clear()
    assert warnings(claims) == []
    claims.nats.issuer_account = ""
    assert len(warnings(claims)) == 2
    claims.nats.issuer_account = ACCOUNT.public_key
    claims.nats.pub = Permission(allow=["a"])
    assert len(warnings(claims)) == 2
