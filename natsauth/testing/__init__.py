"""Tests of what users may do: real servers in one line, and tables of promises.

::

    from natsauth.testing import Sandbox, expect_denied

    async with Sandbox() as sandbox:
        sandbox.add_user("alice", {"pub": {"allow": ["orders.>"]}})
        async with sandbox.connect("alice") as client, expect_denied(client, "users.new"):
            await client.publish("users.new")

Servers and clients come with ``natsauth[testing]``. In pytest the fixtures of
:mod:`natsauth.pytest_plugin` are there by themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth._server import NatsServer, find_server
from natsauth.testing._denials import Denial, expect_denied
from natsauth.testing._deterministic import deterministic
from natsauth.testing._grants import assert_grants
from natsauth.testing._lint import assert_lint_clean
from natsauth.testing.sandbox import Sandbox

if TYPE_CHECKING:
    from natsauth.testing._client import SandboxClient

__all__ = [
    "Denial",
    "NatsServer",
    "Sandbox",
    "SandboxClient",
    "assert_grants",
    "assert_lint_clean",
    "deterministic",
    "expect_denied",
    "find_server",
]


def __getattr__(name: str) -> object:
    """Load what needs nats-py at its first use."""
    if name != "SandboxClient":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from natsauth.testing._client import SandboxClient

    return SandboxClient
