"""What the command line makes, on real servers: configurations, creds, exports and revocations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from nats.errors import Error

from natsauth.creds import Creds
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

    from natsauth.testing import NatsServer
    from tests.live._servers import StartServer
    from tests.live.conftest import Connect

pytestmark = [pytest.mark.live, pytest.mark.asyncio]


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give a strict operator with accounts ``news`` and ``orders``, each with a user."""
    shop = Workshop(tmp_path / "shop")
    shop("add operator o --sys --generate-signing-key")
    shop("edit operator --require-signing-keys")
    for name in ("news", "orders"):
        shop(f"add account {name}")
        shop(f"edit account {name} --sk generate")
        shop(f"add user -a {name} u")
    return shop


def serve(shop: Workshop, start: StartServer) -> NatsServer:
    return start(shop.run("generate config --mem-resolver").stdout)


def login(shop: Workshop, command: str) -> dict[str, Any]:
    """Return the options by which nats-py connects with the creds that a command prints."""
    return Creds.parse(shop.run(command).stdout).nats_py()


@pytest.mark.parametrize("kind", ["nats-resolver", "nats-resolver-cache"])
async def test_a_server_starts_with_a_generated_file(
    shop: Workshop, start_server: StartServer, connect: Connect, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "resolver.conf"
    shop("generate", "config", f"--{kind}", "--sys-account", "SYS", "--config-file", file)
    server = start_server(file.read_text())
    async with connect(server.url, **login(shop, "generate creds -a SYS")) as (client, errors):
        await client.request("$SYS.REQ.SERVER.PING", timeout=5)
        assert not errors


async def test_creds_with_a_time_to_live_connect(
    shop: Workshop, start_server: StartServer, connect: Connect
) -> None:
    server = serve(shop, start_server)
    options = login(shop, "generate creds -a news --lifetime 10m")
    async with connect(server.url, **options) as (client, errors):
        await client.flush()
        assert not errors


async def test_a_user_of_one_seed_may_do_what_the_options_say(
    shop: Workshop, start_server: StartServer, connect: Connect
) -> None:
    server = serve(shop, start_server)
    account = shop.claims("o", "news")
    [key] = account.nats.signing_keys
    command = f"sign-user id -a {account.sub} -K {shop.store.key_file(key)} --expiry 30m"
    options = login(shop, f"{command} --allow-pubsub users.id.>")
    async with connect(server.url, **options) as (client, errors):
        got = await client.subscribe("users.id.subject")
        await client.publish("users.id.subject", b"allowed")
        assert (await got.next_msg(timeout=5)).data == b"allowed"
        await client.subscribe("users.prohibited.subject")
        await client.flush()
        [error] = errors
        assert "permissions violation" in str(error).lower()


async def test_a_private_export_is_imported_until_its_activation_is_revoked(
    shop: Workshop, start_server: StartServer, connect: Connect
) -> None:
    leave = shop.path / "leave.jwt"
    shop("add export -a news -s private.> --private")
    shop("add export -a news -s public.>")
    shop("generate", "activation", "-a", "news", "-t", "orders", "-o", leave)
    shop("add", "import", "-a", "orders", "-u", leave, "-s", "got.>")
    shop("add import -a orders --src-account news --remote-subject public.>")
    assert await received(shop, start_server, connect) == {"got.x", "public.x"}
    shop("revocations add-activation -a news -s private.> -t orders")
    assert await received(shop, start_server, connect) == {"public.x"}


async def received(shop: Workshop, start: StartServer, connect: Connect) -> set[str]:
    """Return the subjects on which ``orders`` gets what ``news`` publishes."""
    server = serve(shop, start)
    async with (
        connect(server.url, **login(shop, "generate creds -a orders")) as (importer, _),
        connect(server.url, **login(shop, "generate creds -a news")) as (exporter, _),
    ):
        got = await importer.subscribe(">")
        await importer.flush()
        for subject in ("private.x", "public.x"):
            await exporter.publish(subject)
        await exporter.flush()
        await importer.flush()
        return {(await got.next_msg(timeout=5)).subject for _ in range(got.pending_msgs)}


async def test_a_mapping_moves_messages(
    shop: Workshop, start_server: StartServer, connect: Connect
) -> None:
    shop("add mapping -a news --from a.* --to b.$1")
    server = serve(shop, start_server)
    async with connect(server.url, **login(shop, "generate creds -a news")) as (client, _):
        got = await client.subscribe("b.*")
        await client.publish("a.x")
        assert (await got.next_msg(timeout=5)).subject == "b.x"


async def test_a_revoked_user_is_out(
    shop: Workshop, start_server: StartServer, connect: Connect
) -> None:
    options = {name: login(shop, f"generate creds -a {name}") for name in ("news", "orders")}
    shop("revocations add-user -a news -n u")
    server = serve(shop, start_server)
    async with connect(server.url, **options["orders"]) as (client, _):
        await client.flush()
    with pytest.raises(Error, match="Authorization"):
        async with connect(server.url, **options["news"]):
            pass
