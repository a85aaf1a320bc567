"""What holds for claims of every kind."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from natsauth import Account, Permissions, User, parse_claims
from natsauth.claims import ANY
from natsauth.claims.base import seconds
from natsauth.errors import ClaimsError
from tests.interop.claims_strategies import KINDS, documents, spoiled_documents

if TYPE_CHECKING:
    from natsauth import Claims

kinds = pytest.mark.parametrize("kind", KINDS)
moments = st.integers(-(2**40), 2**40)
keys = st.sampled_from("abcd")
revocations = st.dictionaries(keys | st.just(ANY), moments)
subjects = st.lists(st.sampled_from(["a", "b", "c.>", ""]), max_size=4)


def read(document: Any, kind: str) -> Claims | None:
    """Return claims, or None where the document is none or cannot be written again."""
    try:
        claims = parse_claims(document, kind)
        claims.to_json()
    except ClaimsError as error:
        problems = error.problems
    else:
        return claims
    assert problems
    assert all(problem.path.startswith("$") and problem.message for problem in problems)
    return None


@kinds
@given(st.data())
def test_claims_come_back_from_their_json(kind: str, data: st.DataObject) -> None:
    claims = read(data.draw(documents(kind)), kind)
    assume(claims is not None)
    assert claims is not None
    text = claims.to_json()
    assert json.loads(text) == claims.to_dict()
    again = parse_claims(text, kind)
    assert again.to_json() == text or "user_scope" in text
    # The template of a scope reads a missing limit as none, so that its zeros settle once.
    settled = parse_claims(again.to_json(), kind)
    assert settled == parse_claims(settled.to_json(), kind)


@kinds
@given(st.data())
def test_spoiled_documents_are_read_or_named(kind: str, data: st.DataObject) -> None:
    document = data.draw(spoiled_documents(kind))
    before = json.dumps(document)
    claims = read(document, kind)
    assert json.dumps(document) == before
    assert repr(claims)


@kinds
@given(st.data(), st.dictionaries(st.text(max_size=3), st.integers() | st.text(), max_size=3))
def test_unknown_members_survive(kind: str, data: st.DataObject, extra: dict[str, Any]) -> None:
    document = data.draw(documents(kind))
    plain = read(document, kind)
    assume(plain is not None)
    assume(
        not {name.casefold() for name in extra} & {*document, "nbf", "nats", "jti", "iat", "iss"}
    )
    assume(not {name.casefold() for name in extra} & {"aud", "exp", "name", "sub"})
    claims = read({**document, **extra}, kind)
    assert claims is not None
    assert claims.extra == extra
    assert claims.to_dict() == {**(plain.to_dict() if plain else {}), **extra}


@given(revocations, st.lists(st.tuples(keys | st.just(ANY), moments)))
def test_the_latest_revocation_counts(old: dict[str, int], new: list[tuple[str, int]]) -> None:
    account = Account(revocations=dict(old))
    for key, at in new:
        account.revoke(key, at=at)
    every = [*old.items(), *new]
    wanted = {key: max(at for other, at in every if other == key) for key, _ in every}
    assert account.revocations == wanted


@given(revocations, keys, moments)
def test_compacting_changes_nothing_for_anybody(old: dict[str, int], key: str, at: int) -> None:
    account = Account(revocations=dict(old))
    before = account.is_revoked(key, at)
    removed = account.compact_revocations()
    assert account.is_revoked(key, at) == before
    assert {**(account.revocations or {}), **removed} == old
    assert before == any(old.get(name, at - 1) >= at for name in (key, ANY))
    assert account.compact_revocations() == {}


@given(st.datetimes(timezones=st.just(UTC)) | st.floats(-1e12, 1e12) | st.integers(-(2**60), 2**60))
@example(datetime(3059, 1, 1, 0, 0, 0, 999_997, UTC))
def test_a_moment_is_the_second_it_lies_in(moment: datetime | float) -> None:
    second = seconds(moment)
    if isinstance(moment, datetime):
        assert datetime.fromtimestamp(second, UTC) == moment.replace(microsecond=0)
    else:
        assert second <= moment < second + 1


@given(subjects, subjects, subjects)
def test_allowing_and_removing(first: list[str], second: list[str], gone: list[str]) -> None:
    permissions = Permissions()
    permissions.allow_pub(*first)
    permissions.allow_pub(*second)
    wanted = list(dict.fromkeys(subject for subject in first + second if subject))
    assert permissions.pub.allow == wanted
    permissions.remove_subjects(*gone)
    assert permissions.pub.allow == ([item for item in wanted if item not in gone] or None)


@given(st.data())
def test_a_cleared_user_is_empty_whatever_it_was(data: st.DataObject) -> None:
    claims: Any = read(data.draw(documents("user")), "user")
    assume(claims is not None)
    user: User = claims.nats
    user.clear()
    assert user.is_empty()
    kept = {"tags", "type", "version", "issuer_account"}
    assert set(claims.to_dict()["nats"]) - kept == {"pub", "sub"}
    assert claims.to_dict()["nats"]["pub"] == claims.to_dict()["nats"]["sub"] == {}
