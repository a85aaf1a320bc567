"""What holds for subjects of every shape."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from natsauth.subjects import (
    SubjectProblem,
    has_wildcards,
    is_contained_in,
    literal_prefix,
    parse_int,
    permission_problems,
    renamed,
    renaming_problems,
    subject_problems,
)

# Any text at all, lone surrogates included, and text made of what has a meaning.
texts = st.text(st.characters(exclude_categories=())) | st.text(" .*>$+-01a_\x00\ud800")
literals = st.text("abc$1*>", min_size=2, max_size=4).filter(lambda token: token[0] in "abc")
tokens = literals | st.sampled_from(["*", ">"])
token_lists = st.lists(tokens, min_size=1, max_size=6)
literal_lists = st.lists(literals, min_size=1, max_size=6)


@given(texts, texts)
def test_every_text_gets_an_answer(first: str, second: str) -> None:
    own = subject_problems(first)
    assert renaming_problems(first, second)[: len(own)] == own
    assert permission_problems(f"{first} {second} ", queue_allowed=True) != []
    assert "$" in first or renamed(first) == first
    assert literal_prefix(first) in {"_", first} or first.startswith(literal_prefix(first))
    assert not is_contained_in(f"{first}.{second}", first.replace(">", "*"))


@given(texts)
def test_every_text_is_contained_in_itself_and_in_everything(subject: str) -> None:
    assert is_contained_in(subject, subject)
    assert is_contained_in(subject, ">")


@given(texts)
def test_a_subject_is_good_exactly_when_each_token_is(subject: str) -> None:
    good = all(token and " " not in token for token in subject.split("."))
    assert (not subject_problems(subject)) == good


@given(texts)
def test_an_entry_without_space_is_judged_as_a_subject(text: str) -> None:
    entry = text.replace(" ", "")
    assert permission_problems(entry, queue_allowed=False) == subject_problems(entry)


@given(token_lists)
def test_wildcards_are_whole_tokens(parts: list[str]) -> None:
    assert has_wildcards(".".join(parts)) == ("*" in parts or parts[-1] == ">")


@given(literal_lists)
def test_literals_have_no_wildcards_and_contain_themselves_only(parts: list[str]) -> None:
    subject = ".".join(parts)
    assert not has_wildcards(subject)
    assert literal_prefix(subject) == subject
    assert is_contained_in(subject, subject)
    assert not is_contained_in(subject, f"{subject}.a")
    assert not is_contained_in(f"{subject}.a", subject)


@given(token_lists, st.data())
def test_a_subject_is_contained_in_what_covers_it(parts: list[str], data: st.DataObject) -> None:
    pattern = [data.draw(st.sampled_from(["*", part])) for part in parts]
    cut = data.draw(st.integers(0, len(parts) - 1))
    subject = ".".join(parts)
    assert is_contained_in(subject, ".".join([*pattern[:cut], ">"]))
    if pattern[-1] != ">":
        assert is_contained_in(subject, ".".join(pattern))


@given(literal_lists, token_lists)
def test_a_contained_literal_is_matched(parts: list[str], pattern: list[str]) -> None:
    def matches(have: list[str], want: list[str]) -> bool:
        if not have or not want:
            return have == want
        if want == [">"]:
            return True
        return want[0] in {"*", have[0]} and matches(have[1:], want[1:])

    assert is_contained_in(".".join(parts), ".".join(pattern)) == matches(parts, pattern)


@given(token_lists)
def test_naming_every_wildcard_in_any_order_is_a_good_renaming(parts: list[str]) -> None:
    count = parts.count("*")
    references = [f"${n}" for n in range(count, 0, -1)]
    tail = [">"] if parts[-1] == ">" else ["end"]
    to = ".".join(references + tail)
    assert renaming_problems(to, ".".join(parts)) == []
    assert renamed(to) == ".".join(["*"] * count + tail)


@given(token_lists, st.integers(min_value=1, max_value=2**62))
def test_a_reference_past_the_wildcards_is_refused(parts: list[str], excess: int) -> None:
    index = parts.count("*") + excess
    findings = renaming_problems(f"${index}", ".".join(parts))
    assert SubjectProblem.REFERENCE in {finding.code for finding in findings}


@given(st.integers())
def test_an_integer_is_read_when_64_bits_hold_it(number: int) -> None:
    assert parse_int(str(number)) == (number if -(2**63) <= number < 2**63 else None)


@given(st.text("+-0123456789_ .e\n٣"))
def test_an_integer_is_never_read_more_loosely_than_by_int(text: str) -> None:
    number = parse_int(text)
    assert number is None or (number == int(text) and text.lstrip("+-").isascii())
