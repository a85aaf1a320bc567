"""The rules of a chain, each in one place: what is wrong between two of its tokens.

They take claims of tokens that were verified, and are those of nats-server 2.15.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.claims.base import ANY
from natsauth.claims.signing_keys import SigningKey, UserScope, public_key_of
from natsauth.keys import KeyType, is_public_key
from natsauth.trust.report import TrustCode, TrustFinding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.claims.account import AccountClaims
    from natsauth.claims.operator import OperatorClaims
    from natsauth.claims.permissions import UserPermissionLimits
    from natsauth.claims.user import UserClaims


def trusted_keys(operator: OperatorClaims) -> frozenset[str]:
    """Return the public keys whose signatures on accounts a server of an operator takes."""
    strict = operator.nats.strict_signing_key_usage
    return frozenset([*(operator.nats.signing_keys or ()), *(() if strict else (operator.sub,))])


def account_findings(
    account: AccountClaims, operator: OperatorClaims, now: int
) -> Iterator[TrustFinding]:
    """Go through the reasons for which a server of an operator would not take an account.

    Args:
        account: The claims of a token that was verified.
        operator: The claims of the operator that the server trusts, verified likewise.
        now: The moment, in Unix seconds.
    """
    name = f"account {account.sub!r:.80}"
    if not is_public_key(account.sub, KeyType.ACCOUNT):
        yield TrustFinding(
            TrustCode.ACCOUNT_SUBJECT,
            f"{name}: the subject is not the public key of an account",
            "sign the account with its public key as sub",
        )
    if account.iss not in trusted_keys(operator):
        yield _untrusted_account(name, account, operator)
    # As its exp begins a server still loads an account, but serves none of its users any more.
    if account.exp and account.exp <= now:
        yield TrustFinding(
            TrustCode.ACCOUNT_EXPIRED,
            f"{name} expired at {account.exp}, {now - account.exp} s ago",
            "sign the account with a later exp, or none, and push it",
        )
    if account.nbf > now:
        yield TrustFinding(
            TrustCode.ACCOUNT_NOT_YET_VALID,
            f"{name} is not valid before {account.nbf}, in {account.nbf - now} s",
            "wait, or sign the account with an earlier nbf; compare the clocks",
        )


def time_findings(user: UserClaims, now: int) -> Iterator[TrustFinding]:
    """Go through what is wrong with the times of a user.

    Args:
        user: The user.
        now: The moment, in Unix seconds.
    """
    name = _name(user)
    if user.exp and user.exp < now:
        yield TrustFinding(
            TrustCode.USER_EXPIRED,
            f"{name} expired at {user.exp}, {now - user.exp} s ago",
            "issue the user a new token",
        )
    if user.nbf > now:
        yield TrustFinding(
            TrustCode.USER_NOT_YET_VALID,
            f"{name} is not valid before {user.nbf}, in {user.nbf - now} s",
            "wait, or issue the user a token with an earlier nbf; compare the clocks",
        )


def user_findings(
    user: UserClaims, account: AccountClaims, *, strict: bool
) -> Iterator[TrustFinding]:
    """Go through the reasons for which an account does not stand behind a user.

    Args:
        user: The user.
        account: The account it is to be a user of.
        strict: Whether identity keys sign no users.
    """
    if user.account != account.sub:
        # Nothing that the account says of its users concerns this one.
        yield _stranger(user, account, strict=strict)
        return
    rules = (
        unknown_signer(user, account, strict=strict),
        not_empty(user, account, strict=strict),
        forbidden_bearer(user, account, strict=strict),
        revoked(user, account),
    )
    yield from filter(None, rules)


def scope_of(user: UserClaims, account: AccountClaims, *, strict: bool) -> UserScope | None:
    """Return the scope that gives a user permissions and limits, or ``None``."""
    signer = _signers(account, strict=strict).get(user.iss)
    return signer if isinstance(signer, UserScope) else None


def limits_of(user: UserClaims, account: AccountClaims, *, strict: bool) -> UserPermissionLimits:
    """Return the permissions and limits that hold for a user: its own, or its scope's."""
    scope = scope_of(user, account, strict=strict)
    return scope.template if scope else user.nats


def unknown_signer(
    user: UserClaims, account: AccountClaims, *, strict: bool
) -> TrustFinding | None:
    """Say that the key that signed a user may not sign users of its account, if so."""
    if user.iss in _signers(account, strict=strict):
        return None
    name, owner = _name(user), _owner(account)
    if user.iss == account.sub:
        return TrustFinding(
            TrustCode.USER_STRICT,
            f"{name} is signed by the identity key of {owner}, whose operator's strict signing "
            "key usage leaves that to signing keys",
            "sign the user with a signing key of the account, and set its issuer_account",
        )
    return TrustFinding(
        TrustCode.USER_ISSUER,
        f"{name} is signed by {user.iss}, which is no signing key of {owner}",
        "sign the user with a key of the account, or add that key to its signing keys",
    )


def not_empty(user: UserClaims, account: AccountClaims, *, strict: bool) -> TrustFinding | None:
    """Say that a user of a scope has permissions or limits of its own, if so."""
    if scope_of(user, account, strict=strict) is None or user.nats.is_empty():
        return None
    return TrustFinding(
        TrustCode.USER_NOT_EMPTY,
        f"{_name(user)} has permissions or limits, although the scope of signing key {user.iss} "
        f"of {_owner(account)} gives them",
        "clear() the user's permissions and limits before signing",
    )


def forbidden_bearer(
    user: UserClaims, account: AccountClaims, *, strict: bool
) -> TrustFinding | None:
    """Say that a user is a bearer of an account that allows none, if so."""
    bearer = limits_of(user, account, strict=strict).bearer_token
    if not (bearer and account.nats.limits.disallow_bearer):
        return None
    return TrustFinding(
        TrustCode.USER_BEARER,
        f"{_name(user)} is a bearer, which the limits of {_owner(account)} disallow",
        "issue the user without bearer_token, or lift disallow_bearer",
    )


def revoked(user: UserClaims, account: AccountClaims) -> TrustFinding | None:
    """Say that an account has revoked a user's token, if so."""
    if not account.nats.is_revoked(user.sub, user.iat):
        return None
    revocations = account.nats.revocations or {}
    end = max(revocations[name] for name in (ANY, user.sub) if name in revocations)
    return TrustFinding(
        TrustCode.USER_REVOKED,
        f"{_name(user)} was issued at {user.iat}, and {_owner(account)} has revoked that",
        f"issue the user a new token after {end}, if it is to be trusted again",
    )


def _signers(account: AccountClaims, *, strict: bool) -> dict[str, SigningKey]:
    signers: dict[str, SigningKey] = {public_key_of(k): k for k in account.nats.signing_keys}
    if not strict:
        signers[account.sub] = account.sub  # plain, even where the list has a scope for it
    return signers


def _name(user: UserClaims) -> str:
    return f"user {user.sub!r:.80}"


def _owner(account: AccountClaims) -> str:
    return f"account {account.sub!r:.80}"


def _untrusted_account(name: str, account: AccountClaims, operator: OperatorClaims) -> TrustFinding:
    root = f"operator {operator.sub!r:.80}"
    if account.iss == operator.sub:
        return TrustFinding(
            TrustCode.ACCOUNT_STRICT,
            f"{name} is signed by the identity key of {root}, whose strict signing key usage "
            "leaves that to signing keys",
            "sign the account with a signing key of the operator",
        )
    if account.iss == account.sub:
        return TrustFinding(
            TrustCode.ACCOUNT_SELF_SIGNED,
            f"{name} is signed by itself, not by {root}",
            "have the operator sign the account",
        )
    return TrustFinding(
        TrustCode.ACCOUNT_ISSUER,
        f"{name} is signed by {account.iss}, which is no key of {root}",
        "sign the account with a key of this operator, or add that key to its signing keys",
    )


def _stranger(user: UserClaims, account: AccountClaims, *, strict: bool) -> TrustFinding:
    name, owner = _name(user), _owner(account)
    if user.iss in _signers(account, strict=strict) and not user.nats.issuer_account:
        return TrustFinding(
            TrustCode.USER_ISSUER_ACCOUNT,
            f"{name} is signed by {user.iss}, a signing key of {owner}, which it does not name",
            "set the user's nats.issuer_account to the public key of the account",
        )
    return TrustFinding(
        TrustCode.USER_ACCOUNT,
        f"{name} belongs to account {user.account!r:.80}, not to {owner}",
        "check the user against its own account",
    )
