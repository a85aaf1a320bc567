"""Auth callout claims, with the secrets of connections in them."""

from __future__ import annotations

import pytest

from natsauth._wire import read_document, write_document
from natsauth.claims import (
    AuthorizationRequest,
    AuthorizationRequestClaims,
    AuthorizationResponse,
    AuthorizationResponseClaims,
    ClientInformation,
    ClientTLS,
    ConnectOptions,
    ServerID,
)
from natsauth.errors import ClaimsError
from natsauth.keys import KeyType
from natsauth.token import decode, encode
from tests._tokens import ACCOUNT, IAT, SERVER, USER, forge, full
from tests._vectors import SPEC

GO = {row["name"]: row["token"] for row in SPEC["encode_v2"]}


def test_requests_and_responses_are_those_of_go() -> None:
    body = AuthorizationRequest(server_id=ServerID(name="NATS-1"), user_nkey=USER.public_key)
    request = AuthorizationRequestClaims(sub=USER.public_key, nats=body)
    assert encode(request, SERVER, now=IAT).encoded == GO["authreq min"]
    refusal = AuthorizationResponse(error="nope", issuer_account=ACCOUNT.public_key)
    response = AuthorizationResponseClaims(sub=USER.public_key, aud=SERVER.public_key, nats=refusal)
    assert encode(response, ACCOUNT, now=IAT).encoded == GO["authresp err"]
    response.nats = AuthorizationResponse(jwt=GO["user min"])
    assert encode(response, ACCOUNT, now=IAT).encoded == GO["authresp"]


def test_what_makes_them() -> None:
    assert AuthorizationRequestClaims.kind == "authorization_request"
    assert AuthorizationResponseClaims.kind == "authorization_response"
    assert AuthorizationRequestClaims.issuers == {KeyType.SERVER}
    assert AuthorizationResponseClaims.issuers == {KeyType.ACCOUNT}
    assert AuthorizationRequestClaims.subject_role is None
    assert AuthorizationResponseClaims.subject_role is None


def test_secrets_of_a_connection_are_not_described() -> None:
    claims = full("authorization_request")
    assert isinstance(claims, AuthorizationRequestClaims)
    secrets = {"jwt": "s3cret-a", "sig": "s3cret-b", "auth_token": "s3cret-c", "pass_": "s3cret-d"}
    for name, secret in secrets.items():
        setattr(claims.nats.connect_opts, name, secret)
    response = AuthorizationResponse(jwt="s3cret-e", error="shown")
    token = encode(claims, SERVER)
    for described in (claims, claims.nats, claims.nats.connect_opts, token, response):
        assert "s3cret" not in f"{described!r} {described}"
    assert "error='shown'" in repr(response)
    assert '"pass":"s3cret-d"' in claims.to_json()


def test_the_password_has_its_name_of_the_wire() -> None:
    options = read_document(ConnectOptions, {"pass": "p", "protocol": 1})
    assert (options.pass_, options.protocol) == ("p", 1)
    assert write_document(options) == '{"pass":"p","protocol":1}'


def test_the_number_of_a_connection_is_unsigned() -> None:
    assert read_document(ClientInformation, {"id": 2**64 - 1}).id == 2**64 - 1
    for wrong in (-1, 2**64, 1.0):
        with pytest.raises(ClaimsError, match=r"^\$\.id: expected integer from 0 to "):
            read_document(ClientInformation, {"id": wrong})


def test_chains_of_certificates_may_be_null() -> None:
    tls = read_document(ClientTLS, {"verified_chains": [["a", None], None, []]})
    assert tls.verified_chains == [["a", ""], None, []]
    assert write_document(tls) == '{"verified_chains":[["a",""],null,[]]}'
    with pytest.raises(ClaimsError, match=r"^\$\.verified_chains\[1\]\[0\]: expected string"):
        read_document(ClientTLS, {"verified_chains": [[], [5]]})


def test_the_version_is_not_looked_at_as_in_go() -> None:
    body = {"sub": "x", "nats": {"type": "authorization_request"}}
    for version, old in ((None, True), (0, True), (-7, True), (1, True), (2, False)):
        body["nats"] = {"type": "authorization_request", "version": version}
        claims = decode(forge(body, SERVER, old=old), AuthorizationRequestClaims).claims
        assert claims.nats.version == (version or 0)
    top = {"type": "authorization_request", "nats": {"user_nkey": "U"}}
    claims = decode(forge(top, SERVER, old=True), AuthorizationRequestClaims).claims
    assert (claims.nats.user_nkey, claims.nats.type) == ("U", "")
