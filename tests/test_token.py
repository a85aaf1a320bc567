"""Encoding, preparing and decoding tokens, and what a Token is."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from natsauth._envelope import MAX_CHARS
from natsauth.claims import (
    Account,
    AccountClaims,
    Claims,
    GenericClaims,
    OperatorClaims,
    User,
    UserClaims,
    parse_claims,
)
from natsauth.errors import (
    ClaimsError,
    ClaimTypeError,
    IssuerError,
    KeyTextError,
    MalformedTokenError,
    NatsAuthError,
    SignatureError,
    TokenTooLargeError,
    UnsupportedTokenError,
    UsageError,
)
from natsauth.token import Token, decode, encode, peek_unverified, prepare
from tests._tokens import (
    ACCOUNT,
    CURVE,
    FULL,
    IAT,
    OPERATOR,
    OTHER_ACCOUNT,
    USER,
    forge,
    full,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable

BODY: dict[str, Any] = {"sub": USER.public_key, "nats": {"type": "user", "version": 2}}
OLD_BODY: dict[str, Any] = {"sub": USER.public_key, "type": "user", "nats": {}}
FREE_BODY: dict[str, Any] = {"sub": "x", "nats": {"type": "mine"}}
TOKEN = encode(UserClaims(sub=USER.public_key, name="n"), ACCOUNT, now=IAT)
HEAD, PAYLOAD, SIGNATURE = TOKEN.encoded.split(".")


@pytest.mark.parametrize("kind", FULL)
def test_what_is_encoded_is_decoded(kind: str) -> None:
    claims = full(kind)
    token = encode(claims, FULL[kind][1], now=IAT)
    again = decode(token.encoded, type(claims))
    assert again == token
    assert again.claims == token.claims
    assert decode(token.encoded.encode()) == decode(again) == token
    if kind != "account":  # its imports and exports are put in order
        claims.iss, claims.jti, claims.iat = token.claims.iss, token.claims.jti, IAT
        assert token.claims == claims


def test_the_claims_class_may_be_demanded() -> None:
    assert decode(TOKEN, UserClaims).claims.nats == User()
    assert decode(TOKEN, Claims) == TOKEN
    for cls in (AccountClaims, OperatorClaims, GenericClaims):
        with pytest.raises(
            ClaimTypeError, match=f"expected a token of {cls.__name__}, got one of user"
        ):
            decode(TOKEN, cls)


@pytest.mark.parametrize(
    "wrong", [5, "user", UserClaims(), (UserClaims, AccountClaims), int, [], Token], ids=repr
)
def test_the_demanded_class_is_one_of_claims(wrong: Any) -> None:
    for token in (TOKEN, encode(full("operator"), OPERATOR)):
        with pytest.raises((UsageError, ClaimTypeError)):
            decode(token, wrong)


WRONG: list[Any] = [None, 5, 1.5, [], {}, object(), USER, UserClaims(), bytearray(b"a.b.c"), str]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: type(wrong).__name__)
def test_a_token_is_text(wrong: Any) -> None:
    for read in (decode, peek_unverified):
        with pytest.raises(UsageError, match="expected the text of a token, got "):
            read(wrong)


def test_peeking_verifies_nothing() -> None:
    forged = f"{HEAD}.{PAYLOAD}.{SIGNATURE[::-1][1:]}Q"
    assert peek_unverified(forged) == peek_unverified(TOKEN.encoded.encode()) == TOKEN.claims
    assert peek_unverified(forge({**BODY, "iss": "x"})).iss == "x"
    with pytest.raises(NatsAuthError):
        decode(forged)
    for text, error in (
        ("x", MalformedTokenError),
        ("x" * (MAX_CHARS + 1), TokenTooLargeError),
        (forge(BODY, header="{}"), UnsupportedTokenError),
        (forge({**BODY, "exp": "x"}), ClaimsError),
    ):
        with pytest.raises(error):
            peek_unverified(text)


def test_a_token_keeps_its_text_and_is_a_value() -> None:
    again = decode(TOKEN.encoded)
    assert {again, TOKEN} == {TOKEN}
    assert again != TOKEN.encoded
    assert again != encode(TOKEN.claims, ACCOUNT, now=IAT + 1)
    spaced = forge(f'{{ "iss" : "{ACCOUNT.public_key}", "nats" : {{"type":"user","version":2}} }}')
    assert decode(spaced).encoded == spaced
    assert copy.deepcopy(TOKEN) == pickle.loads(pickle.dumps(TOKEN)) == TOKEN  # noqa: S301


def test_a_token_cannot_be_made_or_changed_by_hand() -> None:
    with pytest.raises(UsageError, match="made by encode"):
        Token()
    token: Any = decode(TOKEN.encoded)
    for name in ("encoded", "claims", "other"):
        with pytest.raises(AttributeError):
            setattr(token, name, "x")


def test_editing_claims_does_not_change_the_token() -> None:
    token = decode(TOKEN.encoded, UserClaims)
    token.claims.name = "changed"
    assert token == TOKEN
    assert decode(token).claims.name == "n"


def test_the_claims_of_a_new_token_are_those_of_its_text() -> None:
    draft = UserClaims(sub=USER.public_key, name="n")
    token = encode(draft, ACCOUNT, now=IAT)
    draft.name = "changed"
    assert token.claims.name == "n"
    assert token.claims is token.claims
    assert (token.claims.iss, token.claims.iat, draft.iss, draft.iat) == (
        ACCOUNT.public_key,
        IAT,
        "",
        0,
    )


def test_a_token_is_described_without_its_text() -> None:
    assert repr(TOKEN) == f"<Token user 'n' sub='{USER.public_key}' iss='{ACCOUNT.public_key}'>"
    assert SIGNATURE not in f"{TOKEN} {[TOKEN]!r}"


def test_an_unsigned_token_takes_the_signature_of_its_issuer_alone() -> None:
    claims = UserClaims(sub=USER.public_key, name="n")
    for issuer in (ACCOUNT, ACCOUNT.public, ACCOUNT.public_key):
        unsigned = prepare(claims, issuer, now=IAT)
        assert (unsigned.issuer, unsigned.data) == (ACCOUNT.public, f"{HEAD}.{PAYLOAD}".encode())
        assert unsigned.attach(ACCOUNT.sign(unsigned.data)) == TOKEN
        for wrong in (OTHER_ACCOUNT.sign(unsigned.data), ACCOUNT.sign(b""), bytes(64), b""):
            with pytest.raises(SignatureError):
                unsigned.attach(wrong)
        for junk in (None, "x" * 64, [0] * 64, 5):
            with pytest.raises(UsageError):
                unsigned.attach(junk)  # type: ignore[arg-type]


def test_an_unsigned_token_may_travel() -> None:
    unsigned = prepare(TOKEN.claims, ACCOUNT.public_key, now=IAT)
    arrived = pickle.loads(pickle.dumps(unsigned))  # noqa: S301
    assert arrived.attach(ACCOUNT.sign(arrived.data)) == TOKEN


def test_what_is_prepared_is_checked_at_once() -> None:
    draft = UserClaims(sub=USER.public_key)
    refused: list[tuple[type[NatsAuthError], Any, Any]] = [
        (KeyTextError, draft, "x"),
        (KeyTextError, draft, ACCOUNT.reveal_seed()),
        (IssuerError, draft, CURVE.public),
        (IssuerError, draft, OPERATOR.public_key),
        (UsageError, draft, None),
        (UsageError, draft, CURVE),
        (UsageError, draft, ACCOUNT.public_key.encode()),
        (UsageError, 5, ACCOUNT),
        (ClaimsError, UserClaims(sub=ACCOUNT.public_key), ACCOUNT),
        (ClaimsError, UserClaims(sub=USER.public_key, extra={"type": "x"}), ACCOUNT),
    ]
    for error, claims, issuer in refused:
        with pytest.raises(error) as caught:
            prepare(claims, issuer)
        assert ACCOUNT.reveal_seed() not in shown(caught.value)


def account(**members: Any) -> AccountClaims:
    return AccountClaims(sub=ACCOUNT.public_key, nats=Account(**members))


MOMENT = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


MOMENTS = [
    *(IAT, float(IAT), IAT + 0.999, MOMENT, MOMENT.replace(microsecond=999_999)),
    MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30))),
]


@pytest.mark.parametrize("now", MOMENTS, ids=repr)
def test_now_is_a_moment_rounded_down(now: Any) -> None:
    assert encode(TOKEN.claims, ACCOUNT, now=now) == TOKEN
    assert prepare(TOKEN.claims, ACCOUNT, now=now).data == f"{HEAD}.{PAYLOAD}".encode()


def test_now_may_be_long_ago() -> None:
    for now, iat in ((0, 0), (-0.5, -1), (datetime(1, 1, 1, tzinfo=UTC), -62_135_596_800)):
        assert encode(TOKEN.claims, ACCOUNT, now=now).claims.iat == iat


def test_now_is_the_present_if_not_given() -> None:
    before = int(datetime.now(UTC).timestamp())
    issued = encode(TOKEN.claims, ACCOUNT).claims.issued_at
    assert issued is not None
    assert before <= issued.timestamp() <= datetime.now(UTC).timestamp()


NO_MOMENTS: list[Any] = [
    *(True, False, "now", "1700000000", float("nan"), float("inf"), -float("inf"), 1j, [], {}),
    *(MOMENT.replace(tzinfo=None), MOMENT.date(), timedelta(seconds=5), 1e300, 10**400, 2**63),
    *(-(2**63) - 1, object(), b"1"),
]


@pytest.mark.parametrize("wrong", NO_MOMENTS, ids=lambda wrong: f"{wrong!r}"[:20])
def test_other_values_are_no_moment(wrong: Any) -> None:
    with pytest.raises(UsageError):
        encode(TOKEN.claims, ACCOUNT, now=wrong)


@pytest.mark.parametrize(
    "use",
    [
        lambda seed: encode(TOKEN.claims, seed),
        lambda seed: encode(UserClaims(sub=seed), ACCOUNT),
        lambda seed: encode(seed, ACCOUNT),
        lambda seed: encode(UserClaims(sub=USER.public_key, name=[seed]), ACCOUNT),  # type: ignore[arg-type]
        lambda seed: encode(UserClaims(sub=USER.public_key, nats=seed), ACCOUNT),
        lambda seed: encode(AccountClaims(sub=seed), ACCOUNT),
        lambda seed: encode(GenericClaims(sub="x", nats=seed), ACCOUNT),
        lambda seed: encode(TOKEN.claims, ACCOUNT, now=seed),
        lambda seed: encode(account(signing_keys=[seed, 5]), ACCOUNT),
        lambda seed: encode(account(revocations={seed: "now"}), ACCOUNT),
        lambda seed: parse_claims({"nats": {"revocations": {seed: "now"}}}, "account"),
        lambda seed: prepare(TOKEN.claims, seed),
        decode,
        lambda seed: decode([seed]),  # type: ignore[call-overload]
        lambda seed: decode(f"{HEAD}.{seed}.{SIGNATURE}"),
        lambda seed: decode(forge({**BODY, "iss": seed})),
        lambda seed: decode(forge({**BODY, "exp": seed})),
        lambda seed: decode(TOKEN, seed),
        peek_unverified,
    ],
)
def test_no_error_shows_a_seed(use: Callable[[Any], object]) -> None:
    seed = ACCOUNT.reveal_seed()
    for form in (seed, f" {seed}\n", seed[:-1]):
        with pytest.raises(NatsAuthError) as caught:
            use(form)
        assert seed[:-1] not in shown(caught.value)
