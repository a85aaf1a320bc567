"""What somebody connects with, read from whatever is in a file."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from natsauth.cli._credentials import DAMAGED, Credentials, read_credentials, read_source
from natsauth.errors import CredsError, FileError, MalformedTokenError
from tests._connections import Root, Scene

if TYPE_CHECKING:
    from pathlib import Path

SCENE = Scene({}, Root(), 0)
SEED = SCENE.user_key.reveal_seed()
BLOCK = "-----BEGIN {0}-----\n{1}\n------END {0}------\n"
TOKEN = BLOCK.format("NATS USER JWT", SCENE.user)


def read(path: Path, text: str) -> Credentials:
    file = path / "user.creds"
    file.write_text(text)
    return read_credentials(str(file))


def test_creds(tmp_path: Path) -> None:
    found = read(tmp_path, TOKEN + "\n" + BLOCK.format("USER NKEY SEED", SEED))
    assert found.token == SCENE.user
    assert found.key == SCENE.user_key
    assert (found.problem, found.is_bare) == ("", False)
    assert found.file == str(tmp_path / "user.creds")
    assert SEED not in repr(found)


def test_a_bare_token(tmp_path: Path) -> None:
    for found in (read(tmp_path, f"{SCENE.user}\n"), read_credentials(SCENE.user)):
        assert (found.token, found.key, found.is_bare) == (SCENE.user, None, True)


@pytest.mark.parametrize(
    ("seed", "problem"),
    [
        ("", "there is no seed in the creds"),
        (BLOCK.format("USER NKEY SEED", SEED[:-1]), DAMAGED),
        (BLOCK.format("USER NKEY SEED", SCENE.user_key.public_key), DAMAGED),
    ],
)
def test_what_is_wrong_with_the_seed_is_told(tmp_path: Path, seed: str, problem: str) -> None:
    found = read(tmp_path, TOKEN + seed)
    assert found.key is None
    assert found.problem.startswith(problem)
    assert SEED[:-1] not in found.problem


def test_a_seed_in_the_place_of_the_token(tmp_path: Path) -> None:
    with pytest.raises(CredsError, match="there is a seed") as refused:
        read(tmp_path, BLOCK.format("NATS USER JWT", SEED))
    assert SEED not in str(refused.value)


def test_what_holds_no_token(tmp_path: Path) -> None:
    with pytest.raises(MalformedTokenError):
        read(tmp_path, "nothing")
    with pytest.raises(FileError):
        read_source(str(tmp_path / "nowhere"))


def test_a_client_signs_with_the_seed_that_is_there(tmp_path: Path) -> None:
    found = read(tmp_path, TOKEN + BLOCK.format("USER NKEY SEED", SEED))
    options = found.nats_py()
    assert options["user_jwt_cb"]() == SCENE.user.encode()
    signature = base64.urlsafe_b64decode(options["signature_cb"]("nonce") + b"==")
    assert signature == SCENE.user_key.sign(b"nonce")
    assert read(tmp_path, TOKEN).nats_py()["signature_cb"]("nonce") == b""
