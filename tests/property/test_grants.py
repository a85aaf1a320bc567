"""Whatever is given: a grant or its error, and a union that is never wider than its parts."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from natsauth import grants
from natsauth.claims import Permission, Permissions, ResponsePermission
from natsauth.errors import UsageError
from natsauth.policy import evaluate
from natsauth.subjects import permission_problems

hostile = st.one_of(
    st.text(max_size=6),
    st.text("ab.*>$ \t\n", max_size=8),
    st.none(),
    st.integers(),
    st.lists(st.text("ab.*> ", max_size=4), max_size=2),
)
tokens = st.sampled_from(["a", "b", "*"])
entries = st.builds(
    lambda parts, tail: ".".join([*parts, *tail]),
    st.lists(tokens, min_size=1, max_size=2),
    st.sampled_from([[], [">"]]),
)
sides = st.builds(
    Permission,
    allow=st.lists(entries, min_size=1, max_size=3),
    deny=st.one_of(st.none(), st.lists(entries, max_size=2)),
) | st.just(Permission(deny=[">"]))
sets = st.builds(
    Permissions,
    pub=sides,
    sub=sides,
    resp=st.none() | st.just(ResponsePermission(max=1)),
)
literals = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map(".".join)


def check(made: Permissions) -> None:
    """Check that a grant names its subjects one by one, and is taken by a server."""
    for entry in (*(made.pub.allow or ()), *(made.sub.allow or ())):
        assert not permission_problems(entry, queue_allowed=True)
        assert entry.split(".")[0] not in ("*", ">")
    evaluator = evaluate(made)
    assert not evaluator.publish("$SYS.REQ.CLAIMS.UPDATE")
    assert not evaluator.publish("$JS.API.STREAM.DELETE.unheard-of")
    assert not evaluator.subscribe(">")


@given(first=hostile, second=hostile, options=st.dictionaries(
    st.sampled_from(["keys", "subjects", "endpoints", "deliver", "queue", "domain", "inbox"]),
    hostile, max_size=3))  # fmt: skip
def test_a_grant_or_its_error(first: Any, second: Any, options: dict[str, Any]) -> None:
    accepted = {
        "kv_read": ("keys", "domain", "inbox"),
        "kv_write": ("keys", "domain", "inbox"),
        "publish_stream": ("subjects", "inbox"),
        "service": ("endpoints",),
        "object_store": ("domain", "inbox"),
    }
    for name, known in accepted.items():
        chosen = {key: value for key, value in options.items() if key in known}
        try:
            check(grants.GRANTS[name](first, **chosen))
        except UsageError:
            continue
    more = {key: options[key] for key in ("queue", "domain", "inbox") if key in options}
    try:
        check(grants.push_consumer(first, second, deliver=options.get("deliver", "x"), **more))
    except UsageError:
        return


@given(
    st.text("abkv_read:=.>,* ", max_size=20)
    | st.builds(
        lambda name, rest: ":".join([name, *rest]),
        st.sampled_from([*grants.GRANTS]),
        st.lists(st.text("ab.=*>$,", max_size=8) | st.sampled_from(["keys=a.>", "write=yes"])),
    )
)
def test_text_is_a_grant_or_an_error(text: str) -> None:
    try:
        made = grants.parse(text)
    except UsageError:
        return
    # What is left of it in words is something.
    assert grants.describe(made)


@given(one=sets, other=sets, subjects=st.lists(literals, min_size=1, max_size=5))
def test_a_union_allows_no_more_than_its_parts(
    one: Permissions, other: Permissions, subjects: list[str]
) -> None:
    joined, first, second = evaluate(one | other), evaluate(one), evaluate(other)
    for subject in subjects:
        both = (first.publish(subject), second.publish(subject))
        assert bool(joined.publish(subject)) <= any(both)
        assert bool(joined.publish(subject)) >= all(both)
        both = (first.subscribe(subject), second.subscribe(subject))
        assert bool(joined.subscribe(subject)) <= any(both)
    reverse = evaluate(other | one)
    assert [*map(bool, map(joined.publish, subjects))] == [
        *map(bool, map(reverse.publish, subjects))
    ]


@given(one=sets, other=sets)
def test_a_union_keeps_every_deny(one: Permissions, other: Permissions) -> None:
    joined = one | other
    for side in ("pub", "sub"):
        kept = {*(getattr(joined, side).deny or ())}
        for part in (getattr(one, side), getattr(other, side)):
            denied = {*(part.deny or ())}
            assert denied <= kept or (denied - {">"} <= kept and not part.allow)


@given(st.builds(
    lambda pub, sub: {"pub": pub, "sub": sub},
    *[st.fixed_dictionaries({}, optional={
        "allow": st.lists(st.text("ab.*>$JSKVAPI ", max_size=12), max_size=4),
        "deny": st.lists(st.text("ab.*>$ ", max_size=8), max_size=3),
    })] * 2,
))  # fmt: skip
def test_everything_has_words(permissions: dict[str, Any]) -> None:
    said = grants.describe(permissions)
    assert said
    assert all(words.startswith(("can ", "cannot ")) for words in said)
