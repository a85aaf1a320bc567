"""What a server says to one operation of a connected user, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from natsauth.policy._installed import Installed

Operation = Literal["publish", "subscribe", "deliver"]


class Verdict(StrEnum):
    """What a server does with an operation."""

    ALLOW = "allow"
    DENY = "deny"
    """Refused with a permissions violation, or not delivered; the connection stays open."""
    FILTERED = "filtered"
    """Subscribed, but some of what was asked for is withheld."""
    INVALID_SUBJECT = "invalid_subject"
    """Permitted, but no subject that can be subscribed to or sent."""


class Reason(StrEnum):
    """The stable name of each reason for a verdict."""

    UNRESTRICTED = "unrestricted"
    """No list says what is allowed, and none denies it."""
    ALLOWED = "allowed"
    """An entry of the allow list matches."""
    RESPONSE = "response"
    """It answers a request, for which ``resp`` gives leave."""
    NOT_DENIED = "not_denied"
    """No entry of the deny list matches what is delivered."""
    JETSTREAM_ONLY = "jetstream_only"
    """The same, but the subscription does not take the subject: only JetStream delivers it."""
    FILTER_OFF = "filter_off"
    """An entry of the deny list matches, but no open subscription made the server filter."""
    DENIED = "denied"
    """An entry of the deny list matches."""
    NOT_ALLOWED = "not_allowed"
    """No entry of the allow list matches."""
    QUEUE_ONLY = "queue_only"
    """The entries of the allow list that match are for queue groups only."""
    QUEUE_NOT_ALLOWED = "queue_not_allowed"
    """The entries of the allow list for queue groups are for others."""
    SYSTEM_QUEUE = "system_queue"
    """The queue group ``_sys_`` is the server's own."""
    SYSTEM_SUBJECT = "system_subject"
    """Subjects that start with ``_GR_.``, ``$GR.`` or ``$NRG.`` are the server's own."""
    RESERVED_REPLY = "reserved_reply"
    """Replies do not go to what starts with ``_R_.``, ``$JS.ACK.``, ``_GR_.`` or ``$GR.``."""
    RESPONSE_USED_UP = "response_used_up"
    """The request was answered as often as ``resp`` gives leave to."""
    RESPONSE_EXPIRED = "response_expired"
    """The request is older than the leave that ``resp`` gives."""
    SUBSCRIPTION_LIMIT = "subscription_limit"
    """The connection has as many subscriptions open as it may have."""
    PAYLOAD_LIMIT = "payload_limit"
    """The message is larger than the limits allow; the server closes the connection."""
    FILTERED = "filtered"
    """An entry of the deny list withholds some of what is subscribed to."""
    PRUNED = "pruned"
    """No entry of the allow list takes all that a leaf node subscribes to; the rest is withheld."""
    WITHHELD = "withheld"
    """An entry of the deny list matches what would be delivered."""
    SUBSCRIPTION_REFUSED = "subscription_refused"
    """There is no such subscription, since it was refused."""
    INVALID_SUBJECT = "invalid_subject"
    """A token is empty, or ``>`` is not the last one."""
    UNSENDABLE = "unsendable"
    """The protocol cannot carry it: it is empty, or has a blank, a line break or no UTF-8."""
    CONNECTION_REFUSED = "connection_refused"
    """The server refuses the connection because of these claims."""


class Origin(StrEnum):
    """Whose claims a rule stands in."""

    USER = "user"
    SCOPE = "scope"
    """The template of the scoped signing key that signed the user."""
    ACCOUNT = "account"
    """The default permissions of the account."""
    SERVER = "server"
    """The server adds it by itself."""


class Rule(NamedTuple):
    """One entry of a permission list.

    Attributes:
        text: The entry as installed, such as ``u.bob``, or ``a q`` for the queue group ``q``.
        path: Where it stands, such as ``$.nats.sub.deny[0]``; in the account's claims, unless the
            origin is the user. Empty for what a hub adds for leaf nodes.
        origin: Whose claims it stands in.
        source: The entry as written, such as ``u.{{name()}}``.
    """

    text: str
    path: str
    origin: Origin
    source: str


class Decision(NamedTuple):
    """The verdict on one operation: true if the server carries it out, at least in part.

    Attributes:
        operation: ``publish``, ``subscribe`` or ``deliver``.
        subject: As asked.
        queue: The queue group, or ``None``.
        reply: The reply subject, or ``None``.
        checked: The subject that was checked: of a publish, the one it is mapped to.
        verdict: What the server does.
        reason: Why, for programs.
        rule: The entry that decided, or ``None`` where none did.
        destinations: The decision for each subject that a publish may be mapped to, where there
            are several.
        installed: The permissions that were asked.
    """

    operation: Operation
    subject: str
    queue: str | None
    reply: str | None
    checked: str
    verdict: Verdict
    reason: Reason
    rule: Rule | None
    destinations: tuple[Decision, ...]
    installed: Installed

    def __bool__(self) -> bool:
        """Tell whether the operation is carried out, at least in part."""
        return self.verdict is Verdict.ALLOW or self.verdict is Verdict.FILTERED

    def __repr__(self) -> str:
        """Name the operation and the verdict."""
        return f"<Decision {self.operation} {self.subject!r:.80}: {self.verdict}, {self.reason}>"

    @property
    def error(self) -> str:
        """What the server sends as ``-ERR``, or an empty string."""
        from natsauth.policy._explain import error

        return error(self)

    def explain(self) -> str:
        """Return the verdict and its reason in plain words, with the cure where there is one."""
        from natsauth.policy._explain import explain

        return explain(self)
