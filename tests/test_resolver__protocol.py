from __future__ import annotations

from datetime import timedelta
from typing import Any

import nkeys
import pytest
from nats import errors as nats_errors

from natsauth.claims import (
    Account,
    AccountClaims,
    GenericClaims,
    Operator,
    OperatorClaims,
    UserScope,
)
from natsauth.errors import (
    ClaimTypeError,
    IssuerError,
    SecretError,
    TrustError,
    UsageError,
)
from natsauth.keys import KeyPair, KeyType
from natsauth.resolver._protocol import delete_request, explain, seconds, temporary_creds
from natsauth.token import Token, decode, encode
from tests._tokens import ACCOUNT, IAT, OPERATOR, OTHER_ACCOUNT

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
                    "$SYS.REQ.SERVER.PING.VARZ",
                    "$SYS.REQ.CLAIMS.UPDATE",
                    "$SYS.REQ.ACCOUNT.*.CLAIMS.UPDATE",
                    "$SYS.REQ.CLAIMS.LIST",
                    "$SYS.REQ.CLAIMS.PACK",
                    "$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP",
                    "$SYS.REQ.CLAIMS.DELETE",
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


def test_a_temporary_user_that_only_looks() -> None:
    creds = temporary_creds(SYSTEM_ACCOUNT, STRICT, PLAIN, inbox=INBOX, read_only=True, now=IAT)
    body = creds.token.claims.nats
    assert body.pub.allow == [
        "$SYS.REQ.SERVER.PING",
        "$SYS.REQ.SERVER.PING.VARZ",
        "$SYS.REQ.CLAIMS.LIST",
        "$SYS.REQ.CLAIMS.PACK",
        "$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP",
    ]
    assert body.sub.allow == [INBOX]


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


@pytest.mark.parametrize(("of", "signer"), [(STRICT, SIGNING), (LENIENT, OPERATOR)])
def test_delete_requests(of: Token[OperatorClaims], signer: KeyPair) -> None:
    accounts = [ACCOUNT.public_key, OTHER_ACCOUNT.public_key]
    request = delete_request(accounts, of.claims, signer, now=IAT)
    claims = decode(request, GenericClaims).claims
    assert claims.to_dict() == {
        "jti": claims.jti,
        "iat": IAT,
        "iss": signer.public_key,
        "sub": signer.public_key,
        "nats": {"accounts": accounts, "version": 2},
    }


def test_a_foreign_signer_makes_delete_requests() -> None:
    signer = nkeys.from_seed(bytearray(SIGNING.reveal_seed().encode()))
    request = delete_request([], STRICT.claims, signer, now=IAT)
    assert decode(request).claims.iss == SIGNING.public_key


@pytest.mark.parametrize(
    ("of", "signer", "message"),
    [
        (STRICT, OPERATOR, r"may not delete .*strict, so that its identity key"),
        (STRICT, KeyPair(KeyType.OPERATOR, bytes([21]) * 32), "may not delete accounts of operato"),
        (LENIENT, ACCOUNT, f"{ACCOUNT.public_key} may not delete"),
    ],
)
def test_who_may_not_delete(of: Token[OperatorClaims], signer: KeyPair, message: str) -> None:
    with pytest.raises(TrustError, match=message):
        delete_request([ACCOUNT.public_key], of.claims, signer)


def test_delete_requests_of_no_signer() -> None:
    with pytest.raises(UsageError, match="expected a signer"):
        delete_request([], STRICT.claims, object())  # type: ignore[arg-type]
    wiped = KeyPair(KeyType.OPERATOR, bytes([11]) * 32)
    wiped.wipe()
    with pytest.raises(SecretError):
        delete_request([], STRICT.claims, wiped)


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
        (TimeoutError(), "no answer in time", "is it a NATS server"),
        (nats_errors.TimeoutError(), "no answer in time", "is it a NATS server"),
        (OSError(), "OSError", ""),
        (AttributeError("'a' of 'b'"), "'a' of 'b'", ""),
        (nats_errors.UnexpectedEOF(), "unexpected EOF", ""),
        (
            nats_errors.Error("nats: 'Authorization Violation'"),
            "Authorization Violation",
            "the server trusts another operator",
        ),
        (nats_errors.Error("nats: account expired"), "account expired", "lifetime="),
        (OSError(111, "Connect call failed"), "connection refused", "start the"),
        (OSError(-2, "Name or service not known"), "Name or service not known", "is it a NATS"),
    ],
)
def test_explanations(error: Exception | None, reason: str, hint: str) -> None:
    words, cure = explain(error)
    assert words == reason
    assert bool(cure) is bool(hint)
    assert hint in cure
