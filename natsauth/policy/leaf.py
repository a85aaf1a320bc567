"""Verdicts on leaf nodes: what the server that they connect to takes from them, and gives them.

A leaf node passes on what others publish and subscribe to behind it. The hub, the server that takes
the connection, holds all of it against the permissions of the one user that the leaf node connects
as, otherwise than for clients (nats-server 2.15.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from natsauth.errors import UsageError
from natsauth.policy._decide import subscription
from natsauth.policy._trie import collide, covers, is_wild, takes
from natsauth.policy.decision import Decision, Origin, Reason, Verdict
from natsauth.policy.evaluator import Evaluator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from natsauth.policy._judge import Outcome
    from natsauth.policy._rules import RuleList
    from natsauth.policy.decision import Rule

    Find = Callable[[RuleList, str], Rule | None]

_ANSWERS, _ACK, _MQTT, _GATEWAY = "_R_.", "$JS.ACK.", "$MQTT.", "_GR_."
_ROUTED = len("_GR_.cccccc.ssssss.")
"""The bytes that gateways put before a subject: themselves, a cluster and a server."""
_UNCHECKED = ("$LDS.", "$GR.", _GATEWAY)
"""What servers subscribe to among themselves."""
_BARRED = (Reason.CONNECTION_REFUSED, Reason.UNSENDABLE)


class LeafEvaluator(Evaluator):
    """The permissions of a leaf node, compiled. Made by :func:`evaluate` and :func:`admit`.

    They are those of the user as for a client, but:

    - The hub closes the connection for what is denied.
    - A subject is published before mappings. ``_R_.…`` and ``$JS.ACK.…`` always are.
    - In ``pub``, a ``>`` that is not last is an ordinary token, and subjects with empty tokens are
      judged as all others.
    - A wildcard may always be subscribed to, and what comes is filtered by ``sub.allow``, too. So
      is what comes for ``$LDS.…``, ``$GR.…`` and ``_GR_.…``, which are always accepted.
    - The hub adds ``$JS.API.>``, ``$KV.>`` and ``$OBJ.>`` to ``sub.deny``, and for the system
      account ``$JSC.>`` and ``$NRG.>``. They may be published.
    - Entries for queue groups allow nothing, and deny no subscription; those of ``sub.deny`` filter
      what the groups get. But the hub stops at the first pattern that takes a subject, where ``>``
      comes before ``*``, and ``*`` before a literal that is not last. If only entries for queue
      groups have that pattern, the list takes nothing: ``sub.deny`` of ``a`` and ``> q`` lets
      ``a`` be subscribed to, and withholds what comes.
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
        subject = _unrouted(subject)
        if subject.startswith(_ANSWERS) or (subject.startswith(_ACK) and subject != _ACK):
            return _with(decision, (Verdict.ALLOW, Reason.UNRESTRICTED, None))
        installed = self._installed
        return _with(decision, _by_lists(installed.pub_allow, installed.pub_deny, subject, _listed))

    def subscribe(self, subject: str, *, queue: str | None = None) -> Decision:
        """Judge what the leaf node subscribes to for those behind it.

        Raises:
            UsageError: An argument is not text.
        """
        decision = super().subscribe(subject, queue=queue)
        if decision.reason in _BARRED:
            return decision
        judge = self._wild if is_wild(subject) else self._literal
        outcome, tokens = judge(subject, queue), subject.split(".")
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
        verdict, reason, rule = self._reaches(subject, to.queue)
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

    def _interest(self, subject: str) -> Outcome:
        return _by_lists(self._installed.sub_allow, self._installed.sub_deny, subject, _found)

    def _reaches(self, subject: str, queue: str | None) -> Outcome:
        """Judge a message.

        The hub compares it with entries twice: as what goes to a leaf node, and, from the first
        wildcard on that anybody subscribes to, as what goes to a client.
        """
        outcome, deny = self._interest(_unrouted(subject)), self._installed.sub_deny
        rule = deny.first(subject.split("."), queue) if deny else None
        if rule and outcome[0] is not Verdict.DENY:
            return Verdict.DENY, Reason.DENIED, rule
        return outcome

    def _literal(self, subject: str, queue: str | None) -> Outcome:
        if not subject.startswith(_UNCHECKED):
            outcome = self._interest(subject)
            if outcome[0] is Verdict.DENY:
                return outcome
        verdict, reason, rule = self._reaches(subject, queue)
        if verdict is Verdict.DENY:
            return Verdict.FILTERED, Reason.FILTERED if rule else Reason.PRUNED, rule
        return verdict, reason, rule

    def _wild(self, subject: str, queue: str | None) -> Outcome:
        allow, deny = self._installed.sub_allow, self._installed.sub_deny
        tokens = subject.split(".")
        denied = deny.overlap(tokens, queue) if deny else None
        if denied and denied.origin is not Origin.SERVER:
            return Verdict.FILTERED, Reason.FILTERED, denied
        allowed = None
        if allow is not None and not subject.startswith(_MQTT):
            allowed = _covering(allow, subject, tokens)
            if allowed is None:
                return Verdict.FILTERED, Reason.PRUNED, None
        if denied:
            return Verdict.FILTERED, Reason.FILTERED, denied
        return Verdict.ALLOW, Reason.ALLOWED if allowed else Reason.UNRESTRICTED, allowed


def _by_lists(allow: RuleList | None, deny: RuleList | None, subject: str, find: Find) -> Outcome:
    allowed = None
    if allow is not None and not subject.startswith(_MQTT):
        allowed = find(allow, subject)
        if allowed is None:
            return Verdict.DENY, Reason.NOT_ALLOWED, None
    denied = find(deny, subject) if deny else None
    if denied:
        return Verdict.DENY, Reason.DENIED, denied
    return Verdict.ALLOW, Reason.ALLOWED if allowed else Reason.UNRESTRICTED, allowed


def _listed(rules: RuleList, subject: str) -> Rule | None:
    """Return the first entry, even one that clients' servers ignore, that takes a publish."""
    tokens = subject.split(".")
    if "" not in tokens and not rules.ignored:
        return rules.plain(tokens)
    every = (*rules.rules, *rules.ignored)
    return next((rule for rule in every if _takes_text(rule.text.split("."), tokens)), None)


def _takes_text(pattern: Sequence[str], tokens: Sequence[str]) -> bool:
    """Tell whether an entry of ``pub`` takes a subject, of which tokens may be empty.

    A final ``*`` or ``>`` needs a character, and a ``*`` before does not.
    """
    *most, last = pattern
    if len(tokens) < len(pattern):
        return False
    if any(want not in ("*", have) for want, have in zip(most, tokens, strict=False)):
        return False
    rest = ".".join(tokens[len(most) :])
    if last in ("*", ">"):
        return rest != "" and (last == ">" or "." not in rest)
    return rest == last


def _found(rules: RuleList, subject: str) -> Rule | None:
    """Return the entry without queue at which the hub stops, if any."""
    tokens = subject.split(".")
    plain = rules.plain(tokens)
    if plain is None or rules.queued(tokens) is None:
        return plain
    patterns = {_pattern(rule) for rule in rules.rules}
    first = min((text for text in patterns if takes(text, subject)), key=_order)
    return next((rule for rule in rules.rules if rule.text == first), None)


def _covering(rules: RuleList, subject: str, tokens: Sequence[str]) -> Rule | None:
    """Return the first entry without queue that takes all that a wildcard does."""
    plain = [rule for rule in rules.rules if _pattern(rule) == rule.text]
    queued = (_pattern(rule) for rule in rules.rules if _pattern(rule) != rule.text)
    before = min((_order(text) for text in queued if collide(text, subject)), default=None)
    for rule in plain:
        is_hidden = before is not None and before < _order(rule.text)
        if covers(rule.text.split("."), tokens) and not is_hidden:
            return rule
    return None


def _pattern(rule: Rule) -> str:
    return rule.text.partition(" ")[0]


def _order(pattern: str) -> list[int]:
    """Return what sorts patterns that take the same subject as the hub tries them."""
    *most, last = pattern.split(".")
    return [*({"*": 1}.get(token, 2) for token in most), {">": 0, "*": 2}.get(last, 1)]


def _unrouted(subject: str) -> str:
    """Return a subject without what gateways put before it."""
    data = subject.encode()
    if not subject.startswith(_GATEWAY) or len(data) <= _ROUTED:
        return subject
    return data[_ROUTED:].decode(errors="replace")


def _with(decision: Decision, outcome: Outcome) -> Decision:
    verdict, reason, rule = outcome
    return decision._replace(verdict=verdict, reason=reason, rule=rule)
