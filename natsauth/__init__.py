"""NATS decentralized authentication in Python: operators, accounts, users, and what they sign.

::

    from natsauth import KeyPair, KeyType, Permission, User, UserClaims, decode, encode

    account, user = KeyPair.generate(KeyType.ACCOUNT), KeyPair.generate(KeyType.USER)
    claims = UserClaims(sub=user.public_key, nats=User(pub=Permission(allow=["orders.>"])))
    token = encode(claims, account)
    assert decode(token.encoded, UserClaims).claims.nats.pub.allow == ["orders.>"]

Every name is loaded at its first use, so that importing the package costs next to nothing. Type
checkers read ``__init__.pyi``.
"""

__version__ = "0.1.0"

_MODULES = {
    "natsauth.claims": """
        Account AccountClaims Activation ActivationClaims AuthorizationRequest
        AuthorizationRequestClaims AuthorizationResponse AuthorizationResponseClaims Claims
        ClientInformation ClientTLS ConnectOptions Export ExternalAuthorization GenericClaims Import
        JetStreamLimits MsgTrace Operator OperatorClaims OperatorLimits Permission Permissions
        ResponsePermission ServerID ServiceLatency TimeRange User UserClaims UserPermissionLimits
        UserScope WeightedMapping parse_claims
    """,
    "natsauth.config": "render_resolver",
    "natsauth.creds": "Creds",
    "natsauth.errors": "NatsAuthError",
    "natsauth.keys": "KeyPair KeyType PublicKey",
    "natsauth.shortcuts": "encode_user",
    "natsauth.signing": "AsyncSigner Signer",
    "natsauth.token": "Token UnsignedToken decode encode encode_async peek_unverified prepare",
    "natsauth.trust": "TrustReport check_account check_user",
    "natsauth.validation": "ValidationReport validate",
    "natsauth.xkeys": "CurveKeyPair",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 - the names stand in _MODULES


def __getattr__(name: str) -> object:
    """Load a public name from its module."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'natsauth' has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *_HOMES})
