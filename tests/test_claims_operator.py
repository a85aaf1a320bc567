"""Operator claims."""

from __future__ import annotations

from natsauth.claims import Operator, OperatorClaims
from natsauth.keys import KeyType
from natsauth.token import encode
from tests._tokens import IAT, OPERATOR
from tests._vectors import SPEC


def test_a_new_operator_is_that_of_go() -> None:
    token = next(row["token"] for row in SPEC["encode_v2"] if row["name"] == "operator min")
    claims = OperatorClaims(sub=OPERATOR.public_key, name="O")
    assert encode(claims, OPERATOR, now=IAT).encoded == token


def test_signing_keys_are_added_once_and_removed() -> None:
    operator = Operator()
    operator.add_signing_key("O1", "O2", "O1", "")
    operator.add_signing_key("O2", "O3")
    assert operator.signing_keys == ["O1", "O2", "O3"]
    operator.remove_signing_key("O2", "nowhere")
    assert operator.signing_keys == ["O1", "O3"]
    operator.remove_signing_key("O1", "O3")
    operator.remove_signing_key("O1")
    assert operator.signing_keys is None


def test_what_makes_an_operator() -> None:
    assert (OperatorClaims.kind, OperatorClaims.subject_role) == ("operator", KeyType.OPERATOR)
    assert OperatorClaims.issuers == {KeyType.OPERATOR}
