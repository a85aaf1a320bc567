from __future__ import annotations

import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.authority import Authority
from natsauth.creds import Creds
from natsauth.errors import (
    ClaimsError,
    ConflictError,
    FileError,
    LockoutError,
    NotFoundError,
    UsageError,
)
from natsauth.keys import KeyType
from natsauth.store import DirectoryStore, MemoryStore
from natsauth.xkeys import CurveKeyPair
from tests import _authority
from tests._authority import NOW, check_tree, content, in_each_store, key, small_tree, tokens
from tests._store import NSC_STORE, unprivileged

if TYPE_CHECKING:
    from pathlib import Path

    from tests._authority import MakeStore

# The server of forks has all modules, so that a process starts in no time.
PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests._authority"])


def test_an_authority_has_a_store() -> None:
    store = MemoryStore()
    assert Authority(store).store is store
    assert list(Authority(store).operators) == []


@pytest.mark.parametrize("store", ["stores", None, 5, b""])
def test_what_is_no_store_is_refused(store: Any) -> None:
    with pytest.raises(UsageError, match="expected a store") as caught:
        Authority(store)
    assert "DirectoryStore" in caught.value.hint


def test_what_is_discarded_is_not_committed() -> None:
    authority, operator, account = small_tree(MemoryStore())
    before = content(authority.store)
    account.claims.nats.tags = ["a"]
    operator.accounts.add("new", signing_keys=1)
    account.users["alice"].delete()
    authority.discard()
    assert authority.commit() == []
    assert content(authority.store) == before


def test_a_tree_of_nsc_is_edited() -> None:
    authority = Authority(_copy_of_nsc())
    [operator] = authority.operators.values()
    before = tokens(authority.store)
    operator.accounts["my_account"].claims.nats.tags = ["edited"]
    [change] = authority.commit()
    assert change.path == ("my_operator", "my_account")
    after = tokens(authority.store)
    assert [path for path in after if after[path] != before[path]] == [change.path]
    check_tree(authority.store)


def _copy_of_nsc() -> MemoryStore:
    nsc = DirectoryStore(NSC_STORE / "stores", keys=NSC_STORE / "nkeys")
    store = MemoryStore()
    for path, text in sorted(tokens(nsc).items(), key=lambda item: len(item[0])):
        store.write(text, *path)
    for public_key in nsc.public_keys():
        store.add_seed(nsc.seed(public_key))
    return store


# Transactions


@in_each_store
def test_a_transaction_reads_anew_and_commits(make: MakeStore, tmp_path: Path) -> None:
    authority, _, account = small_tree(make(tmp_path))
    other = Authority(authority.store)
    other.operators["op"].accounts["app"].claims.nats.tags = ["theirs"]
    other.commit()
    with authority.transaction(now=NOW) as changes:
        account.claims.nats.tags = [*(account.claims.nats.tags or ()), "mine"]
        assert changes == []
    assert [change.path for change in changes] == [("op", "app")]
    assert account.token.claims.nats.tags == ["theirs", "mine"]


def test_an_exception_drops_the_edits() -> None:
    authority, operator, account = small_tree(MemoryStore())
    before = content(authority.store)
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), authority.transaction():  # noqa: PT012 - the last one raises
            account.claims.nats.tags = ["a"]
            operator.accounts.add("new", signing_keys=1)
            raise error
    with pytest.raises(LockoutError), authority.transaction():
        account.claims.nats.limits.conn = 0
    assert authority.commit() == []
    assert content(authority.store) == before
    assert account.claims.nats.limits.conn == -1
    with authority.transaction(allow_lockout=True):
        account.claims.nats.limits.conn = 0
    assert account.token.claims.nats.limits.conn == 0


def test_a_transaction_starts_without_edits_and_commits_by_itself() -> None:
    authority, _, account = small_tree(MemoryStore())
    account.claims.nats.tags = ["a"]
    with pytest.raises(UsageError, match="starts without edits"), authority.transaction():
        pytest.fail("it started")
    account.claims.nats.tags = 5  # type: ignore[assignment]
    with pytest.raises(ClaimsError), authority.transaction():
        pytest.fail("it started")
    authority.discard()
    with authority.transaction():
        with pytest.raises(UsageError, match="commits by itself"):
            authority.commit()
        with pytest.raises(UsageError, match="starts without edits"), authority.transaction():
            pytest.fail("it started")
        account.claims.nats.tags = ["b"]
    assert account.token.claims.nats.tags == ["b"]
    assert authority.commit() == []


def test_minting_and_creds_work_within_a_transaction() -> None:
    authority, _, account = small_tree(MemoryStore())
    with authority.transaction() as changes:
        minted = account.mint("worker")
        creds = account.users["alice"].creds()
    assert changes == []
    assert minted.token.claims.account == account.public_key
    assert creds.token == account.users["alice"].token


def test_threads_lose_nothing() -> None:
    store = MemoryStore()
    small_tree(store)

    def edit(who: int) -> None:
        authority = Authority(store)
        for number in range(20):
            with authority.transaction():
                nats = authority.operators["op"].accounts["app"].claims.nats
                nats.tags = [*(nats.tags or ()), f"{who}-{number}"]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(edit, range(8)))
    account = Authority(store).operators["op"].accounts["app"]
    assert len(set(account.token.claims.nats.tags or ())) == 160
    assert account.token.claims.iat >= NOW + 160


def test_without_a_transaction_nothing_is_lost_silently() -> None:
    store = MemoryStore()
    small_tree(store)

    def edit(who: int) -> int:
        authority, conflicts = Authority(store), 0
        for number in range(20):
            while True:
                nats = authority.operators["op"].accounts["app"].claims.nats
                nats.tags = [*(nats.tags or ()), f"{who}-{number}"]
                try:
                    authority.commit()
                except ConflictError:
                    conflicts += 1
                    authority.discard()
                else:
                    break
        return conflicts

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(edit, range(4)))
    tags = Authority(store).operators["op"].accounts["app"].token.claims.nats.tags
    assert len(set(tags or ())) == 80


@pytest.mark.parametrize(
    ("processes", "edits"), [(8, 5), pytest.param(64, 10, marks=pytest.mark.slow)]
)
def test_processes_lose_nothing(processes: int, edits: int, tmp_path: Path) -> None:
    store = _authority.STORES["directory"](tmp_path)
    small_tree(store)
    workers = [
        PROCESSES.Process(target=_authority.add_tags, args=(tmp_path, who, edits))
        for who in range(processes)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(100)
        assert worker.exitcode == 0
    account = Authority(store).operators["op"].accounts["app"]
    assert set(account.token.claims.nats.tags or ()) == {
        f"{who}-{number}" for who in range(processes) for number in range(edits)
    }
    assert account.token.claims.iat >= NOW + processes * edits


@pytest.mark.parametrize("kills", [20, pytest.param(500, marks=pytest.mark.slow)])
def test_a_process_that_is_killed_leaves_all_it_said_was_done(kills: int, tmp_path: Path) -> None:
    store = _authority.STORES["directory"](tmp_path)
    authority, _, account = small_tree(store)
    for user in account.users.values():
        user.delete()
    authority.commit()
    chance = random.Random(7)  # noqa: S311 - no secret
    done = 0
    for _ in range(kills):
        receiver, sender = PROCESSES.Pipe(duplex=False)
        worker = PROCESSES.Process(
            target=_authority.edit_until_killed, args=(tmp_path, done, sender)
        )
        worker.start()
        sender.close()
        first = done
        with suppress(EOFError):
            done = receiver.recv()  # it is up
            time.sleep(chance.random() * 0.05)
            worker.kill()
            while True:
                done = receiver.recv()
        receiver.close()
        worker.join(10)
        assert worker.exitcode == -signal.SIGKILL
        assert done > first
        check_tree(store)
        stored = Authority(store).operators["op"].accounts["app"]
        assert {f"{number}" for number in range(1, done + 1)} <= {*(stored.claims.nats.tags or ())}
        for number in range(max(done - 2, 1), done + 1):
            user = stored.users[f"{number}"]
            assert Creds.parse(store.creds(*user.path)).public_key == user.public_key


# Troubles of the file system


def test_a_store_that_cannot_be_written_is_told_and_stays_as_it_was() -> None:
    with unprivileged() as root:
        store = DirectoryStore(root / "stores", keys=root / "keys")
        authority, _, account = small_tree(store)
        before = content(store)
        place = root / "stores" / "op" / "accounts" / "app"
        place.chmod(0o500)
        account.claims.nats.tags = ["a"]
        with pytest.raises(FileError, match="app"):
            authority.commit()
        place.chmod(0o700)
        assert content(store) == before
        assert len(authority.commit()) == 1


def test_a_store_that_vanished_is_told(tmp_path: Path) -> None:
    from shutil import rmtree

    authority, _, account = small_tree(_authority.STORES["directory"](tmp_path))
    account.claims.nats.tags = ["a"]
    rmtree(tmp_path / "stores")
    with pytest.raises(ConflictError, match="was deleted by somebody else"):
        authority.commit()
    authority.discard()
    with pytest.raises(NotFoundError):
        _ = account.claims
    assert list(authority.operators) == []


def test_a_key_that_is_given_is_not_stored() -> None:
    store = MemoryStore()
    given = key(KeyType.OPERATOR)
    authority = Authority(store, keys=[given])
    authority.operators.add("op", key=given.public_key)
    authority.commit()
    assert store.public_keys() == []
    assert authority.operators["op"].key is given


def test_a_key_of_another_kind_is_kept_with_the_next_commit() -> None:
    authority, curve = Authority(MemoryStore()), CurveKeyPair.generate()
    assert authority.keep(curve) == curve.public_key
    assert authority.store.public_keys() == []
    authority.commit()
    assert authority.store.seed(curve.public_key) == curve.reveal_seed()
    with pytest.raises(UsageError, match="expected a KeyPair, got str"):
        authority.keep(curve.reveal_seed())  # type: ignore[arg-type]
