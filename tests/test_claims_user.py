"""User claims."""

from __future__ import annotations

from natsauth.claims import User, UserClaims
from natsauth.keys import KeyType
from natsauth.token import decode, encode
from tests._tokens import ACCOUNT, IAT, OTHER_ACCOUNT, USER
from tests._vectors import SPEC

GO = {row["name"]: row["token"] for row in SPEC["encode_v2"]}


def test_a_new_user_is_that_of_go() -> None:
    claims = UserClaims(sub=USER.public_key, name="U")
    assert encode(claims, ACCOUNT, now=IAT).encoded == GO["user min"]


def test_a_scoped_user_is_that_of_go() -> None:
    claims = UserClaims(sub=USER.public_key, nats=User(issuer_account=ACCOUNT.public_key))
    claims.nats.clear()
    assert encode(claims, OTHER_ACCOUNT, now=IAT).encoded == GO["user scoped"]
    claims.name, claims.nats.tags = USER.public_key, ["Foo", "foo"]
    assert encode(claims, OTHER_ACCOUNT, now=IAT).encoded == GO["IssueUserJWT"]


def test_the_account_is_the_issuer_or_the_one_it_signs_for() -> None:
    assert UserClaims(iss="A").account == "A"
    assert UserClaims(iss="A", nats=User(issuer_account="B")).account == "B"
    assert decode(GO["user scoped"], UserClaims).claims.account == ACCOUNT.public_key


def test_what_makes_a_user() -> None:
    assert (UserClaims.kind, UserClaims.subject_role) == ("user", KeyType.USER)
    assert UserClaims.issuers == {KeyType.ACCOUNT}
