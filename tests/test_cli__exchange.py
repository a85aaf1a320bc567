"""Exports, imports and the like: natsauth does and says what nsc did and said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests._vectors import records
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "record", records("commands.jsonl"), ids=lambda record: record["commands"][-1]
)
def test_a_command_says_and_does_what_that_of_nsc_does(
    record: dict[str, Any], tmp_path: Path
) -> None:
    shop = Workshop(tmp_path, copy=True)
    for command in record["commands"]:
        result = shop.run(*command.replace("PLACE", str(tmp_path)).split())
        assert result.exit_code == 0, result.output
    said = result.output.replace(str(tmp_path), "PLACE").splitlines()
    ours = ("natsauth: ", "[WARN] issued later, and not refused: ")  # what nsc does not say
    report = [line for line in said if line.strip() and not line.startswith(ours)]
    assert report == record["report"]
    body = json.loads(shop.claims("my_operator", record["account"]).to_json())["nats"]
    for item in body.get("imports", ()):
        if "token" in item:  # signed just now
            item["token"] = "TOKEN"
    assert body == record["nats"]
