"""Claims of every kind as tables, the four of nsc's as nsc draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth._json import dumps
from natsauth.claims import AccountClaims, ActivationClaims, OperatorClaims, UserClaims
from natsauth.cli._describe_account import describe_account, describe_scope
from natsauth.cli._describe_parts import claim_rows, limit_rows, permission_rows, yes_no
from natsauth.cli._tables import Table
from natsauth.errors import ClaimsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.claims import Claims, UserScope
    from natsauth.cli._describe_account import NameOf

_SECRET = frozenset({"auth_token", "jwt", "pass", "sig", "token"})
"""Members in which servers and services hand secrets on."""


def describe(
    claims: Claims, *, name_of: NameOf = str, scope: UserScope | None = None
) -> list[Table]:
    """Return the tables about claims of any kind.

    Args:
        claims: The claims.
        name_of: What an account is called, by its public key.
        scope: The scope that gives a user its permissions, which is described, too.
    """
    match claims:
        case AccountClaims():
            return describe_account(claims, name_of)
        case ActivationClaims():
            return [_activation(claims)]
        case OperatorClaims():
            return [_operator(claims, name_of)]
        case UserClaims():
            return [_user(claims), describe_scope(scope)] if scope else [_user(claims)]
    return [_other(claims)]


def _operator(claims: OperatorClaims, name_of: NameOf) -> Table:
    operator = claims.nats
    table = Table("Operator Details")
    claim_rows(table, claims, "Operator ID", tags=operator.tags)
    if operator.account_server_url:
        table.row("Account JWT Server", operator.account_server_url)
    table.column("Operator Service URLs", operator.operator_service_urls)
    if key := operator.system_account:
        name = name_of(key)
        table.row("System Account", key if name == key else f"{key} / {name}")
    table.row("Require Signing Keys", f"{operator.strict_signing_key_usage}".lower())
    if operator.signing_keys:
        table.rule()
        table.column("Signing Keys", operator.signing_keys)
    return table


def _user(claims: UserClaims) -> Table:
    user = claims.nats
    table = Table("User")
    claim_rows(table, claims, "User ID", tags=user.tags, issuer_account=user.issuer_account)
    if user.is_empty():
        table.row("Issuer Scoped", "Yes")
        return table
    table.row("Bearer Token", yes_no(user.bearer_token))
    permission_rows(table, user)
    table.rule()
    limit_rows(table, user)
    if user.allowed_connection_types:
        table.rule()
        table.column("Allowed Connection Types", user.allowed_connection_types)
    return table


def _activation(claims: ActivationClaims) -> Table:
    activation = claims.nats
    table = Table("Activation")
    claim_rows(
        table,
        claims,
        "Account ID",
        tags=activation.tags,
        issuer_account=activation.issuer_account,
    )
    table.rule()
    table.row("Hash ID", _hash_id(claims))
    table.rule()
    table.row("Import Type", (activation.kind or "unknown").title())
    table.row("Import Subject", activation.subject)
    table.rule()
    return table


def _hash_id(claims: ActivationClaims) -> str:
    try:
        return claims.hash_id()
    except ClaimsError:
        return ""


def _other(claims: Claims) -> Table:
    """Describe what nsc does not: each member of the body by its path."""
    body: Any = claims.to_dict().get("nats") or {}
    title = claims.kind if claims.kind != "generic" else str(body.get("type", "generic"))
    table = Table(title.replace("_", " ").title())
    claim_rows(table, claims, "Subject", tags=None)
    if claims.aud:
        table.row("Audience", claims.aud)
    table.rule()
    for path, value in _leaves(body):
        table.row(path, value)
    return table


def _leaves(body: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, value in body.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{path}{name}.")
        elif name in _SECRET:
            yield path + name, "(not shown)"
        else:
            yield path + name, value if isinstance(value, str) else dumps(value)
