from __future__ import annotations

from natsauth.claims import AccountClaims
from natsauth.keys import KeyPair, KeyType
from natsauth.store import MemoryStore
from natsauth.token import encode
from tests._authority import NOW, content, key, small_tree


def test_a_key_that_another_account_names_keeps_its_seed() -> None:
    authority, operator, account = small_tree(MemoryStore())
    store, pair = authority.store, key(KeyType.ACCOUNT)
    claims = AccountClaims(name="evil", sub=pair.public_key)
    claims.nats.signing_keys = [account.public_key]
    store.add_seed(pair.reveal_seed())
    store.write(encode(claims, operator.signer(), now=NOW).encoded, "op", "evil")
    operator.accounts["evil"].delete(seeds=True)
    [change] = authority.commit()
    assert change.kept_seeds == (account.public_key,)
    assert account.key.public_key == account.public_key
    assert pair.public_key not in store.public_keys()


def test_two_users_of_one_key_share_its_seed() -> None:
    authority, operator, account = small_tree(MemoryStore())
    alice = account.users["alice"].public_key
    other = operator.accounts.add("other")
    other.users.add("copy", key=alice)
    authority.commit()
    identity = other.public_key
    other.delete(seeds=True)
    [change] = authority.commit()
    assert change.kept_seeds == (alice,)
    assert alice in authority.store.public_keys()
    assert identity not in authority.store.public_keys()


def test_what_two_have_goes_with_both() -> None:
    authority, _, account = small_tree(MemoryStore())
    alice = account.users["alice"]
    copy = account.users.add("copy", key=alice.public_key)
    authority.commit()
    public = alice.public_key
    alice.delete(seeds=True, revoke=False)
    copy.delete(seeds=True, revoke=False)
    assert [change.kept_seeds for change in authority.commit()] == [(), ()]
    assert public not in authority.store.public_keys()


def test_what_is_new_in_the_same_commit_needs_its_seed() -> None:
    authority, operator, account = small_tree(MemoryStore())
    alice = account.users["alice"]
    public = alice.public_key
    alice.delete(seeds=True)
    operator.accounts.add("other").users.add("moved", key=public)
    [*_, change] = authority.commit()
    assert change.kept_seeds == (public,)
    assert public in authority.store.public_keys()


def test_an_entry_that_cannot_be_verified_needs_its_seed_all_the_same() -> None:
    authority, operator, account = small_tree(MemoryStore())
    store, alice = authority.store, account.users["alice"].public_key
    operator.accounts.add("other").users.add("copy", key=alice)
    authority.commit()
    forged = store.read("op", "app", "alice")[:-8] + "AAAAAAAA"
    store.write(forged, "op", "app", "alice")
    operator.accounts["other"].delete(seeds=True)
    authority.commit()
    assert alice in store.public_keys()


def test_the_seed_of_a_signing_key_goes_with_the_next_commit() -> None:
    authority, _, account = small_tree(MemoryStore())
    plain = account.signing_keys.generate().public_key
    authority.commit()
    account.signing_keys.remove(plain, seeds=True)
    assert plain in authority.store.public_keys()
    authority.discard()
    authority.commit()
    assert plain in authority.store.public_keys()
    account.signing_keys.remove(plain, seeds=True)
    authority.commit()
    assert plain not in authority.store.public_keys()


def test_a_signing_key_that_is_an_identity_keeps_its_seed() -> None:
    authority, operator, account = small_tree(MemoryStore())
    victim = operator.accounts.add("victim")
    account.signing_keys.add(victim.public_key)
    authority.commit()
    account.signing_keys.remove(victim.public_key, seeds=True)
    [change] = authority.commit()
    assert change.kept_seeds == (victim.public_key,)
    assert isinstance(victim.key, KeyPair)


def test_a_dry_run_tells_the_same_and_deletes_no_seed() -> None:
    authority, _, account = small_tree(MemoryStore())
    copy = account.users.add("copy", key=account.users["alice"].public_key)
    authority.commit()
    before = content(authority.store)
    with authority.transaction(dry_run=True) as changes:
        copy.delete(seeds=True, revoke=False)
        account.users["bob"].delete(seeds=True, revoke=False)
    assert [change.kept_seeds for change in changes] == [(), (copy.public_key,)]
    assert content(authority.store) == before
