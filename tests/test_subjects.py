"""Subjects against the answers of Go's jwt/v2 (spec.json) and against its rules."""

from __future__ import annotations

import json
from base64 import b32encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from natsauth.subjects import (
    Finding,
    SubjectProblem,
    has_wildcards,
    is_contained_in,
    literal_prefix,
    out_of_range,
    parse_int,
    permission_problems,
    renamed,
    renaming_problems,
    subject_problems,
)

SPEC = json.loads((Path(__file__).parent / "vectors" / "spec.json").read_text(encoding="utf-8"))


def codes(findings: list[Finding]) -> list[SubjectProblem]:
    return [finding.code for finding in findings]


@pytest.mark.parametrize("row", SPEC["subject"], ids=lambda row: repr(row["subject"]))
def test_subject_as_in_go(row: dict[str, Any]) -> None:
    assert len(subject_problems(row["subject"])) == len(row["issues"])
    assert has_wildcards(row["subject"]) == row["wildcards"]


@pytest.mark.parametrize("row", SPEC["permission"], ids=lambda row: repr(row["subject"]))
def test_permission_as_in_go(row: dict[str, Any]) -> None:
    findings = permission_problems(row["subject"], queue_allowed=row["queue_allowed"])
    assert len(findings) == len(row["issues"])


@pytest.mark.parametrize("row", SPEC["renaming"], ids=lambda row: f"{row['from']} as {row['to']}")
def test_renaming_as_in_go(row: dict[str, Any]) -> None:
    assert len(renaming_problems(row["to"], row["from"])) == len(row["issues"])
    assert renamed(row["to"]) == row["to_subject"]


@pytest.mark.parametrize(
    "row", SPEC["contained"], ids=lambda row: f"{row['subject']} in {row['other']}"
)
def test_containment_as_in_go(row: dict[str, Any]) -> None:
    assert is_contained_in(row["subject"], row["other"]) == row["contained"]


@pytest.mark.parametrize("row", SPEC["activation_hash"], ids=lambda row: row["import_subject"])
def test_literal_prefix_gives_the_hash_of_go(row: dict[str, Any]) -> None:
    prefix = literal_prefix(row["import_subject"])
    digest = sha256(f"{row['issuer']}.{row['subject']}.{prefix}".encode()).digest()
    assert b32encode(digest).decode() == row["hash"]


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("", [SubjectProblem.EMPTY]),
        (" ", [SubjectProblem.SPACE]),
        (". a..", [SubjectProblem.SPACE, SubjectProblem.OUTER_DOT, SubjectProblem.DOUBLE_DOT]),
        ("a.", [SubjectProblem.OUTER_DOT]),
        ("a..b", [SubjectProblem.DOUBLE_DOT]),
        ("a\tb\n.\x00.é.>.*x", []),
    ],
)
def test_subject_names_each_broken_rule(subject: str, expected: list[SubjectProblem]) -> None:
    assert codes(subject_problems(subject)) == expected


@pytest.mark.parametrize("subject", ["a b", ".a", "a..b"])
def test_subject_message_shows_the_subject(subject: str) -> None:
    (finding,) = subject_problems(subject)
    assert repr(subject) in finding.message


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("a b", [SubjectProblem.QUEUE]),
        ("a. ", [SubjectProblem.OUTER_DOT, SubjectProblem.EMPTY, SubjectProblem.QUEUE]),
        ("a. b.", [SubjectProblem.OUTER_DOT, SubjectProblem.OUTER_DOT, SubjectProblem.QUEUE]),
        (". . .", [SubjectProblem.TOO_MANY_PARTS]),
        ("a\tb", []),
    ],
)
def test_permission_names_each_broken_rule(entry: str, expected: list[SubjectProblem]) -> None:
    findings = permission_problems(entry, queue_allowed=False)
    assert codes(findings) == expected
    allowed = permission_problems(entry, queue_allowed=True)
    assert allowed == [finding for finding in findings if finding.code != SubjectProblem.QUEUE]


@pytest.mark.parametrize(
    ("to", "source", "expected"),
    [
        ("a b", "c", [SubjectProblem.SPACE, SubjectProblem.SPACE]),
        ("", "", [SubjectProblem.EMPTY, SubjectProblem.SOURCE_EMPTY]),
        ("x", "a.>", [SubjectProblem.FULL_WILDCARD]),
        ("x.>", ">", []),
        ("x.$", "a", []),
        ("x", "a.*", [SubjectProblem.WILDCARD_COUNT]),
        ("$2.$1", "*.*", []),
        ("$1.$9", "*", [SubjectProblem.REFERENCE]),
        ("$9.$8", "a", [SubjectProblem.REFERENCE, SubjectProblem.REFERENCE]),
        ("$9223372036854775808", "a", []),
    ],
)
def test_renaming_names_each_broken_rule(
    to: str, source: str, expected: list[SubjectProblem]
) -> None:
    assert codes(renaming_problems(to, source)) == expected


def test_renaming_message_names_the_reference_and_the_wildcards() -> None:
    (reference, count) = renaming_problems("b.$7", "a.*.*")
    assert "$7" in reference.message
    assert "2 wildcards" in reference.message
    assert "'b.$7' has 0" in count.message


def test_many_wrong_references_are_told_in_linear_space() -> None:
    to = ".".join(["$9"] * 20_000)
    findings = renaming_problems(to, "a")
    assert codes(findings) == [SubjectProblem.REFERENCE] * 20_000
    assert max(len(finding.message) for finding in findings) < 100


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("a.$1.$x.$.$$1.b$1", "a.*.$x.$.$$1.b$1"),
        ("$+1.$-1.$01", "*.*.*"),
        (".$1.", ".*."),
        ("", ""),
    ],
)
def test_renamed_replaces_references_only(to: str, expected: str) -> None:
    assert renamed(to) == expected


@pytest.mark.parametrize(
    ("subject", "expected"),
    [("", ""), ("a.b", "a.b"), ("a.b.*.c.>", "a.b"), (">.a", "_"), (".*", ".*"), ("..>", ".")],
)
def test_literal_prefix_ends_before_the_first_wildcard(subject: str, expected: str) -> None:
    assert literal_prefix(subject) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("-0", 0),
        ("+007", 7),
        ("-12", -12),
        pytest.param("0" * 10_000 + "5", 5, id="zeros"),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
    ],
)
def test_parse_int_reads_what_atoi_reads(text: str, expected: int) -> None:
    assert parse_int(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "+", "--1", "1_0", " 1", "1\n", "0x1", "1.0", "٣"),
        *("9223372036854775808", "-9223372036854775809"),
        pytest.param("9" * 10_000, id="nines"),
        pytest.param("0" * 10_000 + "x", id="zeros"),
    ],
)
def test_parse_int_refuses_what_atoi_refuses(text: str) -> None:
    assert parse_int(text) is None


@pytest.mark.parametrize(
    ("destination", "source", "numbers"),
    [
        ("b.$1.{{wildcard(1)}}", "a.*", []),
        ("b.$2", "a.*", [2]),
        ("b.{{wildcard(2)}}.{{Wildcard( 3 )}}", "a.*", [2, 3]),
        ("b.{{partition(10,1,2,5)}}", "a.*.*", [5]),
        ("b.{{partition(10)}}.{{random(9)}}", "a", []),
        ("b.{{split(3,-)}}.{{SliceFromLeft(4,1)}}.{{left(2,2)}}", "a.*.*", [3, 4]),
        ("b.$1.{{wildcard(0)}}", "a", [1, 0]),
        ("b.$0", "a.*", []),
        ("b.$1.>", "a.>", [1]),
        ("b.$x.{{wildcard(x)}}.{{other(7)}}.{wildcard(7)}.$", "a", []),
    ],
)
def test_wildcards_that_a_mapping_lacks(destination: str, source: str, numbers: list[int]) -> None:
    assert out_of_range(destination, source) == numbers
