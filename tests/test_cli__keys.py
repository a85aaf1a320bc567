"""Keys as options give them: public, as a seed, in a file, new, or by a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from natsauth.cli._commands import command
from natsauth.cli._keys import generated, key
from natsauth.keys import KeyPair, KeyType, PublicKey
from natsauth.xkeys import CurveKeyPair
from tests._tokens import ACCOUNT, CURVE, OPERATOR, USER

if TYPE_CHECKING:
    from pathlib import Path

read = key()


def test_a_public_key() -> None:
    assert read(ACCOUNT.public_key) == PublicKey.parse(ACCOUNT.public_key)
    assert isinstance(read(CURVE.public_key), PublicKey)


@pytest.mark.parametrize("pair", [ACCOUNT, OPERATOR, USER, CURVE])
def test_a_seed(pair: KeyPair | CurveKeyPair) -> None:
    found = read(pair.reveal_seed())
    assert type(found) is type(pair)
    assert found == pair


@pytest.mark.parametrize("ending", ["", "\n"])
def test_a_file(ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.nk").write_text(ACCOUNT.reveal_seed() + ending)
    (tmp_path / "public.nk").write_text(USER.public_key + ending)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read(str(tmp_path / "a.nk")) == ACCOUNT
    assert read("~/a.nk") == ACCOUNT
    assert read(str(tmp_path / "public.nk")) == USER.public


def test_a_file_with_something_else(tmp_path: Path) -> None:
    (tmp_path / "a.nk").write_bytes(b"\xff\x00")
    with pytest.raises(click.BadParameter, match="holds neither a seed nor a public key alone"):
        read(str(tmp_path / "a.nk"))
    (tmp_path / "a.nk").write_text("A" * 5_000)
    with pytest.raises(click.BadParameter, match="more than 4096 bytes"):
        read(str(tmp_path / "a.nk"))


@pytest.mark.parametrize("role", [*KeyType])
def test_a_new_pair(role: KeyType) -> None:
    made = key(role, generate=True)("generate")
    assert isinstance(made, KeyPair | CurveKeyPair)
    assert made.type is role
    assert generated(role).public_key != made.public_key


def test_the_role_must_fit() -> None:
    fitting = key("account", "operator")
    assert fitting(ACCOUNT.public_key) == ACCOUNT.public
    assert fitting(OPERATOR.reveal_seed()) == OPERATOR
    for text in (USER.public_key, USER.reveal_seed()):
        with pytest.raises(click.BadParameter) as refused:
            fitting(text)
        assert refused.value.message == "expected a key of role account or operator, got user"


def test_a_hint_of_its_own() -> None:
    with pytest.raises(click.BadParameter) as refused:
        key("account", hint="look there")("my_account")
    assert vars(refused.value)["hint"] == "look there"


def test_a_word() -> None:
    assert key(word="role")("admin") == "admin"
    for text in ("a/b", "a\\b", "x" * 40):
        with pytest.raises(click.BadParameter, match="a role, got"):
            key(word="role")(text)


@pytest.mark.parametrize("text", ["", "generate", "admin", "/no/such/file", "\0", "x" * 5_000])
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(click.BadParameter) as refused:
        read(text)
    expected = "expected a public key, a seed, or the name of a file with one, got "
    assert refused.value.message.startswith(expected)
    assert len(refused.value.message) < 120


def test_a_damaged_seed_is_not_repeated() -> None:
    seed = USER.reveal_seed()
    for damaged in (seed[:-1], seed.lower(), f"{seed[:30]}0{seed[31:]}", seed + "A"):
        with pytest.raises(click.BadParameter) as refused:
            key("user", generate=True, word="role")(damaged)
        assert refused.value.message.endswith("a role, or generate, got something else")


def invoke(*arguments: str) -> Any:
    @command("try", "natsauth try")
    @click.option("--sk", type=key())
    def run(sk: object) -> None:
        click.echo(repr(sk))

    return CliRunner().invoke(run, arguments)


def test_a_seed_on_the_command_line_is_warned_of(tmp_path: Path) -> None:
    result = invoke("--sk", USER.reveal_seed())
    assert result.stdout == f"{USER!r}\n"
    assert result.stderr == (
        "natsauth: a seed on the command line stays in the history of the shell\n"
        "hint: give the name of a file that holds it\n"
    )
    USER.write(tmp_path / "u.nk")
    for harmless in (str(tmp_path / "u.nk"), USER.public_key):
        assert invoke("--sk", harmless).stderr == ""
    assert "KEY" in invoke("--help").stdout


def test_a_file_that_is_not_there_is_no_word() -> None:
    with pytest.raises(click.BadParameter, match=r"there is no file 'nofile\.nk'"):
        key(word="role")("nofile.nk")
