"""Key pairs and claims that tests share, and tokens that no encoder would make."""

from __future__ import annotations

import json
import traceback
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from natsauth.claims.parse import parse_claims
from natsauth.keys import KeyPair, KeyType
from natsauth.xkeys import CurveKeyPair
from tests._vectors import SPEC

if TYPE_CHECKING:
    from natsauth.claims.base import Claims

# The keys of spec.json: each seed is one byte, 32 times.
OPERATOR = KeyPair(KeyType.OPERATOR, bytes([1]) * 32)
ACCOUNT = KeyPair(KeyType.ACCOUNT, bytes([2]) * 32)
USER = KeyPair(KeyType.USER, bytes([3]) * 32)
SERVER = KeyPair(KeyType.SERVER, bytes([4]) * 32)
CLUSTER = KeyPair(KeyType.CLUSTER, bytes([5]) * 32)
CURVE = CurveKeyPair(bytes([6]) * 32)
OTHER_ACCOUNT = KeyPair(KeyType.ACCOUNT, bytes([8]) * 32)
SIGNERS = {pair.type: pair for pair in (OPERATOR, ACCOUNT, USER, SERVER, CLUSTER)}
BY_PUBLIC_KEY = {
    row["public"]: KeyPair.from_seed(row["seed"]) for row in SPEC["keys"] if row["role"] != "x25519"
}

HEADER = '{"typ":"JWT","alg":"ed25519-nkey"}'
OLD_HEADER = '{"typ":"jwt","alg":"ed25519"}'
IAT = 1_700_000_000

# The documents of spec.json in which every member of a kind is set, and who signs the kind.
FULL = {
    "operator": ("operator full", OPERATOR),
    "account": ("account full", OPERATOR),
    "user": ("user full", OTHER_ACCOUNT),
    "activation": ("activation", OTHER_ACCOUNT),
    "authorization_request": ("authreq full", SERVER),
    "authorization_response": ("authresp err", ACCOUNT),
    "generic": ("generic", SERVER),
}


def full(kind: str) -> Claims:
    """Return claims in which every member is set."""
    name, _ = FULL[kind]
    return parse_claims(next(r["payload"] for r in SPEC["encode_v2"] if r["name"] == name), kind)


def forge(
    payload: dict[str, Any] | str | bytes,
    signer: KeyPair = ACCOUNT,
    *,
    header: str | bytes = HEADER,
    old: bool = False,
) -> str:
    """Sign any payload under any header; a dict gets the signer as ``iss``.

    An old signature is that of version 1, over the payload alone.
    """
    if isinstance(payload, dict):
        payload = json.dumps({"iss": signer.public_key, **payload})
    head, body = _base64url(header), _base64url(payload)
    data = body if old else head + b"." + body
    return b".".join([head, body, _base64url(signer.sign(data))]).decode()


def payload_text(token: str) -> str:
    """Return the JSON text of a token's payload."""
    chunk = token.split(".")[1]
    return urlsafe_b64decode(chunk + "=" * (-len(chunk) % 4)).decode("utf-8", "replace")


def nested(depth: int, innermost: Any = 0) -> Any:
    """Return lists in lists."""
    for _ in range(depth):
        innermost = [innermost]
    return innermost


def shown(error: BaseException) -> str:
    """Return all that a log shows of an error: its traceback, what it is chained to, its parts."""
    parts = "".join(traceback.format_exception(error))
    return f"{parts}{error!r}{error.args!r}{vars(error)!r}"


def _base64url(data: str | bytes) -> bytes:
    return urlsafe_b64encode(data.encode() if isinstance(data, str) else data).rstrip(b"=")
