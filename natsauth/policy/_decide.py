"""Decisions about the operations of a connection, whose state comes from the caller."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from natsauth.errors import UsageError
from natsauth.policy._judge import filtering, to_publish, to_subscribe, withheld
from natsauth.policy._trie import takes
from natsauth.policy.decision import Decision, Reason, Verdict

if TYPE_CHECKING:
    from natsauth.policy._installed import Installed
    from natsauth.policy._judge import Respond
    from natsauth.policy.decision import Operation

_SENDABLE = re.compile("[^\t\n\r \ud800-\udfff]+").fullmatch
"""Takes what the protocol can carry: a word without what separates words, and in UTF-8."""
_made = tuple.__new__
"""Makes a NamedTuple in half the time that its constructor takes."""
# A member of an enumeration costs Python 3.11 as much as a step through the trie.
_ALLOW, _DENY = Verdict.ALLOW, Verdict.DENY
_CUT: Final = (Verdict.FILTERED, Reason.FILTERED)
_INVALID: Final = (Verdict.INVALID_SUBJECT, Reason.INVALID_SUBJECT, None)


def publish(
    installed: Installed, subject: str, reply: str | None, respond: Respond | None = None
) -> Decision:
    """Judge a publish; ``respond`` says whether a subject answers a request."""
    barred = _barred(installed, "publish", subject, None, reply)
    if barred is not None:
        return barred
    if installed.mappings is None:
        verdict, reason, rule = to_publish(installed, subject, reply, respond)
        return _made(
            Decision,
            ("publish", subject, None, reply, subject, verdict, reason, rule, (), installed),
        )
    decisions = [
        Decision(
            "publish", subject, None, reply, target,
            *to_publish(installed, target, reply, respond), (), installed,
        )
        for target in installed.mappings.targets(subject)
    ]  # fmt: skip
    worst = min(decisions, key=bool)
    return worst if len(decisions) == 1 else worst._replace(destinations=tuple(decisions))


def subscribe(
    installed: Installed, subject: str, queue: str | None, *, filters: bool = False
) -> tuple[Decision, bool]:
    """Judge a subscription.

    Args:
        installed: The permissions.
        subject: The subject.
        queue: The queue group.
        filters: Whether the server filters already what it delivers.

    Returns:
        The decision, and whether the server filters from then on.
    """
    barred = _barred(installed, "subscribe", subject, queue, None)
    if barred is not None:
        return barred, filters
    tokens = subject.split(".")
    verdict, reason, rule = to_subscribe(installed, tokens, queue)
    # The queue _sys_ is refused last, when the filter has already been started.
    if verdict is _ALLOW or reason is Reason.SYSTEM_QUEUE:
        starts, cut = filtering(installed, subject, tokens, queue)
        filters = filters or starts
        if verdict is not _ALLOW:
            pass
        elif "" in tokens or (">" in subject and ">" in tokens[:-1]):
            verdict, reason, rule = _INVALID
        elif filters and cut is not None:
            (verdict, reason), rule = _CUT, cut
    decision = _made(
        Decision,
        ("subscribe", subject, queue, None, subject, verdict, reason, rule, (), installed),
    )
    return decision, filters


def deliver(
    installed: Installed, subject: str, to: Decision, reply: str | None = None, *, filters: bool
) -> Decision:
    """Judge a delivery; ``filters`` as for :func:`subscribe`."""
    barred = _barred(installed, "deliver", subject, None, reply)
    if barred is not None:
        return barred
    if to:
        rule = withheld(installed, subject, to.queue)
        if rule is None:
            is_taken = takes(to.subject, subject)
            verdict, reason = _ALLOW, Reason.NOT_DENIED if is_taken else Reason.JETSTREAM_ONLY
        elif filters:
            verdict, reason = _DENY, Reason.WITHHELD
        else:
            verdict, reason = _ALLOW, Reason.FILTER_OFF
    else:
        verdict, reason, rule = _DENY, Reason.SUBSCRIPTION_REFUSED, to.rule
    return Decision(
        "deliver", subject, to.queue, reply, subject, verdict, reason, rule, (), installed
    )


def subscription(installed: Installed, to: str | Decision) -> Decision:
    """Return the decision about a subscription that is given by its subject, or by that.

    Raises:
        UsageError: It is neither.
    """
    if not isinstance(to, Decision):
        return subscribe(installed, to, None)[0]
    if to.operation != "subscribe":
        raise UsageError(
            f"expected a decision about a subscription, got one about a {to.operation}",
            hint="give what subscribe() returned",
        )
    return to


def _barred(
    installed: Installed, operation: Operation, subject: str, queue: str | None, reply: str | None
) -> Decision | None:
    """Return the decision where no permission is asked at all, else ``None``."""
    try:
        sendable = (
            _SENDABLE(subject)
            and (queue is None or queue == "" or _SENDABLE(queue))
            and (reply is None or reply == "" or _SENDABLE(reply))
        )
    except TypeError:
        kinds = ", ".join(type(t).__name__ for t in (subject, queue, reply) if t is not None)
        raise UsageError(f"expected text for each subject and queue, got {kinds}") from None
    if installed.refused:
        verdict, reason = _DENY, Reason.CONNECTION_REFUSED
    elif sendable:
        return None
    else:
        verdict, reason = Verdict.INVALID_SUBJECT, Reason.UNSENDABLE
    return Decision(operation, subject, queue, reply, subject, verdict, reason, None, (), installed)
