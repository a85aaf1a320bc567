"""Signing keys of accounts, plain and scoped, as Go reads and writes them."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth._wire import read_document, write_document
from natsauth.claims import NO_LIMIT, Account, Permission, UserPermissionLimits, UserScope
from natsauth.claims.signing_keys import public_key_of
from natsauth.errors import ClaimsError

TEMPLATE = '"template":{"pub":{},"sub":{},"subs":-1,"data":-1,"payload":-1}'


def read(*keys: Any) -> list[Any]:
    return read_document(Account, {"signing_keys": [*keys]}).signing_keys


def written(*keys: Any) -> str:
    text = write_document(Account(signing_keys=[*keys]))
    return text.partition('"signing_keys":')[2].partition(',"default_permissions"')[0]


def scope(**members: Any) -> dict[str, Any]:
    return {"kind": "user_scope", "key": "A", **members}


def test_keys_are_read_each_once_and_the_last_wins() -> None:
    keys = read("A1", scope(key="A2"), "A1", scope(key="A1"), "A2")
    assert [public_key_of(key) for key in keys] == ["A1", "A2"]
    assert isinstance(keys[0], UserScope)
    assert keys[1] == "A2"


def test_what_is_neither_text_nor_object_is_skipped_as_by_go() -> None:
    junk = [5, None, True, ["A"], 1.5]
    assert read(*junk, "A1") == ["A1"]
    assert read_document(Account, {}).signing_keys == []
    assert read_document(Account, {"signing_keys": None}).signing_keys == []
    assert read() == []


@pytest.mark.parametrize("wrong", [{}, "A", 5, True])
def test_signing_keys_are_a_list(wrong: Any) -> None:
    with pytest.raises(ClaimsError, match=r"^\$\.signing_keys: expected list, got "):
        read_document(Account, {"signing_keys": wrong})


@pytest.mark.parametrize("kind", [None, "", "x", "User_Scope", 5])
def test_a_scope_is_of_the_one_kind(kind: Any) -> None:
    with pytest.raises(ClaimsError, match=r"^\$\.signing_keys\[1\]\.kind: expected 'user_scope'"):
        read("A1", scope(kind=kind))
    with pytest.raises(ClaimsError, match=r"signing_keys\[0\]\.kind: expected 'user_scope'"):
        read({"key": "A"})
    with pytest.raises(ClaimsError, match=r"signing_keys\[1\]\.kind: expected "):
        written("A1", UserScope(key="A2", kind=kind))


def test_a_missing_limit_of_a_template_is_no_limit() -> None:
    for document in (
        scope(),
        scope(template=None),
        scope(template={}),
        scope(template={"subs": None}),
    ):
        (made,) = read(document)
        assert (made.template.subs, made.template.data, made.template.payload) == (NO_LIMIT,) * 3
    (made,) = read(scope(template={"subs": 0, "data": 5}))
    assert (made.template.subs, made.template.data, made.template.payload) == (0, 5, NO_LIMIT)


NUMBERS: list[tuple[float, int]] = [
    *((5.0, 5), (1e3, 1_000), (-1.0, -1), (-0.0, 0), (9e18, 9 * 10**18), (-9e18, -9 * 10**18)),
    *((2**53 + 1, 2**53 + 1), (-(2**53) - 1, -(2**53) - 1), (2**63 - 1025, 2**63 - 1025)),
]


@pytest.mark.parametrize(("number", "limit"), NUMBERS)
def test_numbers_are_taken_by_way_of_a_float_but_integers_stay_exact(
    number: float, limit: int
) -> None:
    # Go reads scopes into an interface first, which makes a float64 of every number.
    (made,) = read(scope(template={"subs": number, "resp": {"max": number, "ttl": 0}}))
    assert (made.template.subs, made.template.resp.max) == (limit, limit)
    assert isinstance(made.template.subs, int)


@pytest.mark.parametrize(
    "number",
    [
        1.5,
        2**63,
        2**63 - 1,
        2**63 - 500,
        -(2**63),
        -(2.0**63),
        1e19,
        1e22,
        -1e19,
        True,
        "5",
        10**400,
        -(10**400),
    ],
)
def test_numbers_that_go_cannot_hold_are_refused(number: Any) -> None:
    with pytest.raises(
        ClaimsError, match=r"^\$\.signing_keys\[0\]\.template\.subs: expected integer"
    ):
        read(scope(template={"subs": number}))


def test_unknown_members_of_a_scope_survive() -> None:
    (made,) = read(scope(new={"x": [1, 2.5, None]}, template={"other": 5}))
    assert (made.extra, made.template.extra) == ({"new": {"x": [1, 2.5, None]}}, {"other": 5})
    assert '"other":5}' in written(made)
    assert '"new":{"x":[1,2.5,null]}}' in written(made)


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"template": 5}, "template"),
        ({"template": []}, "template"),
        ({"key": 5}, "key"),
        ({"role": None, "description": []}, "description"),
        ({"template": {"pub": {"allow": [5]}}}, "template.pub.allow[0]"),
        ({"Role": "x"}, "Role"),
        ({"template": {"SUBS": 5}}, "template.SUBS"),
    ],
)
def test_problems_of_a_scope_are_named_by_their_path(document: dict[str, Any], path: str) -> None:
    with pytest.raises(ClaimsError) as caught:
        read("A1", scope(**document))
    assert [problem.path for problem in caught.value.problems] == [f"$.signing_keys[1].{path}"]


def test_keys_are_written_in_their_order_and_each_once() -> None:
    scoped = UserScope(
        key="A2", role="r<", template=UserPermissionLimits(pub=Permission(allow=["x"]))
    )
    text = written("A3", scoped, "A1", "A3")
    assert text == (
        '["A1",{"kind":"user_scope","key":"A2","role":"r\\u003c","template":{"pub":{"allow":["x"]},'
        '"sub":{},"subs":-1,"data":-1,"payload":-1},"description":""},"A3"]'
    )
    assert written(UserScope(key="A"), "A") == '["A"]'
    assert written("A", UserScope(key="A")) == (
        f'[{{"kind":"user_scope","key":"A","role":"",{TEMPLATE},"description":""}}]'
    )
    assert write_document(Account(signing_keys=[])) == write_document(Account())


def test_a_tuple_of_keys_is_written_too() -> None:
    keys: Any = ("B", "A")
    assert '"signing_keys":["A","B"]' in write_document(Account(signing_keys=keys))


def broken(**members: Any) -> UserScope:
    made = UserScope(key="A2")
    for name, member in members.items():
        setattr(made, name, member)
    return made


OTHER_KEYS: list[Any] = [
    *(None, 5, 1.5, b"A", ["A"], {"key": "A"}, object(), UserScope, 10**400),
    *(broken(key=5), broken(key=None), broken(key=["A"]), broken(template={}), broken(kind="x")),
]


@pytest.mark.parametrize("key", OTHER_KEYS, ids=lambda key: type(key).__name__)
def test_other_keys_are_not_written(key: Any) -> None:
    for keys in ([key], ["A1", key], [key, "A1", key]):
        with pytest.raises(ClaimsError, match=r"\$\.signing_keys\[\d\]"):
            written(*keys)


@pytest.mark.parametrize("wrong", ["A", 5, {"A": None}, {"A"}])
def test_other_collections_are_not_written(wrong: Any) -> None:
    with pytest.raises(ClaimsError, match=r"^\$\.signing_keys: expected list, got "):
        write_document(Account(signing_keys=wrong))
