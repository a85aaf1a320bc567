"""Claims of every kind, and the objects they are made of."""

from natsauth.claims.account import (
    Account,
    AccountClaims,
    ExternalAuthorization,
    MsgTrace,
    WeightedMapping,
)
from natsauth.claims.activation import Activation, ActivationClaims
from natsauth.claims.authorization import (
    AuthorizationRequest,
    AuthorizationRequestClaims,
    AuthorizationResponse,
    AuthorizationResponseClaims,
    ClientInformation,
    ClientTLS,
    ConnectOptions,
    ServerID,
)
from natsauth.claims.base import ANY, NO_LIMIT, Claims
from natsauth.claims.exchange import Export, Import, ServiceLatency
from natsauth.claims.generic import GenericClaims
from natsauth.claims.limits import JetStreamLimits, OperatorLimits
from natsauth.claims.operator import Operator, OperatorClaims
from natsauth.claims.parse import CLAIMS, parse_claims
from natsauth.claims.permissions import (
    CONNECTION_TYPES,
    Permission,
    Permissions,
    ResponsePermission,
    TimeRange,
    UserPermissionLimits,
)
from natsauth.claims.signing_keys import SigningKey, UserScope
from natsauth.claims.user import User, UserClaims

__all__ = [
    "ANY",
    "CLAIMS",
    "CONNECTION_TYPES",
    "NO_LIMIT",
    "Account",
    "AccountClaims",
    "Activation",
    "ActivationClaims",
    "AuthorizationRequest",
    "AuthorizationRequestClaims",
    "AuthorizationResponse",
    "AuthorizationResponseClaims",
    "Claims",
    "ClientInformation",
    "ClientTLS",
    "ConnectOptions",
    "Export",
    "ExternalAuthorization",
    "GenericClaims",
    "Import",
    "JetStreamLimits",
    "MsgTrace",
    "Operator",
    "OperatorClaims",
    "OperatorLimits",
    "Permission",
    "Permissions",
    "ResponsePermission",
    "ServerID",
    "ServiceLatency",
    "SigningKey",
    "TimeRange",
    "User",
    "UserClaims",
    "UserPermissionLimits",
    "UserScope",
    "WeightedMapping",
    "parse_claims",
]
