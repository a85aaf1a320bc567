"""``natsauth inspect``: any token or creds file, verified and readable."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from natsauth import Creds, UserClaims, encode
from natsauth.claims import AccountClaims, GenericClaims, User
from natsauth.cli._tokens import armoured, payload_of
from natsauth.cli.main import commands
from tests._tokens import ACCOUNT, OPERATOR, SERVER, USER, forge
from tests._vectors import records

if TYPE_CHECKING:
    from pathlib import Path

CLAIMS = UserClaims(sub=USER.public_key, name="me", nats=User(bearer_token=True))
TOKEN = encode(CLAIMS, ACCOUNT).encoded
SEED = USER.reveal_seed()
FORGED = f"{TOKEN[:-8]}AAAAAAAA"


def inspect(*arguments: str | Path, standard_input: str | bytes = "") -> Any:
    words = ["inspect", *map(str, arguments)]
    result = CliRunner().invoke(commands, words, standard_input, prog_name="natsauth")
    assert SEED not in result.output
    return result


def found(*arguments: str | Path, code: int = 0) -> Any:
    result = inspect("--json", *arguments)
    assert result.exit_code == code
    return json.loads(result.stdout)


@pytest.mark.parametrize("kind", ["operator", "account shop", "user clerk", "activation"])
def test_the_tables_of_nsc_then_what_there_is_to_say(kind: str) -> None:
    record = next(r for r in records("describe.jsonl") if r["name"] == kind)
    result = inspect(record["token"])
    issuer = payload_of(record["token"])["iss"]
    tables, _, said = result.stdout.partition(f"verified: signed by {issuer}")
    if not record["names"]:
        assert tables == record["text"]
    assert said.splitlines()[0] == "; whether that is trusted is not judged"
    assert all(
        line.startswith(("error: ", "warning: ", "note: ")) for line in said.splitlines()[1:]
    )
    assert result.exit_code == (4 if "error: " in said else 0)
    drawn = {"operator": "graph draws its accounts", "account shop": "graph -a shop draws what it"}
    assert drawn.get(kind, "") in result.stderr
    assert result.stderr.count("\n") == (kind in drawn)


def test_json() -> None:
    document = found(TOKEN)
    assert document.keys() == {"claims", "findings", "kind", "verified"}
    assert document["claims"] == payload_of(TOKEN)
    assert (document["kind"], document["verified"]) == ("user", True)
    assert document["findings"][0].keys() == {"code", "level", "message", "path"}
    codes = {finding["code"] for finding in document["findings"]}
    assert codes == {"never_expires", "bearer", "allows_everything", "unlimited"}


def test_a_forged_token_is_shown_as_such() -> None:
    result = inspect(FORGED)
    assert result.exit_code == 4
    first, *_ = result.stdout.splitlines()
    assert first == "NOT VERIFIED: the signature does not verify. Anybody may have written this."
    assert "| Name                 | me " in result.stdout
    assert "verified: signed by" not in result.stdout
    assert result.stderr == (
        "natsauth: NOT VERIFIED: the signature does not verify\nhint: do not believe what it says\n"
    )
    document = found(FORGED, code=4)
    assert document["verified"] is False
    assert document["findings"][0] == {
        "code": "signature",
        "level": "error",
        "message": "the signature does not verify",
        "path": "$",
    }


def test_a_role_that_may_not_sign_is_not_verified() -> None:
    token = forge({"sub": USER.public_key, "nats": {"type": "user", "version": 2}}, OPERATOR)
    assert found(token, code=4)["findings"][0]["code"] == "issuer"


def test_an_expired_token_is_exit_code_4() -> None:
    token = encode(UserClaims(sub=USER.public_key, exp=1_700_000_000), ACCOUNT).encoded
    document = found(token, code=4)
    assert document["verified"] is True
    assert document["findings"][0]["code"] == "expired"
    assert "\nerror: expired " in inspect(token).stdout


def test_a_token_of_version_1() -> None:
    payload = {"type": "operator", "sub": OPERATOR.public_key, "nats": {}}
    token = forge(payload, OPERATOR, header='{"typ":"jwt","alg":"ed25519"}', old=True)
    document = found(token)
    assert document["verified"] is True
    assert document["claims"]["type"] == "operator"  # as it stands there
    assert "version_1" in {finding["code"] for finding in document["findings"]}


def test_other_claims() -> None:
    token = encode(GenericClaims(sub="x", nats={"type": "mine", "a": {"b": 1}}), SERVER).encoded
    assert "| a.b       | 1 " in inspect(token).stdout
    assert found(token)["kind"] == "generic"


@pytest.mark.parametrize("text", [TOKEN, f"{TOKEN}\n", armoured(TOKEN, "user")])
def test_from_a_file_and_from_standard_input(text: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(text)
    results = [inspect(tmp_path / "token"), inspect("-", standard_input=text)]
    assert {result.stdout for result in results} == {inspect(TOKEN).stdout}
    assert {result.exit_code for result in results} == {0}


def test_creds(tmp_path: Path) -> None:
    Creds.create(TOKEN, USER).write(tmp_path / "me.creds")
    findings = found(tmp_path / "me.creds")["findings"]
    assert findings[0]["code"] == "creds"
    assert findings[0]["level"] == "note"
    assert "the seed fits" in findings[0]["message"]


def test_creds_with_the_seed_of_another() -> None:
    text = Creds.create(TOKEN, USER).format().replace(SEED, ACCOUNT.reveal_seed())
    result = inspect("-", "--json", standard_input=text)
    assert result.exit_code == 4
    first = json.loads(result.stdout)["findings"][0]
    assert (first["code"], first["level"]) == ("creds", "error")
    assert first["message"].startswith("creds that let nobody in: ")
    assert ACCOUNT.reveal_seed() not in result.output


def test_forged_creds_are_forged_first_of_all() -> None:
    text = Creds.create(TOKEN, USER).format().replace(TOKEN, FORGED)
    result = inspect("-", standard_input=text)
    assert result.exit_code == 4
    assert result.stdout.startswith("NOT VERIFIED")


def test_a_seed_in_the_claims_is_covered() -> None:
    token = forge({"sub": USER.public_key, "name": SEED, "nats": {"type": "user", "version": 2}})
    assert "(a seed)" in inspect(token).stdout
    assert "(a seed)" in inspect(token, "--json").stdout


def test_names_move_no_cursor() -> None:
    token = encode(AccountClaims(sub=ACCOUNT.public_key, name="\x1b[2J\x9b"), OPERATOR).encoded
    for option in ([], ["--json"]):
        output = inspect(token, *option).output
        assert "\x1b" not in output
        assert "\x9b" not in output


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("/no/such/file", "cannot read '/no/such/file': "),
        ("eyJ.x", "this holds no token"),
        ("eyJ0.e30.AA", "the header is not "),
        (SEED, "this is the seed of a key of role user"),
        (ACCOUNT.public_key, "this is the public key of a key of role account"),
    ],
)
def test_what_cannot_be_read_at_all_is_exit_code_1(source: str, message: str) -> None:
    result = inspect(source)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"natsauth: {message}")
    [error] = found(source, code=1)
    assert error["status"] == "error"
    assert error["code"] in {"file", "token_malformed"}
    assert error["message"].startswith(message)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"x" * (3 << 20)])
def test_standard_input_without_a_token(data: bytes) -> None:
    result = inspect("-", standard_input=data)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("natsauth: this holds no token\nhint: ")


def test_a_configuration() -> None:
    result = inspect("-", standard_input=f"operator: {TOKEN}\npreload: {{A: {TOKEN}}}")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("natsauth: this is no token alone: 2 are in it")


def test_a_file_with_a_seed(tmp_path: Path) -> None:
    ACCOUNT.write(tmp_path / "a.nk")
    result = inspect(tmp_path / "a.nk")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "natsauth: this is the seed of a key of role account\n"


def test_closed_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SystemExit, match="1"):
        commands.main(["inspect", "-"])
