"""The recorded answers of other programs; vectors/README.md says where they come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parent / "vectors"


def records(name: str) -> list[dict[str, Any]]:
    """Return the records of a file with one JSON object a line."""
    with (VECTORS / name).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


SPEC: dict[str, Any] = json.loads((VECTORS / "spec.json").read_text(encoding="utf-8"))
