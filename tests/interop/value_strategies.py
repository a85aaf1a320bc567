"""Random values for the members of claims, nine in ten of them sane; and the keys behind them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from natsauth import CurveKeyPair, KeyPair, KeyType

Strategy = SearchStrategy[Any]

KEYS: dict[KeyType, list[KeyPair]] = {
    role: [KeyPair.from_raw_seed(role, bytes([n]) * 32) for n in (1, 2, 3)]
    for role in KeyType
    if role is not KeyType.CURVE
}
CURVE_KEYS = [CurveKeyPair.from_raw_seed(bytes([n]) * 32) for n in (1, 2, 3)]
PUBLIC: dict[KeyType, list[str]] = {
    role: [pair.public_key for pair in pairs] for role, pairs in KEYS.items()
}
PUBLIC[KeyType.CURVE] = [pair.public_key for pair in CURVE_KEYS]

PAST, FUTURE = 1_700_000_000, 4_102_444_800
INT64 = 2**63 - 1
EXACT = 2**53
"""Up to here a float holds every integer."""


def of(*values: Any) -> Strategy:
    """Draw one of the values."""
    return st.sampled_from(values)


def words(text: str, *more: str) -> Strategy:
    """Draw one of the words of a text, or of more strings."""
    return of(*text.split(), *more)


def spelled(characters: str, size: int = 10) -> Strategy:
    """Draw text of a few characters."""
    return st.text(of(*characters), max_size=size)


def mostly(usual: Strategy, odd: Strategy) -> Strategy:
    """Draw a usual value, and an odd one now and then."""
    # one_of() counts equal alternatives once, so it cannot weigh them.
    return of(*[usual] * 19, odd).flatmap(lambda chosen: chosen)


def lists(items: Strategy, size: int = 3) -> Strategy:
    """Draw a list up to a size."""
    return st.lists(items, max_size=size)


def members(required: dict[str, Strategy] | None = None, /, **optional: Strategy) -> Strategy:
    """Draw an object with the required members and any of the optional ones."""
    return st.fixed_dictionaries(required or {}, optional=optional)


def key(role: KeyType) -> Strategy:
    """Draw a public key of a role, now and then of another one, or none at all."""
    first = PUBLIC[role][0]
    wrong = [keys[0] for other, keys in PUBLIC.items() if other is not role]
    broken = ["", "*", "NOTAKEY", first.lower(), first + "=", first[:-1] + "7", first[1:]]
    return mostly(of(*PUBLIC[role]), of(*wrong, *broken))


flags = st.booleans()
times = of(0, 1, -1, PAST, FUTURE, INT64, -INT64 - 1)
counts = mostly(
    of(-1, 0, 1, 2, 1024, -5),
    of(INT64, -INT64 - 1, EXACT + 1) | st.integers(-INT64 - 1, INT64),
)
exact_counts = mostly(of(-1, 0, 1, 2, 1024, -5), st.integers(-EXACT, EXACT))
# Go cannot write lone surrogates, so they are left out.
texts = mostly(
    of("", "svc", "a name", "<b>&amp;</b>", "名前 é 😀", "\u2028\u2029\x7f", '"\\/\b\f\n\r\t\0'),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)
tags = lists(mostly(words("a Team:Blue env:prod z<>"), texts), 2)

_PLAIN = "foo orders users a-b _INBOX $SYS é 名 t<o>k a&b {{name()}}"
_SPECIAL = "* * > $1 $2 $0 $01 $+1 $-1 $x $ a* *a $9999999999999999999"
subjects = mostly(
    st.lists(words(f"{_PLAIN} {_SPECIAL}"), min_size=1, max_size=3).map(".".join),
    words(". .. .a a. a..b a.>.b > *", "", " ", "a b", " a", "a ", "a b c", "x\ty")
    | spelled("a.*> $1"),
)
permission_entries = mostly(subjects, st.tuples(subjects, subjects).map(" ".join))

_USUAL_URLS = "https://example.com/a?b#c nats://localhost:4222 tls://h:443 ws://h WSS://h"
_ODD_URLS = """
nats:// http://user:pw@h/ nats://u@h nats://@h nats://h/ nats:h //host/path /hello bogus http://
https://[::1 https://[::1]:80 http://h:port http://h/%zz http://h/%41 http://%41/ http://h#%z
http://h?%z :x 1x://h a:b:c http://é.example/ http://a_b<> http://h\\x
"""
urls = (
    words(_USUAL_URLS)
    | words(_ODD_URLS, "", "not a url", "http://a b", "http://h\x7f", "http://h\x01", "x" * 8193)
    | spelled("h:/@?#[]%41.+ é\\\x01")
    | spelled("ah1.:[]@%4-_~!*'\"<é{ /?#").map("nats://{}".format)
)
descriptions = mostly(texts, of("x" * 8192, "x" * 8193, "é" * 4097))
versions = spelled("0129.-+ ") | words(
    "2.10.0 0.0.0 x v2.1.0 2.1 1.2.3.4 -1.0.0 +1.2.3 01.02.03 1..1 1_0.0.0", "", " 1.2.3"
)

_NETWORKS = "10.0.0.0/8 192.168.1.7/32 ::1/128 fe80::/10 ::ffff:1.2.3.4/96 0.0.0.0/0"
_ODD_NETWORKS = """
bad 1.2.3.4 10.0.0.1/33 010.0.0.0/8 10.0.0.0/08 10.0.0.0/+8 ::/129 fe80::1%eth0/64 1.2.3/24
10.0.0.0/255.0.0.0 ::1::/8 1.2.3.4/ /8
"""
networks = mostly(
    lists(mostly(words(_NETWORKS), words(_ODD_NETWORKS, "", " 10.0.0.0/8") | spelled("0123:./f8"))),
    words("10.0.0.0/8 ::1/128,::1/128 FE80::/10", "", " 10.0.0.0/8 , ::1/128,,BAD"),
)
clocks = mostly(
    words("01:15:00 23:59:59 1:15:00 00:00:00"),
    words("24:00:00 23:60:00 23:59:60 01:15 01:15:00Z 01:15:00.5 01:15:00,25 x", "")
    | spelled("012:.,"),
)
zones = words(
    "UTC Europe/Berlin America/New_York Local Mars/Olympus America ../UTC /UTC UTC/ \\UTC a..b", ""
)

# What may stand in the free body of generic claims.
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda children: lists(children) | st.dictionaries(texts, children, max_size=3),
    max_leaves=6,
)
