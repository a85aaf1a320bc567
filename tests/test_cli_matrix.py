"""``natsauth matrix``: the tables and the JSON; tests/test_cli__matrix_page.py has the page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give two accounts: one with two users, of which one is revoked, and one with none."""
    shop = Workshop(tmp_path)
    shop("add operator o")
    shop("add account a")
    shop("add account b")
    shop("add user -a a alice --allow-pub orders.> --allow-sub news.* --deny-sub news.x")
    shop("add user -a a bob --allow-sub orders.new")
    shop("add revocation -a a -n bob")
    return shop


def test_a_table_of_what_permissions_name(shop: Workshop) -> None:
    result = shop.run("matrix", COLUMNS="100")
    assert result.exit_code == 0
    cells = {
        row[0]: row[1:]
        for line in result.stdout.splitlines()
        if len(row := [cell.strip() for cell in line.strip("|").split("|")]) == 5
    }
    assert cells["User"] == ["news.*", "news.x", "orders.>", "orders.new"]
    assert cells["a/alice"] == ["-s", "--", "P-", "P-"]
    assert cells["a/bob !"] == ["P-", "P-", "P-", "PS"]
    assert "Taken by no server" in result.stdout
    assert "has revoked " in result.stdout
    assert result.stderr.startswith("natsauth: P may publish, S may subscribe, ")


def test_numbers_where_the_subjects_leave_no_room(shop: Workshop) -> None:
    subjects = ",".join(f"a.long.subject.number.{number}" for number in range(12))
    lines = shop.run("matrix", "--subject", subjects, COLUMNS="80").stdout.splitlines()
    assert "| User    | 1  | 2  | 3  | 4  | 5  | 6  | 7  | 8  | 9  | 10 | 11 | 12 |" in lines
    assert "| 12 | a.long.subject.number.11 |" in lines
    assert max(map(len, lines[:6])) <= 80


def test_the_json_has_each_reason_once(shop: Workshop) -> None:
    result = shop.run("matrix -s orders.new,orders.old --json")
    document = json.loads(result.stdout)
    assert result.stderr == ""
    assert document["operator"] == "o"
    assert document["subjects"] == ["orders.new", "orders.old"]
    alice, bob = document["users"]
    assert (alice["account"], alice["name"], alice["refused"]) == ("a", "alice", "")
    assert alice["public_key"] == shop.claims("o", "a", "alice").sub
    assert "has revoked " in bob["refused"]
    first, second = alice["subjects"]
    assert (first["publish"], first["subscribe"]) == ("allow", "deny")
    assert first["publish_reason"] == second["publish_reason"]
    reason = document["reasons"][first["publish_reason"]]
    assert reason["path"] == "$.nats.pub.allow[0]"
    assert reason["rule"] == "orders.>"
    assert "'SUBJECT'" in reason["explanation"]
    assert document["reasons"][first["subscribe_reason"]]["error"] == (
        'Permissions Violation for Subscription to "SUBJECT"'
    )
    assert len(document["reasons"]) == len({json.dumps(r) for r in document["reasons"]})


def test_subjects_of_a_file(shop: Workshop) -> None:
    (file := shop.path / "subjects.txt").write_text("# those that count\n\norders.new\n  a.b \n")
    assert shop.json(f"matrix --subjects-file {file} -s first")["subjects"] == [
        "first", "orders.new", "a.b",
    ]  # fmt: skip
    file.write_text("# none\n")
    assert "There is no subject in" in shop.fails(f"matrix --subjects-file {file}", code=2)
    assert "cannot read" in shop.fails("matrix --subjects-file /none")


def test_accounts_and_operators(shop: Workshop) -> None:
    shop("add user -a b carol")
    assert [u["name"] for u in shop.json("matrix -a b")["users"]] == ["carol"]
    assert shop.json("matrix -a b")["subjects"] == [">"]
    assert [u["name"] for u in shop.json("matrix -a b,a")["users"]] == ["carol", "alice", "bob"]
    shop("add operator p")
    assert shop.json("matrix")["users"] == []
    assert len(shop.json("matrix -o o")["users"]) == 3
    assert "there is no account 'o/none'" in shop.fails("matrix -o o -a none")
    assert "there is no operator 'none'" in shop.fails("matrix -o none")


def test_templates_are_filled_in(shop: Workshop) -> None:
    shop("add", "signing-key", "-a", "b", "--role", "team", "--sk", "generate",
         "--allow-pub", "u.{{name()}}")  # fmt: skip
    shop("add user -a b carol -K team")
    document = shop.json("matrix -a b")
    assert document["subjects"] == ["u.carol"]
    [user] = document["users"]
    reason = document["reasons"][user["subjects"][0]["publish_reason"]]
    assert (reason["rule"], reason["source"]) == ("u.carol", "u.{{name()}}")


def test_queue_groups_and_answers_have_a_mark(shop: Workshop) -> None:
    shop("add", "user", "-a", "b", "carol", "--allow-sub", "jobs workers", "--allow-pub-response")
    result = shop.run("matrix -a b -s jobs,other")
    assert "| b/carol + | -q   | --     |" in result.stdout
    assert "q in a queue group only" in result.stderr
    document = shop.json("matrix -a b -s jobs,other")
    [user] = document["users"]
    assert user["answers"] is True
    marks = [document["reasons"][cell["subscribe_reason"]]["mark"] for cell in user["subjects"]]
    assert marks == ["queue", "deny"]


def test_how_somebody_connects_is_no_matter(shop: Workshop) -> None:
    shop("edit user -a a alice --source-network 10.0.0.0/8 --conn-type MQTT")
    assert shop.json("matrix")["users"][0]["refused"] == ""
    shop("edit user -a a alice --expiry 2020-01-01 --force")
    assert "expired" in shop.json("matrix")["users"][0]["refused"]


def test_a_user_that_cannot_be_read_is_told(shop: Workshop) -> None:
    (shop.store.stores / "o/accounts/a/users/bob.jwt").write_text("garbage")
    result = shop.run("matrix --json")
    assert result.exit_code == 1
    assert [user["name"] for user in json.loads(result.stdout)["users"]] == ["alice"]
    assert "bob.jwt holds no user" in result.stderr


def test_a_page_is_written_once(shop: Workshop) -> None:
    file = shop.path / "page.html"
    [line] = shop(f"matrix --html {file}")
    assert line == "[ OK ] wrote 4 subjects and 2 users to `PLACE/page.html`"
    assert file.read_text().startswith("<!DOCTYPE html>")
    assert "hint: -F replaces it" in shop.fails(f"matrix --html {file}")
    [step] = shop.json(f"matrix --html {file} -F")
    assert (step["users"], step["subjects"], step["file"]) == (2, 4, str(file))
