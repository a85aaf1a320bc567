"""Claims as nsc describes them, compared with what nsc said of the same tokens."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth import decode
from natsauth.claims import (
    AccountClaims,
    ActivationClaims,
    AuthorizationRequestClaims,
    GenericClaims,
    OperatorClaims,
    UserClaims,
    UserScope,
)
from natsauth.cli._describe import describe
from tests._tokens import USER, full
from tests._vectors import VECTORS, records

RECORDS = [r for r in records("describe.jsonl") if "text" in r]


def scope_of(record: dict[str, Any], claims: UserClaims) -> UserScope | None:
    if "account" not in record:
        return None
    return decode(record["account"], AccountClaims).claims.nats.scope(claims.iss)


@pytest.mark.parametrize("record", RECORDS, ids=[r["name"] for r in RECORDS])
def test_tables_equal_those_of_nsc(record: dict[str, Any]) -> None:
    claims = decode(record["token"]).claims
    names = record["names"]
    tables = describe(
        claims,
        name_of=lambda key: names.get(key, key),
        scope=scope_of(record, claims) if isinstance(claims, UserClaims) else None,
    )
    assert "\n".join(table.render() for table in tables) + "\n" == record["text"]


def test_an_account_with_several_signing_keys() -> None:
    # nsc shows them in an order that changes from run to run, natsauth in that of the token.
    accounts = VECTORS / "nsc-store/stores/my_operator/accounts"
    found = {p.stem: decode(p.read_text().strip()).claims for p in accounts.glob("*/*.jwt")}
    names = {claims.sub: claims.name for claims in found.values()}
    tables = describe(found["billing"], name_of=lambda key: names.get(key, key))
    shown = "\n".join(table.render() for table in tables) + "\n"
    expected = (VECTORS / "nsc-store/expected/describe-account-billing.txt").read_text()
    label = "Signing Keys"
    lines = [text.replace(f"| {label} ", f"| {'':12} ").splitlines() for text in (shown, expected)]
    assert sorted(lines[0]) == sorted(lines[1])
    keys = [line.split("|")[2].strip() for line in lines[0][9:12]]
    assert [*keys] == sorted(keys)


def test_every_kind_that_nsc_describes_is_compared() -> None:
    kinds = {decode(record["token"]).claims.kind for record in RECORDS}
    assert kinds == {"operator", "account", "user", "activation"}
    assert any("Scoped Signing Key" in r["text"] and "| User " in r["text"] for r in RECORDS)


def text(claims: Any) -> str:
    return "\n".join(table.render() for table in describe(claims))


def test_the_system_account_is_named_where_its_name_is_known() -> None:
    claims = OperatorClaims(sub="O")
    claims.nats.system_account = "ASYS"
    assert "| System Account       | ASYS  |" in text(claims)
    [table] = describe(claims, name_of=lambda key: f"name of {key}")
    assert "| System Account       | ASYS / name of ASYS |" in table.render()


def test_an_activation_without_a_kind_and_a_hash() -> None:
    shown = text(ActivationClaims())
    assert "| Import Type    | Unknown |" in shown
    assert "| Hash ID        |         |" in shown


def test_what_servers_ask_is_shown_without_its_secrets() -> None:
    claims = full("authorization_request")
    assert isinstance(claims, AuthorizationRequestClaims)
    options = claims.nats.connect_opts
    secrets = (options.jwt, options.auth_token, options.pass_, options.sig)
    assert all(secrets)
    shown = text(claims)
    for secret in secrets:
        assert f" {secret} " not in shown
    assert shown.count("(not shown)") == len(secrets)
    assert shown.splitlines()[1].strip("| ") == "Authorization Request"
    assert claims.nats.server_id.name in shown
    assert f" {options.user} " in shown


def test_claims_of_another_kind() -> None:
    body = {"type": "my_own", "n": 1.5, "list": [1, "a"], "deep": {"er": {"x": None}}, "e": {}}
    claims = GenericClaims(name="mine", sub="anything", aud="them", nats=body)
    rows = [line.strip("| ").split("|") for line in text(claims).splitlines() if "|" in line]
    shown = {row[0].strip(): row[1].strip() if len(row) > 1 else "" for row in rows}
    assert shown["My Own"] == ""
    assert shown["Subject"] == "anything"
    assert shown["Audience"] == "them"
    assert shown["n"] == "1.5"
    assert shown["list"] == '[1,"a"]'
    assert shown["deep.er.x"] == "null"
    assert shown["e"] == "{}"
    assert "Generic" in text(GenericClaims(nats=None))


def test_names_move_no_cursor() -> None:
    claims = UserClaims(sub=USER.public_key, name="\x1b[2J\n| forged |")
    assert r"\x1b[2J\n| forged |" in text(claims)
    assert "\x1b" not in text(claims)
