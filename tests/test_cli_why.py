"""``natsauth why``, as far as it needs no server; see tests/live/test_cli_why.py."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.claims import UserClaims
from natsauth.keys import KeyPair, KeyType
from natsauth.policy import CheckCode
from natsauth.token import encode
from tests._causes import CAUSES, CODES, SCOPED, Cause, write
from tests._connections import Root, Scene
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

ROOT = Root()
ADMITTED, REFUSED, UNDECIDED = 0, 4, 3


def ask(path: Path, case: dict[str, Any], *options: str, code: int) -> dict[str, Any]:
    """Return what the command prints with ``--json`` about a case."""
    scene = Scene(case, ROOT, int(time.time()))
    return shown(path, *write(path, scene), *resolved(scene, options), code=code)


def shown(path: Path, *words: str, code: int) -> dict[str, Any]:
    result = Workshop(path).run("why", *words, "--json")
    assert result.exit_code == code, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def resolved(scene: Scene, options: tuple[str, ...]) -> list[str]:
    return [scene.resolved(option) for option in options]


def states(document: dict[str, Any]) -> dict[str, str]:
    return {check["code"]: check["state"] for check in document["checks"]}


def check(document: dict[str, Any], code: str) -> dict[str, str]:
    found: dict[str, str]
    [found] = [check for check in document["checks"] if check["code"] == code]
    return found


@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES)
def test_one_command_finds_the_cause(tmp_path: Path, cause: Cause) -> None:
    code = REFUSED if cause.is_seen else UNDECIDED
    document = ask(tmp_path, cause.case, *cause.options, code=code)
    found = check(document, cause.reason)
    assert found["state"] == ("failed" if cause.is_seen else "unknown")
    assert found["hint"]
    if cause.is_seen:
        assert document["reason"] == cause.reason
        assert document["verdict"] == "refused"
        assert document["log"] == found["log"]
        is_told = cause.reason is CheckCode.CONNECTION_LIMIT
        assert document["error"] == (found["log"] if is_told else "Authorization Violation")
    others = {c for c, state in states(document).items() if state in ("failed", "would_fail")}
    assert others <= {cause.reason}


def test_every_cause_is_there() -> None:
    assert {cause.reason for cause in CAUSES.values()} == CODES


def test_a_good_user(tmp_path: Path) -> None:
    document = ask(tmp_path, {"user_std": {"exp": {"rel": 90_000}}}, code=ADMITTED)
    assert document["verdict"] == "admitted"
    assert set(states(document).values()) == {"passed"}
    assert set(states(document)) == set(CheckCode)
    assert document["closes"].endswith("Z")
    assert (document["error"], document["log"], document["reason"]) == ("", "", "")


def test_what_is_taken_and_closed_at_once(tmp_path: Path) -> None:
    document = ask(tmp_path, {"user_nats": {"subs": 0}}, code=REFUSED)
    assert document["verdict"] == "closed"
    assert document["error"] == document["log"] == "maximum subscriptions exceeded"
    result = Workshop(tmp_path).run(
        "why", *write(tmp_path, Scene({"user_nats": {"subs": 0}}, ROOT, 0))
    )
    assert result.stdout.startswith("CLOSED: ")
    assert "cure: give the user, its scope or the account a limit of subs" in result.stdout
    assert "\n 1. nats.subs of the user is 0: not one subscription is allowed\n" in result.stdout
    # Of who looks like the user of a role that is not known until the account is.
    creds = write(tmp_path, Scene(SCOPED, ROOT, 0))[0]
    document = shown(tmp_path, creds, code=UNDECIDED)
    assert "a role gives it what it may do" in check(document, "account_lookup")["message"]


MANY = {
    "user_std": {"exp": {"rel": -5}},
    "user_nats": {"src": ["10.0.0.0/8"], "allowed_connection_types": ["MQTT"]},
    "account_nats": {"revocations": {"*": {"rel": 0}}},
    "connect": {"sig": "bad"},
}


def test_all_reasons_are_named_in_the_order_of_the_server(tmp_path: Path) -> None:
    document = ask(tmp_path, MANY, "--address", "127.0.0.1", code=REFUSED)
    failing = {code: state for code, state in states(document).items() if state != "passed"}
    assert failing == {
        "claims": "failed",
        "connection_type": "would_fail",
        "signature": "would_fail",
        "revocation": "would_fail",
        "source": "would_fail",
    }
    words = write(tmp_path, Scene(MANY, ROOT, int(time.time())))
    lines = Workshop(tmp_path).run("why", *words, "--address", "127.0.0.1", "--all")
    assert lines.stderr == ""
    assert "5 checks fail; the server stops at the first:" in lines.stdout
    for number, code in enumerate(failing, start=1):
        assert f"\n {number}. {code}: " in lines.stdout
    assert lines.stdout.count("    cure: ") == 5
    assert (
        "the client is told: Authorization Violation\nthe server logs:    User JWT" in lines.stdout
    )
    assert "passed: proxy_signature, token, " in lines.stdout
    lines = Workshop(tmp_path).run("why", *words, "--address", "127.0.0.1")
    assert "passed: 17 checks; --all names them" in lines.stdout


BY_THE_ACCOUNT = (
    "pinned_accounts",
    "user_issuer",
    "scoped_user_empty",
    "scope_template",
    "bearer",
    "revocation",
    "connection_limit",
    "auth_callout",
)
"""What nobody can tell who has the creds alone."""


def test_creds_alone_are_judged_as_far_as_they_go(tmp_path: Path) -> None:
    creds = write(tmp_path, Scene({}, ROOT, int(time.time())))[0]
    document = shown(tmp_path, creds, code=UNDECIDED)
    assert states(document)["account_lookup"] == "unknown"
    assert states(document)["signature"] == "passed"
    assert {states(document)[code] for code in BY_THE_ACCOUNT} == {"unknown"}
    assert "--account FILE" in check(document, "account_lookup")["hint"]
    creds = write(tmp_path, Scene(MANY, ROOT, int(time.time())))[0]
    document = shown(tmp_path, creds, code=REFUSED)
    assert {c for c, state in states(document).items() if state in ("failed", "would_fail")} == {
        "claims", "connection_type", "signature",
    }  # fmt: skip
    assert states(document)["source"] == "unknown"


def test_creds_of_a_scope_alone(tmp_path: Path) -> None:
    creds = write(tmp_path, Scene(SCOPED, ROOT, int(time.time())))[0]
    assert states(shown(tmp_path, creds, code=UNDECIDED))["signature"] == "passed"
    creds = write(tmp_path, Scene({**SCOPED, "connect": {"sig": "missing"}}, ROOT, 0))[0]
    # The scope may make it a bearer.
    assert states(shown(tmp_path, creds, code=UNDECIDED))["signature"] == "unknown"


def test_an_account_without_its_operator(tmp_path: Path) -> None:
    words = write(tmp_path, Scene({}, ROOT, int(time.time())))
    del words[1:3]
    document = shown(tmp_path, *words, code=UNDECIDED)
    for code in ("account_lookup", "account_issuer"):
        assert "--operator FILE" in check(document, code)["hint"]
        assert ROOT.signing.public_key in check(document, code)["message"]
    # The identity key signed the user, which a strict operator forbids.
    assert check(document, "user_issuer")["state"] == "unknown"
    words = write(tmp_path, Scene({"account_signer": "account"}, ROOT, int(time.time())))
    del words[1:3]
    assert states(shown(tmp_path, *words, code=REFUSED))["account_lookup"] == "failed"


def test_a_bare_token(tmp_path: Path) -> None:
    scene = Scene({}, ROOT, int(time.time()))
    words = write(tmp_path, scene)
    found = check(shown(tmp_path, scene.user, *words[1:], code=UNDECIDED), "signature")
    assert found["state"] == "unknown"
    assert found["hint"] == "give the creds file, in which the seed is, too"
    bearer = Scene({"user_nats": {"bearer_token": True}}, ROOT, int(time.time()))
    words = write(tmp_path, bearer)
    assert states(shown(tmp_path, bearer.user, *words[1:], code=ADMITTED))["signature"] == "passed"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda text, seed: text.replace(seed, "SX" + seed[2:]),
            "the seed in the creds is damaged",
        ),
        (lambda text, seed: text.replace(seed, seed[:-1]), "the seed in the creds is damaged"),
        (lambda text, _: text.partition("-----BEGIN USER")[0], "there is no seed in the creds"),
        (
            lambda text, seed: text.replace(seed, KeyPair.generate(KeyType.ACCOUNT).reveal_seed()),
            ": the seed is that of A",
        ),
    ],
    ids=["another kind", "cut", "missing", "of an account"],
)
def test_seeds_that_do_not_sign_for_the_token(tmp_path: Path, change: Any, said: str) -> None:
    scene = Scene({}, ROOT, int(time.time()))
    words = write(tmp_path, scene)
    seed = scene.user_key.reveal_seed()
    file = tmp_path / "user.creds"
    file.write_text(change(file.read_text(), seed))
    document = shown(tmp_path, *words, code=REFUSED)
    assert document["reason"] == "signature"
    assert said in check(document, "signature")["message"]
    assert "(a seed)" not in json.dumps(document)
    assert seed[:20] not in json.dumps(document)


def test_another_account_than_the_users(tmp_path: Path) -> None:
    words = write(tmp_path, Scene({}, ROOT, int(time.time())))
    stranger = Scene({}, ROOT, 0)
    (tmp_path / "account.jwt").write_text(
        stranger.accounts[stranger.account_key.public_key].encoded
    )
    document = shown(tmp_path, *words, code=REFUSED)
    assert document["reason"] == "account_lookup"
    assert states(document)["signature"] == "passed"


def test_how_and_when_somebody_connects(tmp_path: Path) -> None:
    case = {
        "user_nats": {
            "allowed_connection_types": ["WEBSOCKET"],
            "src": ["10.0.0.0/8"],
            "times": [{"start": "10:00:00", "end": "11:00:00"}],
        }
    }
    good = ("--type", "websocket", "--address", "10.1.1.1", "--at", "2026-05-01 10:30:00 UTC")
    assert ask(tmp_path, case, *good, code=ADMITTED)["verdict"] == "admitted"
    assert ask(tmp_path, case, *good[2:], code=REFUSED)["reason"] == "connection_type"
    assert ask(tmp_path, case, *good[:2], *good[4:], code=UNDECIDED)["reason"] == ""
    zone = ("--server-zone", "Asia/Tokyo")
    assert ask(tmp_path, case, *good, *zone, code=REFUSED)["reason"] == "times"
    limited = {"account_nats": {"limits": {"conn": 2, "subs": -1, "payload": -1}}}
    assert ask(tmp_path, limited, "--connections", "1", code=ADMITTED)["reason"] == ""
    found = ask(tmp_path, limited, "--connections", "2", code=REFUSED)
    assert found["reason"] == "connection_limit"


# By the store


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give a store with a user."""
    shop = Workshop(tmp_path)
    shop("add operator o --sys")
    shop("add account a")
    shop("add user -a a alice")
    return shop


def creds_of(shop: Workshop) -> str:
    return str(shop.store.creds_file("o", "a", "alice"))


def why(shop: Workshop, *words: str, code: int) -> dict[str, Any]:
    result = shop.run("why", *words, "--json")
    assert result.exit_code == code, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_the_store_has_operator_and_account(shop: Workshop) -> None:
    assert why(shop, creds_of(shop), code=ADMITTED)["name"] == "alice"
    assert why(shop, creds_of(shop), "-o", "o", "-a", "a", code=ADMITTED)["reason"] == ""
    # Even where another operator is the current one.
    shop("add operator p")
    shop("add account other")
    assert why(shop, creds_of(shop), code=ADMITTED)["verdict"] == "admitted"
    assert "there is no account" in shop.fails(f"why {creds_of(shop)} -a none")
    assert "there is no operator" in shop.fails(f"why {creds_of(shop)} -o none")


def test_the_cure_is_a_command_where_the_store_has_the_user(shop: Workshop) -> None:
    old = shop.path / "old.creds"
    old.write_bytes(shop.store.creds_file("o", "a", "alice").read_bytes())
    shop("add revocation -a a -n alice")
    found = check(why(shop, str(old), code=REFUSED), "revocation")
    assert found["command"] == (
        f"natsauth reissue user -a a alice; natsauth generate creds -a a -n alice -o {old} -F"
    )
    shop("reissue user -a a alice")
    assert why(shop, creds_of(shop), code=ADMITTED)["reason"] == ""
    [note] = why(shop, str(old), code=REFUSED)["notes"]
    assert note == {
        "message": "the store has a newer token of user 'alice' than this one",
        "hint": "natsauth generate creds -a a -n alice",
    }


@pytest.mark.parametrize(
    ("edit", "options", "reason"),
    [
        ("edit user -a a alice --expiry 2020-01-01 --force", "", "claims"),
        ("edit user -a a alice --start 2090-01-01 --force", "", "claims"),
        ("edit user -a a alice --conn-type WEBSOCKET", "", "connection_type"),
        ("edit user -a a alice --time 00:00:00-00:00:00", "", "times"),
        ("edit user -a a alice --source-network 10.0.0.0/8", "--address 10.9.9.9", ""),
        ("edit user -a a alice --source-network 10.0.0.0/8", "--address 11.9.9.9", "source"),
        ("edit account a --conns 0 --force", "", "connection_limit"),
    ],
)
def test_the_commands_that_it_names_cure(
    shop: Workshop, edit: str, options: str, reason: str
) -> None:
    shop(edit)
    words = [creds_of(shop), *options.split()]
    document = why(shop, *words, code=REFUSED if reason else ADMITTED)
    assert document["reason"] == reason
    if reason:
        for command in check(document, reason)["command"].split("; "):
            if not command.startswith("natsauth push"):
                shop(command.removeprefix("natsauth "))
        assert why(shop, *words, code=ADMITTED)["verdict"] == "admitted"


def test_the_command_for_a_scoped_user_edits_the_scope(shop: Workshop) -> None:
    shop("add signing-key -a a --role team --sk generate")
    shop("add user -a a bob -K team")
    shop("edit signing-key -a a --sk team --conn-type WEBSOCKET")
    creds = str(shop.store.creds_file("o", "a", "bob"))
    found = check(why(shop, creds, code=REFUSED), "connection_type")
    edit = "natsauth edit signing-key -a a --sk team --conn-type STANDARD"
    assert found["command"] == f"{edit}; natsauth push -a a"
    assert "the user by role 'team' may connect by 'WEBSOCKET'" in found["message"]
    assert found["hint"].startswith("give role 'team' STANDARD in allowed_connection_types")
    shop(edit.removeprefix("natsauth "))
    assert why(shop, creds, code=ADMITTED)["reason"] == ""


def test_a_signing_key_that_passes_for_the_account(shop: Workshop) -> None:
    shop("edit account a --sk generate")
    key = shop.body("o", "a").signing_keys[0]
    pair = KeyPair.from_seed(shop.store.seed(key))
    user = KeyPair.generate(KeyType.USER)
    token = encode(UserClaims(sub=user.public_key, name="x"), pair).encoded
    document = why(shop, token, code=REFUSED)
    assert document["reason"] == "account_lookup"
    found = check(document, "account_lookup")
    assert found["message"].startswith(f"{key} is a signing key of account 'a'; the user's token ")
    owner = shop.claims("o", "a").sub
    assert found["hint"] == f"sign the user anew, with {owner} as issuer_account"
    assert found["command"] == ""  # which the store cannot: it does not have the user
    assert check(document, "account_lookup")["log"].endswith("account missing")


def test_a_store_that_cannot_be_read_is_told(shop: Workshop) -> None:
    creds = shop.path / "mine.creds"
    creds.write_bytes(shop.store.creds_file("o", "a", "alice").read_bytes())
    (shop.store.stores / "o/accounts/a/a.jwt").write_text("garbage")
    document = why(shop, str(creds), code=UNDECIDED)
    assert "holds no account" in document["notes"][0]["message"]


# What is no creds


def test_what_holds_no_token(shop: Workshop) -> None:
    (file := shop.path / "x").write_text("nothing")
    assert "this holds no token" in shop.fails(f"why {file}")
    assert "cannot read" in shop.fails("why /none/such")
    stderr = shop.fails(f"why {creds_of(shop)} --operator /none/such.jwt")
    assert "cannot read '/none/such.jwt'" in stderr
    stderr = shop.fails(f"why {creds_of(shop)} --account {creds_of(shop)}")
    assert "expected a token of AccountClaims, got one of user claims" in stderr


def test_a_damaged_token_is_a_reason(tmp_path: Path) -> None:
    words = write(tmp_path, Scene({}, ROOT, int(time.time())))
    file = tmp_path / "user.creds"
    text = file.read_text()
    start = text.index("eyJ")
    for damaged in (text[: start + 9] + " " + text[start + 9 :], text.replace("eyJ", "eyK", 1)):
        file.write_text(damaged)
        document = shown(tmp_path, *words, code=REFUSED)
        assert document["reason"] == "token"
        assert document["log"] == "Authentication requires a user JWT"
        assert states(document)["token"] == "failed"


def test_what_excludes_each_other(shop: Workshop) -> None:
    for option in ("--type STANDARD", "--at 2030-01-01", "--names-account", "--proxy trusted"):
        stderr = shop.fails(f"why {creds_of(shop)} --server 127.0.0.1 {option}", code=2)
        assert f"--server and {option.split()[0]} exclude each other." in stderr


def test_a_server_that_nobody_reaches(shop: Workshop) -> None:
    shop("add revocation -a a -n alice")
    result = shop.run(f"why {creds_of(shop)} --server nats://127.0.0.1:1")
    assert result.exit_code == 1
    assert "cannot connect to nats://127.0.0.1:1: connection refused" in result.stderr
    # What can be told without it is told.
    assert result.stdout.startswith("REFUSED: a server does not take user ")
    assert " 1. revocation: user " in result.stdout
    document = why(shop, creds_of(shop), "--server", "nats://127.0.0.1:1", code=1)
    assert (document["verdict"], document["reason"]) == ("refused", "revocation")
    assert "connection refused" in document["server"]["failure"]
    assert "is no address of a server" in shop.fails(f"why {creds_of(shop)} --server http://x")


def test_moments_and_zones_that_are_none(shop: Workshop) -> None:
    assert "expected" in shop.fails(f"why {creds_of(shop)} --at soon", code=2)
    assert "time zone" in shop.fails(f"why {creds_of(shop)} --server-zone Nowhere/Land")


def test_a_seed_that_is_missing_or_damaged_is_in_the_creds_alone(tmp_path: Path) -> None:
    scene = Scene({}, ROOT, int(time.time()))
    [creds, *_] = write(tmp_path, scene)
    seed, text = scene.user_key.reveal_seed(), (tmp_path / "user.creds").read_text()
    for changed, said in (
        (
            text.replace(seed, seed + "A"),
            "the seed in the creds is damaged: invalid seed: expected 58 ",
        ),
        (text.partition("-----BEGIN USER")[0], "there is no seed in the creds"),
    ):
        (tmp_path / "user.creds").write_text(changed)
        document = shown(tmp_path, creds, code=REFUSED)
        assert check(document, "signature")["state"] == "failed"
        assert check(document, "signature")["message"].startswith(said)


def test_a_seed_in_the_place_of_the_token_goes_nowhere(tmp_path: Path) -> None:
    scene = Scene({}, ROOT, int(time.time()))
    [creds, *_] = write(tmp_path, scene)
    seed, text = scene.user_key.reveal_seed(), (tmp_path / "user.creds").read_text()
    token = text.split()[4]
    assert token.startswith("eyJ")
    for swapped in (text.replace(token, seed), text.replace(token, f"{token}\n{seed}")):
        (tmp_path / "user.creds").write_text(swapped)
        words = ("why", creds, "--server", "nats://127.0.0.1:1")
        said = Workshop(tmp_path).fails(*words)
        assert "where the creds have their token there is a seed" in said
        assert seed not in said


def test_what_is_not_valid_is_not_judged_once_more(tmp_path: Path) -> None:
    case = {"user_nats": {"src": ["nowhere"], "times": [{"start": "x", "end": "y"}]}}
    document = ask(tmp_path, case, code=REFUSED)
    assert document["reason"] == "claims"
    assert not {"source", "times"} & set(states(document))


def test_an_expired_account_is_edited_and_pushed(shop: Workshop) -> None:
    shop("edit account a --expiry 2020-01-01 --force")
    found = check(why(shop, creds_of(shop), code=REFUSED), "account_lookup")
    edit, push = found["command"].split("; ")
    assert push == "natsauth push -a a"
    shop(edit.removeprefix("natsauth "))
    assert why(shop, creds_of(shop), code=ADMITTED)["reason"] == ""


def test_what_the_store_has_need_not_be_what_servers_have(shop: Workshop) -> None:
    lines = shop("why", creds_of(shop))
    assert lines[1] == "if servers have this account as the store has it: --server URL asks them"


def test_a_template_that_lacks_a_tag(shop: Workshop) -> None:
    shop("add", "signing-key", "-a", "a", "--role", "team", "--sk", "generate",
         "--deny-pub", "d.{{tag(dept)}}")  # fmt: skip
    shop("add user -a a bob -K team --tag dept:x")
    shop("edit user -a a bob --rm-tag dept:x")
    creds = str(shop.store.creds_file("o", "a", "bob"))
    found = check(why(shop, creds, code=REFUSED), "scope_template")
    edit, generate = found["command"].split("; ")
    assert edit == "natsauth edit user -a a bob --tag dept:VALUE"
    assert generate == f"natsauth generate creds -a a -n bob -o {creds} -F"


def test_mqtt_needs_jetstream(tmp_path: Path) -> None:
    case = {"user_nats": {"bearer_token": True}}
    assert ask(tmp_path, case, code=ADMITTED)["reason"] == ""
    document = ask(tmp_path, case, "--type", "mqtt", code=REFUSED)
    assert document["reason"] == "jetstream"
    assert document["error"] == ""
    assert "JetStream not enabled for account" in check(document, "jetstream")["log"]


def test_who_has_no_name_is_told_by_its_key(tmp_path: Path) -> None:
    scene = Scene({}, ROOT, int(time.time()))
    result = Workshop(tmp_path).run("why", *write(tmp_path, scene))
    head = result.stdout.splitlines()[0]
    assert head == f'ADMITTED: a server takes user {scene.user_key.public_key} of account "ACC"'
