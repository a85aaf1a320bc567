"""Whether the chain operator → account → user holds, judged as nats-server 2.15.1 does.

:func:`~natsauth.decode` proves that a token is whole; here is judged what the tokens mean
together: who may sign whom, until when, and what was revoked::

    report = check_user(user, account, operator)
    if not report:
        print(report.findings[0].message)

Strictness follows the operator: under ``strict_signing_key_usage`` identity keys sign neither
accounts nor users. The operator token is the root and taken as it is; like a server, natsauth looks
neither at its expiry nor at who signed it. What lies in the claims of one token alone is for
:func:`natsauth.validate` to say, and what depends on the connection (proof of the key, address,
time of day, connection type, scope templates, limits) only a server decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from natsauth._redact import without_seeds
from natsauth.claims.account import AccountClaims
from natsauth.claims.base import Claims, clock
from natsauth.claims.operator import OperatorClaims
from natsauth.claims.signing_keys import SigningKey, UserScope, public_key_of
from natsauth.claims.user import UserClaims
from natsauth.errors import TrustError, UsageError
from natsauth.keys import KeyType, is_public_key
from natsauth.token import Token, decode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

    from natsauth.claims.permissions import UserPermissionLimits

_C = TypeVar("_C", bound=Claims)


class TrustCode(StrEnum):
    """The stable name of each reason for which a chain does not hold."""

    ACCOUNT_SUBJECT = "account_subject"
    """The account's subject is no account key, so that no server ever finds it."""
    ACCOUNT_SELF_SIGNED = "account_self_signed"
    """The account signed itself; the operator has not."""
    ACCOUNT_STRICT = "account_strict"
    """The operator's identity key signed the account, but the operator is strict."""
    ACCOUNT_ISSUER = "account_issuer"
    """The key that signed the account is none of the operator's."""
    ACCOUNT_EXPIRED = "account_expired"
    ACCOUNT_NOT_YET_VALID = "account_not_yet_valid"
    USER_ACCOUNT = "user_account"
    """The user belongs to another account."""
    USER_ISSUER_ACCOUNT = "user_issuer_account"
    """A signing key of the account signed the user, who does not name the account."""
    USER_STRICT = "user_strict"
    """The account's identity key signed the user, but the operator is strict."""
    USER_ISSUER = "user_issuer"
    """The key that signed the user is none of the account's."""
    USER_NOT_EMPTY = "user_not_empty"
    """A scoped signing key signed a user that has permissions or limits of its own."""
    USER_BEARER = "user_bearer"
    """The user is a bearer, which the account does not allow."""
    USER_REVOKED = "user_revoked"
    USER_EXPIRED = "user_expired"
    USER_NOT_YET_VALID = "user_not_yet_valid"


TIME_CODES = frozenset(
    {
        TrustCode.ACCOUNT_EXPIRED,
        TrustCode.ACCOUNT_NOT_YET_VALID,
        TrustCode.USER_EXPIRED,
        TrustCode.USER_NOT_YET_VALID,
    }
)
"""The reasons that come and go with time; claims alone say them, too."""


class TrustFinding(NamedTuple):
    """One reason for which a chain does not hold.

    Attributes:
        code: Its stable name.
        message: What is wrong, with the keys.
        hint: The cure.
    """

    code: TrustCode
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class TrustReport:
    """The verdict on a chain: true if it holds.

    Attributes:
        findings: Every reason for which it does not, in the order in which a server checks.
    """

    findings: tuple[TrustFinding, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether the chain holds."""
        return not self.findings

    def __str__(self) -> str:
        """Return a line for each finding, for people."""
        return "\n".join(finding.message for finding in self.findings) or "the chain holds"

    @property
    def reason(self) -> TrustCode | None:
        """The code of the first finding, or ``None``."""
        return self.findings[0].code if self.findings else None

    def without(self, codes: Collection[TrustCode]) -> TrustReport:
        """Return the verdict as it would be if some reasons did not count.

        Args:
            codes: The reasons.
        """
        return TrustReport(tuple(f for f in self.findings if f.code not in codes))

    def raise_for_errors(self) -> None:
        """Raise what was found, if anything was.

        Raises:
            TrustError: The chain does not hold; every finding is named, with the cure of the first.
        """
        if self.findings:
            messages = "; ".join(finding.message for finding in self.findings)
            raise TrustError(messages, hint=self.findings[0].hint)


def check_account(
    account: Token[AccountClaims],
    operator: Token[OperatorClaims],
    *,
    now: datetime | float | None = None,
) -> TrustReport:
    """Judge whether a server of an operator takes an account.

    Args:
        account: The account.
        operator: The operator that the server trusts.
        now: The moment; the current one if not given. Accounts expire as their ``exp`` begins.

    Raises:
        UsageError: An argument is no :class:`~natsauth.Token`, or no moment.
        TokenError, ClaimsError: A token is of another kind, or one that ``decode()`` refuses.
    """
    claims, root = _claims(account, AccountClaims), _claims(operator, OperatorClaims)
    return _report(account_findings(claims, root, clock(now)))


def check_user(
    user: Token[UserClaims],
    account: Token[AccountClaims],
    operator: Token[OperatorClaims],
    *,
    now: datetime | float | None = None,
) -> TrustReport:
    """Judge whether a server of an operator takes a user of an account, and the account itself.

    Args:
        user: The user.
        account: The account it is to be a user of.
        operator: The operator that the server trusts.
        now: The moment; the current one if not given. Users are taken until their ``exp`` has
            passed, though a server closes the connection as it begins.

    Raises:
        UsageError: An argument is no :class:`~natsauth.Token`, or no moment.
        TokenError, ClaimsError: A token is of another kind, or one that ``decode()`` refuses.
    """
    claims, owner = _claims(user, UserClaims), _claims(account, AccountClaims)
    root, moment = _claims(operator, OperatorClaims), clock(now)
    return _report(
        (
            *_user_time_findings(claims, moment),
            *account_findings(owner, root, moment),
            *_user_findings(claims, owner, strict=root.nats.strict_signing_key_usage),
        )
    )


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


def trusted_keys(operator: OperatorClaims) -> frozenset[str]:
    """Return the public keys whose signatures on accounts a server of an operator takes."""
    strict = operator.nats.strict_signing_key_usage
    return frozenset([*(operator.nats.signing_keys or ()), *(() if strict else (operator.sub,))])


def _report(findings: Iterable[TrustFinding]) -> TrustReport:
    """Return a report whose messages may be shown: a token may name anything, even a seed."""
    return TrustReport(tuple(f._replace(message=without_seeds(f.message)) for f in findings))


def _claims(token: Token[_C], kind: type[_C]) -> _C:
    """Return what the text of a token says; its ``claims`` are a draft that may have changed."""
    if not isinstance(token, Token):
        raise UsageError(
            f"expected a Token of {kind.__name__}, got {type(token).__name__}",
            hint="decode() verifies the text of a token and makes one",
        )
    return decode(token, kind).claims


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


def _user_time_findings(user: UserClaims, now: int) -> Iterator[TrustFinding]:
    name = f"user {user.sub!r:.80}"
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


def _user_findings(
    user: UserClaims, account: AccountClaims, *, strict: bool
) -> Iterator[TrustFinding]:
    name, owner = f"user {user.sub!r:.80}", f"account {account.sub!r:.80}"
    signers: dict[str, SigningKey] = {public_key_of(k): k for k in account.nats.signing_keys}
    if not strict:
        signers[account.sub] = account.sub  # plain, even where the list has a scope for it
    if user.account != account.sub:
        # Nothing that the account says of its users concerns this one.
        yield _stranger(user, name, owner, listed=user.iss in signers)
        return
    if user.iss not in signers:
        yield _unknown_signer(user, name, owner)
    limits: UserPermissionLimits = user.nats
    if isinstance(scope := signers.get(user.iss), UserScope):
        limits = scope.template
        if not user.nats.is_empty():
            yield TrustFinding(
                TrustCode.USER_NOT_EMPTY,
                f"{name} has permissions or limits, although the scope of signing key {user.iss} "
                f"of {owner} gives them",
                "clear() the user's permissions and limits before signing",
            )
    if limits.bearer_token and account.nats.limits.disallow_bearer:
        yield TrustFinding(
            TrustCode.USER_BEARER,
            f"{name} is a bearer, which the limits of {owner} disallow",
            "issue the user without bearer_token, or lift disallow_bearer",
        )
    if account.nats.is_revoked(user.sub, user.iat):
        yield TrustFinding(
            TrustCode.USER_REVOKED,
            f"{name} was issued at {user.iat}, and {owner} has revoked that",
            "issue the user a new token, if it is to be trusted again",
        )


def _stranger(user: UserClaims, name: str, owner: str, *, listed: bool) -> TrustFinding:
    if listed and not user.nats.issuer_account:
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


def _unknown_signer(user: UserClaims, name: str, owner: str) -> TrustFinding:
    if user.iss == user.account:
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
