"""The checks of nats-server on what a connection asks, in the server's order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from natsauth.policy._rules import RuleList
from natsauth.policy._trie import collide, covers
from natsauth.policy.decision import Reason, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from natsauth.policy._installed import Installed
    from natsauth.policy.decision import Rule

    Respond = Callable[[str], Reason | None]
    """Says of a subject whether it answers a request: ``RESPONSE``, why not, or ``None``."""
    Outcome = tuple[Verdict, Reason, Rule | None]

# A member of an enumeration costs Python 3.11 as much as a step through the trie.
_ALLOW, _DENY = Verdict.ALLOW, Verdict.DENY
_ALLOWED, _DENIED, _NOT_ALLOWED = Reason.ALLOWED, Reason.DENIED, Reason.NOT_ALLOWED
_UNRESTRICTED: Outcome = (_ALLOW, Reason.UNRESTRICTED, None)
_SYSTEM_SUBJECT: Outcome = (_DENY, Reason.SYSTEM_SUBJECT, None)
SYSTEM_QUEUE: Final = "_sys_"
_GATEWAY, _RAFT, _SERVICE, _ACK = ("_GR_.", "$GR."), "$NRG.", "_R_.", "$JS.ACK."
_OWN, _RESERVED = (*_GATEWAY, _RAFT), (*_GATEWAY, _ACK)


def to_publish(
    installed: Installed, subject: str, reply: str | None, respond: Respond | None
) -> Outcome:
    """Judge a publish.

    Args:
        installed: The permissions.
        subject: The subject, mapped.
        reply: The reply subject.
        respond: Whether it answers a request; nothing does, if not given.
    """
    is_special = subject.startswith(_OWN) and subject not in _GATEWAY
    if is_special and not subject.startswith(_RAFT):
        return _SYSTEM_SUBJECT
    outcome = by_lists(installed, subject)
    if outcome[0] is _DENY:
        answer = respond(subject) if respond is not None else None
        if answer is None:
            return outcome
        if answer is not Reason.RESPONSE:
            return _DENY, answer, outcome[2]
        outcome = (_ALLOW, answer, None)
    if is_special and not installed.system and installed.behaviour.guards_raft:
        return _SYSTEM_SUBJECT
    if reply and _is_reserved(reply):
        return _DENY, Reason.RESERVED_REPLY, None
    return outcome


def by_lists(installed: Installed, subject: str) -> Outcome:
    """Judge a publish by the lists alone."""
    tokens = subject.split(".")
    find = RuleList.plain_overlooking if installed.behaviour.star_hides else RuleList.plain
    allowed = None
    if installed.pub_allow is not None:
        allowed = find(installed.pub_allow, tokens)
        if allowed is None:
            return _DENY, _NOT_ALLOWED, None
    if installed.pub_deny is not None:
        denied = find(installed.pub_deny, tokens)
        if denied is not None:
            return _DENY, _DENIED, denied
    return _UNRESTRICTED if allowed is None else (_ALLOW, _ALLOWED, allowed)


def to_subscribe(installed: Installed, tokens: Sequence[str], queue: str | None) -> Outcome:
    """Judge a subscription by the lists.

    Args:
        installed: The permissions.
        tokens: The tokens of the subject.
        queue: The queue group.
    """
    allow, deny = installed.sub_allow, installed.sub_deny
    outcome = _UNRESTRICTED
    if allow is not None:
        rule = None if queue else allow.plain(tokens)
        outcome = _by_queue(allow, tokens, queue) if rule is None else (_ALLOW, _ALLOWED, rule)
        if outcome[0] is _DENY:
            return outcome
    if deny is not None:
        rule = _denied(installed, deny, tokens, queue) if queue else deny.plain(tokens)
        if rule is not None:
            return _DENY, _DENIED, rule
    if queue == SYSTEM_QUEUE:
        return _DENY, Reason.SYSTEM_QUEUE, None
    return outcome


def filtering(
    installed: Installed, subject: str, tokens: Sequence[str], queue: str | None
) -> tuple[bool, Rule | None]:
    """Judge what a permitted subscription does to the filter.

    Returns:
        Whether the server filters from then on what it delivers, and the first entry that would
        withhold some of what the subscription asks for.
    """
    denied = installed.sub_deny
    if denied is None:
        return False, None
    is_wild = ("*" in subject or ">" in subject) and ("*" in tokens or ">" in tokens)
    if not is_wild and not queue:
        return False, None
    if installed.behaviour.filters_queues:
        rule = denied.overlap(tokens, queue)
        return rule is not None or denied.may_overlap(subject, tokens), rule
    if not is_wild:
        return False, None
    # These versions compare with the entries as written, queue and all.
    entries = denied.written.entries
    if installed.behaviour.plain_deny_first:
        starts = any(collide(entry, subject) for entry in entries)
    else:
        starts = any(covers(tokens, entry.split(".")) for entry in entries)
    return starts, denied.overlap(tokens, None)


def withheld(installed: Installed, subject: str, queue: str | None) -> Rule | None:
    """Return the first entry for which the filter withholds a message from a subscription."""
    if installed.sub_deny is None:
        return None
    tokens = subject.split(".")
    if installed.behaviour.filters_queues:
        return installed.sub_deny.first(tokens, queue)
    if installed.behaviour.star_hides:
        return installed.sub_deny.plain_overlooking(tokens)
    return installed.sub_deny.plain(tokens)


def _by_queue(rules: RuleList, tokens: Sequence[str], queue: str | None) -> Outcome:
    """Judge a subscription for a queue group, or one that no entry without queue allows."""
    other = rules.queued(tokens)
    if other is None:
        plain = rules.plain(tokens) if queue else None
        return (_DENY, _NOT_ALLOWED, None) if plain is None else (_ALLOW, _ALLOWED, plain)
    if not queue:
        return _DENY, Reason.QUEUE_ONLY, other
    # Beside entries with a queue, those without one have nothing to say about queue groups.
    own = rules.of_queue(tokens, queue)
    if own is None:
        return _DENY, Reason.QUEUE_NOT_ALLOWED, other
    return _ALLOW, _ALLOWED, own


def _denied(
    installed: Installed, rules: RuleList, tokens: Sequence[str], queue: str
) -> Rule | None:
    if not installed.behaviour.plain_deny_first and rules.queued(tokens) is not None:
        return rules.of_queue(tokens, queue)
    return rules.first(tokens, queue)


def _is_reserved(reply: str) -> bool:
    return reply.startswith(_SERVICE) or (reply.startswith(_RESERVED) and reply not in _RESERVED)
