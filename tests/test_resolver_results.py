from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from natsauth.errors import ResolverError, ResolverTimeoutError
from natsauth.resolver import (
    DeleteResult,
    PruneResult,
    PushEffect,
    PushReason,
    PushResult,
    ServerReply,
)

WHO_ANSWERS = "only servers with a resolver of type full or cache answer"
IN_USE = "that have the account in use"
GOOD = ServerReply("n1", "N1", ok=True, code=200, message="jwt updated")
BAD = ServerReply("n2", "N2", ok=False, code=500, message="jwt store is full")


def result(*replies: ServerReply, **members: Any) -> PushResult:
    return PushResult("AABC", "team", replies, **members)


@pytest.mark.parametrize("good", [result(GOOD), result(GOOD, GOOD)])
def test_every_server_took_it(good: PushResult) -> None:
    assert good
    assert good.reason is None
    good.raise_for_errors()


@pytest.mark.parametrize(
    ("bad", "reason", "message"),
    [
        (
            result(BAD),
            PushReason.REFUSED,
            "n2 says 'jwt store is full'",
        ),
        (
            result(GOOD, BAD, missing=("n3", "n4")),
            PushReason.REFUSED,
            "n2 says 'jwt store is full'; no answer from n3, n4",
        ),
        (
            result(missing=("n1",), no_responders=True),
            PushReason.NO_RESPONDERS,
            f"no server answers (hint: {WHO_ANSWERS}; in_memory=True reaches others {IN_USE})",
        ),
    ],
)
def test_refusals(bad: PushResult, reason: PushReason, message: str) -> None:
    assert not bad
    assert bad.reason is reason
    with pytest.raises(ResolverError) as caught:
        bad.raise_for_errors()
    what = "account AABC ('team') was not taken by every server: "
    assert str(caught.value) == what + message
    assert not isinstance(caught.value, TimeoutError)


@pytest.mark.parametrize(
    ("bad", "who"), [(result(GOOD, missing=("n2", "n3")), "n2, n3"), (result(), "any")]
)
def test_servers_that_did_not_answer(bad: PushResult, who: str) -> None:
    assert not bad
    assert bad.reason is PushReason.MISSING
    with pytest.raises(ResolverTimeoutError, match=f"no answer from {who} .*full or cache"):
        bad.raise_for_errors()


def test_accounts_that_are_not_in_use() -> None:
    skipped = replace(GOOD, ok=False, message="jwt update skipped", effect=PushEffect.NOT_LOADED)
    bad = result(skipped)
    assert bad.reason is PushReason.REFUSED
    with pytest.raises(ResolverError, match=r"n1 says 'jwt update skipped' .*resolver_preload"):
        bad.raise_for_errors()


def test_accounts_that_were_not_sent() -> None:
    bad = result(problems=("it is expired", "and foreign"), hint="sign it")
    assert not bad
    assert bad.reason is PushReason.NOT_SENT
    with pytest.raises(ResolverError) as caught:
        bad.raise_for_errors()
    text = "account AABC ('team') was not sent: it is expired; and foreign (hint: sign it)"
    assert str(caught.value) == text


def test_confirmation() -> None:
    assert result(GOOD, confirmed=True)
    assert result(GOOD, confirmed=None)
    lost = result(GOOD, confirmed=False)
    assert not lost
    assert lost.reason is PushReason.UNCONFIRMED
    with pytest.raises(ResolverError, match=r"does not give it back .*look it up"):
        lost.raise_for_errors()
    # What a server said comes before what was made of it.
    assert result(BAD, confirmed=False).reason is PushReason.REFUSED
    assert result(GOOD, missing=("n2",), confirmed=False).reason is PushReason.MISSING


def deletion(*replies: ServerReply, **members: Any) -> DeleteResult:
    return DeleteResult(("AABC", "ADEF"), ("ADEF",), replies, **members)


def test_deletions() -> None:
    for good in (deletion(GOOD), deletion(GOOD, GOOD), DeleteResult((), (), ())):
        assert good
        assert good.reason is None
        good.raise_for_errors()


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (
            deletion(GOOD, replace(BAD, message="delete must be enabled in server config")),
            ResolverError,
            r"2 accounts were not deleted by every server: n2 says .*allow_delete: true",
        ),
        (
            DeleteResult(("AABC",), (), (BAD,)),
            ResolverError,
            r"1 account was not deleted by every server: n2 says 'jwt store is full'$",
        ),
        (deletion(GOOD, missing=("n2",)), ResolverTimeoutError, "no answer from n2 .*full or cach"),
        (deletion(no_responders=True), ResolverError, "no server answers .*full or cache"),
    ],
)
def test_deletions_that_failed(bad: DeleteResult, error: type[ResolverError], message: str) -> None:
    assert not bad
    with pytest.raises(error, match=message):
        bad.raise_for_errors()


def test_pruning() -> None:
    for good in (PruneResult((), ()), PruneResult(("AABC",), (), deletion(GOOD))):
        assert good
        good.raise_for_errors()
    dry = PruneResult(("AABC",), ())
    assert not dry  # the account is still there
    dry.raise_for_errors()
    for silent in (PruneResult((), ("n2",)), PruneResult(("AABC",), ("n2",), deletion(GOOD))):
        assert not silent
        with pytest.raises(ResolverTimeoutError, match=r"n2 .*prune again"):
            silent.raise_for_errors()
    failed = PruneResult(("AABC",), (), deletion(BAD))
    assert not failed
    with pytest.raises(ResolverError, match="n2 says"):
        failed.raise_for_errors()


@pytest.mark.parametrize("fact", [GOOD, result(GOOD), deletion(GOOD), PruneResult((), ())])
def test_results_are_facts(fact: Any) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(fact, next(iter(fact.__slots__)), "other")
    assert hash(fact)
