"""Ask a server and natsauth.policy the same, and make the cases in which they differ small."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Flaky

from tests.live.differential import accounts, connections, strategies
from tests.live.differential.predict import differences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

    from tests.live.differential.cases import Case, Json
    from tests.live.differential.lab import Answers, Lab

KINDS: Mapping[str, SearchStrategy[Case]] = {
    "permissions": strategies.permission_cases(),
    "sessions": strategies.session_cases(),
    "defaults": strategies.default_cases(),
    "mappings": accounts.mapping_cases(),
    "templates": accounts.template_cases(),
    "connections": connections.connection_cases(),
}
"""Strategies, by what they draw."""
_ATTEMPTS = 3
_PARTICULAR = re.compile(r'\\"[^"]*"|[A-Z2-7]{56}|[0-9]+')
"""What two differences of one sort do not have in common: quoted texts, keys and numbers."""


class Found(NamedTuple):
    """A case in which server and policy differ.

    Attributes:
        record: The case and the server's answers: a line for ``permissions-found.jsonl``.
        difference: The first one.
    """

    record: Json
    difference: Json


class Hunt:
    """Compares and counts.

    Args:
        lab: The server.
        known: The sorts of differences that are passed over; those that are found are added.

    Attributes:
        verdicts: How many of the server's verdicts were compared, by the kind of the case.
    """

    def __init__(self, lab: Lab, known: set[str] | None = None) -> None:
        self.verdicts: Counter[str] = Counter()
        self._lab = lab
        self._known = set() if known is None else known

    def search(self, kind: str, count: int, number: int | None = None) -> Found | None:
        """Try cases, and return the smallest one of those that differ, or ``None``.

        Args:
            kind: One of :data:`KINDS`.
            count: How many cases.
            number: The seed; as the hypothesis profile has it, if ``None``.
        """
        found: list[Found] = []

        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=[*HealthCheck],
        )
        @given(KINDS[kind])
        def agree(case: Case) -> None:
            if one := self._compare(kind, case):
                found.append(one)
                raise AssertionError(one.difference)

        try:
            (agree if number is None else seed(number)(agree))()
        except (AssertionError, Flaky):
            if not found:
                raise
            self._known.add(_sort_of(found[-1].difference))
            return found[-1]  # the last one that hypothesis tries is the smallest
        return None

    def _compare(self, kind: str, case: Case) -> Found | None:
        """Return a difference that is there each time, for on a slow machine time passes."""
        for attempt in range(_ATTEMPTS):
            minted, answers = self._lab.run(case)
            self.verdicts[kind] += (1 + len(answers.steps)) * (not attempt)
            differing = differences(minted, answers, self._lab.keys)
            new = [item for item in differing if _sort_of(item) not in self._known]
            if not new:
                return None
        return Found(*self._lab.keys.by_name([record(case, answers), new[0]], case))


def record(case: Case, answers: Answers) -> Json:
    """Return a case with the server's answers, as it stands in ``permissions-found.jsonl``."""
    return {"case": case.as_json(), "server": {n: v for n, v in vars(answers).items() if v}}


def _sort_of(difference: Json) -> str:
    ours, theirs = difference["natsauth"][0], difference["server"]
    texts = [ours.get("error"), ours.get("log"), theirs.get("error"), theirs.get("log")]
    return _PARTICULAR.sub("", json.dumps([difference["step"].get("do"), *texts]))
