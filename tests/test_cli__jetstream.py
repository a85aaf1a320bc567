"""Options about the JetStream of an account."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from natsauth.claims import JetStreamLimits, OperatorLimits
from natsauth.cli._commands import command
from natsauth.cli._jetstream import edit_jetstream, jetstream


def do(limits: OperatorLimits, words: str) -> list[str]:
    """Have a command edit limits, and return what it says."""
    said: list[str] = []
    edit: Any = SimpleNamespace(did=said.append)

    @command("x", "x")
    @jetstream
    def run(**given: Any) -> None:
        edit_jetstream(edit, limits, given)

    result = CliRunner().invoke(run, words.split())
    if result.exit_code:
        return [str(result.exception) if result.exit_code == 1 else result.stderr]
    return said


def test_the_first_limits_leave_the_others_open_as_in_nsc() -> None:
    limits = OperatorLimits()
    assert do(limits, "--js-disk-storage 1g --js-streams 5") == [
        "changed global max streams to 5",
        "changed global max disk storage to 1000000000",
    ]
    assert (limits.disk_storage, limits.mem_storage, limits.streams) == (10**9, 0, 5)
    assert (limits.consumer, limits.max_ack_pending, limits.max_bytes_required) == (-1, -1, False)
    assert (limits.mem_max_stream_bytes, limits.disk_max_stream_bytes) == (-1, -1)


def test_later_limits_leave_what_they_do_not_mention() -> None:
    limits = OperatorLimits()
    do(limits, "--js-disk-storage 1g --js-streams 5 --js-max-bytes-required")
    do(limits, "--js-mem-storage 2kib --js-consumer 3 --js-max-ack-pending 9")
    do(limits, "--js-max-mem-stream 7 --js-max-disk-stream 8")
    assert [getattr(limits, name) for name in OperatorLimits.JETSTREAM] == [
        *(2048, 10**9, 5, 3, 9, 7, 8, True)
    ]
    assert do(limits, "--js-max-bytes-required=false") == [
        "changed global max bytes required to false"
    ]


def test_tiers() -> None:
    limits = OperatorLimits()
    assert do(limits, "--js-tier 3 --js-disk-storage 5") == ["changed R3 max disk storage to 5"]
    assert do(limits, "--js-enable 1") == ["enabled tier limit R1"]
    assert limits.tiered_limits is not None
    assert limits.tiered_limits["R3"].streams == -1
    assert limits.tiered_limits["R1"] == JetStreamLimits(mem_storage=-1, disk_storage=-1)
    assert not limits.has_flat_jetstream()
    assert do(limits, "--rm-js-tier 3") == ["deleted tier limit R3"]
    assert [*limits.tiered_limits] == ["R1"]
    assert do(limits, "--rm-js-tier 1") == ["deleted tier limit R1"]
    assert limits.tiered_limits is None


def test_all_of_it_is_enabled_and_disabled() -> None:
    limits = OperatorLimits()
    assert do(limits, "--js-enable 0") == ["enabled global limit"]
    assert (limits.mem_storage, limits.disk_storage) == (-1, -1)
    assert do(limits, "--rm-js-tier 0") == ["deleted global limit"]
    do(limits, "--js-tier 3 --js-streams 5")
    assert do(limits, "--js-disable") == ["deleted global limit", "deleted tier limit R3"]
    assert limits == OperatorLimits()


def test_what_an_edit_by_nsc_leaves_behind_is_no_jetstream() -> None:
    limits = OperatorLimits(streams=-1, consumer=-1)  # the storage is 0
    assert do(limits, "--js-enable 0") == ["enabled global limit"]
    assert (limits.mem_storage, limits.streams) == (-1, -1)


@pytest.mark.parametrize(
    ("before", "words", "message"),
    [
        ("", "--js-disable --js-streams 3", "exclude"),
        ("", "--js-enable 0 --js-tier 3", "exclude"),
        ("", "--rm-js-tier 3 --js-enable 3", "exclude"),
        ("", "--js-tier 3", "says which limits are meant"),
        ("", "--rm-js-tier 3", "has no tier R3"),
        ("--js-enable 0", "--js-enable 0", "is enabled already"),
        ("--js-enable 0", "--js-tier 3 --js-streams 3", "for all tiers together"),
        ("--js-enable 3", "--js-streams 3", "limits by tier: R3"),
        ("--js-enable 3", "--js-enable 0", "limits by tier: R3"),
        ("", "--js-streams many", "'many'"),
        ("", "--js-tier -1", "-1 is not in the range"),
    ],
)
def test_what_is_refused_changes_nothing(before: str, words: str, message: str) -> None:
    limits = OperatorLimits()
    do(limits, before)
    was = repr(limits)
    [said] = do(limits, words)
    assert message in said
    assert repr(limits) == was
