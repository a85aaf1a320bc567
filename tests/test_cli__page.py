"""Pages that need nothing but themselves."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from natsauth.cli._page import filled
from tests._pictures import SEED


@pytest.mark.parametrize("name", ["graph.html", "matrix.html"])
def test_only_the_script_of_the_page_runs(name: str) -> None:
    text = filled(name, {"name": "</script><script>alert(1)</script>", "seed": SEED})
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    [digest] = [b64encode(sha256(script.encode()).digest()).decode() for script in scripts]
    assert f"script-src 'sha256-{digest}'" in text
    assert SEED not in text
    assert '"(a seed)"' in text
