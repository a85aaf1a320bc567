"""How tokens of the store are shown."""

from __future__ import annotations

import json
from stat import S_IMODE
from typing import TYPE_CHECKING

import pytest

from tests._workshop import Workshop, expected

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = "describe account my_account"


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give the store of nsc."""
    return Workshop(tmp_path, copy=True)


def test_one_field(shop: Workshop) -> None:
    [key] = shop.body("my_operator", "my_account").signing_keys
    assert shop.run(f"{ACCOUNT} -F nats.signing_keys[0]").stdout == f'"{key}"\n'
    assert shop.run(f"{ACCOUNT} --field nats.info_url").stdout == "null\n"
    assert "hint: did you mean sub?" in shop.fails(f"{ACCOUNT} --field subb")
    assert shop.json(f"{ACCOUNT} --field nats.signing_keys") == [key]
    assert "is no path to a field" in shop.fails(f"{ACCOUNT} --field a..b")


def test_one_field_without_quotes(shop: Workshop) -> None:
    [key] = shop.body("my_operator", "my_account").signing_keys
    assert shop.run(f"{ACCOUNT} -F nats.signing_keys[0] -R").stdout == f"{key}\n"
    assert shop.json(f"{ACCOUNT} --field sub --raw") == shop.claims("my_operator", "my_account").sub
    assert "does not have that field" in shop.fails(f"{ACCOUNT} --field nats.info_url --raw")


def test_the_token_itself(shop: Workshop) -> None:
    token = shop.store.read("my_operator", "my_account")
    assert shop.run(f"{ACCOUNT} --raw").stdout.strip() == token
    assert shop.json(f"{ACCOUNT} --raw") == token


def test_to_a_file_that_only_its_owner_reads(shop: Workshop) -> None:
    file = shop.path / "out"
    assert shop(*ACCOUNT.split(), "--raw", "-o", file) == ["[ OK ] wrote account to `PLACE/out`"]
    lines = file.read_text().splitlines()
    assert lines[0] == "-----BEGIN NATS ACCOUNT JWT-----"
    assert lines[1] == shop.store.read("my_operator", "my_account")
    assert S_IMODE(file.stat().st_mode) == 0o600
    said = shop.fails(*ACCOUNT.split(), "-o", file)
    assert "File exists\nhint: choose another file, or delete that one" in said


def test_to_a_file_as_json(shop: Workshop) -> None:
    file = shop.path / "out"
    report = shop.json(*ACCOUNT.split(), "-o", file)
    assert report[0]["file"] == str(file)
    assert f"{file.read_text()}\n" == expected("describe-account-my_account.json")


def test_two_dashes_are_the_screen(shop: Workshop) -> None:
    result = shop.run(f"{ACCOUNT} --json -o --")
    assert result.stdout == expected("describe-account-my_account.json")


def test_names_or_keys_of_accounts(shop: Workshop) -> None:
    account = next(
        name
        for name in shop.store.names("my_operator")
        if json.loads(shop.run(f"describe account {name} --json").stdout)["nats"].get("imports")
    )
    key = shop.body("my_operator", account).imports[0].account
    name = next(
        name
        for name in shop.store.names("my_operator")
        if shop.claims("my_operator", name).sub == key
    )
    imports = shop.run(f"describe account {account}").stdout.partition("Imports")[2]
    assert f" {name} " in imports
    assert key not in imports
    assert key in shop.run(f"describe account {account} --long-ids").stdout
