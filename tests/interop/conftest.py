"""The foreign programs, built and started once a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.interop.foreign import Program, build_go, build_js, build_nsc, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def go(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    directory = tmp_path_factory.mktemp("go")
    with running(build_go(directory), directory) as program:
        yield program


@pytest.fixture(scope="session")
def js(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    directory = tmp_path_factory.mktemp("js")
    with running(build_js(directory), directory) as program:
        yield program


@pytest.fixture(scope="session")
def nsc_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_nsc(tmp_path_factory.mktemp("nsc"))
