"""Permissions for what people do: read a bucket, work off a consumer, run a service.

::

    grant = grants.pull_consumer("ORDERS", "worker") | grants.kv_read("prices")
    authority["acme"]["shop"].users.add("worker", grant)

Each grant is :class:`~natsauth.claims.Permissions` with the subjects that it takes and no others,
as proven with nats-py against nats-server 2.12 and 2.15. ``|`` joins them, and :func:`describe`
goes the other way: it says in words what permissions let one do.
"""

from natsauth.grants._describe import describe
from natsauth.grants._make import (
    kv_read,
    kv_write,
    manage_stream,
    monitoring,
    object_store,
    publish_stream,
    pull_consumer,
    push_consumer,
    request_reply,
    service,
)
from natsauth.grants._text import GRANTS, parse

__all__ = [
    "GRANTS",
    "describe",
    "kv_read",
    "kv_write",
    "manage_stream",
    "monitoring",
    "object_store",
    "parse",
    "publish_stream",
    "pull_consumer",
    "push_consumer",
    "request_reply",
    "service",
]
