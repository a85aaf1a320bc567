from __future__ import annotations

from natsauth.policy._case import Case, Member, member_of, trusting
from natsauth.policy._reading import read_user
from natsauth.policy.connection import Connection
from tests._connections import Root, Scene

NOW = 1_795_437_121
STRICT, LENIENT = Root(strict=True), Root()
EMPTY = {"type": "user", "version": 2, "issuer_account": "$ACC"}


def case_of(scene: Scene, *roots: Root) -> Case:
    return Case(
        connection=Connection(),
        moment=NOW + 0.75,
        reading=read_user(scene.user),
        accounts={key: account.claims for key, account in scene.accounts.items()},
        operators=tuple(root.operator.claims for root in roots or (scene.root,)),
        pinned=None,
        proxies_in_scopes=True,
        callout=False,
    )


def member(scene: Scene, *roots: Root) -> Member | None:
    case = case_of(scene, *roots)
    assert case.reading.claims
    return member_of(case, case.reading.claims)


def test_the_second_is_rounded_down() -> None:
    assert case_of(Scene({}, LENIENT, NOW)).now == NOW


def test_a_user_of_an_account_that_nobody_has() -> None:
    assert member(Scene({"unknown_account": True}, LENIENT, NOW)) is None


def test_the_limits_are_those_that_hold() -> None:
    plain = member(Scene({"user_nats": {"subs": 5}}, LENIENT, NOW))
    assert plain
    assert (plain.scope, plain.limits, plain.problem) == (None, plain.user.nats, "")
    template = {"subs": 7, "pub": {"deny": ["{{tag(x)}}"]}}
    case = {"signer": "scoped_key", "user_nats": EMPTY, "scoped_template": template}
    scoped = member(Scene(case, LENIENT, NOW))
    assert scoped
    assert scoped.limits.subs == 7
    assert "tag" in scoped.problem


def test_strictness_is_that_of_the_operator_that_stands_behind_the_account() -> None:
    for root, strict in ((STRICT, True), (LENIENT, False)):
        scene = Scene({}, root, NOW)
        found = member(scene, STRICT, LENIENT)
        assert found
        assert found.strict is strict
        [behind] = trusting(case_of(scene, STRICT, LENIENT), found.account)
        assert behind.sub == root.identity.public_key
    scene = Scene({"account_signer": "foreign"}, LENIENT, NOW)
    foreign = member(scene, STRICT, LENIENT)
    assert foreign
    assert len(trusting(case_of(scene, STRICT, LENIENT), foreign.account)) == 2
