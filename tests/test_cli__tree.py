"""What commands work on: current operators, accounts and users, transactions, and who signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from natsauth.cli._session import Session
from natsauth.cli._tree import Workspace, editing
from natsauth.cli.main import commands
from natsauth.errors import LockoutError, NotFoundError
from natsauth.keys import KeyPair, KeyType, PublicKey
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def session(tmp_path: Path) -> Session:
    session = Session()
    session.config_dir, session.data_dir = tmp_path, tmp_path / "stores"
    session.keystore_dir = tmp_path / "nkeys"
    return session


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.mark.usefixtures("shop")
def test_an_empty_place(session: Session) -> None:
    work = Workspace(session)
    with pytest.raises(NotFoundError, match="there is no operator in") as error:
        work.operator()
    assert "natsauth add operator NAME" in error.value.hint


def test_what_names_an_empty_place_is_told(shop: Workshop) -> None:
    assert "hint: natsauth add operator NAME makes one; -H, --data-dir or $XDG_DATA_HOME" in (
        shop.fails("list accounts")
    )
    shop("add operator o")
    shop("delete operator o")
    places = ["--config-dir", str(shop.path)]
    result = CliRunner().invoke(commands, ["list", "accounts", *places])
    assert result.exit_code == 1
    assert "nsc.json names that directory, natsauth env -s DIR another one\n" in result.stderr


@pytest.mark.parametrize("command", ["add account a", "edit operator --tag x", "delete user u"])
def test_nothing_is_left_where_there_is_no_store(shop: Workshop, command: str) -> None:
    assert "there is no operator in" in shop.fails(command)
    assert [*shop.path.iterdir()] == []


def test_one_of_a_kind_is_current_by_itself(session: Session, shop: Workshop) -> None:
    shop("add operator o")
    shop("add account a")
    shop("add user u")
    (shop.path / "nsc.json").unlink()
    work = Workspace(session)
    assert work.user(work.account()).path == ("o", "a", "u")


def test_of_several_one_has_to_be_named(session: Session, shop: Workshop) -> None:
    for command in ("operator o", "operator p", "account a", "account b", "user u", "user v"):
        shop(f"add {command}")
    (shop.path / "nsc.json").unlink()
    with pytest.raises(NotFoundError, match="which operator is meant") as error:
        Workspace(session).operator()
    assert "natsauth select operator" in error.value.hint
    shop("select operator p")
    work = Workspace(session)
    with pytest.raises(NotFoundError, match="which account is meant"):
        work.account()
    with pytest.raises(NotFoundError, match="which user of account 'b' is meant"):
        work.user(work.account("b"))
    key = shop.claims("p", "b", "v").sub
    assert work.user(work.account("b"), key).name == "v"


def test_an_operator_without_accounts(session: Session, shop: Workshop) -> None:
    shop("add operator o")
    with pytest.raises(NotFoundError, match="the operator has no account"):
        Workspace(session).account()


def test_names_of_accounts(session: Session, shop: Workshop) -> None:
    shop("add operator o")
    shop("add account a")
    work, key = Workspace(session), shop.claims("o", "a").sub
    assert work.name_of(key) == "a"
    other = KeyPair.generate(KeyType.ACCOUNT).public_key
    assert work.name_of(other) == other


def test_edits_are_reported_once_they_are_stored(
    session: Session, shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop("add operator o")
    with editing(session) as edit:
        node = edit.operator()
        node.claims.nats.tags = ["x"]
        edit.warn("look")
        edit.edited(node)
        assert shop.body("o").tags is None
        assert capsys.readouterr().err == ""
    assert shop.body("o").tags == ["x"]
    assert capsys.readouterr().err == '[WARN] look\n[ OK ] edited operator "o"\n'


def test_what_fails_is_neither_stored_nor_reported(
    session: Session, shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop("add operator o")

    def fail() -> None:
        with editing(session) as edit:
            edit.operator().claims.nats.tags = ["x"]
            edit.did("never")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert shop.body("o").tags is None
    assert capsys.readouterr().err == ""


def test_a_lockout_names_the_option(session: Session, shop: Workshop) -> None:
    shop("add operator o")
    with pytest.raises(LockoutError) as error, editing(session) as edit:
        edit.operator().require_signing_keys()
    assert error.value.hint == "natsauth edit operator --sk generate makes one"
    said = shop.fails("edit operator --expiry -1d")
    assert "hint: --expiry takes a moment in the future, or 0 for none; --force goes ahead" in said
    said = shop.fails("add account a --expiry -1d")
    assert "UTC\nhint: --expiry takes a moment in the future, or 0 for none\n" in said


def test_who_signs(session: Session, shop: Workshop) -> None:
    shop("add operator o --generate-signing-key")
    identity = shop.claims("o").sub
    for key in (
        PublicKey.parse(identity),
        KeyPair.from_seed(shop.store.seed(identity)),
    ):
        session.private_key = key
        with editing(session) as edit:
            node = edit.operator().accounts.ensure("a")
            node.reissue()
            edit.sign(node)
        assert shop.claims("o", "a").iss == identity
    session.private_key = None
    assert Workspace(session).signer is None
