"""What holds of lint, whatever it is given."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from natsauth.claims import Account, AccountClaims, Claims, UserClaims, parse_claims
from natsauth.errors import ClaimsError, UsageError
from natsauth.policy import evaluate
from natsauth.policy.lint import LintCode, LintReport, Severity, lint
from natsauth.subjects import is_contained_in
from natsauth.validation import IssueCode, validate
from tests.interop.claims_strategies import KINDS, documents, spoiled_documents

if TYPE_CHECKING:
    from enum import StrEnum

IAT = 1_700_000_000
subjects = st.lists(
    st.sampled_from(
        [
            *(
                "a",
                "b",
                "*",
                ">",
                "a.*",
                "a.>",
                "*.b",
                "a.>.b",
                "a q",
                "a\tq",
                "",
                " ",
                ".",
                "_INBOX.>",
            ),
            *("u.{{name()}}", "{{tag(x)}} q", "{{TAG(x)}}", "$JS.API.>", "$SYS.>", "m.in", "m.out"),
        ]
    ),
    max_size=4,
)
permissions = st.fixed_dictionaries(
    {},
    optional={
        **{
            way: st.fixed_dictionaries({}, optional={"allow": subjects, "deny": subjects})
            for way in ("pub", "sub")
        },
        "resp": st.none() | st.just({"max": 1}),
        "permissions": st.just({}),
    },
)
mappings = st.dictionaries(
    subjects.map(".".join),
    st.none() | st.lists(subjects.map(lambda s: {"subject": ".".join(s), "weight": 50})),
    max_size=3,
)
accounts = st.builds(
    lambda defaults, mapped, template: parse_claims(
        {
            "nats": {
                "default_permissions": defaults,
                "mappings": mapped,
                "signing_keys": [{"kind": "user_scope", "key": "key", "template": template}],
            }
        },
        "account",
    ),
    permissions,
    mappings,
    permissions,
)


def report(*subjects: Any) -> LintReport | None:
    """Return the report, or ``None`` where there is none for a documented reason."""
    try:
        return lint(*subjects, now=IAT)
    except (ClaimsError, UsageError):
        return None


def check(found: LintReport) -> None:
    for finding in found.findings:
        assert type(finding.code) in (LintCode, IssueCode)
        assert isinstance(finding.severity, Severity)
        assert finding.path.startswith("$")
        assert finding.message
        assert finding.hint


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
def test_any_claims_have_a_report_with_all_that_validation_finds(
    kind: str, data: st.DataObject
) -> None:
    document = data.draw(documents(kind) | spoiled_documents(kind))
    try:
        claims = parse_claims(document, kind)
        issues = validate(claims, now=IAT).issues
    except ClaimsError:
        return
    found = lint(claims, now=IAT)
    check(found)
    adopted: list[tuple[StrEnum, str]] = [(f.code, f.path) for f in found.findings]
    assert adopted[: len(issues)] == [(issue.code, issue.path) for issue in issues]


@given(permissions, accounts)
def test_any_permissions_in_any_account(body: dict[str, Any], account: Claims) -> None:
    for found in (report(body), report(body, account), report(account)):
        assert found is not None
        check(found)


@given(permissions, accounts, st.text(max_size=3), st.lists(st.text(max_size=4), max_size=3))
def test_any_user_of_a_scope(
    body: dict[str, Any], account: Claims, name: str, tags: list[str]
) -> None:
    empty = {"issuer_account": "account", "tags": tags}
    for nats in (empty, {**empty, **body}):
        user = parse_claims({"iss": "key", "name": name, "nats": nats}, "user")
        found = report(user, account)
        assert found is not None
        check(found)


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=3), st.lists, max_leaves=3))
def test_drafts_of_any_types(value: Any) -> None:
    for claims in (UserClaims(), AccountClaims()):
        for name in ("pub", "sub", "resp", "extra", "tags", "limits", "mappings", "signing_keys"):
            if hasattr(claims.nats, name):
                draft = type(claims)()
                setattr(draft.nats, name, value)
                report(draft)
                report(UserClaims(), draft)
    report(value)
    report(AccountClaims(nats=Account(mappings={"a": value})))


TOKENS = ("a", "b", "*", ">")
patterns = st.lists(st.sampled_from(TOKENS), min_size=1, max_size=3).map(".".join)
entries = st.lists(patterns | patterns.map("{} q".format), max_size=3)
ASKED = [".".join(tokens) for n in (1, 2, 3) for tokens in product(TOKENS, repeat=n)]
LITERAL = [".".join(tokens) for n in (1, 2, 3, 4) for tokens in product("ab", repeat=n)]


def verdicts(sub: dict[str, list[str]]) -> list[object]:
    """Return what a server says to subscriptions, and which subjects each of them gets."""
    evaluator = evaluate({"sub": {kind: found for kind, found in sub.items() if found}})
    said = [evaluator.subscribe(s, queue=q) for s in ASKED for q in (None, "q", "r")]
    return [
        [bool(evaluator.deliver(s, to=one)) for s in LITERAL if is_contained_in(s, one.subject)]
        if one
        else None
        for one in said
    ]


@settings(max_examples=30)
@given(entries, entries)
def test_what_is_said_to_change_nothing_changes_nothing(allow: list[str], deny: list[str]) -> None:
    sub = {"allow": allow, "deny": deny}
    before = verdicts(sub)
    for code, path in [(f.code, f.path) for f in lint({"sub": sub}).findings]:
        if code in (LintCode.ALLOW_DENIED, LintCode.DENY_SHADOWED, LintCode.DENY_WITHOUT_EFFECT):
            kind, _, index = path.removeprefix("$.sub.").rstrip("]").partition("[")
            rest = [entry for at, entry in enumerate(sub[kind]) if at != int(index)]
            # Without any list everything is allowed; an entry for a queue group shuts out others.
            if kind == "deny" or (rest and " q" not in allow[int(index)]):
                assert verdicts({**sub, kind: rest}) == before, (code, path)


@settings(max_examples=60)
@given(entries, entries)
def test_a_final_star_lets_a_wider_subscription_in(allow: list[str], deny: list[str]) -> None:
    sub = {kind: found for kind, found in (("allow", allow), ("deny", deny)) if found}
    evaluator = evaluate({"sub": sub})
    for finding in lint({"sub": sub}).findings:
        if finding.code == LintCode.FINAL_STAR:
            subject, _, queue = allow[int(finding.path[len("$.sub.allow[") : -1])].partition(" ")
            asked = evaluator.subscribe(f"{subject[:-1]}>", queue=queue or None)
            assert asked
            # Entries of the deny list may withhold some of what is deeper, but not all of it.
            start = f"{subject[:-1]}other".replace("*", "other")
            assert any(evaluator.deliver(start + ".other" * n, to=asked) for n in range(1, 5))
