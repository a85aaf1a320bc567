"""Random claim documents of every kind, sane and odd, and keys to sign them with.

The documents use only what natsauth and Go read alike: no unknown members, no numbers beyond 2**53
where Go passes them through a float, and no equal subjects in lists that Go sorts unstably.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from natsauth import CurveKeyPair, KeyPair, KeyType, encode, parse_claims

Document = dict[str, Any]
Strategy = SearchStrategy[Any]

KEYS = {
    role: [KeyPair.from_raw_seed(role, bytes([n]) * 32) for n in (1, 2, 3)]
    for role in KeyType
    if role is not KeyType.CURVE
}
CURVE_KEYS = [CurveKeyPair.from_raw_seed(bytes([n]) * 32) for n in (1, 2, 3)]
PUBLIC = {role: [pair.public_key for pair in pairs] for role, pairs in KEYS.items()}
PUBLIC[KeyType.CURVE] = [pair.public_key for pair in CURVE_KEYS]

# The roles that may be the subject and the issuer of each kind of claims; none means any.
ROLES = {
    "operator": (KeyType.OPERATOR, [KeyType.OPERATOR]),
    "account": (KeyType.ACCOUNT, [KeyType.ACCOUNT, KeyType.OPERATOR]),
    "user": (KeyType.USER, [KeyType.ACCOUNT]),
    "activation": (KeyType.ACCOUNT, [KeyType.ACCOUNT, KeyType.OPERATOR]),
    "authorization_request": (KeyType.USER, [KeyType.SERVER]),
    "authorization_response": (KeyType.USER, [KeyType.ACCOUNT]),
    "generic": (KeyType.USER, list(KEYS)),
}
KINDS = tuple(ROLES)

_INT64 = 2**63 - 1
_EXACT = 2**53
_PAST, _FUTURE = 1_700_000_000, 4_102_444_800


def documents(kind: str) -> SearchStrategy[Document]:
    """Return the strategy of the claims of one kind, as a document to parse."""
    subject, _ = ROLES[kind]
    times = _of(0, 1, -1, _PAST, _FUTURE, _INT64, -_INT64 - 1)
    return _object(
        {"sub": _key(subject)},
        nats=_BODIES[kind],
        name=texts,
        aud=_mostly(_key(KeyType.SERVER), texts),
        exp=times,
        nbf=times,
        iat=times,
        iss=_key(KeyType.ACCOUNT),
        jti=texts,
    )


def signers(kind: str) -> SearchStrategy[KeyPair]:
    """Return the strategy of key pairs that sign a kind of claims, now and then of a wrong role."""
    _, roles = ROLES[kind]
    right = [pair for role in roles for pair in KEYS[role]]
    return _mostly(_of(*right), _of(*(pairs[0] for pairs in KEYS.values())))


def _of(*values: Any) -> Strategy:
    return st.sampled_from(values)


def _mostly(usual: Strategy, odd: Strategy) -> Strategy:
    # one_of() counts equal alternatives once, so it cannot weigh them.
    return _of(*[usual] * 19, odd).flatmap(lambda chosen: chosen)


def _lists(items: Strategy, size: int = 3) -> Strategy:
    return st.lists(items, max_size=size)


def _object(required: dict[str, Strategy] | None = None, /, **optional: Strategy) -> Strategy:
    return st.fixed_dictionaries(required or {}, optional=optional)


def _key(role: KeyType) -> Strategy:
    right = PUBLIC[role]
    wrong = [PUBLIC[other][0] for other in PUBLIC if other is not role]
    broken = ["", "*", "NOTAKEY", right[0].lower(), right[0] + "=", right[0][:-1] + "7", right[0][1:]]
    return _mostly(_of(*right), _of(*wrong, *broken))


texts = _mostly(
    _of("", "svc", "name with space", "<b>&amp;</b>", "名前 é 😀", "\u2028\u2029\x7f", '"\\/\b\f\n\r\t\0'),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)
"""Text of all sorts; lone surrogates cannot be written by Go and are left out."""

_tokens = _of(
    *("foo", "orders", "users", "a-b", "_INBOX", "$SYS", "é", "名", "t<o>k", "a&b", "{{name()}}"),
    *("*", "*", ">", "$1", "$2", "$0", "$01", "$+1", "$-1", "$x", "$", "a*", "*a", "$9999999999999999999"),
)
subjects = _mostly(
    st.lists(_tokens, min_size=1, max_size=3).map(".".join),
    _of("", " ", ".", "..", ".a", "a.", "a..b", "a b", " a", "a ", "a b c", "a.>.b", ">", "*", "x\ty"),
)
_entries = _mostly(subjects, st.tuples(subjects, subjects).map(" ".join))

_counts = _mostly(
    _of(-1, 0, 1, 2, 1024, -5),
    _of(_INT64, -_INT64 - 1, _EXACT + 1) | st.integers(-_INT64 - 1, _INT64),
)
_exact_counts = _mostly(_of(-1, 0, 1, 2, 1024, -5), st.integers(-_EXACT, _EXACT))
_flags = st.booleans()
_tags = _lists(_mostly(_of("a", "Team:Blue", "env:prod", "z<>"), texts), 2)
_revocations = st.dictionaries(
    _mostly(_of("*", *PUBLIC[KeyType.USER], *PUBLIC[KeyType.ACCOUNT]), texts), _counts, max_size=3
)
_URLS = (
    *("https://example.com/a?b#c", "nats://localhost:4222", "tls://h:443", "ws://h", "WSS://h", "nats://"),
    *("http://user:pw@h/", "nats://u@h", "nats://@h", "nats://h/", "nats:h", "//host/path", "/hello"),
    *("not a url", "bogus", "http://", "https://[::1", "https://[::1]:80", "http://h:port", "http://a b"),
    *("http://h/%zz", "http://h/%41", "http://%41/", "http://h#%z", "http://h?%z", ":x", "1x://h", "a:b:c"),
    *("http://é.example/", "http://h\x7f", "http://h\x01", "http://a_b<>", "http://h\\x", "x" * 8193),
)
_urls = _mostly(_of(*_URLS[:5]), _of(*_URLS))
_info = {
    "description": _mostly(texts, _of("x" * 8192, "x" * 8193, "é" * 4097)),
    "info_url": _urls,
}

_CIDRS = ("10.0.0.0/8", "192.168.1.7/32", "::1/128", "fe80::/10", "::ffff:1.2.3.4/96", "0.0.0.0/0")
_ODD_CIDRS = (
    *("", "bad", "1.2.3.4", "10.0.0.1/33", "010.0.0.0/8", "10.0.0.0/08", "10.0.0.0/+8", "::/129"),
    *("fe80::1%eth0/64", "1.2.3/24", "10.0.0.0/255.0.0.0", " 10.0.0.0/8", "::1::/8", "1.2.3.4/", "/8"),
)
_sources = _mostly(
    _lists(_mostly(_of(*_CIDRS), _of(*_ODD_CIDRS))),
    _of("", "10.0.0.0/8", " 10.0.0.0/8 , ::1/128,,BAD", "::1/128,::1/128", "FE80::/10"),
)
_clock = _mostly(
    _of("01:15:00", "23:59:59", "1:15:00", "00:00:00"),
    _of("", "24:00:00", "23:60:00", "23:59:60", "01:15", "01:15:00Z", "01:15:00.5", "01:15:00,25", "x"),
)
_zones = _mostly(
    _of("", "UTC", "Europe/Berlin", "America/New_York"),
    _of("Local", "Mars/Olympus", "America", "../UTC", "/UTC", "UTC/", "\\UTC", "a..b"),
)


def _permissions(counts: Strategy) -> dict[str, Strategy]:
    permission = _object(allow=_lists(_entries), deny=_lists(_entries, 2))
    response = st.none() | _object(max=counts, ttl=counts)
    return {"pub": permission, "sub": permission, "resp": response}


def _user_limits(counts: Strategy) -> dict[str, Strategy]:
    """Give the members of a user, of which a scope's template has the same."""
    return {
        **_permissions(counts),
        "src": _sources,
        "times": _lists(_object(start=_clock, end=_clock), 2),
        "times_location": _zones,
        "subs": counts,
        "data": counts,
        "payload": counts,
        "bearer_token": _flags,
        "proxy_required": _flags,
        "allowed_connection_types": _lists(_of("STANDARD", "MQTT_WS", "IN_PROCESS", "x<"), 2),
    }


def _activation(subject: str, kind: str, **top: Any) -> str:
    """Mint an activation by the second account for the first one."""
    document = {"sub": PUBLIC[KeyType.ACCOUNT][0], "nats": {"subject": subject, "kind": kind}, **top}
    return encode(
        parse_claims(document, "activation"), KEYS[KeyType.ACCOUNT][1], now=_PAST
    ).encoded


_activations = _of(
    _activation("foo.>", "service"),
    _activation(">", "stream"),
    _activation(">", "stream", exp=1),
    _activation("a..b", "service"),
    "a.b.c",
)
_types = _mostly(_of("stream", "service"), _of("", "Stream", None))
_imports = _object(
    {"subject": subjects, "type": _types},
    account=_key(KeyType.ACCOUNT),
    name=texts,
    token=_activations,
    to=subjects,
    local_subject=subjects,
    share=_flags,
    allow_trace=_flags,
)
_exports = _object(
    {"subject": subjects, "type": _types},
    name=texts,
    token_req=_flags,
    revocations=_revocations,
    response_type=_of("", "Singleton", "Stream", "Chunked", "Bogus"),
    response_threshold=_mostly(_of(0, 10**9), _counts),
    service_latency=st.none()
    | _object(
        sampling=_mostly(_of("headers", "Headers", 0, 1, 50, 100), _of(101, -1, "50")),
        results=subjects,
    ),
    account_token_position=_mostly(_of(0, 1, 2, 3), _of(9, 2**64 - 1, 2**64, -1)),
    advertise=_flags,
    allow_trace=_flags,
    **_info,
)
# More than twelve entries Go sorts unstably, so their subjects differ.
_many = st.lists(
    _object({"subject": subjects, "type": _of("stream", "service")}),
    min_size=13,
    max_size=15,
    unique_by=lambda entry: entry["subject"],
)
_storage = {
    name: _counts
    for name in (
        *("mem_storage", "disk_storage", "streams", "consumer", "max_ack_pending"),
        *("mem_max_stream_bytes", "disk_max_stream_bytes"),
    )
} | {"max_bytes_required": _flags}
_tiers = st.dictionaries(_of("R1", "R3", "", "<R>"), _object(**_storage), max_size=2)
_limits = _mostly(
    _object(
        **{name: _counts for name in ("subs", "data", "payload", "conn", "leaf")},
        imports=_mostly(_of(-1, 0, 1, 10), _counts),
        exports=_mostly(_of(-1, 0, 1, 10), _counts),
        wildcards=_flags,
        disallow_bearer=_flags,
    ),
    _object(tiered_limits=_tiers, **_storage),
)
_scopes = _object(
    {"kind": _mostly(_of("user_scope"), _of("", "x", None))},
    key=_key(KeyType.ACCOUNT),
    role=texts,
    template=_object(**_user_limits(_exact_counts)),
    description=texts,
)
_mappings = st.dictionaries(
    subjects,
    st.none()
    | _lists(
        _object(
            subject=subjects,
            weight=_mostly(_of(0, 10, 50, 100), _of(101, 255, 256, -1)),
            cluster=_of("", "c1", "c<2>"),
        )
    ),
    max_size=3,
)

_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-_EXACT, _EXACT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda children: _lists(children) | st.dictionaries(texts, children, max_size=3),
    max_leaves=6,
)

_BODIES: dict[str, Strategy] = {
    "operator": _object(
        signing_keys=_lists(_key(KeyType.OPERATOR)),
        account_server_url=_urls,
        operator_service_urls=_lists(_urls),
        system_account=_key(KeyType.ACCOUNT),
        assert_server_version=_mostly(
            _of("", "2.10.0", "0.0.0"),
            _of("x", "v2.1.0", "2.1", "1.2.3.4", "-1.0.0", "+1.2.3", "01.02.03", "1..1", " 1.2.3", "1_0.0.0"),
        ),
        strict_signing_key_usage=_flags,
        tags=_tags,
    ),
    "account": _object(
        imports=_mostly(_lists(_imports), _many),
        exports=_mostly(_lists(_exports), _many),
        limits=_limits,
        signing_keys=_lists(_key(KeyType.ACCOUNT) | _scopes),
        revocations=_revocations,
        default_permissions=_object(**_permissions(_counts)),
        mappings=_mappings,
        authorization=_object(
            auth_users=_lists(_key(KeyType.USER), 2),
            allowed_accounts=_lists(_mostly(_key(KeyType.ACCOUNT), _of("*")), 2),
            xkey=_key(KeyType.CURVE),
        ),
        trace=st.none() | _object(dest=subjects, sampling=_of(0, 1, 100, 101, -1)),
        cluster_traffic=_of("", "system", "owner", "System"),
        tags=_tags,
        **_info,
    ),
    "user": _object(issuer_account=_key(KeyType.ACCOUNT), tags=_tags, **_user_limits(_counts)),
    "activation": _object(
        subject=subjects, kind=_types, issuer_account=_key(KeyType.ACCOUNT), tags=_tags
    ),
    "authorization_request": _object(
        server_id=_object(
            {"name": texts, "host": texts, "id": _key(KeyType.SERVER)},
            version=texts,
            cluster=texts,
            tags=_tags,
            xkey=_key(KeyType.CURVE),
        ),
        user_nkey=_key(KeyType.USER),
        client_info=_object(
            **{name: texts for name in ("host", "user", "name", "name_tag", "kind", "type", "nonce")},
            id=_mostly(_of(0, 1, 2**64 - 1), _of(-1, 2**64)),
            tags=_tags,
            mqtt_id=texts,
        ),
        connect_opts=_object(
            **{name: texts for name in ("jwt", "nkey", "sig", "auth_token", "user", "pass")},
            **{name: texts for name in ("name", "lang", "version")},
            protocol=_counts,
        ),
        client_tls=st.none()
        | _object(version=texts, cipher=texts, certs=_lists(texts), verified_chains=_lists(_lists(texts))),
        request_nonce=texts,
        tags=_tags,
    ),
    "authorization_response": _object(
        jwt=texts, error=texts, issuer_account=_key(KeyType.ACCOUNT), tags=_tags
    ),
    "generic": st.none() | st.dictionaries(texts, _json, max_size=4),
}
