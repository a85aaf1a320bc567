from __future__ import annotations

import pytest

from natsauth.authority._draft import Draft, keys_of
from natsauth.claims import Account, AccountClaims, UserClaims, UserScope
from natsauth.errors import ClaimsError
from natsauth.token import Token, decode, encode
from tests._tokens import ACCOUNT, OPERATOR, OTHER_ACCOUNT, USER

PATH = ("op", "app")


def token() -> Token[AccountClaims]:
    return encode(AccountClaims(sub=ACCOUNT.public_key, name="app"), OPERATOR, now=1000)


def stored() -> Draft[AccountClaims]:
    return Draft(PATH, decode(token(), AccountClaims).claims, token())


def test_a_new_draft_is_to_be_signed() -> None:
    draft = Draft(PATH, AccountClaims(sub=ACCOUNT.public_key))
    assert (draft.is_new, draft.is_edited, draft.is_pending) == (True, True, True)
    assert draft.stored is None


def test_what_was_read_is_signed_again_only_if_it_differs() -> None:
    draft = stored()
    assert not draft.is_pending
    draft.claims.nats.tags = ["a"]
    assert draft.is_edited
    draft.claims.nats.tags = None
    assert not draft.is_pending


def test_it_is_signed_again_where_that_was_asked_for() -> None:
    reissued, renamed = stored(), stored()
    reissued.resign, renamed.new_name = True, "other"
    assert reissued.is_edited
    assert renamed.is_edited


def test_a_deleted_draft_is_not_signed() -> None:
    draft = stored()
    draft.claims.nats.tags = ["a"]
    draft.deleted = True
    assert not draft.is_edited
    assert draft.is_pending


def test_a_draft_that_cannot_be_written_says_so() -> None:
    draft = stored()
    draft.claims.nats.tags = 5  # type: ignore[assignment]
    with pytest.raises(ClaimsError, match=r"\$\.nats\.tags"):
        _ = draft.is_pending


def test_what_was_stored_is_where_it_goes_on_from() -> None:
    draft = stored()
    draft.claims.nats.tags = ["a"]
    draft.signer, draft.resign, draft.new_name = OPERATOR, True, "other"
    new = encode(draft.claims, OPERATOR, now=2000)
    draft.settle(new)
    assert not draft.is_pending
    assert draft.signer is None
    assert draft.claims == new.claims


def test_the_stored_claims_are_out_of_reach_of_edits() -> None:
    draft = stored()
    assert draft.stored
    draft.stored.iat = 5
    assert draft.token
    draft.token.claims.iat = 5
    assert draft.stored.iat == 1000


def test_keys_are_those_of_the_identity_and_of_all_signing_keys() -> None:
    scope = UserScope(key=OTHER_ACCOUNT.public_key)
    claims = AccountClaims(sub=ACCOUNT.public_key, nats=Account(signing_keys=["A", scope]))
    assert keys_of(claims) == [ACCOUNT.public_key, "A", OTHER_ACCOUNT.public_key]
    assert keys_of(UserClaims(sub=USER.public_key)) == [USER.public_key]
