"""``natsauth validate``."""

from __future__ import annotations

import io
import json
import re
import sys
from typing import TYPE_CHECKING

import pytest

from natsauth.claims import (
    Account,
    AccountClaims,
    OperatorLimits,
    Permission,
    User,
    UserClaims,
)
from natsauth.cli.main import commands
from natsauth.keys import KeyPair, KeyType
from natsauth.token import encode
from tests._tokens import USER
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give nsc's own store, in which nothing is wrong."""
    return Workshop(tmp_path, copy=True)


def stranger(name: str) -> str:
    """Return an account of another operator that expired in 1970."""
    claims = AccountClaims(
        sub=KeyPair.generate(KeyType.ACCOUNT).public_key, name=name, exp=1000, nats=Account()
    )
    return encode(claims, KeyPair.generate(KeyType.OPERATOR)).encoded


def test_nothing_is_wrong(shop: Workshop) -> None:
    result = shop.run("validate -A")
    assert result.exit_code == 0
    assert result.stdout.count("No issues found") == 6
    assert shop.json("validate --all-accounts") == []


def test_by_default_it_is_the_current_account(shop: Workshop) -> None:
    assert shop.run("validate").stdout.count("\n| Account") == 1
    assert '| Account "callout" |' in shop.run("validate").stdout
    assert '"billing"' in shop.run("validate -a billing").stdout


def test_without_a_current_account_it_is_every_account(shop: Workshop) -> None:
    context = shop.path / "nsc.json"
    context.write_text(context.read_text().replace('"account": "callout"', '"account": ""'))
    assert shop.run("validate").stdout.count("Account") == 5


def test_what_is_wrong_is_in_a_table(shop: Workshop) -> None:
    shop.store.write(stranger("billing"), "my_operator", "billing")
    result = shop.run("validate -a billing")
    assert result.exit_code == 4
    assert "| # |   | Description" in result.stdout
    assert "| 1 | ! | $.exp: expired" in result.stdout
    assert '| 2 | ! | account "billing" is signed by ' in result.stdout
    assert '| 3 | ! | user "carol": user' in result.stdout
    assert result.stderr == "natsauth: validation found errors\n"


def test_findings_as_json(shop: Workshop) -> None:
    shop.store.write(stranger("billing"), "my_operator", "billing")
    result = shop.run("validate -A --json")
    assert result.exit_code == 4
    found = json.loads(result.stdout)
    assert [(item["kind"], item["path"][-1], item["code"], item["fatal"]) for item in found] == [
        ("account", "billing", "expired", True),
        ("account", "billing", "account_issuer", True),
        ("user", "carol", "user_account", True),
    ]
    assert found[1]["hint"]


def test_what_is_easily_overlooked_is_no_error(shop: Workshop) -> None:
    shop("revocations add-user -a my_account -n alice")
    result = shop.run("validate -a my_account")
    assert result.exit_code == 0
    assert '| 1 |   | user "alice": user' in result.stdout


def test_jetstream_of_the_system_account_and_corrupt_tokens(shop: Workshop) -> None:
    system = shop.claims("my_operator", "SYS")
    system.nats.limits = OperatorLimits(disk_storage=-1)
    operator = shop.claims("my_operator")
    signer = KeyPair.from_seed(shop.store.seed(operator.nats.signing_keys[0]))
    shop.store.write(encode(system, signer).encoded, "my_operator", "SYS")
    shop.store.token_file("my_operator", "billing").write_text("nonsense")
    result = shop.run("validate -A")
    assert result.exit_code == 4
    assert "| 1 | ! | JetStream should not be enabled for system account" in result.stdout
    assert "billing.jwt holds no account" in result.stdout


def test_a_file_of_tokens(shop: Workshop, tmp_path: Path) -> None:
    file, token = tmp_path / "pack", stranger("x")
    fine = shop.store.read("my_operator", "billing")
    file.write_text(f"A|{fine}\n\n{token}\nA|nonsense\n")
    result = shop.run("validate", "--file", file)
    assert result.exit_code == 4
    assert result.stdout.count("No issues found") == 1
    assert "$.exp: expired" in result.stdout
    assert 'Line "4"' in result.stdout
    assert "this holds no token" in result.stdout
    [wrong] = json.loads(shop.run("validate", "--file", file, "--json").stdout)[-1:]
    assert (wrong["kind"], wrong["path"], wrong["fatal"]) == ("line", ["4"], True)
    file.write_text(fine)
    assert shop.run("validate", "-f", file).exit_code == 0


def test_lint_in_a_table(shop: Workshop) -> None:
    shop("add user -a billing star --allow-sub a.*")
    result = shop.run("validate -a billing --lint")
    assert result.exit_code == 0
    [row] = [line for line in result.stdout.splitlines() if "$.nats.sub.allow[0]" in line]
    assert "user \"star\": $.nats.sub.allow[0]: a client that subscribes to 'a.>'" in row
    assert "|   end it in '>' if that is meant; otherwise add 'a.*.>' to sub.deny" in result.stdout
    assert ' | i | no_expiry         | user "carol" and 1 other: $.exp' in result.stdout
    assert "final" not in shop.run("validate -a billing").stdout


def test_the_worst_of_lint_comes_first_and_what_is_the_same_once(shop: Workshop) -> None:
    shop("add user -a billing open --deny-sub a*")
    shop("add user -a billing star --allow-sub a.*")
    result = shop.run("validate -a billing --lint")
    rows = re.findall(r"^\| (\d) \| (.) \| (\w+) +\| (user [^:]*)", result.stdout, re.MULTILINE)
    assert [mark for _, mark, _, _ in rows] == ["!", " ", *"i" * (len(rows) - 2)]
    assert [row[2:] for row in rows[:2]] == [
        ("literal_wildcard", 'user "open"'),
        ("final_star", 'user "star"'),
    ]
    assert [user for *_, code, user in rows if code == "no_expiry"] == ['user "carol" and 2 others']
    assert result.stderr == "natsauth: validation found 1 error, 1 warning, 8 infos\n"
    assert len(json.loads(shop.run("validate -a billing --lint --json").stdout)) == 1 + 1 + 8


class Terminal(io.StringIO):
    """Text that a terminal is told."""

    def isatty(self) -> bool:
        return True


def test_lint_fits_into_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claims = UserClaims(sub=USER.public_key, nats=User(sub=Permission(allow=["orders.*"])))
    (tmp_path / "token").write_text(encode(claims, KeyPair.generate(KeyType.ACCOUNT)).encoded)
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    words = ["validate", "--lint", "-f", str(tmp_path / "token"), "--config-dir", str(tmp_path)]
    with pytest.raises(SystemExit):
        commands.main(words)
    lines = screen.getvalue().splitlines()
    assert {len(line) for line in lines if line} == {80}
    assert any("|   end it in '>'" in line for line in lines)


def test_lint_as_json(shop: Workshop) -> None:
    shop("add user -a billing star --allow-sub a.*")
    found = [f for f in shop.json("validate -a billing --lint") if f["path"][-1] == "star"]
    assert {f["severity"] for f in found} == {"warning", "info"}
    assert {f["kind"] for f in found} == {"user"}
    assert found[0]["code"] == "final_star"
    assert found[0]["hint"].startswith("end it in '>'")


def test_lint_of_a_severity(shop: Workshop) -> None:
    shop("add user -a billing open --deny-sub a*")
    shop("add user -a billing star --allow-sub a.*")
    for severity, found in (
        ("error", {"error"}),
        ("warning", {"error", "warning"}),
        ("info", {"error", "warning", "info"}),
    ):
        result = shop.run(f"validate -a billing --lint --severity {severity} --json")
        assert {f["severity"] for f in json.loads(result.stdout)} == found
    assert "no_expiry" not in shop.run("validate -a billing --lint --severity warning").stdout
    assert "--severity needs --lint" in shop.fails("validate --severity error", code=2)


def test_errors_of_lint_set_the_exit_code(shop: Workshop) -> None:
    shop("add user -a billing open --deny-sub a.>.b")
    assert shop.run("validate -a billing").exit_code == 0
    result = shop.run("validate -a billing --lint")
    assert result.exit_code == 4
    assert '| 1 | ! | wildcard_not_last | user "open": $.nats.sub.deny[0]' in result.stdout
    assert result.stderr.startswith("natsauth: validation found 1 error, ")
    assert result.stdout.count("$.nats.sub.deny[0]") == 1  # and not as an issue again


def test_lint_leaves_nothing_out(shop: Workshop) -> None:
    shop.store.write(stranger("billing"), "my_operator", "billing")
    plain = json.loads(shop.run("validate -A --json").stdout)
    linted = json.loads(shop.run("validate -A --json --lint").stdout)
    said = [(f["path"], f["code"]) for f in linted]
    assert all((f["path"], f["code"]) in said for f in plain)
    shop.store.token_file("my_operator", "billing").write_text("nonsense")
    result = shop.run("validate -A --lint")
    assert result.exit_code == 4
    assert result.stdout.count("billing.jwt holds no account") == 1


def test_lint_of_a_file(shop: Workshop, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(f"{stranger('x')}\nnonsense\n")
    found = json.loads(shop.run("validate", "--lint", "--json", "-f", file).stdout)
    assert [(f["code"], f["severity"]) for f in found] == [
        ("expired", "error"),
        ("token_malformed", "error"),
    ]


def test_a_token_in_armour(shop: Workshop, tmp_path: Path) -> None:
    file = tmp_path / "billing.jwt"
    shop("describe", "account", "billing", "--raw", "-o", file)
    assert "No issues found" in shop.run("validate", "-f", file).stdout


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ("-a billing -A", 2, "exclude each other"),
        ("-A -f x", 2, "exclude each other"),
        ("-a nobody", 1, "nobody"),
        ("-f gone", 1, "cannot read 'gone'"),
    ],
)
def test_what_cannot_be_validated(shop: Workshop, options: str, code: int, message: str) -> None:
    assert message in shop.fails(f"validate {options}", code=code)


def test_one_bad_token_is_named_by_its_file(shop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "bad.jwt").write_text("nonsense\n")
    result = shop.run("validate", "-f", tmp_path / "bad.jwt")
    assert result.exit_code == 4
    assert f'File "{tmp_path / "bad.jwt"}"' in result.stdout
