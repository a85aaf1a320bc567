"""The thin API: calls as in jwt.js, and everything that somebody may give by mistake."""

from __future__ import annotations

import time
from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import nkeys
import pytest

from natsauth import encode_user as exported
from natsauth.claims import (
    Account,
    AccountClaims,
    Activation,
    ActivationClaims,
    Export,
    Operator,
    OperatorClaims,
    OperatorLimits,
    Permission,
    User,
    UserClaims,
    UserScope,
)
from natsauth.creds import Creds
from natsauth.errors import (
    ClaimsError,
    ClaimTypeError,
    CredsError,
    KeyRoleError,
    SignatureError,
    UsageError,
)
from natsauth.keys import KeyPair, KeyType
from natsauth.shortcuts import (
    decode,
    encode_account,
    encode_activation,
    encode_operator,
    encode_user,
    fmt_creds,
    parse_creds,
)
from natsauth.token import decode as decode_token
from natsauth.token import encode
from tests._shortcuts import (
    MOMENT,
    NOW,
    OTHER_OPERATOR,
    SEEDS,
    SIGNING_KEY,
    forms,
    nats,
    payload,
    public_forms,
    refused,
    user,
)
from tests._tokens import ACCOUNT, IAT, OPERATOR, OTHER_ACCOUNT, SERVER, USER

# Users


def test_the_top_level_exports_it() -> None:
    assert exported is encode_user


@pytest.mark.parametrize("issuer", forms(SIGNING_KEY), ids=lambda key: type(key).__name__)
@pytest.mark.parametrize("who", public_forms(USER), ids=lambda key: type(key).__name__)
def test_the_call_of_the_setup_document(who: Any, issuer: Any) -> None:
    account_key = ACCOUNT.public_key
    exp = int(time.time()) + 30 * 60
    jwt = encode_user(
        "user-id",
        who,
        issuer,
        {
            "issuer_account": account_key,
            "pub": {"allow": ["users.id.>"], "deny": []},
            "sub": {"allow": ["users.id.>"], "deny": []},
        },
        {"exp": exp},
    )
    members = payload(jwt)
    assert time.time() - 60 < members.pop("iat") <= time.time()
    assert members == {
        "exp": exp,
        "iss": SIGNING_KEY.public_key,
        "name": "user-id",
        "sub": USER.public_key,
        "nats": {
            "pub": {"allow": ["users.id.>"]},
            "sub": {"allow": ["users.id.>"]},
            "subs": -1,
            "data": -1,
            "payload": -1,
            "issuer_account": account_key,
            "type": "user",
            "version": 2,
        },
    }


def test_the_token_is_that_of_the_claims_classes() -> None:
    body = {"pub": {"allow": ["a.>"]}, "resp": {"max": 1, "ttl": 0}, "src": "10.0.0.0/8, ::1/128"}
    claims = UserClaims(sub=USER.public_key, name="user-id", exp=IAT + 5, nbf=IAT, aud="x")
    claims.nats.allow_pub("a.>")
    claims.nats.allow_response()
    claims.nats.src = ["10.0.0.0/8", "::1/128"]
    options = {"exp": IAT + 5, "nbf": IAT, "iat": IAT, "aud": "x"}
    assert user(body, options) == encode(claims, ACCOUNT, now=IAT).encoded


@pytest.mark.parametrize("claims", [None, {}, User()], ids=["none", "dict", "User"])
@pytest.mark.parametrize("options", [{}, {"exp": None, "aud": None, "signer": None}])
def test_nothing_given_is_nothing_limited(claims: Any, options: dict[str, None]) -> None:
    expected = encode(UserClaims(sub=USER.public_key, name="user-id"), ACCOUNT, now=IAT)
    assert user(claims, {**options, "iat": IAT}) == expected.encoded


def test_members_are_laid_over_the_unlimited_ones() -> None:
    given = {"subs": 5, "payload": 0, "data": None, "pub": None, "sub": {"allow": None}}
    body = nats(user(given))
    assert (body.get("subs"), body.get("payload"), body.get("data")) == (5, None, -1)
    assert (body["pub"], body["sub"]) == ({}, {})


@pytest.mark.parametrize("name", ["scoped_user", "scopedUser"])
@pytest.mark.parametrize("claims", [None, {}, {"subs": -1, "resp": None}, User()])
def test_a_scoped_user_has_nothing_of_its_own(name: str, claims: Any) -> None:
    token = user(claims, {name: True, "signer": SIGNING_KEY}, issuer=ACCOUNT.public_key)
    assert decode_token(token, UserClaims).claims.nats.is_empty()
    assert nats(token) == {
        "pub": {},
        "sub": {},
        "issuer_account": ACCOUNT.public_key,
        "type": "user",
        "version": 2,
    }


@pytest.mark.parametrize("name", ["scoped_user", "scopedUser"])
def test_a_user_that_is_not_scoped_has_its_limits(name: str) -> None:
    assert nats(user({}, {name: False}))["subs"] == -1


@pytest.mark.parametrize(
    "claims",
    [
        {"pub": {"allow": ["a"]}},
        {"sub": {"deny": []}},  # which a server takes for a permission
        {"subs": 10},
        {"bearer_token": True},
        {"allowed_connection_types": ["MQTT"]},
        User(pub=Permission(allow=["a"])),
        User(data=5),
    ],
)
def test_a_scoped_user_with_permissions_is_refused(claims: Any) -> None:
    error = refused(lambda: user(claims, {"scoped_user": True}))
    assert isinstance(error, ClaimsError)
    assert "no permissions or limits of its own" in str(error)
    assert "template" in error.hint


def test_a_draft_that_no_scoped_user_can_be_is_told_what_is_wrong() -> None:
    broken: Any = User(pub=None, src="10.0.0.0/8")  # type: ignore[arg-type]
    error = refused(lambda: user(broken, {"scoped_user": True}))
    assert isinstance(error, ClaimsError)
    assert {problem.path for problem in error.problems} == {"$.pub", "$.src"}


# Accounts that are named, and signers in their place


@pytest.mark.parametrize("signer", forms(SIGNING_KEY), ids=lambda key: type(key).__name__)
@pytest.mark.parametrize("issuer", public_forms(ACCOUNT), ids=lambda key: type(key).__name__)
def test_a_signer_signs_in_place_of_the_account(issuer: Any, signer: Any) -> None:
    members = payload(user({}, {"signer": signer}, issuer=issuer))
    assert members["iss"] == SIGNING_KEY.public_key
    assert members["nats"]["issuer_account"] == ACCOUNT.public_key


def test_an_account_that_signs_for_itself_is_not_named_unless_it_was() -> None:
    assert "issuer_account" not in nats(user())
    assert "issuer_account" not in nats(user({}, {"signer": ACCOUNT}, issuer=ACCOUNT.public))
    named = {"issuer_account": ACCOUNT.public_key}
    assert nats(user(named))["issuer_account"] == ACCOUNT.public_key
    for signer in (ACCOUNT, SIGNING_KEY):
        token = user(named, {"signer": signer}, issuer=ACCOUNT.public_key)
        assert nats(token)["issuer_account"] == ACCOUNT.public_key


@pytest.mark.parametrize("signer", [ACCOUNT, SIGNING_KEY])
@pytest.mark.parametrize("make", [dict, User])
def test_another_account_than_the_issuer_is_refused(signer: KeyPair, make: Any) -> None:
    body = make(issuer_account=SIGNING_KEY.public_key)
    error = refused(lambda: user(body, {"signer": signer}, issuer=ACCOUNT.public_key))
    assert isinstance(error, ClaimsError)
    [problem] = error.problems
    assert problem.path == "$.issuer_account"
    assert SIGNING_KEY.public_key in problem.message
    assert ACCOUNT.public_key in problem.message


@pytest.mark.parametrize("named", ["me", SEEDS[1], SEEDS[1][:-2], USER.public_key])
@pytest.mark.parametrize("options", [None, {"signer": SIGNING_KEY}])
def test_an_account_that_is_none_never_gets_into_a_token(named: str, options: Any) -> None:
    error = refused(lambda: user({"issuer_account": named}, options))
    assert isinstance(error, ClaimsError)
    assert [problem.path for problem in error.problems] == ["$.issuer_account"]


@pytest.mark.parametrize("issuer", [OPERATOR, USER, SERVER])
def test_the_issuer_beside_a_signer_is_an_account(issuer: KeyPair) -> None:
    error = refused(lambda: user({}, {"signer": SIGNING_KEY}, issuer=issuer.public_key))
    assert isinstance(error, KeyRoleError)


def test_neither_body_nor_options_change() -> None:
    body = {"pub": {"allow": ["a"]}, "times": [{"start": "01:00:00", "end": None}], "subs": None}
    options: Any = {"signer": SIGNING_KEY, "exp": IAT, "scopedUser": None}
    draft = User(pub=Permission(allow=["a"]))
    kept = deepcopy((body, draft)), dict(options)
    user(body, options)
    user(draft, options)
    empty = User()
    user(empty, {**options, "scopedUser": True})
    grant = Activation(subject="a")
    encode_activation("n", OTHER_ACCOUNT, ACCOUNT.public, "stream", grant, {"signer": SIGNING_KEY})
    assert ((body, draft), options) == kept
    assert (empty, grant) == (User(), Activation(subject="a"))


# Moments


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "moment",
    [
        IAT,
        float(IAT),
        IAT + 0.999,
        MOMENT,
        MOMENT.replace(microsecond=999_999),
        MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30))),
    ],
    ids=["int", "float", "fraction", "datetime", "microseconds", "zone"],
)
def test_moments(name: str, moment: Any) -> None:
    assert payload(user({}, {name: moment}))[name] == IAT


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
def test_zero_is_no_moment(name: str) -> None:
    assert payload(user({}, {name: 0})).get(name) is None


def test_without_iat_it_is_signed_now() -> None:
    before = int(time.time())
    assert before <= payload(user())["iat"] <= time.time()
    assert before <= payload(user({}, {"iat": None}))["iat"] <= time.time()


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("moment", [IAT * 1000, IAT * 1000.0, 1 << 37, -1, -0.5, -(1 << 60)])
def test_milliseconds_and_what_lies_before_1970_are_refused(name: str, moment: float) -> None:
    error = refused(lambda: user({}, {name: moment}))
    assert isinstance(error, UsageError)
    assert str(error).startswith(f"{name} is ")
    assert "milliseconds" in error.hint


@pytest.mark.parametrize(
    "moment", [datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)
def test_datetimes_at_the_ends_of_time_are_refused(moment: datetime) -> None:
    # Go reads an expiry before 1970 as none at all.
    assert "before 1970 or after 6325" in str(
        refused(lambda: user({}, {"exp": moment.replace(tzinfo=UTC)}))
    )
    last = datetime(6325, 4, 1, tzinfo=UTC)
    assert payload(user({}, {"exp": last}))["exp"] == last.timestamp()


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "moment",
    [
        MOMENT.replace(tzinfo=None),
        MOMENT.date(),
        timedelta(minutes=30),
        "tomorrow",
        SEEDS[2],
        SEEDS[2].encode(),
        True,
        float("nan"),
        float("inf"),
        10**400,
        10**5_000,
        -(10**400),
        Decimal(5),
        [IAT],
    ],
    ids=lambda moment: f"{type(moment).__name__}",
)
def test_other_moments_are_refused(name: str, moment: Any) -> None:
    assert isinstance(refused(lambda: user({}, {name: moment})), UsageError)


# Operators, accounts, activations


@pytest.mark.parametrize("operator", forms(OPERATOR), ids=lambda key: type(key).__name__)
def test_operators(operator: Any) -> None:
    body = {"system_account": ACCOUNT.public_key, "strict_signing_key_usage": True}
    token = encode_operator("O", operator, body, NOW)
    draft = Operator(system_account=ACCOUNT.public_key, strict_signing_key_usage=True)
    claims = OperatorClaims(sub=OPERATOR.public_key, name="O", nats=draft)
    assert token == encode(claims, OPERATOR, now=IAT).encoded
    assert encode_operator("O", operator, draft, NOW) == token


def test_an_operator_can_be_signed_by_its_signing_key() -> None:
    body = {"signing_keys": [OTHER_OPERATOR.public_key]}
    token = encode_operator("O", OPERATOR.public_key, body, {"signer": OTHER_OPERATOR})
    members = payload(token)
    assert (members["iss"], members["sub"]) == (OTHER_OPERATOR.public_key, OPERATOR.public_key)
    assert "issuer_account" not in members["nats"]


@pytest.mark.parametrize("claims", [None, {}, {"limits": None}, {"limits": {}}, Account()])
def test_accounts_are_unlimited_unless_told_otherwise(claims: Any) -> None:
    token = encode_account("A", ACCOUNT, claims, NOW)
    expected = AccountClaims(sub=ACCOUNT.public_key, name="A")
    assert token == encode(expected, ACCOUNT, now=IAT).encoded
    assert expected.nats.limits == OperatorLimits()


def test_limits_of_an_account_are_laid_over_the_unlimited_ones() -> None:
    limits = {"conn": 5, "leaf": None, "wildcards": False, "disk_storage": 1024}
    token = encode_account("A", ACCOUNT, {"limits": limits, "description": "d"}, NOW)
    body = Account(
        limits=OperatorLimits(conn=5, wildcards=False, disk_storage=1024), description="d"
    )
    expected = AccountClaims(sub=ACCOUNT.public_key, name="A", nats=body)
    assert token == encode(expected, ACCOUNT, now=IAT).encoded


@pytest.mark.parametrize("account", public_forms(ACCOUNT), ids=lambda key: type(key).__name__)
def test_an_operator_signs_an_account(account: Any) -> None:
    body = {
        "signing_keys": [SIGNING_KEY.public_key],
        "exports": [{"subject": "a", "type": "stream"}],
    }
    token = encode_account("A", account, body, NOW | {"signer": OPERATOR})
    draft = Account(
        signing_keys=[SIGNING_KEY.public_key], exports=[Export(subject="a", type="stream")]
    )
    expected = AccountClaims(sub=ACCOUNT.public_key, name="A", nats=draft)
    assert token == encode(expected, OPERATOR, now=IAT).encoded


def test_a_scope_of_an_account() -> None:
    scope = {
        "kind": "user_scope",
        "key": SIGNING_KEY.public_key,
        "role": "r",
        "template": {"subs": 5},
    }
    claims = decode(encode_account("A", ACCOUNT, {"signing_keys": [scope]}))
    assert isinstance(claims, AccountClaims)
    [read] = claims.nats.signing_keys
    assert isinstance(read, UserScope)
    assert (read.role, read.template.subs, read.template.data) == ("r", 5, -1)


@pytest.mark.parametrize("kind", ["stream", "service"])
@pytest.mark.parametrize("subject", public_forms(OTHER_ACCOUNT), ids=lambda key: type(key).__name__)
def test_activations(subject: Any, kind: str) -> None:
    token = encode_activation("x", subject, ACCOUNT, kind, {"subject": "a.>"}, NOW)
    body = Activation(subject="a.>", kind=kind)
    claims = ActivationClaims(sub=OTHER_ACCOUNT.public_key, name="x", nats=body)
    assert token == encode(claims, ACCOUNT, now=IAT).encoded
    draft = Activation(subject="a.>")
    assert encode_activation("x", subject, ACCOUNT, kind, draft, NOW) == token


def test_an_activation_by_a_signing_key_names_the_account() -> None:
    options: Any = {"signer": SIGNING_KEY}
    token = encode_activation("x", ACCOUNT, ACCOUNT.public, "stream", {"subject": "a"}, options)
    assert nats(token)["issuer_account"] == ACCOUNT.public_key
    assert payload(token)["iss"] == SIGNING_KEY.public_key


@pytest.mark.parametrize("kind", ["streams", "Stream", None, 5])
def test_an_activation_of_another_kind_is_refused(kind: Any) -> None:
    error = refused(lambda: encode_activation("x", ACCOUNT, ACCOUNT, kind, {"subject": "a"}))
    assert isinstance(error, ClaimsError)
    assert [problem.path for problem in error.problems] == ["$.nats.kind"]
    assert "'stream' or 'service'" in str(error)


# Reading, and creds


def test_decode_gives_verified_claims() -> None:
    token = user({"pub": {"allow": ["a"]}})
    for text in (token, token.encode()):
        claims = decode(text)
        assert isinstance(claims, UserClaims)
        assert claims.nats.pub.allow == ["a"]
    head, body, tail = token.split(".")
    assert isinstance(refused(lambda: decode(f"{head}.{body}.{tail[:-5]}AAAAA")), SignatureError)
    assert isinstance(refused(lambda: decode(None)), UsageError)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", forms(USER), ids=lambda key: type(key).__name__)
def test_creds_come_back_as_they_were(key: Any) -> None:
    token = user()
    text = fmt_creds(token, key)
    assert text == Creds.create(token, USER).format()
    for content in (text, text.encode()):
        creds = parse_creds(content)
        assert (creds.jwt, creds.reveal_seed()) == (token, USER.reveal_seed())


def test_creds_that_do_not_fit_are_refused() -> None:
    token = user()
    other = KeyPair.generate(KeyType.USER)
    vault: Any = type("Vault", (), {"public_key": USER.public_key, "sign": USER.sign})()
    assert isinstance(refused(lambda: fmt_creds(token, other)), CredsError)
    assert isinstance(refused(lambda: fmt_creds(token, ACCOUNT)), KeyRoleError)
    assert isinstance(
        refused(lambda: fmt_creds(encode_account("n", ACCOUNT), USER)), ClaimTypeError
    )
    error = refused(lambda: fmt_creds(token, vault))
    assert isinstance(error, UsageError)
    assert "got Vault" in str(error)
    assert isinstance(refused(lambda: parse_creds(token)), CredsError)
    assert isinstance(refused(lambda: parse_creds(5)), UsageError)  # type: ignore[arg-type]


def test_an_nkeys_pair_without_its_seed_makes_no_creds() -> None:
    pair = nkeys.from_seed(USER.reveal_seed().encode())
    _ = pair.public_key
    pair._seed = None
    assert isinstance(refused(lambda: fmt_creds(user(), pair)), UsageError)
