"""Pages for browsers that need nothing but themselves."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import Any

from natsauth._redact import without_seeds

_SCRIPT = "<script>", "</script>"


def filled(name: str, data: Any) -> str:
    """Return a page with data in it.

    Whatever the data says, it stays text: it is JSON in which no tag can start, the page's script
    makes text nodes of it, and by the page's policy nothing but that script runs.

    Args:
        name: The file of the page, beside this one.
        data: What its script reads; nothing invisible is in it, see
            :func:`~natsauth.cli._tables.harmless`.
    """
    template = files("natsauth.cli").joinpath(name).read_text("utf-8")
    script = template.rpartition(_SCRIPT[0])[2].partition(_SCRIPT[1])[0]
    digest = b64encode(sha256(script.encode()).digest()).decode()
    text = without_seeds(json.dumps(data, ensure_ascii=False, separators=(",", ":")))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return template.replace("@SCRIPT@", f"'sha256-{digest}'").replace("@DATA@", text)
