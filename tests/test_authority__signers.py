from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from natsauth.authority import Authority
from natsauth.authority._draft import Draft
from natsauth.authority._signers import is_foreign, signers
from natsauth.claims import ActivationClaims
from natsauth.errors import KeyTextError, NatsAuthError, SecretError, TrustError, UsageError
from natsauth.keys import KeyPair, KeyType
from natsauth.store import MemoryStore
from natsauth.token import encode
from tests._authority import NOW, content, key, small_tree

if TYPE_CHECKING:
    from natsauth.authority import AccountNode, OperatorNode


@pytest.fixture(params=[False, True], ids=["lax", "strict"])
def tree(request: pytest.FixtureRequest) -> tuple[Authority, OperatorNode, AccountNode]:
    authority, operator, account = small_tree(MemoryStore())
    operator.require_signing_keys(required=request.param)
    authority.commit(now=NOW)
    return authority, operator, account


def test_signing_keys_are_preferred_and_identities_spared_by_strict_operators(
    tree: tuple[Authority, OperatorNode, AccountNode],
) -> None:
    authority, operator, account = tree
    strict = operator.claims.nats.strict_signing_key_usage
    [root] = operator.signing_keys
    plain, scoped = account.signing_keys
    allowed = signers(authority._tree, operator._draft)
    assert allowed == ([root, operator.public_key] if strict else [operator.public_key, root])
    allowed = signers(authority._tree, account._draft)
    assert allowed == ([root] if strict else [root, operator.public_key])
    allowed = signers(authority._tree, account.users["alice"]._draft)
    assert allowed == [plain, scoped] + [account.public_key] * (not strict)
    activation = Draft(("op", "app", "x"), ActivationClaims(sub=account.public_key))
    assert signers(authority._tree, activation) == [plain] + [account.public_key] * (not strict)


def test_an_operator_that_becomes_strict_still_signs_itself() -> None:
    authority, operator, _ = small_tree(MemoryStore())
    operator.require_signing_keys()
    authority.commit()
    assert operator.token.claims.iss == operator.public_key
    operator.claims.nats.tags = ["later"]
    authority.commit()
    assert operator.token.claims.iss == next(iter(operator.signing_keys))
    authority.store.delete_seed(operator.token.claims.iss)
    operator.claims.nats.tags = ["latest"]
    authority.commit()
    assert operator.token.claims.iss == operator.public_key


def test_the_present_issuer_goes_on() -> None:
    authority, operator, account = small_tree(MemoryStore())
    before = account.token.claims.iss
    more = operator.signing_keys.generate()
    operator.claims.nats.signing_keys = [more.public_key, before]
    account.claims.nats.tags = ["a"]
    new = operator.accounts.add("new")
    authority.commit()
    assert account.token.claims.iss == before
    assert new.token.claims.iss == more.public_key


def test_somebody_else_goes_on_where_the_present_issuer_is_not_at_hand() -> None:
    authority, operator, account = small_tree(MemoryStore())
    authority.store.delete_seed(account.token.claims.iss)
    account.claims.nats.tags = ["a"]
    authority.commit()
    assert account.token.claims.iss == operator.public_key


def test_a_key_that_is_given_is_preferred() -> None:
    store = MemoryStore()
    small_tree(store)
    identity = KeyPair.from_seed(store.seed(Authority(store).operators["op"].public_key))
    authority = Authority(store, keys=[identity, key(KeyType.OPERATOR)])
    account = authority.operators["op"].accounts["app"]
    account.claims.nats.tags = ["a"]
    authority.commit()
    assert account.token.claims.iss == identity.public_key


def test_a_scoped_key_signs_only_when_named() -> None:
    authority, _, account = small_tree(MemoryStore())
    plain, scoped = account.signing_keys
    authority.store.delete_seed(plain)
    authority.store.delete_seed(account.public_key)
    account.users.add("carol")
    before = content(authority.store)
    with pytest.raises(SecretError, match="a scoped one must be named"):
        authority.commit()
    assert content(authority.store) == before
    account.users["carol"].sign_with(scoped)
    account.users["carol"].claims.nats.clear()
    authority.commit()
    assert account.users["carol"].token.claims.iss == scoped


def test_a_signer_is_named_by_object_public_key_or_role() -> None:
    authority, operator, account = small_tree(MemoryStore())
    pair = key(KeyType.ACCOUNT)
    account.signing_keys.add(pair.public_key)
    by_object = account.users.add("object", signer=pair)
    by_role = account.users.add("role", signer="team")
    account.sign_with(operator.public_key)
    authority.commit()
    scope = account.claims.nats.scope("team")
    assert scope
    assert by_object.token.claims.iss == pair.public_key
    assert by_role.token.claims.iss == scope.key
    assert account.token.claims.iss == operator.public_key
    with pytest.raises(SecretError, match=f"the seed of {pair.public_key} is not at hand"):
        account.mint("worker", signer=pair.public_key)


class ForeignSigner:
    """A signer that is none of natsauth's."""

    def __init__(self, pair: KeyPair, *, broken: bool = False) -> None:
        self._pair = pair
        self._broken = broken

    @property
    def public_key(self) -> bytes:
        return self._pair.public_key.encode()

    def sign(self, data: bytes) -> bytes:
        if self._broken:
            raise RuntimeError(self._pair.reveal_seed())
        return self._pair.sign(data)


def test_a_key_that_is_kept_elsewhere_signs() -> None:
    authority, _, account = small_tree(MemoryStore())
    pair = key(KeyType.ACCOUNT)
    account.signing_keys.add(pair.public)
    user = account.users.add("user", signer=ForeignSigner(pair))
    authority.commit()
    assert user.token.claims.iss == pair.public_key
    assert user.token.claims.nats.issuer_account == account.public_key
    identity = ForeignSigner(authority._tree.key(account.public_key))  # type: ignore[arg-type]
    user.sign_with(identity)
    user.reissue()
    authority.commit()
    assert user.token.claims.iss == account.public_key
    assert user.token.claims.nats.issuer_account == ""


@pytest.mark.parametrize(
    ("signer", "error"),
    [
        (5, UsageError),
        (key(KeyType.ACCOUNT), TrustError),
        (key(KeyType.USER), TrustError),
        (key(KeyType.ACCOUNT).public_key, TrustError),
        ("no role", TrustError),
        ("", TrustError),
        (type("Bad", (), {"public_key": "text", "sign": print}), KeyTextError),
    ],
)
def test_who_may_not_sign_is_refused_and_nothing_written(
    signer: Any, error: type[NatsAuthError]
) -> None:
    authority, operator, account = small_tree(MemoryStore())
    before = content(authority.store)
    for node in (operator, account, account.users["alice"]):
        node.claims.nats.tags = ["edited"]
        node.sign_with(signer)
        with pytest.raises(error):
            authority.commit()
        authority.discard()
    assert content(authority.store) == before


def test_a_role_is_none_of_operators_or_accounts() -> None:
    authority, _, account = small_tree(MemoryStore())
    account.reissue()
    account.sign_with("team")
    with pytest.raises(TrustError, match="'team' may not sign account 'app'"):
        authority.commit()


def test_a_scope_without_a_role_is_not_named_by_nothing() -> None:
    authority, _, account = small_tree(MemoryStore())
    account.signing_keys.add_role("")
    authority.commit()
    with pytest.raises(TrustError, match="has no role ''"):
        account.mint("worker", signer="")


def test_a_signer_that_fails_leaves_the_store_as_it_was() -> None:
    authority, _, account = small_tree(MemoryStore())
    pair = key(KeyType.ACCOUNT)
    account.signing_keys.add(pair.public)
    authority.commit()
    before = content(authority.store)
    account.claims.nats.tags = ["first"]
    account.users.add("user", signer=ForeignSigner(pair, broken=True))
    with pytest.raises(SecretError, match="RuntimeError"):
        authority.commit()
    assert content(authority.store) == before


@pytest.mark.parametrize("kept", [[], ["identity"]])
def test_without_seeds_nobody_signs_and_that_is_told(kept: list[str]) -> None:
    authority, operator, account = small_tree(MemoryStore())
    operator.require_signing_keys()
    authority.commit()
    for public_key in authority.store.public_keys():
        if not (kept and public_key == operator.public_key):
            authority.store.delete_seed(public_key)
    before = content(authority.store)
    account.claims.nats.tags = ["a"]
    [root] = operator.signing_keys
    with pytest.raises(SecretError, match=f"account 'app' is at hand, it takes one of {root}"):
        authority.commit()
    assert content(authority.store) == before


def test_under_a_strict_operator_an_account_without_signing_keys_issues_nobody() -> None:
    authority, operator, _ = small_tree(MemoryStore())
    operator.require_signing_keys()
    operator.accounts.add("bare").users.add("user")
    before = content(authority.store)
    with pytest.raises(SecretError, match="nobody may sign user 'user'") as caught:
        authority.commit()
    assert caught.value.hint.startswith("add a signing key")
    assert content(authority.store) == before


def test_what_somebody_else_signed_is_not_taken_over_by_an_edit() -> None:
    authority, operator, account = small_tree(MemoryStore())
    stranger = key(KeyType.OPERATOR)
    claims = account.token.claims
    authority.store.write(encode(claims, stranger, now=NOW).encoded, "op", "app")
    authority.discard()
    assert is_foreign(authority._tree, account._draft)
    before = content(authority.store)
    account.claims.nats.tags = ["a"]
    with pytest.raises(TrustError, match="account 'app' is signed by a key that is none"):
        authority.commit()
    assert content(authority.store) == before
    account.reissue()
    authority.commit()
    assert account.token.claims.iss in operator.signing_keys


def test_a_self_signed_account_is_taken_in() -> None:
    authority, operator, account = small_tree(MemoryStore())
    owner = account.key
    assert isinstance(owner, KeyPair)
    authority.store.write(encode(account.token.claims, owner, now=NOW).encoded, "op", "app")
    authority.discard()
    account.claims.nats.tags = ["a"]
    authority.commit()
    assert account.token.claims.iss in operator.signing_keys


def test_a_new_entry_is_not_foreign() -> None:
    authority, operator, _ = small_tree(MemoryStore())
    assert not is_foreign(authority._tree, operator.accounts.add("new")._draft)
    assert not is_foreign(authority._tree, operator._draft)
