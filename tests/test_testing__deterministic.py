from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from natsauth import CurveKeyPair, KeyPair, KeyType, encode_user
from natsauth.errors import UsageError
from natsauth.testing import Sandbox, deterministic


def minted(seed: str = "natsauth") -> str:
    with deterministic(seed):
        sandbox = Sandbox()
        sandbox.add_account("other")
        return sandbox.add_user("alice", account="other").format()


def test_tokens_are_equal_from_run_to_run() -> None:
    assert minted() == minted()
    assert minted("another") != minted()


def test_whatever_makes_them() -> None:
    with deterministic(now=datetime(2030, 1, 1, tzinfo=UTC)):
        account, user = KeyPair.generate(KeyType.ACCOUNT), KeyPair.generate(KeyType.USER)
        token = encode_user("alice", user, account)
        assert account != KeyPair.generate(KeyType.ACCOUNT)
    assert account.public_key == "ADIUGH36U3GN4A7Q47XAF4K3XHMWCONPRV65RIQOAN3WJTFFQ6XLQUVL"
    assert token.count(".") == 2


def test_only_within_the_block() -> None:
    with pytest.raises(ZeroDivisionError), deterministic():
        raise ZeroDivisionError
    assert KeyPair.generate(KeyType.USER) != KeyPair.generate(KeyType.USER)
    assert minted() != Sandbox().add_user("alice").format()


def test_curve_keys_stay_random() -> None:
    with deterministic():
        first = CurveKeyPair.generate()
    with deterministic():
        assert CurveKeyPair.generate() != first


@pytest.mark.live
def test_a_server_takes_them() -> None:
    async def use(sandbox: Sandbox) -> None:
        async with sandbox.connect("alice") as client:
            await client.flush()
            assert client.errors == []

    with deterministic(), Sandbox(servers=2) as sandbox:
        sandbox.add_account("other")
        sandbox.add_user("alice")
        asyncio.run(use(sandbox))


def test_what_is_no_seed_or_moment() -> None:
    with pytest.raises(UsageError, match="a seed is text, got bytes"), deterministic(b"x"):  # type: ignore[arg-type]
        pass
    with pytest.raises(UsageError, match="expected a datetime"), deterministic(now="x"):  # type: ignore[arg-type]
        pass
