"""``permissions | permissions``."""

from __future__ import annotations

import pytest

from natsauth.claims import Permission, Permissions, ResponsePermission, User
from natsauth.errors import ClaimsError, UsageError

NOTHING = Permission(deny=[">"])


def permissions(
    pub: list[str] | None = None,
    sub: list[str] | None = None,
    deny_pub: list[str] | None = None,
    resp: ResponsePermission | None = None,
) -> Permissions:
    return Permissions(
        pub=Permission(allow=pub, deny=deny_pub) if pub or deny_pub else NOTHING,
        sub=Permission(allow=sub) if sub else NOTHING,
        resp=resp,
    )


def test_lists_are_joined_in_order_and_each_entry_once() -> None:
    joined = permissions(["b", "a"], ["i.>"]) | permissions(["c", "a"], ["i.>", "j"])
    assert joined == permissions(["b", "a", "c"], ["i.>", "j"])


def test_the_parts_stay_as_they_are() -> None:
    one, other = permissions(["a"], ["b"]), permissions(["c"], ["d"])
    joined = one | other
    joined.allow_pub("x")
    assert (one, other) == (permissions(["a"], ["b"]), permissions(["c"], ["d"]))


def test_a_deny_holds_for_the_whole() -> None:
    joined = permissions(["a.>"], deny_pub=["a.secret"]) | permissions(["a.secret"])
    assert joined.pub == Permission(allow=["a.>", "a.secret"], deny=["a.secret"])


def test_nothing_joined_with_something_is_that() -> None:
    assert (permissions() | permissions(["a"], ["b"])) == permissions(["a"], ["b"])
    assert (permissions() | permissions()) == permissions()
    assert (permissions(["a"], deny_pub=[">"]) | permissions(["b"])).pub.deny == [">"]


def test_with_nothing_other_denies_stay() -> None:
    closed = permissions(deny_pub=["a.secret", ">"])
    assert (closed | permissions(["a.>"])).pub == Permission(allow=["a.>"], deny=["a.secret"])
    assert (closed | permissions()).pub == Permission(deny=["a.secret", ">"])


@pytest.mark.parametrize(
    "open_one",
    [
        Permissions(),
        Permissions(pub=Permission(allow=["a"])),
        Permissions(pub=Permission(allow=[]), sub=Permission(allow=["a"])),
        Permissions(pub=Permission(deny=["a"]), sub=Permission(allow=["a"])),
    ],
)
def test_what_allows_everything_is_not_joined(open_one: Permissions) -> None:
    for one, other in ((open_one, permissions(["a"])), (permissions(["a"]), open_one)):
        with pytest.raises(UsageError, match=r"(pub|sub)\.allow is missing") as caught:
            one | other
        assert ".deny for nothing" in caught.value.hint


def test_leave_to_answer_closes_what_may_be_published() -> None:
    # So a server has it, too.
    answering = Permissions(sub=Permission(allow=["a"]), resp=ResponsePermission(max=1))
    joined = answering | permissions(["b"], ["i"])
    assert joined == permissions(["b"], ["a", "i"], resp=ResponsePermission(max=1))


@pytest.mark.parametrize(
    ("one", "other", "wider"),
    [
        (None, (1, 0), (1, 0)),
        ((0, 0), (1, 120_000_000_000), (0, 0)),
        ((2, 5), (2, 7), (2, 7)),
        ((-1, 5), (100, 5), (-1, 5)),
        ((3, 0), (2, 119_999_999_999), (3, 0)),
    ],
)
def test_the_wider_leave_to_answer_counts(
    one: tuple[int, int] | None, other: tuple[int, int], wider: tuple[int, int]
) -> None:
    first, second, expected = (
        None if given is None else ResponsePermission(max=given[0], ttl=given[1])
        for given in (one, other, wider)
    )
    for a, b in ((first, second), (second, first)):
        joined = permissions(["x"], resp=a) | permissions(["x"], resp=b)
        assert joined.resp is not a
        assert joined.resp is not b
        assert joined.resp == expected or (one, other) == ((0, 0), (1, 120_000_000_000))


def test_leaves_that_cross_are_refused() -> None:
    one, other = ResponsePermission(max=1, ttl=10), ResponsePermission(max=2, ttl=5)
    with pytest.raises(UsageError, match="neither covers the other"):
        permissions(["a"], resp=one) | permissions(["a"], resp=other)


def test_limits_stay() -> None:
    user = User(
        pub=Permission(allow=["a"]), sub=Permission(allow=["b"]), subs=3, src=["10.0.0.0/8"]
    )
    both = permissions(["a", "c"], ["b", "d"])
    wanted = User(pub=both.pub, sub=both.sub, subs=3, src=["10.0.0.0/8"])
    assert user | permissions(["c"], ["d"]) == wanted
    other_way = permissions(["a", "c"], ["b", "d"]) | user
    assert other_way == wanted
    user |= permissions(["c"], ["d"])
    assert user == wanted


def test_which_limits_is_not_guessed() -> None:
    user = User(pub=Permission(allow=["a"]), sub=Permission(allow=["b"]))
    with pytest.raises(UsageError, match="both sides have limits"):
        _ = user | user


def test_what_is_no_permissions() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        permissions(["a"]) | {"pub": {}}
    broken = permissions(["a"])
    broken.pub.allow = [1]  # type: ignore[list-item]  # what a draft may hold
    with pytest.raises(ClaimsError, match=r"pub\.allow"):
        broken | permissions(["a"])


def test_unknown_members_are_refused() -> None:
    strange = permissions(["a"])
    strange.pub.extra["except"] = ["b"]
    with pytest.raises(UsageError, match="'except'"):
        permissions(["a"]) | strange


def test_a_user_of_permissions() -> None:
    given = permissions(["a"], ["b"], resp=ResponsePermission(max=1))
    user = User.of(given)
    assert (user.pub, user.sub, user.resp, user.subs) == (given.pub, given.sub, given.resp, -1)
    user.allow_pub("c")
    assert given.pub.allow == ["a"]
    with pytest.raises(UsageError, match="expected permissions, got dict"):
        User.of({})  # type: ignore[arg-type]  # on purpose
