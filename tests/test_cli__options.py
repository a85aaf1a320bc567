"""Options that several commands have."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner

from natsauth.claims import Operator, UserClaims
from natsauth.cli._commands import command
from natsauth.cli._options import (
    edit_lifetime,
    edit_list,
    edit_tags,
    moment_text,
    name_if_any,
    name_of,
    names,
    options,
    require_any,
    tags,
)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def edit(said: list[str]) -> Any:
    return SimpleNamespace(did=said.append, warn=lambda message: said.append(f"warn: {message}"))


def test_options_keep_their_order() -> None:
    @command("x", "x")
    @options(click.option("--a"), click.option("--b"), tags)
    def run(**_given: Any) -> None: ...

    assert [param.name for param in run.params][:3] == ["a", "b", "tag"]


def test_a_lifetime(edit: Any, said: list[str]) -> None:
    claims = UserClaims(exp=5)
    edit_lifetime(edit, claims)
    assert (claims.exp, said) == (5, [])
    edit_lifetime(edit, claims, start=1, expiry=32503680000)
    assert (claims.nbf, claims.exp) == (1, 32503680000)
    edit_lifetime(edit, claims, start=0, expiry=0)
    assert (claims.nbf, claims.exp) == (0, 0)
    assert said[0].startswith("changed jwt valid start to 1970-01-01 00:00:01 UTC - ")
    assert said[1].startswith("changed jwt expiry to 3000-01-01 00:00:00 UTC - in ")
    assert said[2:] == [
        "changed jwt start to not have a start date",
        "changed jwt expiry to never expire",
    ]


def test_moments() -> None:
    now = int(datetime.now(UTC).timestamp())
    assert moment_text(0) == "none"
    assert moment_text(now + 3700).endswith(" UTC - in 1 hour")
    assert moment_text(now - 3700).endswith(" UTC - 1 hour ago")


def test_tags_are_lower_case_and_sorted(edit: Any, said: list[str]) -> None:
    body = Operator(tags=["m"])
    edit_tags(edit, body, ["Z", "a", "A"], [])
    assert body.tags == ["a", "m", "z"]
    edit_tags(edit, body, [], ["A", "M", "z", "none"])
    assert body.tags is None
    assert said == [
        *['added tag "z"', 'added tag "a"'],
        *['removed tag "a"', 'removed tag "m"', 'removed tag "z"', 'warn: there is no tag "none"'],
    ]


def test_a_list_that_stays_is_left_alone(edit: Any, said: list[str]) -> None:
    present = ["b", "a"]
    assert edit_list(edit, "x", present, ["a"], ["c"], missed=False) is present
    assert said == []
    assert edit_list(edit, "x", None, [], ["c"]) is None
    assert said == ["warn: there is no x c"]
    assert edit_list(edit, "x", present, ["0"], [], ordered=False) == ["b", "a", "0"]
    assert edit_list(edit, "x", present, ["0"], []) == ["0", "a", "b"]
    assert present == ["b", "a"]


def named(*words: str) -> Any:
    @command("x", "x")
    @names
    def run(name: str | None, option: str | None) -> None:
        click.echo(f"{name_if_any(name, option)} {name_of(name, option, 'thing')}")

    return CliRunner().invoke(run, words)


@pytest.mark.parametrize("words", ["a", "-n a", "--name a", "a --name=a"])
def test_a_name_is_given_in_one_way_or_the_other(words: str) -> None:
    assert named(*words.split()).output == "a a\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [("", "Which thing?"), ("a -n b", "Two names are given"), ("-n a -n b", "Two names")],
)
def test_a_name_that_is_none_or_two(words: str, message: str) -> None:
    result = named(*words.split())
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({}, True),
        ({"a": None, "b": []}, True),
        ({"a": None, "b": ["x"]}, False),
        ({"a": 0}, False),
        ({"a": ""}, False),
        ({"a": False}, False),
    ],
)
def test_an_edit_takes_an_option(given: dict[str, Any], *, refused: bool) -> None:
    @command("x", "x")
    def run() -> None:
        require_any(given)

    result = CliRunner().invoke(run)
    assert (result.exit_code == 2) is refused
    assert ("There is nothing to edit." in result.output) is refused
