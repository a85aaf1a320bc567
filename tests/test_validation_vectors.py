"""Validation against the issues that Go's jwt/v2 found in random claims."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.claims import parse_claims
from natsauth.token import decode
from natsauth.validation import EXTRA_CODES, validate
from tests._vectors import records

if TYPE_CHECKING:
    from natsauth.claims import Claims

ENCODED = records("encode.jsonl")
# Issues of generic claims were not recorded; their rules are the least.
DECODED = [
    row for row in records("decode.jsonl")
    if row.get("type", "generic") != "generic" and not row.keys() & {"error", "lenient"}
]  # fmt: skip
Kinds = Counter[tuple[bool, bool]]


def in_go(row: dict[str, Any]) -> Kinds:
    return Counter((issue["blocking"], issue["time_check"]) for issue in row.get("issues") or ())


def here(claims: Claims) -> Kinds:
    found = validate(claims).issues
    ours = [issue for issue in found if issue.code in EXTRA_CODES]
    assert not any(issue.blocking or issue.time_check for issue in ours)
    return Counter((i.blocking, i.time_check) for i in found if i.code not in EXTRA_CODES)


@pytest.mark.parametrize("row", ENCODED, ids=lambda row: row["type"])
def test_drafts_have_the_issues_of_go(row: dict[str, Any]) -> None:
    assert here(parse_claims(row["claims"], row["type"])) == in_go(row)


@pytest.mark.parametrize("row", DECODED, ids=lambda row: row["type"])
def test_tokens_have_the_issues_of_go(row: dict[str, Any]) -> None:
    assert here(decode(row["token"]).claims) == in_go(row)


@pytest.mark.parametrize("kind", [(True, False), (False, True), (False, False)])
def test_the_vectors_have_each_kind_of_issue(kind: tuple[bool, bool]) -> None:
    assert sum(in_go(row)[kind] for row in ENCODED) > 40
    assert any(in_go(row)[kind] for row in DECODED)
