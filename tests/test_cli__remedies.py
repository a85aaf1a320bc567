"""The commands that cure, and what they open."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.claims import AccountClaims
from natsauth.cli._remedies import Remedy
from natsauth.cli._session import Session
from natsauth.cli._surroundings import Surroundings
from natsauth.cli._tree import Workspace
from natsauth.policy import Check, CheckCode, CheckStatus, Connection
from natsauth.policy._reading import read_user
from natsauth.token import decode, encode
from tests._causes import NO_TIME, SCOPED
from tests._connections import Root, Scene

if TYPE_CHECKING:
    from natsauth.cli._surroundings import Words

ROOT = Root()
IN_STORE = ("O", "my acme", "bob")
TIMED: dict[str, Any] = {"user_nats": {"times": NO_TIME}}
TIMED_ROLE: dict[str, Any] = {**SCOPED, "scoped_template": {"times": NO_TIME}}


def remedy(*names: str, case: dict[str, Any] | None = None, file: str = "bob.creds") -> Remedy:
    scene = Scene(case or {}, ROOT, 0)
    account = scene.accounts[scene.account_key.public_key]
    around = Surroundings(Workspace(Session()), [scene.root.operator], account, names=names)
    return Remedy(around, Connection(), read_user(scene.user).claims, file)


def line(known: Remedy, check: Check) -> str:
    return known.command(check)[0]


def failing(code: CheckCode, *, log: str = "", message: str = "m") -> Check:
    return Check(code, CheckStatus.FAILED, holds=False, message=message, log=log, hint="h")


CREDS = "natsauth generate creds -a 'my acme' -n bob -o bob.creds -F"


@pytest.mark.parametrize(
    ("code", "command"),
    [
        (CheckCode.REVOCATION, f"natsauth reissue user -a 'my acme' bob && {CREDS}"),
        (CheckCode.SIGNATURE, CREDS),
        (CheckCode.CONNECTION_TYPE,
         f"natsauth edit user -a 'my acme' bob --conn-type STANDARD && {CREDS}"),
        (CheckCode.JETSTREAM,
         "natsauth edit account 'my acme' --js-enable 0 && natsauth push -a 'my acme'"),
        (CheckCode.ACCOUNT_FIELD, ""),
    ],
)  # fmt: skip
def test_the_cure_is_a_command_where_the_store_has_the_user(code: CheckCode, command: str) -> None:
    assert line(remedy(*IN_STORE), failing(code)) == command
    assert line(remedy(), failing(code)) == ""


def test_without_the_user_in_the_store_only_the_account_is_edited() -> None:
    known = remedy("O", "acme")
    assert line(known, failing(CheckCode.REVOCATION)) == ""
    assert line(known, failing(CheckCode.CONNECTION_TYPE)) == ""
    assert line(known, failing(CheckCode.CONNECTION_LIMIT)).startswith("natsauth edit account")


def test_of_a_scoped_user_the_role_is_edited() -> None:
    command = line(remedy("O", "acme", "bob", case=SCOPED), failing(CheckCode.CONNECTION_TYPE))
    assert command == (
        "natsauth edit signing-key -a acme --sk r --conn-type STANDARD && natsauth push -a acme"
    )


@pytest.mark.parametrize(
    ("log", "option"),
    [("claim is expired", "--expiry 30d"), ("claim is not yet valid", "--start 0")],
)
def test_a_time_has_its_own_command(log: str, option: str) -> None:
    assert option in line(remedy(*IN_STORE), failing(CheckCode.CLAIMS, log=log))
    assert line(remedy(*IN_STORE), failing(CheckCode.CLAIMS, log="no valid sub")) == ""


def test_a_tag_that_is_missing_is_in_no_command() -> None:
    # With which value nobody knows but who runs it.
    check = failing(CheckCode.SCOPE_TEMPLATE, message="no tag for '{{tag(dept)}}'")
    assert line(remedy(*IN_STORE), check) == ""


def test_names_are_quoted_for_a_shell() -> None:
    known = remedy("O", "a; rm -rf /", "$(id)", file="x y.creds")
    command = line(known, failing(CheckCode.SIGNATURE))
    assert command == "natsauth generate creds -a 'a; rm -rf /' -n '$(id)' -o 'x y.creds' -F"
    # What would be taken for an option is in no command.
    assert line(remedy("O", "acme", "--force"), failing(CheckCode.SIGNATURE)) == ""


def test_a_file_that_was_not_named_is_not_replaced() -> None:
    known = remedy("O", "acme", "bob", file="")
    command = line(known, failing(CheckCode.SIGNATURE))
    assert command == "natsauth generate creds -a acme -n bob -o bob.creds"


def test_commands_work_on_the_operator_and_the_store_that_are_meant() -> None:
    known = remedy("O 1", "acme", "bob")
    known.around.is_current, known.around.places = False, ("-H", "my store")
    assert line(known, failing(CheckCode.REVOCATION)) == (
        "natsauth select operator 'O 1' -H 'my store' && "
        "natsauth reissue user -a acme bob -H 'my store' && "
        "natsauth generate creds -a acme -n bob -o bob.creds -F -H 'my store'"
    )


@pytest.mark.parametrize(
    ("code", "case", "opens"),
    [
        (CheckCode.BEARER, {}, "allows bearers in all of the account"),
        (CheckCode.TIMES, TIMED, "lifts the times for the user"),
        (CheckCode.TIMES, TIMED_ROLE, "lifts the times for all users of role 'r'"),
        (CheckCode.CONNECTION_LIMIT, {}, "lifts the limit for all users of the account"),
        (CheckCode.JETSTREAM, {}, "gives the account JetStream without limits"),
        (CheckCode.SIGNATURE, {}, ""),
        (CheckCode.REVOCATION, {}, ""),
    ],
)
def test_what_a_command_opens_is_said(code: CheckCode, case: dict[str, Any], opens: str) -> None:
    assert remedy(*IN_STORE, case=case).command(failing(code))[1] == opens
    assert remedy(case=case).command(failing(code)) == ("", "")


def test_a_client_of_mqtt_is_to_be_a_bearer() -> None:
    known = replace(remedy(*IN_STORE), connection=Connection(type="MQTT"))
    command, opens = known.command(failing(CheckCode.SIGNATURE))
    assert command.startswith("natsauth edit user -a 'my acme' bob --bearer && ")
    assert "the token is enough then, without its seed" in opens
    leaf = replace(known, connection=Connection(type="LEAFNODE"))
    assert "--leaf-conns -1" in line(leaf, failing(CheckCode.CONNECTION_LIMIT))


def test_of_servers_that_are_ahead_the_account_is_fetched_first() -> None:
    known = remedy(*IN_STORE)
    assert known.around.account
    claims = replace(known.around.account.claims)
    known.around.local = encode(claims, ROOT.signing, now=claims.iat - 1)
    parts = line(known, failing(CheckCode.CONNECTION_LIMIT)).split(" && ")
    assert parts[0] == "natsauth pull -a 'my acme'"
    assert parts[-1] == "natsauth push -a 'my acme'"


def test_what_is_at_hand_goes_before_an_edit() -> None:
    pushing: tuple[list[Words], frozenset[CheckCode]]
    pushing = [("push", "-a", "a")], frozenset({CheckCode.BEARER})
    known = replace(remedy(*IN_STORE), at_hand=[pushing])
    assert known.command(failing(CheckCode.BEARER)) == ("natsauth push -a a", "")
    assert line(known, failing(CheckCode.CONNECTION_LIMIT)).startswith("natsauth edit account")


def test_what_servers_have_already_is_not_pushed() -> None:
    known = remedy(*IN_STORE)
    token = known.around.account
    assert token
    start = "natsauth reissue user -a 'my acme' bob && "
    known.around.local = decode(token.encoded, AccountClaims)  # as servers tell it: a copy
    assert line(known, failing(CheckCode.USER_ISSUER)).startswith(start)
    known.around.local = encode(token.claims, ROOT.signing, now=token.claims.iat + 1)
    start = f"natsauth push -a 'my acme' && {start}"
    assert line(known, failing(CheckCode.USER_ISSUER)).startswith(start)
