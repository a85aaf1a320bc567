"""Permissions as the rules of lint see them: entries taken apart, and which of them meet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from natsauth.claims.exchange import SERVICE
from natsauth.subjects import permission_problems, subject_problems
from natsauth.validation.permissions import BLANK, WILDCARD_NOT_LAST
from natsauth.validation.templates import template_functions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from natsauth.claims import Account, Permissions, WeightedMapping

Tokens = tuple[str, ...]
ONE, REST = "*", ">"
_STEPS = 300_000
"""The work of all comparisons with one list, about 0.2 s."""


class Entry(NamedTuple):
    """One entry of a list.

    Attributes:
        path: Where it stands.
        text: It as written.
        tokens: Those of its subject.
        queue: The queue group; empty without one.
        is_template: Whether it holds ``{{name()}}`` or the like.
        is_plain: Whether a server takes the text for what it says. Only such entries are compared
            with others.
    """

    path: str
    text: str
    tokens: Tokens
    queue: str
    is_template: bool
    is_plain: bool

    def holds_for(self, queue: str) -> bool:
        """Tell whether it holds for whoever subscribes in a queue group, or without if empty."""
        own, other = self.queue.split("."), queue.split(".")
        if not self.queue or own == other:
            return True
        if own[-1] == REST:
            return bool(queue) and len(other) >= len(own) and _fit(own[:-1], other)
        return bool(queue) and len(other) == len(own) and _fit(own, other)

    @property
    def widest(self) -> Tokens:
        """The widest subscription that it allows: a server lets its final ``*`` match a ``>``."""
        return (*self.tokens[:-1], REST) if self.tokens[-1] == ONE else self.tokens


def overlap(one: Tokens, other: Tokens) -> bool:
    """Tell whether two patterns have a subject in common."""
    for left, right in zip(one, other, strict=False):
        if REST in (left, right):
            return True
        if left != right and ONE not in (left, right):
            return False
    return len(one) == len(other)


def _fit(tokens: list[str], others: list[str]) -> bool:
    pairs = zip(tokens, others, strict=False)
    return all(token == other or (token == ONE and other != REST) for token, other in pairs)


@dataclass(frozen=True)
class Grant:
    """Permissions in their place.

    Attributes:
        permissions: The lists, and the leave to answer.
        path: Where they stand.
        home: The account they hold in, if known.
        is_template: Whether they are those of a scope, and so its templates are filled in.
        as_read: Whether they come from a token: there an empty list was written.
    """

    permissions: Permissions
    path: str
    home: Home | None = None
    is_template: bool = False
    as_read: bool = False

    @cached_property
    def pub_allow(self) -> list[Entry]:
        """What may be published to."""
        return self._entries("pub", "allow", self.permissions.pub.allow)

    @cached_property
    def pub_deny(self) -> list[Entry]:
        """What may not be published to."""
        return self._entries("pub", "deny", self.permissions.pub.deny)

    @cached_property
    def sub_allow(self) -> list[Entry]:
        """What may be subscribed to."""
        return self._entries("sub", "allow", self.permissions.sub.allow)

    @cached_property
    def sub_deny(self) -> list[Entry]:
        """What may not be subscribed to."""
        return self._entries("sub", "deny", self.permissions.sub.deny)

    @cached_property
    def publishable(self) -> Patterns:
        """What may be published to, as patterns."""
        return Patterns(self.pub_allow)

    @cached_property
    def subscribable(self) -> Patterns:
        """What may be subscribed to, each entry as the widest subscription that it allows."""
        return Patterns(entry._replace(tokens=entry.widest) for entry in self.sub_allow)

    @cached_property
    def pub_denied(self) -> Patterns:
        """What may not be published to, as patterns."""
        return Patterns(self.pub_deny)

    @cached_property
    def sub_denied(self) -> Patterns:
        """What may not be subscribed to by anybody of any queue group, as patterns."""
        return Patterns(entry for entry in self.sub_deny if not entry.queue)

    @property
    def entries(self) -> list[Entry]:
        """Those of all four lists."""
        return [*self.sub_allow, *self.sub_deny, *self.pub_allow, *self.pub_deny]

    @property
    def limits_pub(self) -> bool:
        """Whether only what is listed may be published to."""
        pub = self.permissions.pub
        # An empty list was there to be read only if it was written.
        empty = self.as_read and pub.allow is not None and bool(pub.deny)
        return bool(pub.allow) or empty or self.permissions.resp is not None

    @property
    def is_set(self) -> bool:
        """Whether there is any permission, so that the account's defaults do not hold."""
        pub, sub = self.permissions.pub, self.permissions.sub
        lists = (pub.allow, pub.deny, sub.allow, sub.deny)
        return any(lists) or self.permissions.resp is not None

    def may_publish(self, subject: str) -> bool:
        """Tell whether all of a pattern is allowed, and not all of it denied."""
        tokens = tuple(subject.split("."))
        allowed = not self.limits_pub or any(self.publishable.covering(tokens))
        return allowed and not any(self.pub_denied.covering(tokens))

    def may_publish_some(self, tokens: Tokens) -> bool:
        """Tell whether some of a pattern may be published to."""
        allowed = not self.limits_pub or any(self.publishable.overlapping(tokens))
        return allowed and not any(self.pub_denied.covering(tokens))

    def _entries(self, way: str, kind: str, texts: list[str] | None) -> list[Entry]:
        is_expanded = self.is_template and any(template_functions(t)[1] for t in texts or ())
        return [
            self._entry(f"{self.path}.{way}.{kind}[{index}]", text, way, is_expanded=is_expanded)
            for index, text in enumerate(texts or ())
        ]

    def _entry(self, path: str, text: str, way: str, *, is_expanded: bool) -> Entry:
        subject, _, queue = text.partition(" ")
        is_template = bool(template_functions(text)[1])
        is_ignored = (
            permission_problems(text, queue_allowed=way == "sub")
            or WILDCARD_NOT_LAST.search(subject)
            or BLANK.search(text.replace(" ", ""))
            or (is_expanded and (queue or is_template))  # the server has no queues there
        )
        return Entry(path, text, tuple(subject.split(".")), queue, is_template, not is_ignored)


class TooMuchWorkError(Exception):
    """A rule is to end, with what it has found so far."""


class Home:
    """What the rules look at in the account that permissions hold in.

    Args:
        account: The body of its claims.
        as_read: Whether they come from a token.
    """

    def __init__(self, account: Account, *, as_read: bool) -> None:
        self._account = account
        self.has_jetstream = account.limits.has_jetstream()
        path = "$.nats.default_permissions"
        self.defaults = Grant(account.default_permissions, path, as_read=as_read)

    @cached_property
    def mappings(self) -> Patterns:
        """The subjects that it maps."""
        return Patterns(map(_whole, self._account.mappings or ()))

    @cached_property
    def services(self) -> Patterns:
        """The subjects of the services that it exports."""
        exports = filter(None, self._account.exports or ())
        return Patterns(_whole(e.subject) for e in exports if e.type == SERVICE)

    def targets(self, source: str) -> list[WeightedMapping]:
        """Return where it maps a subject to."""
        return (self._account.mappings or {})[source] or []


class Patterns:
    """Entries by their tokens, to find those that cover or meet others without trying all pairs.

    Args:
        entries: Those that are not plain are left out; of equal ones the first stays.

    Raises:
        TooMuchWorkError: While searching, after very much of it: hostile lists have too many pairs.
    """

    __slots__ = ("_root", "_steps")

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._root = _Node()
        self._steps = _STEPS
        for entry in entries:
            if entry.is_plain:
                node = self._root
                for token in entry.tokens:
                    node = node.children.setdefault(token, _Node())
                node.entries.setdefault(entry.queue, entry)

    def covering(self, tokens: Tokens) -> Iterator[Entry]:
        """Yield the entries that cover all that a pattern covers."""
        todo = [(self._root, 0)]
        while todo:
            self._work()
            node, at = todo.pop()
            if at == len(tokens):
                yield from self._entries(node)
                continue
            yield from self._entries(node.children.get(REST))
            if tokens[at] != REST:
                wanted = {tokens[at], ONE} & node.children.keys()
                todo += [(node.children[token], at + 1) for token in wanted]

    def overlapping(self, tokens: Tokens) -> Iterator[Entry]:
        """Yield the entries that have a subject in common with a pattern."""
        todo = [(self._root, 0)]
        while todo:
            self._work()
            node, at = todo.pop()
            if at == len(tokens):
                yield from self._entries(node)
                continue
            yield from self._entries(node.children.get(REST))
            if tokens[at] != REST:
                todo += [(child, at + 1) for child in node.matching(tokens[at])]
                continue
            for child in node.matching(ONE):
                yield from self._entries(child)
                todo.append((child, at))

    def _entries(self, node: _Node | None) -> Iterator[Entry]:
        for entry in node.entries.values() if node else ():
            self._work()
            yield entry

    def _work(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise TooMuchWorkError


class _Node:
    """A place in a trie of tokens, with the entries that end there by their queue groups."""

    __slots__ = ("children", "entries")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.entries: dict[str, Entry] = {}

    def matching(self, token: str) -> list[_Node]:
        """Return what stands below for a token; below ``*`` stands everything but ``>``."""
        if token == ONE:
            return [child for key, child in self.children.items() if key != REST]
        return [self.children[key] for key in (token, ONE) if key in self.children]


def _whole(subject: str) -> Entry:
    is_plain = not (subject_problems(subject) or WILDCARD_NOT_LAST.search(subject))
    tokens = tuple(subject.split("."))
    return Entry(subject, subject, tokens, "", is_template=False, is_plain=is_plain)
