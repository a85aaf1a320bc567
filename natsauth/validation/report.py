"""What validation finds: issues, and the report that holds them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from natsauth.errors import ValidationError


class IssueCode(StrEnum):
    """The stable name of each rule."""

    # Times
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"

    # Subjects and permissions
    SUBJECT_EMPTY = "subject_empty"
    SUBJECT_SPACE = "subject_space"
    SUBJECT_OUTER_DOT = "subject_outer_dot"
    SUBJECT_DOUBLE_DOT = "subject_double_dot"
    PERMISSION_QUEUE = "permission_queue"
    PERMISSION_TOO_MANY_PARTS = "permission_too_many_parts"
    RENAMING_SOURCE_EMPTY = "renaming_source_empty"
    RENAMING_FULL_WILDCARD = "renaming_full_wildcard"
    RENAMING_REFERENCE = "renaming_reference"
    RENAMING_WILDCARD_COUNT = "renaming_wildcard_count"

    # Keys and texts of several kinds of claims
    SIGNING_KEY = "signing_key"
    ISSUER_ACCOUNT = "issuer_account"
    DESCRIPTION_TOO_LONG = "description_too_long"
    INFO_URL = "info_url"
    INFO_URL_TOO_LONG = "info_url_too_long"

    # Operators
    ACCOUNT_SERVER_URL = "account_server_url"
    OPERATOR_SERVICE_URL = "operator_service_url"
    SYSTEM_ACCOUNT = "system_account"
    SERVER_VERSION = "server_version"

    # Accounts
    TIERS_AND_FLAT_LIMITS = "tiers_and_flat_limits"
    TIER_NAME = "tier_name"
    MAPPING_WEIGHT = "mapping_weight"
    MAPPING_TOTAL = "mapping_total"
    AUTH_USERS_MISSING = "auth_users_missing"
    AUTH_USER = "auth_user"
    ALLOWED_ACCOUNT = "allowed_account"
    ALLOWED_ACCOUNTS_ANY = "allowed_accounts_any"
    XKEY = "xkey"
    TRACE_DESTINATION = "trace_destination"
    TRACE_DESTINATION_WILDCARD = "trace_destination_wildcard"
    TRACE_SAMPLING = "trace_sampling"
    TOO_MANY_IMPORTS = "too_many_imports"
    TOO_MANY_EXPORTS = "too_many_exports"
    WILDCARD_EXPORT = "wildcard_export"
    CLUSTER_TRAFFIC = "cluster_traffic"
    SELF_SIGNED_LIMITS = "self_signed_limits"

    # Imports
    IMPORT_NULL = "import_null"
    IMPORT_OVERLAP = "import_overlap"
    IMPORT_TYPE = "import_type"
    IMPORT_TRACE = "import_trace"
    IMPORT_ACCOUNT = "import_account"
    IMPORT_TO = "import_to"
    IMPORT_TO_AND_LOCAL = "import_to_and_local"
    IMPORT_SHARE = "import_share"
    IMPORT_TOKEN = "import_token"  # noqa: S105 - a name, not a secret
    IMPORT_TOKEN_ISSUER = "import_token_issuer"  # noqa: S105 - a name, not a secret
    IMPORT_TOKEN_TARGET = "import_token_target"  # noqa: S105 - a name, not a secret
    IMPORT_TOKEN_TYPE = "import_token_type"  # noqa: S105 - a name, not a secret
    IMPORT_TOKEN_SUBJECT = "import_token_subject"  # noqa: S105 - a name, not a secret

    # Exports
    EXPORT_NULL = "export_null"
    EXPORT_OVERLAP = "export_overlap"
    EXPORT_TYPE = "export_type"
    EXPORT_TRACE = "export_trace"
    RESPONSE_TYPE = "response_type"
    RESPONSE_THRESHOLD = "response_threshold"
    LATENCY_OF_STREAM = "latency_of_stream"
    LATENCY_SAMPLING = "latency_sampling"
    LATENCY_RESULTS_WILDCARD = "latency_results_wildcard"
    ACCOUNT_TOKEN_POSITION = "account_token_position"  # noqa: S105 - a name, not a secret

    # Users
    SOURCE_NETWORK = "source_network"
    TIME_RANGE = "time_range"
    TIME_ZONE = "time_zone"

    # Activations and auth callout
    ACTIVATION_TYPE = "activation_type"
    USER_KEY = "user_key"
    AUDIENCE = "audience"
    RESPONSE_EMPTY = "response_empty"
    RESPONSE_AMBIGUOUS = "response_ambiguous"

    # Warnings beyond Go's
    ALLOW_EMPTY = "allow_empty"
    WILDCARD_NOT_LAST = "wildcard_not_last"
    WHITE_SPACE = "white_space"
    MAPPING_REFERENCE = "mapping_reference"
    LIMIT_ALLOWS_NOTHING = "limit_allows_nothing"
    WILDCARD_EXPORT_NOT_ENFORCED = "wildcard_export_not_enforced"
    CONNECTION_TYPE = "connection_type"
    TAG_UPPER_CASE = "tag_upper_case"
    TIME_ZONE_UNCHECKED = "time_zone_unchecked"
    REVOCATION_KEY = "revocation_key"
    TIME_FAR = "time_far"
    TOKEN_SIZE = "token_size"  # noqa: S105 - a name, not a secret
    TEMPLATE = "template"
    TEMPLATE_FUNCTION = "template_function"
    TEMPLATE_TAG = "template_tag"
    TEMPLATE_QUEUE = "template_queue"
    TEMPLATE_LIMIT_ZERO = "template_limit_zero"


EXTRA_CODES = frozenset(
    {
        IssueCode.ALLOW_EMPTY,
        IssueCode.WILDCARD_NOT_LAST,
        IssueCode.WHITE_SPACE,
        IssueCode.MAPPING_REFERENCE,
        IssueCode.LIMIT_ALLOWS_NOTHING,
        IssueCode.WILDCARD_EXPORT_NOT_ENFORCED,
        IssueCode.CONNECTION_TYPE,
        IssueCode.TAG_UPPER_CASE,
        IssueCode.TIME_ZONE_UNCHECKED,
        IssueCode.REVOCATION_KEY,
        IssueCode.TIME_FAR,
        IssueCode.TOKEN_SIZE,
        IssueCode.TEMPLATE,
        IssueCode.TEMPLATE_FUNCTION,
        IssueCode.TEMPLATE_TAG,
        IssueCode.TEMPLATE_QUEUE,
        IssueCode.TEMPLATE_LIMIT_ZERO,
    }
)
"""The codes of natsauth's own warnings, which Go's jwt/v2 does not give."""


class Issue(NamedTuple):
    """One broken rule.

    An issue that is neither blocking nor a time check is a warning.
    """

    code: IssueCode
    """The stable name of the rule."""
    path: str
    """Where, as in ``$.nats.pub.allow[1]``."""
    message: str
    """What is wrong there."""
    blocking: bool
    """Whether a server refuses the claims for it."""
    time_check: bool
    """Whether it is only about the moment."""

    def __str__(self) -> str:
        """Return ``path: message``."""
        return f"{self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """What :func:`~natsauth.validation.validate` found. True if the claims can be used.

    Attributes:
        issues: Everything, in the order of the rules.
    """

    issues: tuple[Issue, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether nothing blocks and the time is right."""
        return not self._fatal()

    def __str__(self) -> str:
        """Return a line for each issue, for people."""
        return "\n".join(map(str, self.issues)) or "no issues found"

    @property
    def errors(self) -> tuple[Issue, ...]:
        """The issues that block, whatever the time."""
        return tuple(issue for issue in self.issues if issue.blocking)

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """The issues that neither block nor are about the time."""
        return tuple(i for i in self.issues if not (i.blocking or i.time_check))

    @property
    def reason(self) -> IssueCode | None:
        """The code of the first issue that blocks or is about the time; ``None`` without one."""
        fatal = self._fatal()
        return fatal[0].code if fatal else None

    def raise_for_errors(self) -> None:
        """Do nothing if the claims can be used.

        Raises:
            ValidationError: Something blocks or the time is wrong; all of it is named.
        """
        if fatal := self._fatal():
            raise ValidationError("; ".join(map(str, fatal)))

    def _fatal(self) -> list[Issue]:
        return [issue for issue in self.issues if issue.blocking or issue.time_check]
