"""Tables in boxes of ASCII, laid out as nsc draws them, and text that no terminal obeys."""

from __future__ import annotations

_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_Row = tuple[list[str], bool]
"""The cells, and whether they are to stand out. A row without cells is a line."""
_RULE: _Row = ([], False)


class Table:
    """A box with a title in its middle, perhaps a row of headers, and rows.

    Args:
        title: What stands centred on top; the last column is widened where it needs more room.
        headers: The names of the columns; none for a list of names and values.
    """

    def __init__(self, title: str, *headers: str) -> None:
        self._title = harmless(title)
        self._headers = [*headers]
        self._rows: list[_Row] = []

    def row(self, *cells: object, bold: bool = False) -> None:
        """Add a row.

        Args:
            cells: Text, or what has a text; what a terminal would obey is escaped.
            bold: Whether it stands out, where that can be shown.
        """
        self._rows.append(([harmless(str(cell)) for cell in cells], bold))

    def column(self, name: str, values: list[str] | None) -> None:
        """Add a row for each value, the first of them with the name; none without values."""
        for index, value in enumerate(values or ()):
            self.row("" if index else name, value)

    def rule(self) -> None:
        """Add a line between the rows."""
        self._rows.append(_RULE)

    def render(self, *, bold: bool = False) -> str:
        """Return the lines of the box, each with its line break.

        Args:
            bold: Whether the rows that are to stand out do.
        """
        head: list[_Row] = [(self._headers, False), _RULE] if self._headers else []
        rows = head + self._rows
        widths = self._widths(rows)
        rule = f"+{'+'.join('-' * (width + 2) for width in widths)}+"
        room = len(rule) - 4
        spare = room - _width(self._title)
        title = " " * (spare // 2) + self._title + " " * (spare - spare // 2)
        lines = ["+" + "-" * (room + 2) + "+", f"| {title} |", rule]
        lines += [
            _line(cells, widths, bold=bold and strong) if cells else rule for cells, strong in rows
        ]
        return "\n".join([*lines, rule, ""])

    def _widths(self, rows: list[_Row]) -> list[int]:
        columns = max((len(cells) for cells, _ in rows), default=0) or 1
        widths = [0] * columns
        for cells, _ in rows:
            for index, cell in enumerate(cells):
                widths[index] = max(widths[index], _width(cell))
        widths[-1] += max(0, _width(self._title) - sum(widths) - 3 * (columns - 1))
        return widths


def harmless(text: str) -> str:
    r"""Return text of which a terminal obeys nothing: ``\x1b`` and the like in place of controls.

    Escaped is what Unicode does not call printable: control characters, line breaks, marks that
    turn the direction of writing around.
    """
    if text.isprintable():
        return text
    return "".join([c if c.isprintable() else _escaped(c) for c in text])


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _line(cells: list[str], widths: list[int], *, bold: bool) -> str:
    style, end = (_BOLD, _PLAIN) if bold else ("", "")
    cells = cells + [""] * (len(widths) - len(cells))
    padded = [
        f" {style}{cell}{end}{' ' * (width - _width(cell))} "
        for cell, width in zip(cells, widths, strict=True)
    ]
    return f"|{'|'.join(padded)}|"


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(character) else 1 + (east_asian_width(character) in "WF")
        for character in text
    )
