from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from natsauth.authority import Expiry
from natsauth.errors import StoreDataError, UsageError
from natsauth.store import MemoryStore
from tests._authority import NOW, small_tree

HOUR = 3600


def test_what_expires_is_told_soonest_first() -> None:
    authority, operator, account = small_tree(MemoryStore())
    alice = account.users["alice"]
    operator.claims.exp, account.claims.exp, alice.claims.exp = NOW + 30, NOW + 20, NOW + 10
    authority.commit(now=NOW)
    authority.store.write_creds(
        alice.creds(expires_in=timedelta(seconds=5), now=NOW).format(), *alice.path
    )
    found = authority.expirations(now=NOW + 15)
    assert found == [
        Expiry("creds", ("op", "app", "alice"), alice.public_key, NOW + 5, -10),
        Expiry("user", ("op", "app", "alice"), alice.public_key, NOW + 10, -5),
        Expiry("account", ("op", "app"), account.public_key, NOW + 20, 5),
        Expiry("operator", ("op",), operator.public_key, NOW + 30, 15),
    ]
    assert [item.expired for item in found] == [True, True, False, False]
    soon = authority.expirations(timedelta(seconds=5), now=NOW + 15)
    assert soon == found[:3]


def test_what_never_expires_is_not_told() -> None:
    authority, _, _ = small_tree(MemoryStore())
    assert authority.expirations() == []


def test_edits_do_not_count_before_the_commit() -> None:
    authority, _, account = small_tree(MemoryStore())
    account.claims.exp = NOW + HOUR
    account.users.add("new").claims.exp = NOW + HOUR
    assert authority.expirations() == []


def test_the_second_of_expiry_is_the_first_that_is_over() -> None:
    authority, _, account = small_tree(MemoryStore())
    account.claims.exp = NOW + HOUR
    authority.commit(now=NOW)
    for now, expired in ((NOW + HOUR - 1, False), (NOW + HOUR, True)):
        [item] = authority.expirations(now=now)
        assert item.expired is expired


def test_creds_that_are_none_do_not_count() -> None:
    authority, _, _ = small_tree(MemoryStore())
    authority.store.write_creds("broken", "op", "app", "alice")
    authority.store.delete_creds("op", "app", "bob")
    assert authority.expirations() == []


def test_an_entry_that_cannot_be_read_is_told() -> None:
    authority, _, _ = small_tree(MemoryStore())
    authority.store.write("broken", "op", "app", "alice")
    with pytest.raises(StoreDataError, match="holds no user"):
        authority.expirations()


@pytest.mark.parametrize("arguments", [{"within": 5}, {"within": "1h"}, {"now": "today"}])
def test_what_is_no_time_is_refused(arguments: dict[str, Any]) -> None:
    authority, _, _ = small_tree(MemoryStore())
    with pytest.raises(UsageError):
        authority.expirations(**arguments)
