from __future__ import annotations

from typing import Any

import pytest

from natsauth.errors import UsageError
from natsauth.policy._versions import LATEST, Behaviour, behaviour

NEWEST = Behaviour(
    guards_raft=True,
    star_hides=False,
    plain_deny_first=True,
    filters_queues=True,
    cuts_tokens=True,
    heeds_scope_proxies=True,
)
RECENT = NEWEST._replace(cuts_tokens=False, heeds_scope_proxies=False)


@pytest.mark.parametrize("server", ["2.15.1-dev", "v2.15.1", LATEST, "2.99.0", "3.0.0"])
def test_servers_that_do_as_the_latest(server: str) -> None:
    assert behaviour(server) == NEWEST


@pytest.mark.parametrize(
    ("server", "changed"),
    [
        ("2.15.0-dev", {"cuts_tokens": True}),
        ("2.14.6", {}),
        ("2.14.4", {}),
        ("2.12.14", {}),
        ("2.14.3", {"filters_queues": False}),
        ("2.13.9", {"filters_queues": False}),
        ("2.12.13", {"filters_queues": False}),
        ("2.12.8", {"filters_queues": False}),
        ("2.11.17", {"filters_queues": False}),
        ("2.12.6", {"filters_queues": False, "plain_deny_first": False}),
        ("2.11.12", {"filters_queues": False, "plain_deny_first": False}),
        ("2.12.3", {"filters_queues": False, "plain_deny_first": False, "star_hides": True}),
        ("2.11.11", {"filters_queues": False, "plain_deny_first": False, "star_hides": True}),
    ],
)
def test_servers_that_do_less(server: str, changed: dict[str, bool]) -> None:
    assert behaviour(server) == RECENT._replace(**changed)


def test_the_oldest_server_guards_least() -> None:
    assert behaviour("2.10.26") == Behaviour(
        guards_raft=False,
        star_hides=True,
        plain_deny_first=False,
        filters_queues=False,
        cuts_tokens=False,
        heeds_scope_proxies=False,
    )


@pytest.mark.parametrize(
    "server",
    [
        "",
        "2",
        "2.15",
        "2.15.x",
        "2.15.1 ",
        "a",
        "2.9.25",
        "1.99.99",
        "2.15.1\n",
        "٢.15.1",
        "2." + "1" * 99 + ".0",
    ],
)
def test_other_texts_are_no_versions(server: str) -> None:
    with pytest.raises(UsageError):
        behaviour(server)


@pytest.mark.parametrize("server", [None, 2.15, b"2.15.1", ["2.15.1"]])
def test_other_types_are_no_versions(server: Any) -> None:
    with pytest.raises(UsageError, match="expected a version"):
        behaviour(server)
