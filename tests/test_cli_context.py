"""``natsauth select`` and ``natsauth env``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from natsauth.cli.main import commands
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give operators ``o`` with accounts ``a``, ``b``, and ``p`` with ``c``, which is current."""
    shop = Workshop(tmp_path)
    for command in ("operator o", "account a", "account b", "operator p", "account c"):
        shop(f"add {command}")
    return shop


def current(shop: Workshop) -> tuple[str, str]:
    context = json.loads((shop.path / "nsc.json").read_text())
    return context["operator"], context["account"]


def test_an_operator_is_selected_with_its_only_account(shop: Workshop) -> None:
    assert shop("select operator o") == ['[ OK ] selected operator "o"']
    assert current(shop) == ("o", "")
    shop(f"select operator {shop.claims('p').sub}")
    assert current(shop) == ("p", "c")


def test_an_account_is_selected(shop: Workshop) -> None:
    shop("select operator o")
    assert shop("select account b") == ['[ OK ] selected account "b"']
    assert current(shop) == ("o", "b")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("select operator none", 1),
        ("select account a", 1),
        ("select operator", 2),
        ("env -o none", 1),
        ("env -a none", 1),
        ("env -s /no/such/place", 2),
    ],
)
def test_what_is_not_there_is_not_selected(shop: Workshop, command: str, code: int) -> None:
    shop.fails(command, code=code)


def test_what_the_file_holds_beside_stays(shop: Workshop) -> None:
    file = shop.path / "nsc.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"last_update": 5}))
    shop("select operator o")
    assert json.loads(file.read_text())["last_update"] == 5


def test_the_environment_is_shown(shop: Workshop) -> None:
    document = shop.json("env")
    assert document.pop("variables").keys() > {"NSC_HOME", "NKEYS_PATH", "NSC_CWD_ONLY"}
    assert document == {
        "account": "c",
        "config_dir": str(shop.path),
        "keys_dir": str(shop.store.keys),
        "operator": "p",
        "stores_dir": str(shop.store.stores),
    }
    assert "| Current Operator " in "\n".join(shop("env"))


def test_a_variable_that_changes_nothing_is_told(shop: Workshop) -> None:
    variables = {"XDG_DATA_HOME": str(shop.path / "moved"), "NSC_CWD_ONLY": None}
    words = ["env", "--config-dir", str(shop.path)]
    result = CliRunner().invoke(commands, words, env=variables)
    assert result.exit_code == 0
    assert result.stderr == (
        f"natsauth: nsc.json names the store directory '{shop.store.stores}', which "
        "$XDG_DATA_HOME does not change\nhint: natsauth env -s DIR does\n"
    )
    assert shop.run("env").stderr == ""  # an option names the directory
    result = CliRunner().invoke(commands, words, env=variables | {"XDG_DATA_HOME": None})
    assert result.stderr == ""


def test_the_environment_is_changed(shop: Workshop) -> None:
    assert shop.json("env -o o -a a")["account"] == "a"
    assert current(shop) == ("o", "a")


def test_another_store_is_chosen(shop: Workshop, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    place.mkdir()
    shop("env", "-s", place)
    context = json.loads((shop.path / "nsc.json").read_text())
    assert (context["store_root"], context["operator"], context["account"]) == (str(place), "", "")


def test_where_the_directory_alone_decides_nothing_is_selected(shop: Workshop) -> None:
    before = shop.files()
    result = shop.run("select operator p", NSC_CWD_ONLY="1")
    assert "$NSC_CWD_ONLY is set" in result.stderr
    assert shop.files() == before


def test_a_corrupt_file_stops_neither_env_nor_select(shop: Workshop) -> None:
    file = shop.path / "nsc.json"
    file.write_text("{")
    assert "hint: repair or delete it; natsauth select operator NAME" in shop.fails("list users")
    result = shop.run("env --json")
    assert (result.exit_code, json.loads(result.stdout)["operator"]) == (0, "")
    assert "is corrupt" in result.stderr
    assert file.read_text() == "{"
    assert shop("select operator p")[-1] == '[ OK ] selected operator "p"'
    assert current(shop) == ("p", "c")


def test_an_operator_that_is_kept_keeps_its_current_account(shop: Workshop) -> None:
    shop("env -o o -a a")
    shop("add operator o --exist-ok")
    assert current(shop) == ("o", "a")
    shop("add operator p --exist-ok")
    assert current(shop) == ("p", "")


def test_the_system_account_is_not_current_for_being_alone(shop: Workshop) -> None:
    shop("add operator q --sys")
    shop("add account d")
    shop("delete account d")
    shop("select operator q")
    assert current(shop) == ("q", "")
    said = shop.fails("add user u")
    assert "no account is current: there is only the system account 'SYS'" in said
    assert "natsauth add account NAME makes one" in said
    shop("select account SYS")
    assert shop.json("env")["account"] == "SYS"
