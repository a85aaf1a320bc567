from __future__ import annotations

from typing import Any

import pytest

from natsauth.authority import Authority
from natsauth.claims import Permission, UserPermissionLimits, UserScope
from natsauth.errors import (
    ClaimsError,
    ExistsError,
    KeyRoleError,
    KeyTextError,
    NatsAuthError,
    NotFoundError,
    UsageError,
)
from natsauth.keys import KeyType
from natsauth.store import MemoryStore
from tests._authority import key, small_tree


def test_an_operator_and_an_account_have_the_keys_of_their_claims() -> None:
    _, operator, account = small_tree(MemoryStore())
    assert list(operator.signing_keys) == operator.claims.nats.signing_keys
    [plain, scope] = account.claims.nats.signing_keys
    assert isinstance(scope, UserScope)
    assert list(account.signing_keys) == [plain, scope.key]
    assert len(account.signing_keys) == 2
    assert scope.key in account.signing_keys
    assert "team" not in account.signing_keys
    assert list(Authority(MemoryStore()).operators.add("bare").signing_keys) == []


def test_a_generated_key_is_stored_by_the_commit() -> None:
    authority, operator, account = small_tree(MemoryStore())
    for keys, role in ((operator.signing_keys, "operator"), (account.signing_keys, "account")):
        pair = keys.generate()
        assert pair.type == role
        assert pair.public_key in keys
        with pytest.raises(NotFoundError):
            authority.store.seed(pair.public_key)
        authority.commit()
        assert authority.store.seed(pair.public_key) == pair.reveal_seed()


def test_a_key_that_is_added_twice_is_there_once() -> None:
    authority, _, account = small_tree(MemoryStore())
    pair, public = key(KeyType.ACCOUNT), key(KeyType.ACCOUNT)
    for given in (pair, pair.public, pair.public_key, public.public):
        account.signing_keys.add(given)
    assert len(account.signing_keys) == 4
    authority.commit()
    assert authority.store.seed(pair.public_key) == pair.reveal_seed()
    with pytest.raises(NotFoundError):
        authority.store.seed(public.public_key)


def test_adding_a_scoped_key_leaves_its_scope() -> None:
    _, _, account = small_tree(MemoryStore())
    scope = account.claims.nats.scope("team")
    assert scope
    account.signing_keys.add(scope.key)
    assert account.claims.nats.scope("team") == scope


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (key(KeyType.USER), KeyRoleError),
        (key(KeyType.OPERATOR).public, KeyRoleError),
        ("no key", KeyTextError),
        (5, UsageError),
    ],
)
def test_a_key_of_another_kind_is_refused(wrong: Any, error: type[NatsAuthError]) -> None:
    authority, _, account = small_tree(MemoryStore())
    with pytest.raises(error):
        account.signing_keys.add(wrong)
    with pytest.raises(error):
        account.signing_keys.add_role("other", key=wrong)
    assert authority.commit() == []


def test_removing_keeps_the_seed() -> None:
    authority, _, account = small_tree(MemoryStore())
    pair = account.signing_keys.generate()
    authority.commit()
    account.signing_keys.remove(pair.public_key)
    authority.commit()
    assert pair.public_key not in account.signing_keys
    assert authority.store.seed(pair.public_key)


def test_a_key_that_is_not_there_cannot_be_removed() -> None:
    authority, _, account = small_tree(MemoryStore())
    [plain, _] = account.signing_keys
    with pytest.raises(NotFoundError, match="account 'app' has no signing key 'team'"):
        account.signing_keys.remove(plain, "team")
    assert authority.commit() == []


def test_a_number_of_keys_is_ensured() -> None:
    _, operator, account = small_tree(MemoryStore())
    account.signing_keys.ensure(4)
    account.signing_keys.ensure(3)
    account.signing_keys.ensure(-1)
    assert len(account.signing_keys) == 4
    operator.signing_keys.ensure(2)
    assert len(operator.signing_keys) == 2


@pytest.mark.parametrize("count", ["2", 1.5, None, [1]])
def test_a_number_of_keys_is_an_integer(count: Any) -> None:
    authority, operator, account = small_tree(MemoryStore())
    with pytest.raises(UsageError, match="signing_keys is a number"):
        account.signing_keys.ensure(count)
    for entries in (authority.operators, operator.accounts):
        for name in ("op", "app", "new"):
            with pytest.raises(UsageError, match="signing_keys is a number"):
                entries.ensure(name, signing_keys=count)
        with pytest.raises(UsageError, match="signing_keys is a number"):
            entries.add("new", signing_keys=count)
    assert authority.commit() == []


def test_a_role_gives_its_users_what_its_template_says() -> None:
    authority, _, account = small_tree(MemoryStore())
    template = UserPermissionLimits(sub=Permission(allow=["a"]), subs=5)
    scope = account.signing_keys.add_role("reader", template, description="reads")
    assert (scope.role, scope.description, scope.template) == ("reader", "reads", template)
    authority.commit()
    stored = account.token.claims.nats.scope("reader")
    assert stored == scope
    assert authority.store.seed(scope.key)


def test_a_role_without_a_template_has_no_limits() -> None:
    _, _, account = small_tree(MemoryStore())
    assert account.signing_keys.add_role("all").template == UserPermissionLimits()


def test_a_role_is_there_once() -> None:
    _, _, account = small_tree(MemoryStore())
    with pytest.raises(ExistsError, match="of role 'team' already"):
        account.signing_keys.add_role("team")


def test_a_role_is_no_public_key() -> None:
    _, _, account = small_tree(MemoryStore())
    [plain, _] = account.signing_keys
    for text in (plain, key(KeyType.ACCOUNT).public_key):
        with pytest.raises(UsageError, match=r"the role 'A.*' is a public key"):
            account.signing_keys.add_role(text)
    assert len(account.signing_keys) == 2


def test_a_plain_key_becomes_one_of_a_role() -> None:
    _, _, account = small_tree(MemoryStore())
    pair = account.signing_keys.generate()
    account.signing_keys.add_role("other", key=pair)
    assert len(account.signing_keys) == 3
    assert account.claims.nats.scope("other")


def test_a_role_that_is_no_text_is_refused_by_the_commit() -> None:
    authority, _, account = small_tree(MemoryStore())
    account.signing_keys.add_role(5)  # type: ignore[arg-type]
    with pytest.raises(ClaimsError, match="role"):
        authority.commit()
