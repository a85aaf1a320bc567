from __future__ import annotations

import pytest

from natsauth.errors import ExistsError, UsageError
from natsauth.store._checks import check_case, check_path, identity, no_entry, possible


@pytest.mark.parametrize(
    ("path", "least", "most", "words"),
    [
        ((), 1, 3, "the path of operator or account or user, got 0 names"),
        (("o", "a", "u", "x"), 1, 3, "got 4 names"),
        (("o", "a"), 3, 3, "the path of user, got 2 names"),
    ],
)
def test_a_path_of_the_wrong_length(
    path: tuple[str, ...], least: int, most: int, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        check_path(path, least=least, most=most)


def test_only_the_name_of_a_user_is_trimmed() -> None:
    assert identity((" o ", " a ", " u ")) == (" o ", " a ", "u")
    assert identity((" o ", " a ")) == (" o ", " a ")


@pytest.mark.parametrize("name", ["a", ".a", "a..", "a\nb", "ß", " a ", "x" * 249])
def test_a_name_that_stays_in_its_place(name: str) -> None:
    assert possible(("o", name))


@pytest.mark.parametrize(
    "name", ["", " ", ".", "..", " .. ", "a/b", "\\", "\0", "\udc80", "x" * 250]
)
def test_a_name_that_leads_elsewhere(name: str) -> None:
    assert not possible(("o", name))


def test_names_of_one_case() -> None:
    check_case("A", ["A", "B", "AA"])
    with pytest.raises(ExistsError, match="'A' differs from 'a'") as caught:
        check_case("A", ["b", "a"])
    assert caught.value.hint == "choose another name"


def test_a_long_name_is_cut() -> None:
    assert len(str(no_entry(("x" * 5000,), "memory"))) < 300
