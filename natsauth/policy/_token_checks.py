"""What nats-server 2.15.1 checks of the tokens behind a connection: user, account and operator.

A function for each check says whether it passes, in words and in those of the server's log. In
which order they are made, and which of them a server reaches, is for
:mod:`natsauth.policy.connection`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.policy._case import Finding, trusting
from natsauth.policy._server_text import invalid_user
from natsauth.trust import rules
from natsauth.trust.report import TIME_CODES
from natsauth.validation import IssueCode, validate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsauth.claims.account import AccountClaims
    from natsauth.claims.permissions import UserPermissionLimits
    from natsauth.claims.signing_keys import UserScope
    from natsauth.claims.user import UserClaims
    from natsauth.policy._case import Case, Member
    from natsauth.trust.report import TrustFinding
    from natsauth.validation import Issue

_LOOKUP = "Account JWT lookup error: "
_NO_SCOPE = "no scope gives the user its permissions"


def token(case: Case) -> Finding:
    """Check that there is a user's token, and that it is whole."""
    claims, refusal = case.reading
    if claims is None:
        return Finding(
            holds=False,
            message=f"there is no user's token that the server can read: {refusal}",
            log="Authentication requires a user JWT",
            hint="connect with a creds file that holds the token of a user, as it was issued",
        )
    if refusal:
        message = f"the server takes the token, although decode() does not: {refusal}"
        return Finding(holds=True, message=message)
    return Finding(holds=True, message="the token is that of a user, and whole")


def proxy_required(case: Case, user: UserClaims) -> Finding:
    """Check that who must come over a proxy does."""
    return _proxy_required(case, user.nats, "the user", "lift proxy_required")


def claims(case: Case, user: UserClaims) -> Finding:
    """Check the user's claims by themselves, and their time."""
    issues = _fatal(user, case.now)
    if not issues:
        return Finding(holds=True, message="the claims are valid, and the time is right")
    hint = "correct the claims and issue the user a new token"
    if issues[0].code is IssueCode.EXPIRED:
        hint = "issue the user a new token"
    elif issues[0].code is IssueCode.NOT_YET_VALID:
        hint = "wait, or issue the user a token with an earlier nbf; compare the clocks"
    return Finding(
        holds=False,
        message="the user's claims are not valid: " + "; ".join(map(str, issues)),
        log=invalid_user(user, issues),
        hint=hint,
    )


def pinned_accounts(case: Case, user: UserClaims) -> Finding:
    """Check that the server serves the user's account at all."""
    if case.pinned is None:
        return Finding(holds=True, message="the server pins no accounts")
    if user.account in case.pinned:
        return Finding(holds=True, message=f"account {user.account} is pinned")
    return Finding(
        holds=False,
        message=f"the server is pinned to other accounts than {user.account}",
        log=f"Account {user.account} not listed as operator pinned account",
        hint="add the account to resolver_pinned_accounts, or connect to another server",
    )


def account_lookup(case: Case, user: UserClaims) -> Finding:
    """Check that the resolver has the user's account, and that the server takes it."""
    account = case.accounts.get(user.account)
    if account is None:
        return Finding(
            holds=False,
            message=f"the resolver does not have the user's account {user.account}",
            log=f"{_LOOKUP}account missing",
            hint="push the account; if a signing key signed the user, set its issuer_account",
        )
    problems = [*_account_problems(case, account)]
    if account.sub != user.account:
        message = f"the resolver has account {account.sub!r:.80} in place of {user.account}"
        problems.append((message, "push the account again"))
    if not problems:
        return Finding(holds=True, message=f"the resolver has account {account.sub}, which holds")
    return Finding(
        holds=False,
        message="; ".join(message for message, _ in problems),
        log=f"{_LOOKUP}account validation failed",
        hint=problems[0][1],
    )


def _account_problems(case: Case, account: AccountClaims) -> Iterable[tuple[str, str]]:
    for finding in rules.account_findings(account, trusting(case, account)[0], case.now):
        if finding.code not in TIME_CODES:  # validation tells about the time below
            yield finding.message, finding.hint
    for issue in _fatal(account, case.now):
        hint = "correct the account, sign it again and push it"
        if issue.time_check:
            hint = "sign the account with other times, and push it; compare the clocks"
        yield f"account {account.sub!r:.80} is not valid: {issue}", hint


def account_issuer(case: Case, member: Member) -> Finding | None:
    """Check the issuer of an account once more, for who trusts other keys than before."""
    if not account_lookup(case, member.user).holds:
        return None
    return Finding(holds=True, message=f"{member.account.iss} is a key of a trusted operator")


def user_issuer(_: Case, member: Member) -> Finding:
    """Check that the account knows the key that signed the user."""
    finding = rules.unknown_signer(member.user, member.account, strict=member.strict)
    good = f"{member.user.iss} signs users of the account"
    return _from_trust(finding, good, "User JWT issuer is not known")


def scoped_user_empty(_: Case, member: Member) -> Finding:
    """Check that the user of a scope has nothing of its own."""
    finding = rules.not_empty(member.user, member.account, strict=member.strict)
    good = "the user leaves everything to its scope" if member.scope else _NO_SCOPE
    log = "User JWT is not valid: scoped users require no permissions or limits set"
    return _from_trust(finding, good, log)


def scope_template(_: Case, member: Member) -> Finding:
    """Check that the scope's template can be filled in for the user."""
    if member.problem:
        return Finding(
            holds=False,
            message=f"the scope's template gives this user no permissions: {member.problem}",
            log="User JWT generated invalid permissions",
            hint="correct the template, or issue the user with the name and tags that it needs",
        )
    return Finding(holds=True, message="the template is filled in" if member.scope else _NO_SCOPE)


def scope_proxy(case: Case, member: Member) -> Finding:
    """Check that who must come over a proxy by its scope does."""
    if not member.scope or not case.proxies_in_scopes:
        return Finding(holds=True, message=_NO_SCOPE if not member.scope else "not asked by it")
    return _proxy_required(case, member.limits, bound(member), cure(member, "no proxy_required"))


def account_expired(case: Case, member: Member) -> Finding | None:
    """Check that the account that was loaded has not expired since."""
    exp = member.account.exp
    if 0 < exp < case.now:
        return None  # it was not loaded
    if not exp or exp > case.now:
        return Finding(holds=True, message="the account has not expired")
    return Finding(
        holds=False,
        message=f"the account expires at {exp}, as this second begins",
        log="Account JWT has expired",
        hint="sign the account with a later exp, or none, and push it",
    )


def bearer(_: Case, member: Member) -> Finding:
    """Check that the account allows bearers, if the user is one."""
    finding = rules.forbidden_bearer(member.user, member.account, strict=member.strict)
    good = "the account allows bearers" if member.limits.bearer_token else "the user is no bearer"
    log = "Account does not allow bearer tokens"
    if finding and member.scope:
        hint = f"{cure(member, 'no bearer_token')}; or lift disallow_bearer"
        return Finding(holds=False, message=finding.message, log=log, hint=hint)
    return _from_trust(finding, good, log)


def revocation(_: Case, member: Member) -> Finding:
    """Check that the account has not revoked the user."""
    finding = rules.revoked(member.user, member.account)
    return _from_trust(finding, "the user is not revoked", "User authentication revoked")


def bound(member: Member) -> str:
    """Return whom the limits bind: the user, or all users of its role."""
    return f"the user by {_role(member.scope)}" if member.scope else "the user"


def cure(member: Member, what: str) -> str:
    """Return how the limits are changed: those of a role are not for the user to have."""
    if member.scope:
        return f"give {_role(member.scope)} {what}, and push the account"
    return f"issue the user with {what}"


def _role(scope: UserScope) -> str:
    return f"role {scope.role!r:.80}" if scope.role else f"the role of signing key {scope.key}"


def _fatal(document: UserClaims | AccountClaims, now: int) -> list[Issue]:
    """Return the issues of claims for which a server refuses them."""
    return [i for i in validate(document, now=now).issues if i.blocking or i.time_check]


def _proxy_required(case: Case, limits: UserPermissionLimits, whose: str, lift: str) -> Finding:
    if not limits.proxy_required:
        return Finding(holds=True, message=f"{whose} needs no proxy")
    if case.connection.proxied and case.connection.proxy_trusted:
        return Finding(holds=True, message=f"{whose} needs a proxy, and comes over one")
    return Finding(
        holds=False,
        message=f"{whose} may connect over a trusted proxy only",
        log="proxy connection required",
        hint=f"connect over the proxy, or {lift}",
    )


def _from_trust(finding: TrustFinding | None, good: str, log: str) -> Finding:
    """Return what a rule of a chain found, with the server's line about it."""
    if finding is None:
        return Finding(holds=True, message=good)
    return Finding(holds=False, message=finding.message, log=log, hint=finding.hint)
