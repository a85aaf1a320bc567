"""Rules about lists of permissions. What servers do is compared in tests/live."""

from __future__ import annotations

import pytest

from natsauth.claims import Account, Permission, Permissions, User, UserClaims
from natsauth.policy.lint import LintCode, lint
from tests._lint import found


@pytest.mark.parametrize(
    ("allow", "deny", "at"),
    [
        (["a.*"], [], [0]),
        (["*"], [], [0]),
        (["a.* q"], [], [0]),
        (["a.*.*"], [], [0]),
        (["*.a", "a.>", "a*", "a.*.b"], [], []),
        (["a.*"], ["a.*.>"], []),
        (["a.*"], ["a.>"], []),
        (["a.*"], ["a.*.> q"], [0]),
        (["a.*"], ["a.*.b"], [0]),
        (["a.*", "a.>"], [], []),
        (["a.*", "a.> q"], [], [0]),
        (["a.* q", "a.> q"], [], []),
        (["a.*", "a.b.>"], [], [0]),
        (["u.{{name()}}.*"], [], [0]),
        (["u.{{name()}}.*"], ["u.{{name()}}.*.>"], []),
        (["u.{{name()}}.*", "u.{{name()}}.>"], [], []),
        (["a..*", "a.>.*"], [], []),
    ],
)
def test_a_final_star(allow: list[str], deny: list[str], at: list[int]) -> None:
    permissions = {"sub": {"allow": allow, "deny": deny}}
    expected = [(f"$.sub.allow[{index}]", "warning") for index in at]
    assert found(LintCode.FINAL_STAR, permissions) == expected


def test_a_star_alone_is_the_whole_account() -> None:
    finding = lint({"sub": {"allow": ["*"]}}).warnings[0]
    assert finding.code == LintCode.FINAL_STAR
    assert "gets every message of the account" in finding.message
    assert "gets deeper subjects" in lint({"sub": {"allow": ["a.*"]}}).warnings[0].message


@pytest.mark.parametrize(
    ("entry", "is_found"),
    [
        ("foo*", True),
        ("foo>", True),
        (">foo", True),
        ("a.*b.c", True),
        ("a.**", True),
        ("u.{{name()}}*", True),
        ("foo.*", False),
        ("foo.>", False),
        ("*", False),
        ("a.>.b", False),  # which wildcard_not_last is about
        ("u.{{name()}}.>", False),
    ],
)
def test_a_wildcard_that_is_none(entry: str, *, is_found: bool) -> None:
    permissions = {way: {"allow": [entry], "deny": [entry]} for way in ("pub", "sub")}
    expected = [
        (f"$.{way}.{kind}[0]", severity)
        for way in ("sub", "pub")
        for kind, severity in (("allow", "warning"), ("deny", "error"))
    ]
    assert found(LintCode.LITERAL_WILDCARD, permissions) == (expected if is_found else [])


def test_the_queue_of_an_entry_has_no_wildcard() -> None:
    assert found(LintCode.LITERAL_WILDCARD, {"sub": {"allow": ["a q*"]}}) == []


@pytest.mark.parametrize(("allow", "cure"), [(["a.*"], "'a.*.>'"), (["a.*", "a.b.c"], "name")])
def test_the_cure_of_a_final_star(allow: list[str], cure: str) -> None:
    [finding] = [
        f for f in lint({"sub": {"allow": allow}}).findings if f.code == LintCode.FINAL_STAR
    ]
    assert cure in finding.hint


@pytest.mark.parametrize(
    ("permissions", "paths"),
    [
        ({}, ["$.pub", "$.sub"]),
        ({"pub": {"allow": ["a"]}, "sub": {"allow": ["a"]}}, []),
        ({"pub": {"allow": ["a", ">"]}, "sub": {"allow": ["> q"]}}, ["$.pub.allow[1]"]),
        ({"pub": {"deny": ["a"]}, "sub": {"deny": [">"]}}, ["$.pub"]),
        ({"pub": {"deny": [">"]}, "sub": {"deny": ["> q"]}}, ["$.sub"]),
        ({"resp": {}}, ["$.sub"]),
    ],
)
def test_everything(permissions: dict[str, dict[str, list[str]]], paths: list[str]) -> None:
    expected = [(path, "info") for path in paths]
    assert found(LintCode.ALLOWS_EVERYTHING, permissions) == expected


def test_defaults_hold_where_nothing_is_allowed() -> None:
    defaults = Permissions(pub=Permission(allow=["a"]))
    account = Account(default_permissions=defaults)
    assert found(LintCode.ALLOWS_EVERYTHING, {}, account) == []
    assert found(LintCode.ALLOWS_EVERYTHING, {}, Account()) != []


@pytest.mark.parametrize(
    ("entry", "is_found"),
    [
        ("$SYS.>", True),
        ("$SYS.REQ.>", True),
        ("$SYS.REQ.CLAIMS.*", True),
        ("$SYS.REQ.USER.INFO", False),
        ("$SYS.ACCOUNT.>", False),
        ("$JS.>", False),
    ],
)
def test_system_subjects(entry: str, *, is_found: bool) -> None:
    permissions = {"pub": {"allow": [entry]}, "sub": {"allow": [entry]}}
    expected = [("$.pub.allow[0]", "warning"), ("$.sub.allow[0]", "info")]
    assert found(LintCode.SYSTEM_SUBJECTS, permissions) == (expected if is_found else [])


@pytest.mark.parametrize(
    ("allow", "deny", "is_found"),
    [
        ("_INBOX.>", [], True),
        ("_INBOX.*", [], True),
        ("_INBOX.me.>", [], False),
        ("_INBOX.{{name()}}.>", [], False),
        ("_INBOX.>", ["_INBOX.>"], False),
        ("_INBOX.> q", [], False),
    ],
)
def test_an_inbox_of_everybody(allow: str, deny: list[str], *, is_found: bool) -> None:
    permissions = {"sub": {"allow": [allow], "deny": deny}}
    expected = [("$.sub.allow[0]", "info")] if is_found else []
    assert found(LintCode.SHARED_INBOX, permissions) == expected


@pytest.mark.parametrize("other", [[], ["u.{{name()}}"]])
def test_the_cure_of_an_inbox_is_one_without_findings(other: list[str]) -> None:
    for allow, code in (["_INBOX.>"], LintCode.SHARED_INBOX), (["a"], LintCode.INBOX_MISSING):
        [hint] = [
            f.hint for f in lint({"sub": {"allow": allow + other}}).findings if f.code == code
        ]
        cure = hint.split("'")[1]
        assert ("{{subject()}}" in cure) is bool(other)
        codes = {f.code for f in lint({"sub": {"allow": [*other, cure]}}).findings}
        assert codes == {LintCode.ALLOWS_EVERYTHING}


@pytest.mark.parametrize(
    ("allow", "deny", "expected"),
    [
        (["a.b"], ["a.>"], {"allow_denied": "allow[0]"}),
        (["a.>"], ["a.>"], {"allow_denied": "allow[0]"}),
        (["a.>"], ["a.*"], {}),
        (["a q"], ["a"], {"allow_denied": "allow[0]"}),
        (["a q"], ["a q"], {"allow_denied": "allow[0]"}),
        (["a"], ["a q"], {}),
        (["a"], ["b"], {"deny_without_effect": "deny[0]"}),
        (["a.*"], ["a.b.c"], {}),
        (["a", "u.{{name()}}"], ["u.bob"], {}),
        (["a.>.b"], ["b"], {}),
        ([], ["a.>", "a.b"], {"deny_shadowed": "deny[1]"}),
        ([], ["a", "a"], {"deny_shadowed": "deny[1]"}),
        ([], ["a", "a q"], {"deny_shadowed": "deny[1]"}),
        ([], ["a r", "a q"], {}),
        ([], ["a.*", "a.>"], {"deny_shadowed": "deny[0]"}),
    ],
)
def test_entries_without_effect(
    allow: list[str], deny: list[str], expected: dict[str, str]
) -> None:
    report = lint({"sub": {"allow": allow, "deny": deny}} if allow else {"sub": {"deny": deny}})
    codes = (LintCode.ALLOW_DENIED, LintCode.DENY_WITHOUT_EFFECT, LintCode.DENY_SHADOWED)
    shown = {f.code: f.path.removeprefix("$.sub.") for f in report.findings if f.code in codes}
    assert shown == expected


@pytest.mark.parametrize(
    ("allow", "at"),
    [
        (["a", "a q"], [1]),
        (["a.>", "a.b q", "c q"], [1]),
        (["a q", "a r"], []),
        (["a", "b q"], []),
        (["a", "a >"], []),
        (["a", "a q", "a >"], []),
    ],
)
def test_a_queue_group_that_shuts_others_out(allow: list[str], at: list[int]) -> None:
    expected = [(f"$.sub.allow[{index}]", "warning") for index in at]
    assert found(LintCode.QUEUE_EXCLUSIVE, {"sub": {"allow": allow}}) == expected


@pytest.mark.parametrize(
    ("allow", "deny", "is_found"),
    [
        ([], ["a q"], True),
        (["a"], ["a q"], True),
        (["a q", "a r"], ["a q"], False),
        ([], ["a q", "a"], False),
    ],
)
def test_denying_a_queue_group(allow: list[str], deny: list[str], *, is_found: bool) -> None:
    expected = [("$.sub.deny[0]", "info")] if is_found else []
    sub = {"allow": allow, "deny": deny} if allow else {"deny": deny}
    assert found(LintCode.QUEUE_DENY, {"sub": sub}) == expected


def test_templates_of_users() -> None:
    claims = UserClaims(nats=User(sub=Permission(deny=["a", "u.{{name()}}"])))
    codes = {f.code: f.path for f in lint(claims).findings}
    assert codes[LintCode.TEMPLATE_OUTSIDE_SCOPE] == "$.nats.sub.deny[1]"
