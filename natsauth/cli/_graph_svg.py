"""A picture of a store as SVG that stands alone, in the colours that the viewer prefers."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import combining, east_asian_width

from natsauth.cli._graph import DETAILED, GOOD, MOST, State, counted, counts, kind_of, short, shown
from natsauth.cli._graph_layout import Spot, Ways, place
from natsauth.cli._graph_style import style

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from natsauth.cli._graph import AccountBox, Graph, ImportRow, KeyBox, Standing

_MARGIN, _TOP, _BOTTOM = 28, 92, 64
_WIDE, _NARROW, _BADGE = 330, 236, 62
_HEAD, _ROW, _PAD = 60, 22, 9
_LEAST = 900
_MONO, _SANS, _BOLD = 0.61, 0.54, 0.6
"""How wide a letter is, by the size of the font."""

_STATES = {
    State.FINE: "expires later",
    State.SOON: "within 30 days",
    State.EXPIRED: "expired, revoked",
    State.NEVER: "never expires",
    State.REFUSED: "no server takes it, or unreadable",
}
_ARROWS = {
    "service": "service",
    "stream": "stream",
    "service private": "private",
    "broken": "broken",
}


class _Row(NamedTuple):
    """A line of a card.

    Attributes:
        look: ``label``, ``offer``, ``key`` or ``user``.
        text: What stands on the left.
        aside: What stands on the right.
        standing: Whose colour it has, if any.
        title: What a tooltip says.
        kind: What stands before the text, smaller.
    """

    look: str
    text: str
    aside: str = ""
    standing: Standing | None = None
    title: str = ""
    kind: str = ""


class _Card(NamedTuple):
    """What stands in a card.

    Attributes:
        rows: Its lines.
        exports: The line of each export.
        imports: The line of each import.
    """

    rows: list[_Row]
    exports: list[int]
    imports: list[int]


class _Sign(NamedTuple):
    """What a colour or a line means.

    Attributes:
        look: Of which class it is; empty for words alone.
        words: The meaning.
        indent: Where the words begin.
    """

    look: str
    words: str
    indent: int

    @property
    def width(self) -> float:
        """How much of a line it takes."""
        return self.indent + len(self.words) * 11.5 * _SANS + 16


def svg(graph: Graph) -> str:
    """Return the picture. Above :data:`DETAILED` accounts it counts what is in them."""
    detailed = len(graph.accounts) <= DETAILED
    cards = [_card(account) if detailed else _Card([], [], []) for account in graph.accounts]
    width = _WIDE if detailed else _NARROW
    spots = [
        Spot(s.x + _MARGIN, s.y + _TOP, s.width, s.height)
        for s in place(graph, width, [_height(card) for card in cards])
    ]
    right = max([_LEAST, *(s.x + s.width + _MARGIN for s in spots)])
    legend = _legend(right, detailed=detailed)
    end = max([_TOP, *(s.y + s.height for s in spots)]) + _BOTTOM - 24
    bottom = end + (len(legend) - 1) * _ROW + 24
    size = f'width="{right:.0f}" height="{bottom:.0f}" viewBox="0 0 {right:.0f} {bottom:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{_safe(f'Operator {graph.name}')}</title>",
        f"<style>{style()}</style>",
        "<defs>",
        *(
            f'<marker id="{kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" '
            'markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">'
            f'<path class="tip {kind}" d="M0 0 8 4 0 8z"/></marker>'
            for kind in ("service", "stream", "broken")
        ),
        "</defs>",
        '<rect class="page" width="100%" height="100%"/>',
        *_header(graph, right),
        f'<g class="{"arrows" if detailed else "arrows many"}">',
        *(_rows_joined(graph, cards, spots) if detailed else _cards_joined(graph, spots)),
        "</g>",
    ]
    for account, card, spot in zip(graph.accounts, cards, spots, strict=True):
        parts += _drawn(account, card, spot)
    for number, line in enumerate(legend):
        x = float(_MARGIN)
        for sign in line:
            parts += _sign(sign, x, end + number * _ROW)
            x += sign.width
    return "\n".join([*parts, "</svg>", ""])


def _card(account: AccountBox) -> _Card:
    rows: list[_Row] = []
    exports = [
        _Row(
            "offer", e.subject, "private" * e.private, kind=e.type,
            title=f"exports {'private' if e.private else 'public'} {e.type} {e.subject}",
        )
        for e in account.exports
    ]  # fmt: skip
    imports = [
        _Row("offer", _taken(i), _limit(i), i.standing, _tooltip(i), i.type)
        for i in account.imports
    ]
    places = [_add(rows, "EXPORTS", exports), _add(rows, "IMPORTS", imports)]
    if account.keys:
        rows.append(_Row("label", "KEYS AND USERS"))
    for key in account.keys:
        rows.append(_key(key))
        users = [
            _Row("user", u.name, u.standing.text, u.standing, f"{u.public_key} {u.standing.why}")
            for u in key.users
        ]
        _add(rows, "", users)
    if not rows and (said := counts(account)):
        rows.append(_Row("more", said))
    return _Card(rows, *places)


def _add(rows: list[_Row], label: str, more: list[_Row]) -> list[int]:
    """Add lines, folded where they are many, and return the line where each is found."""
    if more and label:
        rows.append(_Row("label", label))
    kept = more if len(more) <= MOST else more[: MOST - 1]
    first = len(rows)
    rows += kept
    if kept != more:
        folded = more[len(kept) :]
        states = [row.standing.state for row in folded if row.standing]
        bad = sum(state not in GOOD for state in states)
        rows.append(_Row("more", f"and {len(folded)} more", f"{bad} of no use" if bad else ""))
    return [first + min(index, MOST - 1) for index in range(len(more))]


def _key(key: KeyBox) -> _Row:
    if key.kind == "role":
        return _Row(
            "key", key.role or "(no name)", short(key.public_key), None, key.public_key, "role"
        )
    return _Row("key", key.kind, short(key.public_key), None, key.public_key)


def _taken(row: ImportRow) -> str:
    return f"{row.subject} as {row.local_subject}" if row.local_subject else row.subject


def _limit(row: ImportRow) -> str:
    if row.standing.state is State.NEVER:
        return "private" * row.private
    return "broken" if row.standing.state is State.REFUSED else row.standing.text


def _tooltip(row: ImportRow) -> str:
    visible = "private" if row.private else "public"
    why = f": {row.standing.why}" if row.standing.why else ""
    return f"{visible} {row.type} {_taken(row)}{why}"


def _height(card: _Card) -> float:
    return _HEAD + (len(card.rows) * _ROW + 2 * _PAD if card.rows else 0)


def _header(graph: Graph, right: float) -> Iterator[str]:
    keys = ", ".join(map(short, graph.signing_keys[:6])) or "none"
    more = len(graph.signing_keys) - 6
    said = [
        short(graph.public_key),
        f"signing keys: {keys}{f' and {more} more' if more > 0 else ''}",
        "the identity key signs no accounts" if graph.strict else "",
        counted(len(graph.accounts), "account"),
    ]
    yield f'<rect class="head" width="{right:.0f}" height="{_TOP - 28}"/>'
    yield f'<circle class="{graph.standing.state}" cx="{_MARGIN + 6}" cy="30" r="6"/>'
    name = f"Operator {_cut(shown(graph.name), right - 2 * _MARGIN - 200, 21 * _BOLD)}"
    yield _text(_MARGIN + 22, 36, name, "title", graph.public_key)
    yield _text(right - _MARGIN, 36, graph.standing.text, f"end small {graph.standing.state}")
    yield _text(_MARGIN + 22, 55, "  ·  ".join(filter(None, said)), "soft small")


def _drawn(account: AccountBox, card: _Card, spot: Spot) -> Iterator[str]:
    x, y, width, height = spot
    standing = account.standing
    yield f'<g class="account {account.place}"><title>{_safe(_about(account))}</title>'
    yield f'<rect class="card" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="9"/>'
    yield f'<circle class="{standing.state}" cx="{x + 17:g}" cy="{y + 21:g}" r="5"/>'
    is_system, is_stranger = account.place == "system", account.place == "elsewhere"
    room = width - 44 - (_BADGE + 10 if is_system else 0)
    name = short(account.name) if is_stranger else shown(account.name)
    yield _text(x + 30, y + 26, _cut(name, room, 15 * _BOLD), "name")
    if is_system:
        left, top = x + width - _BADGE - 10, y + 11
        yield f'<rect class="badge" x="{left:g}" y="{top:g}" width="{_BADGE}" height="18" rx="9"/>'
        yield _text(left + _BADGE / 2, y + 24, "SYSTEM", "label middle")
    yield from _second(account, spot, detailed=bool(card.rows))
    if card.rows:
        yield f'<path class="rule" d="M{x:g} {y + _HEAD:g}h{width:g}"/>'
    for index, row in enumerate(card.rows):
        yield from _line(row, x, y + _HEAD + _PAD + index * _ROW, width)
    yield "</g>"


def _second(account: AccountBox, spot: Spot, *, detailed: bool) -> Iterator[str]:
    """Draw the second line of a card, and where users are counted, in which states they are."""
    x, y, width, standing = spot.x + 30, spot.y + 45, spot.width - 42, account.standing
    if account.place == "elsewhere":
        yield _text(x, y, "not in this store", "soft small")
    elif detailed:
        yield _text(x, y, short(account.public_key), "soft small")
        yield _text(x + width, y, standing.text, f"end small {standing.state}")
    elif standing.state in (State.NEVER, State.FINE):
        yield _text(x, y, _cut(counts(account), width, 11.5 * _SANS), "soft small")
    else:
        said = _cut(f"{standing.text} · {counts(account)}", width, 11.5 * _SANS)
        yield _text(x, y, said, f"small {standing.state}")
    states = [] if detailed else [user.standing.state for user in account.users]
    for state in State:
        if part := states.count(state) and width * states.count(state) / len(states):
            yield f'<rect class="{state}" x="{x:g}" y="{y + 6:g}" width="{part:.4g}" height="3"/>'
            x += part


def _line(row: _Row, x: float, y: float, width: float) -> Iterator[str]:
    base, left, right = y + 15, x + 14, x + width - 12
    standing = row.standing
    aside = _cut(shown(row.aside), 150, 11.5 * _SANS)
    room = right - left - len(aside) * 11.5 * _SANS - 12
    title = row.title
    match row.look:
        case "label":
            yield _text(left, base, row.text, "label")
            return
        case "user":
            assert standing  # noqa: S101 - every user has one
            yield f'<circle class="{standing.state}" cx="{left + 18:g}" cy="{base - 4.5:g}" r="4"/>'
            gone = " gone" * (standing.state is State.REVOKED)
            yield _text(left + 30, base, _cut(shown(row.text), room - 30, 13 * _SANS), gone, title)
        case "offer":
            yield _text(left, base, row.kind or "unknown", "soft small", title)
            text = _cut(shown(row.text), room - 52, 12 * _MONO)
            yield _text(left + 52, base, text, "mono", title)
        case "key":
            kind = f"{row.kind} " if row.kind else ""
            yield _text(left, base, kind or row.text, "soft", title)
            if kind:
                text = _cut(shown(row.text), room - 34, 13 * _BOLD)
                yield _text(left + 30, base, text, "role", title)
        case _:
            yield _text(left + 30, base, row.text, "soft small", title)
    if aside:
        colour = standing.state if standing and aside != "private" else "soft"
        mono = "mono" if row.look == "key" else "small"
        yield _text(right, base, aside, f"end {mono} {colour}")


def _rows_joined(graph: Graph, cards: list[_Card], spots: list[Spot]) -> Iterator[str]:
    """Draw an arrow from each export to each import of it."""
    ways = Ways(spots)
    for index, account in enumerate(graph.accounts):
        for number, row in enumerate(account.imports):
            rows = cards[row.exporter]
            line = rows.exports[row.export] if row.export is not None and rows.exports else None
            start = _middle(spots[row.exporter], line)
            end = _middle(spots[index], cards[index].imports[number])
            source = graph.accounts[row.exporter].name
            title = f"{source} → {account.name}: {_tooltip(row)}"
            way = ways.way(spots[row.exporter], start, spots[index], end)
            yield _arrow(way, [row], title)


def _cards_joined(graph: Graph, spots: list[Spot]) -> Iterator[str]:
    """Draw one arrow from an account to another, whatever they share."""
    ways = Ways(spots)
    shared: dict[tuple[int, int], list[ImportRow]] = {}
    for index, account in enumerate(graph.accounts):
        for row in account.imports:
            shared.setdefault((row.exporter, index), []).append(row)
    for (source, target), rows in shared.items():
        names = f"{graph.accounts[source].name} → {graph.accounts[target].name}"
        said = [*map(_tooltip, rows[:MOST]), *["…"] * (len(rows) > MOST)]
        title = f"{names}: {', '.join(said)}"
        start, end = (spots[n].y + spots[n].height / 2 for n in (source, target))
        yield _arrow(ways.way(spots[source], start, spots[target], end), rows, title)


def _middle(spot: Spot, line: int | None) -> float:
    return spot.y + (21 if line is None else _HEAD + _PAD + line * _ROW + 11)


def _arrow(way: str, rows: Sequence[ImportRow], title: str) -> str:
    kind = kind_of(rows)
    private = " private" * all(row.private for row in rows)
    return (
        f'<g class="link"><title>{_safe(title)}</title>'
        f'<path class="arrow {kind}{private}" marker-end="url(#{kind})" d="{way}"/></g>'
    )


def _about(account: AccountBox) -> str:
    said = [f"account {account.name}", account.public_key, account.standing.text]
    return ", ".join(filter(None, [*said, account.standing.why, counts(account)]))


def _legend(right: float, *, detailed: bool) -> list[list[_Sign]]:
    """Return what the colours and lines mean, in one line if there is room."""
    states = [_Sign(state, words, 16) for state, words in _STATES.items()]
    arrows = [_Sign(f"arrow {kind}", words, 32) for kind, words in _ARROWS.items()]
    if not detailed:
        arrows.append(_Sign("", "lines in accounts: the states of their users", 0))
    width = sum(sign.width for sign in (*states, *arrows))
    return [[*states, *arrows]] if width < right - 2 * _MARGIN else [states, arrows]


def _sign(sign: _Sign, x: float, y: float) -> Iterator[str]:
    if sign.look.startswith("arrow"):
        yield f'<path class="{sign.look}" d="M{x:g} {y - 4:g}h26"/>'
    elif sign.look:
        yield f'<circle class="{sign.look}" cx="{x + 5:g}" cy="{y - 4:g}" r="5"/>'
    yield _text(x + sign.indent, y, sign.words, "soft small")


def _text(x: float, y: float, text: str, look: str = "", title: str = "") -> str:
    inner = f"<title>{_safe(title.strip())}</title>" if title.strip() else ""
    return f'<text x="{x:g}" y="{y:g}" class="{look.strip()}">{inner}{_safe(text)}</text>'


def _safe(text: str) -> str:
    return escape(shown(text))


def _cut(text: str, room: float, letter: float) -> str:
    """Return as much of a text as there is room for."""
    used = 0.0
    for index, character in enumerate(text):
        wide = 1.7 if east_asian_width(character) in "WF" else 1.25 if character in "MWmw@" else 1
        used += 0 if combining(character) else wide * letter
        if used > room:
            return text[: max(1, index - 1)] + "…"
    return text
