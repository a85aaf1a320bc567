from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests._connections import UNLIMITED, Root, Scene

if TYPE_CHECKING:
    from natsauth.policy.admission import Closing

NOW = 1_795_437_121  # 12:32:01 UTC
STRICT, LENIENT = Root(strict=True), Root()
BARE = {"type": "user", "version": 2}
SUBS = "maximum subscriptions exceeded"
EXPIRED = "User Authentication Expired"


def closing(at: float = NOW, root: Root = LENIENT, **case: Any) -> Closing | None:
    admission = Scene(case, root, NOW).admit(at)
    assert admission, admission
    return admission.closing


def left(at: float = NOW, **case: Any) -> float | None:
    found = closing(at, **case)
    return found and found.at.timestamp() - at


@pytest.mark.parametrize(
    ("exp", "seconds"),
    [(0, None), ({"rel": 60}, 60), ({"rel": 0}, 0), (-1, 0), (-(1 << 63), 0)],
)
def test_the_end_of_a_user(exp: Any, seconds: float | None) -> None:
    assert left(user_std={"exp": exp}) == seconds


def test_far_ends_overflow_as_in_go() -> None:
    assert left(user_std={"exp": {"rel": 9_223_372_036}}) == pytest.approx(9_223_372_036)
    assert left(user_std={"exp": {"rel": 9_223_372_037}}) == 0
    assert left(user_std={"exp": {"rel": 18_446_744_074}}) == pytest.approx(0.290448, abs=1e-3)


def test_the_end_of_a_part_of_the_day_or_of_the_user_whatever_comes_first() -> None:
    times = {"times": [{"start": "12:00:00", "end": "12:33:01"}]}
    assert left(NOW + 0.5, user_nats=times) == 59.5
    assert left(user_nats=times, user_std={"exp": {"rel": 30}}) == 30
    assert left(user_nats=times, user_std={"exp": {"rel": 90}}) == 60


@pytest.mark.parametrize(
    ("account", "user", "seconds", "error"),
    [
        (60, 0, 60, "Account Authentication Expired"),
        (60, {"rel": 90}, 60, "Account Authentication Expired"),
        (60, {"rel": 60}, 60, "Account Authentication Expired"),
        (60, {"rel": 30}, 30, EXPIRED),
    ],
)
def test_the_end_of_an_account(account: int, user: Any, seconds: int, error: str) -> None:
    found = closing(user_std={"exp": user}, account_std={"exp": {"rel": account}})
    assert found
    assert (found.at.timestamp() - NOW, found.error, found.hint) == (seconds, error, "")
    assert found.log.startswith(f"{error} - Account:A")


def test_what_is_told_of_the_end() -> None:
    scene = Scene({"user_std": {"exp": {"rel": 60}}}, LENIENT, NOW)
    found = scene.admit(NOW).closing
    assert found
    keys = scene.account_key.public_key, scene.user_key.public_key
    assert found.log == f"{EXPIRED} - Account:{keys[0]}/ACC - jwt:{keys[1]}"
    assert (found.error, found.hint) == (EXPIRED, "")
    at_once = closing(user_std={"exp": {"rel": 0}})
    assert at_once
    assert at_once.hint


@pytest.mark.parametrize(
    ("subs", "account", "closed"),
    [
        (-1, -1, False), (1, -1, False), (1, 1, False), (1 << 40, -1, False), (0, -1, True),
        (-2, -1, True), (-1, 0, True), (5, 0, True), (5, -2, True), (0, 5, True),
    ],
)  # fmt: skip
def test_limits_that_leave_no_subscription(subs: int, account: int, *, closed: bool) -> None:
    found = closing(
        user_nats={"subs": subs}, account_nats={"limits": {**UNLIMITED, "subs": account}}
    )
    assert (found and (found.error, found.log)) == ((SUBS, SUBS) if closed else None)


def test_an_end_at_once_comes_before_limits() -> None:
    found = closing(user_nats={"subs": 0}, user_std={"exp": -1})
    assert found
    assert found.error == EXPIRED
    found = closing(user_nats={"subs": 0}, user_std={"exp": {"rel": 60}})
    assert found
    assert found.error == SUBS


def test_the_limits_are_those_of_the_scope_where_the_user_names_its_account() -> None:
    case: dict[str, Any] = {"signer": "scoped_key", "user_nats": {**BARE, "issuer_account": "$ACC"}}
    assert closing(**case) is None
    assert closing(**case, scoped_template={"subs": 0})
    own = {"kind": "user_scope", "key": "$ACC", "role": "", "template": {"subs": 3}}
    # Limits are taken from the scope of a key that is not the account's own alone.
    assert closing(root=STRICT, account_nats={"signing_keys": [own]}, user_nats=BARE)


def test_limits_of_the_user_come_too_late_for_mqtt() -> None:
    case: dict[str, Any] = {
        "user_nats": {"bearer_token": True, "subs": 0},
        "account_nats": {"limits": {**UNLIMITED, "disk_storage": -1}},
    }
    assert closing(**case)
    assert closing(**case, connect={"type": "MQTT"}) is None
    case["account_nats"]["limits"]["subs"] = 0
    assert closing(**case, connect={"type": "MQTT"})
