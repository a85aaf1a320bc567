"""``natsauth add operator`` and the other commands about operators."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from natsauth.keys import KeyPair, KeyType
from tests._workshop import Workshop, expected

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def test_the_operator_of_the_setup_document(shop: Workshop) -> None:
    creds = "`PLACE/nkeys/creds/my_operator/SYS/sys.creds`"
    assert shop("add operator --generate-signing-key --sys --name my_operator") == [
        '[ OK ] generated and stored operator key "O..."',
        '[ OK ] added operator "my_operator"',
        "[ OK ] When running your own nats-server, make sure they run at least version 2.2.0",
        "[ OK ] created operator signing key: O...",
        "[ OK ] created system_account: name:SYS id:A...",
        "[ OK ] created system account user: name:sys id:U...",
        f"[ OK ] system account user creds file stored in {creds}",
    ]
    url = "nats://0.0.0.0:4222"
    assert shop(f"edit operator --require-signing-keys --account-jwt-server-url {url}") == [
        "[ OK ] strict signing key usage set to: true",
        '[ OK ] set account jwt server url to "nats://0.0.0.0:4222"',
        '[ OK ] edited operator "my_operator"',
    ]
    body = shop.body("my_operator")
    assert (body.strict_signing_key_usage, body.account_server_url) == (True, url)
    assert json.loads((shop.path / "nsc.json").read_text())["operator"] == "my_operator"
    assert len(shop.store.public_keys()) == 5


def test_an_operator_is_added_with_a_key_and_times(shop: Workshop) -> None:
    pair = KeyPair.generate(KeyType.OPERATOR)
    assert "is at hand" in shop.fails(f"add operator o -k {pair.public_key}")
    file = shop.path / "operator.nk"
    file.write_text(pair.reveal_seed())
    lines = shop("add", "operator", "o", "-k", file, "--expiry", "2040-01-01")
    assert lines[0].startswith("[ OK ] changed jwt expiry to 2040-01-01 00:00:00 UTC")
    assert (shop.claims("o").sub, shop.claims("o").exp) == (pair.public_key, 2208988800)


def test_every_option_of_an_edit(shop: Workshop) -> None:
    shop("add operator o")
    shop("add account a")
    assert shop(
        "edit operator o --sk generate --tag B --service-url nats://a:1,nats://b:2 "
        "--account-jwt-server-url nats://c:3 --system-account a --expiry 2040-01-01"
    )[1:] == [
        '[ OK ] added tag "b"',
        '[ OK ] added signing key "O..."',
        '[ OK ] set account jwt server url to "nats://c:3"',
        '[ OK ] set system account "A..."',
        '[ OK ] added service url "nats://a:1"',
        '[ OK ] added service url "nats://b:2"',
        '[ OK ] edited operator "o"',
        (
            "[WARN] servers have the operator in their configuration: natsauth generate config, "
            "and restart them, before you push what a new key signs"
        ),
    ]
    body = shop.body("o")
    assert body.system_account == shop.claims("o", "a").sub
    [signing_key] = body.signing_keys
    shop(
        f"edit operator --rm-sk {signing_key} --rm-tag b --rm-service-url nats://a:1 "
        "--rm-account-jwt-server-url"
    )
    body = shop.body("o")
    assert (body.signing_keys, body.tags, body.account_server_url) == (None, None, "")
    assert body.operator_service_urls == ["nats://b:2"]
    assert shop.claims("o").exp == 2208988800


def test_strictness_is_taken_back(shop: Workshop) -> None:
    shop("add operator o --generate-signing-key")
    shop("edit operator --require-signing-keys")
    assert shop("edit operator --require-signing-keys") == ['[ OK ] edited operator "o"']
    shop("edit operator --require-signing-keys=false")
    assert not shop.body("o").strict_signing_key_usage


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("add operator", 2, "Which operator?"),
        ("add operator o", 1, "there is an operator 'o' already"),
        ("add operator x/y", 1, "holds '/'"),
        ("edit operator", 2, "There is nothing to edit"),
        ("edit operator none --tag x", 1, "there is no operator 'none'"),
        ("edit operator --require-signing-keys", 1, "without signing keys can sign no account"),
        ("edit operator --system-account none", 1, "there is no account"),
        ("describe operator none", 1, "there is no operator 'none'"),
        ("delete operator none", 1, "there is no operator 'none'"),
    ],
)
def test_mistakes_leave_everything_as_it_was(
    shop: Workshop, command: str, code: int, message: str
) -> None:
    shop("add operator o")
    assert message in shop.fails(command, code=code)


def test_a_description_equals_that_of_nsc(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, copy=True)
    assert shop.run("describe operator --json").stdout == expected("describe-operator.json")
    assert shop.run("describe operator").stdout == expected("describe-operator.txt")


def test_the_list_equals_that_of_nsc(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, copy=True)
    assert shop.run("list operators").stdout == expected("list-operators.txt")
    assert [item["name"] for item in shop.json("list operators")] == ["my_operator"]


def test_an_operator_is_deleted_with_all_below_it(shop: Workshop) -> None:
    shop("add operator o --sys")
    before = shop.files()
    assert shop("delete operator o -D -C --dry-run") == [
        '[ OK ] would delete account "SYS" with its users',
        '[ OK ] would delete operator "o"',
        "natsauth: nothing was changed: this was a dry run",
    ]
    assert shop.files() == before
    assert shop("delete operator o -D -C") == [
        '[ OK ] deleted account "SYS" with its users',
        '[ OK ] deleted operator "o"',
    ]
    assert shop.store.names() == []
    assert shop.store.public_keys() == []
    assert shop.json("list operators") == []


def test_what_stays_of_a_deleted_operator_is_told(shop: Workshop) -> None:
    shop("add operator o")
    assert shop("delete operator o --dry-run")[1] == "[ OK ] seeds and creds stay in `PLACE/nkeys`"
    assert shop("delete operator o --rm-nkey")[1:] == ["[ OK ] creds stay in `PLACE/nkeys`"]


@pytest.mark.parametrize("url", ["nats:/0.0.0.0:4222", "nats://h:99999999", "h:4222", "ftp://h"])
def test_a_url_that_leads_to_no_server_is_refused(shop: Workshop, url: str) -> None:
    shop("add operator o")
    said = shop.fails(f"edit operator --account-jwt-server-url {url}", code=2)
    assert "expected nats://127.0.0.1:4222 or the like" in said
    assert f"got {url!r}" in said


def test_a_system_account_that_is_not_there(shop: Workshop) -> None:
    shop("add operator o --sys")
    said = shop.fails("edit operator --system-account sys")
    assert "there is no account 'o/sys'\nhint: did you mean 'SYS'?" in said


def test_a_bad_name_leaves_nothing_behind(shop: Workshop) -> None:
    assert "holds '/'" in shop.fails("add operator a/b")
    assert not shop.store.stores.exists()


def test_an_operator_that_is_there_is_kept(shop: Workshop) -> None:
    command = "add operator o --generate-signing-key --sys --exist-ok"
    assert shop(command)[1] == '[ OK ] added operator "o"'
    before = shop.files()
    assert shop(*command.split(), "--expiry", "1y") == ['[ OK ] kept operator "o"']
    assert shop.files() == before
    shop("add operator p")
    assert shop("add operator p --generate-signing-key --exist-ok") == [
        '[ OK ] kept operator "p"',
        "[ OK ] created operator signing key: O...",
    ]
    assert shop("add operator p --sys --exist-ok")[1:3] == [
        "[ OK ] created system_account: name:SYS id:A...",
        "[ OK ] created system account user: name:sys id:U...",
    ]


def test_what_a_cut_off_bootstrap_left_out_is_made_up_for(shop: Workshop) -> None:
    shop("add operator o --generate-signing-key --sys")
    shop.store.token_file("o", "SYS", "sys").unlink()
    shop("add operator o --generate-signing-key --sys --exist-ok")
    assert shop.store.names("o", "SYS") == ["sys"]
