"""What holds for permissions and subjects of every shape, beside a slow and simple model."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from natsauth.policy import Reason, Verdict, evaluate
from natsauth.policy._trie import NEVER, Trie, collide, takes

# Few tokens, so that entries and subjects meet; and any text at all.
token = st.sampled_from(["a", "b", "*", "*", "a*"])
subjects = st.builds(
    lambda tokens, end: ".".join(tokens + end),
    st.lists(token, min_size=1, max_size=4),
    st.sampled_from([[], [], [">"]]),
) | st.just(">")
entries = st.lists(subjects, max_size=8)
queues = st.sampled_from(["", "q", "q.x", "q.*", "*", ">"])
sub_entries = st.lists(
    st.builds(lambda subject, queue: f"{subject} {queue}".rstrip(), subjects, queues), max_size=6
)
texts = st.text(st.characters(exclude_categories=())) | st.text(" .*>\t_ab\x00\ud800")
asked = subjects | texts
LITERALS = [".".join(t) for length in range(1, 6) for t in product("ab", repeat=length)]


def matches(entry: str, subject: str) -> bool:
    """Tell whether an entry takes a subject, token by token."""
    want, have = entry.split("."), subject.split(".")
    if want[-1] == ">":
        want = [*want[:-1], *["*"] * max(1, len(have) - len(want) + 1)]
    return (
        "" not in have
        and len(want) == len(have)
        and all(w in ("*", h) for w, h in zip(want, have, strict=True))
    )


def trie(subjects: list[str]) -> Trie:
    made = Trie()
    for index, subject in enumerate(subjects):
        made.add(subject.split("."), index)
    return made


@given(entries, asked)
def test_the_first_entry_that_matches_is_found(given_entries: list[str], subject: str) -> None:
    expected = (i for i, entry in enumerate(given_entries) if matches(entry, subject))
    assert trie(given_entries).first(subject.split(".")) == next(expected, NEVER)


@given(entries, subjects)
def test_an_overlap_is_a_subject_in_common(given_entries: list[str], pattern: str) -> None:
    taken = [s for s in [*LITERALS, "a*", "a*.a", "a.a*"] if matches(pattern, s)]
    found = trie(given_entries).first_overlap(pattern.split("."))
    shared = (i for i, entry in enumerate(given_entries) if any(matches(entry, s) for s in taken))
    assert found <= next(shared, NEVER)
    assert found == NEVER or collide(given_entries[found], pattern)


@given(entries, entries, asked)
def test_a_publish_needs_an_allow_and_no_deny(
    allow: list[str], deny: list[str], subject: str
) -> None:
    decision = evaluate({"pub": {"allow": allow, "deny": deny}}).publish(subject)
    if decision.reason is Reason.UNSENDABLE:
        return
    free = not allow and not deny
    allowed = free or any(matches(entry, subject) for entry in allow) or not (allow or deny)
    expected = allowed and not any(matches(entry, subject) for entry in deny)
    special = decision.reason is Reason.SYSTEM_SUBJECT
    assert bool(decision) == (expected and not special)
    assert (decision.rule is None) == (decision.reason not in (Reason.ALLOWED, Reason.DENIED))


@given(sub_entries, sub_entries, subjects, queues)
def test_what_is_filtered_is_withheld(
    allow: list[str], deny: list[str], subject: str, queue: str
) -> None:
    evaluator = evaluate({"sub": {"allow": allow, "deny": deny}})
    decision = evaluator.subscribe(subject, queue=queue)
    if not decision:
        return
    got = [s for s in LITERALS if takes(subject, s)]
    withheld = [s for s in got if not evaluator.deliver(s, to=decision)]
    if withheld:
        assert decision.verdict is Verdict.FILTERED
    if decision.verdict is Verdict.FILTERED:
        assert decision.rule is not None
        assert decision.rule.text in [*deny, *(f"{entry} " for entry in deny)]


@given(sub_entries, sub_entries, subjects, queues)
def test_a_session_says_what_the_evaluator_says_first(
    allow: list[str], deny: list[str], subject: str, queue: str
) -> None:
    evaluator = evaluate({"sub": {"allow": allow, "deny": deny}})
    session = evaluator.session()
    decision = session.subscribe(subject, queue=queue)
    assert decision == evaluator.subscribe(subject, queue=queue)
    for literal in LITERALS[:20]:
        deliveries = session.incoming(literal)
        assert len(deliveries) == (bool(decision) and takes(subject, literal))
        for delivery in deliveries:
            assert delivery.decision == evaluator.deliver(literal, to=decision)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "pub": st.fixed_dictionaries(
                {}, optional={"allow": st.lists(texts), "deny": st.lists(texts)}
            ),
            "sub": st.fixed_dictionaries(
                {}, optional={"allow": st.lists(texts), "deny": st.lists(texts)}
            ),
            "resp": st.fixed_dictionaries(
                {}, optional={"max": st.integers(-2, 3), "ttl": st.integers(-2, 3)}
            ),
        },
    ),
    texts,
    texts,
)
def test_every_text_gets_a_verdict_in_words(
    given_permissions: object, subject: str, other: str
) -> None:
    evaluator = evaluate(given_permissions)  # type: ignore[arg-type]
    session = evaluator.session()
    decisions = [
        evaluator.publish(subject, reply=other),
        evaluator.subscribe(subject, queue=other),
        evaluator.deliver(subject, to=other),
        session.subscribe(other),
        *(delivery.decision for delivery in session.incoming(subject, reply=other)),
        session.publish(other),
    ]
    for decision in decisions:
        assert decision.verdict in Verdict
        assert decision.explain()
        assert bool(decision.error) <= (not decision)
    assert evaluate(evaluator.effective()).publish(subject).verdict in Verdict


@given(entries, entries, asked, queues, st.text())
def test_every_text_of_a_leaf_node_gets_a_verdict_in_words(
    allow: list[str], deny: list[str], subject: str, queue: str, other: str
) -> None:
    lists = {"allow": allow, "deny": deny}
    leaf = evaluate({"pub": lists, "sub": lists}, leaf=True)
    for decision in (
        leaf.publish(subject, reply=other),
        leaf.subscribe(subject, queue=queue),
        leaf.deliver(subject, to=other),
    ):
        assert decision.explain()
        assert bool(decision.error) <= (not decision)


@given(entries, entries, subjects)
def test_a_leaf_node_that_gets_all_is_denied_nothing(
    allow: list[str], deny: list[str], pattern: str
) -> None:
    leaf = evaluate({"sub": {"allow": allow, "deny": deny}}, leaf=True)
    decision = leaf.subscribe(pattern)
    if decision.verdict is Verdict.ALLOW:
        assert all(leaf.deliver(s, to=decision) for s in LITERALS if matches(pattern, s))
