"""``lint``: what it takes, what it leaves alone, and that its reference shows what it does."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.claims import (
    Account,
    AccountClaims,
    GenericClaims,
    OperatorClaims,
    OperatorLimits,
    Permission,
    Permissions,
    ResponsePermission,
    User,
    UserClaims,
    UserPermissionLimits,
    UserScope,
    parse_claims,
)
from natsauth.creds import Creds
from natsauth.errors import ClaimsError, UsageError
from natsauth.policy._lint_issues import adopted
from natsauth.policy.lint import LintCode, Severity, lint
from natsauth.token import encode
from natsauth.validation import EXTRA_CODES, Issue, IssueCode
from tests._docs import ROOT
from tests._tokens import ACCOUNT, IAT, OPERATOR, OTHER_ACCOUNT, USER

if TYPE_CHECKING:
    from enum import StrEnum

PAGE = (ROOT / "docs/reference/lint.md").read_text("utf-8")
_SECTION = re.compile(r"^### `(\w+)`\n\n(\*\*.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_EXAMPLE = re.compile(r"^```js\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ADOPTED = re.compile(r"^\| `(\w+)` \| (error|warning|info)(?:, warning|)(.*) \|$", re.MULTILINE)
SECTIONS = dict(_SECTION.findall(PAGE))

SANE: dict[str, dict[str, Any]] = {
    "everything": {},
    "a publisher": {"pub": {"allow": ["telemetry.device7.>"]}, "sub": {"deny": [">"]}},
    "a reader": {"pub": {"deny": [">"]}, "sub": {"allow": ["telemetry.>"]}},
    "a client of services": {
        "pub": {"allow": ["orders.new", "orders.cancel"]},
        "sub": {"allow": ["_INBOX.>"]},
    },
    "a client with an inbox of its own": {
        "pub": {"allow": ["orders.>"]},
        "sub": {"allow": ["_INBOX_web.>"]},
    },
    "a service in a queue group": {
        "pub": {"allow": ["events.orders.>"]},
        "sub": {"allow": ["orders.* workers", "_INBOX.>"], "deny": ["orders.*.>"]},
        "resp": {"max": 1},
    },
    "a service that only answers": {"sub": {"allow": ["svc.echo"]}, "resp": {"max": 1, "ttl": 5}},
    "a consumer of a stream": {
        "pub": {
            "allow": ["$JS.API.CONSUMER.MSG.NEXT.ORDERS.ship", "$JS.ACK.ORDERS.ship.>"],
        },
        "sub": {"allow": ["_INBOX.>"]},
    },
    "an administrator of streams": {
        "pub": {"allow": ["$JS.API.>", "$JS.ACK.>"]},
        "sub": {"allow": ["_INBOX.>"]},
    },
    "all but what is for administrators": {
        "pub": {"deny": ["admin.>", "$JS.API.>"]},
        "sub": {"deny": ["admin.>"]},
    },
    "a tenant of a scope": {
        "pub": {"allow": ["tenants.{{subject()}}.>"]},
        "sub": {"allow": ["tenants.{{subject()}}.>", "_INBOX.{{subject()}}.>"]},
    },
    "a monitor of the system account": {
        "pub": {"allow": ["$SYS.REQ.SERVER.PING.>", "$SYS.REQ.ACCOUNT.*.CONNZ"]},
        "sub": {"allow": ["$SYS.ACCOUNT.>", "$SYS.SERVER.>", "_INBOX.>"]},
    },
}


def codes(*subjects: Any, **options: Any) -> list[StrEnum]:
    return [finding.code for finding in lint(*subjects, **options).findings]


def user(**body: Any) -> UserClaims:
    return UserClaims(sub=USER.public_key, nats=User(**body))


def read(example: dict[str, Any]) -> tuple[Any, ...]:
    """Return what an example of the reference gives to lint."""
    if "user" not in example:
        return (example,)
    return tuple(parse_claims(claims, kind) for kind, claims in example.items())


@pytest.mark.parametrize("name", SANE)
def test_nothing_is_said_against_sane_permissions(name: str) -> None:
    found = [f for f in lint(SANE[name]).findings if f.severity is not Severity.INFO]
    assert found == []


def test_every_code_is_in_the_reference() -> None:
    assert list(SECTIONS) == list(LintCode)


@pytest.mark.parametrize("code", [code for code in LintCode if code != LintCode.CONNECT_SIZE])
def test_the_examples_of_the_reference(code: LintCode) -> None:
    [example] = _EXAMPLE.findall(SECTIONS[code])
    found = [f for f in lint(*read(json.loads(example))).findings if f.code == code]
    assert found
    assert found[0].severity in re.findall(r"\*\*(\w+)\*\*", SECTIONS[code])
    assert all(f.path.startswith("$") and f.message and f.hint for f in found)


def test_the_severities_of_warnings_in_the_reference() -> None:
    rows = {code: (severity, more) for code, severity, more in _ADOPTED.findall(PAGE)}
    assert set(rows) == set(EXTRA_CODES)
    for code, (severity, more) in rows.items():
        for path in ("$.nats.pub.allow[0]", "$.nats.pub.deny[0]", "$.nats.payload"):
            [finding] = adopted([Issue(IssueCode(code), path, "text", False, False)], ())  # noqa: FBT003 - a record
            expected = severity
            if "deny list" in more and "deny" not in path:
                expected = "warning"
            if "payload" in more and path.endswith(".payload"):
                expected = "warning"
            assert finding.severity == expected, (code, path)


def test_tokens_creds_and_drafts_are_alike() -> None:
    claims = user(sub=Permission(allow=["a.*"]))
    token = encode(claims, ACCOUNT)
    expected = codes(claims)
    assert LintCode.FINAL_STAR in expected
    assert codes(token) == expected
    assert codes(Creds.create(token, USER)) == expected


def test_permissions_of_any_kind() -> None:
    lists: dict[str, Any] = {"pub": Permission(deny=["a.>.b"]), "sub": Permission(allow=["a.*"])}
    expected = {IssueCode.WILDCARD_NOT_LAST, LintCode.FINAL_STAR}
    for permissions in (
        Permissions(**lists),
        UserPermissionLimits(**lists),
        User(**lists),
        {"pub": {"deny": ["a.>.b"]}, "sub": {"allow": ["a.*"]}},
        UserScope(key="key", template=UserPermissionLimits(**lists)),
    ):
        assert expected <= set(codes(permissions))


def test_permissions_with_templates_are_those_of_a_scope() -> None:
    for queue in ({"allow": ["u.{{name()}}", "w q"]}, {"allow": ["u.{{name()}} q"]}):
        assert IssueCode.TEMPLATE_QUEUE in codes({"sub": queue})
        permissions = Permissions(sub=Permission(allow=queue["allow"]))
        assert IssueCode.TEMPLATE_QUEUE in codes(permissions)
    assert LintCode.TEMPLATE_OUTSIDE_SCOPE not in codes({"sub": {"allow": ["u.{{name()}}"]}})
    [finding] = lint({"pub": {"deny": ["u.{{TAG(x)}}"]}}).errors
    assert (finding.code, finding.path) == (IssueCode.TEMPLATE_TAG, "$.pub.deny[0]")


def test_limits_beside_permissions() -> None:
    assert codes({"subs": 0, "payload": -1}).count(IssueCode.LIMIT_ALLOWS_NOTHING) == 1
    assert codes({"subs": -1}).count(IssueCode.LIMIT_ALLOWS_NOTHING) == 1  # payload is missing
    assert IssueCode.LIMIT_ALLOWS_NOTHING not in codes(User())
    assert IssueCode.LIMIT_ALLOWS_NOTHING not in codes({})
    assert IssueCode.SOURCE_NETWORK in codes(User(src=["10.0.0.0"]))


def test_an_empty_claim_of_a_plain_signing_key() -> None:
    claims = user()
    claims.nats.clear()
    claims.nats.issuer_account = ACCOUNT.public_key
    scope = UserScope(key=OTHER_ACCOUNT.public_key, role="r")
    account = AccountClaims(sub=ACCOUNT.public_key, nats=Account(signing_keys=[scope]))
    assert IssueCode.LIMIT_ALLOWS_NOTHING in codes(encode(claims, ACCOUNT), account)
    assert IssueCode.LIMIT_ALLOWS_NOTHING not in codes(encode(claims, OTHER_ACCOUNT), account)
    assert IssueCode.LIMIT_ALLOWS_NOTHING not in codes(encode(claims, ACCOUNT))  # nobody knows


def test_the_bearer_of_a_scope() -> None:
    claims = user()
    claims.nats.clear()
    claims.nats.issuer_account = ACCOUNT.public_key
    template = UserPermissionLimits(bearer_token=True)
    scope = UserScope(key=OTHER_ACCOUNT.public_key, role="r", template=template)
    account = AccountClaims(sub=ACCOUNT.public_key, nats=Account(signing_keys=[scope]))
    assert codes(encode(claims, OTHER_ACCOUNT), account) == [LintCode.BEARER_NO_EXPIRY]


def test_an_account_is_its_defaults_and_its_templates() -> None:
    stars = Permission(allow=["a.*"])
    scope = UserScope(key=ACCOUNT.public_key, template=UserPermissionLimits(sub=stars))
    account = AccountClaims(
        nats=Account(
            signing_keys=[OTHER_ACCOUNT.public_key, scope],
            default_permissions=Permissions(sub=stars),
        )
    )
    assert [f.path for f in lint(account).findings if f.code == LintCode.FINAL_STAR] == [
        "$.nats.default_permissions.sub.allow[0]",
        "$.nats.signing_keys[1].template.sub.allow[0]",
    ]
    assert codes(AccountClaims()) == []


def test_other_claims_have_the_issues_of_validation() -> None:
    assert codes(OperatorClaims()) == []
    operator = OperatorClaims(sub=OPERATOR.public_key, exp=1)
    [finding] = lint(operator).findings
    assert (finding.code, finding.severity) == (IssueCode.EXPIRED, Severity.ERROR)
    assert codes(encode(operator, OPERATOR), now=0) == []
    assert codes(GenericClaims()) == []


def test_now() -> None:
    claims = user()
    claims.expire_in(timedelta(days=400), now=IAT)
    assert LintCode.LONG_LIFE in codes(claims, now=IAT)
    later = datetime.fromtimestamp(IAT, UTC) + timedelta(days=100)
    assert LintCode.LONG_LIFE not in codes(claims, now=later)


def test_what_is_no_argument() -> None:
    for wrong in (None, 1, "text", [], object(), UserClaims):
        with pytest.raises(UsageError, match="expected"):
            lint(wrong)  # type: ignore[arg-type]
    for wrong in (user(), 1, "text"):
        with pytest.raises(UsageError, match="account"):
            lint(user(), wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="whole claims"):
        lint(json.loads(user().to_json()))
    with pytest.raises(UsageError, match="datetime"):
        lint(user(), now="now")  # type: ignore[arg-type]


def test_the_account_of_another_user() -> None:
    account = AccountClaims(sub=OTHER_ACCOUNT.public_key)
    with pytest.raises(UsageError, match="belongs to account"):
        lint(encode(user(), ACCOUNT), account)
    assert codes(user(), account)  # a draft belongs to nobody yet


@pytest.mark.parametrize(
    "wrong",
    [
        {"pub": {"allow": "a"}},
        {"pub": {"Allow": ["a"]}},
        {"pub": {1: 2}},
        {"pub": ...},
        Permissions(pub=None),  # type: ignore[arg-type]
        UserScope(template=None),  # type: ignore[arg-type]
        UserClaims(nats=User(subs="1")),  # type: ignore[arg-type]
        AccountClaims(nats=None),  # type: ignore[arg-type]
        AccountClaims(nats=Account(limits=None)),  # type: ignore[arg-type]
    ],
    ids=repr,
)
def test_what_cannot_be_read(wrong: Any) -> None:
    with pytest.raises(ClaimsError):
        lint(wrong)


def test_an_account_that_cannot_be_read() -> None:
    with pytest.raises(ClaimsError):
        lint(user(), AccountClaims(nats=Account(limits=OperatorLimits(conn="1"))))  # type: ignore[arg-type]


def test_seeds_are_not_shown() -> None:
    seed = USER.reveal_seed()
    claims = user(sub=Permission(allow=[f"{seed}.*"]), resp=ResponsePermission())
    claims.nats.extra = {seed: 1}
    report = lint(claims)
    assert {LintCode.FINAL_STAR, LintCode.IGNORED_MEMBER} <= set(codes(claims))
    assert seed not in str(report)
    assert seed not in repr(report)


@pytest.mark.parametrize(
    "permissions",
    [
        {"sub": {"allow": [f"a q{n}" for n in range(3000)], "deny": ["b"] * 3000}},
        {"pub": {"allow": ["*." * (n % 40) + f"t{n}.*" for n in range(3000)]}},
        {"sub": {"allow": ["a." * 100_000 + "*"], "deny": ["*." * 100_000 + ">"]}},
    ],
    ids=["queues", "stars", "tokens"],
)
def test_what_is_hostile_is_read_to_the_end(permissions: dict[str, Any]) -> None:
    assert len(lint(permissions).findings) < 10_000
