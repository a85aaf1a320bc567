"""Permissions in words."""

from __future__ import annotations

from typing import Any

import pytest

from natsauth import grants
from natsauth.claims import Permission, Permissions, ResponsePermission, User
from natsauth.errors import UsageError
from natsauth.grants import describe
from natsauth.policy import evaluate

INBOX = "_INBOX_u"
ANSWERS = f"can receive answers on {INBOX}.>"


def of(
    publish: list[str] | None,
    subscribe: list[str] | None = None,
    *,
    denied: list[str] | None = None,
    unheard: list[str] | None = None,
) -> dict[str, Any]:
    return {
        "pub": {"allow": publish, "deny": denied},
        "sub": {"allow": subscribe, "deny": unheard} if subscribe else {"deny": [">"]},
    }


def hearing(subject: str) -> Permissions:
    return Permissions(pub=Permission(deny=[">"]), sub=Permission(allow=[subject]))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kv_read:b", ["can read KV bucket b"]),
        ("kv_read:b:keys=eu.>", ["can read keys eu.> of KV bucket b"]),
        ("kv_read:b:keys=>", ["can read all keys of KV bucket b"]),
        ("kv_write:b", ["can write all keys of KV bucket b"]),
        (
            "kv_write:b:keys=a,c.*",
            ["can write keys a of KV bucket b", "can write keys c.* of KV bucket b"],
        ),
        ("object_store:f", ["can read objects of object store f"]),
        (
            "object_store:f:write=yes",
            [
                "can put and delete objects of object store f",
                "can read objects of object store f",
            ],
        ),
        ("manage_stream:S", ["can manage stream S and its consumers"]),
        (
            "manage_stream:S:domain=hub",
            [
                "can manage stream S and its consumers",
                "can manage stream S and its consumers in domain hub",
            ],
        ),
        (
            "kv_write:b:domain=hub",
            [
                "can write all keys of KV bucket b",
                "can write all keys of KV bucket b in domain hub",
            ],
        ),
        ("pull_consumer:S:d", ["can pull from consumer d of stream S"]),
        ("monitoring", ["can monitor the servers"]),
    ],
)
def test_grants(text: str, words: list[str]) -> None:
    assert describe(grants.parse(f"{text}:inbox={INBOX}")) == (*words, ANSWERS)


def test_a_push_consumer() -> None:
    grant = grants.push_consumer("S", "d", deliver="to.us", queue="crew", inbox=INBOX)
    assert describe(grant) == (
        "can take what consumer d of stream S delivers",
        ANSWERS,
        "can subscribe to to.us in queue group crew",
    )


def test_a_service_and_requests() -> None:
    grant = grants.service("shop", endpoints="orders.new") | grants.request_reply("ask.*")
    assert describe(grant) == (
        "can be found as service shop",
        "can also publish to ask.*",
        "can subscribe to orders.new",
        "can receive answers on _INBOX.>",
        "can answer requests",
    )


def test_a_grant_and_what_goes_beyond() -> None:
    grant = grants.kv_read("orders", inbox=INBOX)
    grant.allow_pub("$JS.API.STREAM.DELETE.X")
    assert describe(grant) == (
        "can read KV bucket orders",
        "can also delete stream X through $JS.API.STREAM.DELETE.X",
        ANSWERS,
    )


def test_a_grant_with_a_deny_is_not_that_grant() -> None:
    grant = grants.kv_read("orders", inbox=INBOX)
    grant.deny_pub("$JS.API.STREAM.INFO.*")
    said = describe(grant)
    assert "can read KV bucket orders" not in said
    assert not any("look at stream" in words for words in said)
    assert "can read any message of stream KV_orders through $JS.API.DIRECT.GET.KV_orders" in said


def test_a_grant_takes_somewhere_to_receive_answers() -> None:
    grant = grants.pull_consumer("S", "d")
    grant.sub.allow = ["exact"]
    assert "can pull from consumer d of stream S" not in describe(grant)
    grant.sub.allow = ["mine.>"]
    assert "can pull from consumer d of stream S" in describe(grant)


def test_wide_permissions_hold_what_is_within() -> None:
    said = describe(of(["$JS.API.STREAM.*.X"]))
    assert said[:3] == (
        "can create stream X through $JS.API.STREAM.*.X",
        "can change stream X through $JS.API.STREAM.*.X",
        "can delete stream X through $JS.API.STREAM.*.X",
    )
    said = describe(of(["$JS.API.CONSUMER.DELETE.>"]))
    assert said == ("can delete any consumer of any stream through $JS.API.CONSUMER.DELETE.>",)
    assert describe(of(["$JS.API.>"])) == ("can do everything with JetStream through $JS.API.>",)
    assert describe(of(["$JS.hub.API.>"], denied=["$JS.hub.API.STREAM.DELETE.*"])) == (
        (
            "can do everything with JetStream in domain hub through $JS.hub.API.>, "
            "except $JS.hub.API.STREAM.DELETE.*"
        ),
    )


def test_actions_in_a_domain() -> None:
    assert describe(of(["$JS.hub.API.STREAM.DELETE.X", "$JS.hub.API.$KV.b.k"])) == (
        "can delete stream X in domain hub through $JS.hub.API.STREAM.DELETE.X",
        "can write keys k of KV bucket b in domain hub through $JS.hub.API.$KV.b.k",
    )


def test_denies_of_single_actions() -> None:
    said = describe(of(["$JS.API.STREAM.*.*"], denied=["$JS.API.STREAM.DELETE.*"]))
    assert not any("delete" in words for words in said)
    said = describe(of(["$JS.API.STREAM.DELETE.*"], denied=["$JS.API.STREAM.DELETE.X"]))
    assert said == (
        "can delete any stream through $JS.API.STREAM.DELETE.*, except $JS.API.STREAM.DELETE.X",
    )


def test_exceptions() -> None:
    denied = [f"orders.{number}" for number in range(7)]
    assert describe(of(["orders.>", "news"], denied=[*denied, "news", "other"])) == (
        (
            "can publish to orders.>, except orders.0, orders.1, orders.2, orders.3, orders.4 "
            "and 2 more"
        ),
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (User(), ["can do everything"]),
        (of([">"], [">"]), ["can do everything"]),
        (of(None, None, denied=[">"]), ["can do nothing"]),
        ({"pub": {"deny": ["a"]}}, ["can publish to everything, except a",
                                    "can subscribe to everything"]),
        (of(["a"], ["b q", "c"], unheard=["c"]), ["can publish to a",
                                              "can subscribe to b in queue group q"]),
        (of(["$KV.b.k"]), ["can write keys k of KV bucket b through $KV.b.k"]),
        (of(["$KV.>"]), ["can write all keys of any KV bucket through $KV.>"]),
        (of(["$UNKNOWN.x"]), ["can publish to $UNKNOWN.x"]),
    ],
)  # fmt: skip
def test_anything_else(given: Any, said: list[str]) -> None:
    assert describe(given) == tuple(said)


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "can answer requests"),
        (3, "can answer requests, up to 3 times each"),
        (-1, "can answer requests, any number of times"),
    ],
)
def test_answers(count: int, said: str) -> None:
    permissions = Permissions(resp=ResponsePermission(max=count))
    permissions.deny_sub(">")
    assert describe(permissions) == (said,)


def test_whom_a_server_refuses() -> None:
    (said,) = describe(of(["a b"]))
    assert said.startswith("cannot connect: $.nats.pub.allow[0]: permission 'a b' holds a space")


@pytest.mark.parametrize(
    ("grant", "beyond", "said"),
    [
        (grants.kv_write("b"), hearing("$KV.b.>"), "can subscribe to $KV.b.>"),
        (
            grants.service("s"),
            Permissions(pub=Permission(allow=["$SRV.INFO"]), sub=Permission(deny=[">"])),
            "can also publish to $SRV.INFO",
        ),
        (
            grants.object_store("o", write=True),
            hearing("$JS.API.STREAM.PURGE.OBJ_o"),
            "can subscribe to $JS.API.STREAM.PURGE.OBJ_o",
        ),
    ],
)
def test_a_subject_of_a_grant_in_the_other_direction(
    grant: Permissions, beyond: Permissions, said: str
) -> None:
    assert said not in describe(grant)
    assert said in describe(grant | beyond)


@pytest.mark.parametrize("entry", ["$JS.>", "*.API.>"])
def test_what_holds_more_than_is_known(entry: str) -> None:
    said = describe(of([entry]))
    assert f"can publish to {entry}" in said
    assert f"can delete any stream through {entry}" in said


def test_an_evaluator_is_taken_too() -> None:
    assert describe(evaluate(of(["a"]))) == ("can publish to a",)
    with pytest.raises(UsageError):
        describe("a")  # type: ignore[arg-type]  # on purpose
