"""Accounts and users from elsewhere: as they are, signed anew, or refused."""

from __future__ import annotations

import pytest

from natsauth.authority import Authority, OperatorNode
from natsauth.authority._adopt import adopt_account, adopt_pulled, adopt_user
from natsauth.claims import Account, AccountClaims, Export, UserClaims
from natsauth.errors import ConflictError, ExistsError, NotFoundError, StoreNameError, TrustError
from natsauth.keys import KeyPair, KeyType
from natsauth.store import MemoryStore
from natsauth.token import Token, encode

ROOT, OTHER = KeyPair.generate(KeyType.OPERATOR), KeyPair.generate(KeyType.OPERATOR)
OWNER = KeyPair.generate(KeyType.ACCOUNT)
ALICE = KeyPair.generate(KeyType.USER)
NOW = 1_790_000_000


@pytest.fixture
def authority() -> Authority:
    """Give an operator without accounts."""
    authority = Authority(MemoryStore(), keys=[ROOT])
    authority.operators.add("o", key=ROOT)
    authority.commit()
    return authority


def operator_of(authority: Authority) -> OperatorNode:
    return authority.operators["o"]


def account(signer: KeyPair, name: str = "a", key: KeyPair = OWNER) -> Token[AccountClaims]:
    return encode(AccountClaims(sub=key.public_key, name=name), signer)


def user(signer: KeyPair, name: str = "alice", key: KeyPair = ALICE) -> Token[UserClaims]:
    return encode(UserClaims(sub=key.public_key, name=name), signer)


def test_what_the_operator_signed_stays_as_it_is(authority: Authority) -> None:
    token = account(ROOT)
    assert adopt_account(authority.store, operator_of(authority), token) == "a"
    assert authority.store.read("o", "a") == token.encoded
    assert authority.commit() == []


def test_what_signed_itself_is_a_draft(authority: Authority) -> None:
    adopt_account(authority.store, operator_of(authority), account(OWNER))
    assert authority.store.names("o") == []
    [change] = authority.commit()
    assert change.token
    assert change.token.claims.iss == ROOT.public_key
    adopt_account(authority.store, operator_of(authority), account(OWNER), overwrite_newer=True)
    [change] = authority.commit()
    assert (change.path, change.public_key) == (("o", "a"), OWNER.public_key)


def test_what_another_operator_signed_must_be_wanted(authority: Authority) -> None:
    with pytest.raises(TrustError, match=OTHER.public_key):
        adopt_account(authority.store, operator_of(authority), account(OTHER))
    adopt_account(authority.store, operator_of(authority), account(OTHER), foreign=True)
    [change] = authority.commit()
    assert change.token
    assert change.token.claims.iss == ROOT.public_key


def test_a_name_is_taken(authority: Authority) -> None:
    adopt_account(authority.store, operator_of(authority), account(ROOT))
    with pytest.raises(ExistsError, match="is here already"):
        adopt_account(authority.store, operator_of(authority), account(ROOT))
    other = account(ROOT, "A", KeyPair.generate(KeyType.ACCOUNT))
    with pytest.raises(ExistsError, match="another account 'a'"):
        adopt_account(authority.store, operator_of(authority), other, overwrite=True)
    with pytest.raises(StoreNameError):
        adopt_account(authority.store, operator_of(authority), account(ROOT, ""))


def test_an_account_has_one_name(authority: Authority) -> None:
    adopt_account(authority.store, operator_of(authority), account(ROOT))
    with pytest.raises(ExistsError, match="is here as 'a' already"):
        adopt_account(authority.store, operator_of(authority), account(ROOT, "b"), overwrite=True)
    assert authority.store.names("o") == ["a"]


def test_a_user_stays_as_it_is(authority: Authority) -> None:
    store, operator = authority.store, operator_of(authority)
    adopt_account(store, operator, account(ROOT))
    token = user(OWNER)
    assert adopt_user(store, operator, token) == ("o", "a", "alice")
    assert store.read("o", "a", "alice") == token.encoded
    with pytest.raises(ExistsError, match="is here already"):
        adopt_user(store, operator, token)
    adopt_user(store, operator, token, overwrite=True)
    adopt_user(store, operator, user(OWNER, "Alice", KeyPair.generate(KeyType.USER)))
    with pytest.raises(ExistsError, match="another user 'alice'"):
        adopt_user(store, operator, user(OWNER, key=KeyPair.generate(KeyType.USER)))


def test_a_user_of_an_account_that_is_not_here(authority: Authority) -> None:
    with pytest.raises(NotFoundError, match=OWNER.public_key):
        adopt_user(authority.store, operator_of(authority), user(OWNER))


def test_a_user_that_its_account_did_not_sign(authority: Authority) -> None:
    store, operator = authority.store, operator_of(authority)
    adopt_account(store, operator, account(ROOT))
    claims = UserClaims(sub=ALICE.public_key, name="alice")
    claims.nats.issuer_account = OWNER.public_key
    stranger = KeyPair.generate(KeyType.ACCOUNT)
    with pytest.raises(TrustError, match=stranger.public_key):
        adopt_user(store, operator, encode(claims, stranger))


@pytest.mark.parametrize("signer", [ROOT, OWNER], ids=["operator", "itself"])
def test_an_account_does_not_go_back(authority: Authority, signer: KeyPair) -> None:
    store, claims = authority.store, AccountClaims(sub=OWNER.public_key, name="a")
    old = encode(claims, signer, now=NOW)
    claims.nats.revoke(ALICE.public_key, at=NOW)
    adopt_account(store, operator_of(authority), encode(claims, ROOT, now=NOW + 1))
    before = store.read("o", "a")
    with pytest.raises(ConflictError, match="it is newer here than in the file") as caught:
        adopt_account(store, operator_of(authority), old, overwrite=True)
    assert caught.value.hint == "have it replaced with --overwrite-newer"
    assert store.read("o", "a") == before
    adopt_account(store, operator_of(authority), old, overwrite_newer=True)
    authority.commit()
    authority.discard()
    assert operator_of(authority).accounts["a"].claims.nats.revocations is None


def test_a_user_does_not_go_back(authority: Authority) -> None:
    store, operator = authority.store, operator_of(authority)
    adopt_account(store, operator, account(ROOT))
    claims = UserClaims(sub=ALICE.public_key, name="alice")
    new, old = (encode(claims, OWNER, now=now) for now in (NOW, NOW - 1))
    adopt_user(store, operator, new)
    with pytest.raises(ConflictError, match="it is newer here than in the file"):
        adopt_user(store, operator, old, overwrite=True)
    assert store.read("o", "a", "alice") == new.encoded
    adopt_user(store, operator, new, overwrite=True)
    adopt_user(store, operator, old, overwrite_newer=True)
    assert store.read("o", "a", "alice") == old.encoded


def test_the_name_of_an_account_is_not_the_key_of_another(authority: Authority) -> None:
    store, operator = authority.store, operator_of(authority)
    adopt_account(store, operator, account(ROOT))
    fake = account(ROOT, OWNER.public_key, KeyPair.generate(KeyType.ACCOUNT))
    with pytest.raises(StoreNameError, match="is a public key"):
        adopt_account(store, operator, fake)
    [taken] = adopt_pulled(store, operator, [fake])
    assert isinstance(taken.error, StoreNameError)
    assert store.names("o") == ["a"]


def test_accounts_are_told_apart_by_the_same_letter_case_as_elsewhere(authority: Authority) -> None:
    store, operator = authority.store, operator_of(authority)
    pairs = [KeyPair.generate(KeyType.ACCOUNT) for _ in range(3)]
    adopt_account(store, operator, account(ROOT, "straße", pairs[0]))
    adopt_account(store, operator, account(ROOT, "strasse", pairs[1]))
    with pytest.raises(ExistsError, match="another account 'straße'"):
        adopt_account(store, operator, account(ROOT, "STRAßE", pairs[2]))
    assert store.names("o") == ["strasse", "straße"]


def test_of_many_accounts_the_names_are_listed_once() -> None:
    listed = 0

    class Listing(MemoryStore):
        def names(self, *above: str) -> list[str]:
            nonlocal listed
            listed += 1
            return super().names(*above)

    store = Listing()
    there = Authority(store)
    there.operators.add("o", key=ROOT)
    there.commit()
    pairs = [KeyPair.generate(KeyType.ACCOUNT) for _ in range(20)]
    found = [account(ROOT, f"a{number}", pair) for number, pair in enumerate(pairs)]
    listed = 0
    twin = account(ROOT, "A7")
    taken = [*adopt_pulled(store, there.operators["o"], [*found, twin])]
    assert [one.stored for one in taken] == [True] * 20 + [False]
    assert isinstance(taken[-1].error, ExistsError)
    assert listed < 5


REVOKED, PARTNER = ALICE.public_key, KeyPair.generate(KeyType.ACCOUNT).public_key
REMOVED = KeyPair.generate(KeyType.ACCOUNT)


@pytest.mark.parametrize(
    ("here", "there", "lost"),
    [
        (Account(revocations={REVOKED: NOW}), Account(), REVOKED),
        (Account(revocations={REVOKED: NOW}), Account(revocations={REVOKED: NOW - 1}), REVOKED),
        (Account(revocations={"*": NOW}), Account(revocations={REVOKED: NOW}), "*"),
        (Account(revocations={REVOKED: NOW}), Account(revocations={"*": NOW}), ""),
        (Account(), Account(revocations={REVOKED: NOW}), ""),
        (
            Account(exports=[Export(subject="a", revocations={PARTNER: NOW}), Export(subject="b")]),
            Account(exports=[Export(subject="a"), Export(subject="c")]),
            PARTNER,
        ),
        (Account(exports=[Export(subject="a", revocations={PARTNER: NOW})]), Account(), ""),
        (Account(), Account(signing_keys=[REMOVED.public_key]), REMOVED.public_key),
        (Account(), Account(signing_keys=[PARTNER]), ""),
        (Account(signing_keys=[REMOVED.public_key]), Account(), ""),
    ],
)
def test_what_is_refused_here_is_not_taken_again(
    authority: Authority, here: Account, there: Account, lost: str
) -> None:
    store, operator = authority.store, operator_of(authority)
    store.add_seed(REMOVED.reveal_seed())
    old, new = (
        encode(AccountClaims(sub=OWNER.public_key, name="a", nats=body), ROOT, now=NOW + later)
        for later, body in enumerate((here, there))
    )
    store.write(old.encoded, "o", "a")
    for overwrite_newer in (False, True):
        [taken] = adopt_pulled(
            store, operator, [new], overwrite_newer=overwrite_newer, dry_run=True
        )
        assert taken.stored is (overwrite_newer or not lost)
        assert (str(taken.error) if taken.error else "") == (
            f"it would take again what it refuses here: {lost} (hint: have it replaced with "
            "--overwrite-newer, revoke or remove it again, and push it)"
            if lost and not overwrite_newer
            else ""
        )
    if lost:
        with pytest.raises(ConflictError, match="what it refuses here"):
            adopt_account(store, operator, new, overwrite=True)
        assert store.read("o", "a") == old.encoded
    adopt_account(store, operator, new, overwrite=not lost, overwrite_newer=bool(lost))
    assert store.read("o", "a") == new.encoded
