"""Exports and imports."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from natsauth._wire import read_document, write_document
from natsauth.claims import Export, Import, ServiceLatency
from natsauth.errors import ClaimsError, UsageError


@pytest.mark.parametrize(
    ("sampling", "read"),
    [("headers", 0), ("HeaDers", 0), (None, 0), (0, 0), (1, 1), (100, 100), (200, 200), (-1, -1)],
)
def test_sampling_is_read_as_by_go(sampling: Any, read: int) -> None:
    assert read_document(ServiceLatency, {"sampling": sampling}).sampling == read


@pytest.mark.parametrize("sampling", ["50", "header", "", 1.5, True, 2**63, [], {}])
def test_other_sampling_is_refused(sampling: Any) -> None:
    with pytest.raises(ClaimsError, match=r"^\$\.sampling: "):
        read_document(ServiceLatency, {"sampling": sampling})


def test_sampling_is_always_written() -> None:
    written = {n: write_document(ServiceLatency(sampling=n, results="r")) for n in (0, 1, 100)}
    assert written == {
        0: '{"sampling":"headers","results":"r"}',
        1: '{"sampling":1,"results":"r"}',
        100: '{"sampling":100,"results":"r"}',
    }
    assert write_document(ServiceLatency()) == '{"sampling":"headers","results":""}'


@pytest.mark.parametrize("sampling", [-1, 101, 2**63, True, False, 1.0, "headers", None, []])
def test_sampling_that_is_no_percentage_is_not_written(sampling: Any) -> None:
    latency = ServiceLatency()
    latency.sampling = sampling
    with pytest.raises(ClaimsError, match=r"^\$\.sampling: expected percentage from 1 to 100"):
        write_document(latency)


@pytest.mark.parametrize("cls", [Import, Export])
def test_the_type_is_one_of_two_words(cls: Any) -> None:
    for word in ("stream", "service"):
        assert write_document(cls(type=word)) == f'{{"type":"{word}"}}'
        assert read_document(cls, {"type": word}).type == word
    assert write_document(cls()) == "{}"
    assert read_document(cls, {}).type == ""
    for wrong in (None, "Stream", "", "streams", 1):
        with pytest.raises(ClaimsError, match=r"^\$\.type: expected 'stream' or 'service', got "):
            read_document(cls, {"type": wrong})
    for wrong in (None, "Stream", 1):
        with pytest.raises(ClaimsError, match=r"^\$\.type: expected 'stream' or 'service', got "):
            write_document(cls(type=wrong))


def test_the_position_of_the_account_is_unsigned() -> None:
    assert (
        read_document(Export, {"account_token_position": 2**64 - 1}).account_token_position
        == 2**64 - 1
    )
    for wrong in (-1, 2**64):
        with pytest.raises(ClaimsError, match=r"^\$\.account_token_position: "):
            read_document(Export, {"account_token_position": wrong})


def test_the_time_to_answer_is_in_nanoseconds() -> None:
    export = Export()
    export.answer_within(timedelta(seconds=2, microseconds=1))
    assert export.response_threshold == 2_000_001_000
    for wrong in (2, "2s", None):
        with pytest.raises(UsageError, match="expected a timedelta, got "):
            export.answer_within(wrong)  # type: ignore[arg-type]
    export.answer_within(timedelta.max)
    with pytest.raises(ClaimsError, match=r"^\$\.response_threshold: "):
        write_document(export)


def test_an_export_revokes_as_an_account_does() -> None:
    export = Export()
    export.revoke("A", at=5)
    assert export.is_revoked("A", 5)
    assert write_document(export) == '{"revocations":{"A":5}}'
