"""What every store does: each test runs with all of them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest

from natsauth import CurveKeyPair, KeyPair, KeyType
from natsauth.errors import (
    ExistsError,
    KeyTextError,
    NatsAuthError,
    NotFoundError,
    StoreDataError,
    StoreNameError,
    UsageError,
)
from natsauth.store import DirectoryStore, MemoryStore, Store
from natsauth.store.base import check_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOSTILE = [
    "", " ", ".", "..", "../op", "op/..", "/etc", "a/b", "a\\b", "a\0b", "\ud800", "op/accounts/A",
]  # fmt: skip


@pytest.fixture(params=["directory", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Give an empty store of each kind."""
    if request.param == "memory":
        return MemoryStore()
    return DirectoryStore(tmp_path / "stores", keys=tmp_path / "keys")


@pytest.fixture
def tree(store: Store) -> Store:
    """Give a store with two operators, of which one has accounts and users."""
    for path in (["op"], ["op", "A"], ["op", "B"], ["op", "A", "u"], ["op", "A", "v"], ["other"]):
        store.write(".".join(path), *path)
    return store


# Names


@pytest.mark.parametrize(
    "name", ["a", "my account", "Ä-ö.jwt", "x" * 200, "ß" * 100, "C:", "a..b", "~", "-rf", " sp "]
)
def test_a_name_that_can_be_kept(name: str) -> None:
    assert check_name(name) is name


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("a/b", "holds '/'"),
        ("a\\b", "holds '/'"),
        ("..", "starts with a dot"),
        (".a", "starts with a dot"),
        ("a\nb", "holds an unprintable"),
        ("a\0b", "holds an unprintable"),
        ("\ud800", "holds an unprintable"),
        ("x" * 201, "has more than 200 bytes"),
        ("ß" * 101, "has more than 200 bytes"),
    ],
)
def test_a_name_that_cannot_be_kept(store: Store, name: str, problem: str) -> None:
    with pytest.raises(StoreNameError, match=problem) as caught:
        store.write("token", name)
    assert caught.value.hint == "choose another name"
    assert store.names() == []


def test_a_name_is_text() -> None:
    with pytest.raises(UsageError, match="a name is text, got int"):
        check_name(1)  # type: ignore[arg-type]


# Tokens


def test_an_empty_store(store: Store) -> None:
    assert (store.names(), store.public_keys()) == ([], [])
    store.delete_creds("op")


def test_what_is_written_is_read(tree: Store) -> None:
    assert tree.read("op") == "op"
    assert tree.read("op", "A") == "op.A"
    assert tree.read("op", "A", "u") == "op.A.u"
    tree.write("new", "op", "A", "u")
    assert tree.read("op", "A", "u") == "new"
    assert tree.names("op", "A") == ["u", "v"]


def test_names_are_in_byte_order(store: Store) -> None:
    names = ["B", "Z", "a", "ab", "b b", "z", "ß", "\uff01", "\U00010300"]
    accounts = [f"{name}{number}" for number, name in enumerate(names)]
    store.write("token", "op")
    store.write("token", "op", "x")
    for name, account in zip(reversed(names), reversed(accounts), strict=True):
        store.write("token", name)
        store.write("token", "op", account)
        store.write("token", "op", "x", name)
    assert store.names() == sorted([*names, "op"], key=str.encode)
    assert store.names("op") == sorted([*accounts, "x"], key=str.encode)
    assert store.names("op", "x") == names


def test_names_of_what_is_not_there(tree: Store) -> None:
    assert tree.names("other") == tree.names("op", "B") == []
    for path in (["none"], ["none", "A"], ["op", "none"], ["other", "A"]):
        with pytest.raises(NotFoundError, match=f"there is no .* '{'/'.join(path)}' in "):
            tree.names(*path)


@pytest.mark.parametrize("method", ["read", "delete"])
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (["none"], "operator"),
        (["op", "none"], "account"),
        (["none", "A"], "account"),
        (["op", "A", "none"], "user"),
        (["op", "B", "u"], "user"),
    ],
)
def test_what_is_not_there(tree: Store, method: str, path: list[str], kind: str) -> None:
    with pytest.raises(NotFoundError, match=f"there is no {kind} '{'/'.join(path)}' in "):
        getattr(tree, method)(*path)


@pytest.mark.parametrize("path", [["none", "A"], ["op", "none", "u"], ["none", "A", "u"]])
def test_nothing_is_written_below_nothing(tree: Store, path: list[str]) -> None:
    with pytest.raises(NotFoundError, match=f"'{'/'.join(path[:-1])}'"):
        tree.write("token", *path)
    assert (tree.names(), tree.names("op")) == (["op", "other"], ["A", "B"])


def test_a_deleted_entry_takes_with_it_what_is_below(tree: Store) -> None:
    tree.delete("op", "A", "u")
    assert tree.names("op", "A") == ["v"]
    tree.delete("op", "A")
    assert tree.names("op") == ["B"]
    with pytest.raises(NotFoundError):
        tree.read("op", "A", "v")
    tree.delete("op")
    assert tree.names() == ["other"]
    tree.write("op", "op")
    tree.write("op.A", "op", "A")
    assert (tree.names("op"), tree.names("op", "A")) == (["A"], [])


def test_an_account_in_other_letter_case_is_refused(tree: Store) -> None:
    tree.write("x", "op", "Café")
    for name, other in (("a", "A"), ("CAFÉ", "Café")):
        with pytest.raises(ExistsError, match=f"{name!r} differs from {other!r} in letter case"):
            tree.write("token", "op", name)
    tree.write("new", "op", "A")
    tree.write("token", "other", "a")
    tree.delete("op", "A")
    tree.write("token", "op", "a")
    assert tree.names("op") == ["B", "Café", "a"]


def test_operators_and_users_may_differ_in_letter_case(tree: Store) -> None:
    tree.write("OP", "OP")
    tree.write("U", "op", "A", "U")
    assert (tree.names(), tree.names("op", "A")) == (["OP", "op", "other"], ["U", "u", "v"])
    assert (tree.read("op"), tree.read("op", "A", "u")) == ("op", "op.A.u")


def test_spaces_around_the_name_of_a_user_do_not_count(tree: Store) -> None:
    # nsc too names the file of a user by the trimmed name, but the directory of an account not.
    tree.write("new", "op", "A", " u ")
    tree.write_creds("creds", "op", "A", " u ")
    tree.write("spaced", "op", " A ")
    assert (tree.names("op", "A"), tree.names("op")) == (["u", "v"], [" A ", "A", "B"])
    assert tree.read("op", "A", "u") == tree.read("op", "A", "  u") == "new"
    assert tree.creds("op", "A", "u") == "creds"
    assert (tree.read("op", " A "), tree.read("op", "A")) == ("spaced", "op.A")
    tree.delete("op", "A", " u ")
    assert tree.names("op", "A") == ["v"]


def test_where_is_words(tree: Store) -> None:
    for path in ([], ["op"], ["op", "A", "u"], ["none"], ["../.."]):
        assert isinstance(tree.where(*path), str)


# Hostile input


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_nowhere(tree: Store, name: str) -> None:
    for path in ([name], ["op", name], [name, "A"], ["op", "A", name], ["op", name, "u"]):
        for method in (tree.read, tree.delete):
            with pytest.raises(NotFoundError):
                method(*path)
    for path in ([name], ["op", name]):
        with pytest.raises(NotFoundError):
            tree.names(*path)
    with pytest.raises(StoreNameError):
        tree.write("token", "op", name)
    with pytest.raises(NotFoundError):
        tree.write("token", name, "A")
    with pytest.raises(NotFoundError):
        tree.write_creds("creds", "op", "A", name)
    with pytest.raises(NotFoundError):
        tree.creds("op", name, "u")
    tree.delete_creds(name)
    with pytest.raises(NotFoundError):
        tree.seed(name)
    with pytest.raises(NotFoundError):
        tree.delete_seed(name)


def test_a_name_that_no_file_can_have_is_nowhere(tree: Store) -> None:
    with pytest.raises(NotFoundError):
        tree.read("op", "x" * 300)


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.read(),
        lambda store: store.read("op", "A", "u", "x"),
        lambda store: store.read(1),
        lambda store: store.names("op", "A", "u"),
        lambda store: store.names(None),
        lambda store: store.write("token"),
        lambda store: store.write(b"token", "op"),
        lambda store: store.delete(),
        lambda store: store.creds("op", "A"),
        lambda store: store.write_creds("text", "op", "A"),
        lambda store: store.write_creds(None, "op", "A", "u"),
        lambda store: store.delete_creds(),
        lambda store: store.seed(b"A"),
        lambda store: store.add_seed(7),
    ],
)
def test_arguments_of_another_type_or_number(tree: Store, call: Callable[[Any], object]) -> None:
    with pytest.raises(UsageError):
        call(tree)


def test_text_that_cannot_be_written(tree: Store) -> None:
    with pytest.raises(StoreDataError, match="lone surrogates"):
        tree.write("\ud800", "op", "A")
    with pytest.raises(StoreDataError, match="lone surrogates"):
        tree.write_creds("\ud800", "op", "A", "u")
    assert tree.read("op", "A") == "op.A"


# Seeds


@pytest.mark.parametrize("role", KeyType)
def test_a_seed_is_found_by_its_public_key(store: Store, role: KeyType) -> None:
    pair = CurveKeyPair.generate() if role is KeyType.CURVE else KeyPair.generate(role)
    with pytest.raises(NotFoundError, match=f"there is no seed of '{pair.public_key}' in "):
        store.seed(pair.public_key)
    for _ in range(2):
        store.add_seed(f" {pair.reveal_seed()}\n")
    assert store.seed(pair.public_key) == pair.reveal_seed()
    assert store.public_keys() == [pair.public_key]
    store.delete_seed(pair.public_key)
    with pytest.raises(NotFoundError, match=pair.public_key):
        store.delete_seed(pair.public_key)
    assert store.public_keys() == []


def test_public_keys_are_in_their_order(store: Store) -> None:
    pairs = [KeyPair.generate(role) for role in (KeyType.USER, KeyType.ACCOUNT) for _ in range(9)]
    for pair in pairs:
        store.add_seed(pair.reveal_seed())
    assert store.public_keys() == sorted(pair.public_key for pair in pairs)


def test_what_is_no_seed(store: Store) -> None:
    pair = KeyPair.generate(KeyType.USER)
    for text in ("", pair.public_key, pair.reveal_seed()[:-1], "SXAAAA", "../../x"):
        with pytest.raises(KeyTextError):
            store.add_seed(text)
    assert store.public_keys() == []


def test_a_seed_in_the_place_of_a_public_key_is_not_shown(store: Store) -> None:
    seed = KeyPair.generate(KeyType.USER).reveal_seed()
    with pytest.raises(NotFoundError) as caught:
        store.seed(seed)
    assert seed not in str(caught.value)


def test_no_seed_is_shown(tree: Store) -> None:
    pair = KeyPair.generate(KeyType.USER)
    tree.add_seed(pair.reveal_seed())
    assert pair.reveal_seed() not in repr(tree)


# Creds


def test_creds_are_kept_as_they_are(tree: Store) -> None:
    text = "-----BEGIN\r\n…\n\n"
    with pytest.raises(NotFoundError, match="there are no creds of 'op/A/u' in "):
        tree.creds("op", "A", "u")
    tree.write_creds(text, "op", "A", "u")
    assert tree.creds("op", "A", "u") == text
    tree.write_creds("new", "op", "A", "u")
    assert tree.creds("op", "A", "u") == "new"


def test_seeds_and_creds_stay_when_an_entry_goes(tree: Store) -> None:
    pair = KeyPair.generate(KeyType.ACCOUNT)
    tree.add_seed(pair.reveal_seed())
    tree.write_creds("creds", "op", "A", "u")
    tree.delete("op")
    assert tree.creds("op", "A", "u") == "creds"
    assert tree.seed(pair.public_key) == pair.reveal_seed()


def test_creds_of_an_account_move_to_another(store: Store) -> None:
    for user in ("op/A/u", "op/A/v", "op/AA/u", "op/B/u", "op/B/w", "other/A/u"):
        store.write_creds(user, *user.split("/"))
    for _ in range(2):
        store.move_creds(("op", "A"), ("op", "C"))
    store.move_creds(("op", "C"), ("op", "B"))  # in place of those of the same names
    store.move_creds(("op", "none"), ("op", "B"))
    assert [store.creds("op", "B", user) for user in "uvw"] == ["op/A/u", "op/A/v", "op/B/w"]
    assert store.creds("op", "AA", "u") == "op/AA/u"
    assert store.creds("other", "A", "u") == "other/A/u"
    for account in "AC":
        with pytest.raises(NotFoundError):
            store.creds("op", account, "u")
    with pytest.raises(UsageError):
        store.move_creds(("op", "A", "u"), ("op", "B"))


@pytest.mark.parametrize(
    ("path", "left"),
    [
        (["op", "A", "u"], ["op/A/v", "op/B/u", "other/A/u"]),
        (["op", "A"], ["op/B/u", "other/A/u"]),
        (["op"], ["other/A/u"]),
        (["none"], ["op/A/u", "op/A/v", "op/B/u", "other/A/u"]),
        (["op", "A", "none"], ["op/A/u", "op/A/v", "op/B/u", "other/A/u"]),
    ],
)
def test_creds_are_deleted_below_a_path(store: Store, path: list[str], left: list[str]) -> None:
    users = ["op/A/u", "op/A/v", "op/B/u", "other/A/u"]
    for user in users:
        store.write_creds(user, *user.split("/"))
    store.delete_creds(*path)
    found = []
    for user in users:
        try:
            found.append(store.creds(*user.split("/")))
        except NotFoundError:
            continue
    assert found == left


# The lock


def test_the_lock_excludes_threads(store: Store) -> None:
    store.write("0", "op")

    def count() -> None:
        for _ in range(20):
            with store.lock():
                before = int(store.read("op"))
                time.sleep(0)
                store.write(str(before + 1), "op")

    with ThreadPoolExecutor(8) as threads:
        for future in [threads.submit(count) for _ in range(8)]:
            future.result()
    assert store.read("op") == "160"


def test_the_lock_is_waited_for(store: Store) -> None:
    entered, left = Event(), Event()

    def wait() -> None:
        with store.lock():
            entered.set()
        left.set()

    with store.lock():
        thread = Thread(target=wait)
        thread.start()
        assert not entered.wait(0.1)
    thread.join(10)
    assert left.is_set()


def test_the_lock_is_released_whatever_happens(store: Store) -> None:
    for error in (KeyboardInterrupt, NatsAuthError, OSError, SystemExit):
        with pytest.raises(error, match="within"), store.lock():
            raise error("within")
    with store.lock():
        store.write("op", "op")
    assert store.read("op") == "op"


@pytest.mark.parametrize("role", [KeyType.OPERATOR, KeyType.ACCOUNT, KeyType.USER, KeyType.CURVE])
def test_a_public_key_is_no_name(role: KeyType) -> None:
    pair = CurveKeyPair.generate() if role is KeyType.CURVE else KeyPair.generate(role)
    for name in (pair.public_key, f" {pair.public_key} "):
        with pytest.raises(StoreNameError, match="is a public key"):
            check_name(name)
    assert check_name(pair.public_key[:-1]) == pair.public_key[:-1]
