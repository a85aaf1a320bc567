"""For applications that authenticate NATS identities themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.claims.account import AccountClaims
from natsauth.claims.base import clock
from natsauth.claims.operator import OperatorClaims
from natsauth.claims.user import UserClaims
from natsauth.token import Token, decode
from natsauth.trust.chain import chain_findings
from natsauth.trust.policies import Chain, check_policies, failures
from natsauth.trust.report import TrustCode, TrustFinding, make_report

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from natsauth.trust.policies import Policy


def verify_chain(
    user: Token[UserClaims] | str | bytes,
    account: Token[AccountClaims] | str | bytes,
    operator: Token[OperatorClaims] | str | bytes,
    *,
    policies: Collection[Policy] = (),
    now: datetime | float | None = None,
) -> UserClaims:
    """Verify that an operator stands behind a user, and return what the user's token says.

    Verified are the signatures of the three tokens, every rule of
    :func:`~natsauth.check_user`, and the policies. That somebody shows a token does not prove
    that it is theirs: have a nonce signed, and verify that with the subject's key.

    Args:
        user: The user's token, as somebody showed it.
        account: The token of the account, from where you trust it to be the current one.
        operator: The token of the operator that you trust.
        policies: What is demanded beyond the chain, all of it.
        now: The moment; the current one if not given.

    Raises:
        TrustError: The chain does not hold, or a policy is not met; every reason is named.
        TokenError, ClaimsError: A token is of another kind, or one that ``decode()`` refuses.
        UsageError: An argument has another type.
    """
    check_policies(policies, least=0)
    chain = Chain(
        decode(user, UserClaims).claims,
        decode(account, AccountClaims).claims,
        decode(operator, OperatorClaims).claims,
        clock(now),
    )
    make_report((*chain_findings(*chain), *_policy_findings(policies, chain))).raise_for_errors()
    return chain.user


def _policy_findings(policies: Collection[Policy], chain: Chain) -> Iterator[TrustFinding]:
    hint = "issue the user a token that meets the policy"
    for failure in failures(policies, chain):
        yield TrustFinding(TrustCode.POLICY, failure, hint)
