"""Permissions, and what is asked of them: what hits a rule, and what no client would ever send."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

from tests.live.differential.cases import Case

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from tests.live.differential.cases import Json

_T = TypeVar("_T")

_MILLISECOND = 1_000_000
_SHORT = 120 * _MILLISECOND
"""The life of a reply slot that is soon over, and well over after a wait."""
_WAIT: Json = {"do": "wait", "ms": 300}

_TOKENS = [*"aaabbbccc**>", "a*", ">a"]
_QUEUES = ["q", "q", "r", "q.x", "q.y", "*", ">", "q.*", "q.>", "*.x", "q*", "q.>.x"]
_BLANKS = ["\t", "\t\t", " \t", "\n", "\x0b", "\u00a0", "\x00"]
# Some mean something to the server, some only look as if they did.
_SPECIAL = [
    "_INBOX.>", "_INBOX.*", "_INBOX.r1", "_R_.>", "_R_.x", "_GR_.>", "_GR_.x", "$GR.>", "$GR.x",
    "$NRG.>", "$NRG.x", "$NRG", "$JS.ACK.>", "$JS.ACK.x", "$JS.>", "$JS.API.x", "$SYS.>",
    "$SYS.x", "$KV.a.b",
]  # fmt: skip
_IGNORED = ["a.>.b", ">.a", ">.>", "*.>.*", "é.a", "a\u00a0b", "\u2028", "a\x0bb"]
_REFUSED = [
    "", " ", " a", "a ", "a..b", ".a", "a.", "a  q", "a q r", "a q.", "a .q", "a q..r", "\t",
    "a\t.b q", "a\n", "a\r q", "a\tq r",
]  # fmt: skip
_REPLIES = [
    "_INBOX.r1", "_INBOX.r1", "_INBOX.r2", "a", "a.b", "_INBOX.*", "_INBOX.>", "b..c", "_R_.x",
    "_R_.", "$JS.ACK.x", "$JS.ACK.", "_GR_.x", "_GR_.", "$GR.x", "$GR.", "$NRG.x",
]  # fmt: skip
_ODD = [
    "a..b", ".a", "a.", ".", "a.>.b", ">.a", "a*", "_GR_.", "$GR.", "_R_", "$NRG.", "$JS.ACK.",
    "é.a",
]  # fmt: skip

subjects = st.lists(st.sampled_from(_TOKENS), min_size=1, max_size=4).map(".".join)
literals = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(".".join)
_broad = st.sampled_from([">", "a.>", "*.*", "*"])
_asked_queues = st.sampled_from([*_QUEUES, "_sys_", "q..x", ".q", "QQ", "é"])
_replies = st.sampled_from(_REPLIES)
_response: SearchStrategy[Json] = st.fixed_dictionaries(
    {},
    optional={
        "max": st.sampled_from([1, 2, 3, 0, -1, -2]),
        "ttl": st.sampled_from([_SHORT, _SHORT, 0, -1, 10_000 * _MILLISECOND, 1 << 62]),
    },
)
responses: SearchStrategy[Json | None] = _response | st.none()


def sometimes(
    rare: SearchStrategy[_T], usual: SearchStrategy[_T], *, of: int
) -> SearchStrategy[_T]:
    """Draw what is rare once of so many times."""
    return st.integers(1, of).flatmap(lambda number: rare if number == of else usual)


@st.composite
def entries(draw: DrawFn, *, queued: bool) -> str:
    """Draw an entry of a permission list.

    Args:
        draw: Draws.
        queued: Whether one for a queue group is taken there.
    """
    odd = st.sampled_from([*_SPECIAL, *_IGNORED])
    subject = draw(sometimes(st.sampled_from(_REFUSED), sometimes(odd, subjects, of=8), of=80))
    if queued and draw(st.integers(1, 3)) == 3:
        return f"{subject} {draw(st.sampled_from(_QUEUES))}"
    if draw(st.integers(1, 16)) == 16:
        return subject + draw(st.sampled_from(_BLANKS)) + draw(st.sampled_from(_QUEUES))
    return subject


@st.composite
def _sides(draw: DrawFn, *, queued: bool) -> Json:
    entry = entries(queued=queued)
    few, many = st.lists(entry, min_size=1, max_size=5), st.lists(entry, max_size=25)
    lists = sometimes(many | st.none(), few, of=3)
    return {name: draw(lists) for name in ("allow", "deny") if draw(st.integers(0, 2))}


@st.composite
def permissions(draw: DrawFn) -> Json:
    """Draw permissions as they stand in claims, with nulls and empty lists."""
    found: Json = {}
    for side in ("pub", "sub"):
        if draw(st.integers(0, 3)):
            found[side] = draw(sometimes(st.none(), _sides(queued=side == "sub"), of=20))
    if draw(st.integers(1, 3)) == 3:
        found["resp"] = draw(responses)
    return found


def _texts(value: Any) -> list[str]:
    """Return every text in a JSON value, but for the names of members."""
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []


def asks(about: Any) -> SearchStrategy[str]:
    """Draw subjects to ask for, most often such as the entries in a JSON value are about.

    Args:
        about: Its texts are entries.
    """
    parts = (re.split(r"[\s\0]", text)[0] for text in _texts(about))
    return _asked([part for part in parts if part])


@st.composite
def _asked(draw: DrawFn, about: list[str]) -> str:
    if not about or draw(st.integers(1, 4)) == 4:
        odd = st.sampled_from([*_ODD, *_SPECIAL])
        return draw(sometimes(odd, literals | subjects, of=8))
    parts = draw(st.sampled_from(about)).split(".")
    for index, part in enumerate(parts):
        if part == "*" and draw(st.booleans()):
            parts[index] = draw(st.sampled_from([*"abc", ">"]))
        elif part == ">" and draw(st.booleans()):
            parts[index] = draw(literals | st.just("*"))
        elif draw(st.integers(1, 8)) == 8:
            parts[index] = draw(st.sampled_from([*"abc", "*", ">"]))
    return ".".join(parts)


@st.composite
def steps(draw: DrawFn, about: Any, *, answering: bool = False) -> list[Json]:
    """Draw what happens on a connection.

    Args:
        draw: Draws.
        about: JSON with the entries that are asked about.
        answering: Whether requests come in and are answered.
    """
    asked = asks(about)
    requests = st.sampled_from(draw(st.lists(_replies, min_size=1, max_size=2)))
    kinds = ["publish", "publish", "subscribe", "subscribe", "incoming", "incoming", "unsubscribe"]
    if answering:
        kinds += ["request", "answer"] * 5
    found: list[Json] = []
    opened: list[Json] = []
    for _ in range(draw(st.integers(1, 16))):
        match kind := draw(st.sampled_from(kinds)):
            case "publish":
                reply = draw(sometimes(_replies, st.just(""), of=10))
                found.append(_step("publish", draw(asked), reply=reply))
            case "answer":
                found.append(_step("publish", draw(requests)))
            case "subscribe":
                queue = draw(st.just("") | _asked_queues)
                opened.append(_step(kind, draw(sometimes(_broad, asked, of=4)), queue=queue))
                found.append(opened[-1])
            case "incoming" | "request":
                reply = draw(requests) if kind == "request" else ""
                # Half of them reach what is open, unless they are withheld.
                found.append(
                    _step(
                        "incoming",
                        draw(asks([one["subject"] for one in opened]) | asked),
                        reply=reply,
                    )
                )
            case "unsubscribe" if opened:
                found.append(draw(st.sampled_from(opened)) | {"do": kind})
    return found


def _step(do: str, subject: str, **more: str) -> Json:
    return {"do": do, "subject": subject} | {name: text for name, text in more.items() if text}


@st.composite
def permission_cases(draw: DrawFn) -> Case:
    """Draw a user with permissions, and what it asks."""
    found = draw(permissions())
    return Case.of_permissions(found, *draw(steps(found)))


@st.composite
def session_cases(draw: DrawFn) -> Case:
    """Draw a user that may answer requests."""
    found = draw(permissions()) | {"resp": draw(_response)}
    if draw(st.booleans()):
        found.pop("sub", None)  # so that more requests come in
    found["subs"] = draw(st.sampled_from([-1, -1, -1, 1, 2, 3]))
    happens = [_step("subscribe", draw(_broad)), *draw(steps(found, answering=True))]
    if found["resp"].get("ttl") == _SHORT and draw(st.booleans()):
        reply = draw(st.sampled_from(["_INBOX.late", "_INBOX.r1"]))
        request = _step("incoming", draw(asks(happens[0]["subject"])), reply=reply)
        happens += [request, _WAIT, _step("publish", reply)]
    return Case.of_permissions(found, *happens)


@st.composite
def default_cases(draw: DrawFn) -> Case:
    """Draw an account with default permissions, most often for a user that has none."""
    defaults = draw(permissions())
    none: list[Json] = [{}, {"pub": {}}, {"pub": {"allow": []}}, {"resp": None}, {"sub": None}]
    some: SearchStrategy[Json] = permissions() | st.just({"resp": {}})
    own = draw(sometimes(some, st.sampled_from(none), of=3))
    happens = draw(steps([defaults, own], answering=draw(st.booleans())))
    account = {"nats": {"default_permissions": defaults}}
    return Case({"nats": own}, account=account, steps=happens)
