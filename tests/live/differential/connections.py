"""Connections that go wrong in every way, and in several ways at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from natsauth.claims.permissions import CONNECTION_TYPES
from tests.live.differential.cases import OPEN, Case
from tests.live.differential.strategies import permissions, sometimes

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from tests.live.differential.cases import Json

HOUR = 3600
_WAIT: Json = {"do": "wait", "ms": 60}
"""How long a server takes at most to close a connection that it has no use for."""


def _rel(*seconds: int) -> list[Any]:
    return [{"rel": item} for item in seconds]


_clock = st.sampled_from([-11, -6, -5, -4, -1, 1, 4, 5, 6, 11]).map(lambda n: {"clock": n * HOUR})
_near = st.sampled_from([-90, -2, 2, 90]).map(lambda n: {"clock": n})
_texts = st.sampled_from(["00:00:00", "0:00:00", "23:59:59", "12:00:00.5", "24:00:00", "12:00", "",
                          "1:2:3", "12:60:00", " 12:00:00", "+1:00:00", "12:00:00.", "12:00:00,5",
                          "012:00:00", "12:00:60", "\u0660\u0660:00:00"])  # fmt: skip
_instant = st.one_of(_clock, _clock, _clock, _near, _texts)
_good_range = st.fixed_dictionaries({"start": _clock | _near, "end": _clock | _near})
_range = st.fixed_dictionaries({}, optional={"start": _instant, "end": _instant})
_ZONES = ["America/New_York", "Nowhere/X", "utc", "EST", "../UTC", "/UTC", "Etc/GMT+5", " UTC",
          "posixrules", "GMT0"]  # fmt: skip
_GOOD = ["", "UTC", "Local", "Europe/Paris", "Asia/Kolkata"]
_NETWORKS = ["127.0.0.0/8", "127.0.0.1/32", "127.0.0.1/24", "127.0.0.2/32", "10.0.0.0/8",
             "0.0.0.0/0", "::/0", "::1/128", "::ffff:127.0.0.1/128", "::ffff:0:0/96",
             "::ffff:127.0.0.2/127", "127.0.0.1", "127.0.0.1/33", "127.0.0.01/32", "", " ",
             " 127.0.0.1/32", "127.0.0.1/032", "127.1/8", "::FFFF:7f00:1/128", "::ffff:0:0/95",
             "127.0.0.1/-1", "127.0.0.1/+8", "127.0.0.1/ 8", "fe80::1%lo/64", "1.2.3.4/8/8",
             "bad"]  # fmt: skip
_TYPES = [
    *CONNECTION_TYPES,
    "STANDARD",
    "standard",
    "Standard",
    "FOO",
    "",
    " STANDARD",
    "\u017fTANDARD",
]
_LIMITS = [-1, -1, 0, 1, 10, -2, 1 << 31, (1 << 63) - 1]
_BAD = ["1", 1.5, 1e3, "x", [], {}, True, None]
"""JSON of another type than the claim has."""
_PERMISSIONS: list[Any] = [
    {}, None, [], {"allow": []}, {"allow": None}, {"allow": "a"}, {"allow": ["a"]},
    {"allow": [""]}, {"allow": ["a", None]}, {"deny": ["a..b"]}, {"allow": ["a q"]},
    {"deny": ["a q r"]}, {"allow": ["a b.c."]}, {"Allow": ["a"]}, {"allow": ["a."]},
    {"allow": ["a\tb"]}, {"deny": [" a"]}, {"allow": ["b"], "x": 1}, {"deny": ["a  q"]},
]  # fmt: skip
_RESPONSES: list[Any] = [{}, None, [], True, {"max": "1"}, {"max": 1}, {"ttl": 1.5}, {"ttl": "1s"},
                         {"ttl": 1e9}, {"max": None}, {"max": -5}]  # fmt: skip

_seconds = st.sampled_from([*_rel(-HOUR, -2, -1, 0, 1, 2, HOUR), 0, -5, 1])
_limits = st.sampled_from(_LIMITS) | st.sampled_from(_LIMITS) | st.sampled_from(_BAD)
_flags = st.sampled_from([True, True, True, False, None, "true", 1])
_odd_sources: SearchStrategy[Any] = st.one_of(
    st.lists(st.sampled_from(_NETWORKS), max_size=3),
    st.lists(st.sampled_from(_NETWORKS), max_size=3).map(", ".join),
    st.sampled_from([None, [], "", 1, {}]),
)
_sources = sometimes(
    _odd_sources, st.lists(st.sampled_from(_NETWORKS[:11]), min_size=1, max_size=2), of=3
)
_types = st.one_of(
    st.lists(st.sampled_from(_TYPES), max_size=3), st.sampled_from([None, [], "STANDARD", [1]])
)
_odd_hours: SearchStrategy[Any] = st.one_of(
    st.lists(_range, min_size=1, max_size=2), st.sampled_from([None, [], {}, "x", [None], [{}]])
)
_hours = sometimes(_odd_hours, st.lists(_good_range, min_size=1, max_size=2), of=3)
_keys = st.sampled_from(
    ["$ACCOUNT", "$PLAIN", "$SCOPED", "$STRANGER", "$USER", "$OPERATOR", "$SYSTEM", "", "A"]
)
_names = st.sampled_from(["", "u", "*", "a b", "\u2028", "\ud83d\ude00"]) | st.sampled_from(
    [None, 1]
)

_OF_LIMITS: dict[str, SearchStrategy[Any]] = {
    "src": _sources,
    "times": _hours,
    "times_location": sometimes(st.sampled_from([*_ZONES, None, 1]), st.sampled_from(_GOOD), of=3),
    "subs": _limits,
    "data": _limits,
    "payload": _limits,
    "bearer_token": _flags,
    "proxy_required": _flags,
    "allowed_connection_types": _types,
}
_OF_USER: dict[str, SearchStrategy[Any]] = {
    **_OF_LIMITS,
    "pub": st.sampled_from(_PERMISSIONS),
    "sub": st.sampled_from(_PERMISSIONS),
    "resp": st.sampled_from(_RESPONSES),
    "issuer_account": _keys,
    "tags": st.sampled_from([None, [], ["a"], "a", [1], [None]]),
    "type": st.sampled_from(["user", "account", "User", "", None, "generic", "activation"]),
    "version": st.sampled_from([0, 1, 2, 3, "2", None, 2.5, -1]),
    "permissions": st.just({"pub": {"deny": [">"]}}),
    "PUB": st.just({"Allow": ["a"]}),
    "Bearer_Token": _flags,
    "\u017fubs": _limits,
}
_OF_CLAIMS: dict[str, SearchStrategy[Any]] = {
    "exp": _seconds | st.sampled_from([None, "1", 1.5]),
    "nbf": _seconds | st.sampled_from([None, "1"]),
    "iat": _seconds | st.sampled_from([None, "1"]),
    "sub": st.sampled_from(
        ["$OBSERVER", "$ACCOUNT", "$OPERATOR", "free", "", "free text", None, 1]
    ),
    "iss": _keys,
    "name": _names,
    "aud": st.sampled_from(["", "x", None, 1]),
    "jti": st.sampled_from(["", "x", None]),
}
_revocations = st.dictionaries(
    st.sampled_from(["$USER", "*", "$OBSERVER", "x", ""]), _seconds | st.none(), max_size=3
)
_LIMITED = st.fixed_dictionaries(
    {},
    optional={
        "conn": st.sampled_from([-1, 0, 1, 2, -2, 1 << 40]),
        "subs": st.sampled_from([-1, 0, 1, 100, -2]),
        "payload": st.sampled_from([-1, 0, 10, -2]),
        "disallow_bearer": st.booleans(),
    },
).map(lambda limits: OPEN | limits)
_MAPPED: list[Json] = [
    {"a": [{"subject": "b", "weight": 101}]},
    {"a": [{"subject": "b", "weight": 60}, {"subject": "c", "weight": 60}]},
    {"a": None}, {"a": []}, {"a..b": [{"subject": "b"}]}, {"a": [{"subject": ""}]},
]  # fmt: skip
_EXPORTS: list[Any] = [
    [{"subject": "a", "type": "service"}], [{"subject": "", "type": "stream"}],
    [{"subject": "a", "type": "x"}], [None],
]  # fmt: skip
_CALLOUTS: list[Json] = [
    {"auth_users": ["$USER"]}, {"auth_users": ["x"]}, {"allowed_accounts": ["*"]},
    {"auth_users": []},
]  # fmt: skip
_OF_ACCOUNT: dict[str, SearchStrategy[Any]] = {
    "limits": _LIMITED | st.sampled_from([{}, {"conn": 5}, {"disallow_bearer": True}]),
    "revocations": st.dictionaries(
        st.sampled_from(["$USER", "*", "$OBSERVER", "x", ""]), _seconds | st.none(), max_size=3
    ),
    "default_permissions": permissions() | st.just({"pub": {"allow": ["a b"]}}),
    "mappings": st.sampled_from(_MAPPED),
    "exports": st.sampled_from(_EXPORTS),
    "authorization": st.sampled_from(_CALLOUTS),
    "trace": st.sampled_from([{"dest": "a.>"}, {"dest": "a"}, None]),
    "cluster_traffic": st.sampled_from(["system", "owner", "", "x"]),
    "description": st.sampled_from(["x", "x" * 8193]),
    "tags": st.sampled_from([None, ["a"]]),
}
_OF_ACCOUNT_CLAIMS: dict[str, SearchStrategy[Any]] = {
    "exp": _seconds,
    "nbf": _seconds,
    "iat": _seconds,
    "name": st.sampled_from(["", "*"]),
    "sub": st.sampled_from(["$STRANGER", "$SYSTEM"]),
    "iss": _keys,
}
_SIGNERS = ["$ACCOUNT", "$PLAIN", "$SCOPED"] * 5 + ["$STRANGER", "$USER", "", "x.y.z"]
_OPERATOR_KEYS = ["$OPERATOR_SIGNING"] * 20 + ["$OPERATOR", "$STRANGE_OPERATOR", "$ACCOUNT"]
_FOCUSES = [
    set[str](), set[str](), {"times", "times_location"}, {"times"}, {"src"}, {"revocations", "iat"},
    {"allowed_connection_types"}, {"bearer_token", "limits"}, {"exp", "nbf"},
]  # fmt: skip
"""Members that are drawn together, of whatever they are members."""
_HOW_MANY = [0, 0, 0, 0, 0, 1, 2]


@st.composite
def _few(draw: DrawFn, of: dict[str, SearchStrategy[Any]], focus: set[str]) -> Json:
    """Draw the members of a focus, and perhaps one or two others."""
    count = draw(st.sampled_from(_HOW_MANY))
    others = st.lists(st.sampled_from(sorted(of)), min_size=count, max_size=count, unique=True)
    return {name: draw(of[name]) for name in sorted({*draw(others), *(focus & of.keys())})}


@st.composite
def connection_cases(draw: DrawFn) -> Case:
    """Draw a connection with which little is wrong, most often."""
    signer = draw(st.sampled_from(_SIGNERS))
    focus = draw(st.sampled_from(_FOCUSES))
    scoped = signer == "$SCOPED"
    own = draw(_few(_OF_USER, set() if scoped else focus))
    user = draw(_few(_OF_CLAIMS, focus)) | {"nats": own}
    template = draw(_few(_OF_LIMITS, focus)) if scoped else {}
    key = {"kind": "user_scope", "key": "$SCOPED", "role": "r", "template": template}
    body = {"signing_keys": ["$PLAIN", key]} | draw(_few(_OF_ACCOUNT, focus - {"exp", "nbf"}))
    account: Json = draw(_few(_OF_ACCOUNT_CLAIMS, set())) | {"nats": body}
    connect: Json = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "signed": st.sampled_from(["good", "good", "bad", "missing"]),
                "address": st.sampled_from(["127.0.0.1", "127.0.0.2", "127.9.9.9"]),
            },
        )
    )
    # What has a say in whether the server closes a connection at once after it took it.
    says = user.keys() | own.keys() | template.keys()
    limits: Json = account["nats"].get("limits", OPEN)
    closes = bool(says & {"exp", "subs"}) or limits.get("subs") != -1
    return Case(
        user,
        signer,
        draw(sometimes(st.none(), st.just(account), of=20)),
        draw(st.sampled_from(_OPERATOR_KEYS)),
        strict=draw(st.integers(1, 4)) == 4,
        connect=connect,
        steps=[_WAIT] if closes else [],
    )
