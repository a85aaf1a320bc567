"""What holds for creds of every user, and for whatever comes in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from natsauth.claims.user import User, UserClaims
from natsauth.creds import Creds
from natsauth.errors import CredsError
from natsauth.keys import KeyPair, KeyType
from natsauth.token import encode
from tests._tokens import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable

# Any text at all, lone surrogates included.
texts = st.text(st.characters(exclude_categories=()))
raw_seeds = st.binary(min_size=32, max_size=32)


def make(raw_seed: bytes, name: str, *, bearer: bool = False, with_key: bool = True) -> Creds:
    key = KeyPair.from_raw_seed(KeyType.USER, raw_seed)
    claims = UserClaims(sub=key.public_key, name=name, nats=User(bearer_token=bearer))
    return Creds.create(encode(claims, ACCOUNT, now=0), key if with_key else None)


KNOWN = [
    make(b"\3" * 32, "a"),
    make(b"\4" * 32, "b"),
    make(b"\3" * 32, "c", bearer=True),
    make(b"\4" * 32, "d", bearer=True, with_key=False),
]
BLOCKS = sorted({block for creds in KNOWN for block in creds.format().split("\n\n")})
STRAY = ["x", "---", *KNOWN[0].format().split("\n")]


def parsed(content: str | bytes) -> Creds | None:
    """Return the creds, or None where they are refused in the documented way."""
    try:
        return Creds.parse(content)
    except CredsError:
        return None


@given(texts | st.binary())
def test_no_content_leads_to_an_undocumented_error(content: str | bytes) -> None:
    assert parsed(content) is None


@given(raw_seed=raw_seeds, name=st.text(), bearer=st.booleans())
def test_written_creds_are_read_as_they_were(raw_seed: bytes, name: str, *, bearer: bool) -> None:
    creds = make(raw_seed, name, bearer=bearer)
    again = Creds.parse(creds.format())
    assert again == creds
    assert again.format() == creds.format()
    assert again.reveal_seed() == creds.reveal_seed()
    assert again.token.claims.name == name


@given(st.lists(st.sampled_from(BLOCKS) | st.sampled_from(STRAY) | texts, max_size=4))
def test_blocks_of_several_creds_never_mix(parts: list[str]) -> None:
    content = "\r\n".join(parts)
    creds = parsed(content)
    if creds is not None:
        assert (creds.jwt, creds.public_key) in {(one.jwt, one.public_key) for one in KNOWN}
        assert creds._key is None or creds.reveal_seed() in content


@given(st.sampled_from(KNOWN), st.sampled_from(KNOWN), st.data())
def test_halves_of_two_creds_are_one_of_them_or_refused(
    one: Creds, other: Creds, data: st.DataObject
) -> None:
    first, second = one.format().split("\n"), other.format().split("\n")
    cut = data.draw(st.integers(0, len(first)))
    creds = parsed("\n".join(first[:cut] + second[cut:]))
    assert creds is None or creds.jwt in {one.jwt, other.jwt}
    assert creds is None or creds._key is None or creds._key in {one._key, other._key}


def replaced(content: bytes, at: int, to: int, piece: bytes) -> bytes:
    return content[:at] + piece + content[to:]


def exchanged(content: bytes, at: int, to: int, _piece: bytes) -> bytes:
    lines = content.split(b"\n")
    i, j = at % len(lines), to % len(lines)
    lines[i], lines[j] = lines[j], lines[i]
    return b"\n".join(lines)


@given(
    st.sampled_from(KNOWN),
    st.sampled_from([replaced, exchanged]),
    st.integers(0, 1100),
    st.integers(0, 3),
    st.binary(max_size=3) | st.sampled_from([b"\n", b"-", b"A", b"\r"]),
)
def test_damage_never_makes_another_user(
    creds: Creds,
    damage: Callable[[bytes, int, int, bytes], bytes],
    at: int,
    length: int,
    piece: bytes,
) -> None:
    damaged = parsed(damage(creds.format().encode(), at, at + length, piece))
    assert damaged is None or (damaged.jwt, damaged.public_key) == (creds.jwt, creds.public_key)
    # A bearer can lose the block of its seed, and nobody else.
    assert damaged is None or damaged == creds or creds.token.claims.nats.bearer_token
