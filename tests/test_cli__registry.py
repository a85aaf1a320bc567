"""Every command of the command line: there, described, and with the options that all have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from natsauth.cli._commands import Command, Entry, Group
from natsauth.cli._registry import entries
from natsauth.cli.main import commands

if TYPE_CHECKING:
    from collections.abc import Iterator


def leaves(found: dict[str, Entry | Group], *above: str) -> Iterator[tuple[tuple[str, ...], Entry]]:
    for name, entry in found.items():
        if isinstance(entry, Group):
            yield from leaves(entry.entries, *above, name)
        else:
            yield (*above, name), entry


ALL = dict(leaves(entries()))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_a_command_is_found_and_says_how_it_is_used(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(commands, [*path, "--help"], prog_name="natsauth")
    assert result.exit_code == 0
    assert f"Usage: natsauth {' '.join(path)}" in result.stdout
    examples = result.stdout.partition("\nExamples:\n")[2].splitlines()
    assert examples
    assert all("natsauth " in example for example in examples)
    assert "--json" in result.stdout


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_an_example_is_a_command_line_that_can_be_read(path: tuple[str, ...]) -> None:
    group: click.Command = commands
    for name in path:
        assert isinstance(group, Group)
        found = group.get_command(click.Context(group), name)
        assert found is not None
        group = found
    assert isinstance(group, Command)
    options = {name for param in group.params for name in (*param.opts, *param.secondary_opts)}
    for example in group.examples:
        own = example.rpartition(f"natsauth {' '.join(path)}")[2].partition(" > ")[0]
        words = {word.partition("=")[0] for word in own.split() if word.startswith("--")}
        assert words <= options, example


def test_groups_and_summaries() -> None:
    assert all(entry.summary.endswith(".") for entry in ALL.values())
    for name, entry in entries().items():
        if isinstance(entry, Group):
            assert entry.summary, name
            assert entry.examples, name


def test_what_a_replacement_of_nsc_has() -> None:
    names = {" ".join(path) for path in ALL}
    nouns = ("operator", "account", "user")
    assert names >= {
        *(f"{verb} {noun}" for verb in ("add", "edit", "describe", "delete") for noun in nouns),
        *(f"list {noun}s" for noun in nouns),
        *("list keys", "import keys", "export keys", "env", "rename account", "reissue operator"),
        *("select operator", "select account", "edit signing-key", "generate nkey"),
    }
