"""Where the tables about accounts differ from those of nsc, on purpose."""

from __future__ import annotations

import pytest

from natsauth.claims import AccountClaims, Import, JetStreamLimits, WeightedMapping
from natsauth.cli._describe_account import describe_account
from tests._tokens import USER


def text(claims: AccountClaims) -> str:
    return "\n".join(table.render() for table in describe_account(claims, str))


def expiry(token: str) -> str:
    claims = AccountClaims()
    claims.nats.imports = [Import(name="i", subject="s", account="A", type="stream", token=token)]
    [_, imports] = describe_account(claims, str)
    return imports.render().splitlines()[5].split("|")[5].strip()


def test_mappings_show_the_weight_that_holds() -> None:
    # nsc shows 0 for all but the first target without a weight, and adds up modulo 256.
    claims = AccountClaims()
    claims.nats.mappings = {"a": [WeightedMapping(subject=s) for s in "xyz"], "b": None}
    [_, mappings] = describe_account(claims, str)
    rows = [[c.strip() for c in line.split("|")[1:-1]] for line in mappings.render().split("\n")]
    assert [row for row in rows if len(row) == 3][1:] == [
        ["a", "x", "100"],
        ["", "y", "100"],
        ["", "z", "100"],
        ["", "", "sum=300"],
        ["", "", "sum=0"],
    ]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/token", "HTTPS://example.com/token"])
def test_a_description_stays_off_the_network(url: str) -> None:
    assert expiry(url) == "kept at a URL"


def test_a_token_that_cannot_be_read_says_so() -> None:
    assert expiry("x") == "error decoding: a token has three chunks between dots, got 1"
    assert USER.reveal_seed() not in expiry(USER.reveal_seed())


def test_several_tiers_are_apart() -> None:
    claims = AccountClaims()
    tier = JetStreamLimits(disk_storage=-1, mem_storage=0, max_bytes_required=True)
    claims.nats.limits.tiered_limits = {"R1": tier, "R3": JetStreamLimits(mem_storage=5)}
    lines = text(claims).splitlines()
    at = next(i for i, line in enumerate(lines) if "| R3 " in line)
    assert lines[at - 1].startswith("+--")
    shown = "\n".join(lines)
    assert "| Max Disk Storage          | Unlimited                 |" in shown
    assert "| Max Disk Storage          | Disabled                  |" in shown
    assert "| Max Mem Storage           | 5 B                       |" in shown
    assert "| Max Bytes                 | required (Stream setting) |" in shown


def test_nulls_among_exports_and_imports_are_passed_over() -> None:
    claims = AccountClaims()
    claims.nats.imports, claims.nats.exports = [None], [None]
    [details] = describe_account(claims, str)
    assert "| Imports                   | None " in details.render()
    assert "| Exports                   | None " in details.render()
