"""What ``natsauth why`` has found, for people and as JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from natsauth.cli._cures import DEPENDS
from natsauth.cli._diagnosis import State, Verdict
from natsauth.cli._findings import span
from natsauth.cli._output import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from natsauth.cli._diagnosis import Diagnosis, Item
    from natsauth.cli._server_side import ServerSide
    from natsauth.cli._surroundings import Note

_HEADS = {
    Verdict.ADMITTED: "ADMITTED: {server} takes {who}",
    Verdict.REFUSED: "REFUSED: {server} does not take {who}",
    Verdict.CLOSED: "CLOSED: {server} takes {who}, and closes the connection at once",
    Verdict.UNDECIDED: "NOT DECIDED: nothing that is known refuses {who}, but not all is known",
}
_MOMENT = re.compile(r"\b(at|after|until|before) ([0-9]{9,10})\b")


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found.

    Attributes:
        diagnosis: The verdict by what is known.
        notes: What somebody should know beside it.
        side: What a server did, if one was asked.
        is_stored: Whether the account is that of the store.
    """

    diagnosis: Diagnosis
    notes: Sequence[Note]
    side: ServerSide | None
    is_stored: bool

    @property
    def verdict(self) -> Verdict:
        """What the server did, or what servers do."""
        return self.side.verdict if self.side and not self.side.failure else self.diagnosis.verdict

    @property
    def error(self) -> str:
        """What the client is told, or an empty string."""
        return self.side.error if self.side and not self.side.failure else self.diagnosis.error

    def lines(self, *, everything: bool = False) -> Iterator[str]:
        """Go through the lines for people.

        Args:
            everything: Whether the checks that pass are named, too.
        """
        url = self.side.url if self.side and not self.side.failure else ""
        server = f"the server {url}" if url else "a server"
        yield _HEADS[self.verdict].format(who=_who(self.diagnosis), server=server)
        if self.verdict is Verdict.ADMITTED and not self.side and self.is_stored:
            yield "if servers have this account as the store has it: --server URL asks them"
        if self.error:
            yield f"the client is told: {self.error}"
        if self.diagnosis.log:
            yield f"the server logs:    {self.diagnosis.log}"
        yield from self._failing()
        if not (self.side and self.side.verdict is Verdict.ADMITTED and not self.side.failure):
            yield from self._unknown()
        if notes := [*self.notes, *(self.side.differences if self.side else ())]:
            yield from ("", "to be looked at:")
            for note in notes:
                yield f" - {self._readable(note.message)}"
                if note.hint:
                    yield f"   cure: {note.hint}"
        if passed := self.diagnosis.of(State.PASSED):
            names = ", ".join(item.code for item in passed)
            count = f"{len(passed)} check{'s' * (len(passed) > 1)}"
            yield from ("", f"passed: {names if everything else f'{count}; --all names them'}")
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
            yield from self._told(f"{number}.", item)
        if self.diagnosis.verdict is Verdict.CLOSED and closing:
            yield from ("", f" 1. {self.diagnosis.because}", f"    cure: {closing.hint}")

    def _unknown(self) -> Iterator[str]:
        unknown = self.diagnosis.of(State.UNKNOWN)
        if unknown and self.verdict is Verdict.REFUSED and not self.diagnosis.failed:
            yield from ("", "the server does not tell why; what can be told from here is fine.")
            yield "it is one of these, in the order in which servers ask:"
        elif unknown:
            yield from ("", "not known:")
        for item in unknown:
            if item.message != DEPENDS:
                yield from self._told("-", item)
        if others := [item.code for item in unknown if item.message == DEPENDS]:
            yield f" - by what is in the account: {', '.join(others)}"

    def _told(self, mark: str, item: Item) -> Iterator[str]:
        indent = " " * (len(mark) + 2)
        yield f" {mark} {item.code}: {self._readable(item.message)}"
        texts = {"log:  ": item.log, "cure: ": self._readable(item.hint), "run:  ": item.command}
        yield from (f"{indent}{word}{text}" for word, text in texts.items() if text)

    def _readable(self, text: str) -> str:
        """Return a text with the names of user and account for their keys, and with dates."""
        for claims in (self.diagnosis.user, self.diagnosis.account):
            if claims and claims.name and claims.sub:
                name = quoted(f"{claims.name:.80}")
                text = text.replace(f"'{claims.sub}'", name).replace(claims.sub, name)
        return _MOMENT.sub(_date, text)

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
                "failure": str(side.failure.args[0]) if side.failure else "",
                "info": side.info,
                "looked_up": side.looked_up,
                "url": side.url,
            }
        return document


def _date(found: re.Match[str]) -> str:
    return f"{found[1]} {datetime.fromtimestamp(int(found[2]), UTC):%Y-%m-%d %H:%M:%S} UTC"


def _who(diagnosis: Diagnosis) -> str:
    user, account = diagnosis.user, diagnosis.account
    if user is None:
        return "these creds"
    owner = account.name if account else ""
    return f"user {_named(user.name, user.sub)} of account {_named(owner, user.account)}"


def _named(name: str, key: str) -> str:
    """Return a name, or the key of what has none."""
    return quoted(f"{name:.80}") if name else key


def _closes(diagnosis: Diagnosis) -> str:
    return f"{diagnosis.closing.at:%Y-%m-%dT%H:%M:%SZ}" if diagnosis.closing else ""
