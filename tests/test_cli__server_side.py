"""What a server says that nobody can rely on; tests/live/test_cli_why.py asks real ones."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth.cli._credentials import Credentials
from natsauth.cli._diagnosis import Circumstances, diagnose
from natsauth.cli._server_notes import compare_verdicts
from natsauth.cli._server_side import ServerSide, data_of
from natsauth.cli._session import Session
from natsauth.cli._surroundings import Surroundings
from natsauth.cli._tree import Workspace
from natsauth.policy import Connection
from tests._connections import Root, Scene


@pytest.mark.parametrize(
    "answer",
    [b"", b"nonsense", b"[]", b"1", b"{}", b'{"data":1}', b'{"data":null}', b"\xff", b"[" * 99_999],
)
def test_an_answer_that_is_none_says_nothing(answer: bytes) -> None:
    assert data_of(answer) == {}


def test_an_answer_that_is_one() -> None:
    assert data_of(b'{"server":{},"data":{"user":"U"}}') == {"user": "U"}


@pytest.mark.parametrize(
    "permissions",
    [1, [], {"publish": 1}, {"publish": {"allow": 1}}, {"publish": {"allow": [1, None]}}],
)
def test_odd_permissions_are_compared_as_they_are(permissions: Any) -> None:
    scene = Scene({}, Root(), 0)
    account = scene.accounts[scene.account_key.public_key]
    who = Credentials(scene.user, scene.user_key, "", is_bare=False)
    around = Surroundings(Workspace(Session()), [scene.root.operator], account)
    side = ServerSide("nats://x", connected=True, info={"account": 1, "permissions": permissions})
    compare_verdicts(side, around, diagnose(who, around, Circumstances(Connection())))
    messages = [note.message for note in side.differences]
    assert messages[0] == "the server has placed the user in account 1"
    odd = permissions == {"publish": {"allow": [1, None]}}
    assert len(messages) == (2 if odd else 1)
