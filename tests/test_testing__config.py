"""The configuration of a sandbox's servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from natsauth.errors import ConfigError
from natsauth.testing import Sandbox
from natsauth.testing._config import lines_of, server_config, with_jetstream

if TYPE_CHECKING:
    from pathlib import Path


def test_jetstream_is_below_the_directory_of_the_server() -> None:
    assert with_jetstream(jetstream=False, config="x: 1") == "x: 1"
    first, own = with_jetstream(jetstream=True, config="x: 1").split("\n")
    assert first.startswith('jetstream: {"store_dir": "./jetstream", ')
    assert own == "x: 1"
    assert '"domain": "\N{LATIN SMALL LETTER E WITH ACUTE}"' in with_jetstream("é", "")


def test_every_account_is_there_before_the_server(tmp_path: Path) -> None:
    operator = Sandbox().operator
    text = server_config(operator, tmp_path / "n1", "max_payload: 1024")
    assert text.startswith(f"operator: {operator.token.encoded}\n")
    assert text.endswith("max_payload: 1024\n")
    stored = {file.stem: file.read_text() for file in (tmp_path / "n1" / "jwt").iterdir()}
    assert stored == {a.public_key: a.token.encoded for a in operator.accounts.values()}


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("on line 4: 'x'", "at line 1 of config: 'x'"),
        ("on line 5: 'x'", "at line 2 of config: 'x'"),
        ("on line 6: 'x'", "at the end of config: 'x'"),
        ("on line 2: 'x'", "on line 2: 'x'"),
        ("{directory}/n1/server.conf:5:7: unknown field", "line 2 of config: unknown field"),
        ("{directory}/n1/server.conf:2:7: no", "{directory}/n1/server.conf:2:7: no"),
    ],
)
def test_a_mistake_is_told_with_the_line_of_config(tmp_path: Path, said: str, shown: str) -> None:
    said, shown = said.format(directory=tmp_path), shown.format(directory=tmp_path)
    config = "a: 1\nb: 2"
    with (
        pytest.raises(ConfigError) as caught,
        lines_of(config, f"one\ntwo\n{config}\n", tmp_path),
    ):
        raise ConfigError(said, hint="h")
    assert caught.value.args[0] == shown
    assert caught.value.hint == "h"
