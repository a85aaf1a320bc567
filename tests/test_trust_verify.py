from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from natsauth.errors import ClaimTypeError, SignatureError, TrustError, UsageError
from natsauth.trust import Policy, allowed_issuers, maximum_life, not_bearer, verify_chain
from tests._chains import NOW, PLAIN, STRANGER, account, operator, user

HOUR = maximum_life(timedelta(hours=1))


def test_the_claims_are_those_of_the_token() -> None:
    held = user(exp=NOW + 60)
    held.claims.name = "edited"
    policies = [HOUR, not_bearer()]
    assert verify_chain(held, account(), operator(), policies=policies, now=NOW).name == ""
    for kind in (str.__str__, str.encode):
        texts: Any = [kind(token.encoded) for token in (held, account(), operator())]
        claims = verify_chain(*texts, policies=policies, now=NOW)
        assert claims == user(exp=NOW + 60).claims


def test_every_failing_rule_and_policy_is_named() -> None:
    with pytest.raises(TrustError) as caught:
        verify_chain(
            user(STRANGER, bearer_token=True, exp=NOW - 5),
            account(),
            operator(),
            policies=(HOUR, not_bearer(), allowed_issuers(PLAIN.public_key)),
            now=NOW,
        )
    message = str(caught.value)
    assert re.search("expired.*no signing key of.*not_bearer: .*allowed_issuers: ", message)
    assert "maximum_life" not in message
    assert caught.value.hint == "issue the user a new token"


def test_the_time_is_now_unless_given() -> None:
    with pytest.raises(TrustError, match="expired"):
        verify_chain(user(exp=NOW), account(), operator())
    assert verify_chain(user(exp=NOW), account(), operator(), now=NOW).exp == NOW


def test_a_policy_of_ones_own() -> None:
    named = Policy("named", lambda chain: "" if chain.user.name else "the user has no name")
    with pytest.raises(TrustError, match=r"named: the user has no name \(hint: issue"):
        verify_chain(user(), account(), operator(), policies=[named], now=NOW)


def test_bad_input() -> None:
    wrong: Any = operator()
    with pytest.raises(ClaimTypeError):
        verify_chain(wrong, account(), operator())
    with pytest.raises(SignatureError):
        verify_chain(user().encoded[:-8] + "AAAAAAAA", account(), operator())
    bad: Any
    for bad in (None, 5, user().claims):
        with pytest.raises(UsageError):
            verify_chain(bad, account(), operator())
    bad = HOUR
    with pytest.raises(UsageError, match="tuple"):
        verify_chain(user(), account(), operator(), policies=bad)
    with pytest.raises(UsageError, match=r"not_bearer\(\)"):
        verify_chain(user(), account(), operator(), policies=[not_bearer])  # type: ignore[list-item]
    with pytest.raises(UsageError):
        verify_chain(user(), account(), operator(), now="now")  # type: ignore[arg-type]
