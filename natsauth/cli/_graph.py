"""What a picture of a store shows: accounts, their keys and users, what they share, how long."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from natsauth._redact import without_seeds
from natsauth.cli._tables import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DETAILED = 40
"""The most accounts that are drawn with all that is in them."""
MOST = 10
"""The most lines of a kind in an account; the others are counted."""
_KEY_ENDS = 4
_DIGITS = re.compile("([0-9]+)")


class State(StrEnum):
    """How long something is good; the worst comes first."""

    UNREADABLE = "unreadable"
    """The store holds something else in its place."""
    REFUSED = "refused"
    """No server takes it, for another reason than the ones below."""
    REVOKED = "revoked"
    EXPIRED = "expired"
    SOON = "soon"
    """It expires within 30 days."""
    FINE = "fine"
    NEVER = "never"
    """It never expires."""


GOOD = frozenset({State.SOON, State.FINE, State.NEVER})
"""The states of what works."""


class Standing(NamedTuple):
    """How something stands at the moment of the picture.

    Attributes:
        state: The state.
        expires: When it expires, in Unix seconds; 0 for never.
        why: Why it is of no use, in words; empty if it is not.
    """

    state: State
    expires: int = 0
    why: str = ""

    @property
    def text(self) -> str:
        """The state in a word, with the day if there is one."""
        if self.state in (State.UNREADABLE, State.REFUSED, State.REVOKED):
            return str(self.state)
        if self.state is State.NEVER:
            return "never expires"
        return f"{'expired' if self.state is State.EXPIRED else 'until'} {day(self.expires)}"


@dataclass(frozen=True, slots=True)
class UserBox:
    """A user."""

    name: str
    public_key: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class KeyBox:
    """A key that signs users of an account, and those whom it has signed.

    Attributes:
        public_key: The key; empty for the users that cannot be read.
        kind: ``identity key``, ``signing key``, ``role``, or ``strange key`` for one that the
            account does not name.
        role: The name of a role.
        users: The users, by name.
    """

    public_key: str
    kind: str
    role: str = ""
    users: tuple[UserBox, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportRow:
    """What an account offers.

    Attributes:
        subject: The subject.
        type: ``stream`` or ``service``.
        private: Whether importers need an activation.
    """

    subject: str
    type: str
    private: bool


@dataclass(frozen=True, slots=True)
class ImportRow:
    """What an account takes from another: an arrow of the picture.

    Attributes:
        subject: The exporter's subject.
        local_subject: The importer's, where it differs.
        type: ``stream`` or ``service``.
        private: Whether an activation is needed.
        exporter: The index of the exporting account in the picture.
        export: The index of the export there, or ``None`` where it is not known.
        standing: Until when it holds.
    """

    subject: str
    local_subject: str
    type: str
    private: bool
    exporter: int
    export: int | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class AccountBox:
    """An account.

    Attributes:
        name: Its name; the key of one that is not in the store.
        public_key: Its public key; empty if it cannot be read.
        standing: Until when it is good.
        place: ``account``, ``system`` for the system account, ``aside`` for one that is only there
            since others share with it, ``elsewhere`` for one that is not in the store.
        signer: The key that signed it.
        keys: The keys that sign its users.
        exports: What it offers.
        imports: What it takes.
    """

    name: str
    public_key: str
    standing: Standing
    place: str = "account"
    signer: str = ""
    keys: tuple[KeyBox, ...] = ()
    exports: tuple[ExportRow, ...] = ()
    imports: tuple[ImportRow, ...] = ()

    @property
    def users(self) -> list[UserBox]:
        """All of its users."""
        return [user for key in self.keys for user in key.users]


@dataclass(frozen=True, slots=True)
class Graph:
    """A picture.

    Attributes:
        name: The name of the operator.
        public_key: Its public key.
        standing: Until when it is good.
        signing_keys: Its signing keys.
        strict: Whether its identity key signs no accounts.
        accounts: The accounts, by name; those that are not in the store come last.
    """

    name: str
    public_key: str
    standing: Standing
    signing_keys: tuple[str, ...]
    strict: bool
    accounts: tuple[AccountBox, ...]

    @property
    def broken(self) -> int:
        """How many imports give nothing."""
        return sum(kind_of([row]) == "broken" for _, _, row in self.arrows)

    @property
    def arrows(self) -> list[tuple[AccountBox, AccountBox, ImportRow]]:
        """Exporter, importer and what goes from one to the other."""
        return [(self.accounts[i.exporter], a, i) for a in self.accounts for i in a.imports]


def shown(text: str) -> str:
    """Return text of the store as it may be shown: without seeds, and with nothing invisible."""
    return harmless(without_seeds(text))


def short(public_key: str) -> str:
    """Return what is seen of a public key where there is little room."""
    key = shown(public_key)
    return key if len(key) <= 2 * _KEY_ENDS + 1 else f"{key[:_KEY_ENDS]}…{key[-_KEY_ENDS:]}"


def day(seconds: int) -> str:
    """Return the day of a moment."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
    except (OverflowError, OSError, ValueError):
        return f"second {seconds}"  # beyond the calendar


def counted(number: int, what: str) -> str:
    """Return how many there are: ``1 user``, ``2 users``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def counts(account: AccountBox) -> str:
    """Return how much there is in an account; nothing of one that cannot be looked into."""
    numbers = {
        "user": len(account.users),
        "key": len(account.keys),
        "export": len(account.exports),
        "import": len(account.imports),
    }
    said = " · ".join(counted(number, what) for what, number in numbers.items() if number)
    is_closed = account.place == "elsewhere" or account.standing.state is State.UNREADABLE
    return said or ("" if is_closed else "no users")


def kind_of(rows: Iterable[ImportRow]) -> str:
    """Return what gives an arrow its colour: ``broken``, ``stream``, or else ``service``."""
    rows = [*rows]
    if any(row.standing.state not in GOOD for row in rows):
        return "broken"
    return "stream" if all(row.type == "stream" for row in rows) else "service"


def natural(name: str) -> tuple[Any, ...]:
    """Return a key to sort by in which ``acc2`` comes before ``acc10``."""
    parts = _DIGITS.split(name)
    numbers = [part.lstrip("0") for part in parts[1::2]]  # any length, which int() would not take
    return (*zip_longest(parts[::2], [(len(n), n) for n in numbers], fillvalue=(0, "")), name)


def unreadable(graph: Graph) -> Iterator[tuple[tuple[str, ...], str]]:
    """Go through the paths of what could not be read, with the reasons."""
    for account in graph.accounts:
        if account.standing.state is State.UNREADABLE:
            yield (graph.name, account.name), account.standing.why
        for user in account.users:
            if user.standing.state is State.UNREADABLE:
                yield (graph.name, account.name, user.name), user.standing.why


def document_of(graph: Graph) -> dict[str, Any]:
    """Return a picture as JSON."""
    document = asdict(graph, dict_factory=_member)
    document["accounts"] = [
        {**account, "imports": [_named(graph, row) for row in account["imports"]]}
        for account in document["accounts"]
    ]
    return document


def _member(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {n: {**v._asdict(), "text": v.text} if n == "standing" else v for n, v in items}


def _named(graph: Graph, row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "account": graph.accounts[row["exporter"]].name}
