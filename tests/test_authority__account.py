from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.authority import Action, Authority
from natsauth.claims import (
    Account,
    AccountClaims,
    Export,
    Import,
    JetStreamLimits,
    MsgTrace,
    Permission,
    Permissions,
    ServiceLatency,
    User,
    UserClaims,
    WeightedMapping,
)
from natsauth.errors import (
    ClaimsError,
    ConflictError,
    ExistsError,
    NatsAuthError,
    NotFoundError,
    SecretError,
    StoreDataError,
    StoreNameError,
    TokenTooLargeError,
    TrustError,
    UsageError,
    ValidationError,
)
from natsauth.keys import KeyPair, KeyType
from natsauth.store import DirectoryStore, MemoryStore
from natsauth.token import encode
from natsauth.trust import check_user
from tests._authority import (
    NOW,
    FailingStore,
    check_tree,
    content,
    failures,
    in_each_store,
    key,
    small_tree,
    tokens,
)
from tests._tokens import full

if TYPE_CHECKING:
    from pathlib import Path

    from tests._authority import MakeStore

HOUR = timedelta(hours=1)


@in_each_store
def test_users_and_creds_move_along_with_a_renamed_account(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path)
    authority, operator, account = small_tree(store)
    before = content(store)
    alice = account.users["alice"]
    account.rename("renamed")
    assert account.name == "app"
    [change] = authority.commit()
    assert (change.action, change.path) == (Action.RENAMED, ("op", "renamed"))
    assert change.token == account.token
    after = content(store)
    for user in ("alice", "bob"):
        path, old = ("op", "renamed", user), ("op", "app", user)
        assert after[path] == before[old]
        assert after["creds", path] == before["creds", old]
        assert old not in after
    assert list(operator.accounts) == ["SYS", "renamed"]
    assert (account.name, account.claims.name) == ("renamed", "renamed")
    assert alice.path == ("op", "renamed", "alice")
    assert alice.token.encoded == before["op", "app", "alice"]
    check_tree(store)
    for path in [("op", "app", "alice"), ("op", "app", "bob")]:
        with pytest.raises(NotFoundError):
            store.creds(*path)


@in_each_store
def test_creds_of_users_that_are_gone_move_along_too(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path)
    authority, _, account = small_tree(store)
    account.users["bob"].delete()
    authority.commit()
    creds = store.creds("op", "app", "bob")
    account.rename("renamed")
    authority.commit()
    assert store.creds("op", "renamed", "bob") == creds


def test_a_user_that_cannot_be_read_ends_a_rename_before_it_starts(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "stores", keys=tmp_path / "keys")
    authority, _, account = small_tree(store)
    store.token_file("op", "app", "bob").write_bytes(b"\xff")
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    account.users["alice"].claims.nats.allow_pub("edited")
    account.rename("renamed")
    with pytest.raises(StoreDataError, match=r"bob\.jwt' is not text"):
        authority.commit()
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_a_renamed_account_can_be_edited_all_over_in_the_same_commit() -> None:
    authority, _, account = small_tree(MemoryStore())
    account.rename("renamed")
    account.claims.nats.tags = ["edited"]
    account.users["alice"].claims.nats.allow_pub("edited")
    account.users["bob"].delete()
    account.users.add("carol")
    changes = authority.commit()
    assert [(change.action, change.path) for change in changes] == [
        (Action.RENAMED, ("op", "renamed")),
        (Action.UPDATED, ("op", "renamed", "alice")),
        (Action.CREATED, ("op", "renamed", "carol")),
        (Action.DELETED, ("op", "renamed", "bob")),
    ]
    assert changes[3].revoked
    assert list(account.users) == ["alice", "carol"]
    check_tree(authority.store)
    assert authority.commit() == []


def test_a_rename_that_was_cut_off_goes_on() -> None:
    def rename(store: FailingStore) -> None:
        left, store.left = store.left, 1 << 30
        authority, _, account = small_tree(store)
        store.left = left
        account.rename("renamed")
        authority.commit(now=NOW)

    cut_off = 0
    for store in failures(rename):
        authority = Authority(store)
        accounts = authority.operators["op"].accounts
        if "app" in accounts:
            cut_off += "renamed" in accounts
            accounts["app"].rename("renamed")
            authority.commit(now=NOW)
        assert list(accounts) == ["SYS", "renamed"]
        assert list(accounts["renamed"].users) == ["alice", "bob"]
        assert store.creds("op", "renamed", "alice")
        check_tree(store, NOW)
    assert cut_off > 3


def test_what_became_another_since_a_rename_was_cut_off_stays() -> None:
    store = MemoryStore()
    authority, operator, account = small_tree(store)
    claims = account.token.claims
    claims.nats.tags = ["edited"]
    store.write(encode(claims, operator.signer(), now=NOW).encoded, "op", "renamed")
    authority.discard()
    with pytest.raises(ExistsError):
        account.rename("renamed")
    store.write(account.token.encoded, "op", "renamed")
    authority.discard()
    operator.accounts["renamed"].delete()
    with pytest.raises(ExistsError):
        account.rename("renamed")
    store.write("broken", "op", "renamed")
    authority.discard()
    with pytest.raises(ExistsError):
        account.rename("renamed")
    assert authority.commit() == []


def test_a_new_account_is_renamed_with_what_is_below() -> None:
    authority, operator, _ = small_tree(MemoryStore())
    account = operator.accounts.add("first")
    user = account.users.add("user")
    account.rename("second")
    assert user.path == ("op", "second", "user")
    authority.commit()
    assert list(operator.accounts) == ["SYS", "app", "second"]
    assert list(account.users) == ["user"]


def test_a_rename_can_be_taken_back() -> None:
    authority, operator, account = small_tree(MemoryStore())
    account.rename("other")
    account.rename("app")
    assert authority.commit() == []
    account.rename("third")
    account.rename("fourth")
    account.rename("fourth")
    authority.commit()
    assert list(operator.accounts) == ["SYS", "fourth"]


def test_an_account_is_renamed_in_the_store_even_if_its_claims_have_the_name() -> None:
    authority, operator, account = small_tree(MemoryStore())
    account.claims.name = "shown"
    authority.commit()
    account.rename("shown")
    authority.commit()
    assert list(operator.accounts) == ["SYS", "shown"]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        *((name, ExistsError) for name in ("SYS", "sys", "APP")),
        *((name, StoreNameError) for name in ("a/b", "", "..")),
        (5, UsageError),
        (None, UsageError),
    ],
)
def test_a_name_that_is_none_or_taken_is_refused(name: Any, error: type[NatsAuthError]) -> None:
    authority, _, account = small_tree(MemoryStore())
    with pytest.raises(error):
        account.rename(name)
    assert authority.commit() == []


def test_a_name_that_somebody_took_meanwhile_is_a_conflict() -> None:
    authority, _, account = small_tree(MemoryStore())
    account.rename("wanted")
    other = Authority(authority.store)
    other.operators["op"].accounts.add("wanted")
    other.commit()
    before = content(authority.store)
    with pytest.raises(ConflictError, match="'wanted' was taken by somebody else meanwhile"):
        authority.commit()
    assert content(authority.store) == before


def test_one_account_can_take_the_name_that_another_one_gave_up() -> None:
    authority, operator, account = small_tree(MemoryStore())
    account.rename("old")
    authority.commit()
    operator.accounts.add("app")
    authority.commit()
    assert list(operator.accounts) == ["SYS", "app", "old"]


def test_two_accounts_are_never_one() -> None:
    authority, operator, account = small_tree(MemoryStore())
    with pytest.raises(ExistsError, match="account 'app' has the key"):
        operator.accounts.add("twin", key=account.public_key)
    with pytest.raises(ExistsError, match="account 'app' has the key"):
        operator.accounts.ensure("twin", key=account.public_key)
    assert authority.commit() == []


def test_all_users_are_signed_anew() -> None:
    authority, _, account = small_tree(MemoryStore())
    before = tokens(authority.store)
    account.reissue_users()
    changes = authority.commit(now=NOW)
    assert [change.path[-1] for change in changes] == ["alice", "bob"]
    after = tokens(authority.store)
    assert after["op", "app"] == before["op", "app"]
    scope = account.claims.nats.scope("team")
    assert scope
    assert account.users["bob"].token.claims.iss == scope.key


def test_who_is_revoked_or_strange_is_not_signed_anew_with_the_others() -> None:
    authority, operator, account = small_tree(MemoryStore())
    store, owner, carol = authority.store, key(KeyType.ACCOUNT), key(KeyType.USER)
    account.users["bob"].revoke(now=NOW)
    authority.commit(now=NOW)
    user = encode(UserClaims(name="carol", sub=carol.public_key), owner, now=NOW).encoded
    store.write(user, "op", "app", "carol")
    for name, signer in [("own", owner), ("strange", key(KeyType.OPERATOR))]:
        claims = AccountClaims(name=name, sub=owner.public_key)
        store.write(encode(claims, signer, now=NOW).encoded, "op", name)
        store.write(user, "op", name, "carol")
    authority.discard()
    before = tokens(store)
    assert [user.name for user in account.reissue_users()] == ["bob", "carol"]
    assert [change.path[-1] for change in authority.commit()] == ["alice"]
    left_out = [node.path for node in operator.reissue_all()]
    assert left_out == [
        ("op", "app", "bob"), ("op", "app", "carol"), ("op", "own"), ("op", "strange"),
    ]  # fmt: skip
    assert authority.commit() != []
    after = tokens(store)
    assert {path for path in before if before[path] == after[path]} == {
        ("op",), *left_out, ("op", "own", "carol"), ("op", "strange", "carol"),
    }  # fmt: skip
    account.users["carol"].reissue()
    authority.commit()
    assert account.users["carol"].token.claims.iss in account.signing_keys


def test_an_account_signs_with_what_is_at_hand_without_a_scope() -> None:
    store = MemoryStore()
    _, operator, account = small_tree(store)
    plain, _ = account.signing_keys
    assert account.signer().public_key == plain
    store.delete_seed(plain)
    assert account.signer() == account.key
    operator.require_signing_keys()
    with pytest.raises(SecretError, match="no key that may sign"):
        account.signer()


# Minting


@in_each_store
def test_a_signing_seed_is_enough_to_mint(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path)
    _, operator, account = small_tree(store)
    plain, scoped = account.signing_keys
    before = tokens(store)
    for public_key in store.public_keys():
        if public_key != plain:
            store.delete_seed(public_key)
    minter = Authority(store).operators["op"].accounts.find(account.public_key)
    creds = minter.mint("worker", User(pub=Permission(allow=["a"])), expires_in=HOUR, now=NOW)
    claims = creds.token.claims
    assert (claims.name, claims.iss, claims.exp) == ("worker", plain, NOW + 3600)
    assert claims.account == account.public_key
    assert claims.nats.pub.allow == ["a"]
    assert creds.sign(b"nonce")
    assert check_user(creds.token, account.token, operator.token, now=NOW)
    with pytest.raises(SecretError, match=f"the seed of {scoped} is not at hand"):
        minter.mint("worker", signer="team")
    assert tokens(store) == before


def test_a_seed_that_is_given_is_enough_to_mint_with_a_role() -> None:
    store = MemoryStore()
    _, operator, account = small_tree(store)
    _, scoped = account.signing_keys
    pair = KeyPair.from_seed(store.seed(scoped))
    for public_key in store.public_keys():
        store.delete_seed(public_key)
    minter = Authority(store, keys=[pair]).operators["op"].accounts["app"]
    for signer in ("team", scoped, pair):
        token = minter.mint("worker", signer=signer).token
        assert token.claims.nats.is_empty()
        assert token.claims.iss == scoped
        assert check_user(token, account.token, operator.token)
    with pytest.raises(SecretError, match="a scoped one must be named"):
        minter.mint("worker")


def test_what_is_minted_has_a_key_of_its_own_unless_one_is_given() -> None:
    _, _, account = small_tree(MemoryStore())
    pair = key(KeyType.USER)
    assert account.mint("a", key=pair).public_key == pair.public_key
    assert account.mint("a").public_key != account.mint("a").public_key


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"key": "text"}, UsageError),
        ({"key": key(KeyType.USER).public}, UsageError),
        ({"key": key(KeyType.ACCOUNT)}, ClaimsError),
        ({"signer": 5}, UsageError),
        ({"signer": ""}, TrustError),
        ({"signer": "nobody"}, TrustError),
        ({"signer": key(KeyType.ACCOUNT)}, TrustError),
        ({"signer": key(KeyType.ACCOUNT).public_key}, TrustError),
        ({"expires_in": timedelta(0)}, ClaimsError),
        ({"expires_in": 5}, UsageError),
        ({"now": "today"}, UsageError),
        ({"body": 5}, ClaimsError),
        ({"body": Account()}, ClaimsError),
        ({"body": User(pub=Permission(allow=["a b"]))}, ValidationError),
        ({"body": User(), "signer": "team"}, TrustError),
        ({"body": User(tags=["x" * (1 << 20)])}, TokenTooLargeError),
        ({"name": 5}, ClaimsError),
    ],
)
def test_what_cannot_be_minted_is_refused(
    arguments: dict[str, Any], error: type[NatsAuthError]
) -> None:
    _, _, account = small_tree(MemoryStore())
    with pytest.raises(error):
        account.mint(**{"name": "worker", **arguments})


def test_minting_goes_by_what_is_stored() -> None:
    authority, operator, account = small_tree(MemoryStore())
    [plain, _] = account.signing_keys
    account.claims.nats.signing_keys = []
    assert account.mint("worker").token.claims.iss == plain
    other = Authority(authority.store)
    other.operators["op"].require_signing_keys()
    other.operators["op"].accounts["app"].signing_keys.remove(plain)
    other.operators["op"].accounts["app"].users["alice"].delete()
    other.commit()
    with pytest.raises(SecretError, match="identity keys sign nothing under a strict operator"):
        account.mint("worker")
    new = operator.accounts.add("new")
    with pytest.raises(NotFoundError):
        new.mint("worker")


def test_minting_in_the_second_of_a_revocation_is_possible() -> None:
    authority, operator, account = small_tree(MemoryStore())
    pair = key(KeyType.USER)
    account.claims.nats.revoke(pair.public_key, at=NOW)
    account.claims.nats.revoke_all(at=NOW)
    authority.commit(now=NOW)
    token = account.mint("worker", key=pair, now=NOW).token
    assert token.claims.iat == NOW + 1
    assert check_user(token, account.token, operator.token, now=NOW)
    account.claims.nats.revoke_all(at=NOW + 100)
    authority.commit(now=NOW)
    with pytest.raises(TrustError, match="revoked"):
        account.mint("worker", now=NOW)


# Nothing is reset


EDITS = {
    "tags": lambda nats: setattr(nats, "tags", ["edited"]),
    "description": lambda nats: setattr(nats, "description", "edited"),
    "conn": lambda nats: setattr(nats.limits, "conn", 77),
    "tier": lambda nats: nats.limits.tiered_limits.update(R5=JetStreamLimits(disk_storage=1)),
    "revocation": lambda nats: nats.revoke_all(at=NOW),
    "mapping": lambda nats: nats.add_mapping("edited", WeightedMapping(subject="other")),
    "default": lambda nats: nats.default_permissions.allow_pub("edited"),
    "trace": lambda nats: setattr(nats, "trace", MsgTrace(dest="edited", sampling=5)),
    "export": lambda nats: setattr(nats.exports[0], "description", "edited"),
    "import": lambda nats: setattr(nats.imports[0], "name", "edited"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_changes_nothing_else(edit: Any) -> None:
    authority, operator, _ = small_tree(MemoryStore())
    claims = full("account")
    assert isinstance(claims, AccountClaims)
    claims.sub, claims.extra = key(KeyType.ACCOUNT).public_key, {"future": {"x": 1}}
    claims.nats.extra, claims.nats.limits.extra = {"newer": [1, 2]}, {"max_dreams": 5}
    claims.nats.limits.tiered_limits = {"R1": JetStreamLimits(disk_storage=5, extra={"z": 1})}
    claims.nats.limits.prefer_tiers()
    # Those that are there show every member, also those that servers refuse beside each other.
    source = key(KeyType.ACCOUNT).public_key
    claims.nats.imports = [
        Import(subject="in.>", account=source, type="stream", local_subject="here.>", name="in",
               extra={"a": 1}),
        Import(subject="ask", account=source, type="service", share=True),
    ]  # fmt: skip
    claims.nats.exports = [
        Export(subject="out.*", type="stream", account_token_position=2, advertise=True),
        Export(subject="reply", type="service", token_req=True, revocations={source: 5},
               response_type="Chunked", response_threshold=5, extra={"b": None},
               service_latency=ServiceLatency(sampling=5, results="latency")),
    ]  # fmt: skip
    signer = authority._tree.key(next(iter(operator.signing_keys)))
    assert isinstance(signer, KeyPair)
    authority.store.write(encode(claims, signer, now=NOW).encoded, "op", "full")
    account = operator.accounts["full"]
    expected = account.token.claims
    edit(expected.nats)
    edit(account.claims.nats)
    assert len(authority.commit(now=NOW, allow_lockout=True)) == 1
    stored = account.token.claims
    assert stored.iat == NOW + 1
    expected.iat, expected.jti = stored.iat, stored.jti
    assert stored.to_json() == expected.to_json()


def test_new_accounts_have_limits_but_no_jetstream() -> None:
    _, _, account = small_tree(MemoryStore())
    limits = account.token.claims.nats.limits
    assert limits.conn == limits.subs == -1
    assert not limits.has_jetstream()
    assert account.token.claims.nats.authorization.auth_users is None


def test_default_permissions_callout_and_trace_are_stored() -> None:
    authority, operator, account = small_tree(MemoryStore())
    body = Account(default_permissions=Permissions())
    body.default_permissions.allow_pubsub("a.>")
    body.enable_external_authorization(account.users["alice"].public_key)
    body.trace = MsgTrace(dest="trace.here", sampling=10)
    body.limits.tiered_limits = {"R3": JetStreamLimits(disk_storage=1 << 30)}
    operator.accounts.add("more", body)
    authority.commit()
    nats = operator.accounts["more"].token.claims.nats
    assert nats.default_permissions.pub.allow == ["a.>"]
    assert nats.authorization.auth_users == [account.users["alice"].public_key]
    assert nats.trace == MsgTrace(dest="trace.here", sampling=10)
    assert nats.limits.tiered_limits == {"R3": JetStreamLimits(disk_storage=1 << 30)}
