"""Rules of accounts."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from natsauth.claims.base import ANY, NO_LIMIT
from natsauth.claims.signing_keys import UserScope, public_key_of
from natsauth.keys import KeyType, is_public_key
from natsauth.subjects import has_wildcards, out_of_range, subject_problems
from natsauth.validation.collector import shown
from natsauth.validation.common import (
    check_info,
    check_revocations,
    check_tags,
    check_times,
    member,
)
from natsauth.validation.exchange import check_exports, check_imports
from natsauth.validation.permissions import check_permissions
from natsauth.validation.report import IssueCode
from natsauth.validation.templates import check_template
from natsauth.validation.user import check_limit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsauth.claims import (
        Account,
        AccountClaims,
        ExternalAuthorization,
        MsgTrace,
        OperatorLimits,
        SigningKey,
        WeightedMapping,
    )
    from natsauth.validation.collector import Collector

_NATS = "$.nats"
_LIMITS = f"{_NATS}.limits"
_WHOLE = 100


def check_account(issues: Collector, claims: AccountClaims, now: int) -> None:
    """Check account claims."""
    account = claims.nats
    check_times(issues, claims, now)
    check_imports(issues, account.imports or (), claims.sub)
    check_exports(issues, account.exports or ())
    _check_tiers(issues, account.limits)
    check_permissions(issues, f"{_NATS}.default_permissions", account.default_permissions)
    for subject, targets in (account.mappings or {}).items():
        _check_mapping(issues, member(f"{_NATS}.mappings", subject), subject, targets or ())
    _check_authorization(issues, account.authorization)
    if account.trace is not None:
        _check_trace(issues, account.trace)
    _check_counts(issues, account)
    _check_signing_keys(issues, account.signing_keys or ())
    check_info(issues, _NATS, account)
    if account.cluster_traffic not in ("", "system", "owner"):
        message = f"{account.cluster_traffic!r} is neither 'system' nor 'owner'"
        issues.error(IssueCode.CLUSTER_TRAFFIC, f"{_NATS}.cluster_traffic", message)
    _check_limits(issues, account.limits, is_self_signed=is_public_key(claims.iss, KeyType.ACCOUNT))
    check_revocations(issues, f"{_NATS}.revocations", account.revocations, KeyType.USER)
    check_tags(issues, f"{_NATS}.tags", account.tags)


def _check_tiers(issues: Collector, limits: OperatorLimits) -> None:
    if limits.tiered_limits and limits.has_flat_jetstream():
        message = "there are JetStream limits of tiers and others beside them"
        issues.error(IssueCode.TIERS_AND_FLAT_LIMITS, _LIMITS, message)
    if limits.tiered_limits and "" in limits.tiered_limits:
        message = "a tier has an empty name"
        issues.error(IssueCode.TIER_NAME, f"{_LIMITS}.tiered_limits", message)


def _check_mapping(
    issues: Collector, at: str, subject: str, targets: Iterable[WeightedMapping]
) -> None:
    """Check where a subject is mapped to. A cluster over 100 % is told for each target over it."""
    issues.subject(at, subject)
    totals: defaultdict[str, int] = defaultdict(int)
    for index, target in enumerate(targets):
        issues.subject(f"{at}[{index}].subject", target.subject)
        for number in out_of_range(target.subject, subject):
            message = f"{number} is no wildcard of {shown(subject)}: servers refuse the push"
            issues.warning(IssueCode.MAPPING_REFERENCE, f"{at}[{index}].subject", message)
        weight = target.weight or _WHOLE
        totals[target.cluster] += weight
        if weight > _WHOLE:
            message = f"{weight} is more than {_WHOLE} percent"
            issues.error(IssueCode.MAPPING_WEIGHT, f"{at}[{index}].weight", message)
        if target.cluster and totals[target.cluster] > _WHOLE:
            message = f"more than {_WHOLE} percent in cluster {shown(target.cluster)}"
            issues.error(IssueCode.MAPPING_TOTAL, at, message)
    if totals[""] > _WHOLE:
        issues.error(IssueCode.MAPPING_TOTAL, at, f"more than {_WHOLE} percent")


def _check_authorization(issues: Collector, authorization: ExternalAuthorization) -> None:
    at = f"{_NATS}.authorization"
    users, accounts = authorization.auth_users or (), authorization.allowed_accounts or ()
    if accounts and not users:
        message = "there are allowed accounts, but no users that serve the callout"
        issues.error(IssueCode.AUTH_USERS_MISSING, f"{at}.auth_users", message)
    for index, key in enumerate(users):
        issues.key(IssueCode.AUTH_USER, f"{at}.auth_users[{index}]", key, KeyType.USER)
    for index, key in enumerate(accounts):
        here = f"{at}.allowed_accounts[{index}]"
        if key != ANY:
            issues.key(IssueCode.ALLOWED_ACCOUNT, here, key, KeyType.ACCOUNT)
        elif len(accounts) > 1:
            issues.error(IssueCode.ALLOWED_ACCOUNTS_ANY, here, f"{ANY!r} stands alone")
    issues.optional_key(IssueCode.XKEY, f"{at}.xkey", authorization.xkey, KeyType.CURVE)


def _check_trace(issues: Collector, trace: MsgTrace) -> None:
    at = f"{_NATS}.trace"
    if problems := subject_problems(trace.dest):
        issues.error(IssueCode.TRACE_DESTINATION, f"{at}.dest", problems[0].message)
    if has_wildcards(trace.dest):
        message = f"nothing can be published to {trace.dest!r}, which has wildcards"
        issues.error(IssueCode.TRACE_DESTINATION_WILDCARD, f"{at}.dest", message)
    if not 0 <= trace.sampling <= _WHOLE:
        message = f"expected 1 to {_WHOLE} percent, or 0 for {_WHOLE}, got {trace.sampling}"
        issues.error(IssueCode.TRACE_SAMPLING, f"{at}.sampling", message)


def _check_counts(issues: Collector, account: Account) -> None:
    limits, imports, exports = account.limits, account.imports or (), account.exports or ()
    if limits.imports != NO_LIMIT and len(imports) > limits.imports:
        # A real limit is told twice and a missing one once, as in jwt/v2.
        for _ in range(2 if limits.imports >= 0 and not limits.is_empty() else 1):
            message = f"there are {len(imports)} imports, allowed are {limits.imports}"
            issues.error(IssueCode.TOO_MANY_IMPORTS, f"{_NATS}.imports", message)
    if limits.exports != NO_LIMIT and len(exports) > limits.exports:
        message = f"there are {len(exports)} exports, allowed are {limits.exports}"
        issues.error(IssueCode.TOO_MANY_EXPORTS, f"{_NATS}.exports", message)
    if not limits.wildcards:
        _check_wildcard_exports(issues, account)


def _check_wildcard_exports(issues: Collector, account: Account) -> None:
    """Report wildcards where none are allowed. Only a limit on exports makes servers care."""
    for index, export in enumerate(account.exports or ()):
        if export is None or not has_wildcards(export.subject):
            continue
        at = f"{_NATS}.exports[{index}].subject"
        message = f"the limits allow no wildcards, as in {shown(export.subject)}"
        if account.limits.exports != NO_LIMIT:
            issues.error(IssueCode.WILDCARD_EXPORT, at, message)
        else:
            message += "; servers do not enforce it while exports are unlimited"
            issues.warning(IssueCode.WILDCARD_EXPORT_NOT_ENFORCED, at, message)


def _check_signing_keys(issues: Collector, keys: Iterable[SigningKey]) -> None:
    """Check the signing keys; of those with the same key only the last is written."""
    for index, key in {public_key_of(key): (i, key) for i, key in enumerate(keys)}.values():
        at = f"{_NATS}.signing_keys[{index}]"
        if isinstance(key, UserScope):
            issues.key(IssueCode.SIGNING_KEY, f"{at}.key", key.key, KeyType.ACCOUNT)
            check_template(issues, f"{at}.template", key.template)
        else:
            issues.key(IssueCode.SIGNING_KEY, at, key, KeyType.ACCOUNT)


def _check_limits(issues: Collector, limits: OperatorLimits, *, is_self_signed: bool) -> None:
    """Warn of limits that are not the operator's, or that let nobody work."""
    if limits.is_empty():
        if not is_self_signed:
            message = f"every limit is 0, so nobody can connect; unlimited is {NO_LIMIT}"
            issues.warning(IssueCode.LIMIT_ALLOWS_NOTHING, _LIMITS, message)
        return
    if is_self_signed:
        message = "limits are the operator's to set, but the account signed itself"
        issues.warning(IssueCode.SELF_SIGNED_LIMITS, _LIMITS, message)
    for name in ("conn", "subs", "payload"):
        check_limit(issues, f"{_LIMITS}.{name}", getattr(limits, name))
