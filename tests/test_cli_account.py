"""``natsauth add account`` and the other commands about accounts."""

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
    """Give a store with an operator ``o`` and an account ``a``."""
    shop = Workshop(tmp_path)
    shop("add operator o --sys --generate-signing-key")
    shop("add account a")
    return shop


def test_an_account_is_added_and_is_the_current_one(shop: Workshop) -> None:
    assert shop("add account b") == [
        '[ OK ] generated and stored account key "A..."',
        '[ OK ] added account "b"',
    ]
    assert json.loads((shop.path / "nsc.json").read_text())["account"] == "b"
    operator, claims = shop.claims("o"), shop.claims("o", "b")
    assert claims.iss in operator.nats.signing_keys
    assert shop.store.seed(claims.sub)


def test_an_account_is_added_with_everything(shop: Workshop) -> None:
    pair = KeyPair.generate(KeyType.ACCOUNT)
    lines = shop(
        f"add account -n b -k {pair.public_key} --start 2030-01-01 --expiry 2040-01-01 "
        "--allow-pub p.x,p.a --deny-sub s --allow-pub-response=3 --response-ttl 5s"
    )
    assert lines[2:] == [
        "[ OK ] set max responses to 3",
        "[ OK ] set response ttl to 5s",
        '[ OK ] added pub "p.x"',
        '[ OK ] added pub "p.a"',
        '[ OK ] added deny sub "s"',
        '[ OK ] added account "b"',
    ]
    assert lines[0].startswith("[ OK ] changed jwt valid start to 2030-01-01 00:00:00 UTC - in ")
    claims = shop.claims("o", "b")
    assert claims.sub == pair.public_key
    assert (claims.nbf, claims.exp) == (1893456000, 2208988800)
    permissions = claims.nats.default_permissions
    assert permissions.pub.allow == ["p.a", "p.x"]
    assert permissions.sub.deny == ["s"]
    assert (permissions.resp.max, permissions.resp.ttl) == (3, 5_000_000_000)


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("add account", 2, "hint: natsauth add account NAME"),
        ("add account a", 1, "there is an account 'a' already"),
        ("add account A", 1, "there is an account 'a' already"),
        ("add account x/y", 1, "the name 'x/y' holds '/'"),
        ("add account b -n c", 2, "Two names are given"),
        ("edit account", 2, "There is nothing to edit"),
        ("edit account none --conns 3", 1, "there is no account 'o/none'"),
        ("edit account a --conns many", 2, "expected a whole number, or -1 for no limit"),
        ("add account w --conns 5", 2, "No such option '--conns'.\nhint: natsauth add account"),
        ("edit account a --rm-sk team", 1, "account 'a' has no signing key 'team'"),
        ("edit account a --trace-context-sampling 3", 2, "takes --trace-context-subject"),
        ("edit account a --conns 0", 1, "hint: -1 is no limit; --force goes ahead"),
        ("edit account SYS --js-enable 0", 1, "is the system account"),
        ("delete account SYS", 1, "is the system account"),
        ("delete account none", 1, "there is no account 'o/none'"),
        ("rename account a SYS", 1, "there is an account 'SYS' already"),
        ("rename account none b", 1, "there is no account 'o/none'"),
        ("describe account none", 1, "hint: natsauth list accounts names them"),
        ("describe account A", 1, "hint: did you mean 'a'?"),
        ("describe account SYSS", 1, "hint: did you mean 'SYS'?"),
        ("delete account", 2, "Which account?"),
        ("list accounts -o none", 1, "there is no operator 'none'"),
    ],
)
def test_mistakes_leave_everything_as_it_was(
    shop: Workshop, command: str, code: int, message: str
) -> None:
    assert message in shop.fails(command, code=code)


def test_what_an_edit_does_not_mention_stays(shop: Workshop) -> None:
    shop("edit account a --disallow-bearer --wildcard-exports=false --conns 5 --js-enable 0")
    shop("edit account a --tag x")
    body = shop.body("o", "a")
    assert body.tags == ["x"]
    assert (body.limits.disallow_bearer, body.limits.wildcards, body.limits.conn) == (
        True,
        False,
        5,
    )
    assert (body.limits.mem_storage, body.limits.streams) == (-1, 0)
    shop("edit account a --disallow-bearer=false --wildcard-exports")
    limits = shop.body("o", "a").limits
    assert (limits.disallow_bearer, limits.wildcards) == (False, True)


def test_every_option_of_an_edit(shop: Workshop) -> None:
    assert shop(
        "edit account a --sk generate --tag B,a --conns 100 --leaf-conns 0 --data 5gb "
        "--exports 9 --imports 8 --payload 64k --subscriptions 7 --wildcard-exports=false "
        "--disallow-bearer --js-mem-storage 64m --js-streams 5 --info-url http://x "
        "--description text --trace-context-subject t.x --trace-context-sampling 25 "
        "--host-cluster-traffic --allow-sub in.> --expiry 0 --force"
    ) == [
        '[ OK ] added signing key "A..."',
        "[ OK ] changed jwt expiry to never expire",
        '[ OK ] added tag "b"',
        '[ OK ] added tag "a"',
        "[ OK ] changed max connections to 100",
        "[ OK ] changed leaf node connections to 0",
        "[ OK ] changed max data to 5000000000 bytes",
        "[ OK ] changed max exports to 9",
        "[ OK ] changed wild card exports to false",
        "[ OK ] changed disallow bearer to true",
        "[ OK ] changed max imports to 8",
        "[ OK ] changed max payload size to 64000",
        "[ OK ] changed max subscriptions to 7",
        "[ OK ] changed global max streams to 5",
        "[ OK ] changed global max mem storage to 64000000",
        '[ OK ] changed description to "text"',
        '[ OK ] changed info url to "http://x"',
        '[ OK ] added sub "in.>"',
        '[ OK ] changed trace context subject to "t.x"',
        "[ OK ] changed trace context sampling to 25%",
        "[ OK ] enabled routing of JetStream cluster traffic through this account",
        '[ OK ] edited account "a"',
    ]
    body = shop.body("o", "a")
    assert body.tags == ["a", "b"]
    assert (body.trace.dest, body.trace.sampling, body.cluster_traffic) == ("t.x", 25, "owner")
    assert shop("edit", "account", "a", "--trace-context-subject", "")[0].endswith(
        "disabled trace context"
    )
    assert shop.body("o", "a").trace is None
    assert shop("edit account a --host-cluster-traffic=false")[0].startswith("[ OK ] disabled")
    assert shop.body("o", "a").cluster_traffic == ""


def test_signing_keys_come_and_go(shop: Workshop) -> None:
    shop("edit account a --sk generate,generate")
    first, second = shop.body("o", "a").signing_keys
    shop("add user -a a u")
    signer = shop.claims("o", "a", "u").iss
    other = second if signer == first else first
    assert shop(f"edit account a --rm-sk {other}")[0] == '[ OK ] removed signing key "A..."'
    assert "servers would turn away user" in shop.fails(f"edit account a --rm-sk {signer}")
    shop(f"edit account a --rm-sk {signer} --force")
    assert shop.body("o", "a").signing_keys == []


def test_a_dry_run_changes_nothing(shop: Workshop) -> None:
    for command in ("edit account a --conns 3", "delete account a -D -C", "rename account a b"):
        before = shop.files()
        result = shop.run(f"{command} --dry-run")
        assert (result.exit_code, shop.files()) == (0, before)
        assert "nothing was changed: this was a dry run" in result.stderr


def test_reports_as_json(shop: Workshop) -> None:
    [*_, last] = shop.json("edit account a --conns 3")
    assert last == {
        "action": "edited",
        "kind": "account",
        "message": 'edited account "a"',
        "path": ["o", "a"],
        "public_key": shop.claims("o", "a").sub,
        "status": "ok",
    }


@pytest.mark.parametrize("name", ["SYS", "billing", "callout", "my_account", "orders"])
def test_a_description_as_json_equals_that_of_nsc(tmp_path: Path, name: str) -> None:
    result = Workshop(tmp_path, copy=True).run(f"describe account --name {name} --json")
    assert result.stdout == expected(f"describe-account-{name}.json")


def test_an_account_is_found_by_its_public_key(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, copy=True)
    key = shop.claims("my_operator", "billing").sub
    assert shop.run(f"describe account {key} --json").stdout == expected(
        "describe-account-billing.json"
    )


def test_the_list_equals_that_of_nsc(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, copy=True)
    assert shop.run("list accounts").stdout == expected("list-accounts.txt")
    assert shop.json("list accounts")[1] == {
        "name": "billing",
        "public_key": "AB4JZYZC3U2NQ73DEZYW3T6FNIATF2VCONHCNYKZYLZRJSG3IANY6TFX",
    }


def test_a_list_goes_on_after_an_entry_that_is_bad(shop: Workshop) -> None:
    shop.store.token_file("o", "a").write_text("half writ")
    result = shop.run("list accounts")
    assert result.exit_code == 1
    assert "| a    | error loading jwt - a token has three chunks" in result.stdout
    assert str(shop.store.token_file("o", "a")) in result.stderr
    assert "| SYS  | A" in result.stdout
    listed = json.loads(shop.run("list accounts --json").stdout)
    assert [item["name"] for item in listed] == ["SYS"]


def test_a_name_in_the_claims_that_differs_is_shown(shop: Workshop) -> None:
    (shop.store.stores / "o/accounts/a/a.jwt").rename(shop.store.stores / "o/accounts/a/z.jwt")
    (shop.store.stores / "o/accounts/a").rename(shop.store.stores / "o/accounts/z")
    assert "| z (a) | A..." in "\n".join(shop("list accounts"))


def test_an_empty_list(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    shop("add operator o")
    assert "No entries defined" in shop("list accounts")[3]
    assert shop.json("list accounts") == []


def test_a_deleted_account_goes_with_what_is_named(shop: Workshop) -> None:
    shop("edit account a --sk generate")
    shop("add user u")
    keys = [shop.claims("o", "a").sub, *shop.body("o", "a").signing_keys]
    keys.append(shop.claims("o", "a", "u").sub)
    assert shop("delete account a --rm-nkey --rm-creds --revoke=false") == [
        "[ OK ] user u [U...]:",
        "       [ OK ] user deleted",
        "       [ OK ] deleted private key",
        "       [ OK ] removed creds file",
        '[ OK ] deleted signing key "A..."',
        '[ OK ] deleted account "a"',
        "natsauth: servers that have it keep it until natsauth push --account-removal A...",
        "hint: they delete accounts where natsauth generate config --allow-delete lets them",
    ]
    assert shop.store.names("o") == ["SYS"]
    assert not {*keys} & {*shop.store.public_keys()}


def test_a_taken_name_of_a_renamed_account(shop: Workshop) -> None:
    said = shop.fails("rename account a SYS")
    assert said.endswith("there is an account 'SYS' already\nhint: choose another name\n")


def test_seeds_and_creds_stay_unless_they_are_named(shop: Workshop) -> None:
    shop("add user u")
    key = shop.claims("o", "a", "u").sub
    shop("delete account a")
    assert shop.store.seed(key)
    assert shop.store.creds("o", "a", "u")


def test_a_renamed_account_keeps_its_key_users_and_creds(shop: Workshop) -> None:
    shop("add user u")
    key, creds = shop.claims("o", "a").sub, shop.store.creds("o", "a", "u")
    assert shop("rename account a b --OK") == ['[ OK ] renamed account "a" to "b"']
    assert shop.store.names("o") == ["SYS", "b"]
    assert (shop.claims("o", "b").sub, shop.claims("o", "b").name) == (key, "b")
    assert shop.store.creds("o", "b", "u") == creds
    assert json.loads((shop.path / "nsc.json").read_text())["account"] == "b"


def test_an_account_that_is_there_is_kept(shop: Workshop) -> None:
    command = "add account b --generate-signing-key --exist-ok"
    assert shop(command) == [
        '[ OK ] generated and stored account key "A..."',
        '[ OK ] added signing key "A..."',
        '[ OK ] added account "b"',
    ]
    before = shop.files()
    assert shop(*command.split(), "--expiry", "1y") == ['[ OK ] kept account "b"']
    assert shop.files() == before
    assert shop("add account a --generate-signing-key --exist-ok") == [
        '[ OK ] added signing key "A..."',
        '[ OK ] kept account "a"',
    ]
    assert len(shop.body("o", "a").signing_keys) == 1
    other = KeyPair.generate(KeyType.ACCOUNT).public_key
    assert "has the key" in shop.fails(f"add account a --exist-ok -k {other}")


def test_whoever_imports_from_a_deleted_account_is_named(shop: Workshop) -> None:
    shop("add account b")
    shop("add export --subject news -a a")
    shop(f"add import -a b --src-account {shop.claims('o', 'a').sub} --remote-subject news")
    assert '[WARN] account "b" imports from it' in shop("delete account a")
    assert "imports from it" not in "".join(shop("delete account b"))
