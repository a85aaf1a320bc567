"""The same commands by nsc on one store and by natsauth on a copy of it: equal claims.

Left out is what nsc does wrong: an edit of an account resets ``wildcards`` and ``disallow_bearer``
unless they are repeated, so that every edit here repeats them, and writes JetStream limits of -1
beside a storage of 0; ``--rm-response-perms`` makes it ignore other permissions; a time range is
added as often as it is named.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from natsauth import decode
from natsauth.keys import KeyPair, KeyType
from tests._workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.interop, pytest.mark.slow, pytest.mark.timeout(300)]
STEPS = 40


class Nsc:
    """The program on the store of a workshop."""

    def __init__(self, binary: Path, shop: Workshop) -> None:
        places = {"config": shop.path, "data": shop.store.stores, "keystore": shop.store.keys}
        self.store = shop.store
        self._binary = binary
        self._home = shop.path
        self._options = [
            word for name, place in places.items() for word in (f"--{name}-dir", place)
        ]

    def run(self, *words: str) -> None:
        result = subprocess.run(
            [self._binary, *words, *self._options],
            check=False,
            cwd=self._home,
            env={"HOME": str(self._home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=30,
        )
        assert result.returncode == 0, f"{words}: {result.stdout}"


class Commands:
    """Random commands, which both programs take.

    Args:
        random: Where the choices come from.
        signer: The signing key of users.
    """

    def __init__(self, random: Random, signer: str) -> None:
        self._random = random
        self._signer = signer
        self._hour = 0
        self._added: list[str] = []
        self._count = 0
        self._names = ("b", "c")

    def __iter__(self) -> Iterator[list[str]]:
        """Go through as many as there are steps."""
        kinds: tuple[Callable[[], list[str]], ...] = (
            self._account, self._account, self._user, self._user, self._signing_key,
            self._add_user, self._delete_user, self._rename,
        )  # fmt: skip
        for _ in range(STEPS):
            yield self._random.choice(kinds)()

    def _account(self) -> list[str]:
        choice = self._random.choice
        wildcards = choice(("true", "false"))

        def number(*more: object) -> str:
            return str(choice((-1, 7, 300, *more)))

        return [
            *("edit", "account", "-n", "a", "--disallow-bearer=false"),
            f"--wildcard-exports={wildcards}",
            *self._some(
                lambda: ["--conns", number()],
                lambda: ["--leaf-conns", number()],
                lambda: ["--data", number("5k", "3mib")],
                lambda: ["--exports", number()],
                lambda: ["--imports", number()],
                lambda: ["--payload", number("64kib")],
                lambda: ["--subscriptions", number()],
                lambda: ["--description", choice(("", "some text", "<&>"))],
                lambda: ["--info-url", choice(("", "https://x.example/y?z"))],
                lambda: ["--js-mem-storage", number(0, "1g")],
                lambda: ["--js-disk-storage", number(0, "1g")],
                lambda: ["--js-streams", number()],
                lambda: ["--js-consumer", number()],
                lambda: ["--js-max-mem-stream", number("2m")],
                lambda: ["--js-max-disk-stream", number("2m")],
                lambda: ["--js-max-ack-pending", number()],
                lambda: ["--trace-context-subject", choice(("", "t.x"))],
                lambda: ["--sk", KeyPair.generate(KeyType.ACCOUNT).public_key],
                self._lifetime,
                self._tags,
                self._permissions,
            ),
        ]

    def _user(self) -> list[str]:
        return [
            *("edit", "user", "-a", "a", "-n", "u"),
            *self._some(self._lifetime, self._tags, self._permissions, self._limits),
        ]

    def _signing_key(self) -> list[str]:
        text = self._random.choice(("", "some text"))
        return [
            *("edit", "signing-key", "-a", "a", "--sk", "r", "--description", text),
            *self._some(self._limits, self._permissions),
        ]

    def _add_user(self) -> list[str]:
        self._count += 1
        name = f"u{self._count}"
        self._added.append(name)
        key = KeyPair.generate(KeyType.USER).public_key
        return [
            *("add", "user", "-a", "a", "-n", name, "-k", key, "-K", self._signer),
            *self._some(self._lifetime, self._permissions, lambda: ["--bearer"]),
            *("--tag", "Z,y", "--source-network", "10.0.0.0/8"),
        ]

    def _delete_user(self) -> list[str]:
        if not self._added:
            return self._add_user()
        revoke = self._random.choice(("true", "false"))
        return ["delete", "user", "-a", "a", "-n", self._added.pop(), f"--revoke={revoke}"]

    def _rename(self) -> list[str]:
        old, new = self._names
        self._names = (new, old)
        return ["rename", "account", old, new, "--OK"]

    def _some(self, *makers: Callable[[], list[str]]) -> list[str]:
        count = self._random.randint(1, min(4, len(makers)))
        return [word for maker in self._random.sample(makers, count) for word in maker()]

    def _lifetime(self) -> list[str]:
        option, when = self._random.choice((("--expiry", "2040-01-02"), ("--start", "2020-01-02")))
        return [option, self._random.choice((when, "0"))]

    def _tags(self) -> list[str]:
        words = self._random.choices(("Beta", "a:1", "zz", "m"), k=2)
        return [self._random.choice(("--tag", "--rm-tag")), ",".join(words)]

    def _permissions(self) -> list[str]:
        subjects = ",".join(self._random.choices(("a.b", "z.>", "m.*", "c"), k=2))
        options = ("--allow-pub", "--allow-sub", "--allow-pubsub", "--deny-pub", "--deny-sub")
        return self._random.choice(
            (
                *([option, subjects] for option in (*options, "--deny-pubsub")),
                ["--allow-sub", "c queue"],
                ["--allow-pub-response"],
                ["--allow-pub-response=5", "--response-ttl", "1h5s"],
                ["--response-ttl", "250ms"],
            )
        )

    def _limits(self) -> list[str]:
        self._hour = (self._hour + 1) % 24
        hour = f"{self._hour:02}"
        return self._random.choice(
            (
                ["--subs", "5"],
                ["--data", "1k"],
                ["--payload", "-1"],
                ["--bearer=false"],
                ["--conn-type", "mqtt,STANDARD"],
                ["--rm-conn-type", "mqtt"],
                ["--source-network", "192.168.1.0/24,10.0.0.0/8"],
                ["--rm-source-network", "10.0.0.0/8"],
                ["--locale", "Europe/Berlin"],
                ["--time", f"{hour}:00:00-{hour}:30:00"],
                ["--rm-time", "01:00:00"],
            )
        )


def claims(workshop: Workshop | Nsc) -> dict[str, Any]:
    """Return what all tokens of a store say, without who signed them, and when."""
    store = workshop.store
    paths = [("o",), *(("o", name) for name in store.names("o"))]
    paths += [("o", name, user) for _, name in paths[1:] for user in store.names("o", name)]
    return {"/".join(path): said(store.read(*path)) for path in paths}


def said(token: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(decode(token).claims.to_json())
    for name in ("iat", "iss", "jti"):
        document.pop(name, None)
    body = document["nats"]
    if revocations := body.get("revocations"):
        body["revocations"] = sorted(revocations)  # the moments differ
    limits = body.get("limits", {})
    if not (limits.get("mem_storage") or limits.get("disk_storage")):
        for name in [*limits]:
            if name in ("streams", "consumer", "max_ack_pending") or "_max_stream_" in name:
                del limits[name]
    return document


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give a store with a strict operator, account ``a`` with a role and users, account ``b``."""
    place = tmp_path / "natsauth"
    place.mkdir()
    shop = Workshop(place)
    for command in (
        "add operator o --sys --generate-signing-key",
        "edit operator --require-signing-keys",
        "add account b",
        "add account a",
        "edit account a --sk generate",
        "add user u",
        "add signing-key --role r",
        "add user s -K r",
    ):
        shop(command)
    return shop


@pytest.fixture
def nsc(nsc_binary: Path, shop: Workshop, tmp_path: Path) -> Nsc:
    """Give nsc on a copy of that store."""
    shutil.copytree(shop.path, tmp_path / "nsc")
    copy = Workshop(tmp_path / "nsc")
    context = json.loads((copy.path / "nsc.json").read_text())
    context["store_root"] = str(copy.store.stores)
    (copy.path / "nsc.json").write_text(json.dumps(context))
    return Nsc(nsc_binary, copy)


def both(shop: Workshop, nsc: Nsc, words: list[str]) -> None:
    nsc.run(*words)
    result = shop.run(*words)
    assert result.exit_code == 0, f"{words}: {result.output}"


@pytest.mark.parametrize("seed", range(6))
def test_random_commands(shop: Workshop, nsc: Nsc, seed: int) -> None:
    signer = next(key for key in shop.body("o", "a").signing_keys if isinstance(key, str))
    done = []
    for words in Commands(Random(seed), signer):  # noqa: S311 - no secret comes of it
        done.append(words)
        both(shop, nsc, words)
        assert claims(shop) == claims(nsc), done[-3:]


@pytest.mark.parametrize(
    "commands",
    [
        ["edit account b --js-enable 0", "edit account b --js-disable"],
        ["edit account b --js-tier 3 --js-disk-storage 5g --js-streams 4"],
        ["edit account b --js-tier 1 --js-mem-storage 5", "edit account b --rm-js-tier 1"],
        ["edit account b --js-enable 3", "edit account b --js-enable 1"],
        ["edit account b --js-disk-storage 5", "edit account b --rm-js-tier 0"],
        ["edit account b --js-disk-storage 5 --js-max-bytes-required"],
        ["edit account a --trace-context-subject t.x --trace-context-sampling 5"],
        ["edit account a --host-cluster-traffic", "edit account a --host-cluster-traffic=false"],
        ["edit user -a a u --allow-pub-response=3", "edit user -a a u --rm-response-perms"],
        ["edit user -a a u --allow-pubsub x,y", "edit user -a a u --rm x"],
        ["edit operator --tag B,a --service-url nats://a:1 --expiry 2040-01-01"],
        ["edit operator --account-jwt-server-url nats://a:1"],
        ["delete user -a a u", "delete account b"],
        ["reissue operator --convert-to-signing-key"],
        ["select account b", "edit account --tag x"],
        ["env -a a", "edit account --tag x"],
    ],
    ids=" && ".join,
)
def test_commands(shop: Workshop, nsc: Nsc, commands: list[str]) -> None:
    for command in commands:
        own = f"{command} --no-revoke" if command.startswith("delete user") else command
        nsc.run(*command.split())
        result = shop.run(own)
        assert result.exit_code == 0, result.output
    found, expected = claims(shop), claims(nsc)
    if "reissue" in commands[0]:  # whose new key is another one for each
        for document in (found, expected):
            document["o"].pop("sub")
    assert found == expected


def test_nsc_goes_on_after_every_command(shop: Workshop, nsc_binary: Path) -> None:
    after = Nsc(nsc_binary, shop)
    for command in ("rename account b c", "reissue operator", "delete user s", "select account a"):
        shop(command)
        after.run("edit", "account", "-n", "a", "--tag", command.split(maxsplit=1)[0])
        after.run("validate", "-A")
    assert shop.body("o", "a").tags == ["delete", "reissue", "rename", "select"]
