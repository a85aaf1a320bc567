"""The fixtures of :mod:`natsauth.testing` for pytest, which finds this module by itself.

=========================  =====================================================================
``nats_sandbox``           a running :class:`~natsauth.testing.Sandbox` of the test's own
``nats_sandbox_session``   one for all tests of the process: with pytest-xdist, of each worker
``assert_grants``          :func:`~natsauth.testing.assert_grants`, with the sandbox of the test,
                           and with ``--nats-live`` with its server
``assert_lint_clean``      :func:`~natsauth.testing.assert_lint_clean`
=========================  =====================================================================

Until a test asks for one of them, nothing is imported that pytest has not imported anyway.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from natsauth.testing import Sandbox


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("natsauth").addoption(
        "--nats-live",
        action="store_true",
        help="hold assert_grants against a real nats-server, too",
    )


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """End the traceback of what the kit says at the line of the test, but for ``--full-trace``."""
    excinfo, errors = call.excinfo, sys.modules.get("natsauth.errors")
    if excinfo is None or errors is None or item.config.getoption("fulltrace"):
        return
    steps: list[TracebackType] = []
    step: TracebackType | None = excinfo.tb
    while step is not None:
        steps.append(step)
        step = step.tb_next
    names = [str(step.tb_frame.f_globals.get("__name__")) for step in steps]
    kit = [number for number, name in enumerate(names) if name.startswith("natsauth.testing")]
    is_ours = isinstance(excinfo.value, errors.NatsAuthError)
    if kit and (is_ours or (excinfo.errisinstance(AssertionError) and kit[-1] == len(names) - 1)):
        end = kit[0]
        while end > 1 and names[end - 1] == "contextlib":
            end -= 1
        short: Any = None
        for step in reversed(steps[:end]):
            short = TracebackType(short, step.tb_frame, step.tb_lasti, step.tb_lineno)
        # A copy, which leaves to a debugger what is cut off here.
        excinfo.traceback = type(excinfo.traceback)(short)


@pytest.fixture
def nats_sandbox() -> Iterator[Sandbox]:
    """Run a nats-server with an operator of its own for the test."""
    from natsauth.testing import Sandbox

    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def nats_sandbox_session() -> Iterator[Sandbox]:
    """Run a nats-server with an operator of its own for all tests of this process."""
    from natsauth.testing import Sandbox

    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def assert_grants(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Hold tables of what users may do against verdicts, and with --nats-live a server."""
    from natsauth import testing

    live: bool = request.config.getoption("nats_live")
    asked = [name for name in _SANDBOXES if name in request.fixturenames]
    sandbox = request.getfixturevalue(asked[0]) if asked else None

    def check(grants: Any, **options: Any) -> None:
        __tracebackhide__ = True
        testing.assert_grants(grants, **{"sandbox": sandbox, "live": live, **options})

    return check


@pytest.fixture
def assert_lint_clean() -> Callable[..., None]:
    """Fail on what lint finds."""
    from natsauth import testing

    return testing.assert_lint_clean


_SANDBOXES = ("nats_sandbox", "nats_sandbox_session")
"""The fixtures that a test may get its sandbox from, the nearest first."""
