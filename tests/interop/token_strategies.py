"""Random tokens that nobody should write: forged around odd claims, or damaged on the way."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from hypothesis import note
from hypothesis import strategies as st

from natsauth import KeyType, encode, parse_claims
from tests.interop.claims_strategies import KINDS, ROLES, documents, signers, spoiled_documents
from tests.interop.value_strategies import KEYS, PAST, PUBLIC

if TYPE_CHECKING:
    from natsauth import KeyPair

HEADER = '{"typ":"JWT","alg":"ed25519-nkey"}'
OLD_HEADER = '{"typ":"jwt","alg":"ed25519"}'
_OLD_KINDS = ("operator", "account", "user", "activation", "x")


def _minted(kind: str) -> str:
    subject, issuers = ROLES[kind]
    claims = parse_claims({"sub": PUBLIC[subject][0], "name": kind}, kind)
    return encode(claims, KEYS[issuers[0]][0], now=PAST).encoded


TOKENS = [_minted(kind) for kind in KINDS]
"""A small genuine token of each kind."""


def forge(header: str, payload: bytes, signer: KeyPair, *, old: bool = False) -> str:
    """Sign any header and payload, in the way of version 2, or of version 1."""
    head, body = base64url(header.encode()), base64url(payload)
    signature = signer.sign((body if old else f"{head}.{body}").encode())
    return f"{head}.{body}.{base64url(signature)}"


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def canonical(token: str) -> str:
    """Return the token without line breaks and without bits that no data sets."""
    chunks = token.replace("\n", "").replace("\r", "").split(".")
    return ".".join(base64url(urlsafe_b64decode(c + "=" * (-len(c) % 4))) for c in chunks)


# Members that version 1 had, or had otherwise.
_OLD_MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "max": st.sampled_from([1, "1"]),
        "payload": st.sampled_from([1, None, "1"]),
        "src": st.sampled_from(["10.0.0.0/8,::1/128", ["10.0.0.0/8"]]),
        "times": st.sampled_from([[], [{"start": "01:00:00"}], {}]),
        "type": st.sampled_from(["stream", "service", "x"]),
        "identity": st.sampled_from(["x", 1]),
    },
)


@st.composite
def forged_tokens(draw: st.DrawFn) -> str:
    """Draw a rightly signed token around claims of any kind, version, issuer and header."""
    document: dict[str, Any]
    old = draw(st.booleans())
    kind = draw(st.sampled_from(_OLD_KINDS if old else KINDS))
    known = kind if kind in KINDS else "generic"
    spoil = draw(st.integers(0, 3)) == 3
    document = draw(spoiled_documents(known) if spoil else documents(known))
    signer = draw(signers(known))
    document.setdefault("iss", signer.public_key)
    if draw(st.integers(0, 9)):
        document["iss"] = signer.public_key
    body = document.setdefault("nats", {})
    if old:
        if isinstance(body, dict) and draw(st.integers(0, 3)) == 3:
            body |= draw(_OLD_MEMBERS)
        document |= {"type": kind, "tags": ["a"], "issuer_account": PUBLIC[KeyType.ACCOUNT][0]}
    elif isinstance(body, dict):
        body["type"] = draw(
            st.sampled_from([*[kind] * 9, "cluster", "server", "User", "", None, 1])
        )
    if isinstance(body, dict) and draw(st.integers(0, 9)):
        body["version"] = draw(st.sampled_from([*[2] * 9, 1, 0, 3, -1, None, "2"]))
    header = draw(st.sampled_from([OLD_HEADER if old else HEADER] * 9 + _HEADERS))
    version_1 = old ^ (draw(st.integers(0, 9)) == 9)
    note(f"{header} {document} {signer} {'payload alone' if version_1 else ''}")
    return forge(header, json.dumps(document).encode(), signer, old=version_1)


_HEADERS = [
    HEADER,
    OLD_HEADER,
    '{"typ":"jwt","alg":"ED25519-NKEY","kid":"x"}',
    '{"typ":"JWS","alg":"ed25519-nkey"}',
    '{"typ":"JWT","alg":"none"}',
    '{"typ":"JWT","alg":null}',
    '{"alg":"ed25519-nkey"}',
    '{"typ":"JWT","alg":"ed25519-nkey"} ',
    '{"typ":"JWT","alg":"ed25519-nkey"}x',
    "null",
    "[]",
    "",
]


@st.composite
def damaged_tokens(draw: st.DrawFn) -> str:
    """Draw a genuine token in which up to two characters were replaced, lost or added."""
    token = draw(st.sampled_from(TOKENS))
    start = draw(st.integers(0, len(token)))
    added = draw(st.text(st.sampled_from("AQgwz09-_.=+/ \r\n\0é"), max_size=2))
    return token[:start] + added + token[start + draw(st.integers(0, 2)) :]
