"""Auth callout claims: what a server asks about a connection, and what a service answers."""

from __future__ import annotations

from typing import ClassVar

from natsauth._codec import list_reader, list_writer, null_or, or_null, read_strings, write_strings
from natsauth._wire import (
    UINT64,
    WireObject,
    custom,
    integer,
    nested,
    optional,
    strings,
    text,
    wire,
)
from natsauth.claims.base import VERSION, Claims
from natsauth.keys import KeyType


@wire
class ServerID(WireObject):
    """The server that asks.

    Attributes:
        name: Its name.
        host: Its host.
        id: Its public key.
        version: Its version.
        cluster: Its cluster.
        tags: Its tags.
        xkey: Its public curve key for sealed answers.
    """

    name: str = text(keep=True)
    host: str = text(keep=True)
    id: str = text(keep=True)
    version: str = text()
    cluster: str = text()
    tags: list[str] | None = strings()
    xkey: str = text()


@wire
class ClientInformation(WireObject):
    """The connection, as the server sees it.

    Attributes:
        host: Address of the client.
        id: Number of the connection.
        user: Name of the user.
        name: Name the client gave itself.
        tags: Tags of the user.
        name_tag: Name tag of the account.
        kind: ``Client``, ``Leafnode``, …
        type: ``nats``, ``websocket``, ``mqtt``, …
        mqtt_id: MQTT client id.
        nonce: The nonce that the client signed.
    """

    host: str = text()
    id: int = integer(within=UINT64)
    user: str = text()
    name: str = text()
    tags: list[str] | None = strings()
    name_tag: str = text()
    kind: str = text()
    type: str = text()
    mqtt_id: str = text()
    nonce: str = text()


@wire
class ConnectOptions(WireObject):
    """What the client sent to connect. Its secrets are left out of ``repr``.

    Attributes:
        jwt: User token.
        nkey: Public key.
        sig: Signature of the nonce.
        auth_token: Token.
        user: User name.
        pass_: Password (``pass`` in JSON).
        name: Name the client gave itself.
        lang: Language of the client.
        version: Version of the client.
        protocol: Version of the protocol.
    """

    jwt: str = text(secret=True)
    nkey: str = text()
    sig: str = text(secret=True)
    auth_token: str = text(secret=True)
    user: str = text()
    pass_: str = text(name="pass", secret=True)
    name: str = text()
    lang: str = text()
    version: str = text()
    protocol: int = integer(keep=True)


@wire
class ClientTLS(WireObject):
    """The client's TLS connection.

    Attributes:
        version: TLS version.
        cipher: Cipher suite.
        certs: Certificates of the client, in PEM.
        verified_chains: Chains of certificates that verified, in PEM.
    """

    version: str = text()
    cipher: str = text()
    certs: list[str] | None = strings()
    verified_chains: list[list[str] | None] | None = custom(
        list_reader(or_null(read_strings)), list_writer(null_or(write_strings))
    )


@wire
class AuthorizationRequest(WireObject):
    """The body of an authorization request.

    Attributes:
        server_id: Who asks.
        user_nkey: Public user key that the answer must be about.
        client_info: Who connects.
        connect_opts: With what.
        client_tls: Over which TLS connection, or ``None``.
        request_nonce: Nonce of the request.
        tags: Free labels.
        type: Always ``authorization_request``.
        version: Always 2 once encoded.
    """

    server_id: ServerID = nested(ServerID)
    user_nkey: str = text(keep=True)
    client_info: ClientInformation = nested(ClientInformation)
    connect_opts: ConnectOptions = nested(ConnectOptions)
    client_tls: ClientTLS | None = optional(ClientTLS)
    request_nonce: str = text()
    tags: list[str] | None = strings()
    type: str = text("authorization_request")
    version: int = integer(VERSION)


@wire
class AuthorizationRequestClaims(Claims):
    """A server's question to an auth callout service. Signed by the server."""

    kind: ClassVar[str] = "authorization_request"
    issuers: ClassVar[frozenset[KeyType]] = frozenset({KeyType.SERVER})

    nats: AuthorizationRequest = nested(AuthorizationRequest)


@wire
class AuthorizationResponse(WireObject):
    """The body of an authorization response: a user token, or an error.

    Attributes:
        jwt: User token for the connection.
        error: Why it is refused; for the server's log.
        issuer_account: Public key of the callout account, when a signing key of it signs.
        tags: Free labels.
        type: Always ``authorization_response``.
        version: Always 2 once encoded.
    """

    jwt: str = text(secret=True)
    error: str = text()
    issuer_account: str = text()
    tags: list[str] | None = strings()
    type: str = text("authorization_response")
    version: int = integer(VERSION)


@wire
class AuthorizationResponseClaims(Claims):
    """An auth callout service's answer to a server. Signed by the callout account."""

    kind: ClassVar[str] = "authorization_response"
    issuers: ClassVar[frozenset[KeyType]] = frozenset({KeyType.ACCOUNT})

    nats: AuthorizationResponse = nested(AuthorizationResponse)
