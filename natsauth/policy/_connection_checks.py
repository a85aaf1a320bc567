"""What nats-server 2.15.1 checks of a connection itself: how, when and from where it comes.

A function for each check, as in :mod:`natsauth.policy._token_checks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth._values import timezone_known
from natsauth.claims.base import NO_LIMIT
from natsauth.claims.permissions import CONNECTION_TYPES, LEAFNODE, LEAFNODE_WS, MQTT, MQTT_WS
from natsauth.errors import KeyTextError
from natsauth.keys import PublicKey
from natsauth.policy._case import Finding
from natsauth.policy._hours import end_of_range, zone
from natsauth.policy._server_text import key_error, quoted
from natsauth.policy._sources import is_source_allowed
from natsauth.policy._token_checks import bound, cure

if TYPE_CHECKING:
    from natsauth.claims.limits import JetStreamLimits, OperatorLimits
    from natsauth.claims.permissions import UserPermissionLimits
    from natsauth.policy._case import Case, Member

TOO_MANY_CONNECTIONS = "maximum account active connections exceeded"
"""What the server logs, and sends, when an account has as many connections as it may have."""
_INT32 = (1 << 31) - 1
_STREAMS = (
    "sessions",
    "messages",
    "QoS2 incoming messages",
    "QoS2 outgoing PUBREL",
    "retained messages",
)
"""The streams of MQTT in the order in which the server creates them."""
_NO_TIER = (
    f"create {_STREAMS[0]} stream: no JetStream default or applicable tiered limit present (10120)"
)


def proxy_signature(case: Case) -> Finding:
    """Check the signature of a proxy that the connection comes over."""
    if not case.connection.proxied:
        return Finding(holds=True, message="the connection comes over no proxy")
    if case.connection.proxy_trusted:
        return Finding(holds=True, message="the connection comes over a trusted proxy")
    return Finding(
        holds=False,
        message="the connection comes over a proxy whose signature is not that of a trusted key",
        log="proxy is not trusted",
        hint="add the proxy's public key to proxies.trusted of the server",
    )


def connection_type(case: Case, member: Member) -> Finding:
    """Check the type of the connection. Types that the server does not know are passed over."""
    allowed = [name.upper() for name in member.limits.allowed_connection_types or ()]
    unknown = [name for name in allowed if name not in CONNECTION_TYPES]
    log = f"invalid connection types [{' '.join(map(quoted, unknown))}]" if unknown else ""
    if not allowed or case.connection.type in allowed:
        return Finding(holds=True, message=f"{case.connection.type} is allowed", log=log)
    return Finding(
        holds=False,
        message=f"{bound(member)} may connect by {', '.join(map(repr, allowed))}, "
        f"not by {case.connection.type}",
        log=log or "Connection type not allowed",
        hint=cure(member, f"{case.connection.type} in allowed_connection_types"),
    )


def signature(case: Case, member: Member) -> Finding:
    """Check that the client has the user's key: it signs the server's nonce."""
    if member.limits.bearer_token:
        return Finding(holds=True, message="a bearer proves no key")
    if case.connection.type in (MQTT, MQTT_WS):
        return Finding(
            holds=False,
            message="MQTT clients get no nonce to sign, so that only bearers can connect",
            log="Signature missing",
            hint=cure(member, "bearer_token"),
        )
    if case.connection.signed is None:
        return Finding(
            holds=False,
            message="the client signed no nonce",
            log="Signature missing",
            hint="give the client the creds file, or the seed beside the token",
        )
    try:
        PublicKey.parse(member.user.sub)
    except KeyTextError:
        return Finding(
            holds=False,
            message="the subject of the token is no public key, so that nobody can prove it",
            log=f"User nkey not valid: {key_error(member.user.sub)}",
            hint="issue the user a token with its public key as sub",
        )
    if not case.connection.signed:
        return Finding(
            holds=False,
            message=f"the signature is not that of {member.user.sub}",
            log="Signature not verified",
            hint="give the client the seed that belongs to this very token",
        )
    return Finding(holds=True, message="the client proves the user's key")


def source(case: Case, member: Member) -> Finding:
    """Check from where the client connects."""
    address = case.connection.address
    if is_source_allowed(member.limits.src, address):
        where = "anywhere" if not member.limits.src else "there"
        return Finding(holds=True, message=f"the user may connect from {where}")
    networks = ", ".join(f"{network!r:.80}" for network in member.limits.src or ())
    return Finding(
        holds=False,
        message=f"{bound(member)} may connect from {networks}, not from {address!r:.80}",
        log=f"Bad src Ip {address or ''}",
        hint=f"connect from there, or {cure(member, 'other networks in src')}",
    )


def times(case: Case, member: Member) -> Finding:
    """Check at what time of the day the client connects."""
    limits = member.limits
    if not limits.times:
        return Finding(holds=True, message="the user may connect at any time of the day")
    if end_of_times(case, limits) is not None:
        return Finding(holds=True, message="the user may connect at this time of the day")
    ranges = ", ".join(f"{t.start!r:.20} to {t.end!r:.20}" for t in limits.times)
    where = limits.times_location or f"the server's zone {case.connection.server_zone}"
    return Finding(
        holds=False,
        message=f"{bound(member)} may connect from {ranges} in {where}, which it is not now",
        log="Outside connect times",
        hint=f"connect at another time, or {cure(member, 'other times')}",
    )


def connection_limit(case: Case, member: Member) -> Finding:
    """Check how many connections the account has already."""
    is_leaf = case.connection.type in (LEAFNODE, LEAFNODE_WS)
    limits, present = member.account.nats.limits, case.connection.connections
    limit = limits.leaf if is_leaf else limits.conn
    if limit == NO_LIMIT or present < min(limit, _INT32):
        return Finding(holds=True, message="the account may have another connection")
    name = "leaf" if is_leaf else "conn"
    return Finding(
        holds=False,
        message=f"the account has {present} connections and may have {max(limit, 0)}",
        log=TOO_MANY_CONNECTIONS,
        hint=f"raise limits.{name} of the account, -1 for unlimited, and push it",
    )


def auth_callout(case: Case, member: Member) -> Finding:
    """Check what the auth callout service says, if the account has one."""
    users = member.account.nats.authorization.auth_users or ()
    if not users:
        return Finding(holds=True, message="the account has no auth callout")
    if member.user.sub in users:
        return Finding(holds=True, message="the user serves the account's auth callout")
    if case.callout:
        return Finding(holds=True, message="the auth callout service lets the user in")
    return Finding(
        holds=False,
        message="the account leaves the decision to an auth callout service, and without leave of "
        "one the server refuses",
        log="Authorization callout response not received in time on account "
        f'"{member.account.sub}"',
        hint="start the callout service with one of the account's auth_users",
    )


def account_field(case: Case) -> Finding:
    """Check that the client does not choose an account, as none may."""
    if not case.connection.names_account:
        return Finding(holds=True, message="the client names no account")
    return Finding(
        holds=False,
        message="the client names an account as it connects, which no server takes any more",
        hint="leave the option 'account' of CONNECT out",
    )


def jetstream(case: Case, member: Member) -> Finding:
    """Check that the account can have the five streams in which the server keeps MQTT sessions."""
    if case.connection.type not in (MQTT, MQTT_WS):
        return Finding(holds=True, message="the client is none of MQTT, which needs JetStream")
    limits = member.account.nats.limits
    if limits.tiered_limits:  # whether there are one or three replicas is for the server to say
        tiers = map(limits.tiered_limits.get, ("R1", "R3"))
        problems = [_no_room(tier) if tier else _NO_TIER for tier in tiers]
        problem = "" if "" in problems else problems[0]
    elif limits.mem_storage or limits.disk_storage:
        problem = _no_room(limits)
    else:
        problem = "lookup sessions stream: JetStream not enabled for account (10039)"
    if not problem:
        return Finding(holds=True, message="the account has JetStream, as MQTT clients need it")
    what, _, why = problem.partition(": ")
    return Finding(
        holds=False,
        message=f"the server keeps what MQTT clients need in five streams on disk: {why}",
        log=f"unable to connect: {what} for account {quoted(member.account.sub)}: {why}",
        hint="give the account JetStream: disk_storage and streams of its limits, -1 for "
        "unlimited, without max_bytes_required; and push it",
    )


def _no_room(limits: JetStreamLimits | OperatorLimits) -> str:
    """Return what the server fails to do with the streams of MQTT, and why; or nothing."""
    if limits.max_bytes_required:
        why = "account requires a stream config to have max bytes set (10113)"
        return f"create {_STREAMS[0]} stream: {why}"
    if not limits.disk_storage:
        return f"create {_STREAMS[0]} stream: insufficient storage resources available (10047)"
    if 0 < limits.streams < len(_STREAMS):
        why = "maximum number of streams reached (10027)"
        return f"create {_STREAMS[limits.streams]} stream: {why}"
    return ""


def end_of_times(case: Case, limits: UserPermissionLimits) -> int | None:
    """Return when the part of the day ends in which a user may be connected, if it is one.

    Raises:
        UsageError: This machine has no time zone database.
    """
    name = limits.times_location
    if name in ("", "Local"):
        name = case.connection.server_zone
    elif timezone_known(name) is False:
        return None
    return end_of_range(limits.times or (), zone(name), case.moment)
