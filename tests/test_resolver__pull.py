"""What comes of the accounts that servers give, be they none."""

from __future__ import annotations

import pytest

from natsauth.errors import ResolverError, ResolverTimeoutError
from natsauth.keys import KeyPair, KeyType
from natsauth.resolver import _pull
from natsauth.resolver._pull import list_accounts, lookup, pull, pull_all
from natsauth.resolver._session import NobodyAnswersError
from tests._resolvers import IDENTITY, NOW, OPERATOR, Resolvers, account, again

pytestmark = pytest.mark.asyncio

X, Y = account("x"), account("y")
NEWER = again(X, iat=NOW + 5)
FOREIGN = account("foreign", signer=KeyPair.generate(KeyType.OPERATOR))


async def test_lists_are_those_of_each_server() -> None:
    listing = await list_accounts(Resolvers(b=[X], a=[X, Y], c=None).session())
    assert [server.server_name for server in listing.servers] == ["a", "b"]
    assert listing.accounts == {X.claims.sub, Y.claims.sub}
    assert listing.missing == ("c",)
    assert not listing


async def test_the_newest_token_is_taken() -> None:
    session = Resolvers(a=[X], b=[NEWER], c=[]).session()
    assert await lookup(session, X.claims.sub) == NEWER
    assert await lookup(session, Y.claims.sub) is None
    result = await pull(session, [X, Y.claims.sub])
    assert result.accounts == (NEWER,)
    assert result.unknown == (Y.claims.sub,)
    assert not result.rejected


async def test_a_server_that_is_silent_may_have_what_the_others_lack() -> None:
    session = Resolvers(a=[X], b=None).session()
    assert await lookup(session, X.claims.sub) == X
    for ask in (lookup(session, Y.claims.sub), pull(session, [Y])):
        with pytest.raises(ResolverTimeoutError, match="1 of 2 servers answered"):
            await ask
    with pytest.raises(NobodyAnswersError):
        await pull(Resolvers().session(), [X])


async def test_what_the_operator_did_not_sign_is_rejected() -> None:
    session = Resolvers(a=[FOREIGN, X]).session()
    for result in (await pull(session, [FOREIGN, X]), await pull_all(session)):
        assert result.accounts == (X,)
        [rejected] = result.rejected
        assert rejected.account == FOREIGN.claims.sub
        assert not result
    by_identity = again(X, iat=NOW, signer=IDENTITY)
    assert OPERATOR.sub == by_identity.claims.iss
    assert (await pull_all(Resolvers(a=[by_identity]).session())).accounts == (by_identity,)


async def test_garbage_is_rejected() -> None:
    servers = Resolvers(a=[X, Y])
    own = servers.accounts["a"]
    assert own
    own[X.claims.sub] = b"garbage"
    own[Y.claims.sub] = X.encoded.encode()
    own["nobody"] = X.encoded.encode()
    result = await pull_all(servers.session())
    assert result.accounts == ()
    assert [rejected.account for rejected in result.rejected] == [X.claims.sub, Y.claims.sub, ""]
    with pytest.raises(ResolverError, match="no account"):
        await lookup(servers.session(), X.claims.sub)


async def test_a_pack_grows_only_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pull, "_MAX_PACK", 2_000)
    with pytest.raises(ResolverError, match="and more"):
        await pull_all(Resolvers(a=[account(str(n)) for n in range(5)]).session())
