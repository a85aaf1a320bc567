"""``natsauth graph``; tests/test_cli__graph_*.py have the pictures."""

from __future__ import annotations

import json
import os
from stat import S_IMODE
from typing import TYPE_CHECKING

import pytest

from tests._pictures import sample
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give a store in which accounts share."""
    shop = Workshop(tmp_path)
    sample(shop.store)
    return shop


def test_mermaid_is_shown(shop: Workshop) -> None:
    result = shop.run("graph")
    assert result.exit_code == 0
    assert result.stdout.startswith("flowchart LR\nsubgraph ")
    assert result.stderr == ""
    assert shop.run("graph --format mermaid").stdout == result.stdout
    assert shop.run("graph --format svg").stdout.startswith("<svg ")
    assert shop.run("graph --format html").stdout.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.svg", "<svg "), ("a.SVG", "<svg "), ("a.html", "<!DOCTYPE"), ("a.htm", "<!DOCTYPE"),
        ("a.mmd", "flowchart LR"),
    ],
)  # fmt: skip
def test_the_name_of_the_file_says_what_is_in_it(shop: Workshop, name: str, start: str) -> None:
    [line] = shop("graph", "--output-file", shop.path / name)
    said = "wrote 5 accounts and 4 arrows, 1 of them broken, to"
    assert line == f"[ OK ] {said} `PLACE/{name}`"
    assert (shop.path / name).read_text("utf-8").startswith(start)


def test_a_file_is_written_once(shop: Workshop) -> None:
    file = shop.path / "store.svg"
    [step] = shop.json("graph", "--output-file", file)
    assert (step["accounts"], step["arrows"], step["broken"]) == (5, 4, 1)
    assert step["file"] == str(file)
    before = file.read_bytes()
    assert "hint: -F replaces it" in shop.fails("graph", "--output-file", file)
    shop("graph", "--output-file", file, "-F")
    assert file.read_bytes() == before


def test_without_a_broken_import_none_is_told(shop: Workshop) -> None:
    [line] = shop("graph", "-a", "alone", "--output-file", shop.path / "alone.svg")
    assert line == "[ OK ] wrote 1 account and 0 arrows to `PLACE/alone.svg`"


@pytest.mark.skipif(os.name == "nt", reason="there are no modes")
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o027, 0o640)])
def test_others_may_read_a_picture_unless_the_umask_says_no(
    shop: Workshop, mask: int, mode: int
) -> None:
    file = shop.path / "store.svg"
    before = os.umask(mask)
    try:
        shop("graph", "--output-file", file)
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert S_IMODE(file.stat().st_mode) == mode


def test_what_is_to_be_in_a_file_has_to_be_known(shop: Workshop) -> None:
    said = shop.fails("graph --output-file store.png", code=2)
    assert "What is to be in 'store.png'?" in said
    assert "hint: --format says so, or an ending: .htm, .html, .mmd, .svg" in said
    shop("graph", "--output-file", shop.path / "store.md", "--format", "mermaid")
    assert (shop.path / "store.md").read_text() == shop.run("graph").stdout


def test_the_json_has_all_of_it(shop: Workshop) -> None:
    document = shop.json("graph")
    assert document["name"] == "o"
    assert document["public_key"] == shop.claims("o").sub
    accounts = {account["name"]: account for account in document["accounts"]}
    [ann] = next(key["users"] for key in accounts["seller"]["keys"] if key["role"] == "clerk")
    assert (ann["name"], ann["standing"]["state"]) == ("ann", "soon")
    assert {row["account"] for row in accounts["buyer"]["imports"]} >= {"seller"}


def test_some_accounts_and_a_moment(shop: Workshop) -> None:
    document = shop.json("graph -a alone,SYS")
    assert [account["name"] for account in document["accounts"]] == ["alone", "SYS"]
    assert "there is no account 'o/none'" in shop.fails("graph -a none")
    assert "there is no operator 'none'" in shop.fails("graph -o none")
    [key, _] = shop.json("graph -a seller --at 1y")["accounts"][0]["keys"]
    assert {user["standing"]["state"] for user in key["users"]} == {"expired"}


def test_what_cannot_be_read_is_told_and_drawn(shop: Workshop) -> None:
    (shop.store.stores / "o/accounts/buyer/users/eve.jwt").write_text("garbage")
    result = shop.run("graph --json")
    assert result.exit_code == 0
    assert "[WARN] " in result.stderr
    assert "eve.jwt holds no user" in result.stderr
    [account] = [a for a in json.loads(result.stdout)["accounts"] if a["name"] == "buyer"]
    [eve] = [u for key in account["keys"] for u in key["users"] if u["name"] == "eve"]
    assert eve["standing"]["state"] == "unreadable"


def test_what_mermaid_does_not_draw_is_told(shop: Workshop) -> None:
    from natsauth.authority import Authority
    from natsauth.claims import Import

    authority = Authority(shop.store)
    accounts = authority.operators["o"].accounts
    with authority.transaction():
        for number in range(501):
            accounts["alone"].add_import(
                Import(
                    subject=f"api.{number}", account=accounts["seller"].public_key, type="service"
                )
            )
    result = shop.run("graph")
    assert result.stderr == (
        "natsauth: Mermaid does not draw this as it is: 505 arrows, and its maxEdges is 500\n"
        "hint: -a draws some accounts alone; --format html or svg has no such bound\n"
    )
    assert shop.run("graph --format svg").stderr == ""


def test_operators_and_accounts_say_that_they_can_be_drawn(shop: Workshop) -> None:
    said = "natsauth: natsauth graph draws its accounts, and what they share\n"
    assert shop.run("describe operator").stderr == said
    said = "natsauth: natsauth graph -a seller draws what it shares, and its users\n"
    assert shop.run("describe account seller").stderr == said
    for option in ("--json", "--raw", "--field=sub", f"-o {shop.path / 'out'} --raw"):
        assert "graph" not in shop.run(f"describe account seller {option}").stderr
    assert shop.run("describe user -a seller ann").stderr == ""
    file = shop.store.token_file("o", "seller")
    assert "graph -a seller draws" in shop.run(f"inspect {file}").stderr
    assert shop.run(f"inspect {file} --json").stderr == ""
