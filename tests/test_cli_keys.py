"""``natsauth list keys``, ``import keys`` and ``export keys``."""

from __future__ import annotations

import json
import os
import re
from base64 import b64decode
from stat import S_IMODE
from typing import TYPE_CHECKING

import pytest

from natsauth.keys import KeyPair, KeyType
from tests._workshop import Workshop, expected

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give the store of nsc, whose current account is ``callout``."""
    return Workshop(tmp_path, copy=True)


@pytest.fixture
def other() -> KeyPair:
    """Give a key that no entry has."""
    return KeyPair.generate(KeyType.ACCOUNT)


def keys(shop: Workshop, *words: str) -> list[str]:
    return [item["pub"] for item in shop.json("list", "keys", *words)]


def entities(shop: Workshop, *words: str) -> list[str]:
    return [item["name"] for item in shop.json("list", "keys", *words)]


def test_the_tables_equal_those_of_nsc(shop: Workshop) -> None:
    assert shop.run("list keys --all").stdout == expected("list-keys.txt")
    shown = shop.run("list keys --all --show-seeds").stdout
    assert shown == expected("list-keys-show-seeds.txt")


def test_without_options_it_is_about_the_current_account(shop: Workshop) -> None:
    assert entities(shop) == ["my_operator"] * 2 + ["callout"] * 3 + ["authsvc"]
    shop("select account orders")
    assert entities(shop) == ["my_operator"] * 2 + ["orders"] * 2 + ["dave"]


@pytest.mark.parametrize(
    ("words", "count", "letters"),
    [
        ("-o", 2, "O"),
        ("-a", 12, "A"),
        ("--users", 6, "U"),
        ("-x", 1, "X"),
        ("--operator --curve", 3, "OX"),
        ("-A", 21, "OAUX"),
        ("--account billing", 7, "OAU"),
        ("--account billing --user carol -u", 1, "U"),
        ("-A --filter cdvi", 1, "X"),
    ],
)
def test_which_keys_are_listed(shop: Workshop, words: str, count: int, letters: str) -> None:
    found = keys(shop, *words.split())
    assert len(found) == count
    assert {key[0] for key in found} == {*letters}


def test_a_seed_that_is_lacking_or_bad_is_marked(shop: Workshop) -> None:
    missing, bad = keys(shop, "--account", "orders", "-a")
    shop.store.key_file(missing).unlink()
    shop.store.key_file(bad).write_text(KeyPair.generate(KeyType.ACCOUNT).reveal_seed())
    table = shop.run("list keys --account orders -a").stdout
    assert f"|  orders | {missing} |             |        |" in table
    assert f"|  orders | {bad} | *           | BAD    |" in table
    seeds = shop.run("list keys --account orders -a --show-seeds").stdout
    assert f"{missing} [!]" in seeds
    assert f"{bad} [ERR]" in seeds
    first, second = shop.json("list keys --account orders -a --show-seeds")
    assert (first["key_path"], first["invalid"]) == ("", False)
    assert (bool(second["key_path"]), second["invalid"]) == (True, True)
    assert "seed" not in first | second


def test_json_as_nsc_has_it(shop: Workshop) -> None:
    identity, signing, curve = shop.json("list", "keys", "-a", "-x", "--account", "callout")
    account = shop.claims("my_operator", "callout")
    assert b64decode(identity.pop("jwt")).decode() == shop.store.read("my_operator", "callout")
    assert identity == {
        "curve": False,
        "expected_kind": "account",
        "invalid": False,
        "key_path": str(shop.store.key_file(account.sub)),
        "name": "callout",
        "parent": shop.claims("my_operator").sub,
        "pub": account.sub,
        "signing": False,
    }
    assert (signing["signing"], signing["pub"]) == (True, account.nats.signing_keys[0])
    assert (curve["curve"], curve["expected_kind"]) == (True, "curve")


def test_seeds_are_shown_only_when_asked_for(shop: Workshop) -> None:
    seeds = [shop.store.seed(key) for key in shop.store.public_keys()]
    for words in ("list keys -A", "list keys -A --json"):
        output = shop.run(words).output
        assert not [seed for seed in seeds if seed in output]
    shown = {item["seed"] for item in shop.json("list keys -A --show-seeds")}
    assert shown == {*seeds}


def test_keys_that_nobody_has(shop: Workshop, other: KeyPair) -> None:
    shop.store.add_seed(other.reveal_seed())
    result = shop.run("list keys --not-referenced")
    assert f"| ?      | {other.public_key} |             | *      |" in result.stdout
    assert "[ ? ] unreferenced key" in result.stdout
    assert keys(shop, "--not-referenced", "--operator") == []
    assert "exclude" in shop.fails("list keys --not-referenced --show-seeds", code=2)


def test_nothing_found(shop: Workshop) -> None:
    result = shop.run("list keys -f 0")
    assert (result.exit_code, result.stdout.strip()) == (0, "")
    assert "no key is like that" in result.stderr
    assert "no key is like that" in shop.fails(f"export keys -f 0 -d {shop.path}")
    assert "there is no user 'none'" in shop.fails("list keys --user none")


@pytest.mark.parametrize("command", ["list keys", "export keys --dir backup", "list keys --all"])
def test_an_empty_part_of_a_key_is_refused(shop: Workshop, command: str) -> None:
    said = shop.fails(*command.split(), "--filter", "", code=2)
    assert "it is empty, which every key has in it" in said


def test_an_account_that_cannot_be_read_hides_no_other(shop: Workshop) -> None:
    shop.store.token_file("my_operator", "orders").write_text("")
    result = shop.run("list keys -a")
    assert result.exit_code == 1
    assert len(re.findall(r"^\|  \w", result.stdout, re.MULTILINE)) == 10
    assert "orders.jwt" in result.stderr


def test_a_token_of_another_kind_hides_no_other(shop: Workshop) -> None:
    user, account = ("my_operator", "my_account", "alice"), ("my_operator", "orders")
    swapped = shop.store.read(*user), shop.store.read(*account)
    for path, token in zip((account, user), swapped, strict=True):
        shop.store.write(token, *path)
    for command in ("list keys -A", f"export keys -A --dir {shop.path / 'there'}"):
        result = shop.run(command)
        assert shop.claims("my_operator", "my_account").sub in result.output
        for path, kind in ((account, "account"), (user, "user")):
            [line] = [one for one in result.stderr.splitlines() if shop.store.where(*path) in one]
            assert line.startswith("[ERR ] ")
            assert f"{kind.title()}Claims" in line


def test_directories_for_seeds_are_for_their_owner_alone(shop: Workshop) -> None:
    umask = os.umask(0)
    try:
        shop(f"export keys -A --dir {shop.path / 'x' / 'y'}")
    finally:
        os.umask(umask)
    assert {S_IMODE((shop.path / name).stat().st_mode) for name in ("x", "x/y")} == {0o700}


def test_export_and_import_go_round(shop: Workshop, tmp_path: Path) -> None:
    place = tmp_path / "backup" / "deep"
    lines = shop("export", "keys", "--all", "--include-jwts", "--dir", place)
    assert lines[0] == '[ OK ] exported "O..."'
    assert lines[21] == '[ OK ] exported "O....jwt (my_operator)"'
    assert len(lines) == 21 + 12
    assert {S_IMODE(file.stat().st_mode) for file in place.iterdir()} == {0o600}
    key = shop.claims("my_operator", "orders").sub
    assert (place / f"{key}.jwt").read_text() == shop.store.read("my_operator", "orders")

    (tmp_path / "new").mkdir()
    new = Workshop(tmp_path / "new")
    assert "no nkey (.nk) files found" in new.fails("import", "keys", "-d", str(place.parent))
    assert len(new("import", "keys", "-R", "-d", place.parent)) == 21
    assert new.store.public_keys() == shop.store.public_keys()
    again = new("import", "keys", "-d", place)
    assert len(again) == 21
    assert {line.partition(" is ")[2] for line in again} == {"in the keystore already"}


def test_files_that_exist_are_kept_without_force(shop: Workshop, tmp_path: Path) -> None:
    place = tmp_path / "backup"
    shop("export", "keys", "-o", "-d", place)
    said = shop.fails("export", "keys", "-o", "-d", place)
    assert said.count("File exists (hint: -F replaces it)\n") == 2
    shop("export", "keys", "-o", "-d", place, "--force")


def test_a_token_that_is_there_is_kept_without_force(shop: Workshop, tmp_path: Path) -> None:
    place = tmp_path / "backup"
    words = ("export", "keys", "-o", "--include-jwts", "-d", place)
    shop(*words)
    for file in place.glob("*.nk"):
        file.unlink()
    assert shop.run(*words, "--dry-run").exit_code == 0
    result = shop.run(*words)
    assert result.exit_code == 1
    assert ".jwt" in result.stderr.partition("[ERR ]")[2]


def test_an_import_can_be_tried(shop: Workshop, tmp_path: Path, other: KeyPair) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.nk").write_text(other.reveal_seed())
    before = shop.files()
    assert shop.run("import", "keys", "-d", tmp_path / "in", "--dry-run").exit_code == 0
    assert shop.files() == before


def test_seeds_can_be_moved_out(shop: Workshop, tmp_path: Path) -> None:
    [key] = keys(shop, "-x")
    words = ("export", "keys", "--curves", "--remove", "-d", tmp_path / "backup")
    before = shop.files()
    assert shop.run(*words, "--dry-run").exit_code == 0
    assert shop.files() == before
    assert shop(*words) == ['[ OK ] moved "X..."']
    assert key not in shop.store.public_keys()
    assert shop(*words) == ['[WARN] skipped "X..." - no seed available']


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_seeds_are_not_moved_onto_themselves(
    shop: Workshop, tmp_path: Path, more: list[str]
) -> None:
    [key] = keys(shop, "-x")
    (tmp_path / "link").symlink_to(shop.store.key_file(key).parent)
    before = shop.files()
    words = ("export", "keys", "--curves", "--remove", "--force", "-d", tmp_path / "link")
    assert "is the key ring's own file" in shop.fails(*words, *more)
    assert shop.files() == before


def test_files_that_hold_no_seed_are_told_apart(
    shop: Workshop, tmp_path: Path, other: KeyPair
) -> None:
    place = tmp_path / "in"
    place.mkdir()
    (place / "a.nk").write_text(other.public_key)
    (place / "b.nk").write_text("nothing")
    (place / "c.nk").write_text(f"{other.reveal_seed()}\n")
    (place / "d.txt").write_text("something else")
    result = shop.run("import", "keys", "--dir", place, "--json")
    assert result.exit_code == 1
    first, second, third = json.loads(result.stdout)
    assert first["message"].endswith("a.nk`: it holds a public key, not its seed")
    assert "b.nk" in second["message"]
    assert (third["status"], third["public_key"]) == ("ok", other.public_key)
    assert other.reveal_seed() not in result.output
    assert shop.store.seed(other.public_key) == other.reveal_seed()
