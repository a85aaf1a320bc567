"""Answers are bytes from a network: whatever they are, only documented things happen."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from natsauth.errors import NatsAuthError, ResolverError
from natsauth.resolver import ServerReply
from natsauth.resolver._answers import parse_account, parse_accounts, parse_reply, parse_roster
from natsauth.resolver._protocol import parse_servers
from tests._tokens import ACCOUNT

NAMES = st.sampled_from(
    [
        *("server", "name", "id", "data", "code", "message", "error", "description"),
        *("statsz", "active_servers"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(200),
    lambda inner: st.lists(inner) | st.dictionaries(NAMES | st.text(), inner),
)
ANSWERS = st.binary() | JSON.map(lambda value: json.dumps(value).encode())


@given(ANSWERS)
def test_a_reply_is_read_or_not_ok(answer: bytes) -> None:
    reply = parse_reply(answer)
    assert isinstance(reply, ServerReply)
    assert isinstance(reply.server_name, str)
    assert isinstance(reply.server_id, str)
    assert isinstance(reply.message, str)
    assert not reply.ok or reply.code == 200


@given(st.lists(ANSWERS, min_size=1))
def test_other_answers_are_read_or_refused(answers: list[bytes]) -> None:
    with suppress(ResolverError):
        assert parse_roster(answers).count >= 1
    for answer in answers:
        with suppress(ResolverError):
            accounts: tuple[Any, ...] = parse_accounts(answer).accounts
            assert all(isinstance(account, str) for account in accounts)
        with suppress(ResolverError):
            assert parse_account(answer, ACCOUNT.public_key) is None


@given(st.text() | st.lists(st.text()))
def test_addresses_are_read_or_refused(servers: str | list[str]) -> None:
    with suppress(NatsAuthError):
        assert all("://" in url for url in parse_servers(servers))
