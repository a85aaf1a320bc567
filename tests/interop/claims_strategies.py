"""Random claim documents of every kind, sane and odd, and keys to sign them with.

The documents use only what natsauth and Go read alike: no unknown members, no numbers beyond 2**53
where Go passes them through a float, and no equal subjects in lists that Go sorts unstably.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from natsauth import KeyPair, KeyType, encode, parse_claims
from tests.interop.value_strategies import (
    KEYS,
    PAST,
    PUBLIC,
    Strategy,
    clocks,
    counts,
    descriptions,
    exact_counts,
    flags,
    json_values,
    key,
    lists,
    members,
    mostly,
    networks,
    of,
    permission_entries,
    subjects,
    tags,
    texts,
    times,
    urls,
    versions,
    words,
    zones,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.strategies import SearchStrategy

Document = dict[str, Any]

# The role of the subject and the roles of issuers, for each kind of claims.
ROLES: dict[str, tuple[KeyType, list[KeyType]]] = {
    "operator": (KeyType.OPERATOR, [KeyType.OPERATOR]),
    "account": (KeyType.ACCOUNT, [KeyType.ACCOUNT, KeyType.OPERATOR]),
    "user": (KeyType.USER, [KeyType.ACCOUNT]),
    "activation": (KeyType.ACCOUNT, [KeyType.ACCOUNT, KeyType.OPERATOR]),
    "authorization_request": (KeyType.USER, [KeyType.SERVER]),
    "authorization_response": (KeyType.USER, [KeyType.ACCOUNT]),
    "generic": (KeyType.USER, list(KEYS)),
}
KINDS = tuple(ROLES)


def documents(kind: str) -> SearchStrategy[Document]:
    """Draw claims of one kind, as a document to parse."""
    subject, _ = ROLES[kind]
    return members(
        {"sub": key(subject)},
        nats=_BODIES[kind],
        name=texts,
        aud=mostly(key(KeyType.SERVER), texts),
        exp=times,
        nbf=times,
        iat=times,
        iss=key(KeyType.ACCOUNT),
        jti=texts,
    )


@st.composite
def spoiled_documents(draw: st.DrawFn, kind: str) -> Document:
    """Draw a document in which one value was replaced by another, mostly of a wrong type."""
    document: Document = draw(documents(kind))
    holder, place = draw(st.sampled_from(list(_places(document))))
    values: tuple[Any, ...] = (None, True, 0, -1, 1.5, 2.0, 2**63, 2**64, "x", "", "1", [1], {})
    holder[place] = draw(st.sampled_from(values))
    return document


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every list or object inside a value, with each index or name it has."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for place, item in items:
        yield value, place
        yield from _places(item)


def signers(kind: str) -> SearchStrategy[KeyPair]:
    """Draw a key pair that signs a kind of claims, now and then one of a wrong role."""
    _, roles = ROLES[kind]
    right = [pair for role in roles for pair in KEYS[role]]
    return mostly(of(*right), of(*(pairs[0] for pairs in KEYS.values())))


def _permissions(numbers: Strategy) -> dict[str, Strategy]:
    permission = members(allow=lists(permission_entries), deny=lists(permission_entries, 2))
    response = st.none() | members(max=numbers, ttl=numbers)
    return {"pub": permission, "sub": permission, "resp": response}


def _user_limits(numbers: Strategy) -> dict[str, Strategy]:
    """Give the members that a user and the template of a scope share."""
    return {
        **_permissions(numbers),
        "src": networks,
        "times": lists(members(start=clocks, end=clocks), 2),
        "times_location": zones,
        **dict.fromkeys(("subs", "data", "payload"), numbers),
        "bearer_token": flags,
        "proxy_required": flags,
        "allowed_connection_types": lists(words("STANDARD MQTT_WS IN_PROCESS x<"), 2),
    }


def _activation(subject: str, kind: str, **top: Any) -> str:
    """Mint an activation by the second account for the first one."""
    document = {"sub": PUBLIC[KeyType.ACCOUNT][0], "nats": {"subject": subject, "kind": kind}}
    claims = parse_claims(document | top, "activation")
    return encode(claims, KEYS[KeyType.ACCOUNT][1], now=PAST).encoded


_activations = of(
    _activation("foo.>", "service"),
    _activation(">", "stream"),
    _activation(">", "stream", exp=1),
    _activation("a..b", "service"),
    "a.b.c",
)
_types = mostly(of("stream", "service"), of("", "Stream", None))
_revocations = st.dictionaries(
    mostly(of("*", *PUBLIC[KeyType.USER], *PUBLIC[KeyType.ACCOUNT]), texts), counts, max_size=3
)
_imports = members(
    {"subject": subjects, "type": _types},
    account=key(KeyType.ACCOUNT),
    name=texts,
    token=_activations,
    to=subjects,
    local_subject=subjects,
    share=flags,
    allow_trace=flags,
)
_sampling = mostly(of("headers", "Headers", 0, 1, 50, 100), of(101, -1, "50"))
_exports = members(
    {"subject": subjects, "type": _types},
    name=texts,
    token_req=flags,
    revocations=_revocations,
    response_type=words("Singleton Stream Chunked Bogus", ""),
    response_threshold=mostly(of(0, 10**9), counts),
    service_latency=st.none() | members(sampling=_sampling, results=subjects),
    account_token_position=mostly(of(0, 1, 2, 3), of(9, 2**64 - 1, 2**64, -1)),
    advertise=flags,
    allow_trace=flags,
    description=descriptions,
    info_url=urls,
)
# More than twelve entries Go sorts unstably, so their subjects differ.
_many = st.lists(
    members({"subject": subjects, "type": of("stream", "service")}),
    min_size=13,
    max_size=15,
    unique_by=lambda entry: entry["subject"],
)
_storage = dict.fromkeys(
    (
        *("mem_storage", "disk_storage", "streams", "consumer"),
        *("max_ack_pending", "mem_max_stream_bytes", "disk_max_stream_bytes"),
    ),
    counts,
)
_storage["max_bytes_required"] = flags
_tiers = st.dictionaries(words("R1 R3 <R>", ""), members(**_storage), max_size=2)
_limits = members(tiered_limits=_tiers, **_storage) | members(
    **dict.fromkeys(("subs", "data", "payload", "conn", "leaf"), counts),
    imports=mostly(of(-1, 0, 1, 10), counts),
    exports=mostly(of(-1, 0, 1, 10), counts),
    wildcards=flags,
    disallow_bearer=flags,
)
_scopes = members(
    {"kind": mostly(of("user_scope"), of("", "x", None))},
    key=key(KeyType.ACCOUNT),
    role=texts,
    template=members(**_user_limits(exact_counts)),
    description=texts,
)
_targets = members(
    subject=subjects,
    weight=mostly(of(0, 10, 50, 100, 101, 255), of(256, -1)),
    cluster=words("c1 c<2>", ""),
)

_BODIES: dict[str, Strategy] = {
    "operator": members(
        signing_keys=lists(key(KeyType.OPERATOR)),
        account_server_url=urls,
        operator_service_urls=lists(urls),
        system_account=key(KeyType.ACCOUNT),
        assert_server_version=versions,
        strict_signing_key_usage=flags,
        tags=tags,
    ),
    "account": members(
        imports=mostly(lists(_imports), _many),
        exports=mostly(lists(mostly(_exports, st.none())), _many),
        limits=_limits,
        signing_keys=lists(key(KeyType.ACCOUNT) | _scopes),
        revocations=_revocations,
        default_permissions=members(**_permissions(counts)),
        mappings=st.dictionaries(subjects, st.none() | lists(_targets), max_size=3),
        authorization=members(
            auth_users=lists(key(KeyType.USER), 2),
            allowed_accounts=lists(mostly(key(KeyType.ACCOUNT), of("*")), 2),
            xkey=key(KeyType.CURVE),
        ),
        trace=st.none() | members(dest=subjects, sampling=of(0, 1, 100, 101, -1)),
        cluster_traffic=words("system owner System", ""),
        description=descriptions,
        info_url=urls,
        tags=tags,
    ),
    "user": members(issuer_account=key(KeyType.ACCOUNT), tags=tags, **_user_limits(counts)),
    "activation": members(
        subject=subjects, kind=_types, issuer_account=key(KeyType.ACCOUNT), tags=tags
    ),
    "authorization_request": members(
        server_id=members(
            **dict.fromkeys(("name", "host", "version", "cluster"), texts),
            id=key(KeyType.SERVER),
            tags=tags,
            xkey=key(KeyType.CURVE),
        ),
        user_nkey=key(KeyType.USER),
        client_info=members(
            **dict.fromkeys(("host", "user", "name", "name_tag", "kind", "type"), texts),
            id=mostly(of(0, 1, 2**64 - 1), of(-1, 2**64)),
            tags=tags,
            mqtt_id=texts,
            nonce=texts,
        ),
        connect_opts=members(
            **dict.fromkeys(("jwt", "nkey", "sig", "auth_token", "user", "pass"), texts),
            **dict.fromkeys(("name", "lang", "version"), texts),
            protocol=counts,
        ),
        client_tls=st.none()
        | members(
            version=texts,
            cipher=texts,
            certs=lists(texts),
            verified_chains=lists(st.none() | lists(texts)),
        ),
        request_nonce=texts,
        tags=tags,
    ),
    "authorization_response": members(
        jwt=texts, error=texts, issuer_account=key(KeyType.ACCOUNT), tags=tags
    ),
    "generic": st.none() | st.dictionaries(texts, json_values, max_size=4),
}
