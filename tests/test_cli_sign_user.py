"""``natsauth sign-user``."""

from __future__ import annotations

import stat
from time import time
from typing import TYPE_CHECKING, Any

import pytest

from natsauth import Creds, decode
from natsauth.claims import UserClaims
from natsauth.keys import KeyPair, KeyType
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT, SIGNING = KeyPair.generate(KeyType.ACCOUNT), KeyPair.generate(KeyType.ACCOUNT)
USER = KeyPair.generate(KeyType.USER)


class Signing:
    """``natsauth sign-user`` with the file of a signing key, and no store."""

    def __init__(self, directory: Path) -> None:
        self.shop = Workshop(directory)
        self.file = directory / "signing.nk"
        SIGNING.write(self.file)
        self.words = ["sign-user", "id", "-a", ACCOUNT.public_key, "-K", str(self.file)]

    def creds(self, options: str) -> Creds:
        return Creds.parse(self.shop.json(*self.words, *options.split())["creds"])

    def run(self, options: str) -> Any:
        return self.shop.run(*self.words, *options.split())

    def fails(self, options: str, code: int = 2) -> str:
        return self.shop.fails(*self.words, *options.split(), code=code)


@pytest.fixture
def signing(tmp_path: Path) -> Signing:
    return Signing(tmp_path)


def test_creds_of_a_new_user_are_printed(signing: Signing) -> None:
    result = signing.run("--allow-pubsub users.id.> --expiry 30m --tag a:b")
    creds = Creds.parse(result.stdout)
    claims = creds.token.claims
    assert (claims.name, claims.iss) == ("id", SIGNING.public_key)
    assert claims.nats.issuer_account == ACCOUNT.public_key
    assert claims.nats.pub.allow == claims.nats.sub.allow == ["users.id.>"]
    assert claims.nats.tags == ["a:b"]
    assert abs(claims.exp - time() - 1800) < 60
    assert result.stderr == ""
    assert {file.name for file in signing.shop.path.iterdir()} == {"signing.nk"}  # and no store


def test_the_token_of_a_public_key_is_printed(signing: Signing) -> None:
    result = signing.run(f"-k {USER.public_key} --subs 10 --payload 1k")
    claims = decode(result.stdout.strip(), UserClaims).claims
    assert (claims.sub, claims.nats.subs, claims.nats.payload) == (USER.public_key, 10, 1000)
    document = signing.shop.json(*signing.words, "-k", USER.public_key)
    assert set(document) == {"expiry", "jwt", "public_key"}


def test_the_token_alone_where_the_seed_is_known(signing: Signing) -> None:
    file = signing.shop.path / "user.nk"
    USER.write(file)
    assert decode(signing.run(f"-k {file} --jwt").stdout.strip()).claims.sub == USER.public_key
    assert "The seed of the new key would be lost" in signing.fails("--jwt")
    assert decode(signing.run("--jwt --bearer").stdout.strip()).claims.name == "id"


def test_the_identity_key_signs_too(signing: Signing) -> None:
    signing.file.unlink()
    ACCOUNT.write(signing.file)
    claims = signing.creds("").token.claims
    assert (claims.iss, claims.nats.issuer_account) == (ACCOUNT.public_key, "")


def test_a_scoped_key_gives_the_permissions(signing: Signing) -> None:
    assert signing.creds("--scoped --tag team:a").token.claims.nats.is_empty()
    assert "The scope of the signing key alone" in signing.fails("--scoped --subs 1")


def test_a_file_of_its_owner(signing: Signing) -> None:
    file = signing.shop.path / "user.creds"
    assert "wrote credentials to `" in signing.run(f"-o {file}").output
    assert Creds.read(file).token.claims.name == "id"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "File exists\nhint: -F replaces it" in signing.fails(f"-o {file}", code=1)
    first = file.read_text()
    signing.run(f"-o {file} --force")
    assert file.read_text() != first


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ("--allow-pub a..b", 1, "a..b"),
        ("--expiry 2020-01-01", 1, "expired"),
        (f"-k {ACCOUNT.public_key}", 2, "expected a key of role user"),
        (f"-K {SIGNING.public_key}", 2, "-K needs the seed of the key that signs, got the public"),
        (f"-K {USER.reveal_seed()}", 2, "-K holds the seed of a key of role user, and one of an"),
        ("-K role", 2, "-K FILE names the seed"),
        ("-a my_account", 2, "hint: this looks into no store; natsauth describe account NAME"),
        ("-n other", 2, "Two names"),
    ],
)
def test_what_is_wrong_is_told(signing: Signing, options: str, code: int, message: str) -> None:
    assert message in signing.fails(options, code)


def test_what_must_be_given(signing: Signing) -> None:
    assert "--account" in signing.shop.fails("sign-user id", code=2)
    alone = f"sign-user id -a {ACCOUNT.public_key}"
    assert "Which key signs?" in signing.shop.fails(alone, code=2)
    unnamed = f"sign-user -a {ACCOUNT.public_key} -K {signing.file}"
    assert "Which user?" in signing.shop.fails(unnamed, code=2)
