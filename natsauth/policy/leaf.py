"""Verdicts on leaf nodes: what the server that they connect to takes from them, and gives them.

A leaf node passes on what others publish and subscribe to behind it. The hub, the server that takes
the connection, holds all of it against the permissions of the one user that the leaf node connects
as, otherwise than for clients (nats-server 2.15.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from natsauth.errors import UsageError
from natsauth.policy._decide import subscription
from natsauth.policy._trie import covers, is_wild, takes
from natsauth.policy.decision import Decision, Reason, Verdict
from natsauth.policy.evaluator import Evaluator

if TYPE_CHECKING:
    from natsauth.policy._judge import Outcome
    from natsauth.policy._rules import RuleList

_ANSWERS, _ACK, _MQTT = "_R_.", "$JS.ACK.", "$MQTT."
_UNCHECKED = ("$LDS.", "$GR.", "_GR_.")
"""What servers subscribe to among themselves."""
_BARRED = (Reason.CONNECTION_REFUSED, Reason.UNSENDABLE)


class LeafEvaluator(Evaluator):
    """The permissions of a leaf node, compiled. Made by :func:`evaluate` and :func:`admit`.

    They are those of the user as for a client, but:

    - The hub closes the connection for what is denied.
    - A subject is published before mappings. ``_R_.…`` and ``$JS.ACK.…`` always are.
    - A wildcard may always be subscribed to, and what comes is filtered by ``sub.allow``, too.
    - Entries for queue groups do not count. A queue group gets what a subscriber without one does.
    - ``$MQTT.…`` needs no entry that allows it, and may be denied.
    """

    __slots__ = ()

    def publish(self, subject: str, *, reply: str | None = None) -> Decision:
        """Judge what comes from the leaf node. Leave to answer by ``resp`` is not judged.

        Raises:
            UsageError: An argument is not text.
        """
        decision = super().publish(subject, reply=reply)
        if decision.reason in _BARRED:
            return decision
        if subject.startswith(_ANSWERS) or (subject.startswith(_ACK) and subject != _ACK):
            return _with(decision, (Verdict.ALLOW, Reason.UNRESTRICTED, None))
        installed = self._installed
        return _with(decision, _by_lists(installed.pub_allow, installed.pub_deny, subject))

    def subscribe(self, subject: str, *, queue: str | None = None) -> Decision:
        """Judge what the leaf node subscribes to for those behind it.

        Raises:
            UsageError: An argument is not text.
        """
        decision = super().subscribe(subject, queue=queue)
        if decision.reason in _BARRED:
            return decision
        tokens = subject.split(".")
        outcome: Outcome = (Verdict.ALLOW, Reason.UNRESTRICTED, None)
        if not subject.startswith(_UNCHECKED):
            outcome = self._wild(subject) if is_wild(subject) else self._reaches(subject)
        if outcome[0] is not Verdict.DENY and ("" in tokens or ">" in tokens[:-1]):
            outcome = (Verdict.INVALID_SUBJECT, Reason.INVALID_SUBJECT, None)
        return _with(decision, outcome)

    def deliver(self, subject: str, *, to: str | Decision) -> Decision:
        """Judge whether a message goes to the leaf node.

        Args:
            subject: The subject of the message.
            to: The subscription: its subject, or what :meth:`subscribe` said.

        Raises:
            UsageError: An argument is of another type, or a decision about something else.
        """
        if isinstance(to, str):
            to = self.subscribe(to)
        decision = super().deliver(subject, to=subscription(self._installed, to))
        if decision.reason in (*_BARRED, Reason.SUBSCRIPTION_REFUSED):
            return decision
        verdict, reason, rule = self._reaches(subject)
        if reason is Reason.DENIED:
            reason = Reason.WITHHELD
        elif verdict is Verdict.ALLOW:
            reason = Reason.NOT_DENIED if takes(to.subject, subject) else Reason.JETSTREAM_ONLY
        return _with(decision, (verdict, reason, rule))

    def session(self) -> NoReturn:
        """Refuse: a session is one of a client.

        Raises:
            UsageError: Always.
        """
        raise UsageError(
            "leaf nodes have no session", hint="ask publish(), subscribe() and deliver()"
        )

    def _reaches(self, subject: str) -> Outcome:
        return _by_lists(self._installed.sub_allow, self._installed.sub_deny, subject)

    def _wild(self, subject: str) -> Outcome:
        allow, deny = self._installed.sub_allow, self._installed.sub_deny
        tokens = subject.split(".")
        rule = deny.overlap(tokens, None) if deny else None
        if rule:
            return Verdict.FILTERED, Reason.FILTERED, rule
        if allow is None or subject.startswith(_MQTT):
            return Verdict.ALLOW, Reason.UNRESTRICTED, None
        rule = next((rule for rule in allow.rules if covers(rule.text.split("."), tokens)), None)
        if rule:
            return Verdict.ALLOW, Reason.ALLOWED, rule
        return Verdict.FILTERED, Reason.PRUNED, None


def _by_lists(allow: RuleList | None, deny: RuleList | None, subject: str) -> Outcome:
    tokens, allowed = subject.split("."), None
    if allow is not None and not subject.startswith(_MQTT):
        allowed = allow.plain(tokens)
        if allowed is None:
            return Verdict.DENY, Reason.NOT_ALLOWED, None
    denied = deny.plain(tokens) if deny else None
    if denied:
        return Verdict.DENY, Reason.DENIED, denied
    return Verdict.ALLOW, Reason.ALLOWED if allowed else Reason.UNRESTRICTED, allowed


def _with(decision: Decision, outcome: Outcome) -> Decision:
    verdict, reason, rule = outcome
    return decision._replace(verdict=verdict, reason=reason, rule=rule)
