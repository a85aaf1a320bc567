"""``natsauth add signing-key`` and the other commands about signing keys of accounts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from natsauth.authority import Authority
from natsauth.claims import UserScope
from natsauth.keys import KeyPair, KeyType
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give a store with an account ``a``."""
    shop = Workshop(tmp_path)
    shop("add operator o --generate-signing-key")
    shop("add account a")
    return shop


def test_a_plain_key_is_added_with_its_seed(shop: Workshop) -> None:
    assert shop("add signing-key -a a") == ['[ OK ] added signing key "A..."']
    [key] = shop.body("o", "a").signing_keys
    assert shop.store.seed(key)


def test_a_role_is_added_with_its_template(shop: Workshop) -> None:
    pair = KeyPair.generate(KeyType.ACCOUNT)
    command = f"add signing-key --sk {pair.public_key} --role team --description d --subs 3"
    assert shop(*command.split(), "--allow-pub", "t.{{name()}}.>") == [
        "[ OK ] changed max number of subs to 3",
        '[ OK ] added pub "t.{{name()}}.>"',
        '[ OK ] added signing key "A..."',
    ]
    [scope] = shop.body("o", "a").signing_keys
    assert (scope.key, scope.role, scope.description) == (pair.public_key, "team", "d")
    assert (scope.template.subs, scope.template.payload) == (3, -1)
    assert scope.template.pub.allow == ["t.{{name()}}.>"]


def test_an_edit_makes_a_role_as_in_nsc(shop: Workshop) -> None:
    assert shop("edit signing-key --sk generate --role r --allow-pub x --bearer") == [
        "[ OK ] changed bearer to true",
        '[ OK ] added pub "x"',
        '[ OK ] edited signing key "A..."',
    ]
    shop("edit signing-key --sk r --allow-sub y")
    shop("edit signing-key r --payload 5")
    shop("edit signing-key --role r --description d")
    [scope] = shop.body("o", "a").signing_keys
    template = scope.template
    assert (template.pub.allow, template.sub.allow, template.payload) == (["x"], ["y"], 5)
    assert (scope.description, template.bearer_token) == ("d", True)


def test_a_plain_key_becomes_a_role(shop: Workshop) -> None:
    shop("edit account a --sk generate")
    [key] = shop.body("o", "a").signing_keys
    shop(f"edit signing-key {key} --role r")
    [scope] = shop.body("o", "a").signing_keys
    assert (scope.key, scope.role) == (key, "r")


def test_a_key_that_signed_users_does_not_become_a_role_unnoticed(shop: Workshop) -> None:
    shop("edit account a --sk generate")
    shop("add user u")
    [key] = shop.body("o", "a").signing_keys
    assert "servers would turn away user" in shop.fails(f"edit signing-key {key} --role r")


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("edit signing-key --subs 3", 2, "No signing key is named"),
        ("edit signing-key r", 2, "There is nothing to edit"),
        ("edit signing-key none --subs 3", 1, "account 'a' has no signing key 'none'"),
        ("edit signing-key --sk generate --role r", 1, "has the role 'r' already"),
        ("add signing-key --role r", 1, "has the role 'r' already"),
        ("add signing-key --sk none", 2, "expected a public key"),
        ("describe signing-key none", 1, "hint: it has r"),
        ("delete signing-key", 2, "Missing argument"),
        ("delete signing-key none", 1, "has no signing key 'none'"),
    ],
)
def test_mistakes_leave_everything_as_it_was(
    shop: Workshop, command: str, code: int, message: str
) -> None:
    shop("add signing-key --role r")
    assert message in shop.fails(command, code=code)


def test_a_key_is_added_once(shop: Workshop) -> None:
    shop("add signing-key")
    [key] = shop.body("o", "a").signing_keys
    assert "is a signing key already" in shop.fails(f"add signing-key --sk {key}")


def test_keys_are_described_and_listed(shop: Workshop) -> None:
    shop("add signing-key --role r --description text --allow-pub x")
    shop("add signing-key")
    plain, scope = sorted(
        shop.body("o", "a").signing_keys, key=lambda key: not isinstance(key, str)
    )
    described = shop("describe signing-key r")
    assert "| Pub Allow            | x" in "\n".join(described)
    assert "Scoped Signing Key - Details" in described[1]
    assert "none: its users have permissions of their own" in "\n".join(
        shop(f"describe signing-key {plain}")
    )
    listed = shop.json("list signing-keys -a a")
    assert {item["public_key"]: (item["role"], item["stored"]) for item in listed} == {
        plain: ("", True),
        scope.key: ("r", True),
    }
    assert shop.json("describe", "signing-key", "r")["template"]["pub"] == {"allow": ["x"]}
    assert "| A... | r    | text        | *      |" in shop("list signing-keys")


def test_an_empty_list(shop: Workshop) -> None:
    assert "No entries defined" in shop("list signing-keys")[3]


def test_keys_are_deleted_by_role_and_by_key(shop: Workshop) -> None:
    shop("add signing-key --role r")
    shop("add signing-key")
    keys = [item["public_key"] for item in shop.json("list signing-keys")]
    plain = next(key for key in shop.body("o", "a").signing_keys if isinstance(key, str))
    assert shop(f"delete signing-key r {plain} r --rm-nkey") == [
        '[ OK ] removed signing key "A..."',
        '[ OK ] removed signing key "A..."',
        '[ OK ] deleted private key "A..."',
        '[ OK ] deleted private key "A..."',
    ]
    assert shop.body("o", "a").signing_keys == []
    assert not {*keys} & {*shop.store.public_keys()}


def test_a_key_is_meant_whose_public_key_is_the_role_of_another(shop: Workshop) -> None:
    shop("edit account a --sk generate --sk generate")
    kept, wanted = shop.body("o", "a").signing_keys
    for command in (f"add signing-key --role {wanted}", f"edit signing-key {kept} --role {wanted}"):
        assert "is a public key" in shop.fails(command)
    # As somebody else's program makes it:
    authority = Authority(shop.store)
    scope = UserScope(key=kept, role=wanted)
    authority.operators["o"].accounts["a"].claims.nats.add_signing_key(scope)
    authority.commit()
    shop(f"add user u -K {wanted}")
    assert shop.claims("o", "a", "u").iss == wanted
    shop("delete user u")
    assert shop.json(f"describe signing-key {wanted}")["public_key"] == wanted
    said = shop.run(f"edit account a --rm-sk {wanted} --dry-run --json").stdout
    assert wanted in said
    assert kept not in said
    shop(f"delete signing-key {wanted} --rm-nkey")
    assert shop.body("o", "a").signing_keys == [scope]
    assert kept in shop.store.public_keys()
    assert wanted not in shop.store.public_keys()


def test_a_key_with_users_takes_force(shop: Workshop) -> None:
    shop("add signing-key --role r")
    shop("add user u -K r")
    assert "--force" in shop.fails("delete signing-key r")
    result = shop.run("delete signing-key r --force --json")
    assert [step["action"] for step in json.loads(result.stdout)] == ["removed"]


def test_a_dry_run_changes_nothing(shop: Workshop) -> None:
    shop("add signing-key --role r")
    before = shop.files()
    for command in ("delete signing-key r -D", "edit signing-key r --subs 3", "add signing-key"):
        assert shop.run(f"{command} --dry-run").exit_code == 0
    assert shop.files() == before


def test_the_seed_of_another_entry_is_kept(shop: Workshop) -> None:
    shop("add account victim")
    victim = shop.claims("o", "victim").sub
    shop(f"add signing-key -a a --sk {victim}")
    lines = shop(f"delete signing-key -a a {victim} -D")
    assert lines[-1] == '[WARN] private key "A..." is kept: another entry has that key, too'
    assert shop.store.seed(victim)


def test_a_template_that_locks_everybody_out_is_told(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    shop("add operator o")
    shop("add account a")
    shop("add signing-key -a a --role team --sk generate")
    lines = shop(
        "edit", "signing-key", "-a", "a", "team", "--allow-pub", "u.{{foo()}},u.{{name()}}"
    )
    [warning] = [line for line in lines if "[WARN]" in line]
    assert "pub.allow[0]: 'foo()' is no template function; the server refuses" in warning
