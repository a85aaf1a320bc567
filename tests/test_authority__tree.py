from __future__ import annotations

import json
from typing import Any

import pytest

from natsauth.authority import Authority
from natsauth.authority._tree import Tree
from natsauth.claims import AccountClaims, OperatorClaims
from natsauth.errors import (
    ClaimsError,
    ExistsError,
    NotFoundError,
    StoreDataError,
    StoreNameError,
    UsageError,
)
from natsauth.keys import KeyPair, KeyType
from natsauth.store import MemoryStore
from natsauth.token import encode
from natsauth.xkeys import CurveKeyPair
from tests._authority import key, small_tree
from tests._tokens import ACCOUNT, OLD_HEADER, OPERATOR, forge


def operator_token() -> str:
    return encode(OperatorClaims(sub=OPERATOR.public_key, name="op"), OPERATOR).encoded


def new_tree(*keys: KeyPair) -> Tree:
    store = MemoryStore()
    store.write(operator_token(), "op")
    return Tree(store, keys)


OLD = forge(
    {"type": "operator", "sub": OPERATOR.public_key, "iat": 1, "nats": {}},
    OPERATOR,
    header=OLD_HEADER,
    old=True,
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "three chunks"),
        ("a.b", "three chunks"),
        ("\u00e9.b.c", "ASCII"),
        (operator_token()[:-9] + "AAAAAAAA", "signature|base64url"),
        (encode(AccountClaims(sub=ACCOUNT.public_key), OPERATOR).encoded, "expected a token of"),
        (forge({"sub": "x", "nats": {"type": "operator", "version": 2, "tags": 5}}, OPERATOR),
         "tags"),
        (OLD, "version 1"),
    ],
)  # fmt: skip
def test_what_is_no_token_of_its_kind_is_told_with_its_place(text: str, message: str) -> None:
    tree = new_tree()
    tree.store.write(text, "op")
    with pytest.raises(StoreDataError, match=message) as caught:
        tree.draft("op")
    assert str(caught.value).startswith("memory ")
    assert caught.value.hint


def test_a_draft_is_read_once() -> None:
    tree = new_tree()
    draft = tree.draft("op")
    tree.store.write("broken", "op")
    assert tree.draft("op") is draft
    tree.forget()
    with pytest.raises(StoreDataError):
        tree.draft("op")


def test_a_committed_tree_has_no_edits_but_the_same_keys_at_hand() -> None:
    tree = new_tree(OPERATOR)
    tree.draft("op").claims.name = "edited"
    other = tree.committed()
    assert other.draft("op").claims.name == "op"
    assert other.key(OPERATOR.public_key) is OPERATOR


def test_names_are_those_of_the_store_and_new_ones_without_the_deleted() -> None:
    authority, operator, account = small_tree(MemoryStore())
    tree = authority._tree
    account.users.add("carol")
    account.users["bob"].delete(revoke=False)
    assert tree.names("op", "app") == ["alice", "carol"]
    operator.accounts.add("empty")
    assert tree.names("op", "empty") == []
    with pytest.raises(NotFoundError):
        tree.names("op", "nowhere")


def test_names_do_not_remember_what_somebody_else_deleted() -> None:
    authority, _, account = small_tree(MemoryStore())
    assert account.users["alice"].name == "alice"
    authority.store.delete("op", "app", "alice")
    assert list(account.users) == ["bob"]


def test_names_are_in_byte_order() -> None:
    tree = new_tree()
    for name in ("\u00e4", "b", "Z", "\U0001f600", "\uff5e"):
        tree.add((name,), OperatorClaims(sub=OPERATOR.public_key))
    assert tree.names() == ["Z", "b", "op", "\u00e4", "\uff5e", "\U0001f600"]


def test_below_what_is_deleted_is_nothing() -> None:
    authority, operator, account = small_tree(MemoryStore())
    tree = authority._tree
    account.delete()
    with pytest.raises(NotFoundError, match="account 'app' is deleted"):
        tree.draft("op", "app", "alice")
    with pytest.raises(NotFoundError, match="account 'app' is deleted"):
        account.users.add("carol")
    operator.delete()
    with pytest.raises(NotFoundError, match="operator 'op' is deleted"):
        tree.draft("op", "SYS")


def test_new_claims_are_copied() -> None:
    tree = new_tree()
    claims = AccountClaims(sub=ACCOUNT.public_key, name="app")
    draft = tree.add(("op", "app"), claims)
    claims.nats.tags = ["later"]
    assert draft.claims.nats.tags is None


def test_claims_that_cannot_be_written_are_not_taken_in() -> None:
    tree = new_tree()
    with pytest.raises(ClaimsError):
        tree.add(("op", "app"), AccountClaims(sub=ACCOUNT.public_key, exp="soon"))  # type: ignore[arg-type]
    assert tree.names("op") == []


@pytest.mark.parametrize("name", ["", " ", "a/b", "..", ".a", "a\\b", "a\nb", "\ud800", "x" * 201])
def test_a_name_that_cannot_be_kept_is_refused_at_once(name: str) -> None:
    with pytest.raises(StoreNameError):
        new_tree().add(("op", name), AccountClaims(sub=ACCOUNT.public_key))


def test_the_names_of_accounts_differ_in_more_than_letter_case() -> None:
    _, operator, account = small_tree(MemoryStore())
    with pytest.raises(ExistsError, match="account 'app' already"):
        operator.accounts.add("APP")
    account.users.add("Alice")
    assert list(account.users) == ["Alice", "alice", "bob"]


def test_a_name_is_taken_until_what_had_it_is_gone_from_the_store() -> None:
    authority, operator, account = small_tree(MemoryStore())
    account.rename("other")
    operator.accounts.add("gone")
    authority.commit()
    operator.accounts["gone"].delete()
    for taken in ("gone", "GONE", "other"):
        with pytest.raises(ExistsError, match="after a commit"):
            operator.accounts.add(taken)
    authority.commit()
    assert operator.accounts.add("gone").name == "gone"


def test_new_keys_go_with_the_entry_that_will_never_be() -> None:
    authority, operator, _ = small_tree(MemoryStore())
    before = authority.store.public_keys()
    account = operator.accounts.add("short-lived", signing_keys=2)
    account.users.add("user")
    account.delete()
    assert authority.commit() == []
    assert authority.store.public_keys() == before


def test_keys_are_given_or_new_or_in_the_store() -> None:
    tree = new_tree(OPERATOR)
    curve, signing = CurveKeyPair.generate(), key(KeyType.OPERATOR)
    tree.store.add_seed(curve.reveal_seed())
    tree.keep(signing)
    assert tree.key(OPERATOR.public_key) is OPERATOR
    assert tree.key(signing.public_key) is signing
    assert tree.key(curve.public_key) == curve
    assert tree.find_key(ACCOUNT.public_key) is None
    with pytest.raises(NotFoundError):
        tree.key(ACCOUNT.public_key)


@pytest.mark.parametrize("kept", ["no seed", ACCOUNT.reveal_seed(), CurveKeyPair.generate()])
def test_a_store_that_has_something_else_for_a_seed_is_told(kept: Any) -> None:
    class BadStore(MemoryStore):
        def seed(self, public_key: str) -> str:
            assert public_key
            return kept if isinstance(kept, str) else kept.reveal_seed()

    with pytest.raises(StoreDataError, match="another text") as caught:
        Tree(BadStore(), ()).find_key(OPERATOR.public_key)
    assert ACCOUNT.reveal_seed() not in str(caught.value)


@pytest.mark.parametrize("keys", [["text"], [None], [OPERATOR.public], 5, OPERATOR])
def test_keys_that_are_none_are_refused(keys: Any) -> None:
    with pytest.raises(UsageError, match=r"key pairs|KeyPair"):
        Authority(MemoryStore(), keys=keys)


def test_unknown_members_survive_an_edit() -> None:
    store = MemoryStore()
    payload: dict[str, Any] = {
        "sub": OPERATOR.public_key, "name": "op", "iat": 5, "future": {"a": [1, None]},
        "nats": {"type": "operator", "version": 2, "newer": 1e300},
    }  # fmt: skip
    store.write(forge(payload, OPERATOR), "op")
    authority = Authority(store, keys=[OPERATOR])
    authority.operators["op"].claims.nats.tags = ["x"]
    authority.commit()
    document = authority.operators["op"].token.claims.to_dict()
    assert document["future"] == {"a": [1, None]}
    assert document["nats"]["newer"] == 1e300
    assert json.dumps(document["nats"]["tags"]) == '["x"]'
