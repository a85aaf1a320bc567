"""The words for each check that fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from natsauth.cli._credentials import Credentials
from natsauth.cli._cures import DEPENDS, Cure
from natsauth.cli._session import Session
from natsauth.cli._surroundings import Surroundings
from natsauth.cli._tree import Workspace
from natsauth.policy import Check, CheckCode, CheckStatus, Connection
from natsauth.policy._reading import read_user
from tests._connections import Root, Scene

ROOT = Root()


def cure(
    *names: str, case: dict[str, Any] | None = None, file: str = "bob.creds", problem: str = ""
) -> Cure:
    scene = Scene(case or {}, ROOT, 0)
    account = scene.accounts[scene.account_key.public_key]
    around = Surroundings(Workspace(Session()), [scene.root.operator], account, names=names)
    key = None if problem else scene.user_key
    who = Credentials(scene.user, key, problem, is_bare=False, file=file)
    return Cure(who, around, Connection(), read_user(scene.user).claims)


def failing(code: CheckCode, *, log: str = "", message: str = "m") -> Check:
    return Check(code, CheckStatus.FAILED, holds=False, message=message, log=log, hint="h")


def test_a_tag_that_is_missing_is_named() -> None:
    check = failing(CheckCode.SCOPE_TEMPLATE, message="no tag for '{{tag(dept)}}'")
    assert "natsauth edit user NAME --tag dept:VALUE" in cure().hint(check)


def test_the_seed_that_is_there_is_named() -> None:
    check = failing(CheckCode.SIGNATURE, message="not that")
    known = cure()
    assert known.credentials.key
    assert (
        known.message(check) == f"not that: the seed is that of {known.credentials.key.public_key}"
    )
    assert cure(problem="no seed").message(check) == "no seed"


def test_a_signing_key_that_passes_for_the_account() -> None:
    known = cure(case={"signer": "signing_key", "user_nats": {"issuer_account": ""}})
    check = failing(CheckCode.ACCOUNT_LOOKUP, log="account missing")
    assert known.lacks_account
    assert "lacks issuer_account" in known.message(check)
    assert "as issuer_account" in known.hint(check)
    assert not cure().lacks_account
    assert cure().hint(check) == "h"


def test_what_is_not_known_is_said_with_what_helps() -> None:
    known = cure()
    for code in CheckCode:
        message, hint = known.unknown(failing(code))
        assert message
        assert (message == DEPENDS) is (hint == "")
    nobody = replace(known, around=Surroundings(Workspace(Session())))
    message, hint = nobody.unknown(failing(CheckCode.ACCOUNT_LOOKUP))
    assert known.user
    assert known.user.account in message
    assert "--account FILE" in hint
