"""``natsauth generate config``; live servers start with it in live/test_cli.py."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from tests._workshop import Workshop, expected

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give nsc's own store."""
    return Workshop(tmp_path, copy=True)


def functional(text: str) -> list[str]:
    """Return the lines of a configuration that mean something."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith(("#", "//"))]


@pytest.mark.parametrize("kind", ["nats-resolver", "nats-resolver-cache", "mem-resolver"])
@pytest.mark.parametrize("system", ["", " --sys-account SYS"])
def test_a_configuration_is_that_of_nsc(shop: Workshop, kind: str, system: str) -> None:
    result = shop.run(f"generate config --{kind}{system}")
    assert functional(result.stdout) == functional(expected(f"config-{kind}.conf"))
    assert shop.json(f"generate config --{kind}")["config"] + "\n" == result.stdout


def test_settings_of_the_server_are_written(shop: Workshop) -> None:
    text = shop.run(
        "generate config --nats-resolver --dir /data/jwt --allow-delete --interval 30s"
        " --timeout 5s --limit 1000"
    ).stdout
    for line in (
        "dir: '/data/jwt'",
        "allow_delete: true",
        'interval: "30s"',
        'timeout: "5s"',
        "limit: 1000",
    ):
        assert line in functional(text)
    assert 'ttl: "2h"' in shop.run("generate config --nats-resolver-cache --ttl 2h").stdout


def test_accounts_of_a_web_server(shop: Workshop) -> None:
    text = shop.run("generate config --url-resolver --url http://a.example/jwt/").stdout
    assert "resolver: URL(http://a.example/jwt/)" in text.replace('"', "").replace("'", "")


def test_only_the_system_account_is_read_for_a_full_resolver(shop: Workshop) -> None:
    shop.store.token_file("my_operator", "billing").write_text("nonsense")
    assert shop.run("generate config --nats-resolver --sys-account SYS").exit_code == 0
    assert "billing" in shop.fails("generate config --mem-resolver")


def test_a_file_is_replaced_only_with_force(shop: Workshop) -> None:
    file = shop.path / "server.conf"
    command = ["generate", "config", "--mem-resolver", "--config-file", str(file)]
    [step] = shop.json(*command)
    assert step["message"].startswith("wrote server configuration to `")
    assert functional(file.read_text()) == functional(expected("config-mem-resolver.conf"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "-F replaces it" in shop.fails(*command)
    file.write_text("old")
    shop(*command, "-F")
    assert "old" not in file.read_text()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ("", 2, "Which kind of resolver?"),
        ("--mem-resolver --nats-resolver", 2, "Only one kind"),
        ("--nats-resolver --sys-account billing", 1, "the operator's system account is"),
        ("--nats-resolver --sys-account nobody", 1, "hint: natsauth list accounts names them"),
        ("--nats-resolver --sys-account sys", 1, "hint: did you mean 'SYS'?"),
        ("--mem-resolver --dir x", 1, "a memory resolver does not take dir"),
        ("--nats-resolver --ttl 1h", 1, "a full resolver does not take ttl"),
        ("--nats-resolver --interval soon", 1, "soon"),
        ("--nats-resolver --limit 0", 2, "--limit"),
        ("--url-resolver", 1, "hint: --url names a web server, where the operator's account"),
    ],
)
def test_what_is_wrong_is_told(shop: Workshop, options: str, code: int, message: str) -> None:
    assert message in shop.fails(f"generate config {options}", code=code)


def test_an_operator_without_system_account(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    shop("add operator o")
    said = shop.fails("generate config --nats-resolver")
    assert "natsauth edit operator --system-account" in said
    assert "resolver: MEMORY" in shop.run("generate config --mem-resolver").stdout
    said = shop.fails("generate config --url-resolver")
    assert "hint: --url names the web server, or natsauth edit operator" in said
