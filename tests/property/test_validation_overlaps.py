"""The fast search for overlaps agrees with the comparison of every pair."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from natsauth.subjects import is_contained_in
from natsauth.validation.overlaps import containments, members

subjects = st.lists(st.sampled_from(["a", "b", "*", ">", "", "$1"]), min_size=1, max_size=6)


@given(st.lists(subjects.map(".".join), max_size=30, unique=True))
def test_as_every_pair_compared(listed: list[str]) -> None:
    found = {(other, index) for index, others in containments(listed) for other in members(others)}
    numbered = list(enumerate(listed))
    assert found == {
        (i, j) for i, one in numbered for j, pattern in numbered
        if i != j and is_contained_in(one, pattern)
    }  # fmt: skip
