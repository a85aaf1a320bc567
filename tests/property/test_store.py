"""The directory store and the one in memory, side by side: whatever is done, they do the same."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from natsauth import CurveKeyPair, KeyPair, KeyType
from natsauth.errors import NatsAuthError
from natsauth.store import DirectoryStore, MemoryStore

if TYPE_CHECKING:
    from natsauth.store import Store

pytestmark = pytest.mark.slow

NAMES = ["a", "A", "b", "ab", " a ", ".a", "..", "", "/", "a/b", "ß", "a\0", "\ud800", "x" * 250]
PAIRS = [
    *(KeyPair(role, bytes((number,)) * 32) for role in (KeyType.USER, KeyType.ACCOUNT)
      for number in range(2)),
    CurveKeyPair(b"x" * 32),
]  # fmt: skip

good = st.sampled_from(NAMES[:5])
names = st.one_of(good, st.sampled_from(NAMES), st.text(max_size=3))
paths = st.one_of(
    st.tuples(good),
    st.tuples(st.just("a"), good),
    st.tuples(st.just("a"), st.just("a"), names),
    st.lists(names, max_size=4).map(tuple),
)
tokens = st.text("abc.\n\r é", max_size=8)
texts = st.text(max_size=8)
seeds = st.sampled_from([*(pair.reveal_seed() for pair in PAIRS), "no seed"])
public_keys = st.sampled_from([*(pair.public_key for pair in PAIRS), "no key", ".."])


def outcome(store: Store, method: str, *args: Any) -> object:
    """Return what a method returns, or the class of its error."""
    try:
        return getattr(store, method)(*args)
    except NatsAuthError as error:
        return type(error)


class Stores(RuleBasedStateMachine):
    """Does everything twice."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        root = self.directory.name
        self.disk = DirectoryStore(f"{root}/stores", keys=f"{root}/keys")
        self.memory = MemoryStore()
        self.both("write", "operator", "a")

    def teardown(self) -> None:
        self.directory.cleanup()

    def both(self, method: str, *args: Any) -> None:
        on_disk, in_memory = (outcome(store, method, *args) for store in (self.disk, self.memory))
        assert on_disk == in_memory

    @rule(token=tokens, path=paths)
    def write(self, token: str, path: tuple[str, ...]) -> None:
        self.both("write", token, *path)

    @rule(path=paths, method=st.sampled_from(["read", "names", "delete", "creds", "delete_creds"]))
    def ask(self, path: tuple[str, ...], method: str) -> None:
        self.both(method, *path)

    @rule(text=texts, path=paths)
    def write_creds(self, text: str, path: tuple[str, ...]) -> None:
        self.both("write_creds", text, *path)

    @rule(seed=seeds)
    def add_seed(self, seed: str) -> None:
        self.both("add_seed", seed)

    @rule(public_key=public_keys, method=st.sampled_from(["seed", "delete_seed"]))
    def ask_key(self, public_key: str, method: str) -> None:
        self.both(method, public_key)

    @invariant()
    def keep_the_same(self) -> None:
        assert tree(self.disk) == tree(self.memory)
        assert self.disk.public_keys() == self.memory.public_keys()

    @invariant()
    def stay_in_their_place(self) -> None:
        (root,) = {self.disk.stores.parent, self.disk.keys.parent}
        assert {path.name for path in root.iterdir()} <= {"stores", "keys"}


def tree(store: Store, *path: str) -> dict[tuple[str, ...], str]:
    """Return all tokens by their paths."""
    entries = {path: store.read(*path)} if path else {}
    for name in store.names(*path) if len(path) < 3 else ():
        entries |= tree(store, *path, name)
    return entries


TestStores = Stores.TestCase
TestStores.settings = settings(max_examples=60, stateful_step_count=40)
