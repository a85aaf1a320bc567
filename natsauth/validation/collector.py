"""Collects issues while the rules of one document are gone through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth._redact import without_seeds
from natsauth.errors import KeyRoleError, KeyTextError
from natsauth.keys import PublicKey
from natsauth.subjects import subject_problems
from natsauth.validation.report import Issue, IssueCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsauth.keys import KeyType
    from natsauth.subjects import Finding

_SHOWN_CHARS = 80


def shown(text: str) -> str:
    """Quote a text for a message; of a long one the beginning.

    A text that stands in the messages of many issues must be short there, or their size grows
    with the square of the document.
    """
    return repr(text) if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]!r}…"


class Collector:
    """The issues so far.

    Attributes:
        issues: In the order in which they were found.
    """

    __slots__ = ("issues",)

    issues: list[Issue]

    def __init__(self) -> None:
        self.issues = []

    def error(self, code: IssueCode, path: str, message: str) -> None:
        """Add an issue for which servers refuse the claims."""
        self._add(code, path, message, blocking=True)

    def warning(self, code: IssueCode, path: str, message: str) -> None:
        """Add an issue that servers do not refuse."""
        self._add(code, path, message)

    def time_check(self, code: IssueCode, path: str, message: str) -> None:
        """Add an issue that is only about the moment."""
        self._add(code, path, message, time_check=True)

    def _add(
        self,
        code: IssueCode,
        path: str,
        message: str,
        *,
        blocking: bool = False,
        time_check: bool = False,
    ) -> None:
        shown = without_seeds(message)  # where a subject is expected, anything may stand
        self.issues.append(Issue(code, path, shown, blocking, time_check))

    def findings(self, path: str, findings: Iterable[Finding]) -> None:
        """Add the rules that a subject breaks."""
        for name, message in findings:
            self.error(IssueCode(name), path, message)

    def subject(self, path: str, subject: str) -> None:
        """Check a subject."""
        self.findings(path, subject_problems(subject))

    def key(self, code: IssueCode, path: str, text: str, role: KeyType) -> None:
        """Check that a text is a public key of a role."""
        if problem := key_problem(text, role):
            self.error(code, path, problem)

    def optional_key(self, code: IssueCode, path: str, text: str, role: KeyType) -> None:
        """Check that a text is empty or a public key of a role."""
        if text:
            self.key(code, path, text, role)


def key_problem(text: str, role: KeyType) -> str | None:
    """Say why a text is no public key of a role, without repeating it: it may be a seed."""
    try:
        PublicKey.parse(text, expect=role)
    except (KeyTextError, KeyRoleError) as error:
        return str(error)
    return None
