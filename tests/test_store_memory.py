from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

from natsauth import KeyPair, KeyType
from natsauth.errors import SecretError
from natsauth.store import MemoryStore


def test_it_says_how_much_it_keeps_and_not_what() -> None:
    store = MemoryStore()
    pair = KeyPair.generate(KeyType.OPERATOR)
    store.add_seed(pair.reveal_seed())
    store.write("token", "op")
    assert repr(store) == "<MemoryStore of 1 tokens and 1 seeds>"
    assert store.where("op") == "memory"


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_is_neither_pickled_nor_copied(take: object) -> None:
    assert callable(take)
    with pytest.raises(SecretError, match="neither pickled nor copied") as caught:
        take(MemoryStore())
    assert "DirectoryStore" in caught.value.hint


def test_two_stores_have_nothing_in_common() -> None:
    one, other = MemoryStore(), MemoryStore()
    one.write("token", "op")
    assert other.names() == []


def test_threads_share_it() -> None:
    store = MemoryStore()
    store.write("token", "op")

    def work(number: int) -> None:
        for turn in range(50):
            name = f"{number}-{turn}"
            store.write("token", "op", name)
            store.write("token", "op", name, "u")
            store.write_creds("creds", "op", name, "u")
            assert name in store.names("op")
            if turn % 2:
                store.delete("op", name)
                store.delete_creds("op", name)

    with ThreadPoolExecutor(8) as threads:
        for future in [threads.submit(work, number) for number in range(8)]:
            future.result()
    assert len(store.names("op")) == 8 * 25
