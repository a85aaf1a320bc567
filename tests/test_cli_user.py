"""``natsauth add user`` and the other commands about users."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from natsauth import Creds, decode
from natsauth.keys import KeyPair, KeyType
from tests._workshop import Workshop, expected

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give a store with accounts ``a``, which has a signing key and a role, and ``b``."""
    shop = Workshop(tmp_path)
    shop("add operator o --generate-signing-key")
    shop("add account b")
    shop("add account a")
    shop("edit account a --sk generate")
    shop("add signing-key --role team --allow-pub team.>")
    return shop


def test_a_user_is_added_with_its_creds(shop: Workshop) -> None:
    assert shop("add user u") == [
        '[ OK ] generated and stored user key "U..."',
        "[ OK ] generated user creds file `PLACE/nkeys/creds/o/a/u.creds`",
        '[ OK ] added user "u" to account "a"',
    ]
    claims = shop.claims("o", "a", "u")
    assert claims.iss in shop.body("o", "a").signing_keys
    assert claims.nats.issuer_account == shop.claims("o", "a").sub
    creds = Creds.parse(shop.store.creds("o", "a", "u"))
    assert creds.token.claims.sub == claims.sub


def test_a_user_is_added_with_everything(shop: Workshop) -> None:
    pair = KeyPair.generate(KeyType.USER)
    lines = shop(
        f"add user --name u -a b -k {pair.public_key} --bearer --tag X,b "
        "--source-network 10.0.0.0/8,192.168.1.1 --expiry 2040-01-01 --allow-pubsub q "
        "--allow-pub-response --deny-sub s"
    )
    assert lines[1:] == [
        "[ OK ] set max responses to 1",
        '[ OK ] added pub "q"',
        '[ OK ] added sub "q"',
        '[ OK ] added deny sub "s"',
        "[ OK ] added src network 10.0.0.0/8",
        "[ OK ] added src network 192.168.1.1/32",
        '[ OK ] added tag "x"',
        '[ OK ] added tag "b"',
        "[ OK ] skipped generating creds file - user private key is not available",
        '[ OK ] added user "u" to account "b"',
    ]
    claims = shop.claims("o", "b", "u")
    assert (claims.sub, claims.exp, claims.nats.bearer_token) == (pair.public_key, 2208988800, True)
    assert claims.nats.tags == ["b", "x"]
    assert claims.nats.src == ["10.0.0.0/8", "192.168.1.1/32"]


def test_a_user_of_a_role_has_nothing_of_its_own(shop: Workshop) -> None:
    shop("add user u -K team")
    claims = shop.claims("o", "a", "u")
    assert claims.iss == shop.body("o", "a").scope("team").key
    assert claims.nats.is_empty()


def test_what_a_user_has_of_its_own_is_cleared(shop: Workshop) -> None:
    shop("add user u --allow-pub x")
    said = shop.fails("edit user u --clear")  # no role gives it anything
    assert "neither permissions and limits of its own nor a scoped signing key" in said
    shop("edit user u --clear --subs -1 --payload -1 --allow-sub y")
    body = shop.body("o", "a", "u")
    assert (body.pub.allow, body.sub.allow, body.subs) == (None, ["y"], -1)
    shop("add user v -K team")
    shop("edit user v --clear")
    assert shop.claims("o", "a", "v").nats.is_empty()


def test_a_role_allows_no_permissions_of_a_user(shop: Workshop) -> None:
    told = (
        "from role 'team' of account 'a', and can have none of its own\n"
        "hint: natsauth edit signing-key -a a --sk team changes those of the role"
    )
    said = shop.fails("add user v -K team --allow-pub x")
    assert f"user 'v' gets its permissions and limits {told}" in said
    assert shop.store.names("o", "a") == []
    shop("add user v -K team")
    assert told in shop.fails("edit user v --allow-pub x")
    key = shop.body("o", "a").scope("team").key
    assert told in shop.fails(f"add user w -K {shop.store.key_file(key)} --bearer")


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("add user", 2, "Which user?"),
        ("add user u/v", 1, "the name 'u/v' holds '/'"),
        ("add user v -a none", 1, "there is no account"),
        ("add user v -K none", 1, "account 'a' has no role 'none'\nhint: it has team"),
        ("add user v -K taem", 1, "account 'a' has no role 'taem'\nhint: did you mean 'team'?"),
        ("add user v --allow-pub a..b", 1, "a..b"),
        ("add user v --source-network here", 2, "expected a network"),
        ("add user v --expiry never", 2, "expected 0 for none"),
        ("edit user", 2, "There is nothing to edit"),
        ("edit user --bearer", 1, "account 'a' has no users\nhint: natsauth add user NAME"),
        ("edit user none --bearer", 1, "there is no user"),
        ("edit user none --conn-type modem", 2, "expected one of STANDARD, WEBSOCKET"),
        ("edit user none --time 8-9", 2, "expected a part of the day"),
        ("delete user", 2, "Which user?"),
        ("delete user none", 1, "there is no user"),
        ("describe user none", 1, "there is no user"),
        ("list users -a none", 1, "there is no account"),
    ],
)
def test_mistakes_leave_everything_as_it_was(
    shop: Workshop, command: str, code: int, message: str
) -> None:
    assert message in shop.fails(command, code=code)


def test_a_taken_name_leaves_no_seed_behind(shop: Workshop) -> None:
    shop("add user u")
    assert "there is a user 'u' already" in shop.fails("add user u")


def test_every_option_of_an_edit(shop: Workshop) -> None:
    shop("add user u --allow-pub a,b")
    assert shop(
        "edit user u --tag t --payload 1k --data 5 --subs 10 --bearer=true --conn-type mqtt "
        "--source-network 10.0.0.0/8 --time 08:00:00-09:00:00,10:00-11:00 --locale UTC "
        "--rm a,c --response-ttl 90s"
    ) == [
        '[ OK ] added tag "t"',
        "[ OK ] changed max payload to 1000",
        "[ OK ] changed max data to 5",
        "[ OK ] changed max number of subs to 10",
        "[ OK ] changed bearer to true",
        "[ OK ] added connection type MQTT",
        "[ OK ] added src network 10.0.0.0/8",
        '[ OK ] changed locale to "UTC"',
        "[ OK ] added time range 08:00:00-09:00:00",
        "[ OK ] added time range 10:00:00-11:00:00",
        '[WARN] "c" is neither allowed nor refused',
        "[ OK ] set response ttl to 1m30s",
        '[ OK ] removed pub "a"',
        "[ OK ] generated user creds file `PLACE/nkeys/creds/o/a/u.creds`",
        '[ OK ] edited user "u"',
    ]
    body = shop.body("o", "a", "u")
    assert (body.payload, body.data, body.subs, body.bearer_token) == (1000, 5, 10, True)
    assert (body.pub.allow, body.resp.max, body.resp.ttl) == (["b"], 0, 90_000_000_000)
    shop(
        "edit user u --rm-tag t --bearer=false --rm-conn-type MQTT --rm-time 08:00,23:00 "
        "--rm-source-network 10.0.0.0/8 --rm-response-perms"
    )
    body = shop.body("o", "a", "u")
    assert (body.payload, body.bearer_token, body.resp) == (1000, False, None)
    assert (body.tags, body.allowed_connection_types, body.src) == (None, None, None)
    assert [part.start for part in body.times] == ["10:00:00"]


def test_an_edit_writes_the_creds_anew(shop: Workshop) -> None:
    shop("add user u")
    shop("edit user --subs 3")
    creds = Creds.parse(shop.store.creds("o", "a", "u"))
    assert creds.token.claims.nats.subs == 3


def test_the_seed_is_never_shown(shop: Workshop) -> None:
    result = shop.run("add user u")
    seed = shop.store.seed(shop.claims("o", "a", "u").sub)
    assert seed not in result.output
    assert seed not in shop.run("describe user u --json").output


def test_deleted_users_are_revoked(shop: Workshop) -> None:
    shop("add user u")
    shop("add user v")
    keys = [shop.claims("o", "a", name).sub for name in "uv"]
    assert shop("delete user u -n v -D -C") == [
        "[ OK ] delete users:",
        *[
            line
            for name in "uv"
            for line in (
                f"       [ OK ] user {name} [U...]:",
                "              [ OK ] revoked user",
                "              [ OK ] user deleted",
                "              [ OK ] deleted private key",
                "              [ OK ] removed creds file",
            )
        ],
        '       [ OK ] edited account "a"',
        "natsauth: servers know of it once it is pushed: natsauth push -a a",
    ]
    assert shop.body("o", "a").revocations.keys() == {*keys}
    assert shop.store.names("o", "a") == []
    assert not {*keys} & {*shop.store.public_keys()}


@pytest.mark.parametrize("option", ["--no-revoke", "--revoke=false", "-R=false"])
def test_as_in_nsc_a_user_can_be_deleted_alone(shop: Workshop, option: str) -> None:
    shop("add user u")
    key = shop.claims("o", "a", "u").sub
    shop(f"delete user u {option}")
    assert shop.body("o", "a").revocations is None
    assert shop.store.seed(key)
    assert shop.store.creds("o", "a", "u")


def test_what_is_not_stored_is_said(shop: Workshop) -> None:
    shop(f"add user u -k {KeyPair.generate(KeyType.USER).public_key}")
    lines = shop("delete user u -D -C")
    assert "              [ OK ] private key is not stored" in lines
    assert "              [ OK ] creds file is not stored" in lines


def test_a_dry_run_deletes_nothing(shop: Workshop) -> None:
    shop("add user u")
    before = shop.files()
    assert shop.run("delete user u -D -C --dry-run").exit_code == 0
    assert shop.files() == before


def test_the_user_that_alone_serves_the_callout_stays(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, copy=True)
    assert "serves the auth callout" in shop.fails("delete user authsvc -a callout")


@pytest.mark.parametrize(
    ("account", "user", "file"),
    [
        ("billing", "carol", "describe-user-billing-carol.json"),
        ("my_account", "alice", "describe-user-my_account-alice.json"),
        ("my_account", "bob", "describe-user-my_account-bob.json"),
    ],
)
def test_a_description_as_json_equals_that_of_nsc(
    tmp_path: Path, account: str, user: str, file: str
) -> None:
    shop = Workshop(tmp_path, copy=True)
    assert shop.run(f"describe user -a {account} -n {user} --json").stdout == expected(file)


def test_the_tables_equal_those_of_nsc(tmp_path: Path) -> None:
    result = Workshop(tmp_path, copy=True).run("describe user -a my_account alice")
    assert result.stdout == expected("describe-user-alice.txt")


def test_a_description_shows_what_the_role_gives(shop: Workshop) -> None:
    shop("add user u -K team")
    assert "| Pub Allow" in "\n".join(shop("describe user"))


def test_the_list(shop: Workshop) -> None:
    shop("add user u")
    shop("add user t")
    assert shop("list users")[4:-2] == [
        "+------+----------------------------------------------------------+",
        "| t    | U... |",
        "| u    | U... |",
    ]
    assert [item["name"] for item in shop.json("list users -o o -a a")] == ["t", "u"]
    assert shop.json("list users -a b") == []


def test_a_user_that_is_there_is_kept(shop: Workshop) -> None:
    shop("add user u --exist-ok")
    before = shop.files()
    assert shop("add user u --exist-ok --bearer") == ['[ OK ] kept user "u"']
    assert shop.files() == before
    other = KeyPair.generate(KeyType.USER).public_key
    assert "has the key" in shop.fails(f"add user u --exist-ok -k {other}")


def test_a_dry_run_says_what_would_be_done(shop: Workshop) -> None:
    shop("add user u")
    assert shop("delete user u -C --dry-run") == [
        "[ OK ] would delete users:",
        "       [ OK ] user u [U...]:",
        "              [ OK ] would revoke user",
        "              [ OK ] user would be deleted",
        "              [ OK ] would remove creds file",
        '       [ OK ] would edit account "a"',
        "natsauth: nothing was changed: this was a dry run",
    ]
    [step] = shop.json("delete user u --dry-run")
    assert step["message"] == "would delete users"
    assert shop.store.names("o", "a") == ["u"]


def test_a_tag_to_remove_that_is_not_there(shop: Workshop) -> None:
    shop("add user u")
    assert shop("edit user u --rm-tag nosuch")[0] == '[WARN] there is no tag "nosuch"'


def test_what_cannot_be_read_is_deleted_all_the_same(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, copy=True)
    place = tmp_path / "stores/my_operator/accounts"
    (place / "my_account/users/alice.jwt").write_text("no token")
    result = shop.run("delete", "user", "alice", "-a", "my_account")
    assert result.exit_code == 0
    assert "[WARN] user alice is deleted, and not revoked: it cannot be read" in result.stderr
    assert not (place / "my_account/users/alice.jwt").exists()
    (place / "orders/users/dave.jwt").write_text("no token")
    result = shop.run("delete", "account", "orders")
    assert "[WARN] user dave cannot be read, and goes with it" in result.stderr
    assert not (place / "orders").exists()
    (place / "billing/billing.jwt").write_text("no token")
    result = shop.run("delete", "account", "billing")
    assert '[WARN] account "billing" is deleted, although it cannot be read' in result.stderr
    assert not (place / "billing/billing.jwt").exists()


def test_a_seed_that_another_entry_needs_stays(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, copy=True)
    token = shop.store.read("my_operator", "my_account", "alice")
    public = decode(token).claims.sub
    shop.run("add", "user", "twin", "-a", "orders", "-k", public)
    result = shop.run("delete", "user", "twin", "-a", "orders", "--rm-nkey")
    assert f"[WARN] the seed of {public} stays: another entry has this key, too" in result.stderr
    assert shop.store.seed(public)
