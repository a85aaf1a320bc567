"""From a JSON document to the claims of its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth._json import JsonError, dumps, loads
from natsauth._wire import read_document
from natsauth.claims.account import AccountClaims
from natsauth.claims.activation import ActivationClaims
from natsauth.claims.authorization import AuthorizationRequestClaims, AuthorizationResponseClaims
from natsauth.claims.generic import GenericClaims
from natsauth.claims.operator import OperatorClaims
from natsauth.claims.user import UserClaims
from natsauth.errors import ClaimsError, Problem, UsageError

if TYPE_CHECKING:
    from natsauth.claims.base import Claims

CLAIMS: dict[str, type[Claims]] = {
    cls.kind: cls
    for cls in (
        OperatorClaims,
        AccountClaims,
        UserClaims,
        ActivationClaims,
        AuthorizationRequestClaims,
        AuthorizationResponseClaims,
    )
}
"""The class of each kind that has one of its own."""


def parse_claims(document: str | bytes | dict[str, Any], kind: str) -> Claims:
    """Read claims from JSON, without a signature.

    What is missing reads as in Go: numbers as 0, not as the -1 of new claims.

    Args:
        document: JSON text, or the plain objects of it.
        kind: What the JSON calls the kind: ``"user"``, ``"account"``, ``"operator"``,
            ``"activation"``, ``"authorization_request"``, ``"authorization_response"``, or
            ``"generic"`` for any other.

    Raises:
        ClaimsError: The document is not JSON of this kind; every problem is named.
        UsageError: There is no such kind, or the document is none of the three types.
    """
    classes = {**CLAIMS, GenericClaims.kind: GenericClaims}
    try:
        cls = classes[kind]
    except (KeyError, TypeError):
        expected = ", ".join(map(repr, classes))
        message = f"there are no claims of kind {kind!r:.80}; expected one of {expected}"
        raise UsageError(message) from None
    try:
        if isinstance(document, dict):
            document = dumps(document)  # a document of one's own: the claims share nothing with it
        if not isinstance(document, str | bytes):
            raise UsageError(f"expected JSON text or a dict, got {type(document).__name__}")
        parsed = loads(document)
    except JsonError as error:
        raise ClaimsError([Problem("$", f"not JSON: {error}")]) from None
    return read_document(cls, parsed)
