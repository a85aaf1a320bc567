from __future__ import annotations

from natsauth.claims import UserScope
from natsauth.trust.rules import limits_of, scope_of, trusted_keys, user_findings
from tests._chains import OWNER, PLAIN, ROOT, ROOT_SIGNING, SCOPED, account, operator, user


def test_the_keys_that_are_trusted() -> None:
    both = {ROOT.public_key, ROOT_SIGNING.public_key}
    assert trusted_keys(operator().claims) == both
    assert trusted_keys(operator(strict=True).claims) == {ROOT_SIGNING.public_key}


def test_limits_are_those_of_the_scope_if_there_is_one() -> None:
    owner = account().claims
    plain, scoped = user(PLAIN, subs=5).claims, user(SCOPED, scoped=True).claims
    assert scope_of(plain, owner, strict=False) is None
    assert limits_of(plain, owner, strict=False) is plain.nats
    scope = scope_of(scoped, owner, strict=False)
    assert scope
    assert scope.key == SCOPED.public_key
    assert limits_of(scoped, owner, strict=False) is scope.template


def test_a_scope_of_the_identity_key_counts_under_strict_only() -> None:
    owner = account(signing_keys=[UserScope(key=OWNER.public_key)]).claims
    held = user(OWNER).claims
    assert scope_of(held, owner, strict=True)
    assert scope_of(held, owner, strict=False) is None
    assert [*user_findings(held, owner, strict=False)] == []
