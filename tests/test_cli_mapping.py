"""``natsauth add mapping`` and the other commands about mappings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give nsc's own store, in which ``billing`` maps ``a.*`` to two subjects."""
    return Workshop(tmp_path, copy=True)


def targets(shop: Workshop, subject: str) -> list[tuple[str, int, str]]:
    mappings = shop.body("my_operator", "billing").mappings or {}
    return [(target.subject, target.weight, target.cluster) for target in mappings[subject]]


def test_a_cluster_has_targets_of_its_own(shop: Workshop) -> None:
    shop("add mapping -a billing --from x --to y --weight 50% --cluster east")
    shop("add mapping -a billing --from x --to y")
    assert targets(shop, "x") == [("y", 50, "east"), ("y", 0, "")]
    lines = shop.run("delete mapping -a billing --from x --cluster east").output
    assert "deleted all mapping for x in cluster east" in lines
    assert targets(shop, "x") == [("y", 0, "")]


def test_mappings_are_listed(shop: Workshop) -> None:
    assert shop.json("list mappings -a billing") == {
        "a.*": [{"subject": "b.$1", "weight": 60}, {"subject": "c.$1", "weight": 40}]
    }
    assert "| a.*  | b.$1 | 60         |" in shop.run("list mappings -a billing").stdout
    assert shop.json("list mappings -a orders") == {}
    assert "No entries defined" in shop.run("list mappings -a orders").stdout


def test_a_dry_run_changes_nothing(shop: Workshop) -> None:
    before = shop.files()
    assert "dry run" in shop.run("add mapping -a billing -f x -t y --dry-run").output
    assert "dry run" in shop.run("delete mapping -a billing -f a.* --dry-run").output
    assert shop.files() == before


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("add mapping -a billing --from x", 2, "--to"),
        ("add mapping -a billing --to x", 2, "--from"),
        ("add mapping -a billing -f x -t y --weight 101", 2, "a percentage from 1 to 100"),
        ("add mapping -a billing -f a.* -t d.$1 --weight 1", 1, "more than 100 percent"),
        ("delete mapping -a billing -f gone", 1, "natsauth list mappings -a billing"),
        ("delete mapping -a billing -f a.* -t gone", 1, "has no mapping a.* -> gone"),
    ],
)
def test_what_is_wrong_is_told(shop: Workshop, command: str, code: int, message: str) -> None:
    assert message in shop.fails(command, code=code)
