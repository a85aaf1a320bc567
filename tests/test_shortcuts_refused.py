"""The thin API, given what is misspelt, damaged or hostile: documented errors without secrets."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.claims import Account, AccountClaims, Activation, User, UserClaims
from natsauth.errors import (
    ClaimsError,
    IssuerError,
    KeyRoleError,
    KeyTextError,
    NatsAuthError,
    SecretError,
    SignatureError,
    UsageError,
)
from natsauth.keys import KeyPair
from natsauth.shortcuts import (
    decode,
    encode_account,
    encode_activation,
    encode_operator,
    encode_user,
    fmt_creds,
    parse_creds,
)
from tests._shortcuts import MOMENT, NOW, SEEDS, SIGNING_KEY, nats, public_forms, refused, user
from tests._tokens import ACCOUNT, CURVE, OPERATOR, OTHER_ACCOUNT, SERVER, USER, nested, shown

if TYPE_CHECKING:
    from collections.abc import Callable


# Misspelt


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"expires": 5}, "did you mean 'exp'?"),
        ({"expp": None}, "did you mean 'exp'?"),
        ({"signers": ACCOUNT}, "did you mean 'signer'?"),
        ({"ScopedUser": True}, "did you mean 'scopedUser'?"),
        ({"algorithm": 5}, "there are aud, exp, iat, nbf, scopedUser, scoped_user, signer"),
        ({5: 5}, "there are aud, exp, iat, nbf, scopedUser, scoped_user, signer"),
    ],
)
def test_an_unknown_option_is_refused(options: Any, hint: str) -> None:
    error = refused(lambda: user({}, options))
    assert isinstance(error, UsageError)
    assert error.hint == hint
    assert repr(next(iter(options))) in str(error)


def test_a_scope_is_an_option_of_users_alone() -> None:
    options: Any = {"scopedUser": True}
    calls: list[Callable[[], object]] = [
        lambda: encode_operator("n", OPERATOR, {}, options),
        lambda: encode_account("n", ACCOUNT, {}, options),
        lambda: encode_activation("n", ACCOUNT, ACCOUNT, "stream", {}, options),
    ]
    for call in calls:
        assert isinstance(refused(call), UsageError)


USER_MISTAKES: list[tuple[dict[str, Any], list[str], str]] = [
    ({"permissions": {}}, ["$.permissions"], "there are allowed_connection_types, "),
    ({"pubs": {}}, ["$.pubs"], "did you mean 'pub'?"),
    ({"Pub": {}}, ["$.Pub"], "the name is written 'pub', in that letter case"),
    ({"pub": {"alow": ["a"]}}, ["$.pub.alow"], "did you mean 'allow'?"),
    ({"pub": {"Allow": ["a"]}}, ["$.pub.Allow"], "the name is written 'allow'"),
    ({"sub": {"denied": ["a"]}}, ["$.sub.denied"], "did you mean 'deny'?"),
    ({"resp": {"max": 1, "ttl": 0, "expires": 1}}, ["$.resp.expires"], "there are max, ttl"),
    ({"times": [{}, {"strat": ""}]}, ["$.times[1].strat"], "did you mean 'start'?"),
    ({"limits": {"subs": 5}}, ["$.limits"], "there are "),
    ({"bearer-token": True}, ["$['bearer-token']"], "did you mean 'bearer_token'?"),
    ({"extra": {"pub": {}}}, ["$.extra"], "there are "),
    ({"locale": "UTC"}, ["$.locale"], "there are "),
    ({"pub": {"alow": []}, "x": 1, "sub": {"y": 1}}, ["$.x", "$.pub.alow", "$.sub.y"], "allow"),
]
ACCOUNT_MISTAKES: list[tuple[dict[str, Any], list[str], str]] = [
    ({"limits": {"con": 5}}, ["$.limits.con"], "did you mean 'conn'?"),
    (
        {"limits": {"tiered_limits": {"R1": {"disk": 5}}}},
        ["$.limits.tiered_limits.R1.disk"],
        "there are consumer, ",
    ),
    ({"exports": [{"subjectt": "a"}]}, ["$.exports[0].subjectt"], "did you mean 'subject'?"),
    (
        {"exports": [{"type": "service", "service_latency": {"results": "a", "samplng": 5}}]},
        ["$.exports[0].service_latency.samplng"],
        "did you mean 'sampling'?",
    ),
    ({"imports": [None, {"acount": "a"}]}, ["$.imports[1].acount"], "did you mean 'account'?"),
    ({"mappings": {"a": [{"wieght": 5}]}}, ["$.mappings.a[0].wieght"], "did you mean 'weight'?"),
    ({"authorization": {"users": []}}, ["$.authorization.users"], "did you mean 'auth_users'?"),
    ({"trace": {"to": "a"}}, ["$.trace.to"], "there are dest, sampling"),
    ({"default_permissions": {"pubs": 1}}, ["$.default_permissions.pubs"], "did you mean 'pub'?"),
    (
        {"signing_keys": [{"kind": "user_scope", "template": {"pub": {"alow": []}}}]},
        ["$.signing_keys[0].template.pub.alow"],
        "did you mean 'allow'?",
    ),
]


@pytest.mark.parametrize(("claims", "paths", "words"), USER_MISTAKES)
def test_a_misspelt_member_of_a_user_is_refused(
    claims: dict[str, Any], paths: list[str], words: str
) -> None:
    check_mistakes(lambda: user(claims), paths, words)
    check_mistakes(lambda: user(claims, {"scoped_user": True}), paths, words)


@pytest.mark.parametrize(("claims", "paths", "words"), ACCOUNT_MISTAKES)
def test_a_misspelt_member_of_an_account_is_refused(
    claims: dict[str, Any], paths: list[str], words: str
) -> None:
    check_mistakes(lambda: encode_account("n", ACCOUNT, claims), paths, words)


def test_a_misspelt_member_of_the_others_is_refused() -> None:
    check_mistakes(
        lambda: encode_operator("n", OPERATOR, {"signing_key": []}),
        ["$.signing_key"],
        "did you mean 'signing_keys'?",
    )
    check_mistakes(
        lambda: encode_activation("n", ACCOUNT, OTHER_ACCOUNT, "stream", {"subjects": "a"}),
        ["$.subjects"],
        "did you mean 'subject'?",
    )


def check_mistakes(call: Callable[[], object], paths: list[str], words: str) -> None:
    error = refused(call)
    assert isinstance(error, ClaimsError)
    assert sorted(problem.path for problem in error.problems) == sorted(paths)
    assert words in str(error)


def test_what_a_draft_has_beyond_its_class_is_kept() -> None:
    # It was put there on purpose, or came with a token of a newer version.
    assert nats(user(User(extra={"new": 1})))["new"] == 1


def test_names_that_are_data_are_no_mistakes() -> None:
    body = {
        "mappings": {"Pub": [{"subject": "a"}]},
        "limits": {"tiered_limits": {"R1": {"disk_storage": 5}}},
        "revocations": {"*": 5},
        "exports": [{"subject": "a", "type": "stream", "revocations": {ACCOUNT.public_key: 5}}],
    }
    claims = decode(encode_account("n", ACCOUNT, body))
    assert isinstance(claims, AccountClaims)
    assert claims.nats.mappings is not None
    assert list(claims.nats.mappings) == ["Pub"]
    assert claims.nats.revocations == {"*": 5}
    assert claims.nats.limits.tiered_limits is not None
    assert claims.nats.limits.tiered_limits["R1"].disk_storage == 5


@pytest.mark.parametrize(
    ("claims", "path"),
    [
        ({"subs": "5"}, "$.subs"),
        ({"subs": 5.5}, "$.subs"),
        ({"subs": 1 << 63}, "$.subs"),
        ({"pub": ["a"]}, "$.pub"),
        ({"pub": {"allow": "a"}}, "$.pub.allow"),
        ({"pub": {"allow": ["a", 5]}}, "$.pub.allow[1]"),
        ({"bearer_token": "yes"}, "$.bearer_token"),
        ({"resp": {"ttl": timedelta(1)}}, "$"),
        ({"times": {}}, "$.times"),
        ({5: 5}, "$"),
        ({"tags": {"a"}}, "$"),
        ({"subs": float("nan")}, "$"),
        ({"tags": nested(100_000)}, "$"),
        ({"subs": 10**5_000}, "$"),
    ],
)
def test_a_member_of_the_wrong_type_is_refused(claims: Any, path: str) -> None:
    error = refused(lambda: user(claims))
    assert isinstance(error, ClaimsError)
    assert [problem.path for problem in error.problems] == [path]


def test_a_body_within_itself_is_refused() -> None:
    body: dict[str, Any] = {}
    body["pub"] = body
    assert "nested too deeply" in str(refused(lambda: user(body)))


# Keys


@pytest.mark.parametrize("key", [ACCOUNT.public, ACCOUNT.public_key, ACCOUNT.public_key.encode()])
def test_a_public_key_cannot_sign(key: Any) -> None:
    calls: list[Callable[[], object]] = [
        lambda: user({}, {}, issuer=key),
        lambda: user({}, {"signer": key}),
        lambda: encode_account("n", key),
        lambda: encode_activation("n", OTHER_ACCOUNT, key, "stream", {"subject": "a"}),
        lambda: fmt_creds(user(), key),
    ]
    for call in calls:
        error = refused(call)
        assert isinstance(error, SecretError)
        assert ACCOUNT.public_key in str(error)
        assert error.hint == "give the key pair or its seed"


@pytest.mark.parametrize("wrong", [OPERATOR, ACCOUNT, SERVER])
def test_a_subject_of_another_role_is_refused(wrong: KeyPair) -> None:
    for key in public_forms(wrong):
        error = refused(partial(encode_user, "n", key, ACCOUNT))
        assert isinstance(error, KeyRoleError)
        assert "expected a public user key" in str(error)


def test_subjects_of_another_role_are_refused_everywhere() -> None:
    calls: list[Callable[[], object]] = [
        lambda: encode_operator("n", ACCOUNT),
        lambda: encode_account("n", OPERATOR),
        lambda: encode_account("n", USER.public_key, {}, {"signer": OPERATOR}),
        lambda: encode_activation("n", USER, ACCOUNT, "stream"),
    ]
    for call in calls:
        assert isinstance(refused(call), KeyRoleError)


@pytest.mark.parametrize("wrong", [OPERATOR, USER, SERVER])
def test_an_issuer_of_another_role_is_refused(wrong: KeyPair) -> None:
    assert isinstance(refused(lambda: user({}, {}, issuer=wrong)), IssuerError)
    assert isinstance(refused(lambda: user({}, {"signer": wrong})), IssuerError)
    assert isinstance(
        refused(lambda: encode_operator("n", OPERATOR, {}, {"signer": USER})), IssuerError
    )


@pytest.mark.parametrize("seed", [SEEDS[2][:-1], SEEDS[2].lower(), SEEDS[2][:-1] + "A", "S", "SU"])
def test_a_damaged_seed_is_refused_without_being_shown(seed: str) -> None:
    for call in (
        lambda: encode_user("n", seed, ACCOUNT),
        lambda: user({}, {}, issuer=seed),
        lambda: fmt_creds(user(), seed.encode()),
    ):
        error = refused(call)
        assert isinstance(error, KeyTextError)
        assert len(seed) < 3 or seed not in shown(error)


def test_keys_that_seal_do_not_sign() -> None:
    assert isinstance(refused(lambda: user({}, {}, issuer=CURVE)), UsageError)
    assert isinstance(refused(lambda: user({}, {}, issuer=SEEDS[-1])), KeyRoleError)


def test_a_wiped_key_does_not_sign() -> None:
    wiped = KeyPair.from_seed(SEEDS[1])
    foreign = ACCOUNT.to_nkeys()
    wiped.wipe()
    foreign.wipe()
    assert isinstance(refused(lambda: user({}, {}, issuer=wiped)), SecretError)
    assert isinstance(refused(lambda: user({}, {}, issuer=foreign)), UsageError)


def test_a_vault_signs() -> None:
    class Vault:
        public_key = SIGNING_KEY.public_key

        def sign(self, data: bytes, /) -> bytes:
            return SIGNING_KEY.sign(data)

    expected = user({}, {**NOW, "signer": SIGNING_KEY})
    assert user({}, {**NOW, "signer": Vault()}) == expected


def test_a_vault_that_cheats_or_fails_is_found_out() -> None:
    class Vault:
        public_key = ACCOUNT.public_key

        def sign(self, data: bytes, /) -> bytes:
            return SIGNING_KEY.sign(data)

    class Broken(Vault):
        def sign(self, _data: bytes, /) -> bytes:
            raise OSError(SEEDS[1])

    assert isinstance(refused(lambda: user({}, {}, issuer=Vault())), SignatureError)
    with pytest.raises(SecretError) as caught:
        user({}, {}, issuer=Broken())
    assert SEEDS[1] not in str(caught.value)


# Whatever else may be given


class Failing:
    """Fails at every touch, with words that nobody should see."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(SEEDS[2])


HOSTILE: list[Any] = [
    *(None, True, 5, -1, 1.5, 10**400, float("nan"), "", "S", "x" * 1000, "\ud800", "\0"),
    *(b"", b"S\xff", bytearray(b"A"), memoryview(b"A"), SEEDS[0], SEEDS[2], SEEDS[2].encode()),
    *([], ["a"], (), {}, {"a": 1}, {5: 5}, {1, 2}, object(), object, len, 1j, MOMENT),
    *(USER, ACCOUNT.public, CURVE, User(), UserClaims(), UserClaims, nested(5_000)),
    *(User(pub=5), Account(limits=None), Activation(kind=[])),  # type: ignore[arg-type]
]
CALLS: dict[str, tuple[Callable[..., object], list[Any]]] = {
    "operator": (encode_operator, ["n", OPERATOR, {}, {}]),
    "account": (encode_account, ["n", ACCOUNT, {}, {}]),
    "user": (encode_user, ["n", USER, ACCOUNT, {}, {}]),
    "scoped user": (encode_user, ["n", USER, ACCOUNT, {}, {"scoped_user": True}]),
    "activation": (encode_activation, ["n", OTHER_ACCOUNT, ACCOUNT, "stream", {}, {}]),
    "decode": (decode, [user()]),
    "fmt_creds": (fmt_creds, [user(), USER]),
    "parse_creds": (parse_creds, [fmt_creds(user(), USER)]),
}
PLACES = [(name, place) for name, (_, good) in CALLS.items() for place in range(len(good))]


@pytest.mark.parametrize(("name", "place"), PLACES)
def test_no_argument_leads_to_an_undocumented_error(name: str, place: int) -> None:
    call, good = CALLS[name]
    for value in HOSTILE:
        arguments = [*good[:place], value, *good[place + 1 :]]
        documented(call, arguments)


@pytest.mark.parametrize("option", ["exp", "nbf", "iat", "aud", "signer", "scoped_user"])
def test_no_option_leads_to_an_undocumented_error(option: str) -> None:
    for value in HOSTILE:
        documented(encode_user, ["n", USER, ACCOUNT, {}, {option: value}])


@pytest.mark.parametrize("place", ["pub", "resp", "src", "times", "subs", "tags", "issuer_account"])
def test_no_member_leads_to_an_undocumented_error(place: str) -> None:
    for value in HOSTILE:
        documented(encode_user, ["n", USER, ACCOUNT, {place: value}, {}])
        documented(encode_user, ["n", USER, ACCOUNT, User(**{place: value}), {"scoped_user": True}])


def test_a_key_that_fails_at_every_touch_tells_nothing() -> None:
    for name, place in (("user", 1), ("user", 2), ("fmt_creds", 1), ("activation", 1)):
        call, good = CALLS[name]
        with pytest.raises(SecretError) as caught:
            call(*good[:place], Failing(), *good[place + 1 :])
        assert SEEDS[2] not in str(caught.value)


def documented(call: Callable[..., object], arguments: list[Any]) -> None:
    """Check that a call works, or fails in a documented way that tells no secret."""
    try:
        made = call(*arguments)
    except NatsAuthError as error:
        report = shown(error)
        assert not re.search(r"S[OAUNCX][A-Z2-7]{40}", report)
    else:
        assert made
