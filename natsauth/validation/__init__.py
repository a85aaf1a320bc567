"""What is wrong with claims: the findings that nsc and the server would make, and some more."""

from natsauth.validation.claims import validate
from natsauth.validation.report import EXTRA_CODES, Issue, IssueCode, ValidationReport

__all__ = ["EXTRA_CODES", "Issue", "IssueCode", "ValidationReport", "validate"]
