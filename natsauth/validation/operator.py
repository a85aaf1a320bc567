"""Rules of operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth._values import (
    account_server_url_problem,
    operator_service_url_problem,
    server_version_problem,
)
from natsauth.keys import KeyType
from natsauth.validation.common import check_times
from natsauth.validation.report import IssueCode

if TYPE_CHECKING:
    from natsauth.claims import OperatorClaims
    from natsauth.validation.collector import Collector

_NATS = "$.nats"


def check_operator(issues: Collector, claims: OperatorClaims, now: int) -> None:
    """Check operator claims."""
    operator = claims.nats
    check_times(issues, claims, now)
    if problem := account_server_url_problem(operator.account_server_url):
        issues.error(IssueCode.ACCOUNT_SERVER_URL, f"{_NATS}.account_server_url", problem)
    for index, url in enumerate(operator.operator_service_urls or ()):
        if problem := operator_service_url_problem(url):
            at = f"{_NATS}.operator_service_urls[{index}]"
            issues.error(IssueCode.OPERATOR_SERVICE_URL, at, problem)
    for index, key in enumerate(operator.signing_keys or ()):
        at = f"{_NATS}.signing_keys[{index}]"
        issues.key(IssueCode.SIGNING_KEY, at, key, KeyType.OPERATOR)
    at = f"{_NATS}.system_account"
    issues.optional_key(IssueCode.SYSTEM_ACCOUNT, at, operator.system_account, KeyType.ACCOUNT)
    if problem := server_version_problem(operator.assert_server_version):
        issues.error(IssueCode.SERVER_VERSION, f"{_NATS}.assert_server_version", problem)
