"""Options about permissions and limits of users."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner

from natsauth import grants
from natsauth.claims import (
    Permission,
    Permissions,
    ResponsePermission,
    UserPermissionLimits,
)
from natsauth.cli._commands import command
from natsauth.cli._permissions import (
    edit_limits,
    edit_permissions,
    limits,
    permissions,
    rm_permissions,
)


def do(draft: Permissions, *words: str, code: int = 0) -> list[str]:
    """Have a command edit a draft, and return what it says; one text is split at its blanks."""
    said: list[str] = []
    edit: Any = SimpleNamespace(did=said.append, warn=lambda text: said.append(f"warning: {text}"))

    @command("x", "x")
    @click.argument("rest", nargs=-1)
    @limits
    @permissions
    @rm_permissions
    def run(rest: tuple[str, ...], **given: Any) -> None:
        said.extend(rest)
        if isinstance(draft, UserPermissionLimits):
            edit_limits(edit, draft, given)
        edit_permissions(edit, draft, given)

    result = CliRunner().invoke(run, words if len(words) > 1 else words[0].split())
    assert result.exit_code == code, result.output
    return said if code == 0 else [result.stderr]


def test_each_list_is_sorted_and_has_a_value_once() -> None:
    draft = Permissions()
    said = do(
        draft,
        *["--allow-pub", "b,a", "--allow-pub", "b", "--allow-pubsub", "c"],
        *["--deny-pubsub", "d", "--deny-pub", "e", "--deny-sub", "f queue"],
    )
    assert said == [
        'added pub "b"',
        'added pub "a"',
        'added pub "c"',
        'added deny pub "e"',
        'added deny pub "d"',
        'added sub "c"',
        'added deny sub "f queue"',
        'added deny sub "d"',
    ]
    assert (draft.pub.allow, draft.pub.deny) == (["a", "b", "c"], ["d", "e"])
    assert (draft.sub.allow, draft.sub.deny) == (["c"], ["d", "f queue"])


def test_what_is_there_already_is_not_added() -> None:
    draft = Permissions()
    draft.allow_pub("z", "a")
    assert do(draft, "--allow-pub", "z") == []
    assert draft.pub.allow == ["z", "a"]  # which somebody else put in that order


def test_subjects_are_removed_wherever_they_are() -> None:
    draft = Permissions()
    draft.allow_pubsub("a", "b")
    draft.deny_sub("a")
    assert do(draft, "--rm", "a,x") == [
        'warning: "x" is neither allowed nor refused',
        'removed pub "a"',
        'removed sub "a"',
        'removed deny sub "a"',
    ]
    assert (draft.pub.allow, draft.sub.allow, draft.sub.deny) == (["b"], ["b"], None)


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("--allow-pub-response", 1),
        ("--allow-pub-response=5", 5),
        ("--allow-pub-response=-1", -1),
        ("--max-responses=2", 2),
    ],
)
def test_answers(word: str, count: int) -> None:
    draft = Permissions()
    assert do(draft, word, "alice") == ["alice", f"set max responses to {count}"]
    assert draft.resp is not None
    assert (draft.resp.max, draft.resp.ttl) == (count, 0)


def test_one_half_of_the_answers_leaves_the_other() -> None:
    draft = Permissions()
    do(draft, "--allow-pub-response=5", "--response-ttl", "2s")
    assert do(draft, "--response-ttl", "1m30s") == ["set response ttl to 1m30s"]
    assert draft.resp is not None
    assert (draft.resp.max, draft.resp.ttl) == (5, 90_000_000_000)
    assert do(draft, "--rm-response-perms") == ["removed response permissions"]
    assert draft.resp is None


def test_limits() -> None:
    draft = UserPermissionLimits()
    assert do(draft, "--subs 5 --data 1k --payload 1kib --bearer --locale Europe/Berlin") == [
        "changed max payload to 1024",
        "changed max data to 1000",
        "changed max number of subs to 5",
        "changed bearer to true",
        'changed locale to "Europe/Berlin"',
    ]
    assert (draft.subs, draft.data, draft.payload, draft.bearer_token) == (5, 1000, 1024, True)
    assert do(draft, "--bearer=false") == ["changed bearer to false"]
    assert not draft.bearer_token
    assert draft.subs == 5


def test_networks_and_connection_types() -> None:
    draft = UserPermissionLimits()
    draft.allowed_connection_types = ["mqtt"]  # as old versions wrote it
    do(draft, "--conn-type websocket,MQTT --source-network 192.168.0.0/16,10.0.0.1")
    assert draft.allowed_connection_types == ["MQTT", "WEBSOCKET"]
    assert draft.src == ["10.0.0.1/32", "192.168.0.0/16"]
    assert do(draft, "--rm-conn-type mqtt --rm-source-network 10.0.0.1/32") == [
        "removed connection type MQTT",
        "removed src network 10.0.0.1/32",
    ]


def test_times() -> None:
    draft = UserPermissionLimits()
    do(draft, "--time 08:00-09:00 --time 10:00:00-11:00:00 --time 08:00:00-09:00:00")
    assert [(part.start, part.end) for part in draft.times or ()] == [
        ("08:00:00", "09:00:00"),
        ("10:00:00", "11:00:00"),
    ]
    assert do(draft, "--rm-time", "08:00,10:00:00,12:00") == [
        "removed time range 08:00:00-09:00:00",
        "removed time range 10:00:00-11:00:00",
        "warning: no time range starts at 12:00",
    ]
    assert draft.times is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--conn-type modem", "got 'modem'"),
        ("--allow-pub-response=x", "'x' is not a valid integer"),
        ("--response-ttl 5", "expected a duration"),
        ("--payload many", "expected a number of bytes"),
        ("--source-network 300.0.0.1", "expected a network"),
        ("--time 25:00-26:00", "expected a part of the day"),
        ("--bearer=perhaps", "--bearer"),
    ],
)
def test_values_that_are_none(words: str, message: str) -> None:
    [said] = do(UserPermissionLimits(), words, code=2)
    assert message in said


def test_a_grant() -> None:
    draft = UserPermissionLimits()
    said = do(draft, "--grant request_reply:ask:inbox=_INBOX_u --grant service:shop:endpoints=x")
    assert said == ["granted request_reply:ask:inbox=_INBOX_u", "granted service:shop:endpoints=x"]
    granted = grants.request_reply("ask", inbox="_INBOX_u") | grants.service("shop", endpoints="x")
    assert sorted(draft.sub.allow or ()) == sorted(granted.sub.allow or ())
    assert (draft.pub, draft.sub.deny, draft.resp) == (granted.pub, None, granted.resp)


def test_a_grant_that_publishes_nothing_leaves_nothing_open() -> None:
    draft = Permissions()
    do(draft, "--grant service:shop:endpoints=x")
    assert draft.pub == Permission(deny=[">"])
    do(draft, "--grant service:bar:endpoints=y")
    assert draft.pub == Permission(deny=[">"])
    do(draft, "--grant request_reply:ask")
    assert draft.pub == Permission(allow=["ask"])


def test_a_grant_beside_single_subjects() -> None:
    draft = Permissions()
    do(draft, "--grant service:shop:endpoints=x --allow-pub news --deny-sub secret")
    assert draft.pub == Permission(allow=["news"])
    assert draft.sub.deny == ["secret"]
    draft = Permissions(pub=Permission(deny=[">", "secret"]), sub=Permission(allow=["a"]))
    do(draft, "--grant monitoring --allow-pubsub news")
    assert draft.pub.deny == ["secret"]
    assert {"a", "news", "_INBOX.>"} <= {*(draft.sub.allow or ())}


def test_a_grant_keeps_the_wider_leave_to_answer() -> None:
    draft = Permissions(resp=ResponsePermission(max=5))
    do(draft, "--grant service:shop")
    assert draft.resp == ResponsePermission(max=5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kv_raed:b", "There is no grant 'kv_raed'."),
        ("kv_read:a.b", "'a.b' is no name of a bucket."),
        ("kv_read", "Grant 'kv_read': missing a required argument: 'bucket'."),
    ],
)
def test_what_is_no_grant(text: str, said: str) -> None:
    (stderr,) = do(Permissions(), f"--grant {text}", code=2)
    assert said.casefold() in stderr.casefold()


def test_names_of_grants_are_completed() -> None:
    @click.command
    @permissions
    def run(**_given: Any) -> None: ...

    option = next(param for param in run.params if param.name == "grant")
    completed = option.shell_complete(click.Context(run), "kv")
    assert [item.value for item in completed] == ["kv_read", "kv_write"]
