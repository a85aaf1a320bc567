"""What is said of differences between a server and the store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from natsauth.claims import Account, AccountClaims, OperatorLimits
from natsauth.cli._credentials import Credentials
from natsauth.cli._diagnosis import Circumstances, Diagnosis, diagnose
from natsauth.cli._server_notes import compare_accounts, compare_verdicts
from natsauth.cli._server_side import ServerSide
from natsauth.cli._session import Session
from natsauth.cli._surroundings import Surroundings
from natsauth.cli._tree import Workspace
from natsauth.keys import KeyPair, KeyType
from natsauth.policy import Connection
from natsauth.token import Token, encode
from tests._connections import Root, Scene

ROOT = Root()
OWNER, KEY = (KeyPair.generate(KeyType.ACCOUNT) for _ in range(2))
SIGNER, USER = KEY.public_key, KeyPair.generate(KeyType.USER).public_key
NOW = 1_700_000_000


def account(*, iat: int = NOW, exp: int = 0, **body: Any) -> Token[AccountClaims]:
    claims = AccountClaims(sub=OWNER.public_key, name="acme", exp=exp, nats=Account(**body))
    return encode(claims, ROOT.signing, now=iat)


def diagnosis(**case: Any) -> Diagnosis:
    scene = Scene(case, ROOT, NOW)
    known = Surroundings(Workspace(Session()), [ROOT.operator])
    known.account = scene.accounts[scene.account_key.public_key]
    who = Credentials(scene.user, scene.user_key, "", is_bare=False)
    return diagnose(who, known, Circumstances(Connection(at=NOW)))


def around(here: Token[AccountClaims] | None = None, *names: str) -> Surroundings:
    return Surroundings(Workspace(Session()), [ROOT.operator], here, names=names)


def notes(here: Token[AccountClaims] | None, there: Token[AccountClaims] | None) -> list[str]:
    side = ServerSide("nats://x")
    compare_accounts(side, around(here, "o", "acme"), there, diagnosis())
    return [f"{note.message} | {note.hint}" for note in side.differences]


def test_an_account_from_a_file_is_called_that() -> None:
    side = ServerSide("nats://x")
    known = replace(around(account(iat=NOW + 1)), file="acme.jwt")
    compare_accounts(side, known, account(), diagnosis())
    compare_accounts(side, known, None, diagnosis())
    newer, missing = side.differences
    assert newer.message.startswith("servers have an older token of account 'acme' than the file ")
    assert "'acme.jwt': " in newer.message
    assert (newer.hint, missing.hint) == ("", "")  # the store has nothing to push


def test_a_push_goes_to_the_server_that_was_asked() -> None:
    side = ServerSide("nats://x")
    known = replace(around(account(), "o", "acme"), server=("-u", "nats://x"))
    compare_accounts(side, known, None, diagnosis())
    assert [note.hint for note in side.differences] == ["natsauth push -a acme -u nats://x"]


def test_the_same_account_is_no_difference() -> None:
    token = account()
    assert notes(token, token) == []
    assert notes(None, token) == []


def test_an_account_that_servers_lack_is_pushed() -> None:
    assert notes(account(), None) == ["servers do not have account 'acme' | natsauth push -a acme"]


def test_an_account_that_no_server_would_take_is_mended_first() -> None:
    side = ServerSide("nats://x")
    compare_accounts(side, around(account(), "o", "acme"), None, diagnosis(account_std={"exp": 1}))
    assert [note.hint for note in side.differences] == ["mend it as is told above, then push it"]


@pytest.mark.parametrize(
    ("iat", "age", "command"),
    [(NOW - 1, "an older", "push"), (NOW + 1, "a newer", "pull"), (NOW, "another", "push")],
)
def test_the_newer_one_counts(iat: int, age: str, command: str) -> None:
    there = account(iat=iat, signing_keys=[SIGNER])
    [note] = notes(account(), there)
    assert note.startswith(f"servers have {age} token of account 'acme' than the store: ")
    assert note.endswith(f"| natsauth {command} -a acme")


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ({"signing_keys": [SIGNER]}, f"the signing key {SIGNER}"),
        ({"revocations": {USER: 5}}, f"the revocation {USER} at 5"),
    ],
)
def test_keys_and_revocations_are_named(body: dict[str, Any], missing: str) -> None:
    [lacking] = notes(account(**body), account())
    assert f": they lack {missing} |" in lacking
    [having] = notes(account(), account(**body))
    assert f": they have {missing} |" in having


def test_other_members_are_named() -> None:
    [note] = notes(account(exp=NOW + 60, limits=OperatorLimits(conn=3)), account())
    assert ": exp differs; nats.limits differs |" in note


def test_what_the_server_does_otherwise_is_told() -> None:
    good, bad = diagnosis(), diagnosis(user_std={"exp": 1})
    taken, refused = (
        ServerSide("x", connected=True),
        ServerSide("x", error="Authorization Violation"),
    )
    for side, verdict, said in (
        (taken, good, []),
        (refused, bad, []),
        (taken, bad, ["the server took the connection, although by what is known here"]),
        (refused, good, ["the server said 'Authorization Violation', although nothing here"]),
        (
            replace(refused, is_stranger=True),
            good,
            ["account 'acme' is of operator 'o', of whom the server refused a system user, too"],
        ),
    ):
        own = replace(side, differences=[])
        compare_verdicts(own, around(None, "o", "acme"), verdict)
        assert [
            note.message[: len(start)] for note, start in zip(own.differences, said, strict=True)
        ] == said
