"""What a client refuses before it connects; the rest is in tests/live."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from natsauth.claims import AccountClaims, Operator, OperatorClaims, User, UserClaims
from natsauth.creds import Creds
from natsauth.errors import (
    ClaimTypeError,
    IssuerError,
    KeyTextError,
    ResolverError,
    TrustError,
    UsageError,
)
from natsauth.resolver import ResolverClient
from natsauth.token import encode
from tests._tokens import ACCOUNT, OPERATOR, OTHER_ACCOUNT, USER

URL = "nats://127.0.0.1:4222"
TRUSTED = encode(
    OperatorClaims(sub=OPERATOR.public_key, nats=Operator(system_account=ACCOUNT.public_key)),
    OPERATOR,
)
SYSTEM = encode(AccountClaims(sub=ACCOUNT.public_key), OPERATOR)
CREDS = Creds.create(encode(UserClaims(sub=USER.public_key, nats=User()), ACCOUNT), USER)
MINT = {"system_account": SYSTEM, "signer": ACCOUNT}


class Stranger:
    public_key = "no key"

    def sign(self, _data: bytes) -> bytes:
        return b""


async def refused(error: type[Exception], match: str | None, *args: Any, **options: Any) -> None:
    with pytest.raises(error, match=match):
        async with ResolverClient.connect(*args, **options):
            pytest.fail("connected")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"system_account": SYSTEM},
        {"signer": ACCOUNT},
        {"creds": "user.creds"},
        {"creds": CREDS, "signer": ACCOUNT},
        {"creds": CREDS, **MINT},
    ],
)
@pytest.mark.asyncio
async def test_one_way_to_log_in(options: dict[str, Any]) -> None:
    await refused(UsageError, "either system_account= and signer=, or c", URL, TRUSTED, **options)


@pytest.mark.parametrize("option", ["timeout", "connect_timeout", "lifetime"])
@pytest.mark.parametrize("bad", [0, "5", None, float("nan")])
@pytest.mark.asyncio
async def test_durations(option: str, bad: Any) -> None:
    await refused(
        UsageError, f"^{option} is a timedelta or seconds", URL, TRUSTED, **MINT, **{option: bad}
    )


@pytest.mark.parametrize("bad", [0, -1, 1.5, True, "3"])
@pytest.mark.asyncio
async def test_expected_servers(bad: Any) -> None:
    await refused(
        UsageError, "expected_servers is 1 or more", URL, TRUSTED, **MINT, expected_servers=bad
    )


@pytest.mark.asyncio
async def test_addresses() -> None:
    await refused(ResolverError, "no address of a server", "http://a", TRUSTED, **MINT)
    await refused(ResolverError, "there is no server", [], TRUSTED, **MINT)
    await refused(ResolverError, "no server .*account_server_url", None, TRUSTED, **MINT)
    named = OperatorClaims(
        sub=OPERATOR.public_key, nats=Operator(account_server_url="https://example.com/jwt")
    )
    of = encode(named, OPERATOR)
    await refused(
        ResolverError, "'https://example.com/jwt' is no address .*nats, tls", None, of, **MINT
    )
    await refused(UsageError, "expected the URLs", 5, TRUSTED, **MINT)


@pytest.mark.asyncio
async def test_tokens_and_signers() -> None:
    await refused(ClaimTypeError, "OperatorClaims", URL, SYSTEM, **MINT)
    await refused(UsageError, "the text of a token", URL, None, **MINT)
    await refused(
        ClaimTypeError, "AccountClaims", URL, TRUSTED, system_account=TRUSTED, signer=ACCOUNT
    )
    await refused(
        TrustError, "no signing key", URL, TRUSTED, system_account=SYSTEM, signer=OTHER_ACCOUNT
    )
    await refused(IssuerError, None, URL, TRUSTED, system_account=SYSTEM, signer=OPERATOR)
    await refused(KeyTextError, None, URL, TRUSTED, system_account=SYSTEM, signer=Stranger())
    await refused(UsageError, "a signer", URL, TRUSTED, system_account=SYSTEM, signer=object())


@pytest.mark.asyncio
async def test_without_nats_py(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nats.aio.client", None)
    await refused(
        ResolverError, r'hint: python -m pip install "natsauth\[nats\]"', URL, TRUSTED, **MINT
    )


def test_importing_needs_no_nats_py() -> None:
    code = "import sys; sys.modules['nats'] = None; import natsauth.resolver"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
