from __future__ import annotations

from datetime import timedelta
from typing import Any

import nkeys
import pytest
from nats import errors as nats_errors

from natsauth.claims import (
    Account,
    AccountClaims,
    Operator,
    OperatorClaims,
    UserClaims,
    UserScope,
)
from natsauth.errors import (
    ClaimsError,
    ClaimTypeError,
    IssuerError,
    ResolverError,
    SecretError,
    TokenError,
    TrustError,
    UsageError,
)
from natsauth.keys import KeyPair, KeyType
from natsauth.resolver._protocol import (
    explain,
    parse_servers,
    preflight,
    seconds,
    temporary_creds,
)
from natsauth.token import Token, decode, encode
from tests._tokens import ACCOUNT, IAT, OPERATOR, OTHER_ACCOUNT, USER, shown
from tests._vectors import records

SIGNING = KeyPair(KeyType.OPERATOR, bytes([11]) * 32)
SYSTEM, PLAIN, SCOPED = (KeyPair(KeyType.ACCOUNT, bytes([n]) * 32) for n in (12, 13, 14))
INBOX = "_INBOX.abc.*"


def operator(**body: Any) -> Token[OperatorClaims]:
    body = {"signing_keys": [SIGNING.public_key], "system_account": SYSTEM.public_key, **body}
    claims = OperatorClaims(sub=OPERATOR.public_key, nats=Operator(**body))
    return encode(claims, OPERATOR, now=IAT)


LENIENT, STRICT = operator(), operator(strict_signing_key_usage=True)


def account(
    owner: KeyPair = ACCOUNT, signer: KeyPair = SIGNING, *, exp: int = 0, nbf: int = 0, **body: Any
) -> Token[AccountClaims]:
    claims = AccountClaims(sub=owner.public_key, exp=exp, nbf=nbf, nats=Account(**body))
    return encode(claims, signer, now=IAT)


SYSTEM_ACCOUNT = account(
    SYSTEM, signing_keys=[PLAIN.public_key, UserScope(key=SCOPED.public_key, role="push")]
)


@pytest.mark.parametrize(
    ("given", "urls"),
    [
        ("nats://127.0.0.1:4222", ["nats://127.0.0.1:4222"]),
        ("localhost", ["nats://localhost"]),
        ("localhost:1", ["nats://localhost:1"]),
        (" nats://a , b:2,, ", ["nats://a", "nats://b:2"]),
        (["tls://a", "ws://b,wss://c"], ["tls://a", "ws://b", "wss://c"]),
        (("nats://[::1]:4222",), ["nats://[::1]:4222"]),
        ("nats://user:secret@a", ["nats://user:secret@a"]),
    ],
)
def test_addresses(given: Any, urls: list[str]) -> None:
    assert parse_servers(given) == urls


@pytest.mark.parametrize(
    "bad", ["http://a", "nats://", "nats://:4222", "a:b", "a:0", "a:65536", "nats://[::1", "://a"]
)
def test_addresses_that_are_none(bad: str) -> None:
    with pytest.raises(ResolverError, match=r"is no address of a server.*nats, tls, ws, wss"):
        parse_servers(["nats://good", bad])


@pytest.mark.parametrize("empty", ["", " , ", [], [" "]])
def test_no_address(empty: Any) -> None:
    with pytest.raises(ResolverError, match="there is no server"):
        parse_servers(empty)


@pytest.mark.parametrize("bad", [5, None, b"nats://a", ["nats://a", 5], [None]])
def test_addresses_of_another_type(bad: Any) -> None:
    with pytest.raises(UsageError, match="expected the URLs of servers"):
        parse_servers(bad)


def test_a_password_in_an_address_is_not_repeated() -> None:
    url = "nats://user:se" + "cret@host:99999"
    with pytest.raises(ResolverError) as caught:
        parse_servers(url)
    assert "'host:99999' is no address" in str(caught.value)
    assert "se" + "cret" not in shown(caught.value)


def test_the_temporary_user() -> None:
    creds = temporary_creds(SYSTEM_ACCOUNT, STRICT, PLAIN, inbox=INBOX, now=IAT + 0.5)
    claims = creds.token.claims
    assert claims.to_dict() == {
        "jti": claims.jti,
        "iat": IAT,
        "exp": IAT + 120,
        "iss": PLAIN.public_key,
        "sub": creds.public_key,
        "name": "natsauth temporary push user",
        "nats": {
            "pub": {
                "allow": [
                    "$SYS.REQ.SERVER.PING",
                    "$SYS.REQ.CLAIMS.UPDATE",
                    "$SYS.REQ.CLAIMS.LIST",
                    "$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP",
                ]
            },
            "sub": {"allow": [INBOX]},
            "subs": -1,
            "data": -1,
            "payload": -1,
            "issuer_account": SYSTEM.public_key,
            "type": "user",
            "version": 2,
        },
    }
    assert creds.reveal_seed().startswith("SU")
    other = temporary_creds(SYSTEM_ACCOUNT, STRICT, PLAIN, inbox=INBOX, lifetime=5, now=IAT)
    assert other.token.claims.exp == IAT + 5
    assert other.public_key != creds.public_key


@pytest.mark.parametrize("of", [LENIENT, STRICT])
def test_a_plain_signing_key_signs(of: Token[OperatorClaims]) -> None:
    signers = (PLAIN, nkeys.from_seed(bytearray(PLAIN.reveal_seed().encode())))
    for signer in signers:
        creds = temporary_creds(SYSTEM_ACCOUNT, of, signer, inbox=INBOX, now=IAT)
        assert creds.token.claims.iss == PLAIN.public_key


def test_the_identity_key_signs_unless_the_operator_is_strict() -> None:
    creds = temporary_creds(SYSTEM_ACCOUNT, LENIENT, SYSTEM, inbox=INBOX, now=IAT)
    assert creds.token.claims.iss == SYSTEM.public_key
    with pytest.raises(TrustError, match=r"identity key .*strict.*signing key of the account"):
        temporary_creds(SYSTEM_ACCOUNT, STRICT, SYSTEM, inbox=INBOX, now=IAT)


@pytest.mark.parametrize("of", [LENIENT, STRICT])
def test_a_scoped_signing_key_does_not(of: Token[OperatorClaims]) -> None:
    with pytest.raises(TrustError, match=f"{SCOPED.public_key} .*scope.*without a scope, or .*cre"):
        temporary_creds(SYSTEM_ACCOUNT, of, SCOPED, inbox=INBOX, now=IAT)


def test_nor_does_any_other_key() -> None:
    with pytest.raises(TrustError, match="no signing key of account"):
        temporary_creds(SYSTEM_ACCOUNT, STRICT, OTHER_ACCOUNT, inbox=INBOX, now=IAT)
    with pytest.raises(IssuerError):
        temporary_creds(SYSTEM_ACCOUNT, STRICT, OPERATOR, inbox=INBOX, now=IAT)
    with pytest.raises(UsageError, match="expected a signer"):
        temporary_creds(SYSTEM_ACCOUNT, STRICT, object(), inbox=INBOX)  # type: ignore[arg-type]
    wiped = KeyPair(KeyType.ACCOUNT, bytes([13]) * 32)
    wiped.wipe()
    with pytest.raises(SecretError):
        temporary_creds(SYSTEM_ACCOUNT, STRICT, wiped, inbox=INBOX, now=IAT)


def test_the_system_account_is_that_of_the_operator() -> None:
    other = account(OTHER_ACCOUNT, signing_keys=[PLAIN.public_key])
    message = f"{OTHER_ACCOUNT.public_key} is not the system account .* {SYSTEM.public_key} "
    with pytest.raises(TrustError, match=message):
        temporary_creds(other, STRICT, PLAIN, inbox=INBOX, now=IAT)
    unnamed = operator(system_account="")  # the configuration of the server may name it
    creds = temporary_creds(other, unnamed, PLAIN, inbox=INBOX, now=IAT)
    assert creds.token.claims.account == OTHER_ACCOUNT.public_key


def test_the_system_account_is_one_that_the_servers_take() -> None:
    for bad, message in [
        (account(SYSTEM, SYSTEM, signing_keys=[PLAIN.public_key]), "signed by itself"),
        (account(SYSTEM, exp=IAT, signing_keys=[PLAIN.public_key]), "expired"),
    ]:
        with pytest.raises(TrustError, match=message):
            temporary_creds(bad, STRICT, PLAIN, inbox=INBOX, now=IAT)
    with pytest.raises(ClaimTypeError):
        temporary_creds(STRICT, STRICT, PLAIN, inbox=INBOX)  # type: ignore[arg-type]
    with pytest.raises(ClaimTypeError):
        temporary_creds(SYSTEM_ACCOUNT, SYSTEM_ACCOUNT, PLAIN, inbox=INBOX)  # type: ignore[arg-type]


def refusal(*tokens: Any, of: Token[OperatorClaims] = STRICT, max_payload: int = 1 << 20) -> str:
    with pytest.raises(ResolverError) as caught:
        preflight(tokens, of, max_payload=max_payload, now=IAT)
    return str(caught.value)


def test_accounts_that_may_be_sent() -> None:
    good = [account(), account(OTHER_ACCOUNT, exp=IAT + 1, nbf=IAT)]
    size = max(len(token.encoded) for token in good)
    claims = preflight(iter(good), STRICT, max_payload=size, now=IAT)
    assert [c.to_json() for c in claims] == [t.claims.to_json() for t in good]
    assert preflight([], STRICT, max_payload=0) == []
    by_identity = account(signer=OPERATOR)
    assert len(preflight([by_identity], LENIENT, max_payload=size, now=IAT)) == 1


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (account(signer=OPERATOR), "is signed by the identity key"),
        (account(signer=ACCOUNT), "is signed by itself"),
        (account(signer=KeyPair(KeyType.OPERATOR, bytes([21]) * 32)), "which is no key of operato"),
        (account(exp=IAT), "expired at"),
        (account(nbf=IAT + 1), "is not valid before"),
        (account(signing_keys=["foo"]), "$.nats.signing_keys"),
        (account(description="x" * 8193), "$.nats.description"),
    ],
)
def test_accounts_that_are_not_sent(bad: Token[AccountClaims], reason: str) -> None:
    text = refusal(account(OTHER_ACCOUNT), bad)
    assert text.startswith(f"nothing was sent: account {ACCOUNT.public_key!r}")
    assert reason in text
    assert OTHER_ACCOUNT.public_key not in text


def test_every_reason_of_every_account_is_named() -> None:
    user = encode(UserClaims(sub=USER.public_key), ACCOUNT, now=IAT)
    bad = account(signer=ACCOUNT, exp=IAT - 5, signing_keys=["foo"], description="x" * 8193)
    size = len(bad.encoded)
    text = refusal(user, bad, account(OTHER_ACCOUNT, nbf=IAT + 9), max_payload=size - 1)
    for reason in (
        f"nothing was sent: user {USER.public_key!r} is no account; ",
        "is signed by itself",
        "5 s ago",
        "$.nats.signing_keys",
        "$.nats.description",
        f"the token has {size} bytes, the server takes {size - 1}",
        f"{OTHER_ACCOUNT.public_key!r} is not valid before",
        "(hint: have the operator sign the account)",
    ):
        assert reason in text
    assert "(hint: raise max_payload" in refusal(account(), max_payload=10)
    assert "hint" not in refusal(user)


def test_what_counts_is_the_text_of_a_token() -> None:
    edited = account()
    edited.claims.iss = "O"
    edited.claims.nats.signing_keys = ["foo"]
    [claims] = preflight([edited], STRICT, max_payload=1 << 20, now=IAT)
    assert claims.nats.signing_keys == []


@pytest.mark.parametrize("bad", [None, "eyJ", account().encoded, AccountClaims()])
def test_only_tokens_are_sent(bad: Any) -> None:
    with pytest.raises(UsageError, match="expected a Token of AccountClaims"):
        preflight([account(), bad], STRICT, max_payload=1 << 20, now=IAT)


def test_whatever_token_there_is_gets_a_documented_error() -> None:
    seen = 0
    for record in records("decode.jsonl"):
        try:
            token: Token[Any] = decode(record["token"])
        except (TokenError, ClaimsError):
            continue
        seen += 1
        with pytest.raises(ResolverError, match=r"^nothing was sent: "):
            preflight([token], LENIENT, max_payload=1 << 20, now=IAT)
    assert seen > 100


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, 1.0), (0.25, 0.25), (timedelta(milliseconds=1500), 1.5), (timedelta(days=1), 86400.0)],
)
def test_durations(value: Any, expected: float) -> None:
    assert seconds("timeout", value) == expected


@pytest.mark.parametrize(
    "bad",
    [0, -1, True, None, "5", float("nan"), float("inf"), 10**400, timedelta(0), timedelta.max],
)
def test_durations_that_are_none(bad: Any) -> None:
    with pytest.raises(UsageError, match="timeout is a timedelta or seconds, more than 0"):
        seconds("timeout", bad)


@pytest.mark.parametrize(
    ("error", "reason", "hint"),
    [
        (None, "it was closed", ""),
        (TimeoutError(), "no answer in time", ""),
        (nats_errors.TimeoutError(), "no answer in time", ""),
        (OSError(), "OSError", ""),
        (AttributeError("'a' of 'b'"), "'a' of 'b'", ""),
        (nats_errors.UnexpectedEOF(), "unexpected EOF", ""),
        (
            nats_errors.Error("nats: 'Authorization Violation'"),
            "Authorization Violation",
            "the server trusts another operator",
        ),
        (nats_errors.Error("nats: account expired"), "account expired", "lifetime="),
        (OSError(111, "Connect call failed"), "[Errno 111] Connect call failed", "start the"),
    ],
)
def test_explanations(error: Exception | None, reason: str, hint: str) -> None:
    words, cure = explain(error)
    assert words == reason
    assert bool(cure) is bool(hint)
    assert hint in cure
