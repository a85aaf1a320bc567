"""Accounts that give their users something: scoped signing keys with templates, and mappings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.live.differential.cases import Case
from tests.live.differential.strategies import entries, permissions, responses, sometimes, steps

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

    from tests.live.differential.cases import Json

_PLACES = [
    "a.b", "a.*", "*.b", "a.*.*", "*", "b", "c.>", ">", "a.b.c", "b.*.c", "*.*", "a.>.b",
    "a.$1.*", "$1.*.*", "a.$1", "*a",
]  # fmt: skip
_DESTINATIONS = [
    "c", "x.y", "a.b", "b.a", "c.c.c", "_GR_.x", "$GR.x", "$NRG.x", "c.>", ">", "a..b", "*",
    "b.{{partition(9)}}", "{{partition(99,1)}}", "b.{{random(2)}}",
]  # fmt: skip
_RENAMED = [
    "c.$1", "$1", "$1.c", "$2.$1", "$0", "$9", "c.*", "x.{{wildcard(1)}}", "{{wildcard(2)}}.$1",
    "{{ Wildcard( 1 ) }}", "b.{{partition(3,1)}}", "b.{{partition(3)}}", "{{partition(2,1,2)}}",
    "{{split(1,-)}}.c", "{{split(1,a)}}", "b.{{left(1,1)}}", "b.{{right(1,1)}}", "{{left(1,0)}}",
    "{{splitfromleft(1,1)}}", "{{SplitFromRight(1,1)}}", "{{slicefromleft(1,1)}}",
    "{{SliceFromRight(1,2)}}", "b.{{random(2)}}", "{{foo(1)}}", "{{wildcard()}}", "b.{{left(1)}}",
    "{{partition(3)}}{{wildcard(1)}}", "{{split(1,a)}}{{left(1,1)}}", "{{left(1)}}{{random(2)}}",
    "{{\vwildcard(1)}}", "{{\nwildcard(1)\n}}", "{{wildcard(\n1)}}{{random(1)}}",
    "b.{{partition(-4294967296)}}", "b.{{partition(-1)}}", "{{random(-4294967295)}}",
    "{{right(1,-2147483649)}}", "{{left(1,-1)}}", "$-1",
]  # fmt: skip
_weights = st.sampled_from([{}, {}, {"weight": 0}, {"weight": 100}, {"weight": 60}, {"weight": 1}])

_FUNCTIONS = [
    "{{name()}}", "{{tag(x)}}", "{{tag(y)}}", "{{account-tag(x)}}", "{{subject()}}",
    "{{account-name()}}", "{{account-subject()}}",
]  # fmt: skip
_SPELLED = [
    "{{ name() }}", "{{NAME()}}", "{{Account-Name()}}", "{{ tag(x) }}", "{{tag(X)}}", "{{TAG(x)}}",
    "{{Tag(x)}}", "{{tag( x )}}", "{{tag()}}", "{{tag(x:y)}}", "{{tag(x)y)}}", "{{account-TAG(x)}}",
    "{{\u00a0name()\t}}", "{{name()\x1f}}", "{{\u017fubject()}}", "{{tag(É)}}", "{{tag(\u0130)}}",
    "{{account-tag(x)}", "{{name()", "{{}}", "{name()}", "{{tag((x))}}", "{{tag(x}}",
    "{{tag(a b)}}", "{{tag(\u212a)}}",
]  # fmt: skip
_UNKNOWN = ["{{foo()}}", "{{name}}", "{{name( )}}", "{{{name()}}}", "{{ }}", "{{a}b}}", "{{\n}}"]
_NAMES = [
    "a.b", "*", ">", "", "a b", " a", "a\tb", ".a", "a..b", "a.>.b", "é", "{{subject()}}",
    "{{name()}}", "{{tag(x)}}", "$USER", "a\u00a0b", "\x0b", "b q",
]  # fmt: skip
_TAGS = [
    "x:1", "x:*", "x:>", "x:", "x:a b", "X:a", "x:a:b", "x", ":z", "x: a", " x:1", "x:A", "x:a.b",
    "x:{{name()}}", "x:{{tag(y)}}", "é:e", "É:e", "i\u0307:i", "k:k", " x :s", "a b:s", "x:y:t",
    "x)y:p", "(x):p", "x:é",
]  # fmt: skip
_names = st.sampled_from(["a", "bob"]) | st.sampled_from(_NAMES)
_few_tags = st.sampled_from([[], ["x:a"], ["x:a", "x:b"], ["x:a", "x:b", "y:a"], ["y:a", "y:b"]])
_tags = sometimes(st.lists(st.sampled_from(_TAGS), max_size=6), _few_tags, of=2)
_TAG = re.compile(r"\{\{(account-)?tag\((\w)\)\}\}")


@st.composite
def _mappings(draw: DrawFn) -> Json:
    found: Json = {}
    # Of two that fit a subject, the server takes one or the other; they are all possible.
    for source in draw(st.lists(st.sampled_from(_PLACES), min_size=1, max_size=3, unique=True)):
        names = st.sampled_from(_RENAMED if "*" in source else _DESTINATIONS)
        first, *more = draw(st.lists(names, min_size=1, max_size=2, unique=True))
        if more:
            found[source] = [{"subject": name, "weight": 50} for name in (first, *more)]
        else:
            found[source] = [{"subject": first} | draw(_weights)]
    return found


@st.composite
def mapping_cases(draw: DrawFn) -> Case:
    """Draw an account that maps subjects, and a user that publishes to them."""
    mappings, own = draw(_mappings()), draw(permissions())
    own.pop("resp", None)  # what is drawn by weight would decide which slots are open
    happens = draw(steps([own, [*mappings]]))
    if draw(st.integers(1, 8)) == 8:  # so that functions cut characters
        happens.append({"do": "publish", "subject": draw(st.sampled_from(["a.é", "é", "b.aé.c"]))})
    return Case({"nats": own}, account={"nats": {"mappings": mappings}}, steps=happens)


@st.composite
def _templates(draw: DrawFn, *, side: str, kind: str) -> str:
    """Draw an entry of a template; of a deny list, one that rarely refuses the connection."""
    if draw(st.integers(1, 3)) == 3:
        return draw(entries(queued=side == "sub" and kind == "allow"))
    odd = st.sampled_from(_SPELLED) | sometimes(
        st.sampled_from(_UNKNOWN), st.sampled_from(_SPELLED), of=8
    )
    function = sometimes(odd, st.sampled_from(_FUNCTIONS), of=6)
    befores, afters = ["", "u.", "x", " "], ["", "", ".>", ".a", ".*", " q"]
    if kind == "deny":
        function = sometimes(function, st.just("{{name()}}"), of=4)
        befores, afters = befores[:-1], afters[:-1]
    joint = draw(st.sampled_from([".", "", ".a.", "-"]))
    # Tags with several values make a product, but for one function that stands there twice.
    twice = st.sampled_from(["{{tag(x)}}", "{{ tag(x) }}", "{{tag(y)}}"]).map(lambda one: [one] * 2)
    functions = draw(sometimes(twice, st.lists(function, min_size=1, max_size=2), of=6))
    before, after = draw(st.sampled_from(befores)), draw(st.sampled_from(afters))
    return before + joint.join(functions) + after


@st.composite
def _scopes(draw: DrawFn) -> Json:
    found: Json = {}
    for side in ("pub", "sub"):
        kinds = draw(st.sampled_from([["allow"], ["allow"], ["allow", "deny"], ["deny"], []]))
        entry = {kind: _templates(side=side, kind=kind) for kind in kinds}
        found[side] = {kind: draw(st.lists(entry[kind], max_size=4)) for kind in kinds}
    if draw(st.integers(1, 4)) == 4:
        found["resp"] = draw(responses)
    return found


@st.composite
def template_cases(draw: DrawFn) -> Case:
    """Draw a user of a scoped signing key, with a name and tags that nobody expected."""
    template = draw(_scopes())
    scope = {"kind": "user_scope", "key": "$SCOPED", "role": "r", "template": template}
    body: Json = {"signing_keys": ["$PLAIN", scope], "tags": draw(_tags)}
    if draw(st.integers(1, 4)) == 4:
        body["default_permissions"] = draw(permissions())
    user = {"name": draw(_names), "nats": {"tags": draw(_tags)}}
    account = {"name": draw(_names), "nats": body}
    filled = [
        draw(_filled(entry, user, account))
        for side in ("pub", "sub")
        for entries_of_kind in template[side].values()
        for entry in entries_of_kind
    ]
    happens = draw(steps(filled, answering="resp" in template))
    return Case(user, "$SCOPED", account, steps=happens)


@st.composite
def _filled(draw: DrawFn, entry: str, user: Json, account: Json) -> str:
    """Draw something like what a template comes out as, to ask for."""

    def value(tag: re.Match[str]) -> str:
        tags = (account if tag[1] else user)["nats"]["tags"]
        values = [text[2:] for text in tags if text.startswith(f"{tag[2]}:")]
        found: str = draw(st.sampled_from(values or ["a"]))
        return found

    texts = {"name()": user["name"], "account-name()": account["name"], "subject()": "$USER"}
    for name, text in (texts | {"account-subject()": "$ACCOUNT"}).items():
        entry = entry.replace(f"{{{{{name}}}}}", text)
    return _TAG.sub(value, entry)
