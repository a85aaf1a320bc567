"""The entry: claims of every kind, drafts of every sort, and hostile ones."""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import fields
from itertools import product
from typing import Any

import pytest

from natsauth._envelope import MAX_CHARS
from natsauth.claims import (
    CLAIMS,
    Account,
    AccountClaims,
    Export,
    GenericClaims,
    Import,
    ServiceLatency,
    UserClaims,
    parse_claims,
)
from natsauth.errors import ClaimsError, UsageError
from natsauth.token import encode
from natsauth.validation import IssueCode, validate
from natsauth.validation.claims import _CHECKS
from tests._tokens import ACCOUNT, IAT, OPERATOR, OTHER_ACCOUNT
from tests._validation import account, user, warnings
from tests._vectors import records

SECONDS = 20.0  # these take two at most, but a rule that is quadratic takes minutes


def test_every_kind_is_checked() -> None:
    assert set(_CHECKS) == {*CLAIMS.values(), GenericClaims}


@pytest.mark.parametrize("claims", [None, 5, "eyJ0", {}, UserClaims, Account(), object()])
def test_only_claims_are_checked(claims: Any) -> None:
    with pytest.raises(UsageError, match="expected claims"):
        validate(claims)


def test_a_class_of_the_callers_own_is_not_known() -> None:
    class Own(UserClaims):
        pass

    with pytest.raises(UsageError, match="expected claims, got Own"):
        validate(Own())


def test_of_a_token_the_claims_are_checked() -> None:
    token: Any = encode(account(), OPERATOR)
    with pytest.raises(UsageError, match=r"token\.claims"):
        validate(token)
    assert validate(token.claims)


def test_now_is_a_moment() -> None:
    with pytest.raises(UsageError):
        validate(user(), now="today")  # type: ignore[arg-type]


def test_generic_claims_have_times_only() -> None:
    assert validate(GenericClaims(nats=None)).issues == ()
    assert validate(GenericClaims(nats={"type": "user", "pub": {"allow": [".."]}})).issues == ()


def test_a_field_of_the_wrong_type_is_no_issue_but_an_error() -> None:
    claims: Any = user(subs="1")
    claims.sub = None
    with pytest.raises(ClaimsError) as caught:
        validate(claims)
    assert [problem.path for problem in caught.value.problems] == ["$.sub", "$.nats.subs"]


def test_a_sampling_that_is_no_number_is_an_error() -> None:
    for sampling in ("50", 1.5, True, None):
        latency = ServiceLatency(sampling=200, results="l")
        claims = account(exports=[Export(subject="a", type="service", service_latency=latency)])
        assert validate(claims).reason is IssueCode.LATENCY_SAMPLING
        latency.sampling = sampling  # type: ignore[assignment]
        with pytest.raises(ClaimsError, match="sampling"):
            validate(claims)


def test_a_sampling_out_of_range_hides_no_error() -> None:
    latency = ServiceLatency(sampling=200, results="l")
    claims = account(exports=[Export(subject="a", type="service", service_latency=latency)])
    claims.name = 5  # type: ignore[assignment]
    with pytest.raises(ClaimsError, match=r"\$\.name"):
        validate(claims)


DRAFTS = records("encode.jsonl")[:100]
JUNK: list[Any] = [
    None, True, 0, -1, 1.5, 2**70, "x", "\ud800", b"x", [5], [None], ["x"], ("x",), {}, {"x": 1},
    {5: 6}, {"x": [None]}, object(), [[]], float("nan"), Export(), [Import(), None],
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(DRAFTS)))
def test_any_draft_has_a_report_or_a_claims_error(number: int) -> None:
    row = DRAFTS[number]
    for place in _places(parse_claims(row["claims"], row["type"])):
        for junk in JUNK[number % 11 :: 11]:  # a share of it in each place; each place comes often
            claims = parse_claims(row["claims"], row["type"])
            _put(claims, place, junk)
            try:
                validate(claims)
            except ClaimsError as error:
                assert error.problems  # noqa: PT017 - what is raised otherwise fails the test


@pytest.mark.parametrize("row", DRAFTS, ids=lambda row: row["type"])
def test_the_claims_stay_as_they_are(row: dict[str, Any]) -> None:
    claims = parse_claims(row["claims"], row["type"])
    before = deepcopy(claims)
    validate(claims)
    assert claims == before


@pytest.mark.parametrize("share", [0.85, 0.95])
def test_big_tokens(share: float) -> None:
    claims = account(description="x" * 8192, tags=["x" * int(MAX_CHARS * share * 3 / 4 - 8192)])
    expected = [(IssueCode.TOKEN_SIZE, "$")] if share > 0.9 else []
    assert warnings(claims) == expected
    if expected:
        length = len(encode(claims, OPERATOR, now=IAT).encoded)
        (issue,) = validate(claims).issues
        told = int(issue.message.split()[4])
        assert abs(length - told) < 400


def _scope(**template: Any) -> dict[str, Any]:
    return {"signing_keys": [{"kind": "user_scope", "template": template}]}


PATTERNS = [".".join(pattern) for pattern in product("a*", repeat=12)]
HOSTILE: dict[str, dict[str, Any]] = {
    "exports": {"exports": [{"subject": f"a.b.{n}", "type": "service"} for n in range(10_000)]},
    "wild exports": {
        "exports": [{"subject": f"{p}.>"} for p in PATTERNS]
        + [{"subject": f"{'a.' * 12}x{n}"} for n in range(4096)]
    },
    "wild imports": {
        "imports": [{"subject": f"{p}.>", "account": "A", "type": "service"} for p in PATTERNS]
        + [{"subject": f"{'a.' * 12}x{n}", "account": "A", "type": "service"} for n in range(4096)]
    },
    "equal imports": {"imports": [{"subject": "a", "type": "service"}] * 18_000},
    "long subjects": {"exports": [{"subject": f"{'*.' * 60_000}{end}"} for end in "abc"]},
    "references": {"imports": [{"subject": "*", "local_subject": "$9." * 100_000}]},
    "permissions": {"default_permissions": {"pub": {"allow": ["a b"] * 50_000}}},
    "braces": _scope(pub={"allow": ["{" * 700_000]}),
    "functions": _scope(pub={"allow": ["{{a}}" * 70_000]}),
    "times": _scope(times=[{}] * 100_000),
    "revocations": {"revocations": {f"k{n}": n for n in range(50_000)}},
    "mappings": {"mappings": {"x" * 99: [{"weight": 255, "cluster": "c"}] * 20_000}},
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_account_takes_seconds(body: dict[str, Any]) -> None:
    claims = parse_claims({"sub": ACCOUNT.public_key, "nats": body}, "account")
    start = time.process_time()
    assert validate(claims).issues
    assert time.process_time() - start < SECONDS


def test_many_activation_tokens_take_seconds() -> None:
    document = {"sub": ACCOUNT.public_key, "nats": {"subject": ">", "kind": "stream"}}
    token = encode(parse_claims(document, "activation"), OTHER_ACCOUNT, now=IAT).encoded
    item = Import(subject="a", type="stream", account=OTHER_ACCOUNT.public_key, token=token)
    claims = AccountClaims(sub=ACCOUNT.public_key, nats=Account(imports=[item] * 1500))
    start = time.process_time()
    assert validate(claims)
    assert time.process_time() - start < SECONDS


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of everything inside claims: attributes, indices and names."""
    inside: list[tuple[Any, Any]] = []
    if isinstance(value, list):
        inside = list(enumerate(value))
    elif isinstance(value, dict):
        inside = list(value.items())
    elif hasattr(value, "__dataclass_fields__"):
        inside = [(field.name, getattr(value, field.name)) for field in fields(value)]
    return [place for key, item in inside for place in ((*path, key), *_places(item, (*path, key)))]


def _put(value: Any, path: tuple[Any, ...], junk: Any) -> None:
    for step in path[:-1]:
        value = value[step] if isinstance(value, list | dict) else getattr(value, step)
    if isinstance(value, list | dict):
        value[path[-1]] = junk
    else:
        setattr(value, path[-1], junk)
