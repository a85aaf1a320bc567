"""What Go's jwt/v2.8.2 reads, and natsauth.decode() does not."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth.claims import UserClaims
from natsauth.errors import TokenError
from natsauth.policy._reading import read_user
from natsauth.token import decode
from tests._tokens import ACCOUNT, HEADER, OLD_HEADER, OPERATOR, USER, forge
from tests._vectors import records

ISS = f'"iss":"{ACCOUNT.public_key}","sub":"{USER.public_key}"'
BODY = '"type":"user","version":2'


def claims_of(payload: str, header: str = HEADER, *, old: bool = False) -> UserClaims | None:
    return read_user(forge(payload, header=header, old=old)).claims


def body_of(members: str) -> Any:
    claims = claims_of(f'{{{ISS},"nats":{{{members},{BODY}}}}}')
    return claims and claims.nats


def test_what_decode_reads_is_read_alike() -> None:
    token = forge({"sub": USER.public_key, "nats": {"type": "user", "version": 2}})
    claims, refusal = read_user(token)
    assert claims == decode(token, UserClaims).claims
    assert refusal == ""


@pytest.mark.parametrize("row", records("decode.jsonl"), ids=lambda row: row["token"][-8:])
def test_recorded_tokens(row: dict[str, Any]) -> None:
    assert (read_user(row["token"]).claims is not None) is (row.get("type") == "user")


@pytest.mark.parametrize(
    ("template", "taken"),
    [
        ("{}\n", True),
        ("{}\r\n\r\n", True),
        ("\n{}", False),
        ("{} ", False),
        ("{}=", False),
        ("{}.", False),
        ("", False),
        ("\ud800", False),
        ("a.b.c", False),
        ("W10.W10.W10", False),
    ],
)
def test_what_stands_around_a_token(template: str, *, taken: bool) -> None:
    token = forge({"sub": USER.public_key, "nats": {"type": "user", "version": 2}})
    claims, refusal = read_user(template.format(token))
    assert (claims is not None) is taken
    assert refusal


def test_stray_bits_and_line_breaks_in_the_signature() -> None:
    token = forge({"sub": USER.public_key, "nats": {"type": "user", "version": 2}})
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet[alphabet.index(token[-1]) + 1]
    assert read_user(token[:-1] + last).claims
    assert read_user(token[:-9] + "\n" + token[-9:]).claims
    assert read_user(token[:-9] + ("B" if token[-9] == "A" else "A") + token[-8:]).claims is None


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ('{"TYP":"jwt","Alg":"ED25519-NKEY"}', True),
        ('{"typ":"x","typ":"JWT","alg":"ed25519","alg":null}', True),
        ('{"typ":1,"typ":"JWT","alg":"ed25519"}', False),
        ('{"typ":"JWT","alg":"none"}', False),
        ('{"typ":"JWT"}', False),
        ('{"typ":"","alg":"ed25519-nkey"}', False),
        ("[]", False),
        ("null", False),
    ],
)
def test_headers(header: str, *, taken: bool) -> None:
    assert (claims_of(f'{{{ISS},"nats":{{{BODY}}}}}', header) is not None) is taken


def test_names_in_any_letter_case() -> None:
    nats = body_of('"PUB":{"Allow":["a"]},"Re\u017fp":{"MAX":2},"times":[{"START":"1:00:00"}]')
    assert (nats.pub.allow, nats.resp.max, nats.times[0].start) == (["a"], 2, "1:00:00")
    assert body_of('"\u00df":1')


def test_names_that_stand_twice() -> None:
    nats = body_of('"pub":{"allow":["a"],"deny":["b"]},"PUB":{"allow":["c"]},"subs":1,"subs":2')
    assert (nats.pub.allow, nats.pub.deny, nats.subs) == (["c"], ["b"], 2)
    nats = body_of('"subs":1,"subs":null,"resp":{},"resp":null,"src":["a"],"src":null')
    assert (nats.subs, nats.resp, nats.src) == (1, None, None)
    nats = body_of('"resp":{"max":1},"resp":null,"resp":{"ttl":2},"pub":{"allow":["a"]},"pub":null')
    assert (nats.resp.max, nats.resp.ttl, nats.pub.allow) == (0, 2, ["a"])
    claims = claims_of(f'{{{ISS},"nats":{{"type":"user"}},"NATS":{{"version":2}}}}')
    assert claims


@pytest.mark.parametrize(
    "members",
    [
        '"subs":"1","subs":1',
        '"SUBS":1.0',
        '"SUBS":1e3',
        '"SUBS":99999999999999999999',
        '"SUBS":9223372036854775808',
        '"pub":{"allow":"a"},"pub":{"allow":[]}',
        '"RESP":{"ttl":"1s"},"resp":null',
        '"ALLOWED_connection_types":"STANDARD"',
        '"Pub":{"allow":[{}]}',
        '"Pub":[]',
        '"X":NaN',
    ],
)
def test_wrong_types_stay_wrong(members: str) -> None:
    assert body_of(members) is None


def test_what_is_unknown_may_be_anything() -> None:
    assert body_of(f'"x":1e999,"y":{"[" * 300}{"]" * 300},"z":{"9" * 5000},"z":1')
    assert body_of('"TAGS":["\\ud800"]').tags == ["\ufffd"]


def test_version_1() -> None:
    payload = f'{{{ISS},"Type":"user","type":null,"tags":["a"],"nats":{{"Subs":5,"max":1'
    claims = claims_of(payload + ',"proxy_required":[]}}', OLD_HEADER, old=True)
    assert claims
    assert (claims.nats.subs, claims.nats.payload, claims.nats.tags) == (5, -1, ["a"])
    assert claims_of(payload + ',"max":""}}', OLD_HEADER, old=True) is None
    assert claims_of(payload + "}}", OLD_HEADER) is None


def test_tokens_of_others() -> None:
    account = forge({"sub": ACCOUNT.public_key, "nats": {"type": "account", "version": 2}})
    assert read_user(account).claims is None
    assert read_user(account + "\n").claims is None
    user = {"sub": USER.public_key, "nats": {"type": "user", "version": 2}}
    assert read_user(forge(user, OPERATOR)).claims is None
    with pytest.raises(TokenError):
        decode(forge(user, OPERATOR))


@pytest.mark.timeout(60)  # what is not bounded takes hours
def test_many_members_of_one_name_are_read_in_time_that_grows_with_them() -> None:
    body = ",".join(['"nats":{"type":"user","version":2}'] * 16_000)
    assert claims_of(f"{{{ISS},{body}}}") is not None
