from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.authority import Authority
from natsauth.claims import Account, AccountClaims, Operator, OperatorLimits
from natsauth.errors import (
    ExistsError,
    KeyRoleError,
    LockoutError,
    NotFoundError,
    SecretError,
)
from natsauth.keys import KeyPair, KeyType
from natsauth.store import MemoryStore
from natsauth.token import encode
from natsauth.trust import check_account, check_user
from tests._authority import (
    NOW,
    DiskFullError,
    FailingStore,
    check_tree,
    in_each_store,
    key,
    small_tree,
    tokens,
)
from tests._store import NSC_STORE

if TYPE_CHECKING:
    from pathlib import Path

    from tests._authority import MakeStore


def bootstrap(authority: Authority, *, system_account: bool = True) -> None:
    operator = authority.operators.ensure(
        "op", Operator(tags=["first"]), signing_keys=2, system_account=system_account
    )
    operator.require_signing_keys()
    operator.accounts.ensure("app", signing_keys=1).users.ensure("alice")


@in_each_store
def test_a_bootstrap_that_runs_again_signs_nothing(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path)
    authority = Authority(store)
    bootstrap(authority)
    assert len(authority.commit()) == 5
    before = tokens(store)
    for again in (authority, Authority(store)):
        bootstrap(again)
        assert again.commit() == []
    with again.transaction() as changes:
        bootstrap(again)
    assert changes == []
    assert tokens(store) == before
    check_tree(store)


def test_an_operator_that_is_there_keeps_its_body_and_gets_what_it_lacks() -> None:
    authority = Authority(MemoryStore())
    authority.operators.add("op", Operator(tags=["first"]))
    authority.commit()
    operator = authority.operators.ensure(
        "op", Operator(tags=["second"]), signing_keys=1, system_account=True
    )
    authority.commit()
    assert operator.token.claims.nats.tags == ["first"]
    assert len(operator.signing_keys) == 1
    assert operator.system_account.name == "SYS"
    authority.operators.ensure("op", signing_keys=2)
    [change] = authority.commit()
    assert change.path == ("op",)
    assert len(operator.token.claims.nats.signing_keys or ()) == 2


def test_a_system_account_is_what_nsc_makes() -> None:
    _, operator, _ = small_tree(MemoryStore())
    system = operator.system_account
    [user] = system.users.values()

    def claims(node: Any, file: str) -> tuple[Any, Any]:
        """Return the claims beside those of nsc, each with its own keys and moments."""
        nsc = json.loads((NSC_STORE / "expected" / file).read_text("utf-8"))
        made = node.token.claims.to_dict()
        for document in (nsc, made):
            for name in ("iat", "iss", "jti", "sub"):
                del document[name]
        return made, nsc

    made, nsc = claims(system, "describe-account-SYS.json")
    [signing_key] = made["nats"].pop("signing_keys")
    assert len(nsc["nats"].pop("signing_keys")) == 1
    assert made == nsc
    assert user.token.claims.iss == signing_key
    assert user.token.claims.to_dict()["nats"] == {
        "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1,
        "issuer_account": system.public_key, "type": "user", "version": 2,
    }  # fmt: skip
    assert (system.name, user.name) == ("SYS", "sys")
    assert user.creds().token == user.token
    assert operator.claims.nats.system_account == system.public_key
    assert system.token.claims.iss == next(iter(operator.signing_keys))


def test_an_operator_without_a_system_account_says_so() -> None:
    operator = Authority(MemoryStore()).operators.add("op")
    with pytest.raises(NotFoundError, match="has no system account"):
        _ = operator.system_account


def test_a_system_account_of_another_name_is_found() -> None:
    authority, operator, account = small_tree(MemoryStore())
    operator.claims.nats.system_account = account.public_key
    assert operator.system_account.path == account.path
    assert operator.ensure_system_account().path == account.path
    authority.commit()
    assert list(account.users) == ["alice", "bob"]


def test_a_system_account_that_lost_its_users_gets_one() -> None:
    authority, operator, _ = small_tree(MemoryStore())
    operator.system_account.users["sys"].delete()
    authority.commit()
    operator.ensure_system_account()
    authority.commit()
    assert list(operator.system_account.users) == ["sys"]


def test_an_account_called_sys_becomes_the_system_account() -> None:
    authority = Authority(MemoryStore())
    account = authority.operators.add("op").accounts.add("SYS", Account(tags=["mine"]))
    authority.commit()
    operator = authority.operators["op"]
    operator.ensure_system_account()
    authority.commit()
    assert operator.claims.nats.system_account == account.public_key
    assert account.claims.nats.tags == ["mine"]


def test_an_account_with_jetstream_is_no_system_account() -> None:
    authority = Authority(MemoryStore())
    body = Account(limits=OperatorLimits(disk_storage=-1))
    operator = authority.operators.add("op")
    operator.accounts.add("SYS", body)
    authority.commit()
    operator.ensure_system_account()
    with pytest.raises(LockoutError, match="no server with JetStream starts"):
        authority.commit()


def test_a_system_account_that_is_kept_elsewhere_is_not_made_again() -> None:
    authority = Authority(MemoryStore())
    elsewhere = key(KeyType.ACCOUNT)
    operator = authority.operators.add("op", Operator(system_account=elsewhere.public_key))
    authority.commit()
    with pytest.raises(NotFoundError, match=elsewhere.public_key):
        authority.operators.ensure("op", system_account=True)
    assert authority.commit() == []
    # With its key at hand it is the one that a bootstrap did not come to.
    other = Authority(authority.store, keys=[elsewhere])
    other.operators.ensure("op", system_account=True)
    other.commit()
    assert operator.system_account.public_key == elsewhere.public_key


def test_another_account_in_the_place_of_the_system_account_is_refused() -> None:
    authority = Authority(MemoryStore())
    owner = key(KeyType.ACCOUNT)
    operator = authority.operators.add("op", Operator(system_account=owner.public_key))
    operator.accounts.add("SYS")
    authority.commit()
    authority.store.add_seed(owner.reveal_seed())
    with pytest.raises(ExistsError, match="account 'SYS' has the key"):
        operator.ensure_system_account()


def test_strictness_can_be_lifted_again() -> None:
    authority, operator, _ = small_tree(MemoryStore())
    operator.require_signing_keys()
    authority.commit()
    assert operator.token.claims.nats.strict_signing_key_usage
    operator.require_signing_keys(required=False)
    authority.commit()
    assert not operator.token.claims.nats.strict_signing_key_usage


def test_everything_is_signed_anew_after_a_change_of_keys() -> None:
    authority, operator, _ = small_tree(MemoryStore())
    store = authority.store
    [old] = operator.signing_keys
    before = tokens(store)
    new = operator.signing_keys.generate()
    operator.signing_keys.remove(old)
    operator.require_signing_keys()
    operator.reissue_all()
    authority.commit(now=NOW)
    assert {operator.accounts[name].token.claims.iss for name in operator.accounts} == {
        new.public_key
    }
    assert all(before[path] != text for path, text in tokens(store).items())
    check_tree(store)
    # A strict operator is signed by a signing key, which can be replaced just as well.
    last = operator.signing_keys.generate()
    authority.commit(now=NOW)
    assert operator.token.claims.iss == new.public_key
    operator.signing_keys.remove(new.public_key)
    operator.reissue_all()
    authority.commit(now=NOW)
    assert operator.token.claims.iss == last.public_key
    check_tree(store)


def test_an_operator_signs_with_what_is_at_hand() -> None:
    store = MemoryStore()
    authority, operator, _ = small_tree(store)
    [signing] = operator.signing_keys
    assert operator.signer() == authority._tree.key(signing)
    store.delete_seed(signing)
    assert operator.signer() == operator.key
    store.delete_seed(operator.public_key)
    with pytest.raises(SecretError, match="no key that may sign"):
        operator.signer()


# Another identity


@pytest.fixture
def reissued() -> Authority:
    """Give an operator with an account that its identity signed, and one that a signing key did."""
    reissued = Authority(MemoryStore())
    operator = reissued.operators.add("o")
    operator.accounts.add("a").users.add("u")
    reissued.commit()
    operator.signing_keys.generate()
    operator.accounts.add("b")
    reissued.commit()
    return reissued


def test_what_the_old_identity_signed_is_signed_anew(reissued: Authority) -> None:
    operator = reissued.operators["o"]
    old, before = operator.public_key, {n: operator.accounts[n].token for n in "ab"}
    assert operator.reissue_identity() == ["a"]
    reissued.commit()
    operator = reissued.operators["o"]
    assert operator.public_key != old
    assert operator.token.claims.iss == operator.public_key
    assert operator.key.public_key == operator.public_key
    account, other = operator.accounts["a"], operator.accounts["b"]
    assert other.token == before["b"]
    assert account.token.claims.iss != old
    assert check_account(account.token, operator.token)
    assert check_user(account.users["u"].token, account.token, operator.token)


def test_the_old_identity_can_go_on_signing(reissued: Authority) -> None:
    operator = reissued.operators["o"]
    old, before = operator.public_key, operator.accounts["a"].token
    assert operator.reissue_identity(keep_signing=True) == []
    reissued.commit()
    operator = reissued.operators["o"]
    assert old in operator.signing_keys
    assert operator.accounts["a"].token == before
    assert check_account(before, operator.token)


def test_another_run_mends_what_was_cut_off() -> None:
    cut = 0
    for left in range(10):
        store = FailingStore()
        authority = Authority(store)
        with authority.transaction():
            operator = authority.operators.add("o", system_account=True)
            for name in "ab":
                operator.accounts.add(name).users.add("u")
        store.left = left
        operator.reissue_identity()
        try:
            authority.commit()
        except DiskFullError:
            cut += 1
        store.left = 1 << 30
        again = Authority(store)
        again.operators["o"].reissue_identity()
        again.commit()
        check_tree(store)
    assert 4 < cut < 10


def test_strange_accounts_stay_strange_under_another_identity(reissued: Authority) -> None:
    store = reissued.store
    for name, signer in (("x", key(KeyType.OPERATOR)), ("y", key(KeyType.ACCOUNT))):
        account = signer if signer.type is KeyType.ACCOUNT else key(KeyType.ACCOUNT)
        claims = AccountClaims(name=name, sub=account.public_key)
        store.write(encode(claims, signer).encoded, "o", name)
    operator = reissued.operators["o"]
    assert operator.reissue_identity() == ["a"]
    reissued.commit()
    strange = [n for n, node in reissued.operators["o"].accounts.items() if node.is_foreign]
    assert strange == ["x", "y"]


def test_the_identity_can_be_given(reissued: Authority) -> None:
    pair = KeyPair.generate(KeyType.OPERATOR)
    reissued.operators["o"].reissue_identity(pair)
    reissued.commit()
    assert reissued.operators["o"].public_key == pair.public_key


def test_a_signing_key_can_become_the_identity(reissued: Authority) -> None:
    operator = reissued.operators["o"]
    [key] = operator.signing_keys
    pair = KeyPair.from_seed(reissued.store.seed(key))
    operator.reissue_identity(pair)
    reissued.commit()
    operator = reissued.operators["o"]
    assert (operator.public_key, [*operator.signing_keys]) == (key, [])
    assert check_account(operator.accounts["b"].token, operator.token)


def test_a_key_of_another_role_is_refused(reissued: Authority) -> None:
    operator = reissued.operators["o"]
    with pytest.raises(KeyRoleError):
        operator.reissue_identity(KeyPair.generate(KeyType.ACCOUNT))
    assert reissued.commit() == []
