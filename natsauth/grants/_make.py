"""The functions that make grants."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from natsauth.claims.permissions import Permission, Permissions
from natsauth.grants import _names
from natsauth.grants._catalogue import API, REMOTE, SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

INBOX = "_INBOX"
"""The prefix that clients use if they are told no other."""
_ALL = ">"


def publish_stream(
    stream: str, *, subjects: str | Iterable[str] | None = None, inbox: str = INBOX
) -> Permissions:
    """Let publish to the subjects of a stream, with its acknowledgements.

    Neither to look at the stream nor to read it. Publishing needs nothing of the JetStream API, so
    it is the same in every domain.

    Args:
        stream: The stream.
        subjects: What it takes in; its name if not given, as for a stream without subjects.
        inbox: Where answers are received.

    Raises:
        UsageError: A name, subject or prefix is none, or the subjects take in another API.
    """
    name = _names.name("stream", stream)
    wanted = name if subjects is None else subjects
    return _made("requests", inbox=inbox, subjects=_names.own_subjects("subjects", wanted))


def pull_consumer(
    stream: str, durable: str, *, domain: str | None = None, inbox: str = INBOX
) -> Permissions:
    """Let fetch and acknowledge messages of a pull consumer, and look at it.

    The consumer is there already: neither may it be created, changed or deleted, nor the stream be
    looked at, so give clients the names of both.

    Args:
        stream: The stream.
        durable: The name of the consumer.
        domain: The JetStream domain that the client names.
        inbox: Where messages are received.

    Raises:
        UsageError: A name or prefix is none.
    """
    return _made(
        "pull_consumer",
        domain,
        inbox,
        stream=_names.name("stream", stream),
        consumer=_names.name("consumer", durable),
    )


def push_consumer(
    stream: str,
    durable: str,
    *,
    deliver: str,
    queue: str | None = None,
    domain: str | None = None,
    inbox: str = INBOX,
) -> Permissions:
    """Let receive and acknowledge what a push consumer delivers, and look at the consumer.

    The consumer is there already: it may not be created, changed or deleted.

    Args:
        stream: The stream.
        durable: The name of the consumer.
        deliver: The subject that it delivers to.
        queue: The queue group that it delivers to; then only that one may be joined.
        domain: The JetStream domain that the client names.
        inbox: Where answers are received.

    Raises:
        UsageError: A name, subject or prefix is none.
    """
    (place,) = _names.own_subjects("deliver", (_names.literal("deliver", deliver),))
    if queue is not None:
        place = f"{place} {_names.name('queue', queue)}"
    return _made(
        "push_consumer",
        domain,
        inbox,
        stream=_names.name("stream", stream),
        consumer=_names.name("consumer", durable),
        deliver=place,
    )


def kv_read(
    bucket: str,
    *,
    keys: str | Iterable[str] | None = None,
    domain: str | None = None,
    inbox: str = INBOX,
) -> Permissions:
    """Let read a key-value bucket: get, watch, keys, history and status.

    With ``keys``, only those are read, and only where the bucket has direct gets. Their last value
    may be got, and watched by a consumer with a name and one filter; ``watch``, ``keys`` and
    ``history`` of nats-py 2.16 ask for any consumer at all, and are refused, as are gets by
    revision. The status tells the names of all keys.

    Args:
        bucket: The bucket.
        keys: Patterns of keys, such as ``eu.>``; all if not given. None ends in ``*``, for
            servers would let read all keys below, too.
        domain: The JetStream domain that the client names.
        inbox: Where values are received.

    Raises:
        UsageError: A name, pattern or prefix is none.
    """
    name = _names.name("bucket", bucket)
    if keys is None:
        return _made("kv_read", domain, inbox, bucket=name)
    return _made("kv_read_keys", domain, inbox, bucket=name, keys=_names.read_keys(keys))


def kv_write(
    bucket: str,
    *,
    keys: str | Iterable[str] | None = None,
    domain: str | None = None,
    inbox: str = INBOX,
) -> Permissions:
    """Let write a key-value bucket: put, create, update, delete and purge of keys, and status.

    Not to read it, nor to make or delete buckets. To create a key anew that was deleted, nats-py
    reads it: join :func:`kv_read`. Who may write one key can empty the bucket, since a message may
    ask the server to roll up all.

    Args:
        bucket: The bucket.
        keys: Patterns of keys, such as ``eu.>``; all if not given.
        domain: The JetStream domain that the client names.
        inbox: Where answers are received.

    Raises:
        UsageError: A name, pattern or prefix is none.
    """
    name = _names.name("bucket", bucket)
    patterns = _names.subjects("keys", _ALL if keys is None else keys)
    return _made("kv_write", domain, inbox, bucket=name, keys=patterns)


def object_store(
    bucket: str, *, write: bool = False, domain: str | None = None, inbox: str = INBOX
) -> Permissions:
    """Let read an object store: get, list, watch, information and status.

    To read, nats-py asks which stream has a subject, so that names of other streams can be listed.

    Args:
        bucket: The object store.
        write: Whether objects may be put, replaced, described and deleted, too; not the store.
            That takes leave to purge, by which the store can be emptied.
        domain: The JetStream domain that the client names.
        inbox: Where objects are received.

    Raises:
        UsageError: A name or prefix is none.
    """
    name = _names.name("object store", bucket)
    read = _made("object_read", domain, inbox, objects=name)
    return read | _made("object_write", domain, inbox, objects=name) if write else read


def service(name: str, *, endpoints: str | Iterable[str] | None = None) -> Permissions:
    """Let run a service of the NATS services framework: answer requests, and be found.

    Each request may be answered once, within two minutes, on whatever subject it names, denied ones
    included; and so may any other message that the connection receives. Nothing else is published.

    Args:
        name: The name of the service.
        endpoints: The subjects of its endpoints; its name and all below it if not given. Servers
            let whoever may subscribe to a final ``*`` subscribe to ``>`` there.

    Raises:
        UsageError: The name is none, or a subject is none or takes in another API.
    """
    own = _names.name("service", name)
    wanted = (own, f"{own}.>") if endpoints is None else endpoints
    made = _made("service", service=own, endpoints=_names.own_subjects("endpoints", wanted))
    made.allow_response()
    return made


def request_reply(*subjects: str, inbox: str = INBOX) -> Permissions:
    """Let send requests to subjects, and receive the answers.

    Args:
        subjects: Where requests go; without any, only answers are received.
        inbox: Where answers are received.

    Raises:
        UsageError: A subject or prefix is none, or a subject takes in another API.
    """
    wanted = _names.own_subjects("subjects", subjects) if subjects else ()
    return _made("requests", inbox=inbox, subjects=wanted)


def manage_stream(stream: str, *, domain: str | None = None, inbox: str = INBOX) -> Permissions:
    """Let create, change, look at, purge and delete a stream, its messages and its consumers.

    Bucket ``b`` is stream ``KV_b``, object store ``b`` is ``OBJ_b``. Not to publish to the stream,
    nor to pull or acknowledge: join the grants for that. Give it to those whom the whole account is
    entrusted to: a stream may copy any other one, and deliver anywhere.

    Args:
        stream: The stream.
        domain: The JetStream domain that the client names.
        inbox: Where answers are received.

    Raises:
        UsageError: A name or prefix is none.
    """
    return _made("manage_stream", domain, inbox, stream=_names.name("stream", stream))


def monitoring(*, inbox: str = INBOX) -> Permissions:
    """Let a user of the system account ask servers how they are, and receive their events.

    These are the endpoints such as ``VARZ``, ``CONNZ`` and ``JSZ`` of servers and accounts, and
    the events of connections and servers. Not to push or delete accounts, nor to reload a server,
    disconnect clients or take profiles. In other accounts it gives hardly anything.

    Args:
        inbox: Where answers are received.

    Raises:
        UsageError: The prefix is none.
    """
    return _made("monitoring", inbox=inbox)


def filled(template: str, domain: str | None, values: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Fill in a subject, once for each choice of values, and once more for a domain.

    A server of that domain maps the prefix away before it looks at permissions; one of another
    domain does not. So it takes both.
    """
    if template.startswith(REMOTE) and domain is None:
        return
    prefixes = [template]
    if template.startswith(API) and domain is not None:
        prefixes.append(REMOTE + template.removeprefix(API))
    for text in prefixes:
        for chosen in product(*values.values()):
            yield text.format(domain=domain, **dict(zip(values, chosen, strict=True)))


def _made(
    shape: str, domain: str | None = None, inbox: str = INBOX, **given: str | Sequence[str]
) -> Permissions:
    """Fill in a shape of the catalogue."""
    if domain is not None:
        _names.name("domain", domain)
    values = {key: (value,) if isinstance(value, str) else value for key, value in given.items()}
    values["inbox"] = (_names.inbox(inbox),)
    publish, subscribe = (
        list(dict.fromkeys(s for t in templates for s in filled(t, domain, values)))
        for templates in (SHAPES[shape].publish, SHAPES[shape].subscribe)
    )
    return Permissions(pub=_only(publish), sub=_only(subscribe))


def _only(subjects: list[str]) -> Permission:
    """Allow subjects and no others; a server takes an empty list of them for all."""
    return Permission(allow=subjects) if subjects else Permission(deny=[_ALL])
