"""What a fuzzer feeds: functions of bytes that raise only when natsauth does what it must not.

Each lets pass the documented errors alone. For a coverage guided fuzzer, in Python::

    import atheris

    with atheris.instrument_imports():
        from tests.fuzz.targets import fuzz_decode
    atheris.Setup(sys.argv, fuzz_decode)
    atheris.Fuzz()

``test_fuzz.py`` feeds them with Hypothesis. What either finds becomes a record of
``tests/vectors/found.jsonl``, which every run of the tests feeds to them again; no other corpus is
kept.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from natsauth import (
    CurveKeyPair,
    KeyPair,
    PublicKey,
    Token,
    decode,
    encode,
    parse_claims,
    peek_unverified,
)
from natsauth._json import JsonError, dumps, loads, to_bytes
from natsauth.claims import CLAIMS
from natsauth.errors import ClaimsError, NatsAuthError
from tests._tokens import CURVE, OLD_HEADER, SIGNERS, forge

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsauth import Claims


def fuzz_decode(data: bytes) -> None:
    """Feed bytes as a token, and as text that may hold any character."""
    for text in (
        data,
        data.decode("latin-1"),
        data.decode("utf-16", "replace"),
    ):
        with suppress(NatsAuthError):
            _check_claims(peek_unverified(text))
        with suppress(NatsAuthError):
            _check_token(decode(text), text)


def fuzz_payload(data: bytes) -> None:
    """Feed bytes as the payload of a well signed token, by a signer the payload may name."""
    for signer in SIGNERS.values():
        if signer.public_key.encode() not in data:
            continue
        for old in (False, True):
            text = forge(data, signer, old=old, header=OLD_HEADER if data[-1:] == b" " else _HEADER)
            with suppress(NatsAuthError):
                _check_token(decode(text), text)


def fuzz_header(data: bytes) -> None:
    """Feed bytes as the header of a well signed token."""
    for old in (False, True):
        body: dict[str, Any] = {"sub": "x", "nats": {"type": "user", "version": 1 if old else 2}}
        text = forge(body, header=data, old=old)
        with suppress(NatsAuthError):
            _check_token(decode(text), text)


def fuzz_claims(data: bytes) -> None:
    """Feed bytes as the JSON of claims of every kind."""
    for kind in (*CLAIMS, "generic"):
        with suppress(ClaimsError):
            _check_claims(parse_claims(data, kind))


def fuzz_json(data: bytes) -> None:
    """Feed bytes as JSON: what is read, the standard library reads alike, and it comes back."""
    with suppress(JsonError):
        value = loads(data)
        json.loads(data.decode("utf-8", "natsauth"))
        assert loads(to_bytes(dumps(value))) == value


def fuzz_keys(data: bytes) -> None:
    """Feed bytes as the text of keys: what is read is written the same."""
    with suppress(NatsAuthError):
        assert str(PublicKey.parse(data)).encode() == data
    with suppress(NatsAuthError):
        assert KeyPair.from_seed(data).reveal_seed().encode() == data.strip()
    with suppress(NatsAuthError):
        assert CurveKeyPair.from_seed(data).reveal_seed().encode() == data.strip()


def fuzz_sealed(data: bytes) -> None:
    """Feed bytes as a sealed message, and as a message to seal."""
    with suppress(NatsAuthError):
        CURVE.open(data, CURVE.public)
    assert CURVE.open(CURVE.seal(data, CURVE.public), CURVE.public) == data


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__.removeprefix("fuzz_"): target
    for target in (
        fuzz_decode,
        fuzz_payload,
        fuzz_header,
        fuzz_claims,
        fuzz_json,
        fuzz_keys,
        fuzz_sealed,
    )
}
"""Every target, by the name it has in ``found.jsonl``."""
_HEADER = '{"typ":"JWT","alg":"ed25519-nkey"}'


def _check_token(token: Token[Any], text: str | bytes) -> None:
    """Check that a token that was read is what it says, and can be read and made again."""
    assert token.encoded.encode() == (text if isinstance(text, bytes) else text.encode())
    claims = token.claims
    signer = next((s for s in SIGNERS.values() if s.public_key == claims.iss), None)
    if signer is not None:
        assert signer.type in claims.issuers
        with suppress(NatsAuthError):
            again = encode(claims, signer, now=claims.iat)
            assert decode(again.encoded).claims == again.claims
    _check_claims(claims)


def _check_claims(claims: Claims) -> None:
    """Check that nothing about claims raises another error than a documented one."""
    assert repr(claims)
    for name in ("expires_at", "not_before", "issued_at"):
        with suppress(ClaimsError):
            getattr(claims, name)
    with suppress(ClaimsError):
        again = parse_claims(claims.to_json(), claims.kind)
        assert again.to_dict().keys() == claims.to_dict().keys()
