from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from natsauth.authority import Action, Authority, Change
from natsauth.claims import Export, JetStreamLimits, Permission, User
from natsauth.creds import Creds
from natsauth.errors import (
    ClaimsError,
    ConflictError,
    FileError,
    NatsAuthError,
    NotFoundError,
    SecretError,
    TokenTooLargeError,
    TrustError,
    UsageError,
    ValidationError,
)
from natsauth.keys import KeyPair, KeyType
from natsauth.store import DirectoryStore, MemoryStore
from natsauth.token import decode, encode
from natsauth.trust import TrustCode
from tests._authority import (
    NOW,
    DiskFullError,
    FailingStore,
    check_tree,
    content,
    failures,
    in_each_store,
    key,
    small_tree,
    tokens,
)
from tests._store import file_size_limit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from natsauth.authority import AccountNode, OperatorNode
    from tests._authority import MakeStore


def iats(store: Any) -> dict[tuple[str, ...], int]:
    return {path: decode(text).claims.iat for path, text in tokens(store).items()}


@in_each_store
def test_a_commit_tells_what_it_did(make: MakeStore, tmp_path: Path) -> None:
    authority, operator, account = small_tree(make(tmp_path))
    account.claims.nats.tags = ["a"]
    operator.claims.nats.tags = ["a"]
    account.users.add("carol")
    operator.accounts.add("more", key=key(KeyType.ACCOUNT).public_key)
    account.users["bob"].delete(revoke=False)
    changes = authority.commit()
    assert [(change.action, change.kind, change.path) for change in changes] == [
        (Action.UPDATED, "operator", ("op",)),
        (Action.UPDATED, "account", ("op", "app")),
        (Action.CREATED, "account", ("op", "more")),
        (Action.CREATED, "user", ("op", "app", "carol")),
        (Action.DELETED, "user", ("op", "app", "bob")),
    ]
    assert [change.creds for change in changes] == [False, False, False, True, False]
    assert changes[1] == Change(
        Action.UPDATED, "account", ("op", "app"), account.public_key, account.token
    )
    assert changes[4].token is None
    assert authority.commit() == []


def test_what_was_not_edited_is_not_signed() -> None:
    authority, _, account = small_tree(MemoryStore())
    before = tokens(authority.store)
    account.claims.nats.tags = ["a"]
    authority.commit()
    after = tokens(authority.store)
    assert [path for path in before if before[path] != after[path]] == [("op", "app")]


def test_a_draft_is_signed_once_however_often_it_was_edited() -> None:
    authority, _, account = small_tree(MemoryStore())
    for number in range(10):
        account.claims.nats.limits.conn = number + 1
        account.claims.nats.revoke(key(KeyType.USER).public_key)
    assert len(authority.commit(now=NOW)) == 1
    assert account.token.claims.iat == NOW + 1


@pytest.mark.parametrize("moments", [[NOW] * 4, [NOW, NOW - 1000, NOW - 5, 0], [NOW, 5, 2 * NOW]])
def test_the_moment_of_signing_always_grows(moments: list[int]) -> None:
    authority, operator, account = small_tree(MemoryStore())
    seen = iats(authority.store)
    for moment in moments:
        operator.reissue()
        operator.reissue_all()
        assert len(authority.commit(now=moment)) == 6
        now = iats(authority.store)
        assert all(now[path] == max(seen[path] + 1, moment) for path in now)
        seen = now
    # And it does after others went ahead.
    other = Authority(authority.store)
    other.operators["op"].accounts["app"].reissue()
    other.commit(now=0)
    authority.discard()
    account.reissue()
    authority.commit(now=0)
    assert account.token.claims.iat == seen["op", "app"] + 2


def test_seeds_come_before_creds_before_tokens() -> None:
    store = FailingStore()
    small_tree(store)
    seeds = [index for index, line in enumerate(store.log) if line.startswith("seed")]
    others = [line for line in store.log if not line.startswith("seed")]
    assert seeds == list(range(len(seeds)))
    assert others == [
        "token op", "token op/SYS", "token op/app",
        "creds op/SYS/sys", "token op/SYS/sys",
        "creds op/app/alice", "token op/app/alice",
        "creds op/app/bob", "token op/app/bob",
    ]  # fmt: skip


def bootstrap(store: FailingStore) -> None:
    authority = Authority(store)
    operator = authority.operators.ensure("op", signing_keys=1, system_account=True)
    operator.require_signing_keys()
    account = operator.accounts.ensure("app", signing_keys=2)
    account.users.ensure("alice")
    account.users.ensure("bob", User(pub=Permission(allow=["a"])))
    authority.commit(now=NOW)


def test_a_bootstrap_that_was_cut_off_anywhere_is_completed_by_the_next() -> None:
    complete = 0
    for store in failures(bootstrap):
        check_tree(store, NOW)
        before = tokens(store)
        for path, text in before.items():
            assert store.seed(decode(text).claims.sub)
            if len(path) == 3:
                assert Creds.parse(store.creds(*path)).token.encoded == text
        bootstrap(store)
        after = tokens(store)
        assert after.items() >= before.items()
        assert set(after) == {
            ("op",), ("op", "SYS"), ("op", "SYS", "sys"), ("op", "app"), ("op", "app", "alice"),
            ("op", "app", "bob"),
        }  # fmt: skip
        check_tree(store, NOW)
        bootstrap(store)
        assert tokens(store) == after
        complete += 1
    assert complete > 15


def edit_all(authority: Authority) -> None:
    operator = authority.operators["op"]
    account = operator.accounts["app"]
    operator.signing_keys.generate()
    account.rename("renamed")
    account.users["alice"].claims.nats.allow_pub("more")
    account.users["bob"].delete(seeds=True, creds=True)
    account.users.add("carol")
    operator.accounts["gone"].delete(seeds=True, creds=True)


def prepared(store: FailingStore) -> None:
    left, store.left = store.left, 1 << 30
    authority, operator, _ = small_tree(store)
    operator.accounts.add("gone", signing_keys=1).users.add("user")
    authority.commit(now=NOW)
    store.left = left


def edit(store: FailingStore) -> None:
    prepared(store)
    authority = Authority(store)
    edit_all(authority)
    authority.commit(now=NOW)


def test_whatever_fails_all_that_is_stored_is_whole() -> None:
    for store in failures(edit):
        check_tree(store, NOW + 10, but=(TrustCode.USER_REVOKED,))  # what is still to be deleted


def test_a_commit_that_failed_in_its_middle_says_how_to_go_on() -> None:
    store = FailingStore()
    prepared(store)
    authority = Authority(store)
    edit_all(authority)
    store.left = 5
    with pytest.raises(DiskFullError, match="the disk is full") as caught:
        authority.commit(now=NOW)
    assert caught.value.hint.startswith("what was written until then is whole; the same commit")


def test_a_commit_that_wrote_nothing_says_nothing_else(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "stores", keys=tmp_path / "keys")
    small_tree(store)
    before = content(store)
    authority = Authority(store)
    authority.operators["op"].accounts["app"].claims.nats.tags = ["edited"]
    with file_size_limit(0), pytest.raises(FileError, match="cannot write") as caught:
        authority.commit(now=NOW)
    assert caught.value.hint == ""
    assert content(store) == before


@pytest.mark.parametrize("stops", [False, True], ids=["the disk is full", "interrupted"])
def test_new_and_edited_entries_are_stored_all_or_not_at_all(*, stops: bool) -> None:
    left = 0
    while True:
        store = FailingStore()
        prepared(store)
        authority = Authority(store)
        operator = authority.operators["op"]
        operator.claims.nats.tags = ["edited"]
        other = authority.operators.add("other", signing_keys=1, system_account=True)
        other.accounts.add("a").users.add("u")
        before, store.left, store.once = content(store), left, True
        store.failure = KeyboardInterrupt() if stops else None
        try:
            authority.commit(now=NOW)
        except (DiskFullError, KeyboardInterrupt):
            assert content(store) == before
            store.left, store.failure = 1 << 30, None
            authority.commit(now=NOW)  # the drafts are as they were, too
            assert store.names("other") == ["SYS", "a"]
            assert operator.token.claims.nats.tags == ["edited"]
            check_tree(store, NOW)
        else:
            assert left > 10
            return
        left += 1


def test_a_commit_that_failed_anywhere_goes_on() -> None:
    expected = {("op",), ("op", "SYS"), ("op", "SYS", "sys"), ("op", "renamed"),
                ("op", "renamed", "alice"), ("op", "renamed", "carol")}  # fmt: skip
    left = 0
    while True:
        store = FailingStore()
        prepared(store)
        authority = Authority(store)
        edit_all(authority)
        store.left = left
        try:
            authority.commit(now=NOW)
            failed = False
        except DiskFullError:
            failed = True
            store.left = 1 << 30
            authority.commit(now=NOW)
        assert set(tokens(store)) == expected
        check_tree(store, NOW + 10)
        alice = decode(store.read("op", "renamed", "alice")).claims
        assert isinstance(alice.nats, User)  # type: ignore[attr-defined]
        assert alice.nats.pub.allow == ["more"]  # type: ignore[attr-defined]
        carol = Creds.parse(store.creds("op", "renamed", "carol"))
        assert carol.token.encoded == store.read("op", "renamed", "carol")
        with pytest.raises(NotFoundError):
            store.creds("op", "app", "alice")
        assert authority.commit() == []
        if not failed:
            break
        left += 1
    assert left > 10


def set_sub(_: OperatorNode, account: AccountNode) -> None:
    account.claims.sub = key(KeyType.ACCOUNT).public_key


def wipe(operator: OperatorNode, _: AccountNode) -> None:
    pair = key(KeyType.ACCOUNT)
    operator.accounts.add("new", key=pair)
    pair.wipe()


def mix_limits(_: OperatorNode, account: AccountNode) -> None:
    account.claims.nats.limits.tiered_limits = {"R1": JetStreamLimits(disk_storage=1)}
    account.claims.nats.limits.disk_storage = 1


REFUSED: dict[str, tuple[Callable[[OperatorNode, AccountNode], Any], type[NatsAuthError], str]] = {
    "sub": (set_sub, ClaimsError, r"\$\.sub: account 'app' is A\w+, which cannot change"),
    "sub of a new one": (lambda o, _: setattr(o.accounts.add("x").claims, "sub", "A"), ClaimsError,
                         "account 'x' is"),
    "sub that is no text": (lambda _, a: setattr(a.claims, "sub", 5), ClaimsError, r"\$\.sub"),
    "type of a field": (lambda _, a: setattr(a.claims.nats.limits, "conn", "many"), ClaimsError,
                        r"\$\.nats\.limits\.conn"),
    "no body": (lambda _, a: setattr(a.claims, "nats", None), ClaimsError, r"\$\.nats"),
    "no limits": (lambda _, a: setattr(a.claims.nats, "limits", None), ClaimsError, "limits"),
    "keys of no list": (lambda _, a: setattr(a.claims.nats, "signing_keys", 5), ClaimsError,
                        "signing_keys"),
    "keys of another role": (lambda _, a: a.claims.nats.signing_keys.append("UABC"),
                             ValidationError, "account 'app': .*signing_keys"),
    "a subject": (lambda _, a: setattr(a.claims.nats, "exports", [Export(subject="a b",
                                                                         type="stream")]),
                  ValidationError, r"account 'app': \$\.nats\.exports\[0\]"),
    "tiers beside others": (mix_limits, ValidationError, "tiers"),
    "size": (lambda _, a: setattr(a.claims.nats, "tags", ["x" * (1 << 20)]), TokenTooLargeError,
             "characters"),
    "a seed in it": (lambda _, a: setattr(a.claims.nats, "tags", [a.key.reveal_seed()]),
                     SecretError, "hold a seed"),
    "permissions beside a role": (lambda _, a: a.users["bob"].claims.nats.allow_pub("x"),
                                  TrustError, "permissions"),
    "a wiped key": (wipe, SecretError, "wiped"),
    "a wrong address": (lambda o, _: setattr(o.claims.nats, "account_server_url", "no url"),
                        NatsAuthError, "account_server_url"),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_a_draft_that_is_refused_leaves_the_store_as_it_was(
    edit: Callable[[OperatorNode, AccountNode], Any], error: type[NatsAuthError], message: str
) -> None:
    authority, operator, account = small_tree(MemoryStore())
    before = content(authority.store)
    operator.claims.nats.tags = ["also edited"]
    account.users.add("also new")
    edit(operator, account)
    with pytest.raises(error, match=message):
        authority.commit(allow_lockout=True)
    assert content(authority.store) == before
    authority.discard()
    assert authority.commit() == []


def test_a_draft_that_was_refused_can_be_mended() -> None:
    authority, _, account = small_tree(MemoryStore())
    account.claims.nats.exports = [Export(subject="a b", type="stream")]
    with pytest.raises(ValidationError):
        authority.commit()
    account.claims.nats.exports = [Export(subject="a.b", type="stream")]
    assert len(authority.commit()) == 1


@pytest.mark.parametrize("now", ["today", float("nan"), 1e300, None.__class__])
def test_a_moment_that_is_none_is_refused(now: Any) -> None:
    authority, _, account = small_tree(MemoryStore())
    before = content(authority.store)
    account.reissue()
    with pytest.raises(UsageError):
        authority.commit(now=now)
    assert content(authority.store) == before


@in_each_store
def test_edits_of_the_same_entry_are_a_conflict(make: MakeStore, tmp_path: Path) -> None:
    authority, operator, account = small_tree(make(tmp_path))
    other = Authority(authority.store)
    theirs = other.operators["op"].accounts["app"]
    account.claims.nats.tags = ["mine"]
    operator.claims.nats.tags = ["mine"]
    theirs.claims.nats.tags = ["theirs"]
    other.commit()
    before = content(authority.store)
    with pytest.raises(ConflictError, match="account 'app' was changed by somebody") as caught:
        authority.commit()
    assert "discard()" in caught.value.hint
    assert content(authority.store) == before
    authority.discard()
    account.claims.nats.tags = [*(account.claims.nats.tags or ()), "mine"]
    authority.commit()
    assert account.token.claims.nats.tags == ["theirs", "mine"]


def test_the_same_new_entry_twice_is_a_conflict() -> None:
    authority, operator, _ = small_tree(MemoryStore())
    operator.accounts.add("new")
    other = Authority(authority.store)
    other.operators["op"].accounts.add("new")
    other.commit()
    with pytest.raises(ConflictError, match="account 'new' was changed by somebody else"):
        authority.commit()


def test_an_edit_of_what_somebody_deleted_is_a_conflict() -> None:
    authority, _, account = small_tree(MemoryStore())
    account.users["alice"].claims.nats.allow_pub("x")
    authority.store.delete("op", "app", "alice")
    with pytest.raises(ConflictError, match="user 'alice' was deleted by somebody else"):
        authority.commit()


def test_a_new_entry_below_what_somebody_deleted_is_refused() -> None:
    authority, _, account = small_tree(MemoryStore())
    account.users.add("new")
    authority.store.delete("op", "app")
    before = content(authority.store)
    with pytest.raises(NotFoundError):
        authority.commit()
    assert content(authority.store) == before


def test_two_who_delete_the_same_agree() -> None:
    authority, operator, _ = small_tree(MemoryStore())
    other = Authority(authority.store)
    for one in (authority, other):
        one.operators["op"].accounts["app"].delete(seeds=True, creds=True)
    assert other.commit() != []
    [change] = authority.commit()
    assert change.action == Action.DELETED
    assert list(operator.accounts) == ["SYS"]


def test_a_deletion_of_what_somebody_edited_is_a_conflict() -> None:
    authority, _, account = small_tree(MemoryStore())
    account.delete()
    other = Authority(authority.store)
    other.operators["op"].accounts["app"].claims.nats.tags = ["theirs"]
    other.commit()
    with pytest.raises(ConflictError):
        authority.commit()


@in_each_store
def test_an_account_goes_with_all_below(make: MakeStore, tmp_path: Path) -> None:
    authority, operator, account = small_tree(make(tmp_path))
    store = authority.store
    keys = {account.public_key, *account.signing_keys,
            *(user.public_key for user in account.users.values())}  # fmt: skip
    assert keys <= {*store.public_keys()}
    account.users["alice"].claims.nats.allow_pub("x")
    account.users.add("new")
    account.delete(seeds=True, creds=True)
    [change] = authority.commit()
    assert (change.action, change.path, change.revoked) == (Action.DELETED, ("op", "app"), False)
    assert set(tokens(store)) == {("op",), ("op", "SYS"), ("op", "SYS", "sys")}
    assert not keys & {*store.public_keys()}
    for user in ("alice", "bob"):
        with pytest.raises(NotFoundError):
            store.creds("op", "app", user)
    assert "app" not in operator.accounts
    check_tree(store)


@in_each_store
def test_an_operator_goes_with_all_below(make: MakeStore, tmp_path: Path) -> None:
    authority, operator, _ = small_tree(make(tmp_path))
    operator.delete()
    [change] = authority.commit()
    assert (change.kind, change.path) == ("operator", ("op",))
    assert tokens(authority.store) == {}
    assert authority.store.public_keys()
    assert authority.store.creds("op", "app", "alice")


def test_an_account_goes_although_a_user_cannot_be_read() -> None:
    authority, operator, account = small_tree(MemoryStore())
    store, bob = authority.store, account.users["bob"].public_key
    store.write("broken", "op", "app", "alice")
    authority.discard()
    account.rename("renamed")  # needs no look at it
    authority.commit()
    assert store.read("op", "renamed", "alice") == "broken"
    operator.accounts["renamed"].delete(seeds=True)
    authority.commit()
    assert store.names("op") == ["SYS"]
    assert bob not in store.public_keys()


def test_an_iat_at_the_end_of_time_is_refused() -> None:
    authority, operator, account = small_tree(MemoryStore())
    signer = authority._tree.key(next(iter(operator.signing_keys)))
    assert isinstance(signer, KeyPair)
    last = encode(account.token.claims, signer, now=(1 << 63) - 1)
    authority.store.write(last.encoded, "op", "app")
    authority.discard()
    account.reissue()
    with pytest.raises(ClaimsError, match=r"account 'app' has to be issued after .*delete it"):
        authority.commit()
    assert authority.store.read("op", "app") == last.encoded


def test_a_dry_run_tells_all_and_stores_nothing() -> None:
    authority, operator, account = small_tree(MemoryStore())
    before = content(authority.store)
    with authority.transaction(dry_run=True) as planned:
        account.rename("renamed")
        account.users["bob"].delete()
        operator.accounts.add("new", signing_keys=1)
    assert content(authority.store) == before
    assert [(change.action, change.path, change.revoked) for change in planned] == [
        (Action.RENAMED, ("op", "renamed"), False),
        (Action.CREATED, ("op", "new"), False),
        (Action.DELETED, ("op", "renamed", "bob"), True),
    ]
    assert authority.commit() == []
    with pytest.raises(ValidationError), authority.transaction(dry_run=True):
        account.claims.nats.exports = [Export(subject="a b", type="stream")]
