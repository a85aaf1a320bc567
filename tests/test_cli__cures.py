"""The words and the command for each check that fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from natsauth.cli._credentials import Credentials
from natsauth.cli._cures import DEPENDS, Cure
from natsauth.cli._session import Session
from natsauth.cli._surroundings import Surroundings
from natsauth.cli._tree import Workspace
from natsauth.policy import Check, CheckCode, CheckStatus, Connection
from natsauth.policy._reading import read_user
from tests._causes import SCOPED
from tests._connections import Root, Scene

ROOT = Root()
IN_STORE = ("O", "my acme", "bob")


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


CREDS = "natsauth generate creds -a 'my acme' -n bob -o bob.creds -F"


@pytest.mark.parametrize(
    ("code", "command"),
    [
        (CheckCode.REVOCATION, f"natsauth reissue user -a 'my acme' bob; {CREDS}"),
        (CheckCode.SIGNATURE, CREDS),
        (CheckCode.CONNECTION_TYPE,
         f"natsauth edit user -a 'my acme' bob --conn-type STANDARD; {CREDS}"),
        (CheckCode.JETSTREAM,
         "natsauth edit account 'my acme' --js-enable 0; natsauth push -a 'my acme'"),
        (CheckCode.ACCOUNT_FIELD, ""),
    ],
)  # fmt: skip
def test_the_cure_is_a_command_where_the_store_has_the_user(code: CheckCode, command: str) -> None:
    assert cure(*IN_STORE).command(failing(code)) == command
    assert cure().command(failing(code)) == ""


def test_without_the_user_in_the_store_only_the_account_is_edited() -> None:
    known = cure("O", "acme")
    assert known.command(failing(CheckCode.REVOCATION)) == ""
    assert known.command(failing(CheckCode.CONNECTION_TYPE)) == ""
    assert known.command(failing(CheckCode.CONNECTION_LIMIT)).startswith("natsauth edit account")


def test_of_a_scoped_user_the_role_is_edited() -> None:
    command = cure("O", "acme", "bob", case=SCOPED).command(failing(CheckCode.CONNECTION_TYPE))
    assert command == (
        "natsauth edit signing-key -a acme --sk r --conn-type STANDARD; natsauth push -a acme"
    )


@pytest.mark.parametrize(
    ("log", "option"),
    [("claim is expired", "--expiry 30d"), ("claim is not yet valid", "--start 0")],
)
def test_a_time_has_its_own_command(log: str, option: str) -> None:
    assert option in cure(*IN_STORE).command(failing(CheckCode.CLAIMS, log=log))
    assert cure(*IN_STORE).command(failing(CheckCode.CLAIMS, log="no valid sub")) == ""


def test_a_tag_that_is_missing_is_named() -> None:
    check = failing(CheckCode.SCOPE_TEMPLATE, message="no tag for '{{tag(dept)}}'")
    assert "--tag dept:VALUE" in cure(*IN_STORE).command(check)


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


def test_names_are_quoted_for_a_shell() -> None:
    known = cure("O", "a; rm -rf /", "$(id)", file="x y.creds")
    command = known.command(failing(CheckCode.SIGNATURE))
    assert command == "natsauth generate creds -a 'a; rm -rf /' -n '$(id)' -o 'x y.creds' -F"
