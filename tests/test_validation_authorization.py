"""Auth callout: requests and responses."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth.claims import (
    AuthorizationRequest,
    AuthorizationRequestClaims,
    AuthorizationResponse,
    AuthorizationResponseClaims,
)
from natsauth.validation import IssueCode, validate
from tests._tokens import ACCOUNT, IAT, SERVER, USER
from tests._validation import errors, issues


def _request(key: str) -> AuthorizationRequestClaims:
    return AuthorizationRequestClaims(nats=AuthorizationRequest(user_nkey=key))


def _response(**body: Any) -> AuthorizationResponseClaims:
    return AuthorizationResponseClaims(
        sub=USER.public_key, aud=SERVER.public_key, nats=AuthorizationResponse(**body)
    )


@pytest.mark.parametrize(("key", "good"), [(USER.public_key, True), ("", False), ("x", False)])
def test_a_request_names_a_user(key: str, *, good: bool) -> None:
    assert errors(_request(key)) == ([] if good else [(IssueCode.USER_KEY, "$.nats.user_nkey")])


@pytest.mark.parametrize("body", [{"jwt": "x"}, {"error": "x"}])
def test_a_response_has_a_token_or_an_error(body: dict[str, str]) -> None:
    assert issues(_response(**body, issuer_account=ACCOUNT.public_key)) == ()


def test_a_response_has_one_of_them() -> None:
    assert errors(_response()) == [(IssueCode.RESPONSE_EMPTY, "$.nats")]
    assert errors(_response(jwt="x", error="y")) == [(IssueCode.RESPONSE_AMBIGUOUS, "$.nats")]


def test_a_response_is_about_a_user_for_a_server() -> None:
    claims = _response(jwt="x", issuer_account=USER.public_key)
    claims.sub, claims.aud = claims.aud, claims.sub
    assert errors(claims) == [
        (IssueCode.USER_KEY, "$.sub"),
        (IssueCode.AUDIENCE, "$.aud"),
        (IssueCode.ISSUER_ACCOUNT, "$.nats.issuer_account"),
    ]


@pytest.mark.parametrize("claims", [_request(""), _response()])
def test_times_come_last(
    claims: AuthorizationRequestClaims | AuthorizationResponseClaims,
) -> None:
    claims.exp = IAT - 1
    body, time = validate(claims, now=IAT).issues
    assert body.blocking
    assert time.code is IssueCode.EXPIRED
