"""Grants as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from natsauth import grants
from natsauth.errors import UsageError

if TYPE_CHECKING:
    from natsauth.claims import Permissions


def test_subjects_between_commas() -> None:
    assert grants.parse("request_reply:a,b") == grants.request_reply("a", "b")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("kv_read:orders", grants.kv_read("orders")),
        (
            "kv_read:orders:keys=eu.>,us.>:domain=hub",
            grants.kv_read("orders", keys=["eu.>", "us.>"], domain="hub"),
        ),
        ("kv_write:orders:inbox=_INBOX_u", grants.kv_write("orders", inbox="_INBOX_u")),
        ("pull_consumer:ORDERS:worker", grants.pull_consumer("ORDERS", "worker")),
        ("push_consumer:S:d:deliver=x.y", grants.push_consumer("S", "d", deliver="x.y")),
        ("push_consumer:deliver=x:S:d", grants.push_consumer("S", "d", deliver="x")),
        ("publish_stream:S:subjects=a,b", grants.publish_stream("S", subjects=["a", "b"])),
        ("object_store:f:write=yes", grants.object_store("f", write=True)),
        ("object_store:f:write=no", grants.object_store("f")),
        ("service:shop:endpoints=a.b", grants.service("shop", endpoints="a.b")),
        ("request_reply:a:b.>", grants.request_reply("a", "b.>")),
        ("request_reply", grants.request_reply()),
        ("manage_stream:S", grants.manage_stream("S")),
        ("monitoring", grants.monitoring()),
    ],
)
def test_what_is_meant(text: str, made: Permissions) -> None:
    assert grants.parse(text) == made


def test_every_grant_has_a_text() -> None:
    functions = {name for name in grants.__all__ if name not in ("GRANTS", "describe", "parse")}
    assert {*grants.GRANTS} == functions


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("kv_raed:b", "there is no grant 'kv_raed'", "did you mean kv_read?"),
        ("", "there is no grant ''", "the grants are kv_read, kv_write"),
        ("x" * 10_000, "there is no grant 'xxx", "the grants are"),
        ("kv_read", "missing a required argument: 'bucket'", "the form is kv_read:BUCKET:[keys=…]"),
        ("kv_read:a:b", "too many positional arguments", "[domain=…]:[inbox=…]"),
        ("kv_read:a:key=b", "takes no 'key'", "the form is kv_read"),
        ("kv_read:bucket=b", "takes no 'bucket'", "the form is"),
        ("kv_read:a:keys=b:keys=c", "takes no 'keys' twice", "the form is"),
        ("push_consumer:S:d", "missing a required", "push_consumer:STREAM:DURABLE:deliver=…"),
        ("request_reply:subjects=b", "takes no 'subjects'", "request_reply:[SUBJECT,…]"),
        ("object_store:f:write=true", "expected write=yes or write=no, got 'true'", ""),
        ("kv_read:a.b", "'a.b' is no name of a bucket", "no dots"),
        ("kv_read:b:keys=", "subject is empty", ""),
        (
            "kv_read:b:inbox=$KV.secret",
            "inbox '$KV.secret' is a subject of the server's own",
            "_IN",
        ),
    ],
)
def test_what_is_none(text: str, said: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        grants.parse(text)
    assert said in caught.value.args[0]
    assert hint in caught.value.hint


def test_no_text() -> None:
    with pytest.raises(UsageError, match="expected a grant as text, got NoneType"):
        grants.parse(None)  # type: ignore[arg-type]  # on purpose
