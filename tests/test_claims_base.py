"""What all claims share: moments, lifetimes, JSON of their own."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from natsauth.claims import AccountClaims, OperatorClaims, UserClaims, parse_claims
from natsauth.claims.base import clock, seconds
from natsauth.errors import ClaimsError, NatsAuthError, UsageError
from tests._tokens import FULL, IAT, full, shown

MOMENT = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
PROPERTIES = {"exp": "expires_at", "nbf": "not_before", "iat": "issued_at"}
properties = pytest.mark.parametrize(("member", "name"), PROPERTIES.items())


@pytest.mark.parametrize(
    ("moment", "second"),
    [
        (0, 0),
        (IAT, IAT),
        (1.999, 1),
        (-0.001, -1),
        (MOMENT, IAT),
        (MOMENT.replace(microsecond=999_999), IAT),
        (MOMENT.astimezone(timezone(timedelta(hours=-9, minutes=-30))), IAT),
        (datetime(1, 1, 1, tzinfo=UTC), -62_135_596_800),
        (datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC), -1),
        (datetime.max.replace(tzinfo=UTC, microsecond=0), 253_402_300_799),
    ],
)
def test_moments_are_whole_seconds_rounded_down(moment: Any, second: int) -> None:
    assert seconds(moment) == clock(moment) == second


NO_MOMENTS: list[Any] = [
    *(None, True, False, "", "5", b"5", [], object(), 1j, MOMENT.date(), MOMENT.time()),
    *(
        MOMENT.replace(tzinfo=None),
        timedelta(5),
        float("nan"),
        float("inf"),
        -float("inf"),
        10**400,
    ),
]


@pytest.mark.parametrize("wrong", NO_MOMENTS, ids=lambda wrong: f"{wrong!r}"[:20])
def test_other_values_are_no_moment(wrong: Any) -> None:
    with pytest.raises(UsageError):
        seconds(wrong)


def test_a_moment_without_time_zone_is_refused_with_the_cure() -> None:
    with pytest.raises(UsageError, match="a datetime needs a time zone") as caught:
        seconds(MOMENT.replace(tzinfo=None))
    assert "datetime.now(UTC)" in caught.value.hint


def test_the_clock_runs() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    assert before.timestamp() <= clock() <= datetime.now(UTC).timestamp()


@properties
def test_moments_are_read_and_set_as_datetimes(member: str, name: str) -> None:
    claims: Any = UserClaims()
    assert getattr(claims, name) is None
    setattr(claims, name, MOMENT.replace(microsecond=5))
    assert (getattr(claims, member), getattr(claims, name)) == (IAT, MOMENT)
    setattr(claims, name, IAT + 0.5)
    assert (getattr(claims, member), getattr(claims, name).tzinfo) == (IAT, UTC)
    setattr(claims, name, None)
    assert (getattr(claims, member), getattr(claims, name)) == (0, None)
    with pytest.raises(UsageError):
        setattr(claims, name, MOMENT.replace(tzinfo=None))
    with pytest.raises(UsageError):
        setattr(claims, name, "tomorrow")


@properties
@pytest.mark.parametrize("value", [-1, -62_135_596_800, 253_402_300_799])
def test_every_second_of_the_calendar_is_a_datetime(member: str, name: str, value: int) -> None:
    claims = UserClaims(**{member: value})  # type: ignore[arg-type]
    assert getattr(claims, name).timestamp() == value


@properties
@pytest.mark.parametrize("value", [-62_135_596_801, 253_402_300_800, 2**62, 2**63 - 1, -(2**63)])
def test_a_second_beyond_the_calendar_is_no_other_error(member: str, name: str, value: int) -> None:
    # A token may hold any int64.
    claims = parse_claims({member: value}, "user")
    try:
        assert getattr(claims, name) is None or getattr(claims, name).tzinfo is UTC
    except NatsAuthError as error:
        assert name in str(error) or member in str(error)  # noqa: PT017 - either is documented


@properties
@pytest.mark.parametrize("junk", ["x", None, [5], 1e300, True], ids=repr)
def test_junk_in_a_draft_is_no_other_error(member: str, name: str, junk: Any) -> None:
    claims = UserClaims()
    setattr(claims, member, junk)
    with suppress(NatsAuthError):
        assert getattr(claims, name) is None or getattr(claims, name).tzinfo is UTC


def test_a_lifetime_sets_the_expiry() -> None:
    claims = UserClaims()
    claims.expire_in(timedelta(days=1, seconds=0.9), now=MOMENT)
    assert claims.exp == IAT + 86_400
    claims.expire_in(timedelta(seconds=1), now=5.9)
    assert claims.exp == 6
    before = clock()
    for made in (
        UserClaims(expires_in=timedelta(hours=1)),
        AccountClaims(expires_in=timedelta(hours=1)),
    ):
        assert before + 3_600 <= made.exp <= clock() + 3_600
    assert OperatorClaims(expires_in=None, exp=5).exp == 5
    claims.expire_in(timedelta.max, now=0)
    assert claims.exp == 86_399_999_999_999


@pytest.mark.parametrize("lifetime", [timedelta(), timedelta(seconds=-1), timedelta(seconds=0.999)])
def test_a_lifetime_is_a_second_or_more(lifetime: timedelta) -> None:
    with pytest.raises(ClaimsError, match=r"^\$\.exp: a lifetime is a second or more, got "):
        UserClaims(expires_in=lifetime)


@pytest.mark.parametrize("wrong", [5, 3600.0, "1h", MOMENT, True, []], ids=repr)
def test_a_lifetime_is_a_timedelta(wrong: Any) -> None:
    claims = UserClaims(exp=7)
    with pytest.raises(UsageError, match="expected a timedelta, got "):
        claims.expire_in(wrong)
    with pytest.raises(UsageError, match="expected a timedelta, got "):
        UserClaims(expires_in=wrong)
    assert claims.exp == 7


@pytest.mark.parametrize("kind", FULL)
def test_claims_have_json_of_their_own(kind: str) -> None:
    claims = full(kind)
    text = claims.to_json()
    assert json.loads(text) == claims.to_dict()
    assert parse_claims(text, kind) == parse_claims(claims.to_dict(), kind) == claims
    assert list(claims.to_dict())[-1] == "nats"


def test_what_json_cannot_hold_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    extras: list[Any] = [{"x": endless}, {"x": float("nan")}, {5: 1}, {"x": {5: 1}}, {"sub": 1}, 5]
    for extra in extras:
        claims: Any = UserClaims()
        claims.extra = extra
        for write in (claims.to_json, claims.to_dict):
            with pytest.raises(ClaimsError):
                write()


SURROGATES = dict.fromkeys("\ud800\udc00", 1)  # both are written as U+FFFD


@pytest.mark.parametrize("extra", [SURROGATES, {"x": SURROGATES}])
def test_names_that_become_one_name_are_no_other_error(extra: dict[str, Any]) -> None:
    try:
        assert UserClaims(extra=extra).to_dict()
    except NatsAuthError as error:
        assert shown(error)  # noqa: PT017 - either is documented


def test_claims_are_described_by_what_is_set() -> None:
    assert repr(UserClaims(name="n", exp=5)).startswith("UserClaims(exp=5, name='n', nats=User(")
    assert repr(parse_claims("{}", "operator")) == "OperatorClaims(nats=Operator())"
