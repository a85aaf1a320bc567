"""nats-py for tests: errors that arrive later are kept, and can be waited for."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from nats.aio.client import DEFAULT_FLUSH_TIMEOUT, Client
from nats.errors import Error, NoServersError

from natsauth.errors import ResolverConnectionError
from natsauth.resolver._protocol import explain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from natsauth.claims import AccountClaims
    from natsauth.creds import Creds
    from natsauth.token import Token

# One refusal is final and raised as it is: by default nats-py would try for two minutes, and then
# hide the reason behind NoServersError.
_DEFAULTS = {"allow_reconnect": False, "max_reconnect_attempts": 1, "reconnect_time_wait": 0.05}


class SandboxClient(Client):
    """A client of nats-py whose asynchronous errors are kept.

    Attributes:
        errors: What the server refused so far, and whatever else went wrong meanwhile. All that it
            says to what was sent is there after ``await client.flush()``.
        creds: Those that it connected with.
        account: The account of the user, as it was then.
    """

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[Exception] = []
        self.creds: Creds | None = None
        self.account: Token[AccountClaims] | None = None

    async def collect(self, error: Exception) -> None:
        """Keep an error."""
        self.errors.append(error)

    async def flush(self, timeout: int = DEFAULT_FLUSH_TIMEOUT) -> None:  # noqa: ASYNC109
        """Return when the server has answered everything sent so far, its errors included.

        The PING of nats-py 2.16 overtakes what is still pending, so that only a second one
        comes back after a permission violation.
        """
        await super().flush(timeout)
        await super().flush(timeout)


@asynccontextmanager
async def opened(servers: str | list[str], **options: Any) -> AsyncIterator[SandboxClient]:
    """Connect with options of nats-py, and close the connection at the end of the block.

    Raises:
        nats.errors.Error, OSError: The server refuses the user, or cannot be reached.
    """
    client = SandboxClient()
    try:
        try:
            await client.connect(servers, **{"error_cb": client.collect, **_DEFAULTS, **options})
        except NoServersError as error:
            raise error from (client.errors[-1] if client.errors else None)
        yield client
    finally:
        # Needed after a refusal too: nats-py 2.16 leaves the socket of a refused connection open,
        # which becomes a ResourceWarning in some later test.
        await client.close()


@asynccontextmanager
async def connect(
    servers: str | list[str],
    creds: Creds,
    *,
    account: Token[AccountClaims] | None = None,
    **options: Any,
) -> AsyncIterator[SandboxClient]:
    """Connect with creds, and close the connection at the end of the block.

    Raises:
        ResolverConnectionError: The server refuses the user, or cannot be reached.
    """
    async with AsyncExitStack() as stack:
        try:
            connection = opened(servers, **creds.nats_py(), **options)
            client = await stack.enter_async_context(connection)
        except (Error, OSError) as error:
            user = creds.token.claims.name or creds.public_key
            reason, _ = explain(error.__cause__ or error)  # type: ignore[arg-type]
            raise ResolverConnectionError(f"{user!r:.80} gets no connection: {reason}") from None
        client.creds, client.account = creds, account
        yield client
