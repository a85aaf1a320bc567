"""Groups that load their commands late, the options of every command, and mistyped names."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from natsauth.cli._commands import Bare, Command, Entry, Group, Mistake, command
from natsauth.cli._session import Session, session_of
from natsauth.keys import KeyPair
from tests._tokens import USER

HERE = "tests.test_cli__commands"


@command(
    "things", "group list things", "group list things -o a-very-long-name | something-else-long"
)
@click.option("-o", "--own", help="Its own option.")
@click.pass_obj
def things(session: Session, own: str | None) -> None:
    """List things.

    All of them.
    """
    values = vars(session) | {"json": session.output.json, "own": own}
    click.echo(repr({name: value for name, value in values.items() if name != "output"}))


GROUP = Group(
    "group",
    "All of it.",
    {
        "list": Group("list", "Lists.", {"things": Entry(f"{HERE}:things", "List things.")}, "x"),
        "broken": Entry("natsauth.cli.no_such_module:x", "Cannot be loaded."),
    },
    "group list things",
)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(GROUP, arguments, obj=Session(), prog_name="group")


def values(*arguments: str) -> Any:
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return eval(result.stdout, {"PosixPath": Path})  # noqa: S307 - our own repr


NOTHING = {
    "private_key": None,
    "all_dirs": None,
    "config_dir": None,
    "data_dir": None,
    "keystore_dir": None,
    "json": False,
    "own": None,
}


def test_without_options() -> None:
    assert values("list", "things") == NOTHING


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_options_of_every_command_stand_anywhere(place: int) -> None:
    for given, set_ in (
        (["-H", "d"], {"all_dirs": Path("d")}),
        (["--all-dirs", "d"], {"all_dirs": Path("d")}),
        (["--config-dir", "d"], {"config_dir": Path("d")}),
        (["--data-dir", "d"], {"data_dir": Path("d")}),
        (["--keystore-dir", "d"], {"keystore_dir": Path("d")}),
        (["-K", "admin"], {"private_key": "admin"}),
        (["--json"], {"json": True}),
        (["-J"], {"json": True}),
    ):
        words = ["list", "things"]
        words[place:place] = given
        assert values(*words) == NOTHING | set_


def test_a_key_to_sign_with(tmp_path: Path) -> None:
    USER.write(tmp_path / "u.nk")
    found: list[Any] = []

    @command("try", "try")
    @click.pass_context
    def sign(ctx: click.Context) -> None:
        found.append(session_of(ctx).private_key)

    CliRunner().invoke(sign, ["-K", str(tmp_path / "u.nk")])
    assert found == [USER]
    assert isinstance(found[0], KeyPair)


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run("list", "things", "-H", str(tmp_path / "file"))
    assert result.exit_code == 2
    assert "is a file" in result.stderr


@pytest.mark.parametrize("name", ["thing", "things"])
def test_the_singular_will_do(name: str) -> None:
    assert values("list", name, "-o", "x")["own"] == "x"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("show things", "did you mean group list things?"),
        ("show", "did you mean group list?"),
        ("show me", "did you mean group list?"),
    ],
)
def test_an_alias_is_told(words: str, hint: str) -> None:
    entries = {**GROUP.entries}
    group = Group("group", "All.", entries, "group list things", aliases={"show": "list"})
    with pytest.raises(Mistake) as mistake:
        group.main(words.split(), prog_name="group", standalone_mode=False)
    assert mistake.value.hint == hint


def test_underscores_will_do() -> None:
    ctx = click.Context(GROUP)
    group = Group("g", "G.", {"add-user": Entry(f"{HERE}:things", "T.")}, "g")
    assert group.get_command(ctx, "add_user") is things


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["lst"], "There is no command 'lst'.", "did you mean group list?"),
        (["list", "thigns"], "There is no command 'thigns'.", "did you mean group list things?"),
        (["list", "xyzzy"], "There is no command 'xyzzy'.", ""),
    ],
)
def test_a_mistyped_command(words: list[str], message: str, hint: str) -> None:
    with pytest.raises(Mistake) as mistake:
        GROUP.main(words, prog_name="group", standalone_mode=False)
    assert mistake.value.message == message
    assert mistake.value.hint == hint


def test_a_mistyped_option_is_no_command() -> None:
    with pytest.raises(click.NoSuchOption):
        GROUP.main(["--lst"], prog_name="group", standalone_mode=False)


@pytest.mark.parametrize("words", [[], ["--help"]])
def test_help_loads_no_command(words: list[str]) -> None:
    sys.modules.pop("natsauth.cli.no_such_module", None)
    result = run(*words)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "\nCommands:\n  broken  Cannot be loaded.\n  list    Lists.\n" in result.stdout
    assert result.stdout.endswith("\nExamples:\n  group list things\n")


def test_a_group_alone_is_its_help() -> None:
    assert run("list").stdout == run("list", "--help").stdout
    assert run("list", "-J").stdout == run("list").stdout


def test_the_help_of_a_command() -> None:
    text = run("list", "things", "--help").stdout
    own, _, shared = text.partition("\nOptions of every command:\n")
    assert "All of them." in own
    assert "-o, --own TEXT" in own
    assert "--json" not in own
    assert all(name in shared for name in ("-H, --all-dirs", "-K, --private-key", "-J, --json"))
    assert shared.endswith(
        "\nExamples:\n"
        "  group list things\n"
        "  group list things -o a-very-long-name | something-else-long\n"
    )


def test_completion_of_names() -> None:
    ctx = click.Context(GROUP.entries["list"])  # type: ignore[arg-type]
    items = ctx.command.shell_complete(ctx, "th")
    assert [item.value for item in items] == ["things"]


def test_the_decorator_makes_a_command() -> None:
    assert isinstance(things, Command)
    assert things.name == "things"
    assert things.examples[0] == "group list things"


@command("open", "open")
@click.option("-f", "--file", required=True)
def open_(file: str) -> None:
    """Open a file."""
    click.echo(file)


def test_what_stands_where_an_option_belongs() -> None:
    for words, hint in (("a.jwt b", "open -f a.jwt"), ("", None)):
        with pytest.raises(click.UsageError) as mistake:
            open_.main(words.split(), prog_name="open", standalone_mode=False)
        assert mistake.value.format_message().startswith("Missing option '-f' / '--file'")
        assert getattr(mistake.value, "hint", None) == hint


@command("go", "go")
@click.argument("rest", nargs=-1)
@click.option("-f", "--flag/--no-flag", default=None)
@click.option("-p", "--plain", is_flag=True)
@click.option("-n", "--number", type=int)
@click.option("--bare", cls=Bare, bare="1", type=int)
def go(**given: Any) -> None:
    """Take flags as Go does."""
    values = [given[name] for name in sorted(given)]
    click.echo(repr([value for value in values if value not in (None, False, ())]))
    click.echo(repr(given["flag"]))


@pytest.mark.parametrize(
    ("words", "values", "flag"),
    [
        ("--flag=true", "[True]", "True"),
        ("--flag=1", "[True]", "True"),
        ("-f=T", "[True]", "True"),
        ("--flag=false", "[]", "False"),
        ("-f=0", "[]", "False"),
        ("--plain=false", "[]", "None"),
        ("--plain=true", "[True]", "None"),
        ("--no-flag --flag=true", "[True]", "True"),
        ("-n 5 --bare x", "[1, 5, ('x',)]", "None"),
        ("--bare=7 -p", "[7, True]", "None"),
        ("-- --flag=true", "[('--flag=true',)]", "None"),
        ("a --json=false b", "[('a', 'b')]", "None"),
    ],
)
def test_flags_are_spelled_as_in_go(words: str, values: str, flag: str) -> None:
    result = CliRunner().invoke(go, words.split(), obj=Session())
    assert result.output.splitlines() == [values, flag]


@pytest.mark.parametrize("words", ["--flag=perhaps", "--plain=", "--bare=x", "-n --flag=true"])
def test_what_is_no_value_of_a_flag(words: str) -> None:
    assert CliRunner().invoke(go, words.split(), obj=Session()).exit_code == 2
