"""Tables of the entries below a path."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from natsauth.cli._listing import show_entries
from natsauth.cli._output import ExitCode
from natsauth.cli._session import Session
from natsauth.cli._tree import Workspace
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def session(tmp_path: Path) -> Session:
    Workshop(tmp_path, copy=True)
    session = Session()
    session.config_dir, session.data_dir = tmp_path, tmp_path / "stores"
    session.keystore_dir = tmp_path / "nkeys"
    return session


def shown(session: Session, capsys: pytest.CaptureFixture[str], *above: str) -> str:
    show_entries(session, Workspace(session), *above)
    return capsys.readouterr().out


def test_each_kind(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Operators" in shown(session, capsys)
    assert "Accounts" in shown(session, capsys, "my_operator")
    users = shown(session, capsys, "my_operator", "my_account")
    assert "Users" in users
    assert [line[2:7] for line in users.splitlines()[5:7]] == ["alice", "bob  "]


def test_a_forged_token_is_not_listed_as_if_it_were_none(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    work = Workspace(session)
    file = work.store.token_file("my_operator", "orders")
    token = file.read_text()
    file.write_text(f"{token[:-8]}AAAAAAAA")
    session.output.json = True
    show_entries(session, work, "my_operator")
    captured = capsys.readouterr()
    assert "orders" not in {item["name"] for item in json.loads(captured.out)}
    assert session.output.finish() is ExitCode.FAILED
    assert str(file) in capsys.readouterr().err


def test_an_empty_store_is_named(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    result = shop.run("list operators")
    assert "No entries defined" in result.stdout
    assert result.stderr == f"natsauth: there is no operator in '{shop.store.stores}'\n"
    assert shop.json("list operators") == []
