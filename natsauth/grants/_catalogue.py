"""The subjects of JetStream, services and monitoring, with what each lets one do.

The one table is read in both directions: a grant fills in its subjects, and a description finds in
permissions the grants and, for what is left, single subjects. In braces stand the names.
"""

from __future__ import annotations

from typing import Final, NamedTuple

API: Final = "$JS.API"
"""The prefix of the JetStream API; :func:`filled` adds that of a domain."""
REMOTE: Final = "$JS.{domain}.API"
"""The prefix of a domain, of what has none outside."""
INBOX: Final = "{inbox}.>"


class Shape(NamedTuple):
    """The subjects of a grant.

    Attributes:
        words: What it lets one do; empty where its subjects say so best.
        publish: What is published to.
        subscribe: What is subscribed to.
    """

    words: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...] = (INBOX,)


_ACKS = (
    "$JS.ACK.{stream}.{consumer}.*.*.*.*.*",
    # With domain and account, by the feature flag js_ack_fc_v2 of nats-server 2.14 and later.
    "$JS.ACK.*.*.{stream}.{consumer}.*.*.*.*.>",
)
_ANY_FLOW = "$JS.FC.{0}.*.*", "$JS.FC.*.*.{0}.*.*"
"""Flow control of consumers whose names are made up by the client or the server."""
_MONITORED = (
    "ACCOUNTZ", "CONNZ", "EXPVARZ", "GATEWAYZ", "HEALTHZ", "IDZ", "IPQUEUESZ", "JSZ", "LEAFZ",
    "RAFTZ", "ROUTEZ", "STATSZ", "SUBSZ", "VARZ",
)  # fmt: skip
"""What servers tell; not PROFILEZ, which has them write down their memory."""
_OF_ACCOUNTS = ("CONNS", "CONNZ", "INFO", "JSZ", "LEAFZ", "STATZ", "SUBSZ")


def _flow(stream: str) -> tuple[str, ...]:
    return tuple(subject.format(stream) for subject in _ANY_FLOW)


SHAPES: Final = {
    "kv_read": Shape(
        "read {bucket}",
        (
            f"{API}.CONSUMER.CREATE.KV_{{bucket}}",  # how nats-py watches
            f"{API}.CONSUMER.CREATE.KV_{{bucket}}.*.$KV.{{bucket}}.>",  # how others do
            f"{API}.CONSUMER.INFO.KV_{{bucket}}.*",
            f"{API}.DIRECT.GET.KV_{{bucket}}",
            f"{API}.DIRECT.GET.KV_{{bucket}}.$KV.{{bucket}}.>",
            f"{API}.STREAM.INFO.KV_{{bucket}}",
            f"{API}.STREAM.MSG.GET.KV_{{bucket}}",
            *_flow("KV_{bucket}"),
        ),
    ),
    "kv_read_keys": Shape(
        "read {keys} of {bucket}",
        (
            f"{API}.DIRECT.GET.KV_{{bucket}}.$KV.{{bucket}}.{{keys}}",
            f"{API}.CONSUMER.CREATE.KV_{{bucket}}.*.$KV.{{bucket}}.{{keys}}",
            f"{API}.CONSUMER.INFO.KV_{{bucket}}.*",
            f"{API}.STREAM.INFO.KV_{{bucket}}",
            *_flow("KV_{bucket}"),
        ),
    ),
    "kv_write": Shape(
        "write {keys} of {bucket}",
        (
            "$KV.{bucket}.{keys}",
            f"{REMOTE}.$KV.{{bucket}}.{{keys}}",
            f"{API}.STREAM.INFO.KV_{{bucket}}",
        ),
    ),
    "object_write": Shape(
        "put and delete objects of {objects}",
        (
            f"{API}.STREAM.PURGE.OBJ_{{objects}}",
            f"{API}.STREAM.INFO.OBJ_{{objects}}",
            f"{API}.STREAM.MSG.GET.OBJ_{{objects}}",
            "$O.{objects}.C.*",
            "$O.{objects}.M.*",
        ),
    ),
    "object_read": Shape(
        "read objects of {objects}",
        (
            f"{API}.CONSUMER.CREATE.OBJ_{{objects}}",
            f"{API}.CONSUMER.CREATE.OBJ_{{objects}}.*.$O.{{objects}}.>",
            f"{API}.DIRECT.GET.OBJ_{{objects}}.$O.{{objects}}.M.*",
            f"{API}.STREAM.INFO.OBJ_{{objects}}",
            f"{API}.STREAM.MSG.GET.OBJ_{{objects}}",
            f"{API}.STREAM.NAMES",  # by which nats-py finds the stream it names elsewhere
            *_flow("OBJ_{objects}"),
        ),
    ),
    "manage_stream": Shape(
        "manage {stream} and its consumers",
        (
            f"{API}.STREAM.CREATE.{{stream}}",
            f"{API}.STREAM.DELETE.{{stream}}",
            f"{API}.STREAM.INFO.{{stream}}",
            f"{API}.STREAM.MSG.DELETE.{{stream}}",
            f"{API}.STREAM.MSG.GET.{{stream}}",
            f"{API}.STREAM.PURGE.{{stream}}",
            f"{API}.STREAM.UPDATE.{{stream}}",
            f"{API}.DIRECT.GET.{{stream}}",
            f"{API}.DIRECT.GET.{{stream}}.>",
            f"{API}.CONSUMER.CREATE.{{stream}}",
            f"{API}.CONSUMER.CREATE.{{stream}}.>",
            f"{API}.CONSUMER.DELETE.{{stream}}.*",
            f"{API}.CONSUMER.DURABLE.CREATE.{{stream}}.*",
            f"{API}.CONSUMER.INFO.{{stream}}.*",
            f"{API}.CONSUMER.LIST.{{stream}}",
            f"{API}.CONSUMER.NAMES.{{stream}}",
            f"{API}.CONSUMER.PAUSE.{{stream}}.*",
            f"{API}.CONSUMER.RESET.{{stream}}.*",
        ),
    ),
    "pull_consumer": Shape(
        "pull from {consumer} of {stream}",
        (
            f"{API}.CONSUMER.MSG.NEXT.{{stream}}.{{consumer}}",
            f"{API}.CONSUMER.INFO.{{stream}}.{{consumer}}",
            *_ACKS,
        ),
    ),
    "push_consumer": Shape(
        "take what {consumer} of {stream} delivers",
        (
            "$JS.FC.{stream}.{consumer}.*",
            "$JS.FC.*.*.{stream}.{consumer}.*",
            f"{API}.CONSUMER.INFO.{{stream}}.{{consumer}}",
            *_ACKS,
        ),
        (INBOX, "{deliver}"),
    ),
    "monitoring": Shape(
        "monitor the servers",
        (
            "$SYS.REQ.SERVER.PING",
            *(f"$SYS.REQ.SERVER.*.{name}" for name in _MONITORED),
            *(f"$SYS.REQ.ACCOUNT.*.{name}" for name in _OF_ACCOUNTS),
        ),
        (
            INBOX,
            "$SYS.ACCOUNT.*.CONNECT",
            "$SYS.ACCOUNT.*.DISCONNECT",
            "$SYS.ACCOUNT.*.SERVER.CONNS",
            "$SYS.SERVER.*.CLIENT.AUTH.ERR",
            "$SYS.SERVER.*.LAMEDUCK",
            "$SYS.SERVER.*.SHUTDOWN",
            "$SYS.SERVER.*.STATSZ",
        ),
    ),
    "service": Shape(
        "be found as {service}",
        (),
        (
            "$SRV.PING.{service}",
            "$SRV.PING.{service}.>",
            *(
                f"$SRV.{verb}{whose}"
                for verb in ("INFO", "STATS")
                for whose in ("", ".{service}", ".{service}.>")
            ),
            "$SRV.PING",
            "{endpoints}",
        ),
    ),
    "requests": Shape("", ("{subjects}",)),
}
"""Those that hold more come first, for descriptions."""

ACTIONS: Final = {
    f"{API}.INFO": "see what JetStream uses and may use",
    f"{API}.STREAM.NAMES": "list the names of all streams",
    f"{API}.STREAM.LIST": "list all streams",
    f"{API}.STREAM.CREATE.{{stream}}": "create {stream}",
    f"{API}.STREAM.UPDATE.{{stream}}": "change {stream}",
    f"{API}.STREAM.DELETE.{{stream}}": "delete {stream}",
    f"{API}.STREAM.PURGE.{{stream}}": "purge {stream}",
    f"{API}.STREAM.INFO.{{stream}}": "look at {stream}",
    f"{API}.STREAM.MSG.GET.{{stream}}": "read any message of {stream}",
    f"{API}.STREAM.MSG.DELETE.{{stream}}": "delete messages of {stream}",
    f"{API}.STREAM.SNAPSHOT.{{stream}}": "back up {stream}",
    f"{API}.STREAM.RESTORE.{{stream}}": "restore {stream}",
    f"{API}.STREAM.LEADER.STEPDOWN.{{stream}}": "move the leader of {stream}",
    f"{API}.STREAM.PEER.REMOVE.{{stream}}": "move replicas of {stream}",
    f"{API}.DIRECT.GET.{{stream}}": "read any message of {stream}",
    f"{API}.DIRECT.GET.{{stream}}.{{rest}}": "read the last message on {rest} of {stream}",
    f"{API}.CONSUMER.CREATE.{{stream}}": "create any consumer of {stream}",
    f"{API}.CONSUMER.CREATE.{{stream}}.{{rest}}": "create consumers of {stream}",
    f"{API}.CONSUMER.DURABLE.CREATE.{{stream}}.{{consumer}}": "create {consumer} of {stream}",
    f"{API}.CONSUMER.DELETE.{{stream}}.{{consumer}}": "delete {consumer} of {stream}",
    f"{API}.CONSUMER.INFO.{{stream}}.{{consumer}}": "look at {consumer} of {stream}",
    f"{API}.CONSUMER.LIST.{{stream}}": "list the consumers of {stream}",
    f"{API}.CONSUMER.NAMES.{{stream}}": "list the names of the consumers of {stream}",
    f"{API}.CONSUMER.MSG.NEXT.{{stream}}.{{consumer}}": "pull from {consumer} of {stream}",
    f"{API}.CONSUMER.PAUSE.{{stream}}.{{consumer}}": "pause {consumer} of {stream}",
    f"{API}.CONSUMER.RESET.{{stream}}.{{consumer}}": "reset {consumer} of {stream}",
    f"{API}.CONSUMER.UNPIN.{{stream}}.{{consumer}}": "unpin clients of {consumer} of {stream}",
    f"{API}.CONSUMER.LEADER.STEPDOWN.{{stream}}.{{consumer}}": "move the leader of {consumer} "
    "of {stream}",
    f"{API}.META.LEADER.STEPDOWN": "move the leader of JetStream",
    f"{API}.SERVER.REMOVE": "remove servers from JetStream",
    f"{API}.ACCOUNT.PURGE.{{account}}": "delete everything JetStream has of {account}",
    "$KV.{bucket}.{keys}": "write {keys} of {bucket}",
    "$O.{objects}.C.{rest}": "write parts of objects of {objects}",
    "$O.{objects}.M.{rest}": "write the descriptions of objects of {objects}",
}
"""What a single subject is for, as nats-server 2.15.1 has it."""

NOUNS: Final = {
    "account": ("account {}", "any account"),
    "bucket": ("KV bucket {}", "any KV bucket"),
    "consumer": ("consumer {}", "any consumer"),
    "keys": ("keys {}", "all keys"),
    "objects": ("object store {}", "any object store"),
    "rest": ("{}", "any subject"),
    "service": ("service {}", "any service"),
    "stream": ("stream {}", "any stream"),
}
"""What each name is called, and any of them."""
