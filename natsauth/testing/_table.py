"""The shape of a table of promises, and what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from natsauth.errors import UsageError
from natsauth.policy import Verdict
from natsauth.testing._support import meant

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPERATIONS: Final = ("publish", "subscribe")
_VERDICTS: Final = (Verdict.ALLOW, Verdict.DENY, Verdict.FILTERED)
_SHAPE: Final = (
    'as in {"alice": {"publish": {"orders.new": True}, "subscribe": {"orders.>": False}}}'
)
_UNSENDABLE: Final = re.compile("[\t\n\r\ud800-\udfff]").search
_WILDCARDS: Final = {"*", ">"}


class Promise(NamedTuple):
    """One entry of a table.

    Attributes:
        operation: ``publish`` or ``subscribe``.
        subject: The subject.
        queue: The queue group, or ``None``.
        expected: What the table says.
    """

    operation: str
    subject: str
    queue: str | None
    expected: bool | str


def promises(label: str, table: object) -> list[Promise]:
    """Return what a table says of one user.

    Args:
        label: What the user is called.
        table: For each operation its subjects, and what is expected.

    Raises:
        UsageError: It has another shape, or a promise about what no client can ask for, which
            would hold whatever the permissions are.
    """
    return [*_promises(f"{label!r:.80}", table)]


def _promises(who: str, table: object) -> Iterator[Promise]:
    if not isinstance(table, Mapping):
        raise UsageError(f"the grants of {who} are {_kind(table)}, expected a mapping", hint=_SHAPE)
    for operation, subjects in table.items():
        if operation not in _OPERATIONS:
            raise UsageError(
                f"{who} has {operation!r:.80}, expected publish or subscribe",
                hint=meant(operation, _OPERATIONS, cutoff=0.5) or _SHAPE,
            )
        if not isinstance(subjects, Mapping):
            raise UsageError(
                f"{who} {operation}: the subjects are {_kind(subjects)}, expected a mapping",
                hint=_SHAPE,
            )
        for entry, expected in subjects.items():
            if not isinstance(entry, str):
                raise UsageError(f"{who} {operation}: a subject is text, got {entry!r:.80}")
            where = f"{who} {operation} {entry!r:.80}"
            _check_expected(where, expected)
            subject, blank, queue = entry.partition(" ")
            fault, cure = _fault(operation, subject, queue if blank else None)
            if fault:
                raise UsageError(f"{where}: {fault}", hint=cure)
            yield Promise(operation, subject, queue or None, expected)


def _kind(value: object) -> str:
    return f"of type {type(value).__name__}"


def _check_expected(where: str, expected: Any) -> None:
    if isinstance(expected, bool) or (isinstance(expected, str) and expected in _VERDICTS):
        return
    cure = meant(expected, _VERDICTS)
    if str(expected).lower() in ("true", "false", "1", "0"):
        cure = "True and False are no text, and no numbers"
    raise UsageError(
        f"{where}: expected True, False, 'allow', 'deny' or 'filtered', got {expected!r:.80}",
        hint=cure,
    )


def _fault(operation: str, subject: str, queue: str | None) -> tuple[str, str]:
    """Return why no client can ask for something, and the cure; nothing if one can."""
    tokens = subject.split(".")
    is_publish = operation == "publish"
    example = ".".join("x" if token in _WILDCARDS else token for token in tokens)
    faults = (
        (
            is_publish and queue is not None,
            "a publish has no queue group, and its subject no blank",
            f"{subject!r:.80} alone",
        ),
        (
            queue is not None and (not queue or " " in queue),
            "after a blank stands one queue group",
            "as in 'jobs workers'",
        ),
        (
            _UNSENDABLE(f"{subject}{queue}"),
            "it has a tab, a line break, or no form in UTF-8, so that no client can send it",
            "",
        ),
        (not subject, "the subject is empty, so that no client can send it", ""),
        ("" in tokens, "a token between two dots or at an end is empty, which no subject has", ""),
        (
            is_publish and not _WILDCARDS.isdisjoint(tokens),
            "only subscriptions have wildcards; a message is published to one subject",
            f"name a subject, such as {example!r:.80}, or promise it of subscribe",
        ),
        (
            ">" in tokens[:-1],
            "'>' is not the last token, so that no server takes the subscription",
            "'*' takes one token anywhere",
        ),
    )
    return next(((fault, cure) for is_broken, fault, cure in faults if is_broken), ("", ""))
