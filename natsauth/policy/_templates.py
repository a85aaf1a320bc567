"""Scope templates as nats-server 2.15.1 expands them for a user.

In the lists of a template ``{{name()}}`` and the like stand for text of the user or the account.
A list without any of them passes untouched and unchecked; in one with any, every entry must come
out as a subject, and those of allow lists that do not are dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from natsauth.claims.permissions import Permission, Permissions
from natsauth.policy._trie import is_subject

if TYPE_CHECKING:
    from natsauth.claims.account import AccountClaims
    from natsauth.claims.permissions import UserPermissionLimits
    from natsauth.claims.user import UserClaims

MAX_SUBJECTS = 4096
"""To how many subjects the server expands a list with tags."""
MAX_STEPS = 1 << 24
"""How many characters, and tags, are gone through at most as a user's template is filled in: for a
second or so. A server goes on as long as it has memory; here the connection counts as refused."""
_FUNCTION = re.compile(r"(\{\{[^}]+\}\})|\{\{[^}]+")
"""Finds functions, and passes at once over what ends otherwise."""
_TAG = re.compile(r"(account-)?tag\((.*)\)", re.DOTALL | re.IGNORECASE)
_BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""What Go's strings.TrimSpace trims; Python's strip() takes four more."""
LISTS = ("sub.allow", "sub.deny", "pub.allow", "pub.deny")
"""The lists in the order in which the server expands them, so that the first problem is its."""


class Entry(NamedTuple):
    """One entry of a list as the server gets it.

    Attributes:
        text: What it says.
        source: Where in the template's list it was written; ``None`` for the ``>`` that the server
            adds to a deny list, since nothing was left of the allow list beside it.
    """

    text: str
    source: int | None


@dataclass(frozen=True, slots=True)
class Expanded:
    """What a template gives to a user.

    Attributes:
        permissions: The lists as the server gets them; unfinished, where there is a problem.
        entries: Each list with the index of each entry's source, by ``"pub.allow"`` and the like;
            ``None`` for a missing list.
        problem: Why the server refuses the connection, or an empty string.
        path: Where the problem stands, such as ``pub.deny[0]``, or an empty string.
    """

    permissions: Permissions
    entries: dict[str, list[Entry] | None]
    problem: str = ""
    path: str = ""


class _RefusedError(Exception):
    """The server refuses the connection."""


def expand(template: UserPermissionLimits, user: UserClaims, account: AccountClaims) -> Expanded:
    """Expand a scope's template for a user.

    Args:
        template: The template of the scoped signing key that signed the user.
        user: Whose name, subject and tags fill it in.
        account: Whose name and tags fill it in.
    """
    entries: dict[str, list[Entry] | None] = {}
    filler = _Filler(user, account)
    problem = path = ""
    for name in LISTS:
        side, _, kind = name.partition(".")
        written = getattr(getattr(template, side), kind)
        entries[name] = None if written is None else [Entry(e, i) for i, e in enumerate(written)]
        if problem or not any(map(_functions, written or ())):
            continue
        filled: list[Entry] = []
        for index, entry in enumerate(written):
            try:
                subjects = filler.fill(
                    entry, strict=kind == "deny", room=MAX_SUBJECTS - len(filled)
                )
            except _RefusedError as refused:
                problem, path = str(refused), f"{name}[{index}]"
                break
            filled += (Entry(subject, index) for subject in subjects)
        else:
            entries[name] = filled
    if not problem:
        for side in ("sub", "pub"):
            _close(entries, side, getattr(template, side))
    return Expanded(_permissions(template, entries), entries, problem, path)


class _Filler:
    """Fills a template in with the texts of one user and its account."""

    __slots__ = ("_steps", "_tags", "_texts")

    def __init__(self, user: UserClaims, account: AccountClaims) -> None:
        self._texts = {
            "name()": user.name,
            "subject()": user.sub,
            "account-name()": account.name,
            "account-subject()": user.nats.issuer_account,
        }
        self._tags = {"": user.nats.tags or (), "account-": account.nats.tags or ()}
        self._steps = MAX_STEPS

    def fill(self, entry: str, *, strict: bool, room: int) -> list[str]:
        """Return the subjects that an entry stands for, without those that are none.

        Args:
            entry: An entry with or without functions.
            strict: Whether the connection is refused where a subject is none, as in a deny list.
            room: How many subjects the list still takes.
        """
        functions = _functions(entry)
        values = [self._values(entry, function, strict=strict) for function in functions]
        if any(_tag(function) for function in functions) and prod(map(len, values)) > room:
            raise _RefusedError(
                f"{entry!r:.200} makes its list longer than {MAX_SUBJECTS} subjects"
            )
        subjects = []
        for chosen in product(*values):
            subject = entry
            # One after the other over the growing text, as the server does: a value that looks
            # like a later function is filled in, too.
            for function, value in zip(functions, chosen, strict=True):
                growth = subject.count(function) * (len(value) - len(function))
                self._spend(entry, 1 + len(subject) + max(growth, 0))
                subject = subject.replace(function, value)
            if is_subject(subject):
                subjects.append(subject)
            elif strict:
                problem = f"{entry!r:.200} comes out as {subject!r:.200}, which is no subject"
                raise _RefusedError(problem)
        return subjects

    def _values(self, entry: str, function: str, *, strict: bool) -> list[str]:
        name = _name(function)
        if (text := self._texts.get(name.casefold())) is not None:
            return [text]
        if not (match := _tag(function)):
            raise _RefusedError(f"{name!r:.200} in {entry!r:.200} is no template function")
        # The server finds the function in any letter case, but takes it off in lower case only.
        whose = (match[1] or "").lower()
        tag = match[2] if name.startswith(f"{whose}tag(") else name[:-1]
        prefix = "".join(character.lower()[0] for character in tag) + ":"  # as Go's ToLower
        self._spend(entry, len(self._tags[whose]))
        found = [t.removeprefix(prefix) for t in self._tags[whose] if t.startswith(prefix)]
        if not found and strict:
            raise _RefusedError(f"{entry!r:.200} needs a tag {prefix:.200}…, and there is none")
        return found or [" "]

    def _spend(self, entry: str, steps: int) -> None:
        self._steps -= steps
        if self._steps < 0:
            raise _RefusedError(f"{entry!r:.200} takes too long to fill in, or makes too much text")


def _functions(entry: str) -> list[str]:
    return [*filter(None, _FUNCTION.findall(entry))]


def _name(function: str) -> str:
    return function[2:-2].strip(_BLANKS)


def _tag(function: str) -> re.Match[str] | None:
    return _TAG.fullmatch(_name(function))


def _close(entries: dict[str, list[Entry] | None], side: str, written: Permission) -> None:
    """Deny everything on a side of whose allow list nothing was left: that is no missing one."""
    denied = entries[f"{side}.deny"] or []
    if written.allow and not entries[f"{side}.allow"] and all(e.text != ">" for e in denied):
        entries[f"{side}.deny"] = [*denied, Entry(">", None)]


def _permissions(
    template: UserPermissionLimits, entries: dict[str, list[Entry] | None]
) -> Permissions:
    texts = {
        name: None if found is None else [entry.text for entry in found]
        for name, found in entries.items()
    }
    return Permissions(
        pub=Permission(allow=texts["pub.allow"], deny=texts["pub.deny"]),
        sub=Permission(allow=texts["sub.allow"], deny=texts["sub.deny"]),
        resp=template.resp,
    )
