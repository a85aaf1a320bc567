"""Answers are bytes from a network: whatever they are, only documented things happen."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsauth.claims import AccountClaims, OperatorClaims
from natsauth.errors import NatsAuthError, ResolverError
from natsauth.resolver import ServerReply
from natsauth.resolver._addresses import parse_servers
from natsauth.resolver._answers import parse_account, parse_accounts, parse_reply, parse_roster
from natsauth.resolver._pull import _Pack
from natsauth.token import encode
from tests._tokens import ACCOUNT, IAT, OPERATOR, OTHER_ACCOUNT

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
            parse_account(answer, ACCOUNT.public_key)
            pytest.fail("random bytes were taken for an account")


KEYS = [pair.public_key.encode() for pair in (ACCOUNT, OTHER_ACCOUNT)]
TEXTS = [
    encode(AccountClaims(sub=pair.public_key), signer, now=IAT).encoded.encode()
    for pair in (ACCOUNT, OTHER_ACCOUNT)
    for signer in (OPERATOR, pair)
]
PACKED = st.binary(min_size=1) | st.builds(
    lambda key, bar, text: key + bar + text,
    st.sampled_from(KEYS) | st.binary(),
    st.sampled_from([b"|", b"", b"||"]),
    st.sampled_from(TEXTS) | st.binary(),
)


@given(st.lists(PACKED.filter(bool)), st.integers(0, 20))
def test_all_of_a_pack_is_pulled_or_rejected(messages: list[bytes], split: int) -> None:
    operator = OperatorClaims(sub=OPERATOR.public_key)
    pack = _Pack(operator)
    assert not pack.read(messages[:split])
    assert not pack.ended
    assert pack.read([*messages, b"", b"more"])
    assert pack.count == len(messages)
    good = {key: key + b"|" + TEXTS[2 * index] for index, key in enumerate(KEYS)}
    assert {key.encode() for key in pack.accounts} == {k for k in KEYS if good[k] in messages}
    for key, token in pack.accounts.items():
        assert key.encode() + b"|" + token.encoded.encode() in messages
        assert token.claims.iss == OPERATOR.public_key
    repeated = sum(messages.count(message) for message in good.values()) - len(pack.accounts)
    assert len(pack.rejected) == len(messages) - len(pack.accounts) - repeated


@given(st.text() | st.lists(st.text()))
def test_addresses_are_read_or_refused(servers: str | list[str]) -> None:
    with suppress(NatsAuthError):
        assert all("://" in url for url in parse_servers(servers))
