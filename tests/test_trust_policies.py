from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from natsauth.errors import UsageError
from natsauth.trust import (
    Chain,
    Policy,
    all_of,
    allowed_issuers,
    any_of,
    maximum_life,
    not_bearer,
    required_tags,
)
from natsauth.trust.policies import check_policies, failures
from tests._chains import NOW, OWNER, PLAIN, SCOPED, account, operator, user

GOOD, BAD = Policy("good", lambda _: ""), Policy("bad", lambda _: "it is bad")


def chain(signer: Any = PLAIN, *, strict: bool = False, **options: Any) -> Chain:
    held = user(signer, **options)
    return Chain(held.claims, account().claims, operator(strict=strict).claims, NOW)


@pytest.mark.parametrize(
    ("exp", "words"),
    [
        (NOW + 3600, ""),
        (NOW + 3601, "lives for 3601 s, and may live for 3600 s"),
        (NOW - 5, ""),
        (0, "never expires"),
    ],
)
def test_maximum_life(exp: int, words: str) -> None:
    policy = maximum_life(timedelta(hours=1))
    assert policy.name == "maximum_life"
    problem = policy.problem(chain(exp=exp))
    assert words in problem
    assert bool(words) is bool(problem)


def test_a_life_does_not_begin_in_the_future() -> None:
    problem = maximum_life(timedelta(hours=1)).problem
    years = 10 * 365 * 86_400
    for iat in (NOW + years, NOW + years + 60):  # before exp, and after it
        token = chain(exp=NOW + years + 30)
        token.user.iat = iat
        assert "lives for 315360030 s, and may live for 3600 s" in problem(token)
    token = chain(exp=NOW + 30)
    token.user.iat = NOW + 3600
    assert problem(token) == ""


def test_required_tags() -> None:
    policy = required_tags("team:a", "b")
    assert policy.problem(chain(tags=["b", "c", "team:a"])) == ""
    assert policy.problem(chain(tags=["B", "team:a"])) == "the user lacks 'b'"
    assert policy.problem(chain()) == "the user lacks 'b', 'team:a'"


def test_allowed_issuers() -> None:
    policy = allowed_issuers(PLAIN.public_key, OWNER.public_key)
    assert policy.problem(chain()) == ""
    assert SCOPED.public_key in policy.problem(chain(SCOPED, scoped=True))


def test_not_bearer() -> None:
    assert not_bearer().problem(chain()) == ""
    assert not_bearer().problem(chain(bearer_token=True)) == "the user is a bearer"
    # The template of this scope makes its users bearers.
    assert not_bearer().problem(chain(SCOPED, scoped=True)) == "the user is a bearer"


def test_all_and_any() -> None:
    held = chain()
    assert all_of(GOOD, GOOD).problem(held) == ""
    assert all_of(GOOD, BAD, BAD).problem(held) == "bad: it is bad, bad: it is bad"
    assert any_of(BAD, GOOD).problem(held) == ""
    assert any_of(BAD, BAD).problem(held) == "bad: it is bad, bad: it is bad"
    assert any_of(all_of(BAD), all_of(GOOD, GOOD)).problem(held) == ""
    assert failures([GOOD, any_of(BAD)], held) == ["any_of: bad: it is bad"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: maximum_life(3600),  # type: ignore[arg-type]
        required_tags,
        lambda: required_tags(1),  # type: ignore[arg-type]
        allowed_issuers,
        lambda: allowed_issuers(["A"]),  # type: ignore[arg-type]
        all_of,
        any_of,
        lambda: all_of(not_bearer),  # type: ignore[arg-type]
        lambda: any_of([GOOD]),  # type: ignore[arg-type]
        lambda: check_policies(GOOD),
        lambda: check_policies(5),
    ],
)
def test_what_makes_no_policy(make: Any) -> None:
    with pytest.raises(UsageError, match="expected"):
        make()
