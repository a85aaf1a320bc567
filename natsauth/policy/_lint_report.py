"""What lint finds: findings, and the report that holds them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """Nobody can use it, or something that was to be refused is open."""
    WARNING = "warning"
    """It is likely not what was meant."""
    INFO = "info"
    """It does what it says, and somebody should know what that is."""


class LintCode(StrEnum):
    """The stable name of each rule of lint's own."""

    # Subscriptions that get more than they seem to
    FINAL_STAR = "final_star"
    ALLOWS_EVERYTHING = "allows_everything"
    SYSTEM_SUBJECTS = "system_subjects"
    SHARED_INBOX = "shared_inbox"

    # Requests and answers
    INBOX_MISSING = "inbox_missing"
    RESPONSES_MISSING = "responses_missing"
    RESP_ALONE = "resp_alone"
    RESP_OVERRIDES_DENY = "resp_overrides_deny"

    # JetStream
    JETSTREAM_AROUND_DENY = "jetstream_around_deny"
    JETSTREAM_EVERYTHING = "jetstream_everything"

    # Entries that do nothing, or something else
    ALLOW_DENIED = "allow_denied"
    DENY_WITHOUT_EFFECT = "deny_without_effect"
    DENY_SHADOWED = "deny_shadowed"
    QUEUE_EXCLUSIVE = "queue_exclusive"
    QUEUE_DENY = "queue_deny"
    MAPPED_ALLOW = "mapped_allow"
    MAPPED_DENY = "mapped_deny"
    DEFAULTS_OFF = "defaults_off"
    IGNORED_MEMBER = "ignored_member"
    LITERAL_WILDCARD = "literal_wildcard"

    # Templates
    TEMPLATE_OUTSIDE_SCOPE = "template_outside_scope"
    TEMPLATE_WILDCARD = "template_wildcard"
    TEMPLATE_TOKENS = "template_tokens"
    TEMPLATE_VALUE = "template_value"
    TEMPLATE_REFUSED = "template_refused"

    # Time and size
    NO_EXPIRY = "no_expiry"
    LONG_LIFE = "long_life"
    BEARER_NO_EXPIRY = "bearer_no_expiry"
    NEGATIVE_EXPIRY = "negative_expiry"
    CONNECT_SIZE = "connect_size"


class LintFinding(NamedTuple):
    """One thing that servers take otherwise than people do."""

    code: StrEnum
    """Its stable name: a :class:`LintCode`, or the
    :class:`~natsauth.validation.IssueCode` of what :func:`natsauth.validate` finds, too."""
    severity: Severity
    """How bad it is."""
    path: str
    """Where, as in ``$.nats.sub.allow[0]``."""
    message: str
    """What a server really does."""
    hint: str
    """The cure."""

    def __str__(self) -> str:
        """Return ``path: message``."""
        return f"{self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class LintReport:
    """What :func:`lint` found. True if nothing of it is an error.

    Attributes:
        findings: What :func:`natsauth.validate` finds comes first, then the rest by rules.
    """

    findings: tuple[LintFinding, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether there is no error."""
        return not self.errors

    def __str__(self) -> str:
        """Return a line for each finding, for people."""
        lines = [f"{finding.severity}: {finding}" for finding in self.findings]
        return "\n".join(lines) or "nothing found"

    @property
    def errors(self) -> tuple[LintFinding, ...]:
        """What nobody can use, or leaves something open."""
        return self._of(Severity.ERROR)

    @property
    def warnings(self) -> tuple[LintFinding, ...]:
        """What is likely not what was meant."""
        return self._of(Severity.WARNING)

    def _of(self, severity: Severity) -> tuple[LintFinding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is severity)
