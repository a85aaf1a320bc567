"""Accounts."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth.claims import (
    Export,
    ExternalAuthorization,
    Import,
    JetStreamLimits,
    MsgTrace,
    OperatorLimits,
    UserScope,
    WeightedMapping,
    parse_claims,
)
from natsauth.validation import IssueCode, validate
from tests._tokens import ACCOUNT, CURVE, OPERATOR, OTHER_ACCOUNT, USER
from tests._validation import Found, account, errors, issues, limited, warnings

LIMITS = "$.nats.limits"


def test_a_new_account_is_good() -> None:
    assert issues(account()) == ()


def test_an_account_that_signed_itself_has_limits() -> None:
    claims = account()
    claims.iss = ACCOUNT.public_key
    (issue,) = issues(claims)
    assert (issue.code, issue.path) == (IssueCode.SELF_SIGNED_LIMITS, LIMITS)
    assert issue[3:] == (False, False)
    assert validate(claims).warnings == (issue,)
    claims.iss = OPERATOR.public_key
    assert issues(claims) == ()


# Limits


def test_tiers_exclude_flat_limits() -> None:
    tiers = {"R1": JetStreamLimits(disk_storage=1)}
    assert errors(limited(tiered_limits=tiers)) == []
    assert errors(limited(tiered_limits={}, streams=1)) == []
    expected = [(IssueCode.TIERS_AND_FLAT_LIMITS, LIMITS)]
    assert errors(limited(tiered_limits=tiers, max_bytes_required=True)) == expected


def test_tiers_have_names() -> None:
    claims = limited(tiered_limits={"": JetStreamLimits()})
    assert errors(claims) == [(IssueCode.TIER_NAME, f"{LIMITS}.tiered_limits")]


@pytest.mark.parametrize("limit", [0, -5])
def test_limits_that_let_nobody_work(limit: int) -> None:
    claims = limited(conn=limit, subs=limit, payload=limit, leaf=limit, data=limit)
    assert warnings(claims) == [
        (IssueCode.LIMIT_ALLOWS_NOTHING, f"{LIMITS}.{name}") for name in ("conn", "subs", "payload")
    ]


def test_missing_limits_are_told_once() -> None:
    claims = parse_claims({"nats": {}}, "account")
    assert warnings(claims) == [(IssueCode.LIMIT_ALLOWS_NOTHING, LIMITS)]
    claims.iss = ACCOUNT.public_key  # the operator will set them
    assert warnings(claims) == []


@pytest.mark.parametrize(("limit", "times"), [(-1, 0), (1, 0), (0, 2), (-2, 1)])
def test_the_number_of_imports(limit: int, times: int) -> None:
    claims = account(
        imports=[Import(subject="a", type="stream", account=OTHER_ACCOUNT.public_key)],
        limits=OperatorLimits(imports=limit),
    )
    assert errors(claims) == [(IssueCode.TOO_MANY_IMPORTS, "$.nats.imports")] * times


def test_the_number_of_imports_without_limits() -> None:
    claims = parse_claims({"nats": {"imports": [None]}}, "account")
    codes = [issue.code for issue in validate(claims).errors]
    assert codes == [IssueCode.IMPORT_NULL, IssueCode.TOO_MANY_IMPORTS]


@pytest.mark.parametrize(("limit", "times"), [(-1, 0), (1, 0), (0, 1), (-2, 1)])
def test_the_number_of_exports(limit: int, times: int) -> None:
    claims = account(
        exports=[Export(subject="a", type="stream")], limits=OperatorLimits(exports=limit)
    )
    assert errors(claims) == [(IssueCode.TOO_MANY_EXPORTS, "$.nats.exports")] * times


def _wildcards(**limits: Any) -> Found:
    exports = [None, Export(subject="a.>", type="stream"), Export(subject="b", type="stream")]
    report = validate(account(exports=exports, limits=OperatorLimits(**limits)))
    assert report.issues[0].code is IssueCode.EXPORT_NULL
    return [(issue.code, issue.path) for issue in report.issues[1:]]


def test_exports_with_wildcards() -> None:
    at = "$.nats.exports[1].subject"
    assert _wildcards(exports=3) == _wildcards(exports=-1) == []
    assert _wildcards(exports=3, wildcards=False) == [(IssueCode.WILDCARD_EXPORT, at)]
    unenforced = [(IssueCode.WILDCARD_EXPORT_NOT_ENFORCED, at)]
    assert _wildcards(exports=-1, wildcards=False) == unenforced


# Mappings


def _mapped(subject: str, *targets: WeightedMapping) -> Found:
    return errors(account(mappings={subject: list(targets)}))


def _to(weight: int = 0, cluster: str = "", subject: str = "x") -> WeightedMapping:
    return WeightedMapping(subject=subject, weight=weight, cluster=cluster)


def test_good_mappings() -> None:
    assert errors(account(mappings={"a": None, "b": []})) == []
    assert _mapped("a", _to()) == []
    assert _mapped("a", _to(50), _to(50), _to(60, "c"), _to(40, "c"), _to(0, "d")) == []


def test_a_mapping_that_refers_to_no_wildcard() -> None:
    targets = [WeightedMapping(subject="b.{{wildcard(2)}}"), WeightedMapping(subject="b.$1")]
    claims = account(mappings={"a.*": targets})
    at, message = "$.nats.mappings['a.*'][0].subject", "2 is no wildcard of 'a.*': servers refuse"
    [issue] = [i for i in validate(claims).issues if i.code is IssueCode.MAPPING_REFERENCE]
    assert (issue.path, issue.blocking) == (at, False)
    assert issue.message.startswith(message)


def test_subjects_of_mappings() -> None:
    at = "$.nats.mappings['a..']"
    assert _mapped("a..", _to(subject="")) == [
        (IssueCode.SUBJECT_OUTER_DOT, at),
        (IssueCode.SUBJECT_DOUBLE_DOT, at),
        (IssueCode.SUBJECT_EMPTY, f"{at}[0].subject"),
    ]


def test_weights_are_percentages() -> None:
    at = "$.nats.mappings.a"
    assert _mapped("a", _to(101)) == [
        (IssueCode.MAPPING_WEIGHT, f"{at}[0].weight"),
        (IssueCode.MAPPING_TOTAL, at),
    ]
    assert _mapped("a", _to(), _to(1), _to(1)) == [(IssueCode.MAPPING_TOTAL, at)]


def test_each_target_over_the_whole_of_a_cluster() -> None:
    targets = [_to(100, "c"), _to(1, "c"), _to(1, "d"), _to(1, "c")]
    assert _mapped("a", *targets) == [(IssueCode.MAPPING_TOTAL, "$.nats.mappings.a")] * 2


# Auth callout


def _authorization(**fields: Any) -> Found:
    return errors(account(authorization=ExternalAuthorization(**fields)))


def test_good_auth_callout() -> None:
    users = [USER.public_key]
    assert _authorization(auth_users=users) == []
    assert _authorization(auth_users=users, allowed_accounts=["*"]) == []
    accounts = [ACCOUNT.public_key, OTHER_ACCOUNT.public_key]
    xkey = CURVE.public_key
    assert _authorization(auth_users=users, allowed_accounts=accounts, xkey=xkey) == []


def test_bad_auth_callout() -> None:
    at = "$.nats.authorization"
    assert _authorization(allowed_accounts=["*"]) == [
        (IssueCode.AUTH_USERS_MISSING, f"{at}.auth_users")
    ]
    found = _authorization(
        auth_users=[ACCOUNT.public_key], allowed_accounts=["*", USER.public_key], xkey="x"
    )
    assert found == [
        (IssueCode.AUTH_USER, f"{at}.auth_users[0]"),
        (IssueCode.ALLOWED_ACCOUNTS_ANY, f"{at}.allowed_accounts[0]"),
        (IssueCode.ALLOWED_ACCOUNT, f"{at}.allowed_accounts[1]"),
        (IssueCode.XKEY, f"{at}.xkey"),
    ]


# Trace


@pytest.mark.parametrize("sampling", [0, 1, 100])
def test_a_good_trace(sampling: int) -> None:
    claims = account(trace=MsgTrace(dest="a.b", sampling=sampling))
    assert errors(claims) == []
    assert claims.nats.trace is not None
    assert claims.nats.trace.sampling == sampling


def test_only_the_first_problem_of_a_trace_subject_is_told() -> None:
    at = "$.nats.trace.dest"
    assert errors(account(trace=MsgTrace(dest=".a..b "))) == [(IssueCode.TRACE_DESTINATION, at)]
    assert errors(account(trace=MsgTrace())) == [(IssueCode.TRACE_DESTINATION, at)]
    assert errors(account(trace=MsgTrace(dest="a..*"))) == [
        (IssueCode.TRACE_DESTINATION, at),
        (IssueCode.TRACE_DESTINATION_WILDCARD, at),
    ]


@pytest.mark.parametrize("sampling", [-1, 101])
def test_trace_sampling_is_a_percentage(sampling: int) -> None:
    claims = account(trace=MsgTrace(dest="a", sampling=sampling))
    assert errors(claims) == [(IssueCode.TRACE_SAMPLING, "$.nats.trace.sampling")]


# Signing keys and the rest


def test_signing_keys_are_of_accounts() -> None:
    good = [OTHER_ACCOUNT.public_key, UserScope(key=ACCOUNT.public_key)]
    assert errors(account(signing_keys=good)) == []
    assert errors(account(signing_keys=[*good, "", UserScope(key=USER.public_key)])) == [
        (IssueCode.SIGNING_KEY, "$.nats.signing_keys[2]"),
        (IssueCode.SIGNING_KEY, "$.nats.signing_keys[3].key"),
    ]


def test_of_equal_signing_keys_the_last_counts() -> None:
    keys = ["x", UserScope(key="x")]
    assert errors(account(signing_keys=keys)) == [
        (IssueCode.SIGNING_KEY, "$.nats.signing_keys[1].key")
    ]


@pytest.mark.parametrize(
    ("traffic", "good"), [("", True), ("system", True), ("owner", True), ("Owner", False)]
)
def test_cluster_traffic(traffic: str, *, good: bool) -> None:
    found = errors(account(cluster_traffic=traffic))
    assert found == ([] if good else [(IssueCode.CLUSTER_TRAFFIC, "$.nats.cluster_traffic")])


def test_the_order_is_that_of_go() -> None:
    claims = account(
        imports=[None], exports=[None], trace=MsgTrace(), mappings={"": None}, info_url="x",
        signing_keys=["x"], cluster_traffic="x", authorization=ExternalAuthorization(xkey="x"),
        limits=OperatorLimits(imports=0, exports=0, tiered_limits={"": JetStreamLimits()}),
    )  # fmt: skip
    claims.iss, claims.exp = ACCOUNT.public_key, 1
    assert [issue.code for issue in issues(claims)] == [
        IssueCode.EXPIRED, IssueCode.IMPORT_NULL, IssueCode.EXPORT_NULL, IssueCode.TIER_NAME,
        IssueCode.SUBJECT_EMPTY, IssueCode.XKEY, IssueCode.TRACE_DESTINATION,
        IssueCode.TOO_MANY_IMPORTS, IssueCode.TOO_MANY_IMPORTS, IssueCode.TOO_MANY_EXPORTS,
        IssueCode.SIGNING_KEY, IssueCode.INFO_URL, IssueCode.CLUSTER_TRAFFIC,
        IssueCode.SELF_SIGNED_LIMITS,
    ]  # fmt: skip
