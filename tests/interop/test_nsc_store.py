"""One store, two programs: what natsauth writes nsc goes on with, and the other way round."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, field
from stat import S_IMODE
from typing import TYPE_CHECKING, Any

import pytest

from natsauth import (
    Account,
    AccountClaims,
    Creds,
    CurveKeyPair,
    KeyPair,
    KeyType,
    Operator,
    OperatorClaims,
    User,
    UserClaims,
    decode,
    encode,
)
from natsauth.errors import ExistsError, NotFoundError, StoreDataError, StoreNameError
from natsauth.store import Context, DirectoryStore, Locations

if TYPE_CHECKING:
    from pathlib import Path


# The first test waits until nsc is built.
pytestmark = [pytest.mark.interop, pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass
class Nsc:
    """The program, in a home of its own; it connects to nothing, and no command used here would."""

    binary: Path
    home: Path
    options: tuple[str, ...] = ()
    environ: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, cwd: Path | None = None) -> str:
        """Return all that a command says, once it has succeeded."""
        result = self.run(*words, cwd=cwd)
        assert result.returncode == 0, f"{words}: {result.stdout}"
        return result.stdout

    def run(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        self.home.mkdir(exist_ok=True)
        return subprocess.run(
            [self.binary, *words, *self.options],
            cwd=cwd or self.home,
            env={"HOME": str(self.home), **self.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=30,
            check=False,
        )

    def describe(self, *words: str) -> dict[str, Any]:
        claims: dict[str, Any] = json.loads(self("describe", *words, "--json"))
        return claims

    def accounts(self) -> list[str]:
        return re.findall(r"^\| (\S+) +\| A\w{55}", plain(self("list", "accounts")), re.MULTILINE)

    def env(self, cwd: Path | None = None) -> dict[str, str]:
        """Return what nsc works on, and where."""
        self.run("env", cwd=cwd)  # the first run of all only makes nsc.json
        rows = re.findall(r"^\| (.+?) +\| \w* +\| (.*?) +\|$", self("env", cwd=cwd), re.MULTILINE)
        return {name: re.sub("^~", str(self.home), value) for name, value in rows}


@pytest.fixture
def nsc(nsc_binary: Path, tmp_path: Path) -> Nsc:
    """Give nsc, with all of its directories in that of the test."""
    options = {"--config-dir": "config", "--data-dir": "stores", "--keystore-dir": "keys"}
    words = [word for name, place in options.items() for word in (name, str(tmp_path / place))]
    return Nsc(nsc_binary, tmp_path / "home", tuple(words))


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    """Give the store in the directories where that nsc has its own."""
    return DirectoryStore(tmp_path / "stores", keys=tmp_path / "keys")


class Writer:
    """A tree that natsauth writes: an operator with a signing key, an account and a user."""

    def __init__(self, store: DirectoryStore) -> None:
        self.store = store
        self.operator, self.operator_signer = self.key("operator"), self.key("operator")
        self.account, self.account_signer = self.key("account"), self.key("account")
        self.user = self.key("user")
        operator = Operator(signing_keys=[self.operator_signer.public_key])
        claims = OperatorClaims(sub=self.operator.public_key, name="op", nats=operator)
        store.write(encode(claims, self.operator).encoded, "op")
        self.add_account("A", self.account, self.account_signer)
        self.add_user("A", "u", self.user)

    def key(self, role: str) -> KeyPair:
        pair = KeyPair.generate(KeyType(role))
        self.store.add_seed(pair.reveal_seed())
        return pair

    def add_account(self, name: str, pair: KeyPair, *signers: KeyPair) -> None:
        account = Account(signing_keys=[signer.public_key for signer in signers])
        claims = AccountClaims(sub=pair.public_key, name=name, nats=account)
        self.store.write(encode(claims, self.operator_signer).encoded, "op", name)

    def add_user(self, account: str, name: str, pair: KeyPair) -> None:
        nats = User(issuer_account=self.account.public_key)
        token = encode(UserClaims(sub=pair.public_key, name=name, nats=nats), self.account_signer)
        self.store.write(token.encoded, "op", account, name)
        self.store.write_creds(Creds.create(token, pair).format(), "op", account, name)


@pytest.fixture
def ours(store: DirectoryStore) -> Writer:
    return Writer(store)


@pytest.fixture
def theirs(nsc: Nsc) -> Nsc:
    """Give nsc with a tree like that of Writer, and the system account."""
    nsc("add", "operator", "--name", "op", "--generate-signing-key", "--sys")
    nsc("add", "account", "A")
    nsc("edit", "account", "A", "--sk", "generate")
    nsc("add", "user", "-a", "A", "u")
    return nsc


def plain(text: str) -> str:
    """Return text without its colours."""
    return re.sub(r"\x1b\[\d*m", "", text)


def seed_files(directory: Path) -> list[str]:
    return sorted(file.stem for file in directory.rglob("*.nk"))


# nsc goes on with what natsauth wrote


def test_nsc_lists_and_describes_what_natsauth_wrote(nsc: Nsc, ours: Writer) -> None:
    assert f"| op   | {ours.operator.public_key} |" in plain(nsc("list", "operators"))
    assert nsc.accounts() == ["A"]
    assert f"| u    | {ours.user.public_key} |" in nsc("list", "users", "-a", "A")
    for words, path in (
        (["operator"], ["op"]),
        (["account", "A"], ["op", "A"]),
        (["user", "-a", "A", "u"], ["op", "A", "u"]),
    ):
        token = ours.store.read(*path)
        assert nsc.describe(*words)["jti"] == decode(token).claims.jti
        assert nsc("describe", *words, "--raw").strip() == token


def test_nsc_finds_the_keys_that_natsauth_keeps(nsc: Nsc, ours: Writer) -> None:
    store = ours.store
    curve = CurveKeyPair.generate()
    store.add_seed(curve.reveal_seed())
    assert store.public_keys() == seed_files(store.keys)
    listed = nsc("list", "keys", "--all") + nsc("list", "keys", "--not-referenced")
    keys = dict(re.findall(r"([AOUX][A-Z2-7]{55}) \| [ *T]+ \| (\S*) ", listed))
    assert keys == dict.fromkeys(store.public_keys(), "*")
    seeds = nsc("list", "keys", "--all", "--show-seeds")
    missing = [key for key in store.public_keys() if store.seed(key) not in seeds]
    assert missing == [curve.public_key]


def test_nsc_finds_the_creds_that_natsauth_keeps(nsc: Nsc, ours: Writer) -> None:
    generated = nsc("generate", "creds", "-a", "A", "-n", "u")
    assert generated.strip() == ours.store.creds("op", "A", "u").strip()


def test_nsc_finds_nothing_wrong(nsc: Nsc, ours: Writer) -> None:
    said = nsc("validate", "--all-accounts")
    assert re.findall(r"^\| +([#!]) ", said, re.MULTILINE) == []
    assert said.count("No issues found") == 2
    assert ours.store.names() == ["op"]


def test_nsc_edits_what_natsauth_wrote_and_natsauth_reads_that(nsc: Nsc, ours: Writer) -> None:
    store = ours.store
    before = set(store.public_keys())
    nsc("edit", "account", "A", "--sk", "generate", "--description", "edited")
    nsc("add", "account", "B")
    nsc("add", "user", "-a", "A", "v")
    nsc("edit", "user", "-a", "A", "u", "--tag", "edited")
    nsc("edit", "operator", "--service-url", "nats://127.0.0.1:4222")
    assert (store.names("op"), store.names("op", "A")) == (["A", "B"], ["u", "v"])
    operator = decode(store.read("op"), OperatorClaims).claims
    account = decode(store.read("op", "A"), AccountClaims).claims
    other = decode(store.read("op", "B"), AccountClaims).claims
    user = decode(store.read("op", "A", "v"), UserClaims).claims
    assert operator.nats.operator_service_urls == ["nats://127.0.0.1:4222"]
    assert account.nats.description == "edited"
    assert {account.iss, other.iss} <= {ours.operator.public_key, ours.operator_signer.public_key}
    (new_signer,) = set(map(str, account.nats.signing_keys)) - {ours.account_signer.public_key}
    assert set(store.public_keys()) - before == {new_signer, other.sub, user.sub}
    for name in ("u", "v"):
        creds = Creds.parse(store.creds("op", "A", name))
        assert creds.jwt == store.read("op", "A", name)
        assert creds.reveal_seed() == store.seed(creds.public_key)
    assert decode(store.read("op", "A", "u"), UserClaims).claims.nats.tags == ["edited"]


def test_nsc_deletes_what_natsauth_wrote(nsc: Nsc, ours: Writer) -> None:
    ours.add_account("B", ours.key("account"))
    nsc("delete", "user", "-a", "A", "u", "--rm-nkey", "--rm-creds")
    assert ours.store.names("op", "A") == []
    with pytest.raises(NotFoundError):
        ours.store.seed(ours.user.public_key)
    with pytest.raises(NotFoundError):
        ours.store.creds("op", "A", "u")
    nsc("delete", "account", "A")
    assert ours.store.names("op") == ["B"]


def test_nsc_may_use_an_account_again_that_natsauth_deleted(nsc: Nsc, ours: Writer) -> None:
    ours.store.delete("op", "A")
    assert nsc.accounts() == []
    nsc("add", "account", "A")
    assert nsc.accounts() == ours.store.names("op") == ["A"]
    ours.store.delete("op")
    nsc("add", "operator", "op")
    assert (ours.store.names(), ours.store.names("op")) == (["op"], [])


# natsauth goes on with what nsc wrote


def test_natsauth_reads_what_nsc_wrote(theirs: Nsc, store: DirectoryStore) -> None:
    assert (store.names(), store.names("op"), store.names("op", "A")) == (
        ["op"],
        ["A", "SYS"],
        ["u"],
    )
    for words, path in (
        (["operator"], ["op"]),
        (["account", "A"], ["op", "A"]),
        (["user", "-a", "SYS", "sys"], ["op", "SYS", "sys"]),
    ):
        assert theirs("describe", *words, "--raw").strip() == store.read(*path)
    assert store.public_keys() == seed_files(store.keys)
    for key in store.public_keys():
        assert KeyPair.from_seed(store.seed(key)).public_key == key
    assert Creds.parse(store.creds("op", "A", "u")).jwt == store.read("op", "A", "u")


def test_nsc_goes_on_with_what_natsauth_changed(theirs: Nsc, store: DirectoryStore) -> None:
    with store.lock():
        signer = operator_signer(store)
        account = decode(store.read("op", "A"), AccountClaims)
        account.claims.nats.description = "ours"
        store.write(encode(account.claims, signer).encoded, "op", "A")
        added = add_account(store, "B", signer)
        pair = KeyPair.generate(KeyType.USER)
        store.add_seed(pair.reveal_seed())
        token = encode(UserClaims(sub=pair.public_key, name="w"), added)
        store.write(token.encoded, "op", "B", "w")
        store.write_creds(Creds.create(token, pair).format(), "op", "B", "w")
    assert theirs.accounts() == ["A", "B", "SYS"]
    assert theirs.describe("account", "A")["nats"]["description"] == "ours"
    theirs("edit", "account", "B", "--tag", "theirs")
    theirs("edit", "user", "-a", "B", "w", "--tag", "theirs")
    theirs("validate", "--all-accounts")
    assert decode(store.read("op", "B"), AccountClaims).claims.nats.tags == ["theirs"]
    creds = Creds.parse(store.creds("op", "B", "w"))
    assert (creds.jwt, creds.reveal_seed()) == (store.read("op", "B", "w"), pair.reveal_seed())
    assert theirs.describe("account", "A")["nats"]["description"] == "ours"


def operator_signer(store: DirectoryStore) -> KeyPair:
    signers = decode(store.read("op"), OperatorClaims).claims.nats.signing_keys
    assert signers
    return KeyPair.from_seed(store.seed(signers[0]))


def add_account(store: DirectoryStore, name: str, signer: KeyPair) -> KeyPair:
    pair = KeyPair.generate(KeyType.ACCOUNT)
    store.add_seed(pair.reveal_seed())
    claims = AccountClaims(sub=pair.public_key, name=name)
    store.write(encode(claims, signer).encoded, "op", name)
    return pair


def test_files_names_and_modes_are_the_same(
    theirs: Nsc, store: DirectoryStore, tmp_path: Path
) -> None:
    copy = DirectoryStore(tmp_path / "copy/stores", keys=tmp_path / "copy/keys")
    for operator in store.names():
        copy.write(store.read(operator), operator)
        for account in store.names(operator):
            copy.write(store.read(operator, account), operator, account)
            for user in store.names(operator, account):
                path = operator, account, user
                copy.write(store.read(*path), *path)
                copy.write_creds(store.creds(*path), *path)
    for key in store.public_keys():
        copy.add_seed(store.seed(key))
    assert theirs.accounts() == copy.names("op")
    for one, other in ((store.stores, copy.stores), (store.keys, copy.keys)):
        assert listing(one) == listing(other)
        assert S_IMODE(one.stat().st_mode) == S_IMODE(other.stat().st_mode)


def listing(root: Path) -> dict[str, tuple[int, str]]:
    """Return mode and content of all below a directory; the comments for git are their own."""
    return {
        str(path.relative_to(root)): (
            S_IMODE(path.stat().st_mode),
            path.read_text() if path.is_file() and path.name != ".gitignore" else "",
        )
        for path in sorted(root.rglob("*"))
    }


# Unusual names, keys and trees


@pytest.mark.parametrize("name", [" sp ace ", ".dot", "a<&>ß", "x" * 80, "A.jwt"])
def test_names_of_accounts_are_the_same(theirs: Nsc, store: DirectoryStore, name: str) -> None:
    theirs("add", "account", name)
    assert store.names("op") == sorted(["A", "SYS", name])
    theirs("add", "user", "-a", name, f"{name}2")
    assert store.names("op", name) == [f"{name}2".strip()]
    token = decode(store.read("op", name), AccountClaims)
    token.claims.nats.description = "ours"
    store.write(encode(token.claims, operator_signer(store)).encoded, "op", name)
    assert theirs.describe("account", name)["nats"]["description"] == "ours"


@pytest.mark.parametrize("name", [" ours ", "a<&>ß", "y" * 80, "B.jwt"])
def test_names_that_natsauth_gives(theirs: Nsc, store: DirectoryStore, name: str) -> None:
    pair = add_account(store, name, operator_signer(store))
    assert theirs.describe("account", name)["sub"] == pair.public_key
    theirs("edit", "account", name, "--tag", "x")
    assert store.names("op") == sorted(["A", "SYS", name])


def test_names_that_both_refuse(theirs: Nsc, store: DirectoryStore) -> None:
    for name, error in (("a/b", StoreNameError), ("a\\b", StoreNameError), ("sys", ExistsError)):
        assert theirs.run("add", "account", name).returncode == 1
        with pytest.raises(error):
            store.write("token", "op", name)


def test_both_tell_a_key_of_something_else(theirs: Nsc, store: DirectoryStore) -> None:
    key, other = (key for key in store.public_keys() if key.startswith("O"))
    store.key_file(key).write_text(store.seed(other))
    with pytest.raises(StoreDataError, match="does not hold the seed"):
        store.seed(key)
    assert re.search(rf"{key} \|[ *]+\| BAD ", theirs("list", "keys"))


def test_both_take_a_line_break_after_token_and_seed(nsc: Nsc, ours: Writer) -> None:
    store = ours.store
    files = [store.key_file(key) for key in store.public_keys()]
    for file in files:
        file.write_text(file.read_text() + "\n")
    assert [store.seed(key)[0] for key in store.public_keys()] == ["S"] * 5
    nsc("edit", "account", "A", "--tag", "x")
    assert decode(store.read("op", "A"), AccountClaims).claims.nats.tags == ["x"]


def test_both_refuse_a_key_ring_of_the_old_layout(theirs: Nsc, store: DirectoryStore) -> None:
    key = next(iter(store.public_keys()))
    seed = store.seed(key)
    old = store.keys / "op" / "op.nk"
    old.parent.mkdir()
    store.key_file(key).rename(old)
    assert "keys migrate" in theirs.run("list", "keys").stdout
    with pytest.raises(StoreDataError) as caught:
        store.seed(key)
    assert "nsc keys migrate" in caught.value.hint
    theirs("keys", "migrate")
    assert store.seed(key) == seed


def test_an_operator_without_its_token_is_none(theirs: Nsc, store: DirectoryStore) -> None:
    file = store.token_file("op")
    file.rename(file.with_suffix(".away"))
    assert store.names() == []
    assert theirs.run("describe", "operator").returncode == 1


# Locations, and what is worked on


ENVIRONMENTS: list[dict[str, str]] = [
    {},
    {"XDG_CONFIG_HOME": "{}/c", "XDG_DATA_HOME": "{}/d"},
    {"XDG_CONFIG_HOME": "", "XDG_DATA_HOME": ""},
    {"NSC_HOME": "{}/n", "NKEYS_PATH": "{}/k"},
    {"NSC_HOME": "{}/n", "XDG_DATA_HOME": "{}/d", "NKEYS_PATH": ""},
]


def compare(nsc: Nsc, monkeypatch: pytest.MonkeyPatch, cwd: Path, **options: str) -> None:
    """Check that nsc and natsauth work on the same, in the same places."""
    flags = [
        word for name, value in options.items() for word in (f"--{name}".replace("_", "-"), value)
    ]
    nsc.options = tuple(flags)
    env = nsc.env(cwd)
    monkeypatch.chdir(cwd)
    monkeypatch.setenv("HOME", str(nsc.home))
    environ = {"HOME": str(nsc.home), **nsc.environ}
    given: dict[str, Any] = {**options}
    locations = Locations.find(environ, **given)
    store = DirectoryStore(locations.stores, keys=locations.keys)
    context = Context.find(locations, environ).settled(store)
    assert {
        "$NSC_HOME (deprecated)": str(locations.config),
        "Current Store Dir": context.store_root,
        "$NKEYS_PATH (deprecated)": str(locations.keys),
        "Current Operator": context.operator,
        "Current Account": context.account,
    }.items() <= env.items()
    assert context.store_root == str(locations.stores)


@pytest.fixture
def bare(nsc_binary: Path, tmp_path: Path) -> Nsc:
    """Give nsc without options, in a home that has nothing."""
    nsc = Nsc(nsc_binary, tmp_path / "home")
    nsc.home.mkdir()
    return nsc


@pytest.mark.parametrize("environ", ENVIRONMENTS, ids=lambda environ: "+".join(environ) or "none")
def test_the_same_variables(
    bare: Nsc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    bare.environ = {name: value.format(tmp_path) for name, value in environ.items()}
    compare(bare, monkeypatch, bare.home)
    bare("add", "operator", "op")
    bare("add", "account", "A")
    compare(bare, monkeypatch, bare.home)
    bare("add", "account", "B")
    bare("add", "operator", "q")
    compare(bare, monkeypatch, bare.home)


def test_the_same_options(bare: Nsc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("all_dirs", "config_dir", "data_dir", "keystore_dir"):
        compare(bare, monkeypatch, bare.home, **{name: f"{tmp_path}/{name}"})
    bare.environ = {"NSC_HOME": f"{tmp_path}/n", "NKEYS_PATH": f"{tmp_path}/k"}
    compare(bare, monkeypatch, bare.home, all_dirs=f"{tmp_path}/x")
    compare(bare, monkeypatch, bare.home, all_dirs=f"{tmp_path}/x", data_dir=f"{tmp_path}/y")
    compare(bare, monkeypatch, bare.home, data_dir="~/z")


def test_the_same_directories_of_old(bare: Nsc, monkeypatch: pytest.MonkeyPatch) -> None:
    (bare.home / ".nsc/nats").mkdir(parents=True)
    (bare.home / ".nkeys").mkdir()
    (bare.home / ".nsc/nsc.json").write_text('{"github_updates":"nats-io/nsc"}')
    bare("env", "--store", str(bare.home / ".nsc/nats"))
    compare(bare, monkeypatch, bare.home)


@pytest.mark.parametrize("cwd_only", [False, True])
@pytest.mark.parametrize(
    "place", [".", "p", "p/accounts", "p/accounts/A", "p/accounts/B/users", "p/accounts/none"]
)
def test_the_same_current_directory(
    bare: Nsc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, *, cwd_only: bool
) -> None:
    mine = Nsc(bare.binary, bare.home, ("-H", str(tmp_path / "mine")))
    for words in (["operator", "o"], ["account", "O1"], ["operator", "p"], ["account", "A"]):
        mine("add", *words)
    mine("add", "account", "B")
    mine("add", "user", "-a", "B", "u")
    bare("add", "operator", "elsewhere")
    (tmp_path / "mine" / place).mkdir(exist_ok=True)
    if cwd_only:
        bare.environ = {"NSC_CWD_ONLY": "1"}
    compare(bare, monkeypatch, tmp_path / "mine" / place)


def test_what_natsauth_selects_nsc_works_on(theirs: Nsc, store: DirectoryStore) -> None:
    locations = Locations.find(
        {}, config_dir=theirs.options[1], data_dir=store.stores, keystore_dir=store.keys
    )
    file = locations.config / "nsc.json"
    before = json.loads(file.read_text())
    context = Context.find(locations, {})
    assert (context.operator, context.account) == ("op", "A")
    context.account = "SYS"
    context.save(locations, {})
    assert json.loads(file.read_text()) == before | {"account": "SYS"}
    assert S_IMODE(file.stat().st_mode) == 0o600
    assert theirs.env()["Current Account"] == "SYS"
    theirs("env", "--account", "A")
    assert Context.read(file).account == "A"
    assert list(locations.config.iterdir()) == [file]
