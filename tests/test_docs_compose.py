"""The compose file of the page about Docker Compose, without Docker."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import yaml  # type: ignore[import-untyped]

from natsauth import AccountClaims, Creds, KeyPair, KeyType, OperatorClaims, decode
from natsauth._server import NatsServer
from natsauth.resolver import ResolverClient
from natsauth.store import DirectoryStore
from tests._command import environment
from tests._docs import ROOT, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from natsauth import Token

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs/how-to/docker-compose.md").read_text("utf-8")
FILE = yaml.safe_load(next(block.text for block in blocks(PAGE) if block.kind == "yaml"))
SERVICES: dict[str, Any] = FILE["services"]
OWN = ["nats-init", "nats-push", "nats-export"]


class Containers:
    """The containers of natsauth, each volume of which is a directory.

    Args:
        directory: A new or empty directory.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory
        self.url = ""
        for volume in FILE["volumes"]:
            (directory / volume).mkdir()

    def run(self, name: str, *more: str) -> str:
        """Run the container of a service, and return what it says."""
        service = SERVICES[name]
        [script] = service["command"]
        script = " ".join([script.replace("$$", "$"), *more])
        variables = {key: self._place(value) for key, value in service["environment"].items()}
        function = 'natsauth() { "$PYTHON" -m natsauth "$@"; }'
        run = subprocess.run(
            [*service["entrypoint"], f"{function}\n{self._place(script)}"],
            check=False,
            cwd=self.path,
            encoding="utf-8",
            env=environment(**variables, PYTHON=sys.executable, PYTHONPATH=str(ROOT)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
        )
        assert run.returncode == 0, run.stdout
        return run.stdout

    def files(self, volume: str) -> dict[str, tuple[bytes, int]]:
        """Return content and time of the files of a volume."""
        return {
            str(file): (file.read_bytes(), file.stat().st_mtime_ns)
            for file in (self.path / volume).rglob("*")
            if file.is_file() and file.name not in (".natsauth.lock", "nsc.json")
        }

    @property
    def store(self) -> DirectoryStore:
        """The store in its volume."""
        return DirectoryStore(self.path / "nsc/nats/nsc/stores", keys=self.path / "nsc/nkeys")

    @contextmanager
    def server(self) -> Iterator[NatsServer]:
        """Run the server with its configuration."""
        [_, configuration, *_] = SERVICES["nats"]["command"]
        with NatsServer(self._place(configuration), directory=self.path) as server:
            yield server

    def _place(self, text: str) -> str:
        return re.sub(r"(?<![\w.])(/(?:nsc|config|jwt|export)\b)", rf"{self.path}\1", text)


@pytest.fixture
def containers(tmp_path: Path) -> Containers:
    return Containers(tmp_path)


def test_services_and_volumes_fit_together() -> None:
    mounted = {
        volume.split(":")[0] for service in SERVICES.values() for volume in service["volumes"]
    }
    assert mounted == set(FILE["volumes"])
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) < set(SERVICES)
    assert all("nsc" not in SERVICES[name]["image"] for name in SERVICES)


def test_the_server_sees_nothing_of_the_store() -> None:
    assert not any(volume.startswith("nsc:") for volume in SERVICES["nats"]["volumes"])
    assert "environment" not in SERVICES["nats"]


@pytest.mark.parametrize("name", OWN)
def test_only_the_first_writes_to_the_store(name: str) -> None:
    [mounted] = [volume for volume in SERVICES[name]["volumes"] if volume.startswith("nsc:")]
    assert mounted.endswith(":ro") is (name != "nats-init")


def test_the_first_runs_twice_without_harm(containers: Containers) -> None:
    containers.run("nats-init")
    before = containers.files("nsc"), containers.files("config").values()
    containers.run("nats-init")
    assert containers.files("nsc") == before[0]
    assert [text for text, _ in containers.files("config").values()] == [
        text for text, _ in before[1]
    ]


def test_the_last_stops_where_there_is_no_signing_key(containers: Containers) -> None:
    containers.run("nats-init")
    path = ("my_operator", "my_account")
    account = decode(containers.store.read(*path), AccountClaims).claims
    [key] = map(str, account.nats.signing_keys)
    shop = environment(
        XDG_DATA_HOME=str(containers.path / "nsc"),
        XDG_CONFIG_HOME=str(containers.path / "nsc/.config"),
        NKEYS_PATH=str(containers.path / "nsc/nkeys"),
        PYTHONPATH=str(ROOT),
    )
    command = [sys.executable, "-m", "natsauth", "edit", "account", "my_account", "--rm-sk", key]
    subprocess.run(command, check=True, env=shop, capture_output=True)
    with pytest.raises(AssertionError, match="there is no"):
        containers.run("nats-export")
    assert [*(containers.path / "export").iterdir()] == []


def test_the_last_gives_away_one_seed_and_one_public_key(containers: Containers) -> None:
    containers.run("nats-init")
    before = containers.files("nsc")
    for _ in range(2):
        containers.run("nats-export")
        files = {file.name: file for file in (containers.path / "export").iterdir()}
        assert {name: file.stat().st_mode & 0o777 for name, file in files.items()} == {
            "account": 0o600,
            "signing.nk": 0o600,
        }
    assert containers.files("nsc") == before
    account = decode(containers.store.read("my_operator", "my_account"), AccountClaims).claims
    assert files["account"].read_text() == f"{account.sub}\n"
    signer = KeyPair.read(files["signing.nk"], expect=KeyType.ACCOUNT)
    assert [signer.public_key] == account.nats.signing_keys


@pytest.mark.live
def test_the_second_pushes_the_accounts(containers: Containers) -> None:
    containers.run("nats-init")
    before = containers.files("nsc")
    store = containers.store
    operator = decode(store.read("my_operator"), OperatorClaims)
    creds = Creds.parse(store.creds("my_operator", "SYS", "sys"))
    with containers.server() as server:
        for _ in range(2):
            said = containers.run("nats-push", "--account-jwt-server-url", server.url)
            assert said.count("jwt updated") == len(store.names("my_operator"))
        assert asyncio.run(_accounts(server.url, operator, creds)) == 2
    assert containers.files("nsc") == before


async def _accounts(url: str, operator: Token[OperatorClaims], creds: Creds) -> int:
    async with ResolverClient.connect(url, operator, creds=creds) as resolver:
        [server] = (await resolver.list_accounts()).servers
        return len(server.accounts)
