"""What servers take otherwise than people do, in claims that they accept.

::

    for finding in lint(user, account).findings:
        print(finding.severity, finding, finding.hint)

:func:`natsauth.validate` says what servers refuse; lint says that too, and what they do with the
rest: which subscription a ``*`` lets in, which entry does nothing, where data leaves around a deny
list. What it says of servers was seen on nats-server 2.15.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from natsauth._json import JsonError, dumps, loads
from natsauth._redact import without_seeds
from natsauth._wire import read_document, write_document
from natsauth.claims.account import AccountClaims
from natsauth.claims.base import Claims, clock
from natsauth.claims.permissions import Permissions, UserPermissionLimits
from natsauth.claims.signing_keys import UserScope
from natsauth.claims.user import User, UserClaims
from natsauth.creds import Creds
from natsauth.errors import ClaimsError, Problem, UsageError
from natsauth.policy import _lint_account, _lint_permissions, _lint_requests
from natsauth.policy._lint_claims import (
    connect_size,
    expiry,
    ignored_members,
    permission_objects,
)
from natsauth.policy._lint_entries import Grant, Home, TooMuchWorkError
from natsauth.policy._lint_issues import adopted
from natsauth.policy._lint_report import LintCode, LintFinding, LintReport, Severity
from natsauth.token import Token
from natsauth.validation import IssueCode, validate
from natsauth.validation.collector import Collector
from natsauth.validation.permissions import check_permissions
from natsauth.validation.report import Issue
from natsauth.validation.templates import check_template
from natsauth.validation.user import check_limit, check_user_limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from typing import Any

__all__ = ["LintCode", "LintFinding", "LintReport", "Severity", "lint"]

_RULES = (*_lint_permissions.RULES, *_lint_requests.RULES, *_lint_account.RULES)
_LIMITS = {item.name for item in fields(User)} - {item.name for item in fields(Permissions)}
_ENVELOPE = 134
"""The characters of a token's header, signature and dots."""


def lint(
    subject: Claims | Token[Any] | Creds | UserScope | Permissions | Mapping[str, Any],
    account: AccountClaims | Token[AccountClaims] | None = None,
    *,
    now: datetime | float | None = None,
) -> LintReport:
    """Find what servers take otherwise than people do. Nothing is changed.

    Of a user with an account the mappings and default permissions of the account are looked at,
    too, and what becomes of the templates if a scoped signing key signed the user. In lists of
    thousands of entries that overlap in many ways, not all pairs are compared.

    Args:
        subject: Claims, a token, creds; a scoped signing key; or permissions, perhaps as the plain
            objects of their JSON. Such permissions are a template if there is one in them.
        account: The account of the user or of the permissions.
        now: The moment that expiry is compared with; the current one if not given.

    Raises:
        ClaimsError: A field of a draft holds what its type cannot, or plain objects are no
            permissions; everything that is wrong is named.
        UsageError: An argument has the wrong type, or the user belongs to another account.
    """
    findings = _findings(subject, account, clock(now))
    # Where a subject is expected, anything may stand.
    return LintReport(
        tuple(
            finding._replace(
                path=without_seeds(finding.path),
                message=without_seeds(finding.message),
                hint=without_seeds(finding.hint),
            )
            for finding in findings
        )
    )


def _findings(subject: Any, account: Any, now: int) -> Iterator[LintFinding]:
    owner = _account(account)
    home = Home(owner.nats, as_read=isinstance(account, Token)) if owner else None
    if isinstance(subject, Creds):
        subject = subject.token
    size = len(subject.encoded) if isinstance(subject, Token) else 0
    claims = subject.claims if isinstance(subject, Token) else subject
    if isinstance(claims, UserClaims):
        return _user(claims, owner, home, now, size)
    if isinstance(claims, AccountClaims):
        return _account_claims(claims, now, as_read=bool(size))
    if isinstance(claims, Claims):
        return adopted(validate(claims, now=now).issues, ())
    return _permissions(claims, home)


def _user(
    claims: UserClaims, account: AccountClaims | None, home: Home | None, now: int, size: int
) -> Iterator[LintFinding]:
    user, path = claims.nats, "$.nats"
    issues = validate(claims, now=now).issues
    if account and claims.account and account.sub and claims.account != account.sub:
        message = f"the user belongs to account {claims.account:.80}, not to {account.sub:.80}"
        raise UsageError(message, hint="give the account of the user")
    scopes = dict(_lint_account.scopes(account)) if account else {}
    at, scope = next(((p, s) for p, s in scopes.items() if s.key == claims.iss), ("", None))
    is_scoped = user.is_empty() and bool(user.issuer_account)
    if is_scoped and account and claims.iss and scope is None:
        message = "0, as the key that signed the user has no scope: servers close the connection"
        code = IssueCode.LIMIT_ALLOWS_NOTHING
        issues += (Issue(code, f"{path}.subs", message, blocking=False, time_check=False),)
    grant = Grant(user, path, home, as_read=bool(size))
    yield from adopted(issues, [grant])
    if account and scope and is_scoped:
        yield from _lint_account.filled_in(claims, scope, at, account)
    elif not is_scoped:
        yield from _granted(grant)
    yield from ignored_members("$", ("", claims))
    yield from ignored_members(path, *permission_objects(user))
    is_bearer = (scope.template if scope and is_scoped else user).bearer_token
    yield from expiry(claims, now, is_bearer=is_bearer)
    yield from connect_size(size or len(claims.to_json()) * 4 // 3 + _ENVELOPE)


def _account_claims(claims: AccountClaims, now: int, *, as_read: bool) -> Iterator[LintFinding]:
    issues = validate(claims, now=now).issues  # which names what is of the wrong type
    body = claims.nats
    home = Home(body, as_read=as_read)
    defaults = replace(home.defaults, home=home)
    templates = [
        Grant(scope.template, at, home, is_template=True, as_read=as_read)
        for at, scope in _lint_account.scopes(claims)
    ]
    yield from adopted(issues, [defaults, *templates])
    if defaults.is_set:
        yield from _granted(defaults)
    for grant in templates:
        yield from _granted(grant)
    yield from ignored_members("$", ("", claims), (".nats", body), (".nats.limits", body.limits))
    yield from ignored_members(defaults.path, *permission_objects(body.default_permissions))
    for at, scope in _lint_account.scopes(claims):
        yield from ignored_members(at.removesuffix(".template"), ("", scope))
        yield from ignored_members(at, *permission_objects(scope.template))


def _permissions(subject: Any, home: Home | None) -> Iterator[LintFinding]:
    as_read = isinstance(subject, Mapping)
    if isinstance(subject, UserScope):
        write_document(subject)  # names what is of the wrong type
        permissions: Permissions = subject.template
    else:
        permissions = _read(subject) if isinstance(subject, Mapping) else subject
        if not isinstance(permissions, Permissions):
            raise UsageError(
                f"expected claims, a token, creds or permissions, got {type(subject).__name__}"
            )
        write_document(permissions)
    grant = Grant(permissions, "$", home, as_read=as_read)
    if isinstance(subject, UserScope) or any(entry.is_template for entry in grant.entries):
        grant = Grant(permissions, "$", home, is_template=True, as_read=as_read)
    yield from adopted(_issues(grant), [grant])
    yield from _granted(grant)
    yield from ignored_members("$", *permission_objects(permissions))


def _issues(grant: Grant) -> Sequence[Issue]:
    issues, permissions = Collector(), grant.permissions
    if not grant.is_template:
        check_permissions(issues, grant.path, permissions)
        if isinstance(permissions, UserPermissionLimits):
            check_user_limits(issues, grant.path, permissions)
            if not permissions.is_empty():  # else it may be a scoped signing key's
                check_limit(issues, f"{grant.path}.subs", permissions.subs)
                check_limit(issues, f"{grant.path}.payload", permissions.payload)
    elif isinstance(permissions, UserPermissionLimits):
        check_template(issues, grant.path, permissions)
    else:
        lists = {name: getattr(permissions, name) for name in ("pub", "sub", "resp")}
        check_template(issues, grant.path, UserPermissionLimits(**lists))
    return issues.issues


def _granted(grant: Grant) -> Iterator[LintFinding]:
    """Apply the rules to permissions, unless the account's defaults hold in their place."""
    if grant.is_set or not (grant.home and grant.home.defaults.is_set):
        for rule in _RULES:
            with suppress(TooMuchWorkError):
                yield from rule(grant)


def _read(document: Mapping[str, Any]) -> Permissions:
    if "nats" in document:
        raise UsageError("expected permissions, got whole claims", hint="parse_claims() reads them")
    try:
        parsed = loads(dumps(dict(document)))
    except JsonError as error:
        raise ClaimsError([Problem("$", f"not JSON: {error}")]) from None
    has_limits = not _LIMITS.isdisjoint(parsed)
    return read_document(User, parsed) if has_limits else read_document(Permissions, parsed)


def _account(account: AccountClaims | Token[AccountClaims] | None) -> AccountClaims | None:
    claims = account.claims if isinstance(account, Token) else account
    if claims is not None and not isinstance(claims, AccountClaims):
        raise UsageError(f"expected an account, got {type(claims).__name__}")
    if claims is account and claims is not None:
        claims.to_json()  # names what is of the wrong type in a draft
    return claims
