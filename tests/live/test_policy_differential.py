"""natsauth.policy and a real server give the same verdicts on whatever hypothesis makes up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live.differential.hunt import KINDS, Hunt
from tests.live.differential.lab import lab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live.differential.lab import Lab

pytestmark = pytest.mark.live


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path) as running:
        yield running


def test_a_few_of_each_kind_agree(server: Lab) -> None:
    hunt = Hunt(server)
    for kind in KINDS:
        assert hunt.search(kind, 15) is None
    assert hunt.verdicts.total() >= 300


# A connection is one verdict, and so is each step that is taken on it.
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("kind", "cases"),
    [
        ("permissions", 300),
        ("sessions", 250),
        ("defaults", 300),
        ("mappings", 400),
        ("templates", 300),
        ("connections", 1000),
    ],
)
def test_a_thousand_verdicts_of_each_kind_agree(server: Lab, kind: str, cases: int) -> None:
    hunt = Hunt(server)
    assert hunt.search(kind, cases) is None
    print(f"{kind}: {hunt.verdicts.total()} verdicts compared")  # noqa: T201
    assert hunt.verdicts.total() >= 1000
