"""``natsauth can``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

DENIED = 4


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give a user that may do little."""
    shop = Workshop(tmp_path)
    shop("add operator o --sys")
    shop("add account a")
    shop("add", "user", "-a", "a", "alice", "--allow-pub", "orders.>", "--deny-pub", "orders.old",
         "--allow-sub", "news.*,jobs q", "--deny-sub", "news.secret")  # fmt: skip
    return shop


def creds(shop: Workshop, name: str = "alice") -> str:
    return str(shop.store.creds_file("o", "a", name))


def ask(shop: Workshop, *words: str) -> dict[str, Any]:
    result = shop.run("can", *words, "--json")
    document: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == (0 if document["allowed"] else DENIED)
    assert result.stderr == ""
    return document


@pytest.mark.parametrize(
    ("question", "verdict", "reason", "path"),
    [
        ("publish orders.new", "allow", "allowed", "$.nats.pub.allow[0]"),
        ("publish orders.old", "deny", "denied", "$.nats.pub.deny[0]"),
        ("publish other", "deny", "not_allowed", ""),
        ("publish orders.new --reply $JS.ACK.x", "deny", "reserved_reply", ""),
        ("publish orders.new --reply _INBOX.x", "allow", "allowed", "$.nats.pub.allow[0]"),
        ("subscribe news.today", "allow", "allowed", "$.nats.sub.allow[1]"),
        ("subscribe news.*", "filtered", "filtered", "$.nats.sub.deny[0]"),
        ("subscribe jobs", "deny", "queue_only", "$.nats.sub.allow[0]"),
        ("subscribe jobs --queue q", "allow", "allowed", "$.nats.sub.allow[0]"),
        ("subscribe jobs -q other", "deny", "queue_not_allowed", "$.nats.sub.allow[0]"),
    ],
)
def test_questions(shop: Workshop, question: str, verdict: str, reason: str, path: str) -> None:
    for user in ([creds(shop)], ["-a", "a", "-n", "alice"]):
        document = ask(shop, *user, *question.split())
        assert (document["verdict"], document["reason"]) == (verdict, reason)
        assert (document["rule"] or {"path": ""})["path"] == path
        assert document["subject"] in document["explanation"]
        assert bool(document["error"]) is (verdict == "deny")


def test_the_report_for_people(shop: Workshop) -> None:
    result = shop.run("can", creds(shop), "publish", "orders.old")
    assert result.exit_code == DENIED
    lines = result.stdout.splitlines()
    assert lines[0] == "DENIED: publish 'orders.old'"
    assert lines[1] == "rule:    'orders.old' at $.nats.pub.deny[0] of the user"
    assert lines[2].startswith("because: ")
    assert lines[3] == ('the client is told: Permissions Violation for Publish to "orders.old"')
    assert result.stderr == ""
    shown = shop("can", creds(shop), "subscribe", "news.*", "--queue", "x")
    assert shown[0] == "ALLOWED IN PART: subscribe 'news.*' in queue group 'x'"


def test_what_a_scope_gives_is_told_with_its_template(shop: Workshop) -> None:
    shop("add", "signing-key", "-a", "a", "--role", "team", "--sk", "generate",
         "--allow-pub", "u.{{name()}}.>")  # fmt: skip
    shop("add user -a a bob -K team")
    document = ask(shop, creds(shop, "bob"), "publish", "u.bob.x")
    assert document["rule"] == {
        "origin": "scope",
        "path": "$.nats.signing_keys[0].template.pub.allow[0]",
        "source": "u.{{name()}}.>",
        "text": "u.bob.>",
    }
    text = shop("can", creds(shop, "bob"), "publish", "u.bob.x")
    assert text[1].endswith(" of the scope, written 'u.{{name()}}.>'")


def test_mappings(shop: Workshop) -> None:
    shop("add mapping -a a --from orders.a --to x.one --weight 50")
    shop("add mapping -a a --from orders.a --to orders.two --weight 50")
    document = ask(shop, creds(shop), "publish", "orders.a")
    assert (document["checked"], document["verdict"]) == ("x.one", "deny")
    assert [d["checked"] for d in document["destinations"]] == ["x.one", "orders.two"]
    result = shop.run("can", creds(shop), "publish", "orders.a")
    assert "\nmapped:  x.one\n" in result.stdout
    assert "\n - by a mapping to orders.two: allowed" in result.stdout


def test_default_permissions_need_the_account(shop: Workshop, tmp_path: Path) -> None:
    shop("edit", "account", "a", "--deny-pub", "secret")
    shop("add user -a a free")
    assert ask(shop, creds(shop, "free"), "publish", "secret")["rule"]["origin"] == "account"
    stranger = Workshop(tmp_path / "elsewhere")
    result = stranger.run("can", creds(shop, "free"), "publish", "secret")
    assert result.exit_code == 0
    assert "the account is not known: its default permissions" in result.stderr
    assert "hint: -a FILE gives it" in result.stderr
    file = str(shop.store.stores / "o/accounts/a/a.jwt")
    result = stranger.run("can", creds(shop, "free"), "publish", "secret", "-a", file)
    assert result.exit_code == DENIED
    assert result.stderr == ""


def test_a_scoped_user_without_its_account(shop: Workshop, tmp_path: Path) -> None:
    shop("add signing-key -a a --role team --sk generate")
    shop("add user -a a bob -K team")
    stranger = Workshop(tmp_path / "elsewhere")
    stderr = stranger.fails("can", creds(shop, "bob"), "publish", "x")
    assert "the account with the scope is missing" in stderr
    assert "hint: -a FILE gives the account, --data-dir DIR a store that has it" in stderr


def test_a_user_that_no_server_takes(shop: Workshop) -> None:
    shop("add revocation -a a -n alice")
    result = shop.run("can", creds(shop), "publish", "orders.new")
    assert result.exit_code == DENIED
    head, empty, allowed, *_ = result.stdout.splitlines()
    assert head.startswith(
        'NOT CONNECTED: a server does not take this user at all: user "alice" was issued at 20'
    )
    assert head.endswith(' UTC, and account "a" has revoked that')
    assert (empty, allowed) == ("", "ALLOWED: publish 'orders.new'")
    assert "natsauth why says more" in result.stderr
    result = shop.run("can", creds(shop), "publish", "orders.new", "--json")
    assert result.exit_code == DENIED
    document = json.loads(result.stdout)
    assert (document["allowed"], document["admitted"]) == (True, False)
    assert "has revoked " in document["refused"]
    # From where and how somebody connects is no matter here.
    shop("reissue user -a a alice")
    shop("edit user -a a alice --source-network 10.0.0.0/8 --conn-type WEBSOCKET")
    document = ask(shop, creds(shop), "publish", "orders.new")
    assert (document["allowed"], document["admitted"], document["refused"]) == (True, True, "")


def test_the_system_account_may_talk_to_raft_groups(shop: Workshop) -> None:
    file = str(shop.store.creds_file("o", "SYS", "sys"))
    assert ask(shop, file, "publish", "$NRG.x")["allowed"] is True
    assert ask(shop, creds(shop), "publish", "$NRG.x")["allowed"] is False


@pytest.mark.parametrize(
    "words",
    ["", "x.creds publish", "x.creds read x", "publish x", "x.creds publish a b"],
)
def test_what_is_no_question(shop: Workshop, words: str) -> None:
    stderr = shop.fails("can", *words.split(), code=2)
    assert "Expected creds, or -n; then publish or subscribe and a subject." in stderr
    assert "hint: natsauth can service.creds publish orders.new" in stderr


def test_what_does_not_go_together(shop: Workshop) -> None:
    stderr = shop.fails("can", "-n", "alice", "x.creds", "publish", "x", code=2)
    assert "Expected publish or subscribe and a subject." in stderr
    assert "--queue is for subscribe." in shop.fails("can x publish a --queue q", code=2)
    assert "--reply is for publish." in shop.fails("can x subscribe a --reply q", code=2)
    assert "cannot read" in shop.fails("can /none publish a")
    assert "nsc.json' holds no token" in shop.fails(f"can {shop.path / 'nsc.json'} publish a")


def test_subjects_that_are_none(shop: Workshop) -> None:
    document = ask(shop, creds(shop), "publish", "a b")
    assert (document["verdict"], document["reason"]) == ("invalid_subject", "unsendable")
    assert "The subject is empty." in shop.fails("can", creds(shop), "publish", "", code=2)
    result = shop.run("can", creds(shop), "publish", "\x1b[2J")
    assert "\x1b" not in result.stdout


def test_all_in_words(shop: Workshop) -> None:
    said = [
        "can publish to orders.>, except orders.old",
        "can subscribe to jobs in queue group q",
        "can subscribe to news.* (servers let news.> pass, too), except news.secret",
    ]
    for user in ([creds(shop)], ["-a", "a", "-n", "alice"]):
        assert shop.run("can", *user).stdout.splitlines() == said
        document = json.loads(shop.run("can", *user, "--json").stdout)
        assert document == {"admitted": True, "description": said, "refused": ""}
