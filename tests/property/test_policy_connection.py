"""What holds of every connection, whatever stands in tokens and connects."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsauth.claims import CONNECTION_TYPES
from natsauth.errors import NatsAuthError
from natsauth.policy.admission import CheckCode, CheckStatus
from natsauth.policy.connection import Connection, admit
from tests._connections import UNLIMITED, Root, Scene

NOW = 1_795_437_121
ROOTS = [Root(), Root(strict=True)]
KEYS = ["$ACC", "$SYS", "$SK", "$SCOPED", "$OTHER", "$USER"]
REL = st.builds(lambda seconds: {"rel": seconds}, st.integers(-9, 9)) | st.sampled_from([0, -1])
TEXT = st.text(max_size=8) | st.sampled_from(KEYS)
ADDRESSES = st.ip_addresses().map(str) | st.sampled_from(
    ["127.0.0.1", "::1", "::ffff:127.0.0.1", "fe80::1%lo"]
)
SUBJECT = st.sampled_from(["a", "a.b", "a..b", "", "a q", "{{name()}}", "{{tag(x)}}", "{{x}}", ">"])
SIDE = st.dictionaries(st.sampled_from(["allow", "deny"]), st.lists(SUBJECT, max_size=3))
TIME = st.sampled_from(["00:00:00", "12:32:01", "12:32:02", "23:59:59", "24:00:00", "", "x"])
LIMITS = {
    "pub": SIDE,
    "sub": SIDE,
    "resp": st.none() | st.just({}),
    "src": st.lists(
        st.sampled_from(["127.0.0.0/8", "::/0", "::ffff:0:0/96", "bad"]) | TEXT, max_size=3
    ),
    "times": st.lists(st.fixed_dictionaries({"start": TIME, "end": TIME}), max_size=3),
    "times_location": st.sampled_from(["", "UTC", "Local", "Europe/Paris", "No/Where"]) | TEXT,
    "subs": st.integers(-2, 2),
    "bearer_token": st.booleans(),
    "proxy_required": st.booleans(),
    "allowed_connection_types": st.lists(st.sampled_from([*CONNECTION_TYPES, "FOO", ""])),
}
BODY = st.fixed_dictionaries(
    {}, optional={**LIMITS, "issuer_account": TEXT, "tags": st.lists(TEXT)}
)
BARE = st.just({"type": "user", "version": 2, "issuer_account": "$ACC"})
STD = st.fixed_dictionaries(
    {}, optional={"exp": REL, "nbf": REL, "iat": REL, "name": TEXT, "sub": TEXT}
)
CASES = st.fixed_dictionaries(
    {},
    optional={
        "user_nats": BODY | BARE,
        "user_std": STD,
        "signer": st.sampled_from(["account", "signing_key", "scoped_key", "unknown", "user"]),
        "scoped_template": st.fixed_dictionaries({}, optional=LIMITS),
        "account_std": st.fixed_dictionaries({}, optional={"exp": REL, "nbf": REL, "name": TEXT}),
        "account_signer": st.sampled_from(["operator", "operator_signing", "foreign", "account"]),
        "account_nats": st.fixed_dictionaries(
            {},
            optional={
                "limits": st.builds(
                    lambda conn, bearer: {**UNLIMITED, "conn": conn, "disallow_bearer": bearer},
                    st.integers(-2, 2),
                    st.booleans(),
                ),
                "revocations": st.dictionaries(st.sampled_from([*KEYS, "*"]), REL),
                "authorization": st.builds(
                    lambda users: {"auth_users": users}, st.lists(st.sampled_from(KEYS))
                ),
            },
        ),
        "unknown_account": st.booleans(),
        "connect": st.fixed_dictionaries(
            {},
            optional={
                "type": st.sampled_from(CONNECTION_TYPES),
                "sig": st.sampled_from(["good", "bad", "missing"]),
                "ip": st.none() | ADDRESSES,
                "proxy": st.sampled_from(["good", "bad"]),
                "account": st.booleans(),
                "open": st.integers(0, 2),
            },
        ),
        "server_tz": st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]),
    },
)
ORDER = [CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.NOT_REACHED]


def scene(case: dict[str, Any], root: int = 0) -> Scene:
    return Scene(case, ROOTS[root], NOW)


@given(CASES, st.integers(0, 1), st.floats(NOW - 100_000, NOW + 100_000), st.booleans())
def test_every_connection_has_a_verdict(
    case: dict[str, Any],
    root: int,
    at: float,
    callout: bool,  # noqa: FBT001 - given() passes it by position
) -> None:
    admission = scene(case, root).admit(at, callout=callout)
    statuses = [check.status for check in admission.checks]
    assert [check.code for check in admission.checks] == [*CheckCode]
    assert statuses == sorted(statuses, key=ORDER.index)
    assert statuses.count(CheckStatus.FAILED) == (not admission)
    assert bool(admission) is (not admission.failing)
    assert (admission.failed is None) or admission.failing[0] is admission.failed
    assert all(check.message for check in admission.checks)
    assert all(check.hint for check in admission.failing)
    is_silent = admission.reason is CheckCode.JETSTREAM or (
        admission.reason is CheckCode.CONNECTION_LIMIT
        and case.get("connect", {}).get("type", "").startswith("MQTT")
    )
    assert bool(admission.error) is (not admission and not is_silent)
    assert (admission.evaluator is not None) is bool(admission)
    if admission.closing:
        assert admission
        assert admission.closing.at.timestamp() > at - 1e-5  # a datetime has microseconds
    assert admission.explain()


@given(CASES)
def test_what_no_user_gets_through_with(case: dict[str, Any]) -> None:
    connect = case.get("connect", {})
    revoked = {**case.get("account_nats", {}), "revocations": {"*": {"rel": 99}}}
    for spoiled in (
        {**case, "account_nats": revoked},
        {**case, "account_signer": "foreign"},
        {**case, "unknown_account": True, "signer": "account", "user_nats": {}},
        {**case, "user_std": {**case.get("user_std", {}), "exp": {"rel": -1}}},
        {**case, "connect": {**connect, "account": True}},
        {**case, "connect": {**connect, "proxy": "bad"}},
    ):
        assert not scene(spoiled).admit(NOW)


@given(CASES)
def test_a_proof_never_harms(case: dict[str, Any]) -> None:
    connect = case.get("connect", {})
    verdicts = [
        bool(scene({**case, "connect": {**connect, "sig": sig}}).admit(NOW))
        for sig in ("missing", "bad", "good")
    ]
    assert verdicts[0] is verdicts[1]
    assert verdicts == sorted(verdicts)


@given(st.text() | st.text(alphabet="eyJ0.AB\n\ud800", max_size=40))
def test_any_text_may_be_sent_as_a_token(text: str) -> None:
    admission = admit(text, account=None, operator=ROOTS[0].operator)
    assert admission.reason is CheckCode.TOKEN


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()


@given(st.dictionaries(st.sampled_from([*Connection.__slots__]), ANYTHING))
def test_connections_of_anything(options: dict[str, Any]) -> None:
    try:
        connection = Connection(**options)
    except NatsAuthError:
        return
    scene_ = scene({"user_nats": {"src": ["0.0.0.0/0"], "times": [{"start": "1:00:00"}]}})
    admit(scene_.user, account=scene_.accounts, operator=ROOTS[0].operator, connection=connection)


def test_a_seed_is_never_told() -> None:
    seed = ROOTS[0].system.reveal_seed()
    case = {
        "user_std": {"sub": seed, "name": seed},
        "user_nats": {"src": [seed], "times_location": seed, "issuer_account": seed},
        "account_std": {"name": seed},
    }
    admission = scene(case).admit(NOW)
    assert seed not in str(admission.checks)
    assert seed not in admission.explain()
    with pytest.raises(NatsAuthError) as caught:
        admission.raise_for_errors()
    assert seed not in str(caught.value)
