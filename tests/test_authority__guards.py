from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from natsauth.authority import AccountNode, Authority, OperatorNode
from natsauth.authority._guards import _moment
from natsauth.claims import (
    Account,
    JetStreamLimits,
    Operator,
    OperatorLimits,
    User,
)
from natsauth.errors import LockoutError
from natsauth.keys import KeyType
from natsauth.store import MemoryStore
from natsauth.trust import TrustCode
from tests._authority import NOW, check_tree, content, key, small_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    Edit = Callable[[OperatorNode, AccountNode], None]


def prepared() -> tuple[Authority, OperatorNode, AccountNode]:
    """Make a small tree with a bearer, a callout that bob serves, and what identities signed."""
    authority, operator, account = small_tree(MemoryStore())
    account.users.add("bearer", User(bearer_token=True))
    account.claims.nats.enable_external_authorization(account.users["bob"].public_key)
    own = operator.accounts.add("own")
    own.sign_with(operator.public_key)
    user = own.users.add("user")
    user.sign_with(own.public_key)
    authority.commit(now=NOW)
    return authority, operator, account


def remove_root_keys(operator: OperatorNode, _: AccountNode) -> None:
    operator.signing_keys.generate()
    operator.signing_keys.remove(next(iter(operator.signing_keys)))


def remove_plain_key(_: OperatorNode, account: AccountNode) -> None:
    account.signing_keys.remove(account.users["alice"].token.claims.iss)


def remove_role(_: OperatorNode, account: AccountNode) -> None:
    account.signing_keys.remove(account.users["bob"].token.claims.iss)


def scope_plain_key(_: OperatorNode, account: AccountNode) -> None:
    account.signing_keys.add_role("new", key=account.users["alice"].token.claims.iss)


def unscope_role(_: OperatorNode, account: AccountNode) -> None:
    account.claims.nats.add_signing_key(account.users["bob"].token.claims.iss)


def make_role_bearers(_: OperatorNode, account: AccountNode) -> None:
    account.claims.nats.limits.disallow_bearer = True
    account.users["bearer"].delete()
    scope = account.claims.nats.scope("team")
    assert scope
    scope.template.bearer_token = True


def orphan_and_reissue(_: OperatorNode, account: AccountNode) -> None:
    account.signing_keys.remove(account.users["bob"].token.claims.iss)
    account.users["bob"].reissue()


def use_jetstream_account(operator: OperatorNode, account: AccountNode) -> None:
    account.claims.nats.limits.disk_storage = -1
    operator.claims.nats.system_account = account.public_key


def use_jetstream(operator: OperatorNode, _: AccountNode) -> None:
    tiers = {"R1": JetStreamLimits(disk_storage=5)}
    operator.system_account.claims.nats.limits.tiered_limits = tiers


def use_unknown_account(operator: OperatorNode, _: AccountNode) -> None:
    operator.claims.nats.system_account = key(KeyType.ACCOUNT).public_key


def clear_signing_keys(operator: OperatorNode, _: AccountNode) -> None:
    operator.require_signing_keys()
    operator.claims.nats.signing_keys = None


LOCKOUTS: dict[str, tuple[Edit, str]] = {
    "strict": (lambda o, _: o.require_signing_keys(), r"account 'own' \(account_strict\)"),
    "no root keys": (clear_signing_keys, "a strict operator without signing keys"),
    "root key gone": (remove_root_keys,
                      r"account 'SYS' \(account_issuer\), account 'app' \(account_issuer\)"),
    "plain key gone": (remove_plain_key, r"user 'app/alice' \(user_issuer\)"),
    "role gone": (remove_role, r"user 'app/bob' \(user_issuer\)"),
    "plain key scoped": (scope_plain_key, r"user 'app/alice' \(user_not_empty\)"),
    "role made plain": (unscope_role, r"user 'app/bob' \(may do nothing\)"),
    "bob left without a role": (orphan_and_reissue, "user 'bob' has neither permissions"),
    "no bearers": (lambda _, a: setattr(a.claims.nats.limits, "disallow_bearer", True),
                   r"user 'app/bearer' \(user_bearer\)"),
    "a role of bearers": (make_role_bearers, r"user 'app/bob' \(user_bearer\)"),
    "no connections": (lambda _, a: setattr(a.claims.nats.limits, "conn", 0),
                       "account 'app': .*conn: 0 lets nobody work"),
    "no subscriptions": (lambda _, a: setattr(a.claims.nats.limits, "subs", 0), "subs: 0"),
    "no limits": (lambda _, a: setattr(a.claims.nats, "limits", OperatorLimits(
        subs=0, data=0, payload=0, imports=0, exports=0, wildcards=False, conn=0, leaf=0)),
        "every limit is 0"),
    "no payload": (lambda _, a: setattr(a.users["alice"].claims.nats, "payload", 0),
                   "user 'alice': .*payload: 0"),
    "expired": (lambda _, a: setattr(a.claims, "exp", NOW), "account 'app' would have expired"),
    "expired user": (lambda _, a: setattr(a.users["alice"].claims, "exp", NOW - 5), "'alice'"),
    "expired operator": (lambda o, _: setattr(o.claims, "exp", 5), "operator 'op' would have"),
    "new and expired": (lambda _, a: setattr(a.users.add("new").claims, "exp", 5), "user 'new'"),
    "not yet": (lambda _, a: setattr(a.claims, "nbf", NOW + 1), "not be valid before"),
    "not yet user": (lambda _, a: setattr(a.users["alice"].claims, "nbf", NOW + 1), "'alice'"),
    "no system account": (lambda o, _: setattr(o.claims.nats, "system_account", ""),
                          "of operator 'op' would be none, and servers do not start"),
    "unknown system account": (use_unknown_account, r"would be A\w{55}, and servers do not start"),
    "system account with JetStream": (use_jetstream, "'SYS' is the system account: no server"),
    "another one with JetStream": (use_jetstream_account, "'app' is the system account: no"),
    "system account deleted": (lambda o, _: o.system_account.delete(), "without which servers"),
    "callout deleted": (lambda _, a: a.users["bob"].delete(), "nobody serves the auth callout"),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "message"), LOCKOUTS.values(), ids=LOCKOUTS)
def test_what_would_lock_people_out_is_refused_with_the_cure(edit: Edit, message: str) -> None:
    authority, operator, account = prepared()
    before = content(authority.store)
    edit(operator, account)
    with pytest.raises(LockoutError, match=message) as caught:
        authority.commit(now=NOW)
    assert caught.value.hint
    assert content(authority.store) == before
    # Whoever insists may.
    if message != "a strict operator without signing keys":
        authority.commit(now=NOW, allow_lockout=True)
        assert content(authority.store) != before


def become_strict(operator: OperatorNode, _: AccountNode) -> None:
    operator.require_signing_keys()
    operator.accounts["own"].signing_keys.generate()
    operator.reissue_all()


def replace_root_keys(operator: OperatorNode, account: AccountNode) -> None:
    remove_root_keys(operator, account)
    operator.reissue_all()


def replace_plain_key(operator: OperatorNode, account: AccountNode) -> None:
    remove_plain_key(operator, account)
    account.reissue_users()


def end_role(operator: OperatorNode, account: AccountNode) -> None:
    remove_role(operator, account)
    account.users["bob"].claims.nats = User()
    account.users["bob"].reissue()


def move_into_role(operator: OperatorNode, account: AccountNode) -> None:
    scope_plain_key(operator, account)
    account.users["alice"].claims.nats.clear()
    account.users["bearer"].sign_with(account.public_key)
    account.reissue_users()


def delete_bearer(_: OperatorNode, account: AccountNode) -> None:
    account.claims.nats.limits.disallow_bearer = True
    account.users["bearer"].delete()


def mend_bearer(_: OperatorNode, account: AccountNode) -> None:
    account.claims.nats.limits.disallow_bearer = True
    account.users["bearer"].claims.nats.bearer_token = False


def revoke_instead(operator: OperatorNode, account: AccountNode) -> None:
    remove_plain_key(operator, account)
    account.users["alice"].revoke(now=NOW)
    account.users["bearer"].revoke(now=NOW)


def expire_later(_: OperatorNode, account: AccountNode) -> None:
    account.claims.exp, account.claims.nbf = NOW + 1, NOW


def replace_system_account(operator: OperatorNode, account: AccountNode) -> None:
    operator.claims.nats.system_account = account.public_key
    operator.accounts["SYS"].delete()


def end_callout(_: OperatorNode, account: AccountNode) -> None:
    account.claims.nats.authorization.auth_users = None
    account.users["bob"].delete()


def delete_account(_: OperatorNode, account: AccountNode) -> None:
    account.users["bob"].delete()
    account.delete()


def delete_operator(operator: OperatorNode, _: AccountNode) -> None:
    operator.system_account.delete()
    operator.delete()


def enable_jetstream(_: OperatorNode, account: AccountNode) -> None:
    account.claims.nats.limits.tiered_limits = {"R1": JetStreamLimits(disk_storage=5)}


def edit_template(_: OperatorNode, account: AccountNode) -> None:
    scope = account.claims.nats.scope("team")
    assert scope
    scope.template.deny_sub("x")


def add_keys(operator: OperatorNode, account: AccountNode) -> None:
    operator.signing_keys.generate()
    account.signing_keys.generate()


@pytest.mark.parametrize(
    "edit",
    [become_strict, replace_root_keys, replace_plain_key, end_role, move_into_role, delete_bearer,
     mend_bearer, revoke_instead, expire_later, replace_system_account, end_callout,
     delete_account, delete_operator, enable_jetstream, edit_template, add_keys],
)  # fmt: skip
def test_what_keeps_everybody_in_is_done(edit: Edit) -> None:
    authority, operator, account = prepared()
    before = content(authority.store)
    edit(operator, account)
    authority.commit(now=NOW)
    assert content(authority.store) != before
    check_tree(authority.store, NOW, but=(TrustCode.USER_REVOKED, TrustCode.USER_ISSUER))


def test_what_was_no_use_before_is_nobodys_loss() -> None:
    authority, _, account = small_tree(MemoryStore())
    alice = account.users["alice"]
    alice.claims.exp = NOW - 1
    account.claims.nats.limits.payload = 0
    authority.commit(now=NOW, allow_lockout=True)
    # Whoever has expired is not locked out, and what is dead already can be edited.
    account.signing_keys.remove(alice.token.claims.iss)
    alice.claims.nats.tags = ["edited"]
    account.claims.nats.tags = ["edited"]
    authority.commit(now=NOW)
    assert account.token.claims.nats.tags == ["edited"]


def test_a_user_that_is_new_and_not_yet_valid_is_fine() -> None:
    authority, _, account = small_tree(MemoryStore())
    user = account.users.add("later")
    user.claims.nbf = NOW + 1000
    account.claims.nats.limits.conn = 5
    authority.commit(now=NOW)
    assert user.token.claims.nbf == NOW + 1000


def test_a_new_account_may_be_without_connections() -> None:
    authority, operator, _ = small_tree(MemoryStore())
    operator.accounts.add("idle", Account(limits=OperatorLimits(conn=0)))
    authority.commit()
    assert operator.accounts["idle"].token.claims.nats.limits.conn == 0


def test_a_new_operator_needs_signing_keys_to_be_strict() -> None:
    authority = Authority(MemoryStore())
    operator = authority.operators.add("op", Operator(strict_signing_key_usage=True))
    with pytest.raises(LockoutError, match="a strict operator without signing keys"):
        authority.commit()
    operator.signing_keys.generate()
    authority.commit()


def test_many_are_counted_and_a_few_named() -> None:
    authority, operator, account = small_tree(MemoryStore())
    for number in range(20):
        account.users.add(f"user{number}")
    authority.commit()
    remove_plain_key(operator, account)
    with pytest.raises(LockoutError, match=r"'app/user11' \(user_issuer\) and 16 more") as caught:
        authority.commit()
    assert "user9" not in str(caught.value)


def test_what_others_stored_meanwhile_counts() -> None:
    authority, _, account = small_tree(MemoryStore())
    alice = account.users["alice"]
    plain = alice.token.claims.iss
    other = Authority(authority.store)
    theirs = other.operators["op"].accounts["app"]
    theirs.users["alice"].sign_with(theirs.public_key)
    theirs.users["alice"].reissue()
    other.commit()
    # The draft of alice is from before, but what counts is the store.
    assert alice.claims.iss == plain
    account.signing_keys.remove(plain)
    authority.commit()
    check_tree(authority.store)


def test_those_who_stand_in_the_way_of_strictness_are_named_at_once() -> None:
    authority, operator, _ = prepared()
    operator.require_signing_keys()
    with pytest.raises(LockoutError) as caught:
        authority.commit(now=NOW)
    message, hint = caught.value.args[0], caught.value.hint
    assert "account 'own' (account_strict), user 'own/user' (user_strict)" in message
    assert hint.startswith("account 'own' without a plain signing key needs one: signing_keys.gen")
    operator.accounts["own"].signing_keys.add_role("role")  # which is none to sign others with
    with pytest.raises(LockoutError, match="account 'own' without a plain signing key"):
        authority.commit(now=NOW)
    operator.accounts["own"].signing_keys.generate()
    with pytest.raises(LockoutError) as caught:
        authority.commit(now=NOW)
    assert caught.value.hint.startswith("reissue() them by signing keys first")
    operator.reissue_all()
    authority.commit(now=NOW)
    check_tree(authority.store)


@pytest.mark.parametrize(
    ("moment", "shown"), [(5, "1970-01-01 00:00:05 UTC"), (1 << 62, str(1 << 62))]
)
def test_moments_are_dates_where_there_is_one(moment: int, shown: str) -> None:
    assert _moment(moment) == shown


def test_the_last_of_several_who_serve_the_callout_does_not_go() -> None:
    authority, _, account = small_tree(MemoryStore())
    alice, bob = account.users["alice"], account.users["bob"]
    account.claims.nats.authorization.auth_users = [alice.public_key, bob.public_key]
    authority.commit()
    alice.delete()
    bob.delete()
    with pytest.raises(LockoutError, match="nobody serves the auth callout"):
        authority.commit()
    authority.discard()
    alice.delete()
    authority.commit()
    bob.delete()
    with pytest.raises(LockoutError, match="nobody serves the auth callout"):
        authority.commit()
    authority.commit(allow_lockout=True)
    assert list(account.users) == []
