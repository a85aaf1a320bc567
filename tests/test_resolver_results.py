from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from natsauth.errors import ResolverError, ResolverTimeoutError
from natsauth.resolver import AccountListing, PushReason, PushResult, ServerAccounts, ServerReply

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
            "none takes pushes (hint: only servers with a resolver of type full or cache answer)",
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


@pytest.mark.parametrize(
    "fact", [GOOD, result(GOOD), ServerAccounts("n", "N", ()), AccountListing((), ())]
)
def test_results_are_facts(fact: Any) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(fact, next(iter(fact.__slots__)), "other")
    assert hash(fact)
