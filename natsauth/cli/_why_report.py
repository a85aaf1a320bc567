"""What ``natsauth why`` has found, for people and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from natsauth.cli._diagnosis import State, Verdict
from natsauth.cli._findings import span
from natsauth.cli._output import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from natsauth.cli._diagnosis import Diagnosis, Item
    from natsauth.cli._server_side import ServerSide
    from natsauth.cli._surroundings import Note

_HEADS = {
    Verdict.ADMITTED: "ADMITTED: a server takes {who}",
    Verdict.REFUSED: "REFUSED: a server does not take {who}",
    Verdict.CLOSED: "CLOSED: a server takes {who}, and closes the connection at once",
    Verdict.UNDECIDED: "NOT DECIDED: nothing that is known refuses {who}, but not all is known",
}


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found.

    Attributes:
        diagnosis: The verdict by what is known.
        notes: What somebody should know beside it.
        side: What a server did, if one was asked.
    """

    diagnosis: Diagnosis
    notes: Sequence[Note]
    side: ServerSide | None

    @property
    def verdict(self) -> Verdict:
        """What the server did, or what servers do."""
        return self.side.verdict if self.side else self.diagnosis.verdict

    @property
    def error(self) -> str:
        """What the client is told, or an empty string."""
        return self.side.error if self.side else self.diagnosis.error

    def lines(self) -> Iterator[str]:
        """Go through the lines for people."""
        yield _HEADS[self.verdict].format(who=_who(self.diagnosis))
        if self.error:
            yield f"the client is told: {self.error}"
        if self.diagnosis.log:
            yield f"the server logs:    {self.diagnosis.log}"
        yield from self._failing()
        if unknown := self.diagnosis.of(State.UNKNOWN):
            yield from ("", "not known:")
            for item in unknown:
                yield from _told("-", item)
        if notes := [*self.notes, *(self.side.differences if self.side else ())]:
            yield from ("", "to be looked at:")
            for note in notes:
                yield f" - {note.message}"
                if note.hint:
                    yield f"   cure: {note.hint}"
        if passed := self.diagnosis.of(State.PASSED):
            yield from ("", f"passed: {', '.join(item.code for item in passed)}")
        closing = self.diagnosis.closing
        if closing and not self.diagnosis.at_once:
            left = int(closing.at.timestamp() - datetime.now(UTC).timestamp())
            yield f"closed by the server: {_closes(self.diagnosis)}, in {span(max(left, 0))}"

    def _failing(self) -> Iterator[str]:
        failing, closing = self.diagnosis.of(State.FAILED, State.WOULD_FAIL), self.diagnosis.closing
        if len(failing) == 1:
            yield from ("", "1 check fails:")
        elif failing:
            yield from ("", f"{len(failing)} checks fail; the server stops at the first:")
        for number, item in enumerate(failing, start=1):
            yield from _told(f"{number}.", item)
        if self.diagnosis.verdict is Verdict.CLOSED and closing:
            yield f"cure: {closing.hint}"

    def to_json(self) -> dict[str, Any]:
        """Return all of it as a JSON object."""
        found, user, side = self.diagnosis, self.diagnosis.user, self.side
        document: dict[str, Any] = {
            "account": user.account if user else "",
            "checks": [item._asdict() for item in found.items],
            "closes": _closes(found),
            "error": self.error,
            "log": found.log,
            "name": user.name if user else "",
            "notes": [note._asdict() for note in self.notes],
            "public_key": user.sub if user else "",
            "reason": found.failed.code if found.failed else "",
            "verdict": self.verdict,
        }
        if side:
            document["server"] = {
                "connected": side.connected,
                "differences": [note._asdict() for note in side.differences],
                "expected": found.verdict,
                "info": side.info,
                "looked_up": side.looked_up,
                "url": side.url,
            }
        return document


def _told(mark: str, item: Item) -> Iterator[str]:
    indent = " " * (len(mark) + 2)
    yield f" {mark} {item.code}: {item.message}"
    if item.log:
        yield f"{indent}log:  {item.log}"
    if item.hint:
        yield f"{indent}cure: {item.hint}"
    if item.command:
        yield f"{indent}run:  {item.command}"


def _who(diagnosis: Diagnosis) -> str:
    user, account = diagnosis.user, diagnosis.account
    if user is None:
        return "whoever this is"
    name = f"user {quoted(user.name)} [{user.sub}]"
    owner = f"{quoted(account.name)} [{account.sub}]" if account else f"[{user.account}]"
    return f"{name} of account {owner}"


def _closes(diagnosis: Diagnosis) -> str:
    return f"{diagnosis.closing.at:%Y-%m-%dT%H:%M:%SZ}" if diagnosis.closing else ""
