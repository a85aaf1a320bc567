from __future__ import annotations

from typing import Any

import pytest

from natsauth.authority import Action, Authority, Change
from natsauth.claims import Account, Operator, Permission, User
from natsauth.errors import (
    ClaimsError,
    ConflictError,
    ExistsError,
    KeyRoleError,
    KeyTextError,
    NatsAuthError,
    NotFoundError,
    StoreDataError,
    StoreNameError,
    UsageError,
)
from natsauth.keys import KeyType
from natsauth.store import MemoryStore
from tests._authority import key, small_tree, tokens


def test_a_node_tells_what_it_is_about() -> None:
    _, operator, account = small_tree(MemoryStore())
    alice = account.users["alice"]
    assert (operator.name, account.name, alice.name) == ("op", "app", "alice")
    assert alice.path == ("op", "app", "alice")
    assert alice.public_key == alice.claims.sub == alice.token.claims.sub
    assert repr(alice) == f"<UserNode op/app/alice {alice.public_key}>"
    assert alice.key.public_key == alice.public_key


def test_a_new_node_has_no_token_yet() -> None:
    operator = Authority(MemoryStore()).operators.add("op")
    with pytest.raises(NotFoundError, match="not committed yet"):
        _ = operator.token
    assert operator.key.public_key == operator.public_key


def test_the_token_is_what_is_stored_and_not_what_is_edited() -> None:
    _, _, account = small_tree(MemoryStore())
    account.claims.nats.tags = ["edited"]
    assert account.token.claims.nats.tags is None


def test_a_node_survives_what_drops_edits() -> None:
    authority, _, account = small_tree(MemoryStore())
    account.claims.nats.tags = ["dropped"]
    authority.discard()
    assert account.claims.nats.tags is None
    with authority.transaction() as changes:
        account.claims.nats.tags = ["kept"]
    assert [change.path for change in changes] == [("op", "app")]
    assert account.token.claims.nats.tags == ["kept"]


def test_a_new_node_that_was_dropped_is_no_more() -> None:
    authority, operator, _ = small_tree(MemoryStore())
    account = operator.accounts.add("short-lived")
    keys = account.signing_keys
    authority.discard()
    for use in (lambda: account.claims, lambda: account.public_key, keys.generate, account.reissue):
        with pytest.raises(NotFoundError):
            use()
    assert "short-lived" in repr(account)


def test_a_deleted_node_takes_no_more_edits() -> None:
    _, _, account = small_tree(MemoryStore())
    alice, new = account.users["alice"], account.users.add("new")
    alice.delete()
    new.delete()
    for node in (alice, new):
        for use in (node.delete, node.reissue, lambda: node.claims, lambda: node.token):  # noqa: B023 - used at once
            with pytest.raises(NotFoundError):
                use()


def test_entries_are_a_mapping_by_name() -> None:
    authority, operator, account = small_tree(MemoryStore())
    assert list(authority.operators) == ["op"]
    assert dict(operator.accounts).keys() == {"SYS", "app"}
    assert len(account.users) == 2
    assert "alice" in account.users
    assert account.users.get("nobody") is None
    with pytest.raises(NotFoundError):
        account.users["nobody"]


@pytest.mark.parametrize("name", [5, None, [], b"alice", ("op",), "", "a/b", "..", "\ud800", "\0"])
def test_what_is_no_name_is_not_there(name: Any) -> None:
    authority, operator, account = small_tree(MemoryStore())
    for entries in (authority.operators, operator.accounts, account.users):
        assert name not in entries
        assert entries.get(name) is None
        with pytest.raises(NotFoundError):
            entries.find(name)


@pytest.mark.parametrize("name", [5, None, [], b"alice"])
def test_a_name_is_text(name: Any) -> None:
    authority, operator, account = small_tree(MemoryStore())
    for entries in (authority.operators, operator.accounts, account.users):
        with pytest.raises(UsageError, match="a name is text"):
            entries.add(name)
        with pytest.raises(UsageError, match="a name is text"):
            entries.ensure(name)
    assert authority.commit() == []


def test_a_user_is_known_without_the_space_around_the_name() -> None:
    authority, _, account = small_tree(MemoryStore())
    assert account.users[" alice "].path == ("op", "app", "alice")
    carol = account.users.ensure(" carol")
    assert carol.claims.name == carol.name == "carol"
    authority.commit()
    assert account.users.ensure("carol ").public_key == carol.public_key
    assert authority.commit() == []


def test_entries_are_found_by_name_or_public_key() -> None:
    _, operator, account = small_tree(MemoryStore())
    assert operator.accounts.find("app").path == account.path
    assert operator.accounts.find(account.public_key).path == account.path
    with pytest.raises(NotFoundError):
        operator.accounts.find(key(KeyType.ACCOUNT).public_key)


def test_a_token_is_read_without_its_node() -> None:
    _, _, account = small_tree(MemoryStore())
    assert account.users.token("alice") == account.users["alice"].token
    with pytest.raises(NotFoundError):
        account.users.token("nobody")


def test_an_entry_is_added_with_a_key_of_ones_own() -> None:
    authority, operator, _ = small_tree(MemoryStore())
    pair, public, text = (key(KeyType.ACCOUNT) for _ in range(3))
    operator.accounts.add("pair", key=pair)
    operator.accounts.add("public", key=public.public)
    operator.accounts.add("text", key=text.public_key)
    authority.commit()
    assert operator.accounts["pair"].key == pair
    for name, owner in (("public", public), ("text", text)):
        assert operator.accounts[name].public_key == owner.public_key
        with pytest.raises(NotFoundError):
            _ = operator.accounts[name].key


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (key(KeyType.USER), KeyRoleError),
        (key(KeyType.USER).public_key, KeyRoleError),
        ("no key", KeyTextError),
        ("", KeyTextError),
        (5, UsageError),
        (b"A", UsageError),
    ],
)
def test_a_key_of_another_kind_is_refused(wrong: Any, error: type[NatsAuthError]) -> None:
    authority, operator, _ = small_tree(MemoryStore())
    with pytest.raises(error):
        operator.accounts.add("new", key=wrong)
    with pytest.raises(error):
        operator.accounts.ensure("new", key=wrong)
    assert authority.commit() == []


def test_an_entry_with_another_key_is_not_the_same() -> None:
    authority, operator, account = small_tree(MemoryStore())
    assert operator.accounts.ensure("app", key=account.public_key).path == account.path
    for entries, name, role in (
        (authority.operators, "op", KeyType.OPERATOR),
        (operator.accounts, "app", KeyType.ACCOUNT),
        (account.users, "alice", KeyType.USER),
    ):
        with pytest.raises(ExistsError, match="has the key"):
            entries.ensure(name, key=key(role))


@pytest.mark.parametrize("body", ["text", 5, {}, [], Permission(), User(), Account(), Operator()])
def test_a_body_of_another_kind_is_refused(body: Any) -> None:
    authority, operator, account = small_tree(MemoryStore())
    for entries, right in (
        (authority.operators, Operator), (operator.accounts, Account), (account.users, User),
    ):  # fmt: skip
        if not isinstance(body, right):
            with pytest.raises(ClaimsError, match=r"\$\.nats"):
                entries.add("new", body)
    authority.discard()
    assert authority.commit() == []


def test_a_body_can_be_given_to_two() -> None:
    authority, operator, account = small_tree(MemoryStore())
    body = User(pub=Permission(allow=["a"]))
    one, two = account.users.add("one", body), operator.accounts.add("more").users.add("two", body)
    one.claims.nats.allow_pub("b")
    body.allow_pub("c")
    authority.commit()
    assert two.claims.nats.pub.allow == ["a"]
    assert body.issuer_account == ""
    assert authority.commit() == []


def test_claims_that_two_nodes_share_are_stored_for_both() -> None:
    authority, _, account = small_tree(MemoryStore())
    alice, carol = account.users["alice"], account.users.add("carol")
    carol.claims.nats = alice.claims.nats
    alice.claims.nats.allow_pub("shared")
    authority.commit()
    for node in (alice, carol):
        assert node.token.claims.nats.pub.allow == ["shared"]
    assert authority.commit() == []


def test_who_is_to_sign_is_of_no_effect_while_there_is_nothing_to_sign() -> None:
    authority, _, account = small_tree(MemoryStore())
    account.users["alice"].sign_with("team")
    assert authority.commit() == []


def test_a_name_is_not_the_public_key_of_somebody() -> None:
    authority, operator, account = small_tree(MemoryStore())
    victim, fake = account.public_key, operator.accounts.add("fake")
    with pytest.raises(StoreNameError, match="is a public key"):
        operator.accounts.add(victim)
    with pytest.raises(StoreNameError, match="is a public key"):
        account.users.add(f" {account.users['alice'].public_key} ")
    authority.commit()
    store = Named()  # of somebody who does not check names
    for path, text in tokens(authority.store).items():
        store.write(text, *path)
    store.rename(("op", "fake"), victim)
    found = Authority(store).operators["op"].accounts
    assert found[victim].public_key == fake.public_key
    assert found.find(victim).path == ("op", "app")
    assert found.find_key(victim).path == ("op", "app")
    unknown = key(KeyType.ACCOUNT).public_key
    store.rename(("op", "SYS"), unknown)
    assert found.find(unknown).path == ("op", unknown)
    with pytest.raises(NotFoundError, match="no account of the key"):
        found.find_key(unknown)


class Named(MemoryStore):
    """A store that takes names as they come."""

    def rename(self, path: tuple[str, ...], name: str) -> None:
        self._tokens[*path[:-1], name] = self._tokens.pop(path)
        self._below[*path[:-1], name] = self._below.pop(path)
        self._below[path[:-1]] ^= {path[-1], name}


def test_a_key_is_found_although_another_entry_cannot_be_read() -> None:
    authority, operator, account = small_tree(MemoryStore())
    bob = account.users["bob"].public_key
    authority.store.write("broken", "op", "app", "alice")
    authority.discard()
    assert account.users.find(bob).name == "bob"
    with pytest.raises(StoreDataError, match="holds no user"):
        account.users.find(key(KeyType.USER).public_key)
    assert account.users.find("bob").public_key == bob
    with pytest.raises(NotFoundError):
        account.users.find("nobody")
    assert operator.accounts.find("app").public_key == account.public_key


def test_what_cannot_be_read_can_be_deleted() -> None:
    authority, operator, account = small_tree(MemoryStore())
    store, seeds = authority.store, authority.store.public_keys()
    store.write("broken", "op", "app", "alice")
    authority.discard()
    with pytest.raises(StoreDataError):
        account.users["alice"].delete()
    account.users.delete_unreadable("alice", creds=True)
    assert list(account.users) == ["bob"]
    [change] = authority.commit()
    assert change == Change(Action.DELETED, "user", ("op", "app", "alice"), "")
    assert store.names("op", "app") == ["bob"]
    assert store.public_keys() == seeds
    with pytest.raises(NotFoundError):
        store.creds("op", "app", "alice")
    account.users.add("alice")
    store.write("broken", "op", "app")
    authority.discard()
    operator.accounts.delete_unreadable("app")
    [change] = authority.commit()
    assert (change.kind, change.path, store.names("op")) == ("account", ("op", "app"), ["SYS"])
    store.write("broken", "op")
    authority.discard()
    with pytest.raises(StoreDataError):
        operator.accounts.delete_unreadable("SYS")
    authority.operators.delete_unreadable("op")
    authority.commit()
    assert store.names() == []


def test_only_what_cannot_be_read_is_deleted_without_a_look_at_it() -> None:
    authority, _, account = small_tree(MemoryStore())
    with pytest.raises(UsageError, match="'alice' can be read"):
        account.users.delete_unreadable("alice")
    with pytest.raises(NotFoundError):
        account.users.delete_unreadable("nobody")
    authority.store.write("broken", "op", "app", "alice")
    authority.discard()
    account.users.delete_unreadable("alice")
    authority.store.write("mended", "op", "app", "alice")
    with pytest.raises(ConflictError):
        authority.commit()
