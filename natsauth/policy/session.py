"""One connection over time: its subscriptions, the filter they started, the requests it got."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from natsauth.claims.base import NO_LIMIT
from natsauth.errors import UsageError
from natsauth.policy import _decide
from natsauth.policy._judge import by_lists
from natsauth.policy._trie import takes
from natsauth.policy.decision import Decision, Reason, Verdict

if TYPE_CHECKING:
    from natsauth.policy._installed import Installed

_NANOSECONDS = 1e9
_ETERNITY = 1e18
"""No moment is as far away, in seconds."""


class _Slot:
    """Leave to answer one request.

    Attributes:
        opened: When the request came, in seconds.
        used: How often it was used.
    """

    __slots__ = ("opened", "used")

    def __init__(self, opened: float) -> None:
        self.opened = opened
        self.used = 0


class Delivery(NamedTuple):
    """A message on its way to a subscription.

    Attributes:
        to: The decision about the subscription.
        decision: Whether the message reaches it.
    """

    to: Decision
    decision: Decision

    def __bool__(self) -> bool:
        """Tell whether it does."""
        return bool(self.decision)


class Session:
    """A connection that remembers. Made by :meth:`Evaluator.session`.

    What it remembers is what makes later verdicts differ: its subscriptions, whether one of them
    made the server filter what it delivers, and the requests that ``resp`` lets it answer.

    What it publishes does not come back to it by itself, as with ``echo`` off; give it to
    :meth:`incoming`, too, for a client with ``echo`` on.

    Moments are seconds of any clock. Without one, an operation happens when the one before did.
    """

    __slots__ = ("_filters", "_installed", "_now", "_slots", "_subscriptions")

    def __init__(self, installed: Installed) -> None:
        self._installed = installed
        self._filters = False
        self._now = 0.0
        self._slots: dict[str, _Slot] = {}
        self._subscriptions: list[Decision] = []

    def subscribe(
        self, subject: str, *, queue: str | None = None, at: float | None = None
    ) -> Decision:
        """Subscribe, if that is accepted; see :meth:`Evaluator.subscribe`.

        The limit of ``subs`` counts what is open: of the user, or its scope, and the account.

        Raises:
            UsageError: An argument has another type.
        """
        self._advance(at)
        decision, self._filters = _decide.subscribe(
            self._installed, subject, queue, filters=self._filters
        )
        if decision or decision.reason is Reason.INVALID_SUBJECT:
            limit = self._installed.limits.subs
            if limit != NO_LIMIT and len(self._subscriptions) >= limit:
                return _over(decision, Reason.SUBSCRIPTION_LIMIT)
        if decision:
            self._subscriptions.append(decision)
        return decision

    def unsubscribe(self, subject: str, *, queue: str | None = None) -> bool:
        """End one such subscription. The server goes on filtering, and requests stay open.

        Returns:
            Whether there was one.
        """
        asked = (subject, queue or None)
        for index, present in enumerate(self._subscriptions):
            if (present.subject, present.queue or None) == asked:
                del self._subscriptions[index]
                return True
        return False

    def publish(
        self,
        subject: str,
        *,
        reply: str | None = None,
        size: int = 0,
        at: float | None = None,
    ) -> Decision:
        """Publish; see :meth:`Evaluator.publish`. An answer to a request uses up its leave.

        Args:
            subject: The subject.
            reply: Where answers are to go.
            size: The bytes of the message, headers and payload. If they are more than ``payload``
                of the user, or its scope, and the account, the server closes the connection.
            at: The moment.

        Raises:
            UsageError: An argument has another type, or the size is negative.
        """
        self._advance(at)
        if type(size) is not int or size < 0:
            raise UsageError(f"expected a number of bytes, got {size!r:.80}")
        limit = self._installed.limits.payload
        if limit == NO_LIMIT or size <= limit:
            return _decide.publish(self._installed, subject, reply, self._respond)
        decision = _decide.publish(self._installed, subject, reply)
        if decision.reason in (Reason.CONNECTION_REFUSED, Reason.UNSENDABLE):
            return decision
        return _over(decision, Reason.PAYLOAD_LIMIT)

    def incoming(
        self, subject: str, *, reply: str | None = None, at: float | None = None
    ) -> tuple[Delivery, ...]:
        """Let a message come in that somebody else published, and return where it goes.

        Of several subscriptions in a queue group one gets it; other connections are not there to
        take it. With a reply subject, each delivery opens the leave to answer, or uses it.

        Args:
            subject: The subject, after the mappings of the account.
            reply: Where answers are to go.
            at: The moment.

        Returns:
            A delivery for each subscription, true if it reaches that.

        Raises:
            UsageError: An argument has another type.
        """
        self._advance(at)
        served: set[str] = set()
        deliveries = []
        for subscription in self._subscriptions:
            queue = subscription.queue
            if (queue and queue in served) or not takes(subscription.subject, subject):
                continue
            if queue:
                served.add(queue)
            decision = self.deliver(subject, to=subscription, reply=reply)
            deliveries.append(Delivery(subscription, decision))
        return tuple(deliveries)

    def deliver(
        self,
        subject: str,
        *,
        to: str | Decision,
        reply: str | None = None,
        at: float | None = None,
    ) -> Decision:
        """Deliver one message to a subscription, whatever its subject; as JetStream does.

        Args:
            subject: The subject of the message as the client sees it.
            to: The subscription: its subject, or what :meth:`subscribe` said.
            reply: Where answers are to go.
            at: The moment.

        Raises:
            UsageError: An argument has another type.
        """
        self._advance(at)
        given = _decide.subscription(self._installed, to)
        decision = _decide.deliver(self._installed, subject, given, reply, filters=self._filters)
        if decision and reply and self._installed.resp is not None:
            verdict, _, _ = by_lists(self._installed, reply)
            # Leave that is open is not renewed: the delivery itself uses it.
            if verdict is Verdict.DENY and self._respond(reply) is not Reason.RESPONSE:
                self._slots[reply] = _Slot(self._now)
        return decision

    def _respond(self, subject: str) -> Reason | None:
        """Use leave to answer to a subject, and close it where it is at its end."""
        resp = self._installed.resp
        slot = self._slots.get(subject)
        if resp is None or slot is None:
            return None
        slot.used += 1
        if 0 < resp.max < slot.used:
            reason = Reason.RESPONSE_USED_UP
        elif 0 < resp.ttl < (self._now - slot.opened) * _NANOSECONDS:
            reason = Reason.RESPONSE_EXPIRED
        else:
            return Reason.RESPONSE
        del self._slots[subject]
        return reason

    def _advance(self, at: object) -> None:
        if at is None:
            return
        if isinstance(at, bool) or not isinstance(at, int | float) or not abs(at) < _ETERNITY:
            raise UsageError(f"expected a moment in seconds, got {at!r:.80}")
        self._now = at


def _over(decision: Decision, reason: Reason) -> Decision:
    """Return a decision as it is beyond a limit, whatever the lists say."""
    return decision._replace(
        verdict=Verdict.DENY, reason=reason, rule=None, checked=decision.subject, destinations=()
    )
