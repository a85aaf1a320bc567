"""The directory store against a real file system. What every store does: test_store_base.py."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from stat import S_IMODE, S_ISREG
from typing import TYPE_CHECKING

import pytest

from natsauth import Creds, KeyPair, KeyType, OperatorClaims, UserClaims, decode
from natsauth.errors import ExistsError, FileError, NotFoundError, StoreDataError
from natsauth.store import DirectoryStore
from tests._store import NSC_STORE, file_size_limit, opened, unprivileged

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNTS = ["SYS", "billing", "callout", "my_account", "orders"]


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "stores", keys=tmp_path / "keys")


@pytest.fixture
def tree(store: DirectoryStore) -> DirectoryStore:
    for path in (["op"], ["op", "A"], ["op", "A", "u"]):
        store.write(".".join(path), *path)
    return store


def files(directory: Path) -> dict[str, str]:
    """Return the mode of everything below a directory."""
    return {
        str(path.relative_to(directory)): oct(S_IMODE(path.stat().st_mode))
        for path in sorted(directory.rglob("*"))
    }


# A store that nsc wrote


@pytest.fixture
def nsc() -> DirectoryStore:
    return DirectoryStore(NSC_STORE / "stores", keys=NSC_STORE / "nkeys")


def test_the_tokens_of_nsc_are_read(nsc: DirectoryStore) -> None:
    assert nsc.names() == ["my_operator"]
    assert nsc.names("my_operator") == ACCOUNTS
    assert nsc.names("my_operator", "my_account") == ["alice", "bob"]
    operator = decode(nsc.read("my_operator"), OperatorClaims)
    assert operator.claims.name == "my_operator"
    for account in ACCOUNTS:
        assert decode(nsc.read("my_operator", account)).claims.name == account
        for user in nsc.names("my_operator", account):
            token = decode(nsc.read("my_operator", account, user), UserClaims)
            creds = Creds.parse(nsc.creds("my_operator", account, user))
            assert (token.claims.name, creds.token) == (user, token)


def test_the_seeds_of_nsc_are_found(nsc: DirectoryStore) -> None:
    listed = (NSC_STORE / "expected" / "list-keys.txt").read_text()
    keys = nsc.public_keys()
    assert sorted(word for word in listed.split() if len(word) == 56) == keys
    assert {key[0] for key in keys} == set("OAUX")
    shown = (NSC_STORE / "expected" / "list-keys-show-seeds.txt").read_text()
    assert [key for key in keys if nsc.seed(key) not in shown] == []


# Layout


def test_files_names_and_modes(tree: DirectoryStore) -> None:
    pair = KeyPair.generate(KeyType.USER)
    key = pair.public_key
    with tree.lock():
        tree.add_seed(pair.reveal_seed())
        tree.write_creds("creds", "op", "A", "u")
    assert files(tree.stores) == {
        ".natsauth.lock": "0o600",
        "op": "0o700",
        "op/.nsc": "0o600",
        "op/accounts": "0o700",
        "op/accounts/A": "0o700",
        "op/accounts/A/A.jwt": "0o600",
        "op/accounts/A/users": "0o700",
        "op/accounts/A/users/u.jwt": "0o600",
        "op/op.jwt": "0o600",
    }
    assert files(tree.keys) == {
        ".gitignore": "0o600",
        "creds": "0o700",
        "creds/op": "0o700",
        "creds/op/A": "0o700",
        "creds/op/A/u.creds": "0o600",
        "keys": "0o700",
        "keys/U": "0o700",
        f"keys/U/{key[1:3]}": "0o700",
        f"keys/U/{key[1:3]}/{key}.nk": "0o600",
    }
    assert oct(S_IMODE(tree.stores.stat().st_mode)) == "0o700"
    assert tree.token_file("op", "A", "u").read_bytes() == b"op.A.u"
    assert tree.key_file(key).read_bytes() == pair.reveal_seed().encode()


@pytest.mark.parametrize("umask", [0, 0o077])
def test_everything_is_its_owners_alone_whatever_the_umask(
    store: DirectoryStore, umask: int
) -> None:
    before = os.umask(umask)
    try:
        with store.lock():
            store.write("op", "op")
            store.write("A", "op", "A")
            store.add_seed(KeyPair.generate(KeyType.ACCOUNT).reveal_seed())
    finally:
        os.umask(before)
    for root in (store.stores, store.keys):
        modes = {"0o700" if path.is_dir() else "0o600": path for path in root.rglob("*")}
        assert set(files(root).values()) == set(modes)
        assert S_IMODE(root.stat().st_mode) == 0o700


def test_what_nsc_knows_an_operator_by(tree: DirectoryStore) -> None:
    file = tree.stores / "op" / ".nsc"
    assert file.read_text() == '{"managed":false,"name":"op","kind":"operator","version":"1"}'
    file.write_text('{"managed":true,"name":"op","kind":"operator","version":"1"}')
    tree.write("new", "op")
    assert json.loads(file.read_text())["managed"] is True


def test_it_says_where_things_are(tree: DirectoryStore, tmp_path: Path) -> None:
    assert tree.where() == str(tmp_path / "stores")
    assert tree.where("op", "B", "v") == str(tmp_path / "stores/op/accounts/B/users/v.jwt")
    assert tree.where("..", "etc") == str(tmp_path / "stores")
    assert tree.creds_file("op", "A", "u") == tmp_path / "keys/creds/op/A/u.creds"
    assert repr(tree) == f"DirectoryStore({tmp_path / 'stores'!r}, keys={tmp_path / 'keys'!r})"


def test_what_is_not_given_is_where_nsc_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NSC_HOME", "XDG_CONFIG_HOME", "NSC_CWD_ONLY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("NKEYS_PATH", "~/nkeys")
    monkeypatch.chdir(tmp_path)
    store = DirectoryStore()
    assert (store.stores, store.keys) == (tmp_path / "data/nats/nsc/stores", tmp_path / "nkeys")
    assert DirectoryStore("~/x").stores == tmp_path / "x"
    assert DirectoryStore("x").stores == tmp_path / "x"


def test_making_a_store_reads_and_writes_nothing(tmp_path: Path) -> None:
    with opened() as names:
        store = DirectoryStore(tmp_path / "stores", keys=tmp_path / "keys")
    assert names == []
    assert (store.names(), store.public_keys(), list(tmp_path.iterdir())) == ([], [], [])


# What else may be there


def test_a_directory_without_its_token_is_no_entry(tree: DirectoryStore) -> None:
    (tree.stores / "op/accounts/empty").mkdir()
    (tree.stores / "op/accounts/other").mkdir()
    (tree.stores / "op/accounts/other/name.jwt").touch()
    (tree.stores / "op/accounts/file").touch()
    (tree.stores / "op/accounts/A/users/readme.txt").touch()
    (tree.stores / "op/accounts/A/users/ x .jwt").touch()
    (tree.stores / "op/accounts/A/users/.jwt").touch()
    (tree.stores / "directory").mkdir()
    (tree.stores / "file").touch()
    (tree.stores / "\udcff").mkdir()  # no text: the byte 0xFF
    (tree.stores / "\udcff/\udcff.jwt").touch()
    assert (tree.names(), tree.names("op"), tree.names("op", "A")) == (["op"], ["A"], ["u"])
    for path in (["op", "empty"], ["op", "other"], ["op", "file"], ["file"]):
        with pytest.raises(NotFoundError):
            tree.read(*path)


@pytest.mark.parametrize("content", ["op.A\n", "\r\n op.A \n\n"])
def test_white_space_around_a_token_does_not_count(tree: DirectoryStore, content: str) -> None:
    tree.token_file("op", "A").write_text(content)
    assert tree.read("op", "A") == "op.A"


def test_names_that_nsc_takes_and_we_do_not_are_kept_up(tree: DirectoryStore) -> None:
    directory = tree.stores / "op/accounts/.dot"
    directory.mkdir()
    (directory / ".dot.jwt").write_text("old")
    assert tree.names("op") == [".dot", "A"]
    tree.write("new", "op", ".dot")
    tree.write("user", "op", ".dot", "u")
    tree.write_creds("creds", "op", ".dot", "u")
    assert tree.read("op", ".dot") == "new"


def test_a_deleted_operator_leaves_nothing(tree: DirectoryStore) -> None:
    tree.write("B", "op", "B")
    tree.delete("op")
    assert list(tree.stores.iterdir()) == []


def test_deleting_leaves_what_others_put_there(tree: DirectoryStore) -> None:
    account = tree.stores / "op/accounts/A"
    (account / "notes.txt").write_text("mine")
    (account / "users/u.txt").write_text("mine, too")
    tree.delete("op")
    left = [str(path.relative_to(tree.stores)) for path in sorted(tree.stores.rglob("*.*"))]
    assert left == ["op/accounts/A/notes.txt", "op/accounts/A/users/u.txt"]
    assert tree.names() == []
    tree.write("op", "op")
    assert tree.names("op") == []


def test_deleting_a_user_leaves_the_others(tree: DirectoryStore) -> None:
    tree.delete("op", "A", "u")
    assert tree.names("op", "A") == []
    assert tree.read("op", "A") == "op.A"


@pytest.mark.parametrize(
    ("path", "linked"),
    [
        (["op"], "op"),
        (["op"], "op/accounts"),
        (["op"], "op/accounts/A"),
        (["op"], "op/accounts/A/users"),
        (["op", "A"], "op/accounts/A"),
        (["op", "A"], "op/accounts/A/users"),
    ],
)
def test_of_a_linked_directory_the_link_alone_is_deleted(
    tree: DirectoryStore, tmp_path: Path, path: list[str], linked: str
) -> None:
    link, elsewhere = tree.stores / linked, tmp_path / "elsewhere"
    link.rename(elsewhere)
    link.symlink_to(elsewhere)
    assert tree.read("op", "A", "u") == "op.A.u"
    tree.delete(*path)
    with pytest.raises(NotFoundError):
        tree.read(*path)
    assert [file.read_text() for file in elsewhere.rglob("u.jwt")] == ["op.A.u"]
    assert not link.is_symlink()


# Failures


@pytest.mark.parametrize("path", [["op"], ["op", "A"], ["op", "A", "u"]])
def test_a_full_disk_leaves_the_old_token(tree: DirectoryStore, path: list[str]) -> None:
    before = files(tree.stores)
    with file_size_limit(100), pytest.raises(FileError, match=r"cannot write .*\.jwt") as caught:
        tree.write("x" * 5000, *path)
    assert caught.value.errno == errno.EFBIG
    assert tree.read(*path) == ".".join(path)
    assert files(tree.stores) == before


def test_a_full_disk_makes_no_entry(tree: DirectoryStore) -> None:
    with file_size_limit(100):
        for path in (["new"], ["op", "B"], ["op", "A", "v"]):
            with pytest.raises(FileError, match="cannot write"):
                tree.write("x" * 5000, *path)
    assert (tree.names(), tree.names("op"), tree.names("op", "A")) == (["op"], ["A"], ["u"])


def test_a_full_disk_leaves_the_old_creds(tree: DirectoryStore) -> None:
    tree.write_creds("old", "op", "A", "u")
    with file_size_limit(100), pytest.raises(FileError, match=r"cannot write .*u\.creds"):
        tree.write_creds("x" * 5000, "op", "A", "u")
    assert tree.creds("op", "A", "u") == "old"


def test_a_directory_that_must_not_be_changed() -> None:
    with unprivileged() as directory:
        store = DirectoryStore(directory / "stores", keys=directory / "keys")
        store.write("op", "op")
        (directory / "stores").chmod(0o500)
        (directory / "stores/op").chmod(0o500)
        (directory / "stores/op/accounts").chmod(0o500)
        try:
            for path in (["op"], ["op", "A"], ["new"]):
                with pytest.raises(FileError, match="Permission denied") as caught:
                    store.write("new", *path)
                assert str(directory) in str(caught.value)
                assert caught.value.errno == errno.EACCES
            with pytest.raises(FileError, match=r"cannot delete .*op\.jwt.*Permission denied"):
                store.delete("op")
            with pytest.raises(FileError, match=r"cannot lock .*\.natsauth\.lock"), store.lock():
                pass
            assert (store.names(), store.read("op")) == (["op"], "op")
        finally:
            for place in (directory / "stores", directory / "stores/op"):
                place.chmod(0o700)


def test_what_cannot_be_written_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, real = DirectoryStore(tmp_path / "stores", keys=tmp_path / "keys"), os.fsync
    for written in range(2):  # first .nsc cannot be written, then the token
        left = [written]

        def fsync(file: int, left: list[int] = left) -> None:
            if S_ISREG(os.fstat(file).st_mode):
                left[0] -= 1
                if left[0] < 0:
                    raise OSError(errno.ENOSPC, "No space left on device")
            real(file)

        with monkeypatch.context() as disk:
            disk.setattr(os, "fsync", fsync)
            with pytest.raises(FileError, match="No space left on device"):
                store.write("op", "op")
        assert [*(tmp_path / "stores").iterdir()] == []
    store.write("op", "op")
    assert store.names() == ["op"]


def test_a_directory_that_must_not_be_read() -> None:
    with unprivileged() as directory:
        store = DirectoryStore(directory / "stores", keys=directory / "keys")
        store.write("op", "op")
        (directory / "stores").chmod(0)
        try:
            for call in (store.names, partial(store.names, "op"), partial(store.read, "op")):
                with pytest.raises(FileError, match=r"cannot (list|read) .*Permission denied"):
                    call()
        finally:
            (directory / "stores").chmod(0o700)


def test_a_file_where_a_directory_should_be(tmp_path: Path) -> None:
    (tmp_path / "stores").touch()
    store = DirectoryStore(tmp_path / "stores", keys=tmp_path / "stores")
    with pytest.raises(FileError, match=r"cannot make .*stores") as caught:
        store.write("op", "op")
    assert caught.value.errno in (errno.EEXIST, errno.ENOTDIR)
    with pytest.raises(FileError, match=r"cannot make .*stores"), store.lock():
        pass
    with pytest.raises(FileError, match=r"cannot make .*keys"):
        store.add_seed(KeyPair.generate(KeyType.USER).reveal_seed())
    with pytest.raises(NotFoundError):
        store.read("op")


def test_a_store_that_vanished(tree: DirectoryStore) -> None:
    with tree.lock():
        shutil.rmtree(tree.stores)
    with pytest.raises(NotFoundError, match=f"there is no operator 'op' in '{tree.stores}'"):
        tree.write("new", "op", "A")
    with pytest.raises(NotFoundError, match="there is no account 'op/A'"):
        tree.read("op", "A")
    assert tree.names() == []
    assert not tree.stores.exists()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"eyJ\x80"])
def test_a_token_that_is_not_text(tree: DirectoryStore, content: bytes) -> None:
    file = tree.token_file("op", "A")
    file.write_bytes(content)
    with pytest.raises(StoreDataError, match=r"A\.jwt' is not text") as caught:
        tree.read("op", "A")
    assert caught.value.hint == "restore it from a backup, or delete it"


def test_a_token_that_is_a_directory_or_huge(tree: DirectoryStore) -> None:
    file = tree.token_file("op", "A")
    file.unlink()
    file.mkdir()
    with pytest.raises(FileError, match=r"A\.jwt': Is a directory"):
        tree.read("op", "A")
    with pytest.raises(FileError, match=r"A\.jwt': Is a directory"):
        tree.write("token", "op", "A")
    with pytest.raises(FileError, match=r"cannot delete .*A\.jwt': Is a directory"):
        tree.delete("op", "A")
    with tree.token_file("op").open("wb") as huge:
        huge.truncate(1 << 40)
    with pytest.raises(FileError, match=r"op\.jwt': it has more than"):
        tree.read("op")


@pytest.mark.parametrize("path", [["op"], ["op", "A"], ["op", "A", "u"]])
def test_what_cannot_be_read_can_be_deleted(tree: DirectoryStore, path: list[str]) -> None:
    file = tree.token_file("op", "A", "u")
    for make in (
        lambda: file.write_bytes(b"\xff"),
        lambda: file.symlink_to(file),
        lambda: os.mkfifo(file),
    ):
        file.unlink()
        make()
        with pytest.raises((StoreDataError, FileError)):
            tree.read("op", "A", "u")
        tree.delete(*path)
        assert not os.path.lexists(file)
        for again in (["op"], ["op", "A"], ["op", "A", "u"]):
            tree.write("token", *again)


# Laziness


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> DirectoryStore:
    """Give a store of 10,000 accounts, made without a flush for each."""
    directory = tmp_path_factory.mktemp("many")
    store = DirectoryStore(directory / "stores", keys=directory / "keys")
    store.write("op", "op")
    for number in range(10_000):
        file = store.token_file("op", f"A{number}")
        file.parent.mkdir()
        file.write_text("token")
    return store


def test_one_account_is_one_file_read(many: DirectoryStore) -> None:
    with opened() as names:
        assert many.read("op", "A7") == "token"
    assert set(names) == {str(many.token_file("op", "A7"))}


def test_a_listing_reads_no_token(many: DirectoryStore) -> None:
    start = time.perf_counter()
    with opened() as names:
        assert len(many.names("op")) == 10_000
        assert many.names("op", "A7") == []
    assert names == []
    assert time.perf_counter() - start < 5


def test_writing_an_account_reads_no_token(many: DirectoryStore) -> None:
    pair = KeyPair.generate(KeyType.USER)
    with opened() as names:
        many.write("new", "op", "A8")
        many.write("new", "op", "A8", "u")
        many.add_seed(pair.reveal_seed())
        many.write_creds("creds", "op", "A8", "u")
    assert [name for name in names if name.endswith((".jwt", ".nk", ".creds"))] == []


def test_who_holds_the_lock_has_accounts_listed_once() -> None:
    with unprivileged() as directory:
        store = DirectoryStore(directory / "stores", keys=directory / "keys")
        accounts = directory / "stores/op/accounts"
        store.write("op", "op")
        try:
            with store.lock():
                store.write("A", "op", "A")
                accounts.chmod(0o300)
                for name in ("B", "C"):
                    store.write(name, "op", name)
                with pytest.raises(ExistsError, match="'b' differs from 'B' in letter case"):
                    store.write("b", "op", "b")
                store.delete("op", "B")
                store.write("b", "op", "b")
            with pytest.raises(FileError, match="cannot list"):
                store.write("D", "op", "D")
        finally:
            accounts.chmod(0o700)
        assert store.names("op") == ["A", "C", "b"]


# Several processes


DELETE = """
import os, signal, sys
from natsauth.store import DirectoryStore

count = int(sys.argv[2])

def watch(event, args):
    global count
    if event in ("os.remove", "os.rmdir"):
        count -= 1
        if count < 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
DirectoryStore(sys.argv[1], keys=".").delete(*sys.argv[3:])
"""


@pytest.mark.parametrize("path", [["op"], ["op", "A"]])
def test_who_was_deleted_is_not_there_again_after_a_crash(
    tree: DirectoryStore, path: list[str]
) -> None:
    tree.write("v", "op", "A", "v")
    for count in range(20):
        command = [sys.executable, "-c", DELETE, str(tree.stores), str(count), *path]
        code = subprocess.run(command, check=False).returncode
        try:
            tree.read(*path)
        except NotFoundError:
            tree.write("new", *path)
            assert tree.names(*path) == []
        else:
            assert code == -signal.SIGKILL
        for again in (["op"], ["op", "A"], ["op", "A", "u"], ["op", "A", "v"]):
            tree.write("token", *again)
        if not code:
            break
    assert (count, code) == ({1: 9, 2: 5}[len(path)], 0)


COUNT = """
import sys
from natsauth.store import DirectoryStore

store = DirectoryStore(sys.argv[1], keys=sys.argv[2])
for _ in range(25):
    with store.lock():
        store.write(str(int(store.read("op")) + 1), "op")
"""


def test_the_lock_excludes_processes(store: DirectoryStore) -> None:
    store.write("0", "op")
    command = [sys.executable, "-c", COUNT, str(store.stores), str(store.keys)]
    processes = [subprocess.Popen(command) for _ in range(6)]
    assert [process.wait(60) for process in processes] == [0] * 6
    assert store.read("op") == "150"


def test_the_lock_of_a_killed_process_is_released(store: DirectoryStore) -> None:
    code = (
        "import sys, time; from natsauth.store import DirectoryStore\n"
        "with DirectoryStore(sys.argv[1], keys='.').lock():\n"
        "    print('locked', flush=True)\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(store.stores)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"locked\n"
        process.kill()
    with store.lock():
        store.write("op", "op")
    assert store.read("op") == "op"


FORK = """
import os, sys
from natsauth.store import DirectoryStore

store = DirectoryStore(sys.argv[1], keys=".")
read, write = os.pipe()
with store.lock():
    if not os.fork():
        os.close(write)
        os.read(read, 1)  # until the parent closes its end
        os._exit(0)
with store.lock():
    print("locked again")
os.close(write)
os.wait()
"""


def test_a_fork_does_not_hold_the_lock_on(store: DirectoryStore) -> None:
    command = [sys.executable, "-c", FORK, str(store.stores)]
    assert subprocess.check_output(command, timeout=30) == b"locked again\n"


WRITE = """
import sys
from natsauth import KeyPair, KeyType
from natsauth.store import DirectoryStore

store = DirectoryStore(sys.argv[1], keys=sys.argv[2])
turn = int(sys.argv[3])
while True:
    turn += 1
    with store.lock():
        for path in (["op"], ["op", "A"], ["op", "A", "u"]):
            store.write(f"{turn}." + "x" * 20_000, *path)
        store.write_creds(f"{turn}." + "x" * 20_000, "op", "A", "u")
        pair = KeyPair.generate(KeyType.USER)
        store.add_seed(pair.reveal_seed())
        store.write("token", "op", f"A{turn}")
        if turn % 3 == 0:
            store.delete("op", f"A{turn}")
    print(turn, pair.public_key, flush=True)
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_writers_leave_whole_files_and_lose_nothing(store: DirectoryStore) -> None:
    done = 0
    keys: list[str] = []
    for _ in range(100):
        command = [sys.executable, "-c", WRITE, str(store.stores), str(store.keys), str(done)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            first = process.stdout.readline()
            time.sleep(random.random() * 0.03)  # noqa: S311 - no secret
            process.kill()
            lines = [first, *process.stdout]
        assert process.returncode == -signal.SIGKILL
        whole = [line.split() for line in lines if line.endswith("\n")]
        done = int(whole[-1][0])
        keys += [key for _, key in whole]
        texts = [store.read(*path) for path in (["op"], ["op", "A"], ["op", "A", "u"])]
        for text in (*texts, store.creds("op", "A", "u")):
            turn, _, rest = text.partition(".")
            assert rest == "x" * 20_000
            assert int(turn) >= done
        for name in store.names("op"):
            assert store.read("op", name)
        done = max(int(text.partition(".")[0]) for text in texts)
    assert len(keys) >= 100
    assert set(keys) <= set(store.public_keys())
    assert [store.seed(key)[:2] for key in store.public_keys()] == ["SU"] * len(store.public_keys())
    assert store.names() == ["op"]
