from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.authority import Action, Authority
from natsauth.claims import Permission, Permissions, User
from natsauth.creds import Creds
from natsauth.errors import (
    ClaimsError,
    ExistsError,
    NatsAuthError,
    NotFoundError,
    SecretError,
    TrustError,
    UsageError,
)
from natsauth.keys import KeyType
from natsauth.store import MemoryStore
from natsauth.trust import TrustCode, check_user
from tests._authority import NOW, check_tree, in_each_store, key, small_tree, tokens

if TYPE_CHECKING:
    from pathlib import Path

    from natsauth.token import Token
    from tests._authority import MakeStore

HOUR = timedelta(hours=1)


def reason(authority: Authority, user: Token[Any]) -> TrustCode | None:
    store = authority.store
    account, operator = (Authority(store).operators["op"].accounts["app"].token,
                         Authority(store).operators["op"].token)  # fmt: skip
    return check_user(user, account, operator, now=NOW).reason


@in_each_store
def test_a_commit_writes_the_creds_of_whom_it_signs(make: MakeStore, tmp_path: Path) -> None:
    authority, _, account = small_tree(make(tmp_path))
    store, alice = authority.store, account.users["alice"]
    assert Creds.parse(store.creds("op", "app", "alice")).token == alice.token
    alice.claims.nats.allow_pub("more")
    elsewhere = account.users.add("elsewhere", key=key(KeyType.USER).public_key)
    changes = authority.commit()
    assert [(change.path[-1], change.creds) for change in changes] == [
        ("alice", True), ("elsewhere", False)
    ]  # fmt: skip
    assert Creds.parse(store.creds("op", "app", "alice")).token == alice.token
    with pytest.raises(NotFoundError):
        store.creds("op", "app", "elsewhere")
    with pytest.raises(NotFoundError, match="seed"):
        elsewhere.creds()


def test_a_user_of_a_role_has_nothing_of_its_own() -> None:
    _, operator, account = small_tree(MemoryStore())
    alice, bob = account.users["alice"], account.users["bob"]
    assert alice.token.claims.nats.subs == -1
    assert bob.token.claims.nats.is_empty()
    scope = account.claims.nats.scope("team")
    assert scope
    assert bob.token.claims.iss == scope.key
    assert alice.token.claims.iss != scope.key
    for user in (alice, bob):
        assert check_user(user.token, account.token, operator.token)


def test_permissions_alone_make_a_user_without_limits() -> None:
    _, _, account = small_tree(MemoryStore())
    permissions = Permissions(pub=Permission(allow=["orders.>"]))
    carol = account.users.add("carol", permissions).claims.nats
    assert carol == User.of(permissions)
    assert carol.pub is not permissions.pub
    dave = account.mint("dave", permissions).token.claims.nats
    assert (dave.pub, dave.subs) == (permissions.pub, -1)


def test_a_user_can_change_into_a_role_and_back() -> None:
    authority, _, account = small_tree(MemoryStore())
    alice, bob = account.users["alice"], account.users["bob"]
    alice.sign_with("team")
    alice.claims.nats.clear()
    bob.sign_with(account.signer())
    bob.claims.nats = User(pub=Permission(allow=["own"]))
    authority.commit()
    check_tree(authority.store)
    assert alice.token.claims.nats.is_empty()
    assert bob.token.claims.nats.pub.allow == ["own"]


def test_a_user_that_is_there_stays_as_it_is() -> None:
    authority, _, account = small_tree(MemoryStore())
    before = tokens(authority.store)
    account.users.ensure("alice", User(pub=Permission(allow=["x"])), signer="team", expires_in=HOUR)
    assert authority.commit() == []
    assert tokens(authority.store) == before


def test_a_user_that_expires() -> None:
    authority, _, account = small_tree(MemoryStore())
    user = account.users.ensure("guest", expires_in=HOUR)
    authority.commit()
    claims = user.token.claims
    assert claims.exp - claims.iat in (3600, 3599)
    for lifetime, error in ((timedelta(0), ClaimsError), (5, UsageError)):
        with pytest.raises(error):
            account.users.add("other", expires_in=lifetime)  # type: ignore[arg-type]
    assert list(account.users) == ["alice", "bob", "guest"]


# Creds with a time to live


@in_each_store
def test_creds_with_a_time_to_live_are_stored_nowhere(make: MakeStore, tmp_path: Path) -> None:
    authority, operator, account = small_tree(make(tmp_path))
    before = tokens(authority.store)
    for name in ("alice", "bob"):
        user = account.users[name]
        creds = user.creds(expires_in=HOUR, now=NOW)
        claims = creds.token.claims
        assert (claims.iat, claims.exp) == (NOW, NOW + 3600)
        assert claims.iss == user.token.claims.iss
        assert claims.nats == user.token.claims.nats
        assert creds.public_key == user.public_key
        assert check_user(creds.token, account.token, operator.token, now=NOW)
    assert tokens(authority.store) == before
    assert authority.commit() == []


def test_creds_without_one_hold_what_is_stored_by_now() -> None:
    authority, _, account = small_tree(MemoryStore())
    alice = account.users["alice"]
    other = Authority(authority.store)
    other.operators["op"].accounts["app"].users["alice"].claims.nats.allow_pub("new")
    other.commit()
    assert alice.creds().token.encoded == authority.store.read("op", "app", "alice")


def test_creds_never_outlive_the_user() -> None:
    authority, _, account = small_tree(MemoryStore())
    alice = account.users["alice"]
    alice.claims.exp = NOW + 60
    authority.commit(now=NOW)
    assert alice.creds(expires_in=HOUR, now=NOW).token.claims.exp == NOW + 60
    assert alice.creds(expires_in=timedelta(seconds=5), now=NOW).token.claims.exp == NOW + 5
    with pytest.raises(TrustError, match="expired"):
        alice.creds(expires_in=HOUR, now=NOW + 61)


def test_creds_in_the_second_of_issue_are_covered_by_a_revocation_in_it() -> None:
    authority, _, account = small_tree(MemoryStore())
    alice = account.users["alice"]
    creds = alice.creds(expires_in=HOUR, now=NOW)
    alice.revoke(now=NOW)
    authority.commit(now=NOW)
    assert reason(authority, creds.token) == TrustCode.USER_REVOKED


def test_a_revoked_user_gets_no_creds() -> None:
    authority, _, account = small_tree(MemoryStore())
    alice = account.users["alice"]
    alice.revoke(now=NOW)
    authority.commit(now=NOW)
    with pytest.raises(TrustError, match="revoked"):
        alice.creds(expires_in=HOUR, now=NOW + 10)


def test_creds_are_signed_by_somebody_else_where_the_issuer_is_not_at_hand() -> None:
    authority, _, account = small_tree(MemoryStore())
    alice = account.users["alice"]
    authority.store.delete_seed(alice.token.claims.iss)
    assert alice.creds(expires_in=HOUR).token.claims.iss == account.public_key
    authority.store.delete_seed(account.public_key)
    with pytest.raises(SecretError):
        alice.creds(expires_in=HOUR)
    assert alice.creds().token == alice.token
    authority.store.delete_seed(alice.public_key)
    with pytest.raises(NotFoundError):
        alice.creds()


def test_there_are_no_creds_of_a_user_that_is_not_committed_or_is_deleted() -> None:
    _, _, account = small_tree(MemoryStore())
    new, alice = account.users.add("new"), account.users["alice"]
    alice.delete()
    for user in (new, alice):
        for lifetime in (None, HOUR):
            with pytest.raises(NotFoundError):
                user.creds(expires_in=lifetime)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [({"expires_in": 5}, UsageError), ({"expires_in": timedelta(0)}, ClaimsError),
     ({"now": "today"}, UsageError)],
)  # fmt: skip
def test_a_time_that_is_none_is_refused(
    arguments: dict[str, Any], error: type[NatsAuthError]
) -> None:
    _, _, account = small_tree(MemoryStore())
    with pytest.raises(error):
        account.users["alice"].creds(**arguments)


# Revoking and deleting


def test_a_revoked_user_is_refused_until_it_is_issued_anew() -> None:
    authority, _, account = small_tree(MemoryStore())
    alice = account.users["alice"]
    old = alice.token
    alice.revoke(now=NOW)
    authority.commit(now=NOW)
    assert reason(authority, old) == TrustCode.USER_REVOKED
    alice.reissue()
    authority.commit(now=NOW)
    assert alice.token.claims.iat > NOW
    assert reason(authority, alice.token) is None
    assert reason(authority, old) == TrustCode.USER_REVOKED


def test_revoking_and_issuing_anew_in_one_commit() -> None:
    authority, _, account = small_tree(MemoryStore())
    alice = account.users["alice"]
    old = alice.token
    alice.revoke(now=NOW + 50)
    alice.reissue()
    authority.commit(now=NOW + 50)
    assert alice.token.claims.iat == NOW + 51
    assert reason(authority, alice.token) is None
    assert reason(authority, old) == TrustCode.USER_REVOKED
    account.claims.nats.revoke_all(at=NOW + 51)
    account.reissue_users()
    authority.commit(now=NOW + 51)
    check_tree(authority.store, NOW)


def test_who_is_revoked_stays_so_unless_that_is_asked_for() -> None:
    authority, operator, account = small_tree(MemoryStore())
    alice, bob = account.users["alice"], account.users["bob"]
    alice.revoke(now=NOW)
    assert not alice.is_revoked
    authority.commit(now=NOW)
    assert (alice.is_revoked, bob.is_revoked) == (True, False)
    assert not account.users.add("new").is_revoked
    before = alice.token
    operator.reissue_all()
    assert ("op", "app", "alice") not in {change.path for change in authority.commit()}
    alice.claims.nats.tags = ["edited"]
    with pytest.raises(TrustError, match="'alice' is revoked, and what is signed now would count"):
        authority.commit()
    assert alice.token == before
    alice.reissue()
    authority.commit()
    assert not alice.is_revoked


def test_a_user_is_issued_anew_even_if_the_clock_went_back() -> None:
    authority, _, account = small_tree(MemoryStore())
    alice = account.users["alice"]
    alice.revoke(now=NOW + 3600)
    authority.commit(now=NOW + 3600)
    alice.reissue()
    authority.commit(now=NOW)
    assert alice.token.claims.iat == NOW + 3601
    assert alice.creds(expires_in=HOUR, now=NOW).token.claims.iat == NOW + 3601
    assert reason(authority, alice.token) is None


def test_a_revocation_covers_a_token_from_the_future() -> None:
    authority, _, account = small_tree(MemoryStore())
    alice = account.users["alice"]
    alice.reissue()
    authority.commit(now=NOW + 5000)
    alice.revoke(now=NOW)
    authority.commit(now=NOW)
    assert reason(authority, alice.token) == TrustCode.USER_REVOKED
    alice.revoke(now=NOW + 9000)
    authority.commit(now=NOW)
    assert account.token.claims.nats.revocations == {alice.public_key: NOW + 9000}


def test_a_new_user_can_be_revoked_before_there_is_a_token() -> None:
    authority, _, account = small_tree(MemoryStore())
    user = account.users.add("new")
    user.revoke(now=NOW)
    authority.commit(now=NOW)
    assert user.token.claims.iat == NOW + 1


@in_each_store
def test_a_deleted_user_is_revoked_and_that_is_told(make: MakeStore, tmp_path: Path) -> None:
    authority, _, account = small_tree(make(tmp_path))
    store, alice, bob = authority.store, account.users["alice"], account.users["bob"]
    old = {user.public_key: user.token for user in (alice, bob)}
    alice.delete()
    bob.delete(seeds=True, creds=True, revoke=False)
    changes = authority.commit()
    assert [(change.action, change.path[-1], change.revoked) for change in changes] == [
        (Action.UPDATED, "app", False),
        (Action.DELETED, "alice", True),
        (Action.DELETED, "bob", False),
    ]
    assert changes[1].token is None
    assert list(account.users) == []
    assert reason(authority, old[changes[1].public_key]) == TrustCode.USER_REVOKED
    assert reason(authority, old[changes[2].public_key]) is None
    assert store.seed(changes[1].public_key)
    assert store.creds("op", "app", "alice")
    with pytest.raises(NotFoundError):
        store.seed(changes[2].public_key)
    with pytest.raises(NotFoundError):
        store.creds("op", "app", "bob")


def test_a_new_user_that_is_deleted_leaves_nothing() -> None:
    authority, _, account = small_tree(MemoryStore())
    account.users.add("new").delete()
    assert authority.commit() == []


def test_a_name_is_free_again_after_a_commit() -> None:
    authority, _, account = small_tree(MemoryStore())
    old = account.users["alice"].public_key
    account.users["alice"].delete()
    with pytest.raises(ExistsError, match="free after a commit"):
        account.users.ensure("alice")
    authority.commit()
    new = account.users.add("alice")
    authority.commit()
    assert new.public_key != old
    check_tree(authority.store)
