"""Verdicts without a server: what nats-server would say, and why.

::

    decision = evaluate(creds, account).subscribe("orders.>")
    if not decision:
        print(decision.explain())

:func:`evaluate` judges what a connected user may publish, subscribe to and get delivered,
:func:`admit` whether the user may connect at all, and :func:`lint` what in claims is likely not
meant. The facts are those of nats-server 2.15.1, found by asking it.
"""

from natsauth.policy._lint_report import LintCode, LintFinding, LintReport, Severity
from natsauth.policy.admission import Admission, Check, CheckCode, CheckStatus, Closing
from natsauth.policy.connection import Connection, admit
from natsauth.policy.decision import Decision, Origin, Reason, Rule, Verdict
from natsauth.policy.evaluator import Allowed, Evaluator, evaluate
from natsauth.policy.leaf import LeafEvaluator
from natsauth.policy.lint import lint
from natsauth.policy.session import Delivery, Session

__all__ = [
    "Admission",
    "Allowed",
    "Check",
    "CheckCode",
    "CheckStatus",
    "Closing",
    "Connection",
    "Decision",
    "Delivery",
    "Evaluator",
    "LeafEvaluator",
    "LintCode",
    "LintFinding",
    "LintReport",
    "Origin",
    "Reason",
    "Rule",
    "Session",
    "Severity",
    "Verdict",
    "admit",
    "evaluate",
    "lint",
]
