"""What differs between servers and what they ought to have."""

from __future__ import annotations

import pytest

from natsauth.resolver._diff import diff
from natsauth.resolver.inventory import DifferentAccount
from tests._resolvers import NOW, Resolvers, account, again

pytestmark = pytest.mark.asyncio

X, Y, Z = account("x"), account("y"), account("z")


async def test_all_is_the_same() -> None:
    found = await diff(Resolvers(a=[X, Y], b=[Y, X]).session(), [X, Y])
    assert found
    assert found.same == (X.claims.sub, Y.claims.sub)


async def test_what_a_server_lacks_or_has_too_much() -> None:
    found = await diff(Resolvers(a=[X, Z], b=[X, Y]).session(), [X, Y])
    assert not found
    assert [(s.server_name, s.absent, s.extra) for s in found.servers] == [
        ("a", (Y.claims.sub,), (Z.claims.sub,)),
        ("b", (), ()),
    ]
    assert found.same == (X.claims.sub, Y.claims.sub)


async def test_another_token_is_another_account() -> None:
    newer = again(X, iat=NOW + 5)
    found = await diff(Resolvers(a=[X], b=[newer], c=[newer]).session(), [X])
    assert found.different == (DifferentAccount(X.claims.sub, ("a", "b", "c"), 2),)
    assert found.same == ()


async def test_a_server_that_is_missing_is_named() -> None:
    found = await diff(Resolvers(a=[X], b=None).session(), [X])
    assert found.missing == ("b",)
    assert not found
