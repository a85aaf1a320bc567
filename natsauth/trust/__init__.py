"""Whether the chain operator → account → user holds, judged as nats-server 2.15.1 does.

:func:`~natsauth.decode` proves that a token is whole; here is judged what the tokens mean
together: who may sign whom, until when, and what was revoked::

    report = check_user(user, account, operator)
    if not report:
        print(report.findings[0].message)

Strictness follows the operator: under ``strict_signing_key_usage`` identity keys sign neither
accounts nor users. The operator token is the root and taken as it is; like a server, natsauth looks
neither at its expiry nor at who signed it. What lies in the claims of one token alone is for
:func:`natsauth.validate` to say, and what depends on the connection (proof of the key, address,
time of day, connection type, scope templates, limits) is for :func:`natsauth.policy.admit`.

:func:`verify_chain` is for applications that authenticate NATS identities themselves, with
policies of their own.
"""

from natsauth.trust.chain import check_account, check_user
from natsauth.trust.policies import (
    Chain,
    Policy,
    all_of,
    allowed_issuers,
    any_of,
    maximum_life,
    not_bearer,
    required_tags,
)
from natsauth.trust.report import TIME_CODES, TrustCode, TrustFinding, TrustReport
from natsauth.trust.rules import account_findings, trusted_keys
from natsauth.trust.verify import verify_chain

__all__ = [
    "TIME_CODES",
    "Chain",
    "Policy",
    "TrustCode",
    "TrustFinding",
    "TrustReport",
    "account_findings",
    "all_of",
    "allowed_issuers",
    "any_of",
    "check_account",
    "check_user",
    "maximum_life",
    "not_bearer",
    "required_tags",
    "trusted_keys",
    "verify_chain",
]
