"""What ``natsauth why`` has found, for people and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from natsauth.claims.signing_keys import public_key_of
from natsauth.cli._cures import DEPENDS
from natsauth.cli._diagnosis import State, Verdict
from natsauth.cli._findings import span
from natsauth.cli._output import quoted
from natsauth.cli._readable import readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from natsauth.claims import AccountClaims
    from natsauth.cli._diagnosis import Diagnosis, Item
    from natsauth.cli._server_side import ServerSide
    from natsauth.cli._surroundings import Surroundings

_HEADS = {
    Verdict.ADMITTED: "ADMITTED: {server} takes {who}",
    Verdict.REFUSED: "REFUSED: {server} does not take {who}",
    Verdict.CLOSED: "CLOSED: {server} takes {who}, and closes the connection at once",
    Verdict.UNDECIDED: "NOT DECIDED: nothing that is known refuses {who}, but not all is known",
}
_ALSO_LOGGED = {
    "account missing": '"fetching jwt timed out" where the resolver asks other servers',
    "account validation failed": '"Account JWT has expired" where it was loaded before that',
}
"""What stands in the log instead where the server has another resolver, or history."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found.

    Attributes:
        diagnosis: The verdict by what is known.
        around: What is known.
        side: What a server did, if one was asked.
    """

    diagnosis: Diagnosis
    around: Surroundings
    side: ServerSide | None

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
        failure = self.side.failure if self.side else None
        server = f"the server {self.side.url}" if self.side and not failure else "a server"
        if self.side and failure:
            yield f"NOT ASKED: {self.side.url} did not say; by what is known without it:"
        yield _HEADS[self.verdict].format(who=_who(self.diagnosis), server=server)
        if self.verdict is Verdict.ADMITTED and not self.side and self.around.names:
            yield "if servers have this account as the store has it: --server URL asks them"
        if self.error:
            yield f"the client is told: {self.error}"
        if log := self.diagnosis.log:
            yield f"the server logs:    {_logged(log, self.diagnosis.account)}"
        yield from self._failing()
        if not (self.side and self.side.verdict is Verdict.ADMITTED and not failure):
            yield from self._unknown(everything=everything)
        yield from self._notes()
        if passed := self.diagnosis.of(State.PASSED):
            end = ":" if everything else "; --all names them"
            yield from ("", f"passed: {_checks(passed)}{end}")
            if everything:
                yield from (f" - {item.code}: {self._readable(item.message)}" for item in passed)
        closing = self.diagnosis.closing
        if closing and not self.diagnosis.at_once:
            left = int(closing.at.timestamp() - datetime.now(UTC).timestamp())
            moment = f"{closing.at:%Y-%m-%d %H:%M:%S} UTC"
            yield f"closed by the server: at {moment}, in {span(max(left, 0))}"

    def _notes(self) -> Iterator[str]:
        notes = [*self.around.notes, *(self.side.differences if self.side else ())]
        if notes:
            yield from ("", "to be looked at:")
        for note in notes:
            yield f" - {self._readable(note.message)}"
            if note.hint:
                word = "run: " if note.hint.startswith("natsauth ") else "cure:"
                yield f"   {word} {note.hint}"

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

    def _unknown(self, *, everything: bool) -> Iterator[str]:
        unknown = self.diagnosis.of(State.UNKNOWN)
        if unknown and self.verdict is Verdict.REFUSED and not self.diagnosis.failed:
            yield from ("", "the server does not tell why; what can be told from here is fine.")
            yield "it is one of these, in the order in which servers ask:"
        elif unknown:
            yield from ("", "not known:")
        for item in unknown:
            if item.message != DEPENDS:
                yield from self._told("-", item)
        if others := [item.code.replace("_", " ") for item in unknown if item.message == DEPENDS]:
            what = "what is in the account" if self.diagnosis.user else "what is in the token"
            names = f": {', '.join(others)}" if everything else "; --all names them"
            yield f" - {_checks(others)} by {what}{names}"

    def _told(self, mark: str, item: Item) -> Iterator[str]:
        indent = " " * (len(mark) + 2)
        yield f" {mark} {item.code}: {self._readable(item.message)}"
        log = _logged(item.log, self.diagnosis.account)
        texts = {"log:  ": log, "cure: ": self._readable(item.hint), "run:  ": item.command}
        yield from (f"{indent}{word}{text}" for word, text in texts.items() if text)

    def _readable(self, text: str) -> str:
        roots = (root.claims for root in self.around.operators)
        return readable(text, self.diagnosis.user, self.diagnosis.account, *roots)

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
            "notes": [note._asdict() for note in self.around.notes],
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


def _logged(log: str, account: AccountClaims | None) -> str:
    """Return a line of the log, with what stands there instead as the case may be."""
    end = log.rpartition(": ")[2]
    if end == "account validation failed" and not (account and account.exp):
        return log
    return f"{log}; or {_ALSO_LOGGED[end]}" if end in _ALSO_LOGGED else log


def _checks(found: Sequence[object]) -> str:
    """Return how many checks there are."""
    return f"{len(found)} check{'s' * (len(found) > 1)}"


def _who(diagnosis: Diagnosis) -> str:
    user, account = diagnosis.user, diagnosis.account
    if user is None:
        return "these creds"
    keys = {account.sub, *map(public_key_of, account.nats.signing_keys)} if account else set()
    owner = account.name if account and user.account in keys else ""
    return f"user {_named(user.name, user.sub)} of account {_named(owner, user.account)}"


def _named(name: str, key: str) -> str:
    """Return a name, or the key of what has none."""
    return quoted(f"{name:.80}") if name else key


def _closes(diagnosis: Diagnosis) -> str:
    return f"{diagnosis.closing.at:%Y-%m-%dT%H:%M:%SZ}" if diagnosis.closing else ""
