"""Limits of accounts."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from natsauth._wire import read_document, write_document
from natsauth.claims import JetStreamLimits, OperatorLimits
from natsauth.errors import ClaimsError

FLAT = OperatorLimits.JETSTREAM
OTHERS = [f.name for f in fields(OperatorLimits) if f.name not in (*FLAT, "extra", "tiered_limits")]


def test_new_limits_are_unlimited_without_jetstream() -> None:
    assert write_document(OperatorLimits()) == (
        '{"subs":-1,"data":-1,"payload":-1,"imports":-1,"exports":-1,"wildcards":true,"conn":-1,"leaf":-1}'
    )
    assert not OperatorLimits().has_jetstream()
    assert not OperatorLimits().has_flat_jetstream()
    assert write_document(JetStreamLimits()) == "{}"


def test_the_flat_limits_are_those_of_a_tier() -> None:
    assert [f.name for f in fields(JetStreamLimits) if f.name != "extra"] == list(FLAT)


@pytest.mark.parametrize("name", [*OTHERS, *FLAT])
def test_limits_are_empty_when_nothing_is_set(name: str) -> None:
    limits = read_document(OperatorLimits, {})
    assert limits.is_empty()
    setattr(limits, name, type(getattr(limits, name))(1))
    assert not limits.is_empty()
    assert limits.has_flat_jetstream() == (name in FLAT)


def test_a_tier_makes_limits_not_empty() -> None:
    assert read_document(OperatorLimits, {"tiered_limits": {}}).is_empty()
    assert not read_document(OperatorLimits, {"tiered_limits": {"R1": None}}).is_empty()
    assert not OperatorLimits().is_empty()


@pytest.mark.parametrize(
    ("document", "enabled"),
    [
        ({}, False),
        ({"mem_storage": 1}, True),
        ({"disk_storage": -1}, True),
        ({"streams": 5, "consumer": -1, "max_bytes_required": True}, False),
        ({"tiered_limits": {}, "mem_storage": 1}, True),
        ({"tiered_limits": {"R1": {}}, "mem_storage": 1}, False),
        ({"tiered_limits": {"R1": {"streams": 1}, "R3": {"disk_storage": 1}}}, True),
        ({"tiered_limits": {"R1": {"mem_storage": -1}}}, True),
    ],
)
def test_jetstream_needs_storage(document: dict[str, Any], *, enabled: bool) -> None:
    assert read_document(OperatorLimits, document).has_jetstream() is enabled


def test_tiers_are_preferred_to_flat_limits() -> None:
    flat = {name: True if name == "max_bytes_required" else 5 for name in FLAT}
    limits = read_document(OperatorLimits, {**flat, "tiered_limits": {}})
    limits.prefer_tiers()
    assert all(getattr(limits, name) for name in FLAT)
    limits = read_document(OperatorLimits, {**flat, "subs": 7, "tiered_limits": {"R1": flat}})
    limits.prefer_tiers()
    assert not limits.has_flat_jetstream()
    assert limits.max_bytes_required is False
    assert limits.subs == 7
    assert limits.tiered_limits == {"R1": JetStreamLimits(**flat)}  # type: ignore[arg-type]


def test_tiers_are_written_in_the_order_of_their_names() -> None:
    limits = read_document(OperatorLimits, {"tiered_limits": {"R3": {"streams": 1}, "R1": None}})
    assert write_document(limits) == '{"tiered_limits":{"R1":{},"R3":{"streams":1}}}'


@pytest.mark.parametrize(
    "wrong",
    [{"R1": None}, {"R1": OperatorLimits()}, {5: JetStreamLimits()}, ["R1"], "R1"],
    ids=repr,
)
def test_tiers_are_objects_of_their_class(wrong: Any) -> None:
    with pytest.raises(ClaimsError, match=r"^\$\.tiered_limits"):
        write_document(OperatorLimits(tiered_limits=wrong))
