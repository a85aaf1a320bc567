"""A matrix of permissions as one page for browsers, which needs nothing but itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from natsauth import __version__
from natsauth.cli._page import filled
from natsauth.cli._tables import harmless

if TYPE_CHECKING:
    from natsauth.cli._matrix import Matrix


def page(matrix: Matrix) -> str:
    """Return the page."""
    data = {
        "accounts": (accounts := [*dict.fromkeys(row.account for row in matrix.rows)]),
        "generated": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        "operator": harmless(matrix.operator),
        "reasons": [[*map(harmless, map(str, (*j, j.mark)))] for j in matrix.judgements],
        "subjects": [*map(harmless, matrix.subjects)],
        "users": [
            [
                accounts.index(row.account),
                harmless(row.name),
                row.public_key,
                harmless(row.refused),
                [*row.cells],
                row.answers,
            ]
            for row in matrix.rows
        ],
        "version": __version__,
    }
    data["accounts"] = [*map(harmless, accounts)]
    return filled("matrix.html", data)
