"""What becomes of accounts that are pushed."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.resolver import PushEffect
from natsauth.resolver._preflight import Checked
from natsauth.resolver._protocol import LIST, UPDATE, UPDATE_ONE
from natsauth.resolver._push import push_each
from tests._resolvers import NOW, Resolvers, account, again

if TYPE_CHECKING:
    from natsauth.resolver.results import PushResult

pytestmark = pytest.mark.asyncio

X, Y = account("x"), account("y")


async def push(servers: Resolvers, *accounts: Checked, **options: bool) -> list[PushResult]:
    given: dict[str, Any] = {"force": False, "confirm": False, "in_memory": False, **options}
    async with aclosing(push_each(servers.session(), accounts, **given)) as results:
        return [result async for result in results]


def checked(token: Any, *problems: str) -> Checked:
    return Checked(token, token.claims, problems, "h" if problems else "")


async def test_every_server_gets_every_account() -> None:
    servers = Resolvers(b=[], a=[])
    results = await push(servers, checked(X), checked(Y), confirm=True)
    assert all(results)
    assert [result.name for result in results] == ["x", "y"]
    assert [reply.server_name for reply in results[0].replies] == ["a", "b"]
    assert {reply.effect for result in results for reply in result.replies} == {PushEffect.STORED}
    assert [result.confirmed for result in results] == [True, True]


async def test_what_would_be_refused_is_not_sent() -> None:
    servers = Resolvers(a=[])
    bad, good = await push(servers, checked(X, "p"), checked(Y), confirm=True)
    assert (bad.problems, bad.hint, bad.replies, bad.confirmed) == (("p",), "h", (), None)
    assert good
    assert servers.asked.count(UPDATE) == 1
    assert servers.has("a") == [Y.claims.sub]


async def test_a_newer_account_is_kept_unless_it_is_forced() -> None:
    servers = Resolvers(a=[again(X, iat=NOW + 5)])
    [refused] = await push(servers, checked(X))
    assert not refused
    assert UPDATE not in servers.asked
    [forced] = await push(servers, checked(X), force=True)
    assert forced
    assert servers.accounts == {"a": {X.claims.sub: X.encoded.encode()}}


async def test_a_server_that_is_silent_is_missing() -> None:
    [result] = await push(Resolvers(a=[], b=None), checked(X))
    assert result.missing == ("b",)
    assert not result


async def test_nobody_is_there() -> None:
    [result] = await push(Resolvers(), checked(X))
    assert result.no_responders
    assert not result


async def test_who_keeps_accounts_has_them_for_good() -> None:
    servers = Resolvers(a=[])
    [result] = await push(servers, checked(X), in_memory=True)
    assert [reply.effect for reply in result.replies] == [PushEffect.STORED]
    assert LIST in servers.asked
    assert UPDATE_ONE.format(X.claims.sub) in servers.asked
