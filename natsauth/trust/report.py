"""The verdict on a chain, and the reasons for which it does not hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from natsauth._redact import without_seeds
from natsauth.errors import TrustError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


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
    POLICY = "policy"
    """A policy of :func:`~natsauth.trust.verify_chain` is not met."""


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


def make_report(findings: Iterable[TrustFinding]) -> TrustReport:
    """Return a report whose messages may be shown: a token may name anything, even a seed."""
    return TrustReport(tuple(f._replace(message=without_seeds(f.message)) for f in findings))
