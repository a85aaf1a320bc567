"""Permissions and limits of users."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from natsauth._wire import read_document, write_document
from natsauth.claims import (
    CONNECTION_TYPES,
    NO_LIMIT,
    Permission,
    Permissions,
    ResponsePermission,
    TimeRange,
    User,
    UserPermissionLimits,
)
from natsauth.claims.permissions import nanoseconds
from natsauth.errors import ClaimsError, UsageError


def test_subjects_are_added_once_and_in_order() -> None:
    permissions = Permissions()
    permissions.allow_pub("b", "a", "b", "")
    permissions.allow_pub("a", "c")
    permissions.allow_sub("x")
    permissions.deny_pub("d", "d")
    permissions.deny_sub("e", "")
    assert (permissions.pub.allow, permissions.pub.deny) == (["b", "a", "c"], ["d"])
    assert (permissions.sub.allow, permissions.sub.deny) == (["x"], ["e"])
    permissions.allow_pubsub("p q", "b")
    permissions.deny_pubsub("r")
    assert permissions.pub == Permission(allow=["b", "a", "c", "p q"], deny=["d", "r"])
    assert permissions.sub == Permission(allow=["x", "p q", "b"], deny=["e", "r"])


def test_subjects_are_added_to_lists_of_ones_own() -> None:
    shared = ["a"]
    permission = Permissions(pub=Permission(allow=shared))
    permission.allow_pub("b")
    assert shared == ["a"]


def test_removed_subjects_leave_no_empty_list() -> None:
    # An explicit empty list would mean something to the server.
    user = User()
    user.allow_pubsub("a", "b")
    user.deny_pubsub("a")
    user.pub.remove("a", "nowhere")
    assert user.pub == Permission(allow=["b"])
    user.remove_subjects("a", "b")
    assert (user.pub, user.sub) == (Permission(), Permission())
    user.remove_subjects("a")
    assert user.pub.allow is None


@pytest.mark.parametrize(
    "method", ["allow_pub", "allow_sub", "deny_pub", "deny_sub", "allow_pubsub"]
)
@pytest.mark.parametrize("wrong", [["a", "b"], None, 5, {"a"}], ids=repr)
def test_subjects_are_arguments_not_a_list(method: str, wrong: Any) -> None:
    permissions: Any = Permissions()
    try:
        getattr(permissions, method)(wrong)
        write_document(permissions)
    except (UsageError, ClaimsError):
        return
    assert wrong is None  # empty ones are skipped


def test_answers_are_allowed() -> None:
    permissions = Permissions()
    permissions.allow_response()
    assert permissions.resp == ResponsePermission(max=1, ttl=0)
    permissions.allow_response(-1, within=timedelta(minutes=2, microseconds=1))
    assert permissions.resp == ResponsePermission(max=-1, ttl=120_000_001_000)
    assert write_document(permissions) == '{"pub":{},"sub":{},"resp":{"max":-1,"ttl":120000001000}}'


@pytest.mark.parametrize("wrong", [5, "1s", True, []], ids=repr)
def test_a_duration_is_a_timedelta(wrong: Any) -> None:
    with pytest.raises(UsageError, match="expected a timedelta, got "):
        Permissions().allow_response(within=wrong)


def test_durations_are_exact() -> None:
    assert nanoseconds(timedelta(days=100_000, microseconds=1)) == 8_640_000_000_000_001_000
    assert nanoseconds(timedelta(microseconds=-1)) == -1_000


def test_a_new_user_is_unlimited_and_an_empty_document_is_not() -> None:
    new, read = User(), read_document(User, {})
    assert (new.subs, new.data, new.payload) == (NO_LIMIT, NO_LIMIT, NO_LIMIT)
    assert (read.subs, read.data, read.payload) == (0, 0, 0)


@pytest.mark.parametrize(
    ("src", "read"),
    [
        (["10.0.0.0/8", " BAD "], ["10.0.0.0/8", " BAD "]),
        ([], []),
        ("", []),
        (" , ,", []),
        ("10.0.0.0/8", ["10.0.0.0/8"]),
        (" 10.0.0.0/8,FE80::/10 ,, 10.0.0.0/8,", ["10.0.0.0/8", "fe80::/10"]),
        (None, None),
    ],
)
def test_networks_are_a_list_or_text_with_commas(src: Any, read: list[str] | None) -> None:
    assert read_document(User, {"src": src}).src == read


def test_networks_are_written_as_a_list_alone() -> None:
    user: Any = User(src=["10.0.0.0/8"])
    assert '"src":["10.0.0.0/8"]' in write_document(user)
    for wrong in ("10.0.0.0/8", "", 5, [5]):
        user.src = wrong
        with pytest.raises(ClaimsError, match=r"\$\.src"):
            write_document(user)
    for other in (5, {"x": 1}, [5], True):
        with pytest.raises(ClaimsError, match=r"\$\.src"):
            read_document(User, {"src": other})


EMPTY: list[dict[str, Any]] = [{}, {"subs": 0}, {"resp": None}, {"pub": {}}, {"src": None}]
NOT_EMPTY: list[dict[str, Any]] = [
    *(
        {"src": []},
        {"src": ""},
        {"pub": {"allow": []}},
        {"pub": {"deny": []}},
        {"sub": {"deny": []}},
    ),
    *({"sub": {"allow": []}}, {"times": []}, {"allowed_connection_types": []}, {"resp": {}}),
    *({"subs": -1}, {"data": 1}, {"payload": 1}, {"times_location": "UTC"}, {"bearer_token": True}),
    {"proxy_required": True},
]


@pytest.mark.parametrize("document", [*EMPTY, *NOT_EMPTY], ids=repr)
def test_missing_and_empty_lists_differ_for_a_scoped_user(document: dict[str, Any]) -> None:
    # As for the server, which compares with Go's zero value.
    limits = read_document(UserPermissionLimits, document)
    assert limits.is_empty() == (document in EMPTY)
    limits.clear()
    assert limits.is_empty()
    assert write_document(limits) == '{"pub":{},"sub":{}}'


def test_clearing_leaves_what_is_no_limit() -> None:
    user = User(tags=["t"], issuer_account="A", times=[TimeRange()], src=[], bearer_token=True)
    user.clear()
    assert (user.tags, user.issuer_account, user.type, user.version) == (["t"], "A", "user", 2)
    assert user.is_empty()
    assert not User().is_empty()


def test_the_connection_types_are_those_of_the_server() -> None:
    mqtt = ["MQTT", "MQTT_WS"]
    others = ["STANDARD", "WEBSOCKET", "LEAFNODE", "LEAFNODE_WS", "IN_PROCESS"]
    assert sorted(CONNECTION_TYPES) == sorted(mqtt + others)
