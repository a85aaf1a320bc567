"""A picture of a store as a flowchart of Mermaid, which stands in Markdown."""

from __future__ import annotations

import re
from base64 import b32encode
from hashlib import sha256
from typing import TYPE_CHECKING

from natsauth.cli._graph import DETAILED, GOOD, MOST, State, counted, counts, kind_of, short, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.cli._graph import AccountBox, Graph, ImportRow, KeyBox

_MOST_ARROWS = 500
_MOST_CHARACTERS = 50_000
"""What Mermaid 11 draws unless its ``maxEdges`` and ``maxTextSize`` say otherwise."""
_SYNTAX = re.compile(r"[^\w .:,/…·-]|_|^\W|\.(?= |$)")
_BREAK = "<br/>"
_STYLES = {
    State.FINE: "fill:#e3f6ec,stroke:#0a7a45,color:#0b3d25",
    State.SOON: "fill:#fff1cf,stroke:#a86400,color:#4a2c00",
    State.EXPIRED: "fill:#fde4e1,stroke:#c02a20,color:#5c110b",
    State.REVOKED: "fill:#fde4e1,stroke:#c02a20,color:#5c110b,stroke-dasharray:4 3",
    State.REFUSED: "fill:#f6e4f8,stroke:#8a2f8f,color:#3f0f43",
    State.UNREADABLE: "fill:#f6e4f8,stroke:#8a2f8f,color:#3f0f43,stroke-dasharray:4 3",
}

_COLOURS = {"service": "#3b78e0", "stream": "#0d93a3", "broken": "#d9463b"}
"""Of arrows; each is seen by light and in the dark."""


def mermaid(graph: Graph) -> tuple[str, str]:
    """Return the picture, and the limit of Mermaid that it exceeds, in words, if it does.

    Above :data:`DETAILED` accounts it counts what is in them, and those that share nothing.
    """
    detailed = len(graph.accounts) <= DETAILED
    ids = [_id("a", account.place, account.name) for account in graph.accounts]
    title = f"operator {graph.name}, {graph.standing.text}"
    lines = ["flowchart LR", f"subgraph {_id('o', graph.name)}[{_label(title)}]", "direction LR"]
    sharing = {row.exporter for account in graph.accounts for row in account.imports}
    folded = 0
    for index, (id_, account) in enumerate(zip(ids, graph.accounts, strict=True)):
        if not (detailed or account.imports or index in sharing):
            folded += 1
        elif account.place != "elsewhere":
            lines += _account(id_, account, detailed=detailed)
    if folded:
        alone = f"and {counted(folded, 'account')} without imports and exports in use"
        lines += [f"{_id('o', '')}([{_label(alone)}])"]
    lines += ["end"]
    for id_, account in zip(ids, graph.accounts, strict=True):
        if account.place == "elsewhere":
            lines += [f"{id_}([{_label(short(account.name), 'not in this store')}])"]
    arrows = [*_arrows(graph, ids, detailed=detailed)]
    styles = _styles([kind for kind, _ in arrows])
    text = "\n".join([*lines, *(line for _, line in arrows), *styles, ""])
    if len(arrows) > _MOST_ARROWS:
        return text, f"{len(arrows)} arrows, and its maxEdges is {_MOST_ARROWS}"
    if len(text) > _MOST_CHARACTERS:
        return text, f"{len(text):,} characters, and its maxTextSize is {_MOST_CHARACTERS:,}"
    return text, ""


def _account(id_: str, account: AccountBox, *, detailed: bool) -> Iterator[str]:
    name = f"{account.name} (system account)" if account.place == "system" else account.name
    head = [name, account.standing.text if account.standing.state is not State.NEVER else ""]
    state = account.standing.state
    if not (detailed and account.keys):
        yield f"{id_}[{_label(*head, counts(account))}]{_class(state)}"
        return
    yield f"subgraph {id_}[{_label(', '.join(filter(None, head)))}]"
    for key in account.keys:
        yield from _key(_id("k", account.name, key.public_key), key)
    yield "end"
    if state not in GOOD:
        yield f"class {id_} {state}"


def _key(id_: str, key: KeyBox) -> Iterator[str]:
    name = f"role {key.role}" if key.kind == "role" else key.kind
    label = _label(f"{name} {short(key.public_key)}")
    if not key.users:
        yield f"{id_}[{label}]"
        return
    yield f"subgraph {id_}[{label}]"
    kept = key.users if len(key.users) <= MOST else key.users[: MOST - 1]
    for user in kept:
        state = user.standing.state
        yield f"{_id('u', id_, user.name)}({_label(user.name, user.standing.text)}){_class(state)}"
    if kept != key.users:
        more = f"and {len(key.users) - len(kept)} more"
        yield f"{id_}_more([{_label(more)}])"
    yield "end"


def _class(state: State) -> str:
    return f":::{state}" if state in _STYLES else ""


def _arrows(graph: Graph, ids: list[str], *, detailed: bool) -> Iterator[tuple[str, str]]:
    """Go through the arrows, each with that which gives it its colour."""
    shared: dict[tuple[int, int], list[ImportRow]] = {}
    for index, account in enumerate(graph.accounts):
        for row in account.imports:
            shared.setdefault((row.exporter, index), []).append(row)
    for (source, target), rows in shared.items():
        for some in [[row] for row in rows] if detailed or len(rows) == 1 else [rows]:
            kind = kind_of(some)
            line = "-.-" if all(row.private for row in some) else "--"
            tip = "x" if kind == "broken" else ">"
            label = _label(
                *(_shared(some[0]) if len(some) == 1 else [counted(len(some), "import")])
            )
            yield kind, f"{ids[source]} {line}{tip}|{label}| {ids[target]}"


def _styles(kinds: list[str]) -> Iterator[str]:
    """Go through the lines that give colours to boxes by class, and to arrows by number."""
    for state, style in _STYLES.items():
        yield f"classDef {state} {style}"
    for kind, colour in _COLOURS.items():
        if found := ",".join(str(index) for index, one in enumerate(kinds) if one == kind):
            yield f"linkStyle {found} stroke:{colour},stroke-width:2px"


def _shared(row: ImportRow) -> list[str]:
    visible = "private" if row.private else "public"
    state = "" if row.standing.state is State.NEVER else row.standing.text
    return [row.subject, f"{visible} {row.type}", state]


def _id(kind: str, *path: str) -> str:
    """Return a name that stays what it is, whatever else comes and goes."""
    digest = sha256("\0".join(path).encode("utf-8", "surrogatepass")).digest()
    return f"{kind}{b32encode(digest[:5]).decode().lower()}"


def _label(*lines: str) -> str:
    return f'"{_BREAK.join(_escaped(shown(line)) for line in lines if line)}"'


def _escaped(line: str) -> str:
    """Return text of which Mermaid takes nothing for syntax, HTML or Markdown such as ``1. x``."""
    return _SYNTAX.sub(lambda found: f"#{ord(found[0])};", line)
