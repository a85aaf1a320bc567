"""``natsauth why``, as far as it needs no server; see tests/live/test_cli_why.py."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from natsauth.claims import UserClaims
from natsauth.cli._credentials import read_credentials
from natsauth.keys import KeyPair, KeyType
from natsauth.policy import CheckCode
from natsauth.token import encode
from tests._causes import CAUSES, CODES, SCOPED, Cause, commands, run, write
from tests._connections import Root, Scene
from tests._workshop import Workshop

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
    assert "passed: 17 checks:\n - proxy_signature: the connection comes over no" in lines.stdout
    assert "\n - bearer: the user is no bearer\n" in lines.stdout
    assert ": expired 5 seconds ago, at 20" in lines.stdout
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
    generate = f"natsauth generate creds -a a -n alice -o {old} -F"
    assert commands(shop, found["command"]) == ["natsauth reissue user -a a alice", generate]
    shop("reissue user -a a alice")
    assert why(shop, creds_of(shop), code=ADMITTED)["reason"] == ""
    document = why(shop, str(old), code=REFUSED)
    [note] = document["notes"]
    assert note["message"] == "the store has a newer token of user 'alice' than this one"
    # Which is all that it takes.
    assert commands(shop, note["hint"]) == [generate]
    assert check(document, "revocation")["command"] == note["hint"]


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
        for command in commands(shop, check(document, reason)["command"]):
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
    assert commands(shop, found["command"]) == [edit, "natsauth push -a a"]
    assert found["hint"].endswith("; the command allows it to all users of role 'team'")
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
    file = shop.path / "x"
    token = creds_of(shop)
    for text, said in (
        ("nothing", "'{}' holds no token"),
        ("", "'{}' is empty"),
        (Path(token).read_text()[:200], "'{}' holds no token: it is cut off"),
    ):
        file.write_text(text)
        assert said.format(file) in shop.fails(f"why {file}")
    assert "cannot read" in shop.fails("why /none/such")
    stderr = shop.fails(f"why {creds_of(shop)} --operator /none/such.jwt")
    assert "cannot read '/none/such.jwt'" in stderr
    stderr = shop.fails(f"why {creds_of(shop)} --account {creds_of(shop)}")
    assert f"{creds_of(shop)!r}: this is the token of a user, not of an account" in stderr


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
    first, second, *_ = result.stdout.splitlines()
    assert first == "NOT ASKED: nats://127.0.0.1:1 did not say; by what is known without it:"
    assert second == 'REFUSED: a server does not take user "alice" of account "a"'
    assert result.output.count("connection refused") == 1
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
    edit, push = commands(shop, found["command"])
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
    assert found["command"] == ""  # with which value is not known
    assert "natsauth edit user NAME --tag dept:VALUE" in found["hint"]


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


def test_the_command_is_for_the_operator_of_the_creds(shop: Workshop) -> None:
    for line in ("operator p --sys", "account a", "user -a a alice --allow-pub other"):
        shop(f"add {line}")
    before = shop.store.read("p", "a", "alice")
    mine = shop.path / "mine.creds"
    mine.write_bytes(Path(creds_of(shop)).read_bytes())
    shop("select operator o")
    shop("edit user -a a alice --conn-type WEBSOCKET")
    mine.write_bytes(Path(creds_of(shop)).read_bytes())
    shop("select operator p")
    line = check(why(shop, str(mine), code=REFUSED), "connection_type")["command"]
    assert commands(shop, line)[0] == "natsauth select operator o"
    key = read_credentials(str(mine)).key
    run(shop, line, servers=False)
    assert shop.store.read("p", "a", "alice") == before
    assert why(shop, str(mine), code=ADMITTED)["verdict"] == "admitted"
    assert read_credentials(str(mine)).key == key


def test_creds_that_are_stale_are_written_anew_and_nothing_else(shop: Workshop) -> None:
    old = shop.path / "old.creds"
    shop("edit user -a a alice --expiry 2020-01-01 --force")
    old.write_bytes(Path(creds_of(shop)).read_bytes())
    shop("edit user -a a alice --expiry 2090-01-01")
    document = why(shop, str(old), code=REFUSED)
    line = check(document, "claims")["command"]
    assert commands(shop, line) == [f"natsauth generate creds -a a -n alice -o {old} -F"]
    run(shop, line, servers=False)
    assert why(shop, str(old), code=ADMITTED)["verdict"] == "admitted"
    assert shop.claims("o", "a", "alice").exp > 3_000_000_000
    # Where the store's token fails, too, that is mended.
    shop("edit user -a a alice --conn-type WEBSOCKET")
    shop("edit user -a a alice --tag x")
    line = check(why(shop, creds_of(shop), code=REFUSED), "connection_type")["command"]
    assert "edit user -a a alice --conn-type STANDARD" in commands(shop, line)[0]


def test_creds_of_another_operator_than_the_servers(shop: Workshop) -> None:
    shop("add operator p --sys")
    document = why(shop, creds_of(shop), "-o", "p", code=REFUSED)
    found = check(document, "account_lookup")
    assert found["message"] == "account 'a' is of operator 'o', and servers trust operator 'p'"
    assert "connect to a server of operator 'o'" in found["hint"]
    assert found["command"] == ""


def test_a_scoped_user_with_permissions_of_its_own(shop: Workshop) -> None:
    shop("edit account a --sk generate")
    shop("edit user -a a alice --allow-pub mine")
    shop("reissue user -a a alice")
    [key] = map(str, shop.body("o", "a").signing_keys)
    scope = f"edit signing-key -a a --sk {key} --role team --allow-pub theirs"
    said = shop.fails(scope)
    assert "natsauth add signing-key makes a key of its own for the role" in said
    assert "natsauth edit user NAME --clear afterwards" in said
    shop(f"{scope} --force")
    found = check(why(shop, creds_of(shop), code=REFUSED), "scoped_user_empty")
    assert "clear()" not in found["hint"]
    assert commands(shop, found["command"])[0] == "natsauth edit user -a a alice --clear"
    run(shop, found["command"], servers=False)
    assert why(shop, creds_of(shop), code=ADMITTED)["verdict"] == "admitted"


def test_another_account_by_name_is_none_of_the_users(shop: Workshop) -> None:
    document = why(shop, creds_of(shop), "-a", "SYS", code=REFUSED)
    found = check(document, "account_lookup")
    assert found["message"] == "the user is of account 'a', not of account 'SYS'"
    assert found["command"] == ""
    head = shop.run("why", creds_of(shop), "-a", "SYS").stdout.splitlines()[0]
    assert '"SYS"' not in head


def test_a_strict_operator_wants_signing_keys(shop: Workshop) -> None:
    shop("edit operator --sk generate")
    shop("reissue account a")
    shop("edit operator --require-signing-keys --force")
    said = shop.fails("reissue user -a a alice")
    assert "nobody may sign users of account 'a': identity keys sign nothing" in said
    found = check(why(shop, creds_of(shop), code=REFUSED), "user_issuer")
    assert commands(shop, found["command"])[:3] == [
        "natsauth edit account a --sk generate",
        "natsauth push -a a",
        "natsauth reissue user -a a alice",
    ]
    run(shop, found["command"], servers=False)
    assert why(shop, creds_of(shop), code=ADMITTED)["verdict"] == "admitted"


def test_an_account_signed_by_the_identity_key_is_signed_anew(shop: Workshop) -> None:
    shop("edit account a --sk generate")
    shop("reissue user -a a alice")
    shop("edit operator --sk generate")
    shop("edit operator --require-signing-keys --force")
    found = check(why(shop, creds_of(shop), code=REFUSED), "account_lookup")
    assert commands(shop, found["command"]) == [
        "natsauth reissue account a",
        "natsauth push -a a",
    ]
    run(shop, found["command"], servers=False)
    assert why(shop, creds_of(shop), code=ADMITTED)["verdict"] == "admitted"


def test_an_account_of_nobody_names_no_operator(shop: Workshop, tmp_path: Path) -> None:
    claims = shop.claims("o", "a")
    pair = KeyPair.from_seed(shop.store.seed(claims.sub))
    (file := tmp_path / "self.jwt").write_text(encode(claims, pair).encoded)
    found = check(why(shop, creds_of(shop), "-a", str(file), code=REFUSED), "account_lookup")
    assert found["message"].endswith(" is signed by itself, not by an operator")


def test_what_a_log_may_say_instead_is_told(shop: Workshop) -> None:
    shop("edit account a --expiry 2020-01-01 --force")
    text = shop.run("why", creds_of(shop)).stdout
    assert 'account validation failed; or "Account JWT has expired" where it was loaded' in text
    stranger = Workshop(shop.path / "elsewhere")
    text = stranger.run("why", creds_of(shop)).stdout
    assert 'account missing; or "fetching jwt timed out" where the resolver asks other' in text
    assert " checks by what is in the account; --all names them" in text
    text = stranger.run("why", creds_of(shop), "--all").stdout
    assert " checks by what is in the account: account issuer, user issuer, " in text


def test_a_token_that_cannot_be_read_leaves_no_hole(shop: Workshop) -> None:
    file = shop.store.stores / "o" / "accounts" / "a" / "a.jwt"
    text = shop.run("why", str(file)).stdout
    assert "this is the token of an account, not of a user" in text
    assert "whether servers have the user's account, and what is in it" in text
    assert "by what is in the token; --all names them" in text


def test_accounts_are_pinned_by_their_keys(shop: Workshop) -> None:
    said = shop.fails(f"why {creds_of(shop)} --pinned foo", code=2)
    assert "expected the public key of an account, got 'foo'" in said
    key = shop.claims("o", "a").sub
    assert why(shop, creds_of(shop), "--pinned", key, code=ADMITTED)["reason"] == ""
