"""What differed once, in a comparison with a real server, does so no more."""

from __future__ import annotations

from typing import Any

import pytest

from tests._vectors import records
from tests.live.differential.cases import Case, Keys
from tests.live.differential.lab import Answers
from tests.live.differential.predict import differences


@pytest.mark.parametrize("record", records("permissions-found.jsonl"))
def test_policy_gives_the_answers_of_the_server(record: dict[str, Any]) -> None:
    keys, case = Keys(), Case(**record["case"])
    at = record["server"]["at"]
    minted = keys.mint(case, int(at))
    answers = Answers(**{"connect": "", **keys.in_place(record["server"], case, int(at))})
    assert differences(minted, answers, keys) == []
