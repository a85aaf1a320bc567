"""Whom a session asks, and what it makes of too few answers."""

from __future__ import annotations

import pytest

from natsauth.errors import ResolverTimeoutError
from natsauth.resolver._protocol import LIST, PING, VARZ
from natsauth.resolver._session import NobodyAnswersError
from tests._resolvers import Resolvers, account

pytestmark = pytest.mark.asyncio


async def test_the_servers_are_counted() -> None:
    servers = Resolvers(a=[], b=[], c=None)
    session = await servers.session().with_roster(None)
    assert servers.asked == [VARZ, PING]
    assert session.roster.names == {"Na": "a", "Nb": "b"}
    assert session.roster.count == 3  # as each of them says
    assert session.trusted == {}
    assert (await servers.session().with_roster(2)).roster.count == 2


async def test_as_many_answers_as_servers_are_waited_for() -> None:
    session = Resolvers(a=[account("x")], b=[]).session()
    assert len(await session.ask(LIST, hint="h")) == 2
    assert len(await session.ask(LIST, hint="h", enough=bool)) == 2


async def test_nobody_answers() -> None:
    with pytest.raises(NobodyAnswersError, match="no server answers"):
        await Resolvers().session().ask(LIST, hint="h")
    with pytest.raises(ResolverTimeoutError, match="in time") as late:
        await Resolvers(a=None).session().ask(LIST, hint="who answers")
    assert late.value.hint == "who answers"
