"""Activations."""

from __future__ import annotations

from typing import Any

from natsauth.claims import Activation, ActivationClaims
from natsauth.validation import IssueCode, validate
from tests._tokens import ACCOUNT, IAT, USER
from tests._validation import errors, issues


def _activation(**body: Any) -> ActivationClaims:
    return ActivationClaims(sub=ACCOUNT.public_key, nats=Activation(**body))


def test_a_good_one() -> None:
    assert issues(_activation(subject="a.*", kind="service")) == ()
    claims = _activation(subject="a", kind="stream", issuer_account=ACCOUNT.public_key)
    assert issues(claims) == ()


def test_a_bad_one() -> None:
    claims = _activation(subject="a b", issuer_account=USER.public_key)
    assert errors(claims) == [
        (IssueCode.ACTIVATION_TYPE, "$.nats.kind"),
        (IssueCode.SUBJECT_SPACE, "$.nats.subject"),
        (IssueCode.ISSUER_ACCOUNT, "$.nats.issuer_account"),
    ]


def test_an_empty_one() -> None:
    assert errors(ActivationClaims()) == [
        (IssueCode.ACTIVATION_TYPE, "$.nats.kind"),
        (IssueCode.SUBJECT_EMPTY, "$.nats.subject"),
    ]


def test_times_come_first() -> None:
    claims = ActivationClaims(exp=IAT - 1)
    assert validate(claims, now=IAT).reason is IssueCode.EXPIRED
