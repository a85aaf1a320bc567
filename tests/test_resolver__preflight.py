from __future__ import annotations

from typing import Any

import pytest

from natsauth.claims import Account, AccountClaims, Operator, OperatorClaims, UserClaims
from natsauth.errors import (
    ClaimsError,
    KeyRoleError,
    KeyTextError,
    ResolverError,
    TokenError,
    UsageError,
)
from natsauth.keys import KeyPair, KeyType
from natsauth.resolver._preflight import account_key, account_keys, check, claims_of, require_good
from natsauth.token import Token, decode, encode
from tests._tokens import ACCOUNT, IAT, OPERATOR, OTHER_ACCOUNT, USER
from tests._vectors import records

SIGNING = KeyPair(KeyType.OPERATOR, bytes([11]) * 32)


def operator(**body: Any) -> OperatorClaims:
    return OperatorClaims(
        sub=OPERATOR.public_key, nats=Operator(signing_keys=[SIGNING.public_key], **body)
    )


LENIENT, STRICT = operator(), operator(strict_signing_key_usage=True)


def account(
    owner: KeyPair = ACCOUNT, signer: KeyPair = SIGNING, *, exp: int = 0, nbf: int = 0, **body: Any
) -> Token[AccountClaims]:
    claims = AccountClaims(sub=owner.public_key, exp=exp, nbf=nbf, nats=Account(**body))
    return encode(claims, signer, now=IAT)


def refusal(*tokens: Any, of: OperatorClaims = STRICT, max_payload: int = 1 << 20) -> str:
    checked = [check(token, of, max_payload=max_payload, now=IAT) for token in tokens]
    with pytest.raises(ResolverError) as caught:
        require_good(checked)
    return str(caught.value)


def test_accounts_that_may_be_sent() -> None:
    good = [account(), account(OTHER_ACCOUNT, exp=IAT + 1, nbf=IAT)]
    size = max(len(token.encoded) for token in good)
    checked = [check(token, STRICT, max_payload=size, now=IAT) for token in good]
    require_good(checked)
    require_good([])
    assert [c.claims.to_json() for c in checked] == [t.claims.to_json() for t in good]
    assert [c.token for c in checked] == good
    by_identity = account(signer=OPERATOR)
    assert check(by_identity, LENIENT, max_payload=size, now=IAT).problems == ()
    assert check(account(), STRICT, max_payload=size).problems == ()


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
    checked = check(edited, STRICT, max_payload=1 << 20, now=IAT)
    assert checked.problems == ()
    assert isinstance(checked.claims, AccountClaims)
    assert checked.claims.nats.signing_keys == []


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("bad", [None, "eyJ", account().encoded, AccountClaims()])
def test_only_tokens_are_sent(bad: Any, *, force: bool) -> None:
    with pytest.raises(UsageError, match="expected a Token of AccountClaims"):
        check(bad, STRICT, max_payload=1 << 20, force=force, now=IAT)


def test_force() -> None:
    user: Token[Any] = encode(UserClaims(sub=USER.public_key), ACCOUNT, now=IAT)
    bad = account(signer=ACCOUNT, exp=IAT - 5, signing_keys=["foo"])
    for token in (user, bad):
        assert check(token, STRICT, max_payload=1 << 20, force=True, now=IAT).problems == ()
    # The server would close the connection.
    [problem] = check(bad, STRICT, max_payload=10, force=True, now=IAT).problems
    assert "the server takes 10" in problem


def test_servers_whose_operator_is_older() -> None:
    old = frozenset([OPERATOR.public_key])
    new = old | {SIGNING.public_key}
    for token, trusted, problem in (
        (account(), {"n1": new, "n2": new}, ""),
        (account(), {}, ""),
        (account(), {"n2": old, "n1": old, "n3": new}, "n1, n2 would not serve account "),
        (account(signer=ACCOUNT), {"n1": old}, "is signed by itself"),
    ):
        checked = check(token, LENIENT, max_payload=1 << 20, trusted=trusted, now=IAT)
        assert len(checked.problems) == bool(problem)
        assert problem in "".join(checked.problems)
        forced = check(token, LENIENT, max_payload=1 << 20, trusted=trusted, force=True, now=IAT)
        assert forced.problems == ()
    checked = check(account(), LENIENT, max_payload=1 << 20, trusted={"n1": old}, now=IAT)
    assert f"{SIGNING.public_key} is not to sign it" in checked.problems[0]
    assert checked.hint.startswith("put the operator's present token into the configuration")


def test_whatever_token_there_is_has_something_wrong() -> None:
    seen = 0
    for record in records("decode.jsonl"):
        try:
            token: Token[Any] = decode(record["token"])
        except (TokenError, ClaimsError):
            continue
        seen += 1
        assert check(token, LENIENT, max_payload=1 << 20, now=IAT).problems
        assert check(token, LENIENT, max_payload=1 << 20, force=True).problems == ()
    assert seen > 100


def test_keys_of_accounts() -> None:
    key = ACCOUNT.public_key
    edited = account()
    edited.claims.sub = "A"
    for given in (account(), edited, ACCOUNT.public, key):
        assert account_key(given) == key
    keys: list[Any] = [OTHER_ACCOUNT.public_key, key, account()]
    assert account_keys(iter(keys)) == [OTHER_ACCOUNT.public_key, key]
    assert account_keys([]) == []
    assert claims_of(edited).sub == key


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ("A", KeyTextError),
        (USER.public_key, KeyRoleError),
        (encode(UserClaims(sub=USER.public_key), ACCOUNT, now=IAT), KeyRoleError),
        (None, UsageError),
    ],
)
def test_what_is_no_account(bad: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        account_key(bad)
    with pytest.raises(error):
        account_keys([account(), bad])


@pytest.mark.parametrize("bad", [ACCOUNT.public_key, account(), None, 5])
def test_what_are_not_several_accounts(bad: Any) -> None:
    with pytest.raises(UsageError, match="expected several accounts"):
        account_keys(bad)
