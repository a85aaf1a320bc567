"""Rules about permissions in their account. What servers do is compared in tests/live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from natsauth.claims import (
    Account,
    AccountClaims,
    Permission,
    Permissions,
    UserClaims,
    UserPermissionLimits,
    UserScope,
    WeightedMapping,
)
from natsauth.policy.lint import LintCode, lint
from tests._lint import found
from tests._tokens import ACCOUNT, USER

if TYPE_CHECKING:
    from natsauth.policy.lint import LintFinding


def mapping(to: str, source: str = "m.in", **more: Any) -> Account:
    return Account(mappings={source: [WeightedMapping(subject=to, **more)]})


@pytest.mark.parametrize(
    ("allow", "account", "is_found"),
    [
        (["m.in"], mapping("m.out"), True),
        (["m.in", "m.out"], mapping("m.out"), False),
        (["m.>"], mapping("m.out"), False),
        (["m.*"], mapping("x"), True),
        ([">"], mapping("x"), False),
        (["m.in"], mapping("m.in"), False),
        (["a.*"], mapping("b.$1", "a.*"), True),
        (["a.*", "b.>"], mapping("b.{{wildcard(1)}}", "a.*"), False),
        (["a.*"], mapping("b.{{partition(3,1)}}", "a.*"), True),
        (["a.*"], mapping("b.{{split(1,-)}}", "a.*"), False),  # nobody knows how many tokens
        (["m.in"], Account(mappings={"m.in": None}), False),
        (["m.in"], Account(mappings={"m..in": [WeightedMapping(subject="x")]}), False),
        (["m.in"], mapping("m.out", weight=50), True),
    ],
)
def test_what_is_allowed_and_mapped(allow: list[str], account: Account, *, is_found: bool) -> None:
    expected = [("$.pub.allow[0]", "warning")] if is_found else []
    assert found(LintCode.MAPPED_ALLOW, {"pub": {"allow": allow}}, account) == expected


@pytest.mark.parametrize(
    ("pub", "account", "is_found"),
    [
        ({"deny": ["m.in"]}, mapping("m.out"), True),
        ({"deny": ["m.in", "m.out"]}, mapping("m.out"), False),
        ({"deny": ["m.>"]}, mapping("m.out"), False),
        ({"deny": ["m.>"]}, mapping("x"), True),
        ({"deny": ["m.in"]}, mapping("m.out", weight=50), False),  # half of it is denied
        ({"deny": ["m.in"], "allow": ["m.in"]}, mapping("m.out"), False),
        ({"deny": ["m.in"], "allow": ["m.>"]}, mapping("m.out"), True),
        ({"deny": ["other"]}, mapping("m.out"), False),
    ],
)
def test_what_is_denied_and_mapped(
    pub: dict[str, list[str]], account: Account, *, is_found: bool
) -> None:
    expected = [("$.pub.deny[0]", "warning")] if is_found else []
    assert found(LintCode.MAPPED_DENY, {"pub": pub}, account) == expected


BOTH = Permissions(pub=Permission(allow=["u.>"]), sub=Permission(deny=["secret"]))


@pytest.mark.parametrize(
    ("permissions", "paths"),
    [
        ({"pub": {"allow": ["u.a"]}}, ["$.sub"]),
        ({"sub": {"allow": ["u.a"]}}, ["$.pub"]),
        ({"sub": {"deny": ["secret"]}}, ["$.pub"]),
        ({"sub": {"deny": ["other"]}}, ["$.pub", "$.sub"]),
        ({"pub": {"deny": [">"]}, "sub": {"deny": ["secret"]}}, []),
        ({"pub": {"allow": ["x"]}, "sub": {"allow": ["secret"]}}, []),
        ({"resp": {}}, ["$.sub"]),
        ({}, []),
    ],
)
def test_defaults_that_do_not_hold(permissions: dict[str, Any], paths: list[str]) -> None:
    account = Account(default_permissions=BOTH)
    expected = [(path, "warning") for path in paths]
    assert found(LintCode.DEFAULTS_OFF, permissions, account) == expected
    assert found(LintCode.DEFAULTS_OFF, permissions, Account()) == []


def test_templates_turn_the_defaults_off_as_well() -> None:
    template = UserPermissionLimits(pub=Permission(allow=["x"]))
    scope = UserScope(key=ACCOUNT.public_key, template=template)
    claims = AccountClaims(nats=Account(default_permissions=BOTH, signing_keys=[scope]))
    paths = [f.path for f in lint(claims).findings if f.code == LintCode.DEFAULTS_OFF]
    assert paths == ["$.nats.signing_keys[0].template.sub"]


def filled_in(
    template: UserPermissionLimits, *tags: str, name: str = "bob", account: str = "shop"
) -> list[tuple[str, str, str]]:
    """Return code, severity and the end of the path of what lint finds of a user of a scope."""
    at = "$.nats.signing_keys[0].template."
    found = findings(template, *tags, name=name, account=account)
    return [(f.code, f.severity, f.path.removeprefix(at)) for f in found if f.path.startswith(at)]


def findings(
    template: UserPermissionLimits, *tags: str, name: str = "bob", account: str = "shop"
) -> tuple[LintFinding, ...]:
    """Return what lint finds of a user of a scope."""
    scope = UserScope(key="key", template=template)
    owner = AccountClaims(sub=ACCOUNT.public_key, name=account, nats=Account(signing_keys=[scope]))
    claims = UserClaims(sub=USER.public_key, iss="key", name=name)
    claims.nats.clear()
    claims.nats.issuer_account, claims.nats.tags = ACCOUNT.public_key, [*tags]
    return lint(claims, owner).findings


def subscribe(*allow: str, deny: list[str] | None = None) -> UserPermissionLimits:
    return UserPermissionLimits(sub=Permission(allow=[*allow] or None, deny=deny))


@pytest.mark.parametrize(
    ("template", "name", "tags", "expected"),
    [
        (subscribe("u.{{name()}}.>"), "bob", [], None),
        (subscribe("u.{{name()}}.>"), "*", [], ("template_wildcard", "error")),
        (subscribe("u.{{name()}}"), ">", [], ("template_wildcard", "error")),
        (subscribe("u.{{name()}}.>"), ">", [], ("template_value", "warning")),
        (subscribe("u.x{{name()}}"), "*", [], None),
        (subscribe("u.{{name()}}"), "a.b", [], ("template_tokens", "warning")),
        (subscribe("u.{{name()}}"), "a.>", [], ("template_wildcard", "error")),
        (subscribe("u.{{name()}}"), "", [], ("template_value", "warning")),
        (subscribe("u.{{tag(t)}}"), "bob", ["t:a", "t:b"], None),
        (subscribe("u.{{tag(t)}}"), "bob", ["t:a", "t:b.c"], ("template_tokens", "warning")),
        (subscribe("u.{{tag(t)}}"), "bob", ["t:a", "t:b c"], None),
        (subscribe("u.{{tag(t)}}"), "bob", ["T:a"], ("template_value", "warning")),
        (subscribe("u.{{subject()}}.{{account-subject()}}"), "bob", [], None),
        (subscribe("{{account-name()}}"), "bob", [], None),
        (subscribe("u.>"), ">", [], None),
        (subscribe("u.{{name()}} q"), "bob", [], None),  # of which the account is told
    ],
)
def test_what_becomes_of_a_template(
    template: UserPermissionLimits,
    name: str,
    tags: list[str],
    expected: tuple[str, str] | None,
) -> None:
    shown = [(*expected, "sub.allow[0]")] if expected else []
    assert filled_in(template, *tags, name=name) == shown


def test_the_texts_of_the_account_can_be_wildcards_too() -> None:
    template = subscribe("{{account-name()}}.a")
    assert filled_in(template, account="*") == [("template_wildcard", "error", "sub.allow[0]")]


@pytest.mark.parametrize(
    ("template", "path"),
    [
        (subscribe(deny=["ok", "u.{{tag(t)}}"]), "sub.deny[1]"),
        (subscribe("u.{{nothing()}}"), "sub.allow[0]"),
        (subscribe(deny=["{{name()}}", "w q"]), "sub.deny[1]"),
    ],
)
def test_users_that_are_refused(template: UserPermissionLimits, path: str) -> None:
    assert filled_in(template) == [("template_refused", "error", path)]


@pytest.mark.parametrize(
    ("template", "hint"),
    [
        (subscribe("u.{{TAG(t)}}"), "write tag(…) in lower case, or servers find no tag"),
        (subscribe(deny=["u.{{ Tag(t)}}"]), "write tag(…) in lower case, or servers find no tag"),
        (subscribe("{{Account-Tag(t)}}"), "write account-tag(…) in lower case"),
        (subscribe("u.{{tag(s)}}"), "give the user, or the account, that name or tag"),
    ],
)
def test_the_cure_of_a_tag(template: UserPermissionLimits, hint: str) -> None:
    [finding] = [f for f in findings(template, "t:a") if f.code.startswith("template")]
    assert finding.hint.startswith(hint)
