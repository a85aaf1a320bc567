"""A matrix of permissions as one page for browsers, which needs nothing but itself."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from natsauth import __version__
from natsauth._redact import without_seeds
from natsauth.cli._tables import harmless

if TYPE_CHECKING:
    from natsauth.cli._matrix import Matrix

_SCRIPT = "<script>", "</script>"


def page(matrix: Matrix) -> str:
    """Return the page.

    Whatever names and subjects say, it stays text: the data is JSON in which no tag can start, the
    script makes text nodes of it, and by the page's policy nothing but that script runs.
    """
    template = files("natsauth.cli").joinpath("matrix.html").read_text("utf-8")
    script = template.rpartition(_SCRIPT[0])[2].partition(_SCRIPT[1])[0]
    digest = b64encode(sha256(script.encode()).digest()).decode()
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
    text = without_seeds(json.dumps(data, ensure_ascii=False, separators=(",", ":")))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return template.replace("@SCRIPT@", f"'sha256-{digest}'").replace("@DATA@", text)
