"""Seeds and creds in files. What every store does with them: test_store_base.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from natsauth import KeyPair, KeyType
from natsauth.errors import ExistsError, FileError, NotFoundError, StoreDataError
from natsauth.store import DirectoryStore
from tests._store import file_size_limit, unprivileged

if TYPE_CHECKING:
    from pathlib import Path

PAIR, OTHER = KeyPair.generate(KeyType.ACCOUNT), KeyPair.generate(KeyType.ACCOUNT)
KEY, SEED = PAIR.public_key, PAIR.reveal_seed()


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "stores", keys=tmp_path / "keys")


@pytest.fixture
def file(store: DirectoryStore) -> Path:
    """Give the file of a seed that is kept."""
    store.add_seed(SEED)
    return store.key_file(KEY)


def test_a_seed_stands_bare_in_the_file_of_its_key(store: DirectoryStore, file: Path) -> None:
    assert file == store.keys / "keys" / "A" / KEY[1:3] / f"{KEY}.nk"
    assert file.read_bytes() == SEED.encode()


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", " \n{}\n\n"])
def test_white_space_around_a_seed_does_not_count(
    store: DirectoryStore, file: Path, around: str
) -> None:
    file.write_text(around.format(SEED))
    assert store.seed(KEY) == SEED
    store.add_seed(SEED)
    assert file.read_bytes() == around.format(SEED).encode()


@pytest.mark.parametrize(
    "content", [OTHER.reveal_seed(), OTHER.public_key, "", SEED[:-1], "SXAAAA", "not\0a seed"]
)
def test_a_file_of_something_else(store: DirectoryStore, file: Path, content: str) -> None:
    file.write_text(content)
    with pytest.raises(StoreDataError, match=rf"{KEY}\.nk' does not hold the seed") as caught:
        store.seed(KEY)
    assert caught.value.hint == "put the right seed there, or delete the file"
    with pytest.raises(ExistsError, match=rf"{KEY}\.nk' exists already and is different"):
        store.add_seed(SEED)
    assert file.read_text() == content


def test_a_file_of_the_public_key_alone(store: DirectoryStore, file: Path) -> None:
    file.write_text(KEY)
    with pytest.raises(NotFoundError, match=rf"{KEY}\.nk' holds the public key, not its seed"):
        store.seed(KEY)
    with pytest.raises(ExistsError, match="exists already and is different"):
        store.add_seed(SEED)


def test_a_file_that_is_not_text(store: DirectoryStore, file: Path) -> None:
    file.write_bytes(b"\xff")
    for call in (lambda: store.seed(KEY), lambda: store.add_seed(SEED)):
        with pytest.raises(StoreDataError, match=rf"{KEY}\.nk' is not text"):
            call()


def test_other_files_are_no_keys(store: DirectoryStore, file: Path) -> None:
    (file.parent / "notes.txt").touch()
    (file.parent / "x.nk").touch()
    (file.parent / f"{KEY[:-1]}.nk").touch()
    (store.keys / "keys" / "file").touch()
    misplaced = store.keys / "keys" / "U" / "XX"
    misplaced.mkdir(parents=True)
    (misplaced / f"{OTHER.public_key}.nk").write_text(OTHER.reveal_seed())
    assert store.public_keys() == [KEY]


def test_a_deleted_seed_leaves_no_empty_shard(store: DirectoryStore, file: Path) -> None:
    store.delete_seed(KEY)
    assert not file.parent.exists()
    assert file.parent.parent.exists()


def test_git_is_told_once_to_leave_secrets_alone(store: DirectoryStore, file: Path) -> None:
    ignore = store.keys / ".gitignore"
    assert ignore.read_text().split() == ["**/*.nk", "**/*.creds", "**/.natsauth-*"]
    ignore.write_text("mine")
    store.add_seed(OTHER.reveal_seed())
    assert ignore.read_text() == "mine"
    assert file.exists()


@pytest.mark.parametrize(
    ("path", "linked"), [("op", "creds/op"), ("op", "creds/op/A"), ("op/A", "creds/op/A")]
)
def test_of_a_linked_directory_the_link_alone_is_deleted(
    store: DirectoryStore, tmp_path: Path, path: str, linked: str
) -> None:
    store.write_creds("creds", "op", "A", "u")
    link, elsewhere = store.keys / linked, tmp_path / "elsewhere"
    link.rename(elsewhere)
    link.symlink_to(elsewhere)
    store.delete_creds(*path.split("/"))
    assert [file.read_text() for file in elsewhere.rglob("u.creds")] == ["creds"]
    with pytest.raises(NotFoundError):
        store.creds("op", "A", "u")


def test_files_of_others_move_along_with_creds(store: DirectoryStore) -> None:
    store.write_creds("creds", "op", "A", "u")
    place = store.keys / "creds" / "op"
    (place / "A" / "notes.txt").write_text("notes")
    store.move_creds(("op", "A"), ("op", "B"))
    assert (place / "B" / "notes.txt").read_text() == "notes"
    store.write_creds("creds", "op", "C", "v")
    store.move_creds(("op", "B"), ("op", "C"))
    assert {file.name for file in place.rglob("*")} == {"C", "notes.txt", "u.creds", "v.creds"}


def test_creds_alone_are_kept_from_git_too(store: DirectoryStore) -> None:
    store.write_creds("creds", "op", "A", "u")
    assert "**/*.creds" in (store.keys / ".gitignore").read_text()


def test_git_is_not_told_if_so_wished(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NSC_NO_GIT_IGNORE", "")
    store.add_seed(SEED)
    assert not (store.keys / ".gitignore").exists()


@pytest.mark.parametrize("name", ["x" * 300, "x/" * 3000])
def test_no_seed_is_where_the_system_takes_no_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFoundError, match="there is no seed of"):
        DirectoryStore(tmp_path, keys=tmp_path / name).seed(KEY)


@pytest.mark.parametrize("place", ["{}.nk", "op/op.nk"])
def test_a_key_ring_of_the_old_layout(store: DirectoryStore, file: Path, place: str) -> None:
    (store.keys / "keys/stray.nk").touch()  # which nsc does not mind
    old = store.keys / place.format(OTHER.public_key)
    old.parent.mkdir(exist_ok=True)
    old.write_text(OTHER.reveal_seed())
    assert store.seed(KEY) == SEED
    assert file.exists()
    for call in (store.seed, store.delete_seed):
        with pytest.raises(StoreDataError, match="is a key ring of an old layout") as caught:
            call(OTHER.public_key)
        assert str(old) in str(caught.value)
        assert caught.value.hint.startswith("'nsc keys migrate'")


def test_a_full_disk_leaves_no_key(store: DirectoryStore) -> None:
    store.add_seed(SEED)
    with file_size_limit(10), pytest.raises(FileError, match=rf"cannot write .*{OTHER.public_key}"):
        store.add_seed(OTHER.reveal_seed())
    assert store.public_keys() == [KEY]
    with pytest.raises(NotFoundError):
        store.seed(OTHER.public_key)


def test_a_key_ring_that_must_not_be_touched() -> None:
    with unprivileged() as directory:
        store = DirectoryStore(directory / "stores", keys=directory / "keys")
        store.add_seed(SEED)
        file = store.key_file(KEY)
        file.chmod(0)
        with pytest.raises(FileError, match=rf"cannot read .*{KEY}\.nk.*Permission denied"):
            store.seed(KEY)
        file.parent.chmod(0)
        try:
            with pytest.raises(FileError, match=r"cannot list .*Permission denied"):
                store.public_keys()
            with pytest.raises(FileError, match=rf"cannot delete .*{KEY}\.nk.*Permission denied"):
                store.delete_seed(KEY)
            with pytest.raises(FileError, match=rf"cannot write .*{KEY}\.nk.*Permission denied"):
                store.add_seed(SEED)
        finally:
            file.parent.chmod(0o700)
        assert file.exists()


def test_no_seed_is_in_an_error(store: DirectoryStore, file: Path) -> None:
    file.write_text(OTHER.reveal_seed())
    with pytest.raises(StoreDataError) as caught:
        store.seed(KEY)
    assert OTHER.reveal_seed() not in str(caught.value)
