"""The addresses of servers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from natsauth.errors import ResolverError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMES = ("nats", "tls", "ws", "wss")


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
    private = any("@" in text for text in texts)
    if not urls:
        raise ResolverError(
            "there is no server to connect to",
            hint="name one, or set the account_server_url of the operator",
        )
    return [_server_url(url, private=private) for url in urls]


def is_address(url: str, schemes: tuple[str, ...] = SCHEMES) -> bool:
    """Tell whether a URL has one of the schemes, a host, and a good port if it has one."""
    try:
        parts = urlsplit(url)
        is_good = parts.port != 0 and not parts.netloc.endswith(":")
        return is_good and parts.scheme in schemes and bool(parts.hostname)
    except ValueError:
        return False


def _server_url(text: str, *, private: bool) -> str:
    url = text if "://" in text else f"nats://{text}"
    if is_address(url):
        return url
    shown = text
    if private:  # before "@" is a password, and where the comma is in it, half of one is the port
        host, _, port = text.rpartition("://")[2].rpartition("@")[2].partition(":")
        shown = f"{host}:{port}" if port.isdecimal() else host
    schemes = ", ".join(SCHEMES)
    raise ResolverError(
        f"{shown!r:.80} is no address of a server, or has no good port",
        hint=f"as in nats://127.0.0.1:4222; the schemes are {schemes}",
    )
