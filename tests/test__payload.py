"""What encode() makes of claims: the bytes of Go, or a refusal, and the claims stay as they are."""

from __future__ import annotations

import base64
import enum
import hashlib
import json
from copy import deepcopy
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import pytest

from natsauth import claims as claims_package
from natsauth._envelope import MAX_CHARS
from natsauth._wire import WireObject
from natsauth.claims import (
    Account,
    AccountClaims,
    Export,
    GenericClaims,
    Import,
    OperatorClaims,
    User,
    UserClaims,
    UserScope,
)
from natsauth.claims.base import Claims
from natsauth.errors import (
    ClaimsError,
    IssuerError,
    NatsAuthError,
    SecretError,
    TokenTooLargeError,
    UsageError,
)
from natsauth.token import decode, encode
from tests._tokens import (
    ACCOUNT,
    BY_PUBLIC_KEY,
    FULL,
    IAT,
    OPERATOR,
    SERVER,
    SIGNERS,
    USER,
    full,
    nested,
    payload_text,
    shown,
)
from tests._vectors import SPEC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.keys import KeyPair

kinds = pytest.mark.parametrize("kind", FULL)


def user(**members: Any) -> UserClaims:
    return UserClaims(sub=USER.public_key, **members)


def account(**members: Any) -> AccountClaims:
    return AccountClaims(sub=ACCOUNT.public_key, nats=Account(**members))


def payload(claims: Claims, signer: KeyPair = ACCOUNT, now: int = IAT) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(payload_text(encode(claims, signer, now=now).encoded))
    return document


@pytest.mark.parametrize("row", SPEC["encode_v2"], ids=lambda row: row["name"])
def test_payloads_and_signatures_are_those_of_go(row: dict[str, Any]) -> None:
    document = json.loads(row["payload"])
    kind = document["nats"].get("type", "generic")
    token = encode(
        claims_package.parse_claims(row["payload"], kind), BY_PUBLIC_KEY[document["iss"]], now=IAT
    )
    assert payload_text(token.encoded) == row["payload"]
    assert token.encoded == row["token"]


def test_the_full_documents_have_objects_of_every_class() -> None:
    # What a test does to every field in them, it does to every field there is.
    classes = {type(holder) for kind in FULL for holder in objects_in(full(kind))}
    exported = [getattr(claims_package, name) for name in claims_package.__all__]
    wanted = {c for c in exported if isinstance(c, type) and issubclass(c, WireObject)}
    assert classes == wanted - {Claims}


def objects_in(value: Any) -> Iterator[Any]:
    """Yield every object of claims inside a value."""
    if is_dataclass(value):
        yield value
        for field in fields(value):
            yield from objects_in(getattr(value, field.name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from objects_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from objects_in(item)


@kinds
def test_encoding_leaves_the_claims_as_they_are(kind: str) -> None:
    claims = full(kind)
    claims.iss, claims.iat, claims.jti = "before", 5, "before"
    claims.extra = {"z": [1], "a": {"y": 1, "b": 2}}
    before, parts = deepcopy(claims), [id(part) for part in objects_in(claims)]
    encode(claims, FULL[kind][1], now=IAT)
    assert claims == before
    assert [id(part) for part in objects_in(claims)] == parts
    assert [*claims.extra] == ["z", "a"]


def test_encoding_leaves_the_order_and_the_kind_of_a_draft_as_they_are() -> None:
    imports, exports = [Import(subject="b"), Import(subject="a")], [Export(subject="b"), Export()]
    claims = account(imports=imports, exports=exports, type="", version=0)
    written = payload(claims)["nats"]
    assert [item["subject"] for item in written["imports"]] == ["a", "b"]
    assert [item.get("subject") for item in written["exports"]] == [None, "b"]
    assert (written["type"], written["version"]) == ("account", 2)
    assert (claims.nats.imports, claims.nats.exports) == (imports, exports)
    assert claims.nats.imports is imports
    assert (imports[0].subject, claims.nats.type, claims.nats.version) == ("b", "", 0)


def test_a_refused_draft_stays_as_it_is_too() -> None:
    claims = account(
        imports=[Import(subject="b"), Import(type="x")], revocations={"b": "x", "a": 1}
    )
    before = deepcopy(claims)
    with pytest.raises(ClaimsError):
        encode(claims, ACCOUNT)
    assert claims == before


def test_what_go_fills_in_is_filled_in() -> None:
    claims = user(name="n", aud="a", exp=5, nbf=3, iss="x", iat=9, jti="y")
    document = payload(claims)
    assert [*document] == ["aud", "exp", "jti", "iat", "iss", "name", "nbf", "sub", "nats"]
    assert (document["iss"], document["iat"]) == (ACCOUNT.public_key, IAT)
    hashed = payload_text(encode(claims, ACCOUNT, now=IAT).encoded).partition(',"nats"')[0] + "}"
    hashed = hashed.replace(f'"jti":"{document["jti"]}",', "")
    digest = hashlib.new("sha512_256", hashed.encode()).digest()
    assert document["jti"] == base64.b32encode(digest).decode().rstrip("=")


def test_what_is_empty_is_left_out() -> None:
    assert [*payload(user(), now=0)] == ["jti", "iss", "sub", "nats"]
    assert payload(user(nats=User(subs=0, data=0, payload=0)))["nats"] == {
        "pub": {},
        "sub": {},
        "type": "user",
        "version": 2,
    }


def test_the_identity_is_over_the_escaped_text() -> None:
    # As for "O<&>" in spec.json, but with all that Go escapes, and a surrogate.
    name = "<&>\u2028\u2029\ud800é"
    document = payload(user(name=name))
    head = f'{{"iat":{IAT},"iss":"{ACCOUNT.public_key}","name":'
    text = r'"\u003c\u0026\u003e\u2028\u2029' + '\N{REPLACEMENT CHARACTER}é"'
    hashed = f'{head}{text},"sub":"{USER.public_key}"}}'.encode()
    assert document["name"] == name.replace("\ud800", "\N{REPLACEMENT CHARACTER}")
    digest = hashlib.new("sha512_256", hashed).digest()
    assert document["jti"] == base64.b32encode(digest).decode().rstrip("=")


def test_unknown_members_are_written_at_the_end() -> None:
    claims = user(extra={"z": 1.0, "a": {"c": "<", "b": None}})
    claims.nats.extra = {"y": [2**64]}
    text = payload_text(encode(claims, ACCOUNT, now=IAT).encoded)
    assert text.endswith(
        '"type":"user","version":2,"y":[18446744073709551616]},"z":1,"a":{"c":"\\u003c","b":null}}'
    )


@pytest.mark.parametrize(
    "name", ["type", "Type", "TYPE", "iss", "Iss", "SUB", "\u017fub", "nats", "jti", "iat", "exp"]
)
def test_unknown_members_have_names_of_their_own(name: str) -> None:
    with pytest.raises(ClaimsError):
        encode(user(extra={name: "x"}), ACCOUNT)


@pytest.mark.parametrize("name", ["type", "Type", "version", "VERSION", "pub", "\u017fub", "tagS"])
def test_unknown_members_of_a_body_have_names_of_their_own(name: str) -> None:
    with pytest.raises(ClaimsError):
        encode(user(nats=User(extra={name: "x"})), ACCOUNT)


def test_the_subject_has_the_role_of_the_kind() -> None:
    for kind, (_, signer) in FULL.items():
        claims = full(kind)
        for role, pair in SIGNERS.items():
            claims.sub = pair.public_key
            if claims.subject_role in (None, role):
                assert decode(encode(claims, signer, now=IAT).encoded).claims.sub == claims.sub
            else:
                with pytest.raises(
                    ClaimsError, match=rf"^\$\.sub: expected a public {claims.subject_role}"
                ):
                    encode(claims, signer)


@pytest.mark.parametrize("subject", ["", "x", USER.public_key.lower(), USER.public_key + "\n"])
def test_a_subject_is_needed(subject: str) -> None:
    claims: Claims
    for claims in (
        UserClaims(sub=subject),
        OperatorClaims(sub=subject),
        AccountClaims(sub=subject),
    ):
        with pytest.raises(ClaimsError, match=r"^\$\.sub: expected a public "):
            encode(claims, OPERATOR)
    if not subject:
        with pytest.raises(ClaimsError, match=r"^\$\.sub: the subject is not set"):
            encode(GenericClaims(), OPERATOR)


@kinds
def test_the_issuer_has_a_role_that_signs_the_kind(kind: str) -> None:
    claims = full(kind)
    for role, pair in SIGNERS.items():
        if role in claims.issuers:
            assert encode(claims, pair).claims.iss == pair.public_key
        else:
            with pytest.raises(IssuerError, match=f"{kind} claims are signed by .* got .*{role}"):
                encode(claims, pair)


def test_a_server_url_without_a_scheme_is_refused_as_by_go() -> None:
    claims = OperatorClaims(sub=OPERATOR.public_key)
    for url in ("", "nats://h", "https://h/jwt/v1"):
        claims.nats.account_server_url = url
        assert payload(claims, OPERATOR)["nats"].get("account_server_url", "") == url
    for url in ("bogus", "//h", ":", "http://[", "http://h\n"):
        claims.nats.account_server_url = url
        with pytest.raises(ClaimsError, match=r"^\$\.nats\.account_server_url: "):
            encode(claims, OPERATOR)


def test_a_null_has_no_place_in_an_order() -> None:
    assert payload(account(exports=[None]))["nats"]["exports"] == [None]
    for name in ("imports", "exports"):
        with pytest.raises(ClaimsError, match=rf"^\$\.nats\.{name}: "):
            encode(account(**{name: [None, None]}), ACCOUNT)


def test_equal_subjects_keep_their_order() -> None:
    exports = [Export(subject=str(n % 3), name=str(n)) for n in range(30)]
    written = payload(account(exports=exports))["nats"]["exports"]
    assert written == sorted(written, key=lambda item: (item["subject"], int(item["name"])))


def test_subjects_are_ordered_by_their_bytes() -> None:
    subjects = ["\uffff", "\U00010000", "é", "z", "Z", ""]
    written = payload(account(imports=[Import(subject=text) for text in subjects]))["nats"][
        "imports"
    ]
    assert [item.get("subject", "") for item in written] == sorted(subjects, key=str.encode)


class Word(enum.StrEnum):
    """A subclass of str, as users have them."""

    ONE = "one<"


class Number(enum.IntEnum):
    """A subclass of int."""

    ONE = 1


def test_subclasses_of_str_are_text() -> None:
    claims = user(name=Word.ONE, aud=Word.ONE, extra={Word.ONE: Word.ONE})
    claims.nats.tags, claims.nats.times_location = [Word.ONE], Word.ONE
    document = payload(claims)
    assert (document["name"], document["aud"], document["one<"]) == ("one<", "one<", "one<")
    assert (document["nats"]["tags"], document["nats"]["times_location"]) == (["one<"], "one<")


def endless() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["x"] = [value]
    return value


def wrong_parts() -> list[Any]:
    export, scope, other = Export(), UserScope(), UserScope()
    parts: Any = (export, scope, other)
    parts[0].subject, parts[1].key, parts[2].key = 5, 5, []
    return [[export, Export()], [scope, "A"], [other, "A"]]


HUGE = 10**5_000
JUNK: list[Any] = [
    *(None, True, 0, -1, 5, 2**63, HUGE, -HUGE, Number.ONE, 1.5, float("nan"), float("inf"), 1j),
    *("", "x", "\ud800", "\x00", Word.ONE, "S" * 58, b"x", bytearray(b"x"), USER, UserClaims, len),
    *([], [None], [5], [5, "x"], ["x", "y"], [[]], [HUGE], [{}], [{"x": 1}], nested(2_000), (5,)),
    *({}, {"x": 5}, {5: 5}, {5: 1, "a": 2}, {None: 1}, {HUGE: 1}, {"x": HUGE}, {"Type": "x"}),
    *({"x": []}, {"x": None}, dict(zip("\ud800\udc00", "ab", strict=True)), endless()),
    *(set(), range(3), {"x": "y"}.items(), object(), User()),
    *(wrong_parts()),
]


def places(kind: str) -> list[Any]:
    """Name the fields of every class in the full claims of a kind."""
    found: dict[str, Any] = {}
    for number, holder in enumerate(objects_in(full(kind))):
        for field in fields(holder):
            name = f"{type(holder).__name__}.{field.name}"
            found.setdefault(name, pytest.param(kind, number, field.name, id=f"{kind}-{name}"))
    return list(found.values())


@pytest.mark.parametrize(
    ("kind", "number", "name"), [place for kind in FULL for place in places(kind)]
)
def test_junk_in_a_draft_is_refused_or_makes_a_readable_token(
    kind: str, number: int, name: str
) -> None:
    claims = full(kind)
    holder = list(objects_in(claims))[number]
    for junk in JUNK:
        setattr(holder, name, junk)
        try:
            token = encode(claims, FULL[kind][1], now=IAT)
        except NatsAuthError:
            continue
        assert decode(token.encoded).claims == token.claims


@pytest.mark.parametrize("number", range(len(JUNK)))
def test_only_claims_are_encoded(number: int) -> None:
    with pytest.raises(UsageError, match="expected claims, got "):
        encode(JUNK[number], ACCOUNT)


def test_neither_the_base_nor_a_subclass_of_claims_is_encoded() -> None:
    class MyClaims(UserClaims):
        __slots__ = ()

    for claims in (Claims(sub=USER.public_key), MyClaims(sub=USER.public_key)):
        with pytest.raises(UsageError, match="expected claims, got "):
            encode(claims, ACCOUNT)


BODIES: list[dict[str, Any]] = [
    *({"type": 5}, {"type": ["x"]}, {"type": {}}, {"version": "x"}, {"Type": "x"}, {"VERSION": 2}),
    *({"tags": "x"}, {"tags": [5]}, {"Tags": []}, {"type": "user"}, {"type": "operator"}),
    *({"type": "account", "limits": 5}, {"x": float("inf")}, {"x": 10**400}),
]


@pytest.mark.parametrize("nats", BODIES, ids=lambda nats: f"{nats}"[:40])
@pytest.mark.parametrize("signer", [SERVER, ACCOUNT], ids=["server", "account"])
def test_a_free_body_is_refused_or_can_be_read_back(nats: dict[str, Any], signer: KeyPair) -> None:
    try:
        token = encode(GenericClaims(sub="x", nats=nats), signer)
    except NatsAuthError:
        return
    assert decode(token.encoded).claims == token.claims


def test_the_biggest_token_that_is_read_is_made_and_no_bigger_one() -> None:
    size = 786_000
    size += (MAX_CHARS - len(encode(user(name="x" * size), ACCOUNT).encoded)) * 3 // 4
    biggest = encode(user(name="x" * size), ACCOUNT).encoded
    assert MAX_CHARS - 2 <= len(biggest) <= MAX_CHARS
    assert len(decode(biggest).claims.name) == size
    for bigger in (size + 3, 2 * size):
        with pytest.raises(TokenTooLargeError):
            encode(user(name="x" * bigger), ACCOUNT)


@pytest.mark.parametrize(
    ("kind", "signer"), [("account", OPERATOR), ("user", ACCOUNT), ("operator", OPERATOR)]
)
def test_a_seed_in_the_claims_is_refused_and_not_shown(kind: str, signer: KeyPair) -> None:
    seed = ACCOUNT.reveal_seed()
    claims: Any = full(kind)
    claims.nats.tags = [seed]
    assert seed not in repr(claims)
    with pytest.raises(SecretError, match="hold a seed") as caught:
        encode(claims, signer)
    assert seed not in shown(caught.value)
    damaged = seed[:-1] + ("A" if seed[-1] != "A" else "B")
    for form in (seed.lower(), f"ss{seed.lower()}x", seed.swapcase(), seed.title(), damaged):
        for member in ("name", "aud"):
            claims = full(kind)
            setattr(claims, member, form)
            with pytest.raises(SecretError, match="hold a seed") as caught:
                encode(claims, signer)
            assert form not in shown(caught.value)


def test_what_only_looks_like_a_seed_in_lower_case_is_signed() -> None:
    seed = ACCOUNT.reveal_seed().lower()
    damaged = seed[:-1] + ("a" if seed[-1] != "a" else "b")
    for text in (damaged, ACCOUNT.public_key.lower(), "s" * 200, "sa" * 100):
        assert decode(encode(user(name=text), ACCOUNT)).claims.name == text
