"""One permission list as installed: what is asked of it, and which entry answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from natsauth.policy._trie import NEVER, Trie, collide, covers, is_subject, is_wild, subject_tokens
from natsauth.policy.decision import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from natsauth.policy.decision import Origin

    Entry = tuple[str, list[str], str]
    """An entry that is installed: its subject, the tokens of that, and its queue or ``""``."""
    Read = Callable[[str], Entry | None]

_BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""Where Go's strings.Fields divides; Python's split() divides at four more characters."""
_SPACE = re.compile(f"[{_BLANKS}]").search
_FIELDS = re.compile(f"[^{_BLANKS}]+").findall
_ODD = re.compile(r"(?:^|\.)[*>][^.]").search
"""Finds a token that only starts with a wildcard."""


class Written(NamedTuple):
    """A list of entries, and where it was written.

    Attributes:
        entries: The entries as the server gets them.
        path: Where the list stands, such as ``$.nats.pub.allow``.
        origin: Whose claims it stands in.
        places: Source, path and origin of each entry, where they are not simply those of the list.
    """

    entries: Sequence[str]
    path: str
    origin: Origin
    places: Sequence[tuple[str, str, Origin]] | None = None

    def rule(self, index: int, text: str) -> Rule:
        """Return the rule of an entry, whose text as installed is given."""
        if self.places is None:
            return Rule(text, f"{self.path}[{index}]", self.origin, self.entries[index])
        source, path, origin = self.places[index]
        return Rule(text, path, origin, source)


def allowed_to_publish(text: str) -> Entry | None:
    """Read an entry of ``pub.allow``; ``None`` if the server ignores it."""
    tokens = subject_tokens(text)
    return None if tokens is None else (text, tokens, "")


def denied_to_publish(text: str) -> Entry | None:
    """Read an entry of ``pub.deny``; ``None`` if the server ignores it.

    What stands after a blank is dropped: with it, the entry would deny nothing.
    """
    entry = allowed_to_publish(text) or to_subscribe(text)
    return entry and (*entry[:2], "")


def to_subscribe(text: str) -> Entry | None:
    """Read an entry of ``sub.allow`` or ``sub.deny``; ``None`` if the server ignores it."""
    if not _SPACE(text):
        return allowed_to_publish(text)
    fields = _FIELDS(text)
    tokens = subject_tokens(fields[0]) if len(fields) in (1, 2) else None
    if tokens is None or not all(map(is_subject, fields[1:])):
        return None
    return fields[0], tokens, "".join(fields[1:])


class RuleList:
    """A compiled list.

    Attributes:
        rules: The entries as installed, in their order.
        ignored: The entries that the server leaves out, in their order.
        written: Where the list was written.
    """

    __slots__ = ("_odd", "_plain", "_queued", "_queues", "ignored", "rules", "written")

    def __init__(self, written: Written, read: Read) -> None:
        self.written = written
        self.rules: list[Rule] = []
        self.ignored: list[Rule] = []
        self._plain = Trie()
        self._queued = Trie()  # every entry with a queue, whichever it is
        self._queues: dict[str, Trie] = {}
        self._odd: list[str] = []  # see may_overlap()
        rules, rule, add = self.rules, written.rule, self._plain.add
        for index, entry in enumerate(written.entries):
            found = read(entry)
            if found is None:
                self.ignored.append(rule(index, entry))
                continue
            subject, tokens, queue = found
            number = len(rules)
            if queue:
                rules.append(rule(index, f"{subject} {queue}"))
                self._queued.add(tokens, number)
                self._queues.setdefault(queue, Trie()).add(tokens, number)
            else:
                rules.append(rule(index, subject))
                add(tokens, number)
            if ("*" in subject or ">" in subject) and _ODD(subject):
                self._odd.append(subject)

    @property
    def has_queues(self) -> bool:
        """Whether an entry names a queue."""
        return bool(self._queues)

    def plain(self, tokens: Sequence[str]) -> Rule | None:
        """Return the first entry without queue that takes a subject."""
        number = self._plain.first(tokens)
        return self.rules[number] if number < NEVER else None

    def plain_overlooking(self, tokens: Sequence[str]) -> Rule | None:
        """Return the same, by the ``star_hides`` of :meth:`Trie.first`."""
        return self._rule(self._plain.first(tokens, star_hides=True))

    def queued(self, tokens: Sequence[str]) -> Rule | None:
        """Return the first entry with a queue, whichever it is, that takes a subject."""
        return self._rule(self._queued.first(tokens)) if self._queues else None

    def of_queue(self, tokens: Sequence[str], queue: str) -> Rule | None:
        """Return the first entry with a queue that takes a subject for a queue group."""
        return self._rule(_least(trie.first(tokens) for trie in self._of(queue)))

    def first(self, tokens: Sequence[str], queue: str | None) -> Rule | None:
        """Return the first entry that takes a subject, asked with or without queue group."""
        number = self._plain.first(tokens)
        if queue and self._queues:
            number = _least((number, *(trie.first(tokens) for trie in self._of(queue))))
        return self._rule(number)

    def overlap(self, tokens: Sequence[str], queue: str | None) -> Rule | None:
        """Return the first entry that takes some of what a pattern takes, for a queue group."""
        number = self._plain.first_overlap(tokens)
        if queue and self._queues:
            number = _least((number, *(trie.first_overlap(tokens) for trie in self._of(queue))))
        return self.rules[number] if number < NEVER else None

    def may_overlap(self, subject: str, tokens: Sequence[str]) -> bool:
        """Tell whether the server sees that some entry, whatever its queue, overlaps a pattern.

        In tokens that only start with a wildcard it sees more than there is.
        """
        if _ODD(subject) or "" in tokens or ">" in tokens[:-1]:
            return any(collide(rule.text.partition(" ")[0], subject) for rule in self.rules)
        tries = (self._plain, self._queued) if self._queues else (self._plain,)
        if any(trie.first_overlap(tokens) < NEVER for trie in tries):
            return True
        return any(collide(odd, subject) for odd in self._odd)

    def _of(self, queue: str) -> Iterable[Trie]:
        """Go through the entries of each queue name that covers a queue group."""
        tokens = queue.split(".")
        for name, trie in self._queues.items():
            if name == queue or (is_wild(name) and covers(name.split("."), tokens)):
                yield trie

    def _rule(self, number: int) -> Rule | None:
        return self.rules[number] if number < NEVER else None


def _least(numbers: Iterable[int]) -> int:
    return min(numbers, default=NEVER)
