from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from natsauth.claims import AccountClaims
from natsauth.resolver import (
    AccountDiff,
    AccountListing,
    DifferentAccount,
    PullResult,
    RejectedAccount,
    ServerAccounts,
    ServerDifference,
)
from natsauth.token import encode
from tests._tokens import ACCOUNT, OPERATOR

ONE, TWO = ServerAccounts("n1", "N1", ("A1", "A2")), ServerAccounts("n2", "N2", ("A2", "A3"))
TOKEN = encode(AccountClaims(sub=ACCOUNT.public_key), OPERATOR)
REJECTED = RejectedAccount("A1", "it is foreign")
CLEAN = ServerDifference("n1", "N1", absent=(), extra=())
OTHER = DifferentAccount("A1", ("n1", "n2"), 1)


def test_listings() -> None:
    listing = AccountListing((ONE, TWO), ())
    assert listing
    assert listing.accounts == {"A1", "A2", "A3"}
    assert not AccountListing((ONE,), ("n2",))


def test_what_was_pulled() -> None:
    assert PullResult((TOKEN,))
    assert not PullResult((TOKEN,), rejected=(REJECTED,))
    assert not PullResult((TOKEN,), unknown=("A1",))


@pytest.mark.parametrize(
    "members",
    [
        {"servers": (CLEAN, replace(CLEAN, absent=("A1",)))},
        {"servers": (replace(CLEAN, extra=("A1",)),)},
        {"different": (OTHER,)},
        {"untold": ("A1",)},
        {"missing": ("n2",)},
    ],
)
def test_differences(members: dict[str, Any]) -> None:
    same = AccountDiff((CLEAN,), ("A1",), ())
    assert same
    assert not replace(same, **members)


@pytest.mark.parametrize(
    "fact",
    [
        ONE,
        AccountListing((ONE,), ()),
        REJECTED,
        PullResult((TOKEN,)),
        CLEAN,
        OTHER,
        AccountDiff((), (), ()),
    ],
)
def test_what_servers_have_is_a_fact(fact: Any) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(fact, next(iter(fact.__slots__)), "other")
    assert hash(fact)
