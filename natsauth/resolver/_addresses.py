"""The addresses of servers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from natsauth.errors import ResolverError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SCHEMES = ("nats", "tls", "ws", "wss")


def parse_servers(servers: str | Sequence[str]) -> list[str]:
    """Return the URLs of servers; as with nsc, one text may hold several between commas.

    Raises:
        UsageError: They are no texts.
        ResolverError: There is none, or one is no address that NATS clients connect to.
    """
    texts: list[Any]
    if isinstance(servers, str) or not isinstance(servers, Iterable):
        texts = [servers]
    else:
        texts = [*servers]
    if not all(isinstance(text, str) for text in texts):
        kinds = ", ".join(type(text).__name__ for text in texts[:5])  # a URL may hold a password
        raise UsageError(f"expected the URLs of servers as text, got {kinds}")
    urls = [url for text in texts for part in text.split(",") if (url := part.strip())]
    if not urls:
        raise ResolverError(
            "there is no server to connect to",
            hint="name one, or set the account_server_url of the operator",
        )
    return [_server_url(url) for url in urls]


def _server_url(text: str) -> str:
    url = text if "://" in text else f"nats://{text}"
    try:
        parts = urlsplit(url)
        if parts.scheme in _SCHEMES and parts.hostname and parts.port != 0:
            return url
    except ValueError:
        pass
    # What stands before "@" may be a password, and what stands for the port the half of one.
    host, _, port = text.rpartition("://")[2].rpartition("@")[2].partition(":")
    shown = f"{host}:{port}" if port.isdecimal() else host
    schemes = ", ".join(_SCHEMES)
    raise ResolverError(
        f"{shown!r:.80} is no address of a server, or has no good port",
        hint=f"as in nats://127.0.0.1:4222; the schemes are {schemes}",
    )
