"""Activation claims and the identity of what they grant."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth.claims import Activation, ActivationClaims, parse_claims
from natsauth.errors import ClaimsError
from natsauth.keys import KeyType
from natsauth.token import decode, encode
from tests._tokens import ACCOUNT, IAT, OTHER_ACCOUNT
from tests._vectors import SPEC


@pytest.mark.parametrize("row", SPEC["activation_hash"], ids=lambda row: row["import_subject"])
def test_the_identity_is_that_of_go(row: dict[str, Any]) -> None:
    grant = Activation(subject=row["import_subject"])
    claims = ActivationClaims(iss=row["issuer"], sub=row["subject"], nats=grant)
    assert claims.hash_id() == row["hash"]


def test_the_identity_needs_all_three() -> None:
    with pytest.raises(ClaimsError) as caught:
        ActivationClaims().hash_id()
    assert [problem.path for problem in caught.value.problems] == [
        "$.iss",
        "$.sub",
        "$.nats.subject",
    ]
    with pytest.raises(ClaimsError, match=r"^\$\.nats\.subject: is empty$"):
        ActivationClaims(iss="I", sub="S").hash_id()


def test_the_identity_of_odd_text_is_no_error() -> None:
    claims = ActivationClaims(iss="I", sub="S", nats=Activation(subject="\ud800"))
    assert len(claims.hash_id()) == 56


def test_an_activation_is_that_of_go() -> None:
    row = next(row for row in SPEC["encode_v2"] if row["name"] == "activation")
    claims = ActivationClaims(sub=ACCOUNT.public_key, name="act")
    claims.nats = Activation(subject="foo.*", kind="service")
    token = encode(claims, OTHER_ACCOUNT, now=IAT)
    assert token.encoded == row["token"]
    assert decode(row["token"], ActivationClaims).claims.hash_id() == token.claims.hash_id()


def test_the_kind_of_what_is_granted_is_one_of_two_words() -> None:
    for wrong in ("Service", None, "", 1):
        with pytest.raises(ClaimsError, match=r"^\$\.nats\.kind: expected 'stream' or 'service'"):
            parse_claims({"nats": {"kind": wrong}}, "activation")
    claims = parse_claims("{}", "activation")
    assert isinstance(claims, ActivationClaims)
    assert claims.nats == Activation(type="", version=0)


def test_what_makes_an_activation() -> None:
    assert (ActivationClaims.kind, ActivationClaims.subject_role) == ("activation", KeyType.ACCOUNT)
    assert ActivationClaims.issuers == {KeyType.ACCOUNT, KeyType.OPERATOR}
