"""Settings of all tests."""

from __future__ import annotations

import os
import re
import sys
import zoneinfo
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

RANDOM = re.compile(r"(S[A-Z]|[A-Z])[A-Z2-7]{54,56}|(eyJ)[\w.-]+")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Call a random key or token by its kind alone: every worker must collect the same tests."""
    if isinstance(val, str) and (RANDOM.search(val) or len(val) > 80):
        return ascii(RANDOM.sub(r"<\1\2>", val))[:80]
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the slow tests out, unless -m says which tests are wanted; give them more time."""
    slow = [item for item in items if item.get_closest_marker("slow")]
    for item in slow:
        item.add_marker(pytest.mark.timeout(900))  # on a busy machine, measured for coverage
    if config.option.markexpr:
        return
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]


@pytest.fixture
def no_time_zones(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take away the system's time zone database and the package that stands in for it."""
    monkeypatch.setitem(sys.modules, "tzdata", None)
    monkeypatch.setitem(sys.modules, "tzdata.zoneinfo", None)
    zoneinfo.ZoneInfo.clear_cache()
    zoneinfo.reset_tzpath(to=())
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()
