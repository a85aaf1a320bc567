"""``natsauth push``, as far as it needs no server; see tests/live/test_cli_push.py."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from natsauth.keys import KeyPair, KeyType
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = "-u nats://127.0.0.1:1"


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give an operator with a system account and the accounts ``a`` and ``b``."""
    shop = Workshop(tmp_path)
    shop("add operator o --sys --generate-signing-key")
    shop("add account a")
    shop("add account b")
    return shop


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("-A -a a", "--all and --account exclude each other."),
        ("--diff --prune", "--diff and --prune exclude each other."),
        ("--diff -R a", "--diff and --account-removal exclude each other."),
        ("-A -P -R a", "--prune and --account-removal exclude each other."),
        ("-D -P -R a", "--diff and --prune and --account-removal exclude each other."),
    ],
)
def test_what_excludes_each_other(shop: Workshop, options: str, said: str) -> None:
    stderr = shop.fails(f"push {options} {NOWHERE}", code=2)
    assert stderr.splitlines()[0] == "Usage: natsauth push [OPTIONS]"
    assert said in stderr


@pytest.mark.parametrize(
    "options",
    ["", "-A", "-a a", "-A -D", "-A -P", "-A -R a", "-a a -D", "-P", "-P --dry-run", "-D --dry-run",
     "-R a --dry-run", "-A --dry-run", "-A -F --confirm", f"-R {'A' * 56}", "-P --allow-all"],
)  # fmt: skip
def test_what_may_be_said_together_goes_on_to_the_servers(shop: Workshop, options: str) -> None:
    options = options.replace("A" * 56, KeyPair.generate(KeyType.ACCOUNT).public_key)
    assert "cannot connect to nats://127.0.0.1:1: " in shop.fails(f"push {options} {NOWHERE}")


def test_names_that_are_none(shop: Workshop) -> None:
    assert "there is no account 'o/none'" in shop.fails(f"push -a none {NOWHERE}")
    for option in ("--system-account sYs", "--system-user SYS"):
        assert "hint: did you mean" in shop.fails(f"push -A {option} {NOWHERE}")
    stderr = shop.fails(f"push -R none {NOWHERE}")
    assert "there is no account 'o/none'" in stderr
    assert "hint: for an account that only servers have, give its public key" in stderr
    user = KeyPair.generate(KeyType.USER).public_key
    assert f"there is no account 'o/{user}'" in shop.fails(f"push -R {user} {NOWHERE}")


def test_which_account_is_meant(shop: Workshop) -> None:
    shop("env -o o")
    (shop.path / "nsc.json").unlink()
    stderr = shop.fails(f"push {NOWHERE}")
    assert "which account is meant? There are SYS, a, b" in stderr


def test_an_account_by_its_public_key(shop: Workshop) -> None:
    key = shop.claims("o", "a").sub
    assert "cannot connect" in shop.fails(f"push -a {key} {NOWHERE}")
    # One that is removed needs to be nowhere in the store, of which nothing is read then.
    (shop.store.stores / "o/accounts/a/a.jwt").write_text("garbage")
    assert "cannot connect" in shop.fails(f"push -R {key} {NOWHERE}")


def test_there_is_no_operator(tmp_path: Path) -> None:
    stderr = Workshop(tmp_path).fails(f"push -A {NOWHERE}")
    assert "there is no operator" in stderr
    assert "hint: natsauth add operator NAME" in stderr


def test_errors_are_json_too(shop: Workshop) -> None:
    for options, code, name in [("-A", 1, "resolver_connection"), ("-a none", 1, "not_found")]:
        result = shop.run(f"push {options} {NOWHERE} --json")
        assert result.exit_code == code
        [step] = json.loads(result.stdout)
        assert (step["status"], step["code"]) == ("error", name)


def test_help_has_examples(shop: Workshop) -> None:
    text = shop.run("push --help").stdout
    assert "natsauth push --prune --dry-run" in text
    assert "Exit code 3" in text
