"""Which of the limits of user, scope and account hold."""

from __future__ import annotations

import pytest

from natsauth import AccountClaims, User, UserClaims, UserPermissionLimits, UserScope
from natsauth.policy._limits import Limits, limits_for
from tests._policy import ACCOUNT, SIGNER, scoped


def account(subs: int, payload: int) -> AccountClaims:
    claims = AccountClaims(sub=ACCOUNT)
    claims.nats.limits.subs, claims.nats.limits.payload = subs, payload
    return claims


@pytest.mark.parametrize(
    ("own", "theirs", "lower"),
    [(-1, -1, -1), (3, -1, 3), (-1, 3, 3), (3, 4, 3), (4, 3, 3), (0, 3, 0), (-2, 5, -2)],
)
def test_the_lower_of_two_limits_holds(own: int, theirs: int, lower: int) -> None:
    user = UserClaims(nats=User(subs=own, payload=own))
    assert limits_for(user, account(theirs, -1)) == (lower, own)
    assert limits_for(user, account(-1, theirs)) == (own, lower)
    assert limits_for(user, None) == (own, own)


def test_a_scope_gives_the_limits_of_its_users() -> None:
    user, owner = scoped(UserPermissionLimits(subs=2, payload=3))
    [_, scope] = owner.nats.signing_keys
    assert isinstance(scope, UserScope)
    assert limits_for(user, owner, scope) == Limits(2, 3)
    owner.nats.limits.subs = 1
    assert limits_for(user, owner, scope) == Limits(1, 3)


@pytest.mark.parametrize("issuer_account", ["", SIGNER])
def test_a_scope_has_no_say_for_users_that_name_no_other_account(issuer_account: str) -> None:
    user, owner = scoped(UserPermissionLimits(subs=2, payload=3))
    [_, scope] = owner.nats.signing_keys
    assert isinstance(scope, UserScope)
    user.nats.issuer_account = issuer_account
    assert limits_for(user, owner, scope) == Limits(0, 0)
