from __future__ import annotations

from typing import Any

import pytest

from natsauth.errors import ResolverError, UsageError
from natsauth.resolver._addresses import parse_servers
from tests._tokens import shown


@pytest.mark.parametrize(
    ("given", "urls"),
    [
        ("nats://127.0.0.1:4222", ["nats://127.0.0.1:4222"]),
        ("localhost", ["nats://localhost"]),
        ("localhost:1", ["nats://localhost:1"]),
        (" nats://a , b:2,, ", ["nats://a", "nats://b:2"]),
        (["tls://a", "ws://b,wss://c"], ["tls://a", "ws://b", "wss://c"]),
        (("nats://[::1]:4222",), ["nats://[::1]:4222"]),
        ("nats://user:secret@a", ["nats://user:secret@a"]),
    ],
)
def test_addresses(given: Any, urls: list[str]) -> None:
    assert parse_servers(given) == urls


@pytest.mark.parametrize(
    "bad",
    [
        "http://a",
        "nats://",
        "nats://:4222",
        "a:b",
        "a:0",
        "a:65536",
        "nats://[::1",
        "://a",
        "nats:/0.0.0.0:4222",
        "nats://a:",
        "nats://h:99999999",
    ],
)
def test_addresses_that_are_none(bad: str) -> None:
    with pytest.raises(ResolverError, match=r"is no address of a server.*nats, tls, ws, wss"):
        parse_servers(["nats://good", bad])


@pytest.mark.parametrize("empty", ["", " , ", [], [" "]])
def test_no_address(empty: Any) -> None:
    with pytest.raises(ResolverError, match="there is no server"):
        parse_servers(empty)


@pytest.mark.parametrize("bad", [5, None, b"nats://a", ["nats://a", 5], [None]])
def test_addresses_of_another_type(bad: Any) -> None:
    with pytest.raises(UsageError, match="expected the URLs of servers"):
        parse_servers(bad)


def test_what_was_given_is_repeated_where_no_password_is_in_it() -> None:
    with pytest.raises(ResolverError, match=r"^'nats:/0\.0.0\.0:4222' is no address"):
        parse_servers("nats://a,nats:/0.0.0.0:4222")


@pytest.mark.parametrize("url", ["nats://user:pa,secret@host", "nats://a@b,a:secret"])
def test_half_a_password_is_not_repeated(url: str) -> None:
    with pytest.raises(ResolverError) as caught:
        parse_servers(url.format("cret"))
    assert "se" + "cret" not in shown(caught.value)


def test_a_password_in_an_address_is_not_repeated() -> None:
    url = "nats://user:se" + "cret@host:99999"
    with pytest.raises(ResolverError) as caught:
        parse_servers(url)
    assert "'host:99999' is no address" in str(caught.value)
    assert "se" + "cret" not in shown(caught.value)
