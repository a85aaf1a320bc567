"""Promises with what became of them, and the report on those that do not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from natsauth.policy import Reason, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from natsauth.policy import Decision

NO_CONNECTION = "no connection"
_FORBIDDEN = (False, Verdict.DENY)


class Answers(NamedTuple):
    """What a server did.

    Attributes:
        verdicts: For each question a verdict, that there is no connection, or an empty string where
            there is no telling.
        refusal: Why there is no connection, or an empty string.
    """

    verdicts: Sequence[str]
    refusal: str = ""


class Row(NamedTuple):
    """One promise of the table.

    Attributes:
        label: Whose it is.
        decision: The verdict on it by the permissions.
        expected: What the table says.
        verdict: The verdict without a server: that of the decision, or that there is no connection.
        answer: What the server did; nothing if it was not asked, or has no clear answer.
        refusal: Why there is no connection; nothing if there is one.
    """

    label: str
    decision: Decision
    expected: bool | str
    verdict: str
    answer: str = ""
    refusal: str = ""

    @property
    def holds(self) -> bool:
        """Tell whether everybody says the same."""
        if self.refusal or (self.answer and self.answer != self.verdict):
            return False
        is_bool = isinstance(self.expected, bool)
        return bool(self.decision) is self.expected if is_bool else self.verdict == self.expected

    @property
    def reason(self) -> str:
        """Say why the verdict is what it is, and the cure where there is one."""
        if self.refusal:
            return self.refusal
        is_widened = self.decision and self.expected in _FORBIDDEN
        return self.decision.explain() + (f" {_narrowing(self.decision)}" if is_widened else "")


def _harmless(text: str) -> str:
    """Return text of which a terminal obeys nothing, and that stays in its line."""
    return "".join(
        [c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text]
    )


def _narrowing(decision: Decision) -> str:
    """Return how to forbid what is allowed."""
    side = "pub" if decision.operation == "publish" else "sub"
    subject = f"{decision.checked!r:.200}"
    if decision.reason is Reason.RESPONSE:
        return ""
    start = {
        Reason.UNRESTRICTED: f"list in {side}.allow what is to be allowed",
        Reason.FILTERED: f"narrow {side}.allow",
    }.get(decision.reason, "narrow that entry")
    if {"*", ">"}.isdisjoint(decision.checked.split(".")):
        return f"To forbid it, {start}, or add {subject} to {side}.deny."
    return f"To forbid it, {start}; {subject} in {side}.deny would forbid all below it, too."


def told(wrong: list[Row], count: int, *, live: bool) -> str:
    """Return the wrong rows as a table, each with the reason; one for all of a user in a row."""
    heads = ["user", "operation", "subject", "expected", "verdict", *(["server"] if live else [])]
    table = [heads]
    for row in wrong:
        decision = row.decision
        subject = " ".join(filter(None, (decision.subject, decision.queue)))
        names = _harmless(row.label), decision.operation, _harmless(subject)
        cells = [*names, str(row.expected), row.verdict]
        table.append([*cells, *([row.answer or "-"] if live else [])])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    first, *lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        for cells in table
    ]
    text = [f"{len(wrong)} of {count} grants are not as expected", "", first]
    reasons = [row.reason for row in wrong]
    for line, reason, following in zip(lines, reasons, [*reasons[1:], ""], strict=True):
        text += [line] if reason == following else [line, f"    {reason}"]
    return "\n".join(text)
