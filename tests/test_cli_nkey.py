"""``natsauth generate nkey``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from natsauth.cli.main import commands
from natsauth.keys import KeyPair
from natsauth.store import DirectoryStore
from natsauth.xkeys import CurveKeyPair

if TYPE_CHECKING:
    from pathlib import Path

OPTIONS = {
    "-o": "operator",
    "--operator": "operator",
    "-a": "account",
    "--account": "account",
    "-u": "user",
    "--user": "user",
    "-x": "curve",
    "--curve": "curve",
    "--server": "server",
    "--cluster": "cluster",
}


def nkey(*arguments: str) -> Any:
    result = CliRunner().invoke(commands, ["generate", "nkey", *arguments], prog_name="natsauth")
    assert result.stderr == "" or result.exit_code
    return result


def restored(seed: str) -> KeyPair | CurveKeyPair:
    return (CurveKeyPair if seed[1] == "X" else KeyPair).from_seed(seed)


@pytest.mark.parametrize("option", OPTIONS)
def test_seed_and_public_key_then_an_empty_line(option: str) -> None:
    seed, public_key, empty = nkey(option).stdout.split("\n", 2)
    pair = restored(seed)
    assert pair.type == OPTIONS[option]
    assert (pair.public_key, empty) == (public_key, "\n")


def test_several_in_the_order_of_nsc() -> None:
    lines = nkey("-xu", "-oa").stdout.splitlines()
    assert [line[:1] for line in lines] == ["S", "O", "", "S", "A", "", "S", "U", "", "S", "X", ""]


def test_json() -> None:
    document = json.loads(nkey("-a", "--cluster", "--json").stdout)
    assert [pair["role"] for pair in document] == ["account", "cluster"]
    for pair in document:
        assert pair.keys() == {"public_key", "role", "seed"}
        assert restored(pair["seed"]).public_key == pair["public_key"]


def test_a_role_is_needed() -> None:
    result = nkey()
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(
        "natsauth: No role is named.\n"
        "hint: there are --operator, --account, --user, --curve, --server, --cluster\n"
    )


def test_no_two_are_the_same() -> None:
    assert nkey("-a").stdout != nkey("-a").stdout


def test_a_stored_seed_is_not_shown(tmp_path: Path) -> None:
    arguments = ["generate", "nkey", "-a", "-x", "--store", "-H", str(tmp_path)]
    result = CliRunner().invoke(commands, arguments, prog_name="natsauth")
    account, curve = result.stdout.split()
    assert result.exit_code == 0
    assert f"[ OK ] account key stored `{tmp_path}/keys/A/" in result.stderr
    store = DirectoryStore(tmp_path, keys=tmp_path)
    for public_key in (account, curve):
        seed = store.seed(public_key)
        assert restored(seed).public_key == public_key
        assert seed not in result.output
    arguments = ["generate", "nkey", "-u", "--store", "--json", "-H", str(tmp_path)]
    [key] = json.loads(CliRunner().invoke(commands, arguments, prog_name="natsauth").stdout)
    assert key["file"] == str(store.key_file(key["public_key"]))
    assert restored(store.seed(key["public_key"])).type == key["role"] == "user"
