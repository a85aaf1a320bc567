"""Names out of the store, as the shell completes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

from natsauth.cli.main import commands
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path


def test_names_are_completed(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    for command in ("operator o", "account a", "account b", "operator p", "account c"):
        shop(f"add {command}")

    def completed(line: str) -> list[str]:
        places = f"--config-dir {shop.path} --data-dir {shop.store.stores}"
        words = ["natsauth", *places.split(), *line.split(" ")]
        result = CliRunner().invoke(
            commands,
            [],
            prog_name="natsauth",
            env={
                "_NATSAUTH_COMPLETE": "bash_complete",
                "COMP_WORDS": " ".join(words),
                "COMP_CWORD": str(len(words) - 1),
            },
        )
        assert result.stderr == ""
        return [line.partition(",")[2] for line in result.stdout.split()]

    shop("add user -a c worker")
    shop("add user -a c web")
    assert completed("select operator ") == ["o", "p"]
    assert completed("list users -a ") == ["c"]
    assert completed("list users -o o -a ") == ["a", "b"]
    assert completed("describe account ") == ["c"]
    assert completed("describe user w") == ["web", "worker"]
    assert completed("describe user -a c -n wo") == ["worker"]
    assert completed("delete user web w") == ["web", "worker"]
    assert completed("list users -a x") == []
    assert completed("add account ") == []
    (shop.path / "nsc.json").write_text("{")
    assert completed("select operator ") == []
