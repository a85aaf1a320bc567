"""Where nsc keeps its files. The real nsc agrees: tests/interop/test_nsc_store.py."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from stat import S_IMODE
from typing import Any

import pytest

from natsauth.errors import FileError, StoreDataError, UsageError
from natsauth.store import Context, DirectoryStore, Locations, MemoryStore
from tests._store import NSC_STORE, file_size_limit


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a home directory that has nothing yet, and a current directory beside it."""
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def find(home: Path, environ: dict[str, str] | None = None, **options: Any) -> Locations:
    return Locations.find({"HOME": str(home), **(environ or {})}, **options)


def under(home: Path, config: str, stores: str, keys: str) -> Locations:
    return Locations(home / config, home / stores, home / keys)


def say(directory: Path, **members: Any) -> Path:
    """Write an nsc.json, and return its name."""
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "nsc.json"
    file.write_text(json.dumps(members))
    return file


def operator(stores: Path, name: str = "op", *accounts: str) -> Path:
    """Make the store of an operator, and return its directory."""
    store = DirectoryStore(stores, keys=stores)
    store.write("token", name)
    for account in accounts:
        store.write("token", name, account)
    return stores / name


DATA = ".local/share/nats/nsc"


# Directories


def test_the_defaults(home: Path) -> None:
    assert find(home) == under(home, ".config/nats/nsc", f"{DATA}/stores", f"{DATA}/keys")
    assert list(home.iterdir()) == []


def test_the_variables_of_xdg(home: Path) -> None:
    environ = {"XDG_CONFIG_HOME": f"{home}/c", "XDG_DATA_HOME": f"{home}/d"}
    expected = under(home, "c/nats/nsc", "d/nats/nsc/stores", "d/nats/nsc/keys")
    assert find(home, environ) == expected
    assert find(home, dict.fromkeys(environ, "")) == find(home)


def test_the_variables_of_nsc(home: Path) -> None:
    environ = {"NSC_HOME": "~/n", "NKEYS_PATH": f"{home}/k"}
    found = find(home, environ)
    assert found.config == Path("~/n").expanduser()
    assert (found.stores, found.keys) == (home / DATA / "stores", home / "k")


def test_the_options_of_nsc(home: Path) -> None:
    environ = {"NSC_HOME": "/n", "NKEYS_PATH": "/k"}
    options = {"config_dir": "/c", "data_dir": Path("/d"), "keystore_dir": "x"}
    assert find(home, environ, **options) == Locations(
        Path("/c"), Path("/d"), home.parent / "cwd/x"
    )
    everywhere = Locations(Path("/h"), Path("/h"), Path("/h"))
    assert find(home, environ, all_dirs="/h", **options) == everywhere


def test_nsc_json_names_the_stores(home: Path) -> None:
    say(home / ".config/nats/nsc", store_root="/s")
    assert find(home).stores == Path("/s")
    assert find(home, data_dir="/d").stores == Path("/d")
    say(home / "n", store_root="")
    assert find(home, {"NSC_HOME": f"{home}/n"}).stores == home / DATA / "stores"


def test_the_directories_of_old(home: Path) -> None:
    say(home / ".nsc", store_root="")
    (home / ".nsc/nats").mkdir()
    (home / ".nkeys").mkdir()
    assert find(home) == under(home, ".nsc", ".nsc/nats", ".nkeys")
    (home / DATA / "keys").mkdir(parents=True)
    assert find(home) == under(home, ".nsc", ".nsc/nats", f"{DATA}/keys")
    say(home / ".config/nats/nsc")
    (home / DATA / "stores").mkdir()
    assert find(home) == under(home, ".config/nats/nsc", f"{DATA}/stores", f"{DATA}/keys")


def test_a_store_around_the_current_directory(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(home / ".config/nats/nsc", store_root="/s")
    directory = operator(tmp_path / "mine", "op", "A")
    for place in (directory, directory / "accounts/A", directory.parent):
        monkeypatch.chdir(place)
        assert find(home).stores == tmp_path / "mine"
        assert find(home, {"NSC_CWD_ONLY": ""}).stores == tmp_path / "mine"
        assert find(home, data_dir="/d").stores == Path("/d")


def test_what_is_no_operators_directory(home: Path, tmp_path: Path) -> None:
    contents = ["", "x", "[]", "{}", '{"kind":"operator"}', '{"name":"x","kind":"account"}', "\0"]
    for number, content in enumerate(contents):
        (tmp_path / f"cwd/{number}").mkdir()
        (tmp_path / f"cwd/{number}/.nsc").write_text(content)
    (tmp_path / "cwd/binary").mkdir()
    (tmp_path / "cwd/binary/.nsc").write_bytes(b"\xff")
    assert find(home).stores == home / DATA / "stores"


def test_the_current_directory_alone(home: Path) -> None:
    say(home / ".config/nats/nsc", store_root="/s")
    assert find(home, {"NSC_CWD_ONLY": ""}).stores == home.parent / "cwd"


def test_a_current_directory_that_vanished(home: Path) -> None:
    shutil.rmtree(home.parent / "cwd")
    assert find(home).stores == home / DATA / "stores"
    with pytest.raises(FileError, match="cannot find 'x'"):
        find(home, data_dir="x")
    with pytest.raises(FileError):
        find(home, {"NSC_CWD_ONLY": ""})


def test_what_is_no_directory(home: Path) -> None:
    with pytest.raises(UsageError, match="got int"):
        find(home, data_dir=7)
    with pytest.raises(UsageError, match="got bytes"):
        DirectoryStore(b"x").names()  # type: ignore[arg-type]


# nsc.json


def test_what_nsc_wrote_is_read() -> None:
    context = Context.read(NSC_STORE / "nsc.json")
    assert context == Context("@STORES@", "my_operator", "callout")
    assert context.extra == {"github_updates": "nats-io/nsc"}


def test_without_a_file_there_is_no_context(tmp_path: Path) -> None:
    assert Context.read(tmp_path / "nsc.json") == Context()


def test_what_is_not_known_is_kept(home: Path) -> None:
    locations = find(home)
    more = {"github_updates": "mine", "last_update": 17, "new": {"a": [1.5, None, "<ß>"]}}
    file = say(locations.config, store_root="/s", operator="o", account="a", **more)
    context = Context.read(file)
    context.account = "b"
    context.save(locations)
    assert json.loads(file.read_text()) == {
        "store_root": "/s", "operator": "o", "account": "b", **more,
    }  # fmt: skip


def test_a_new_file_is_as_nsc_writes_it(home: Path) -> None:
    locations = find(home, all_dirs=home / "h")
    Context.find(locations, {}).save(locations, {})
    file = home / "h/nsc.json"
    assert file.read_text() == (
        f'{{"store_root":"{home}/h","operator":"","account":"","github_updates":"nats-io/nsc"}}'
    )
    assert S_IMODE(file.stat().st_mode) == 0o600
    assert S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is corrupt: "),
        (b'{"store_root":', "is corrupt: "),
        (b"[]", "expected an object, got "),
        (b'{"store_root":"a","store_root":"b"}', "is corrupt: "),
        (b'{"operator":1}', "operator: expected string, got "),
        (b'{"account":null}', "account: expected string, got null"),
        (b"\xff\xfe{}", "is not text"),
    ],
)
def test_a_corrupt_file_is_named_with_the_cure(home: Path, content: bytes, problem: str) -> None:
    file = say(home / ".config/nats/nsc")
    file.write_bytes(content)
    with pytest.raises(StoreDataError, match=problem) as caught:
        find(home)
    assert str(file) in str(caught.value)
    assert "delete it" in caught.value.hint
    locations = find(home, data_dir="/d")
    with pytest.raises(StoreDataError, match=problem):
        Context.find(locations, {})
    assert Context.find(locations, {"NSC_CWD_ONLY": ""}) == Context("/d")


def test_a_file_that_cannot_be_read_or_written(home: Path) -> None:
    locations = find(home, all_dirs=home)
    (home / "nsc.json").mkdir()
    with pytest.raises(FileError, match=r"nsc\.json': Is a directory"):
        Context.read(home / "nsc.json")
    with pytest.raises(FileError, match=r"nsc\.json': Is a directory"):
        Context().save(locations, {})


def test_a_full_disk_leaves_the_old_file(home: Path) -> None:
    locations = find(home, all_dirs=home)
    file = say(home, operator="old")
    with file_size_limit(10), pytest.raises(FileError, match=r"cannot write .*nsc\.json"):
        Context(operator="new").save(locations, {})
    assert Context.read(file).operator == "old"


def test_what_is_no_json_is_not_written(home: Path) -> None:
    with pytest.raises(StoreDataError, match=r"nsc\.json' cannot hold that: "):
        Context(extra={"a": object()}).save(find(home), {})
    with pytest.raises(UsageError, match="extra: expected a dict, got NoneType"):
        Context(extra=None).save(find(home), {})  # type: ignore[arg-type]
    assert list(home.iterdir()) == []


def test_nothing_is_written_if_the_current_directory_alone_counts(home: Path) -> None:
    Context(operator="op").save(find(home), {"NSC_CWD_ONLY": "1"})
    assert list(home.iterdir()) == []


# The current operator and account


def test_what_nsc_json_says(home: Path) -> None:
    locations = find(home, all_dirs=home)
    say(home, store_root="/s", operator="o", account="a")
    assert Context.find(locations, {}) == Context(str(home), "o", "a")
    assert Context.find(locations, {"NSC_CWD_ONLY": ""}) == Context(str(home))


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("mine", ("o", "a")),
        ("mine/op", ("op", "a")),
        ("mine/op/accounts", ("op", "a")),
        ("mine/op/accounts/A", ("op", "A")),
        ("mine/op/accounts/A/users", ("op", "A")),
        ("mine/op/accounts/none", ("op", "none")),
        ("mine/op/other/A", ("op", "a")),
    ],
)
def test_what_the_current_directory_says(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    expected: tuple[str, str],
) -> None:
    say(home / ".config/nats/nsc", store_root="/s", operator="o", account="a")
    operator(tmp_path / "mine", "op", "A")
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path / place)
    locations = find(home)
    assert Context.find(locations, {}) == Context(str(tmp_path / "mine"), *expected)
    elsewhere = find(home, data_dir="/s")
    assert Context.find(elsewhere, {}) == Context("/s", "o", "a")


def settled(context: Context, *paths: str) -> tuple[str, str]:
    store = MemoryStore()
    for path in paths:
        store.write("token", *path.split("/"))
    context = context.settled(store)
    return context.operator, context.account


def test_one_alone_is_selected_by_itself() -> None:
    assert settled(Context()) == ("", "")
    assert settled(Context(), "op") == ("op", "")
    assert settled(Context(), "op", "op/A") == ("op", "A")
    assert settled(Context("/s", "gone", "gone"), "op", "op/A") == ("op", "A")


def test_of_several_the_one_that_was_said_is_kept() -> None:
    paths = ["o", "p", "o/A", "o/B", "p/C"]
    assert settled(Context(), *paths) == ("", "")
    assert settled(Context("/s", "o", "B"), *paths) == ("o", "B")
    assert settled(Context("/s", "o", "C"), *paths) == ("o", "")
    assert settled(Context("/s", "p", "B"), *paths) == ("p", "C")
    assert settled(Context("/s", "..", "A"), *paths) == ("", "")


def test_settling_keeps_the_rest() -> None:
    context = Context("/s", "x", "y", {"last_update": 1})
    assert context.settled(MemoryStore()) == Context("/s", "", "", {"last_update": 1})
    assert context.operator == "x"
