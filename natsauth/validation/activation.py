"""Rules of activations: leave to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.keys import KeyType
from natsauth.validation.common import check_times
from natsauth.validation.report import IssueCode

if TYPE_CHECKING:
    from natsauth.claims import Activation, ActivationClaims
    from natsauth.validation.collector import Collector


def check_activation(issues: Collector, claims: ActivationClaims, now: int) -> None:
    """Check activation claims."""
    check_times(issues, claims, now)
    check_activation_body(issues, "$.nats", claims.nats)


def check_activation_body(issues: Collector, path: str, activation: Activation) -> None:
    """Check what an activation says beside its time."""
    if not activation.kind:
        issues.error(IssueCode.ACTIVATION_TYPE, f"{path}.kind", "neither a stream nor a service")
    issues.subject(f"{path}.subject", activation.subject)
    at = f"{path}.issuer_account"
    issues.optional_key(IssueCode.ISSUER_ACCOUNT, at, activation.issuer_account, KeyType.ACCOUNT)
