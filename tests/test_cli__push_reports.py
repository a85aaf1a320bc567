"""What ``push`` says of results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.cli._push_reports import Tally, deleted, differences, pruned, pushed
from natsauth.resolver import (
    AccountDiff,
    DeleteResult,
    DifferentAccount,
    PruneResult,
    PushEffect,
    PushResult,
    ServerDifference,
    ServerReply,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsauth.cli._output import Report

NAMES = {"AA": "a", "AB": "b"}


def reply(name: str, message: str = "jwt updated", *, ok: bool = True) -> ServerReply:
    effect = PushEffect.STORED if ok else None
    return ServerReply(name, f"N{name}", ok=ok, code=200, message=message, effect=effect)


def lines(*steps: Report) -> list[str]:
    return [f"{indent}{status} {text}" for step in steps for indent, status, text in step.lines()]


def test_an_account_that_was_pushed() -> None:
    step = pushed(PushResult("AA", "a", (reply("n1"), reply("n2")), confirmed=True))
    assert lines(step) == ['ok pushed "a" to n1, n2: jwt updated, and confirmed']
    assert step.to_json()["servers"][1] == {
        "server": "n2",
        "ok": True,
        "message": "jwt updated",
        "effect": "stored",
    }
    unnamed = (ServerReply("", "N1", ok=True, code=200, message="x"),)
    assert lines(pushed(PushResult("AA", "a", unnamed))) == ['ok pushed "a" to N1: x']


def test_an_account_that_was_pushed_in_part() -> None:
    replies = (reply("n1"), reply("n2", "full", ok=False))
    step = pushed(PushResult("AA", "a", replies, missing=("n3",)))
    assert lines(step) == [
        'error push "a":',
        "       ok n1: jwt updated",
        "       error n2: full",
        "       error n3 did not answer",
    ]
    assert step.to_json()["reason"] == "refused"
    step = pushed(PushResult("AA", "a", (reply("n1"),), missing=("n3",)))
    assert step.to_json()["hint"].endswith("; --timeout waits longer")


def test_an_account_that_was_not_pushed() -> None:
    step = pushed(PushResult("AA", "a", (), problems=("old", "odd"), hint="renew it"))
    assert lines(step) == [
        'error push "a":',
        "       error not sent: old",
        "       error not sent: odd",
    ]
    assert step.to_json()["hint"] == "renew it"
    step = pushed(PushResult("AA", "a", (reply("n1"),), confirmed=False))
    assert lines(step)[-1] == "       error a server that took it does not give it back"


def test_very_many_accounts_share_their_problems() -> None:
    tally = Tally()
    for number in range(8):
        tally.add(PushResult("AA", f"a{number}", (reply("n1"),), missing=("n2",) * (number > 3)))
    assert lines(tally.report(10, "n1, n2")) == [
        "error 4 of 10 accounts reached every server: n1, n2:",
        '       error "a4", "a5", "a6" and 1 more: n2 did not answer',
        "       error nothing is known of 2",
    ]
    tally = Tally()
    for name in "ab":
        tally.add(PushResult("AA", name, (reply("n1"),)))
    assert lines(tally.report(2, "n1")) == ["ok pushed 2 accounts to n1"]


def server(name: str, *, absent: Iterable[str] = (), extra: Iterable[str] = ()) -> ServerDifference:
    return ServerDifference(name, f"N{name}", tuple(absent), tuple(extra))


def test_how_servers_differ() -> None:
    found = AccountDiff(
        (server("n1", absent=["AA"], extra=["AC"]), server("n2"), server("n3")),
        same=(),
        different=(
            DifferentAccount("AA", ("n2", "n3"), 1),
            DifferentAccount("AB", ("n2",), 1),
        ),
        untold=("AA",),
        missing=("n4",),
    )
    assert lines(*differences(found, NAMES)) == [
        "warning n1 differs from the store:",
        '       warning lacks "a"',
        "       warning has AC, which is not in the store",
        "warning n2 differs from the store:",
        '       warning has another token of "b"',
        "ok n3 has the accounts of the store and no others",
        'warning 1 of n2, n3 has another token of "a"',
        'warning not every server tells its token of "a": caches do not',
        "error n4 did not say what it has",
    ]


def test_what_was_deleted() -> None:
    good = DeleteResult(
        ("AA", "AC"), (), (reply("n1", "deleted 2 accounts"), reply("n1"), reply("n2"))
    )
    assert lines(deleted(good, NAMES)) == ['ok deleted "a", AC from n1, n2']
    bad = DeleteResult(
        ("AA",), (), (reply("n1", "deleted 1 accounts"), reply("n2", "must be enabled", ok=False))
    )
    step = deleted(bad, NAMES)
    assert lines(step) == [
        'error delete "a":',
        "       ok n1: deleted 1 accounts",
        "       error n2: must be enabled",
    ]
    assert "--allow-delete" in step.to_json()["hint"]
    unknown = DeleteResult(("AA",), ("AA",), (reply("n1"),))
    assert lines(deleted(unknown, {})) == ["warning no server had AA, unless expired"]


def test_what_was_pruned() -> None:
    gone = DeleteResult(("AC",), (), (reply("n1"),))
    assert lines(*pruned(PruneResult(("AC",), (), gone), "n1", {}, dry_run=False)) == [
        "ok deleted AC from n1"
    ]
    assert lines(*pruned(PruneResult(("AC",), ("n2",)), "n1", {"AC": "c"}, dry_run=True)) == [
        'ok would delete "c" (AC) from n1',
        "error n2 did not say what it has",
    ]
    for dry_run in (True, False):
        [step] = pruned(PruneResult((), ()), "n1", {}, dry_run=dry_run)
        assert lines(step) == ["ok nothing to prune"]
