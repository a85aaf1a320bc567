from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.claims import (
    ANY,
    AccountClaims,
    OperatorLimits,
    Permission,
    UserClaims,
    UserScope,
)
from natsauth.errors import ClaimTypeError, TrustError, UsageError
from natsauth.token import decode, encode
from natsauth.trust import TrustCode, TrustReport, check_account, check_user
from tests._chains import (
    FOREIGN,
    NOW,
    OWNER,
    PLAIN,
    ROOT,
    ROOT_SIGNING,
    SCOPED,
    STRANGER,
    USER,
    account,
    operator,
    user,
)
from tests._tokens import forge

if TYPE_CHECKING:
    from natsauth.keys import KeyPair
    from natsauth.token import Token


def codes(report: TrustReport) -> list[TrustCode]:
    return [finding.code for finding in report.findings]


def test_a_chain_that_holds() -> None:
    for strict in (False, True):
        for held in (user(), user(SCOPED, scoped=True)):
            report = check_user(held, account(), operator(strict=strict), now=NOW)
            assert report
            assert report == TrustReport(())
            assert report.reason is None
            report.raise_for_errors()


@pytest.mark.parametrize(
    ("signer", "lenient", "strict"),
    [
        (ROOT_SIGNING, [], []),
        (ROOT, [], [TrustCode.ACCOUNT_STRICT]),
        (FOREIGN, [TrustCode.ACCOUNT_ISSUER], [TrustCode.ACCOUNT_ISSUER]),
        (OWNER, [TrustCode.ACCOUNT_SELF_SIGNED], [TrustCode.ACCOUNT_SELF_SIGNED]),
        (STRANGER, [TrustCode.ACCOUNT_ISSUER], [TrustCode.ACCOUNT_ISSUER]),
    ],
    ids=["signing", "identity", "foreign", "itself", "another account"],
)
def test_who_may_sign_an_account(
    signer: KeyPair, lenient: list[TrustCode], strict: list[TrustCode]
) -> None:
    signed = account(signer)
    assert codes(check_account(signed, operator(), now=NOW)) == lenient
    assert codes(check_account(signed, operator(strict=True), now=NOW)) == strict


def test_an_identity_key_among_the_signing_keys_counts_even_under_strict() -> None:
    root = operator(strict=True, signing_keys=[ROOT.public_key])
    owner = account(ROOT, signing_keys=[OWNER.public_key])
    assert check_user(user(OWNER), owner, root, now=NOW)


def test_an_operator_without_signing_keys() -> None:
    assert check_account(account(ROOT), operator(signing_keys=None), now=NOW)
    strict = operator(strict=True, signing_keys=None)
    assert check_account(account(ROOT), strict, now=NOW).reason is TrustCode.ACCOUNT_STRICT


def test_the_operator_is_taken_as_it_is() -> None:
    claims = operator().claims
    claims.exp = NOW - 1
    assert check_user(user(), account(), encode(claims, FOREIGN), now=NOW)


@pytest.mark.parametrize(
    ("exp", "nbf", "expected"),
    [
        (0, 0, []),
        (NOW + 1, NOW, []),
        (NOW, 0, [TrustCode.ACCOUNT_EXPIRED]),
        (-1, 0, [TrustCode.ACCOUNT_EXPIRED]),
        (0, NOW + 1, [TrustCode.ACCOUNT_NOT_YET_VALID]),
        (NOW - 1, NOW + 1, [TrustCode.ACCOUNT_EXPIRED, TrustCode.ACCOUNT_NOT_YET_VALID]),
    ],
)
def test_the_times_of_an_account(exp: int, nbf: int, expected: list[TrustCode]) -> None:
    assert codes(check_account(account(exp=exp, nbf=nbf), operator(), now=NOW)) == expected


@pytest.mark.parametrize(
    ("exp", "nbf", "expected"),
    [
        (NOW, NOW, []),
        (NOW - 1, 0, [TrustCode.USER_EXPIRED]),
        (-1, 0, [TrustCode.USER_EXPIRED]),
        (0, NOW + 1, [TrustCode.USER_NOT_YET_VALID]),
        (NOW - 1, NOW + 1, [TrustCode.USER_EXPIRED, TrustCode.USER_NOT_YET_VALID]),
    ],
)
def test_the_times_of_a_user(exp: int, nbf: int, expected: list[TrustCode]) -> None:
    assert codes(check_user(user(exp=exp, nbf=nbf), account(), operator(), now=NOW)) == expected


def test_the_moment_is_now_unless_given() -> None:
    old = user(exp=NOW)
    moment = datetime.fromtimestamp(NOW, UTC)
    assert check_user(old, account(), operator(), now=moment)
    assert check_user(old, account(), operator()).reason is TrustCode.USER_EXPIRED
    assert check_account(account(exp=NOW), operator(), now=NOW - 0.5)
    assert check_account(account(exp=NOW), operator()).reason is TrustCode.ACCOUNT_EXPIRED


@pytest.mark.parametrize(
    ("signer", "owner", "scoped", "lenient", "strict"),
    [
        (OWNER, "", False, None, TrustCode.USER_STRICT),
        (OWNER, OWNER.public_key, False, None, TrustCode.USER_STRICT),
        (OWNER, STRANGER.public_key, False, TrustCode.USER_ACCOUNT, TrustCode.USER_ACCOUNT),
        (OWNER, "foo", False, TrustCode.USER_ACCOUNT, TrustCode.USER_ACCOUNT),
        (PLAIN, OWNER.public_key, False, None, None),
        (PLAIN, OWNER.public_key, True, None, None),
        (PLAIN, "", False, TrustCode.USER_ISSUER_ACCOUNT, TrustCode.USER_ISSUER_ACCOUNT),
        (PLAIN, STRANGER.public_key, False, TrustCode.USER_ACCOUNT, TrustCode.USER_ACCOUNT),
        (SCOPED, OWNER.public_key, True, None, None),
        (SCOPED, OWNER.public_key, False, TrustCode.USER_NOT_EMPTY, TrustCode.USER_NOT_EMPTY),
        (SCOPED, "", True, TrustCode.USER_ISSUER_ACCOUNT, TrustCode.USER_ISSUER_ACCOUNT),
        (STRANGER, OWNER.public_key, False, TrustCode.USER_ISSUER, TrustCode.USER_ISSUER),
        (STRANGER, "", False, TrustCode.USER_ACCOUNT, TrustCode.USER_ACCOUNT),
    ],
)
def test_who_may_sign_a_user(
    signer: KeyPair,
    owner: str,
    lenient: TrustCode | None,
    strict: TrustCode | None,
    *,
    scoped: bool,
) -> None:
    signed = user(signer, scoped=scoped, issuer_account=owner)
    for root, expected in ((operator(), lenient), (operator(strict=True), strict)):
        report = check_user(signed, account(), root, now=NOW)
        assert codes(report) == ([expected] if expected else [])


def test_a_scope_is_found_by_its_key_only() -> None:
    scope = UserScope(key=SCOPED.public_key, role=PLAIN.public_key)
    owner = account(signing_keys=[scope, PLAIN.public_key])
    assert check_user(user(PLAIN), owner, operator(), now=NOW)


def test_a_scope_of_the_identity_key_counts_under_strict_only() -> None:
    owner = account(signing_keys=[UserScope(key=OWNER.public_key, role="all")])
    assert check_user(user(OWNER), owner, operator(), now=NOW)
    report = check_user(user(OWNER), owner, operator(strict=True), now=NOW)
    assert report.reason is TrustCode.USER_NOT_EMPTY


def test_an_explicit_empty_list_is_not_empty() -> None:
    def scoped(**body: Any) -> TrustReport:
        nats = {"type": "user", "version": 2, "issuer_account": OWNER.public_key, **body}
        text = forge({"sub": USER.public_key, "nats": nats}, SCOPED)
        return check_user(decode(text, UserClaims), account(), operator(), now=NOW)

    assert scoped()
    assert scoped(src=None)
    assert scoped(src=[]).reason is TrustCode.USER_NOT_EMPTY


@pytest.mark.parametrize("disallow", [False, True])
def test_bearers(*, disallow: bool) -> None:
    owner = account(limits=OperatorLimits(disallow_bearer=disallow))
    expected = [TrustCode.USER_BEARER] if disallow else []
    assert codes(check_user(user(bearer_token=True), owner, operator(), now=NOW)) == expected
    assert codes(check_user(user(SCOPED, scoped=True), owner, operator(), now=NOW)) == expected
    assert check_user(user(), owner, operator(), now=NOW)


@pytest.mark.parametrize(
    ("revocations", "revoked"),
    [
        ({USER.public_key: NOW}, True),
        ({USER.public_key: NOW - 1}, False),
        ({ANY: NOW}, True),
        ({ANY: NOW - 1}, False),
        ({ANY: NOW - 1, USER.public_key: NOW + 1}, True),
        ({ANY: NOW + 1, USER.public_key: NOW - 1}, True),
        ({OWNER.public_key: NOW + 1}, False),
    ],
)
def test_revocations(revocations: dict[str, int], *, revoked: bool) -> None:
    report = check_user(user(), account(revocations=revocations), operator(), now=NOW)
    assert codes(report) == ([TrustCode.USER_REVOKED] if revoked else [])
    for finding in report.findings:
        assert f"a new token after {max(revocations.values())}" in finding.hint


def test_what_an_account_says_of_its_users_does_not_concern_those_of_others() -> None:
    owner = account(revocations={ANY: NOW}, limits=OperatorLimits(disallow_bearer=True))
    stranger = user(STRANGER, issuer_account="", bearer_token=True)
    assert codes(check_user(stranger, owner, operator(), now=NOW)) == [TrustCode.USER_ACCOUNT]


def test_every_reason_is_found_in_the_order_of_the_server() -> None:
    owner = account(
        FOREIGN,
        exp=NOW,
        nbf=NOW + 1,
        revocations={ANY: NOW},
        limits=OperatorLimits(disallow_bearer=True),
    )
    held = user(SCOPED, exp=NOW - 1, nbf=NOW + 1, pub=Permission(allow=["a"]))
    report = check_user(held, owner, operator(), now=NOW)
    assert codes(report) == [
        TrustCode.USER_EXPIRED,
        TrustCode.USER_NOT_YET_VALID,
        TrustCode.ACCOUNT_ISSUER,
        TrustCode.ACCOUNT_EXPIRED,
        TrustCode.ACCOUNT_NOT_YET_VALID,
        TrustCode.USER_NOT_EMPTY,
        TrustCode.USER_BEARER,
        TrustCode.USER_REVOKED,
    ]
    assert not report
    assert report.reason is TrustCode.USER_EXPIRED
    with pytest.raises(TrustError) as caught:
        report.raise_for_errors()
    for finding in report.findings:
        assert finding.message in str(caught.value)
        assert finding.hint
    assert caught.value.hint == report.findings[0].hint


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (check_account(account(FOREIGN), operator(), now=NOW), (FOREIGN, ROOT, OWNER)),
        (check_account(account(OWNER), operator(), now=NOW), (ROOT, OWNER)),
        (check_account(account(ROOT), operator(strict=True), now=NOW), (ROOT, OWNER)),
        (check_user(user(STRANGER), account(), operator(), now=NOW), (USER, STRANGER, OWNER)),
        (check_user(user(SCOPED), account(), operator(), now=NOW), (USER, SCOPED, OWNER)),
        (
            check_user(user(PLAIN, issuer_account=""), account(), operator(), now=NOW),
            (USER, PLAIN, OWNER),
        ),
        (
            check_user(user(issuer_account=STRANGER.public_key), account(), operator(), now=NOW),
            (USER, STRANGER, OWNER),
        ),
    ],
)
def test_messages_name_the_keys(report: TrustReport, words: tuple[KeyPair, ...]) -> None:
    (finding,) = report.findings
    for word in words:
        assert word.public_key in finding.message


@pytest.mark.parametrize(
    ("held", "words"),
    [(user(exp=NOW - 60), "60 s ago"), (user(nbf=NOW + 60), "in 60 s")],
)
def test_messages_tell_times_from_now(held: Token[UserClaims], words: str) -> None:
    assert words in check_user(held, account(), operator(), now=NOW).findings[0].message


def test_the_subject_of_an_account_is_an_account_key() -> None:
    for subject in ("", "somebody\n" * 100, USER.public_key):
        text = forge({"sub": subject, "nats": {"type": "account", "version": 2}}, ROOT)
        report = check_account(decode(text, AccountClaims), operator(), now=NOW)
        assert codes(report) == [TrustCode.ACCOUNT_SUBJECT]
        assert "\n" not in report.findings[0].message
        assert len(report.findings[0].message) < 200


def test_edited_claims_change_no_verdict() -> None:
    owner, held = account(), user()
    owner.claims.nats.revoke_all(at=NOW)
    held.claims.exp = 1
    assert check_user(held, owner, operator(), now=NOW)
    refused = account(revocations={ANY: NOW})
    refused.claims.nats.clear_revocation(ANY)
    report = check_user(held, refused, operator(), now=NOW)
    assert report.reason is TrustCode.USER_REVOKED


@pytest.mark.parametrize("bad", ["", None, b"", user().encoded, user().claims])
def test_only_tokens_are_judged(bad: Any) -> None:
    with pytest.raises(UsageError, match="expected a Token of UserClaims, got"):
        check_user(bad, account(), operator())
    with pytest.raises(UsageError, match="expected a Token of AccountClaims, got"):
        check_user(user(), bad, operator())
    with pytest.raises(UsageError, match="expected a Token of OperatorClaims, got"):
        check_account(account(), bad)


def test_tokens_of_the_wrong_kind() -> None:
    wrong: Any = operator()
    with pytest.raises(ClaimTypeError):
        check_user(wrong, account(), operator())
    with pytest.raises(ClaimTypeError):
        check_account(wrong, operator())
    with pytest.raises(UsageError):
        check_account(account(), operator(), now="now")  # type: ignore[arg-type]
